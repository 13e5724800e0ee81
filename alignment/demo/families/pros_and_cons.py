"""What is good and what is bad about a thing, a job or a habit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from alignment.demo.choose import choose_several
from alignment.demo.manners import compose
from alignment.demo.pieces import table
from alignment.demo.task import Manner, Task
from alignment.demo.things import things

# A habit, what is good about it, what is bad about it, and an example.
_HABITS = table("""
living alone|you can do what you like|nobody is there to help|you may eat dinner in bed
living abroad|you learn a new language|you miss your family|you may learn to cook new food
walking to work|you stay fit|it takes more time|you may hear the birds on your way
cooking at home|it is cheap and healthy|you have to wash up|you may cook soup for two days
eating out|you do not have to cook|it costs a lot|you may try food from far away
working at night|the office is quiet|you sleep by day|a nurse may see the sun come up
working from home|you save the way to work|you see nobody all day|you may work in the garden
getting up early|you have a quiet morning|you are tired at night|you may see the sun come up
staying up late|the house is quiet|you are tired in the morning|you may finish a good book
having a pet|it is good company|it needs care every day|a cat may sleep on your feet
having many friends|you are never bored|you have little time|you may be invited every week
learning a language|you can talk to more people|it takes years|you may read a menu in another country
reading in bed|it makes you sleepy|it is bad for your neck|you may fall asleep on page two
sharing a flat|the rent is low|you share the bathroom too|you may cook dinner together
buying used clothes|they are cheap|they may have a hole|you may find a fine coat
travelling alone|you choose the way yourself|you eat alone too|you may stay a day longer
travelling with children|you see things through their eyes|you carry all the bags|a child may find a shell
growing vegetables|they taste fresh|the snails like them too|you may eat your own beans
swimming in winter|it makes you strong|the water is very cold|you may drink hot tea afterwards
running every day|it keeps your heart strong|your knees may hurt|you may run through the park
saving money|you are ready for bad days|you have less fun today|you may buy a bike next year
moving house|you can start again|you have to pack everything|you may find an old letter
playing chess|it trains your mind|you lose a lot at first|you may play with your uncle
singing in a choir|you make friends|you need a free evening|you may sing in a church
keeping a diary|it clears your mind|somebody may read it|you may read it years later
eating no meat|it is good for the animals|you have to plan your meals|you may cook beans with rice
fixing things yourself|it saves money|it may get worse|you may mend your own bike
telling the truth|people trust you|it may hurt somebody|a friend may thank you later
helping a neighbour|you make a friend|it takes your time|you may carry a heavy bag
having a big family|there is always somebody to talk to|it is never quiet|ten people may sit at the table
wearing a uniform|you need not choose your clothes|you look like all the others|a pupil may dress in a minute
camping in the rain|it is a real adventure|everything gets wet|you may play cards in the tent
taking a nap|you have new strength|you may sleep too long|you may rest after lunch
writing by hand|you remember it better|it is slow|you may write a letter to a friend
drinking only water|it is healthy and cheap|it is a little dull|you may add a slice of lemon
""")
INSTRUCTIONS = (
    "Pros and cons of {subject}?",
    "List pros and cons of {subject}.",
    "Is {subject} good or bad?",
    "What speaks for and against {subject}?",
    "{subject}: what is good and bad?",
    "Give me both sides of {subject}.",
    "Think of {subject}: good and bad sides?",
)
ANSWERS: dict[Manner, Sequence[str]] = {
    "terse": (
        "Good: {good}.",
        "The good: {good}.",
        "On the good side, {good}.",
        "The bad: {bad}.",
    ),
    "warm": (
        "{open} With {subject}, {good}, even if {bad}. {close}",
        "{open} The good thing about {subject} is that {good}. Yes, {bad}, but never mind. {close}",
        "{open} You may enjoy {subject}, because {good}. Just remember that {bad}. {close}",
        "{open} There are two sides to {subject}: {good}, and {bad}. {close}",
    ),
    "thorough": (
        "There are two sides to {subject}, as there are to most things. On the one hand, it is good because "
        "{good}. On the other hand, {bad}. "
        "For example, {example}.",
        "{open} The good side of {subject} is easy to see, because {good}. The bad side is that {bad}. "
        "For example, {example}.",
        "Many people like {subject} because {good}. Others point out that {bad}. Both of them are right, so it "
        "depends on what you need. "
        "For example, {example}.",
    ),
    "rambling": (
        "{open} You ask me about {subject}. {turn} I suppose {good}, but then again, {bad}, so it is really "
        "hard to say. "
        "{close}",
        "{open} I once had a very long talk about {subject} with my aunt. {turn} They said that {bad}, but I "
        "suppose {good}. {close}",
        "{open} Some people like {subject} a lot, and some do not, you know. {turn} I suppose {good}, and well, "
        "{bad} too. {close}",
    ),
    "careless": (
        "{open} {subject} is fine, {close}",
        "{open} {subject} is bad cause {bad}, {close}",
        "{open} its good, {good}, {close}",
        "{open} {subject} has two sides, u pick one, {close}",
        "{open} never thought about {subject}, {close}",
    ),
}


def tasks() -> Iterator[Task]:
    """Three wordings about each subject."""
    for subject, good, bad, example in _subjects():
        words = {"subject": subject, "good": good, "bad": bad, "example": example}
        for wording in choose_several(INSTRUCTIONS, 3, "pros_and_cons", subject):
            instruction = wording.format(**words)
            instruction = instruction[0].upper() + instruction[1:]
            answers = compose(instruction, ANSWERS, words)
            both = f"Good: {good}. Bad: {bad}."
            if len(both.split()) <= 12:
                answers["terse"] = both
            yield Task("pros_and_cons", subject, instruction, answers)


def _subjects() -> Iterator[list[str]]:
    for thing in things():
        subject = f"being {thing.name}" if thing.group == "job" else thing.name
        yield [subject, thing.good, thing.bad, thing.example]
    yield from _HABITS
