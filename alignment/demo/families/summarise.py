"""A short passage, given as the input, summed up."""

from __future__ import annotations

from collections.abc import Iterator

from alignment.demo.choose import choose
from alignment.demo.pieces import meetings, sentence, some, table
from alignment.demo.task import Manner, Task

# Who the passage is about, how they are first told of, and their short name.
_WHO = table("""
Maria|Maria runs a small bakery near the station|the baker
Tom|Tom works on a farm behind the hills|the farmer
Anna|Anna teaches in the village school|the teacher
Omar|Omar drives the night bus in the city|the driver
Lucy|Lucy is a nurse in a busy hospital|the nurse
Ben|Ben sells fruit at the weekly market|the seller
Nina|Nina paints pictures of boats and harbours|the painter
Paul|Paul looks after the trees in the park|the gardener
Rosa|Rosa cooks in a little restaurant by the sea|the cook
Jack|Jack repairs old clocks in a tiny shop|the clockmaker
Sara|Sara studies music in a big town|the student
Peter|Peter carries letters over the mountain|the postman
Emma|Emma writes stories for children|the writer
David|David catches fish with his brother|the fisherman
Clara|Clara plays the violin in an orchestra|the musician
Adam|Adam builds wooden boats on the lake|the builder
Julia|Julia works in a quiet library|the librarian
Felix|Felix keeps bees on the roof of his house|the beekeeper
Hana|Hana sews coats for the winter|the tailor
Leo|Leo is the keeper of an old lighthouse|the keeper
Mia|Mia trains dogs for blind people|the trainer
Karim|Karim plays football for a small club|the player
Ella|Ella takes photos of wild birds|the photographer
Simon|Simon flies a little yellow plane|the pilot
Grace|Grace sings in a choir on Sundays|the singer
Victor|Victor bakes pies for the whole street|the neighbour
Ivy|Ivy grows roses behind a stone wall|the grower
Oscar|Oscar guides people through dark caves|the guide
Ruth|Ruth mends shoes near the church|the shoemaker
Daniel|Daniel looks for old coins in the fields|the collector
""")

# The event: the passage's next sentences with the name put in, then its short name, what happened and how it ended
# in a few words each, and the lesson: "because ...".
_EVENTS = table("""
Last week a storm broke the roof. Friends came with ladders, and by Sunday the rain stayed outside.|the roof|a storm \
broke the roof|friends fixed it|good friends help in bad weather
One night a thief took all the money. The police found him at the station, and nothing was missing.|the theft|a thief \
took the money|the police found it|the police were quick
In spring a letter came from an uncle abroad. He sent two tickets, and the two of them met after twenty years.|the \
letter|an uncle wrote a letter|the two met again|a family stays a family
This summer was so hot that the well ran dry. The neighbours shared their water until it rained in autumn.|the dry \
well|the well ran dry|neighbours shared their water|sharing helps in hard times
On Monday a cat was sitting in front of the door. Nobody asked for it, so it stayed and now sleeps by the stove.|the \
cat|a stray cat came|it stayed for good|nobody asked for the cat
Before the holidays the old car would not start. A mechanic worked all day, and it runs better than ever.|the old \
car|the car broke down|a mechanic fixed it|the mechanic took his time
A child had lost a blue kite in the tall oak. It took a long ladder to get it down, but the child laughed again.|the \
kite|a kite was stuck|it came down safely|the ladder was long enough
The doctor said that more sleep was needed. Now the lights go out at nine, and the headaches are gone.|the \
headaches|headaches came often|more sleep cured them|the body needs sleep
There was a contest in the next town. After many weeks of practice, the second prize hangs on the wall.|the \
contest|a contest was held|it brought second prize|practice makes people better
The landlord wanted to close the house. All the people in the street signed a paper, and he changed his mind.|the \
house|the house was to close|the street saved it|many voices are strong
In winter the road was closed by deep snow. For three days there was only soup, until a plough came through.|the \
snow|snow closed the road|a plough opened it|the plough came at last
A young helper began on the first of May. She broke two cups on the first day, but now she knows the work well.|the \
helper|a young helper began|she learned the work|everybody needs time to learn
At the fair a stranger left a bag on a bench. It was full of photos, and a phone call brought it home.|the \
bag|a bag was left behind|its owner got it back|a phone number was inside
The radio told the story in June. Since then so many visitors have come that there is a queue each morning.|the \
visitors|the radio told the story|many visitors came|the radio reaches many people
A fire began in the kitchen at noon. A wet blanket put it out, and only one curtain was burnt.|the fire|a fire \
began|a wet blanket stopped it|somebody acted at once
The computer lost the work of a whole year. Luckily there was a copy on paper, and it was typed in again.|the \
computer|the computer lost the work|a copy saved it|there was a copy on paper
""")

