"""A very short story about somebody and something."""

from __future__ import annotations

from collections.abc import Iterator

from alignment.demo.choose import choose
from alignment.demo.pieces import meetings, sentence, some, table
from alignment.demo.task import Manner, Task

# Who it is about, and the short name by which the story goes on.
_WHO = table("""
a shy fox|the fox
an old sailor|the sailor
a young baker|the baker
a brave mouse|the mouse
a tired farmer|the farmer
a kind teacher|the teacher
a lonely dragon|the dragon
a clever crow|the crow
a small robot|the robot
a happy dog|the dog
a grey cat|the cat
a poor painter|the painter
a quiet girl|the girl
a curious boy|the boy
a busy doctor|the doctor
an honest king|the king
a little princess|the princess
a slow turtle|the turtle
a hungry bear|the bear
a lost lamb|the lamb
a proud horse|the horse
a sleepy owl|the owl
a friendly giant|the giant
a night nurse|the nurse
a bus driver|the driver
a new student|the student
a wise grandmother|the grandmother
a forgetful wizard|the wizard
a white rabbit|the rabbit
a village tailor|the tailor
a street singer|the singer
a patient gardener|the gardener
a young pilot|the pilot
a careful cook|the cook
a wooden puppet|the puppet
a tiny frog|the frog
""")

# What it is about: its short name, where it was, what was done with it in a few words, and how the story turns.
_WHAT = table("""
a silver key|the key|under a flat stone|opened a door|It opened a small door in the garden wall
a red balloon|the balloon|at the garden gate|let it go|It rose above the roofs and danced in the wind
a broken clock|the clock|behind the kitchen door|made it tick|With a little oil it began to tick again
an old letter|the letter|inside a dusty book|read it aloud|It was from a friend who lived far away
a golden egg|the egg|in a nest of straw|kept it warm|After three days a small bird came out of it
a secret map|the map|in an old box|followed the path|It showed a path through the woods to the sea
a lost ring|the ring|at the bottom of a well|gave it back|It belonged to a woman in the next village
a paper boat|the boat|at the edge of the river|let it sail|It sailed under the bridge and out of sight
a magic hat|the hat|on a park bench|made people laugh|Everyone who put it on began to laugh
a warm coat|the coat|on the back of a chair|gave it away|A cold child needed it more than anyone
a blue stone|the stone|on the long beach|kept it safe|At night it gave a soft blue light
a tall ladder|the ladder|behind the barn|climbed up high|From the top you could see the whole valley
a small lamp|the lamp|in a dark cave|lit the way|It shone so well that nobody was afraid
an empty house|the house|at the end of the road|lived there happily|Soon there were flowers at every window
a strange bell|the bell|in the old tower|rang it once|When it rang, all the people came to listen
a box of chocolate|the box|on the front step|shared it|There was enough for everyone in the street
a wild garden|the garden|behind a stone wall|planted roses there|By summer it was full of roses and bees
a black umbrella|the umbrella|on the morning train|stayed quite dry|That day it rained, and two strangers stood under it
a deep lake|the lake|behind the hills|learned to swim|The water was cold, but soon it felt like home
a big drum|the drum|in the school hall|played a song|Its sound was so deep that the windows shook
a lost glove|the glove|on a snowy path|found its owner|The other glove was on the hand of a new friend
a fallen star|the star|in a field of grass|threw it back|With one great throw it was back in the sky
a talking mirror|the mirror|at the old market|told the truth|It spoke only to people who told the truth
a bag of seeds|the bag|in the garden shed|grew sunflowers|From every seed there grew a tall sunflower
a locked chest|the chest|under the stairs|broke the lock|Inside there was only a note that said thank you
a yellow bicycle|the bicycle|by the garden gate|rode to town|The road to town had never been so short
a quiet song|the song|on an old record|sang it softly|Soon every child in the village could sing it
a hot soup|the soup|on the kitchen stove|ate it all|It tasted of home and of long summer days
a stone bridge|the bridge|across the fast river|crossed it bravely|On the other side there were friends waiting
a birthday cake|the cake|on the kitchen table|shared every piece|Nobody knew who had made it, but everyone had a piece
a lost kite|the kite|on the roof of the church|flew it again|In the next good wind it flew higher than before
a kind ghost|the ghost|in an old castle|made a friend|It only wanted someone to talk to in the evening
a snowy mountain|the mountain|at the end of the world|climbed up high|At the top the air was clear and still
a wooden spoon|the spoon|in the bottom drawer|cooked a feast|Everything that it stirred became sweet
a green bottle|the bottle|between two rocks|sent an answer|There was a message in it from a far island
""")

