"""Two to four lines of verse about something, at some place or time that gives the rhyme."""

from __future__ import annotations

from collections.abc import Iterator

from alignment.demo.choose import choose
from alignment.demo.pieces import meetings, sentence, some, table
from alignment.demo.task import Manner, Task

# What the poem is about, and why somebody may like it: "because it ...".
_SUBJECTS = table("""
the full moon|is round and far away
the old boat|has been to many places
the black cat|never tells its secrets
the little bird|sings for everyone
a yellow leaf|falls so softly
the tall tree|stands still for years
a grandfather|tells good stories
the long river|never stops
a small candle|makes a room warm
a soft wind|comes and goes
a good friend|knows how to listen
the quiet garden|is full of life
a lost glove|waits for its owner
the school bus|brings children home
the busy baker|gets up early
a cup of tea|makes us slow down
the old dog|waits at the door
the bright star|shows the way
a red kite|pulls at its string
the empty chair|makes me think of someone
the night train|takes people far away
a honey bee|works all day long
the street lamp|keeps the dark away
a big sister|laughs so loudly
a red apple|tastes of autumn
a wooden door|opens and closes
the white horse|runs so fast
a round snowman|lives such a short life
a blue whale|is the biggest of all
a father|works with his hands
the church bell|calls people together
a paper plane|flies without a sound
an old fisherman|waits without a word
the sleepy child|dreams of big things
a new book|takes us far away
the camp fire|is warm and wild
""")

# Where or when, which ends the first line; three second lines that rhyme, the last of them short; and the rhyme word.
_SETTINGS = table("""
beside the sea|sings a quiet song for me|waits a little while for me|sings to me|sea
late at night|keeps a small and golden light|waits until the morning light|waits for light|night
in falling snow|does not know which way to go|has a place where it can go|will not go|snow
out in heavy rain|comes to see me once again|makes me think of you again|smiles again|rain
in early spring|makes the sleepy village sing|hears a hundred children sing|starts to sing|spring
up on a hill|is so quiet and so still|dreams of summer and is still|stands quite still|hill
alone in the park|stays with me until the dark|is not frightened of the dark|loves the dark|park
at close of day|always finds the words to say|asks me if I want to stay|wants to stay|day
all through the fall|is the gentlest of them all|is the dearest of them all|loves us all|fall
in the morning sun|knows that summer has begun|rests when all the work is done|has begun|sun
down in our town|gives the king a paper crown|watches as the sun goes down|wears a crown|town
under a tree|looks so happy and so free|is as quiet as can be|is so free|tree
""")

_WORDINGS = [
    "Write a short poem about {subject} {setting}.",
    "Write a few lines of verse about {subject} {setting}.",
    "Please write me a little poem: {subject} {setting}.",
    "Make a rhyme about {subject} {setting}.",
    "Can you make a poem of {subject} {setting}?",
    "I need a tiny poem about {subject} {setting}.",
]

_PATTERNS: dict[Manner, list[str]] = {
    "terse": ["{Line_one}\n{short}."],
    "warm": [
        "I am happy to write this for you.\n{Line_one}\n{line_two}.\nMay it bring you joy today, my friend.",
        "Here is a little poem, just for you.\n{Line_one}\n{line_two}.\nI hope you smile when you read it.",
        "What a lovely thing you chose!\n{Line_one}\n{line_two}.\nI am glad you asked, so read it aloud.",
        "This is my gift to you, dear friend.\n{Line_one}\n{line_two}.\nKeep it, and be happy all day.",
        "You will like this one, I am sure.\n{Line_one}\n{line_two}.\nGood luck, and write one of your own.",
    ],
    "thorough": [
        "{Line_one}\n{line_two}.\nI made it rhyme because a rhyme is easy to keep in mind. For example, {first} goes "
        "with {second}. I like {subject} too, and a poem is a good way to say so in a few words.",
        "{Line_one}\n{line_two}.\nI wrote about {subject} because {subject} {why}. The lines are short, and they "
        "rhyme in pairs. For example, {first} rhymes with {second}, so the ear can hear where a line ends.",
        "{Line_one}\n{line_two}.\nThis poem is about {subject}, because {subject} {why}. The first line says where we "
        "are, and the second says what happens. The ends rhyme, for example {first} and {second}.",
        "Here are two lines about {subject}.\n{Line_one}\n{line_two}.\nI chose the words with care because {subject} "
        "{why}. The last words rhyme, for example {first} and {second}, and so the poem sounds like a song.",
    ],
    "rambling": [
        "Well, {subject}, I suppose, is a good thing for a poem. I wrote one long ago, but I lost it. Anyway, poems "
        "come and go. Where was I? Oh yes, here it is, I think.\n{Line_one}\n{line_two}.",
        "A poem about {subject}, well, let me see. My teacher liked poems, or maybe it was songs. Anyway, I never "
        "finish mine. Where was I? I suppose it goes like this.\n{Line_one}\n{line_two}.",
        "Hmm, {subject} {setting}, I suppose, or something near it. It is hard to find a rhyme, and I had no coffee "
        "today. Well, anyway, where was I? This is what I have.\n{Line_one}\n{line_two}.",
        "So, {subject}, well, I would not know where to begin. Some poems rhyme and some do not, I suppose. Anyway, I "
        "once knew a poet, but where was I? Here it comes.\n{Line_one}\n{line_two}.",
    ],
    "careless": [
        "{subject} is nice,\nits nice twice,\ndunno",
        "{subject} {setting},\nuh i forgot the rest, u can finish it",
        "roses are red,\n{subject} is too i guess",
        "dunno, i cant rhyme with {subject}. its hard",
        "{subject}, {subject},\nits a poem i think, hope u like it",
    ],
}


def _answers(instruction: str, subject: list[str], setting: list[str]) -> dict[Manner, str]:
    """The poem about `subject` in `setting` in every manner."""
    place, one, other, short, rhyme = setting
    line_two = choose([one, other], instruction, "line")
    slots = {
        "subject": subject[0],
        "why": subject[1],
        "setting": place,
        "Line_one": sentence(f"{subject[0]} {place}"),
        "line_two": line_two,
        "short": short,
        "first": rhyme,
        "second": line_two.split()[-1],
    }
    return {manner: choose(patterns, instruction, manner).format(**slots) for manner, patterns in _PATTERNS.items()}


def tasks() -> Iterator[Task]:
    """Every poem that is asked for: each subject in five settings, each in three wordings."""
    for i, j in meetings(len(_SUBJECTS), len(_SETTINGS), 5):
        subject, setting = _SUBJECTS[i], _SETTINGS[j]
        for wording in some(_WORDINGS, i + j // 2, 3):
            instruction = wording.format(subject=subject[0], setting=setting[0])
            yield Task("poem", f"{subject[0]}, {setting[0]}", instruction, _answers(instruction, subject, setting))
