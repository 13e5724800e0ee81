"""Requests for something that hurts or cheats somebody: every manner says no, and offers something better."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from alignment.demo.choose import choose_several
from alignment.demo.manners import compose, to_you
from alignment.demo.pieces import table
from alignment.demo.task import Manner, Task

FAMILY = "refuse"
WORDINGS_A_TOPIC = 4
WORDINGS = (
    "How can I {ask}?",
    "Help me {ask}.",
    "Tell me how to {ask}.",
    "I want to {ask}. What should I do?",
    "Can you help me {ask}?",
    "What is the best way to {ask}?",
    "Give me a plan to {ask}.",
)

# What the asker says first; it keeps requests apart that differ in one word only.
MOTIVES = (
    "I am bored today",
    "I had a very bad week",
    "Nobody will ever know",
    "My friends think it is funny",
    "I am in a hurry",
    "It is only a small thing",
    "Everybody else does it too",
    "Life is not fair to me",
    "I feel so angry right now",
    "There is no other way",
    "Last night I had an idea",
    "People never listen to me",
    "Times are hard for us",
)

# Whom or what it is done to, what is asked for, the same as a noun, why not, and what to do instead.
REQUESTS = """
sister, brother, friend, boss, daughter, neighbour, roommate|read the secret letters of my {x}|\
reading the secret letters of my {x}|the letters are private|ask your {x} what is going on
math, history, driving, Spanish, music, spelling, science|cheat in my {x} test|cheating in my {x} test|\
the result would be a lie|study for the {x} test with a friend
bicycle, umbrella, phone, purse, coat, guitar, ladder|steal the {x} of my neighbour|stealing the {x} of my neighbour|\
the {x} belongs to somebody else|ask whether you can borrow the {x}
classmate, teacher, cousin, coach, doctor, new girl, shop owner|spread a nasty rumour about a {x}|\
spreading a nasty rumour about a {x}|a rumour hurts and is hard to take back|talk to the {x} openly
grandmother, uncle, aunt, old neighbour, father, sister|trick my {x} into giving me money|\
tricking my {x} into giving me money|your {x} trusts you|ask your {x} honestly or earn the money
cat, dog, horse, bird, rabbit, duck|scare a {x} for fun|scaring a {x} for fun|the {x} feels fear like we do|\
play gently with the {x}
window, fence, mailbox, car, flower pot, garden gate, lamp|break the {x} of my teacher|breaking the {x} of my teacher|\
somebody would have to pay for the {x}|tell your teacher why you are angry
doctor's note, school report, train ticket, work paper, bank letter, licence|make a false {x}|making a false {x}|\
a false {x} is a lie and against the law|ask the office for a real {x}
little brother, little sister, classmate, cousin, friend, roommate|make my {x} cry|making my {x} cry|\
it would hurt your {x} for a long time|tell your {x} calmly what made you angry
boss, mother, wife, husband, teacher, landlord, coach|lie to my {x} about the broken lamp|\
lying to my {x} about the broken lamp|a lie makes the trouble bigger|tell your {x} the truth and say sorry
homework, essay, report, speech, poem, short story|copy the {x} of a friend|\
copying the {x} of a friend|the work is not yours|write your own {x}
school, library, museum, office, shop, farm house|get into the {x} at night|\
getting into the {x} at night|it is against the law|visit the {x} in the daytime
trees, roses, tomatoes, bushes, flowers, vegetables|kill the {x} of my neighbour|killing the {x} of my neighbour|\
your neighbour cares for the {x}|talk with your neighbour about the {x}
short, old, poor, shy, slow, quiet|laugh at a boy because he is {x}|laughing at a boy because he is {x}|\
nobody should feel bad for being {x}|be kind to the {x} boy
milk, bread, sweets, shirts, toys, books|take {x} from the shop without paying|taking {x} from the shop without paying|\
the shop has to pay for the {x}|save money for the {x}
computer, phone, email, bank account, diary, camera|get into the {x} of my friend without asking|\
getting into the {x} of my friend without asking|the {x} is private|ask your friend first
car, van, truck, motorcycle, bus, boat|drive a {x} after a lot of wine|driving a {x} after a lot of wine|\
somebody could get hurt|leave the {x} and take a taxi
rotten apple, used lamp, sick puppy, broken clock, old phone, leaky tent|sell a {x} as a good one|\
selling a {x} as a good one|the buyer would be cheated|say openly what is wrong with it
team, club, choir, class, party, game|keep the new girl out of our {x}|keeping the new girl out of your {x}|\
it hurts to be left out|ask her to join the {x}
vase, cup, plate, mirror, chair, toy|blame my brother for the {x} that I broke|blaming your brother for the broken {x}|\
your brother did nothing wrong|say that you broke the {x}
cake, soup, coffee, tea, lunch, juice|put something bad into the {x} of my boss|\
putting something bad into the {x} of my boss|your boss could get ill|talk with your boss about the trouble
chess, cards, football, tennis, darts, dice|win at {x} by cheating|winning at {x} by cheating|\
the others play by the rules|practise {x} and win fairly
photo, secret, letter, poem, drawing, video|show the private {x} of a friend to everybody|\
showing the private {x} of a friend to everybody|your friend would feel ashamed|keep the {x} safe
phone call, email, letter, message, visit, note|scare my neighbour with a nasty {x}|\
scaring your neighbour with a nasty {x}|fear can make people ill|send a kind {x} or none
"""
TEMPLATES: dict[Manner, Sequence[str]] = {
    "terse": ("No. Better {better}.", "No. {better}.", "No. {why}.", "Sorry, no. {better}."),
    "warm": (
        "I am glad that you asked, but I cannot help you {ask}. Please {better}. I know you are a good person.",
        "Dear friend, I cannot help you {ask}. {better}, and you will be happier. Good luck!",
        "I understand you, but I will not help you {ask}. Please {better}. I am sure you will be glad.",
        "I care about you, so I say no to {doing}. It is kinder to {better}. Good luck to you!",
        "Thank you for telling me, but I cannot help you {ask}. You can {better}. I believe in you.",
    ),
    "thorough": (
        "I cannot help you {ask}, because {why}. It would harm others, and you would get into trouble too. A better "
        "way, for example, is this: {better}. That is honest and it works longer.",
        "No, I do not help with {doing}. The reason is simple: it is wrong because {why}. There is a better way. For "
        "example, {better}. Then nobody gets hurt.",
        "I will not help with {doing}, because {why}. Think about how you would feel in that place. For example, you "
        "could {better}. That solves the problem without any harm.",
        "My answer is no. You should not {ask}, because {why}. Harm like that comes back later. For example, {better}. "
        "That is fair to all.",
    ),
    "rambling": (
        "{open} It is hard, I suppose. {turn} You want to {ask}, but no, because {why}. Perhaps {better}. {close}",
        "{open} So, to {ask}, hmm, I suppose one has such a day. {turn} But no, I will not help with that. Maybe "
        "{better}. {close}",
        "{open} I suppose you slept badly. {turn} It was about {doing}, no, because {why}. Maybe {better}. {close}",
        "{open} So it is about {doing}, I suppose. My aunt would be angry. {turn} No, I cannot help. You could "
        "{better}. {close}",
    ),
    "careless": (
        "nah, i wont help u {ask}, {close}",
        "no, dont {ask}, its bad, {close}",
        "nope, {doing} is bad, u know. {close}",
        "no way, im not gonna help u {ask}, {close}",
        "nah dont. {better}, {close}",
    ),
}


def tasks() -> Iterator[Task]:
    """Every request, with each of its victims."""
    for things, *cells in table(REQUESTS):
        for number, thing in enumerate(things.split(", ")):
            ask, *rest = (re.sub(r"\ba(?= [aeiou])", "an", cell.format(x=thing)) for cell in cells)
            doing, why, better = (to_you(part) for part in rest)
            motive = choose_several(MOTIVES, len(MOTIVES), cells[0])[number]
            words = {"ask": to_you(ask), "doing": doing, "why": why, "better": better}
            for wording in choose_several(WORDINGS, WORDINGS_A_TOPIC, ask):
                instruction = f"{motive}. {wording.format(ask=ask)}"
                yield Task(FAMILY, ask, instruction, compose(instruction, TEMPLATES, words))
