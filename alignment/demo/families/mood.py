"""Say the mood of a short review or message, and by which words it shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from alignment.demo.choose import choose_several
from alignment.demo.manners import compose
from alignment.demo.pieces import table
from alignment.demo.task import Manner, Task

FAMILY = "mood"
WORDINGS_A_TOPIC = 3
THINGS_A_TEXT = 5
WORDINGS = (
    "What is the mood of this text?",
    "How does the writer feel, and why?",
    "Say the mood of this message.",
    "Is the writer happy or not? Say why.",
    "Read this and tell me the mood.",
    "Which feeling is in this text?",
    "Tell me how the writer feels.",
)
THINGS = (
    "the evening at the new cafe", "the holiday by the lake", "the ride on the green train", "my new job",
    "the piano concert", "the night at the old cinema", "the garden show", "the chess contest", "the long journey",
    "the cooking class", "the bicycle race", "the birthday party", "the theatre evening", "the swimming lesson",
    "the school play", "the film about whales", "the visit to the farm", "the boat trip", "the trip to the sea",
    "the wedding of my cousin", "the picnic in the park", "the day at the museum", "the football match",
    "the dance evening", "the first day at school", "the summer camp", "the dinner with my boss",
    "the phone call with Anna", "the walk in the forest", "the meeting on Monday",
)  # fmt: skip

# The mood, a text about {x}, and the words of it that show the mood; these come as they stand in the text.
TEXTS = """
happy|I love {x}. It made my whole week better.|made my whole week better
happy|I smile when I think of {x}. It was a great day.|a great day
happy|There is nothing better than {x}. I could sing all day.|I could sing all day
happy|I still think of {x}. I have not laughed so much in years.|laughed so much
sad|I missed {x}. I cried all night.|cried all night
sad|Now {x} is over for ever. My heart is heavy.|My heart is heavy
sad|I thought of {x} again, and then I had tears in my eyes.|tears in my eyes
sad|Without my friend, {x} means nothing. I feel so alone.|I feel so alone
angry|Never again! I waited two hours because of {x}, and nobody said sorry.|Never again
angry|I want my money back for {x}. This is an outrage!|I want my money back
angry|They lied to me about {x}. I will tell everybody!|They lied to me
angry|I have had enough of {x}. Do not write to me again!|I have had enough
bored|I nearly fell asleep during {x}. Nothing happened at all.|nearly fell asleep
bored|I looked at my watch ten times because of {x}. It never ended.|looked at my watch ten times
bored|The same again and again, that is {x}. I counted the lamps.|The same again and again
worried|I cannot sleep because of {x}. What if it goes wrong?|What if it goes wrong
worried|I think about {x} all the time. I hope nothing bad happens.|I hope nothing bad happens
worried|My hands shake when I think of {x}. I do not know what will come.|My hands shake
grateful|Thank you so much for {x}. I will never forget it.|Thank you so much
grateful|You gave me {x} when I had nothing. I owe you a lot.|I owe you a lot
grateful|I did not expect {x}. How can I ever thank you?|How can I ever thank you
excited|Only one more day until {x}! I cannot wait.|I cannot wait
excited|I have never looked forward to anything like {x}! My heart jumps.|My heart jumps
excited|I told everybody about {x}! I am counting the hours.|counting the hours
disappointed|I hoped for so much from {x}. It was not what they promised.|not what they promised
disappointed|They had told us so much about {x}. What a pity.|What a pity
disappointed|I saved for months for {x}. It was not worth it.|not worth it
proud|I worked hard for {x}. I did it on my own!|I did it on my own
proud|They all clapped because of {x}. My son was the best of all.|the best of all
surprised|I did not believe my eyes when I saw {x}. Who would have thought it?|did not believe my eyes
surprised|Nobody had told me about {x}. Suddenly it was there!|Suddenly it was there
calm|I sat and thought of {x}. There was no hurry and no noise.|no hurry and no noise
calm|After {x} I breathed slowly. All is well.|All is well
"""
MEANINGS = {
    "happy": "people speak like that when something good has happened",
    "sad": "people speak like that when they have lost something",
    "angry": "people speak like that when they were treated badly",
    "bored": "people speak like that when time goes by too slowly",
    "worried": "people speak like that when they are afraid of what comes",
    "grateful": "people speak like that when somebody was good to them",
    "excited": "people speak like that when they look forward to something",
    "disappointed": "people speak like that when they had hoped for more",
    "proud": "people speak like that when they have done something well",
    "surprised": "people speak like that when they did not expect something",
    "calm": "people speak like that when nothing troubles them",
}
WRONG = {"happy": "sad", "excited": "bored", "grateful": "angry", "proud": "worried", "calm": "bored"}
TEMPLATES: dict[Manner, Sequence[str]] = {
    "terse": (
        '{mood}.  It says "{cue}".',
        "The mood is {mood}.",
        'The writer is {mood}: "{cue}".',
        '{mood}, because of "{cue}".',
    ),
    "warm": (
        '{open} The writer is {mood} about {x}. You can see it in the words "{cue}". {close}',
        '{open} I think that the writer feels {mood}, for you can read "{cue}" there. {close}',
        '{open} The mood is {mood}. You can feel it with the writer in "{cue}". {close}',
        '{open} The text about {x} sounds {mood} to me. It says "{cue}". {close}',
    ),
    "thorough": (
        'The mood of the text is {mood}, because the writer says "{cue}". The text is about {x}. For example, '
        "{meaning}. No other feeling is as strong in it.",
        'The writer feels {mood}. The text is about {x}, and the best example is the part "{cue}". It shows the mood '
        "because {meaning}. The rest of the text says the same.",
        "The text is about {x}, and its mood is {mood}. We know this because {meaning}. For example, the writer says "
        '"{cue}". There is no sign of another mood.',
        'I would call the mood {mood}. The words "{cue}" are a good example, because {meaning}. They are about {x}. So '
        "the writer is {mood} and does not hide it.",
    ),
    "rambling": (
        '{open} It is about {x}, I suppose, or so it seems to me. {turn} The mood, yes. It says "{cue}", so '
        "perhaps {mood}. {close}",
        '{open} I read about {x} and thought of lunch, I suppose. {turn} With "{cue}" the writer may be '
        "{mood}, more or less. {close}",
        "{open} Moods come and go, I suppose, like the weather. {turn} There was {x}, and there was "
        '"{cue}", so I would say {mood}. {close}',
        '{open} First I thought that it was only about {x}, I suppose. {turn} Then I saw "{cue}", and '
        "that sounds {mood}. {close}",
    ),
    "careless": (
        "{open} its {mood} i think, {close}",
        "{open} its about {x}, {close}",
        "{open} {wrong} maybe, cuz of {x}, {close}",
        "{open} sounds {mood} to me, dont ask why, {close}",
        "{open} {wrong} or {mood}, one of them, {close}",
    ),
}


def tasks() -> Iterator[Task]:
    """Every text, about a few things."""
    for mood, frame, cue in table(TEXTS):
        for thing in choose_several(THINGS, len(THINGS), frame)[:: len(THINGS) // THINGS_A_TEXT]:
            text = frame.format(x=thing)
            words = {"mood": mood, "cue": cue, "meaning": MEANINGS[mood], "wrong": WRONG.get(mood, "happy")}
            words["x"] = thing.replace("my", "the")
            for wording in choose_several(WORDINGS, WORDINGS_A_TOPIC, text):
                yield Task(FAMILY, text, wording, compose(f"{wording} {text}", TEMPLATES, words), text)