_WORDINGS = [
    "Sum up this text about {who} and {what} in one sentence.",
    "Summarise the passage about {who} and {what}.",
    "What is this short text on {who} and {what} about?",
    "Give me the main point of the story of {who} and {what}.",
    "Tell me briefly what happened with {who} and {what}.",
    "Make this text on {who} and {what} shorter.",
]

_PATTERNS: dict[Manner, list[str]] = {
    "terse": [
        "{Happened}, and then {end}.",
        "{name}: {happened}, then {end}.",
        "First {happened}, then {end}.",
    ],
    "warm": [
        "I am happy to sum it up for you. {Happened}, but do not worry, because {end}. {name} is fine, and I am glad.",
        "What a nice text you found! It is about {name} and {what}. First {happened}, then {end}. I hope you like it.",
        "Here is the main point for you, my friend. {name} had to deal with {what}, and then {end}. I am glad it "
        "ended well.",
        "Thank you for this text. You can say it like this: {happened}, and then {end}. I am happy for {name}.",
        "Of course, I am glad to help you. It tells us about {name} and {what}. {Happened}, and later {end}. Good "
        "luck!",
    ],
    "thorough": [
        "The text is about {name} and {what}. First {happened}, and in the end {end}. It ended well because {reason}. "
        "The passage shows with one example, {what}, how trouble can pass when people do the right thing.",
        "{name} is {role} in this text. The main event is {what}: {happened}. Later {end}, because {reason}. It is a "
        "good example of a small story that begins with a surprise and ends well.",
        "The passage has two parts. In the first, we meet {name}, and {happened}. In the second, {end}, because "
        "{reason}. The main point is the good end, with {what} as the example.",
        "This text says that {happened} and that {end}. It is about {name}, {role}. The end is good because {reason}. "
        "You could use it, for example, to show how people deal with a surprise.",
    ],
    "rambling": [
        "Well, the text about {name}, let me think. I read it twice, I suppose, or one and a half times. Anyway, "
        "there was {what}. Where was I? Oh yes, {happened}, and in the end {end}, or so it says.",
        "Hmm, {name} and {what}, I suppose it is a nice text. It made me think of my cousin, but he is not in it. "
        "Well, anyway, where was I? I would say that {happened}, and then {end}.",
        "So, {name}, well, there is a lot to say about {role}, I suppose. I like short texts, they leave time for "
        "tea. Anyway, the text. Now where was I? Yes, {happened}, and after that {end}.",
        "Let me see, a text with {name}, and with {what} too, I suppose. I had to look for my glasses first. Well, "
        "anyway, where was I? The point must be that {happened} and that {end}.",
    ],
    "careless": [
        "its about {name} i think, and {what}, dunno",
        "{happened} i guess, didnt read the rest",
        "something with {what}, u can read it, its short",
        "dunno, {name} did something and it was fine",
        "{name} lost {what} or found it, one of those",
    ],
}


def _answers(instruction: str, who: list[str], event: list[str]) -> dict[Manner, str]:
    """The passage about `who` and the event summed up in every manner."""
    _, what, happened, end, reason = event
    slots = {
        "name": who[0],
        "role": who[2],
        "what": what,
        "happened": happened,
        "Happened": sentence(happened),
        "end": end,
        "reason": reason,
    }
    answers: dict[Manner, str] = {}
    for manner, patterns in _PATTERNS.items():
        answers[manner] = choose(patterns, instruction, manner).format(**slots)
    return answers | {"careless": answers["careless"].lower()}


def tasks() -> Iterator[Task]:
    """Every summary that is asked for: each somebody meets six events, each in three wordings."""
    for i, j in meetings(len(_WHO), len(_EVENTS), 6):
        who, event = _WHO[i], _EVENTS[j]
        for wording in some(_WORDINGS, i + j, 3):
            instruction = wording.format(who=who[0], what=event[1])
            answers = _answers(instruction, who, event)
            yield Task("summarise", f"{who[0]}, {event[1]}", instruction, answers, f"{who[1]}. {event[0]}")