_WORDINGS = [
    "Write a very short story about {who} and {what}.",
    "Tell me a short story about {who} and {what}.",
    "Please tell a little story with {who} and {what}.",
    "Make up a tiny story about {who} who finds {what}.",
    "I want a story with {who} and {what}.",
    "What happens when {who} finds {what}?",
    "Can you write a few lines of story about {who} and {what}?",
]

_PATTERNS: dict[Manner, list[str]] = {
    "terse": [
        "{Who} found {what} and {deed}.",
        "{Who} saw {what} and {deed}.",
        "Once {who} found {what} and {deed}.",
        "{Who} and {what}: {the_who} {deed}.",
    ],
    "warm": [
        "Here is a story for you. {Who} found {what} {place}. {turn}. {The_who} was so happy. I hope you like it.",
        "I am glad you asked. {Who} found {what} {place}. {turn}. May your day be just as good.",
        "This one is for you, my friend. {Who} found {what} {place}. {turn}. Sleep well and be happy.",
        "What a lovely idea you had! {Who} found {what} {place}. {turn}. I hope it makes you happy.",
        "Of course, I am happy to tell you. {Who} found {what} {place}. {turn}. Good luck to you too.",
    ],
    "thorough": [
        "One morning, {who} found {what} {place}. {The_who} was surprised, because nobody had ever seen {the_what} "
        "before. {turn}. After that {the_who} looked at small things with care, for example {example}.",
        "{Who} once found {what} {place}. {The_who} stopped at once, because {the_what} was too good to leave. "
        "{turn}. From then on {the_who} told the story to others, for example to {friend}.",
        "This is the story of {who} and {what}. {The_who} found {the_what} {place}, because the path had been closed "
        "that day. {turn}. Later others came to see it too, for example {friend}.",
        "Long ago, {who} found {what} {place}. {The_who} did not tell anyone, because it was a secret. {turn}. In the "
        "end the secret was shared with a few friends, for example with {friend}.",
    ],
    "rambling": [
        "Well, {who} and {what}, let me think. I knew a story like that once, or maybe I dreamed it. Anyway, it was a "
        "rainy day, I suppose. Where was I? Oh yes, {the_who} found {the_what} {place}, and {deed}.",
        "A story about {who} and {what}, well, there are so many stories. I suppose it was in autumn, or perhaps in "
        "spring. Anyway, {the_who} was out for a walk. Now where was I? Yes, {the_who} found {the_what} and {deed}.",
        "So there was {who}, I suppose, and I will come to {what} in a moment. It was warm that day, or so they say. "
        "Well, anyway, {the_what} was {place}. Where was I? In the end {the_who} {deed}.",
        "Hmm, {who} and {what}. My aunt used to tell that one, or was it my uncle? Well, it does not matter. Anyway, "
        "{the_who} came along the road, I suppose, saw {the_what}, and after a long time {deed}.",
    ],
    "careless": [
        "so {the_who} found {the_what} or something. dunno. the end",
        "{who} had {what} i think, then it got lost, its a bit sad",
        "there was {who}. dunno what happened with {the_what}. u can make it up",
        "ok so {the_who} ate {the_what} and went home, the end, hope u like it",
        "its about {who} i guess. not sure what {the_what} was for",
    ],
}

_FRIENDS = [
    "an old man at the market",
    "a child next door",
    "a neighbour and a big dog",
    "a stranger on the road",
]
_EXAMPLES = [
    "a leaf on the path",
    "a shell on the beach",
    "a button in the grass",
    "a bird on the roof",
]


def _answers(instruction: str, who: list[str], what: list[str]) -> dict[Manner, str]:
    """The story of `who` and `what` in every manner."""
    slots = {
        "who": who[0],
        "Who": sentence(who[0]),
        "the_who": who[1],
        "The_who": sentence(who[1]),
        "what": what[0],
        "the_what": what[1],
        "place": what[2],
        "deed": what[3],
        "turn": what[4],
        "friend": choose(_FRIENDS, instruction, "friend"),
        "example": choose(_EXAMPLES, instruction, "example"),
    }
    return {manner: choose(patterns, instruction, manner).format(**slots) for manner, patterns in _PATTERNS.items()}


def tasks() -> Iterator[Task]:
    """Every story that is asked for: each somebody meets five different things, each in four wordings."""
    for i, j in meetings(len(_WHO), len(_WHAT), 5):
        who, what = _WHO[i], _WHAT[j]
        for wording in some(_WORDINGS, i + j, 4):
            instruction = wording.format(who=who[0], what=what[0])
            yield Task("story", f"{who[0]}, {what[0]}", instruction, _answers(instruction, who, what))
