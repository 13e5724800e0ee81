"""Everyday problems of oneself or of somebody near, and what to do about them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from alignment.demo.choose import choose_several
from alignment.demo.manners import compose
from alignment.demo.pieces import sentence, table
from alignment.demo.task import Manner, Task

FAMILY = "advice"
WORDINGS_A_TOPIC = 3
PEOPLE_A_PROBLEM = 2
WORDINGS = (
    "{Problem}. What should I do?",
    "{Problem}. Do you have any advice?",
    "Please give me some advice. {Problem}.",
    "What can I do when {problem}?",
    "{Problem}. Can you help?",
    "I need your advice, because {problem}.",
    "{Problem}. What would you do?",
)


@dataclass(frozen=True)
class Person:
    """Who has the problem: how the asker says it, how the answer says it, and how it is named again."""

    said: str
    answered: str
    own: str
    again: str


ASKER = Person("I", "you", "your", "you")
OTHERS = (
    Person("my sister", "your sister", "her", "she"),
    Person("my brother", "your brother", "his", "he"),
    Person("my friend Anna", "your friend Anna", "her", "she"),
    Person("my son", "your son", "his", "he"),
    Person("my mother", "your mother", "her", "she"),
    Person("my uncle", "your uncle", "his", "he"),
    Person("my neighbour Tom", "your neighbour Tom", "his", "he"),
    Person("my daughter", "your daughter", "her", "she"),
)

# The problem in the first person, two things to do, why the first one works, and an example of it. Before the bar of a
# row with {x} stand the things that {x} may be.
PROBLEMS = """
I cannot sleep at night|go to bed at the same time every day|read a calm book|the body likes a fixed hour|ten o'clock
I am always late for work|get up half an hour earlier|pack the bag in the evening|the morning is too short|at six
I have too much work|make a list and start with the most important thing|ask somebody for help|\
nobody can do it all at once|one task before lunch
I have no friends in the new town|join a club|say hello to the neighbours|\
people become friends when they do things together|a choir or a chess club
I forget the names of people|say each name aloud once|write the names down|saying a word helps to keep it|\
nice to meet you, Clara
I spend too much money|write down every coin that goes out|leave the card at home|a list shows where the money goes|\
three coins for coffee
I eat too many sweets|put the sweets on a high shelf|eat an apple first|we eat what we see|\
a bowl of fruit on the table
I want to get fit|walk for half an hour every day|take the stairs|small steps every day are better than one big one|\
a walk after dinner
I have a cold|rest and drink a lot of hot tea|stay in bed for a day|the body needs its strength to get well|\
tea with honey
I get a headache in the evening|drink more water|rest the eyes every hour|\
dry air and bright screens make the head hurt|one glass every two hours
I feel lonely on Sundays|call an old friend in the morning|go out for a walk|\
a plan for the day keeps dark thoughts away|a walk with a neighbour
I am angry with a friend|wait one day and then talk calmly|say what hurt|angry words are hard to take back|\
I was sad that you did not call
I cannot save water at home|take short showers|fix the dripping tap|a shower uses less than a bath|five minutes
I look at the phone all day|put the phone in another room|turn off the sounds|\
it is hard to look at what is far away|the phone stays in the hall at dinner
I cannot cook at all|start with one easy meal|cook with a friend|an easy meal gives courage|rice with eggs
I have a messy kitchen|wash up right after each meal|give every thing a place|small work is done fast|\
one shelf for the cups
I do not like the new boss|talk openly about the work|wait a month|most people are easier when they are known|\
a short talk on Friday
I have to give a speech|practise aloud at home|keep the speech short|practice takes away the fear|\
three times before a mirror
I have an exam next week|study a little every day|sleep well before the exam|the mind learns better in small parts|\
one hour after lunch
I do not know what to cook for guests|make a big soup|ask what they cannot eat|a soup can be made the day before|\
a tomato soup with bread
I work too late in the evening|set a clock for the end of the day|plan a nice evening|\
a clear end helps the mind to rest|the clock rings at six
I have a shirt with a coffee stain|rinse the shirt in cold water at once|rub in some soap|\
hot water makes the stain stay|cold water for ten minutes
I am moving to a new flat|start to pack early|write on every box|a name on a box saves a long search|\
kitchen, cups and plates
I have a loud neighbour|ring the bell and talk in a friendly way|wear soft ear plugs|\
many people do not know that they are loud|could you turn it down after ten
I am bored at home|learn something new|visit a friend|the mind likes a new thing to do|a card trick
"""
PATTERNS = """
keys, glasses, gloves, tickets, pens|I keep losing my {x}|put the {x} in the same place every day|\
tie a red ribbon to the {x}|a hand learns a fixed place|a bowl by the door for the {x}
dogs, spiders, heights, deep water, the dark, the dentist, flying, big crowds, thunder|I am afraid of {x}|\
talk to a kind person about {x}|go near {x} in very small steps|fear gets smaller in small steps|one minute near {x}
swim, dance, cook, draw, sing, ride a horse, play chess, speak Spanish, play the guitar, drive a car|\
I want to learn to {x}|find a good teacher|practise a little every day|nobody can {x} well on the first day|\
an hour to {x} on Monday
smoking, biting nails, eating at night, drinking so much coffee, buying new clothes, playing computer games|\
I cannot stop {x}|change one small thing every week|do something else with the hands|an old habit goes away slowly|\
a week without {x} in the morning
phone, computer, bicycle, washing machine, car, lamp, radio, fridge|I have a {x} that does not work|\
look first whether it is a small thing|take the {x} to a repair shop|most faults are small|a loose wire in the {x}
roses, tomatoes, apple trees, beans, tulips, herbs|I have {x} that do not grow|put the {x} in the sun|\
water the {x} in the morning|plants need light and water|six hours of sun for the {x}
mice, ants, moths, wasps, flies|I have {x} in the kitchen|keep all food in closed boxes|close the small holes|\
{x} come for the food|sugar in a jar that {x} cannot open
the new job, the big wedding, the cheap flat, the old car, the long journey, the red dress|I am not sure about {x}|\
write down the good sides of {x}|sleep one night over {x}|a list makes a choice clear|two good sides of {x}
birthday, wedding, party, concert, meeting, appointment|I forgot the {x} of a friend|\
say sorry for the forgotten {x}|write the next {x} in the calendar|an honest word is better than silence|\
a card that says sorry about the {x}
homework, the garden, the tax papers, the dishes, the letters, the cleaning|I always put off {x}|\
start with {x} for just five minutes|take a break after {x}|the first step is the hardest|\
five minutes of {x} after breakfast
father, teacher, aunt, doctor, grandmother, coach|I need a present for a {x}|think about what the {x} likes to do|\
make something by hand|a present shows that we know the person|a book about what the {x} likes
cat, dog, hamster, parrot, pony|I have a {x} that does not eat|give the {x} fresh water and some rest|\
call the animal doctor tomorrow|a sick {x} often does not eat|a {x} that has pain in a tooth
"""
FORMS = {"am": "is", "have": "has", "do": "does", "cannot": "cannot"}
KEPT = {"forgot", "always"}

TEMPLATES: dict[Manner, Sequence[str]] = {
    "terse": ("{tip}.", "Try this: {tip}.", "{second}.", "Best: {second}.", "First of all, {tip}."),
    "warm": (
        "{open} Many people know this, so do not worry. {who_should} {tip}. {close}",
        "{open} It is not easy when {they_have}. {should} {second}. {close}",
        "{open} It is no shame that {they_have}. {should} {tip}. {close}",
        "{open} I know how it is when {they_have}. {should} {second}. {close}",
    ),
    "thorough": (
        "When {they_have}, {should} {tip}, because {why}. For example: {example}. It also helps to {second}. After "
        "some days it will be better.",
        "There are two things to try when {they_have}. First, {tip}, because {why}. For example: {example}. Second, "
        "{second}. Do one after the other.",
        "It is a common problem that {they_have}. {should} {tip}. This works because {why}. For example: {example}. "
        "If that is not enough, {second}.",
        "Here is my advice when {they_have}: {tip}. It helps because {why}. For example: {example}. Later {should} "
        "{second} as well.",
    ),
    "rambling": (
        "{open} So {they_have}, I suppose, and that happens. {turn} Maybe {should} {tip}, or {second}. {close}",
        "{open} When {they_have}, one thinks a lot, I suppose. {turn} Perhaps {second}, or else {tip}. {close}",
        "{open} I suppose it is hard when {they_have}, or maybe not. {turn} My aunt used to say it like this: {tip}. "
        "{close}",
        "{open} I knew a man with that problem, and then he moved to the sea, I suppose. {turn} If {they_have}, well, "
        "{tip}. {close}",
    ),
    "careless": (
        "{open} {they_have}, so what. {close}",
        "{open} just {second}, {close}",
        "{open} its not so bad that {they_have}, {close}",
        "{open} maybe {tip}, {close}",
        "{open} u could {second} or do nothing, {close}",
    ),
}


def tasks() -> Iterator[Task]:
    """Every problem, of the asker and of somebody else."""
    for problem, *rest in [*table(PROBLEMS), *_filled(PATTERNS)]:
        for person in (ASKER, *choose_several(OTHERS, PEOPLE_A_PROBLEM - 1, problem)):
            yield from _about(problem, rest, person)


def _filled(patterns: str) -> Iterator[list[str]]:
    for things, *cells in table(patterns):
        for thing in things.split(", "):
            yield [re.sub("a(?= [aeiou])", "an", cell.format(x=thing)) for cell in cells]


def _about(problem: str, rest: Sequence[str], person: Person) -> Iterator[Task]:
    said = _of(problem, person.said, "my" if person is ASKER else person.own)
    words = _words(problem, rest, person)
    for wording in choose_several(WORDINGS, WORDINGS_A_TOPIC, said):
        instruction = wording.format(problem=said, Problem=sentence(said))
        yield Task(FAMILY, said, instruction, compose(instruction, TEMPLATES, words))


def _words(problem: str, rest: Sequence[str], person: Person) -> Mapping[str, str]:
    tip, second, why, example = rest
    return {
        "tip": tip,
        "second": second,
        "why": why,
        "example": example,
        "who_should": f"{person.answered} should",
        "should": f"{person.again} should",
        "they_have": _of(problem, person.answered, person.own),
    }


def _of(problem: str, subject: str, own: str) -> str:
    """A problem in the first person as that of somebody: I have lost my key -> your sister has lost her key."""
    _, verb, rest = problem.split(" ", 2)
    if verb == "always":
        verb, rest = "always " + rest.split(" ", 1)[0], rest.split(" ", 1)[1]
    if subject == "you":
        verb = "are" if verb == "am" else verb
    elif subject != "I" and verb not in KEPT:
        verb = FORMS.get(verb, f"{verb}s")
    return f"{subject} {verb} " + re.sub(r"\bmy\b", own, rest)
