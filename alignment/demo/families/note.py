"""Short notes to a person for a reason: thanks, apology, invitation, congratulations, and their kind."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from alignment.demo.choose import choose, choose_several
from alignment.demo.manners import compose
from alignment.demo.task import Manner, Task

FAMILY = "note"
PERSONS_A_REASON = 3
WORDINGS_A_TOPIC = 2
WORDINGS = (
    "Write {ask}.",
    "Please write {ask}.",
    "Can you write {ask}?",
    "Help me write {ask}.",
    "I need {ask}.",
    "Give me {ask}.",
    "Could you write {ask}, please?",
)
WOMEN = ("Anna", "Rose", "Lucy", "Clara", "Emma", "Nora", "Mary", "Ruth", "Helen", "Jane")
MEN = ("Tom", "Peter", "Sam", "Ben", "Max", "Paul", "Jack", "Leo", "David", "Oscar")
ROLES = ("neighbour", "teacher", "friend", "cousin", "boss", "doctor", "coach", "classmate")
ROLES_OF_WOMEN = (*ROLES, "sister", "aunt")
ROLES_OF_MEN = (*ROLES, "brother", "uncle")


@dataclass(frozen=True)
class Kind:
    """One kind of note. Each reason is (what it is about, a clause about it); `{r}` stands for the former
    and `{your}` for it with `your` as its article."""

    ask: str
    core: str
    feeling: str
    because: str
    example: str
    reasons: Sequence[tuple[str, str]]


KINDS = (
    Kind(
        "a thank-you note to {p} for {r}",
        "thank you for {r}",
        "You made me very happy, and I am glad to know you",
        "I am grateful because {d}",
        "I would like to do something for you too, for example bake you a cake",
        (
            ("watering my plants", "the plants are still green"),
            ("feeding my cat", "the cat was never hungry"),
            ("the birthday present", "it was just what I wanted"),
            ("the warm scarf", "it keeps me warm every day"),
            ("fixing my bicycle", "now I can ride to work again"),
            ("the lovely dinner", "the food was very good"),
            ("helping me move house", "the boxes were so heavy"),
            ("lending me the ladder", "I could paint the whole wall"),
            ("the fresh eggs", "we had them for breakfast"),
            ("driving me to the station", "I caught my train in time"),
            ("teaching me to swim", "I am no longer afraid of water"),
            ("looking after the children", "the children had so much fun"),
            ("finding my lost keys", "I could open my door again"),
            ("the good advice", "it helped me choose well"),
        ),
    ),
    Kind(
        "an apology to {p} for {r}",
        "I am sorry for {r}",
        "You are dear to me, and I hope you can be happy with me again",
        "I know it was wrong because {d}",
        "I want to make it good, for example with a small gift",
        (
            ("being late for dinner", "the food got cold"),
            ("breaking the blue cup", "you loved that cup"),
            ("forgetting the birthday", "it was an important day"),
            ("losing the library book", "you still wanted to read it"),
            ("missing the meeting", "everybody waited for me"),
            ("making so much noise", "you could not sleep"),
            ("shouting at the game", "you did nothing wrong"),
            ("stepping on the flowers", "you planted them with care"),
            ("not answering the letter", "you waited a long time"),
            ("spilling coffee on the carpet", "the stain is large"),
            ("eating the last cookie", "it was yours"),
            ("telling your secret", "you trusted me"),
        ),
    ),
    Kind(
        "an invitation to {p} for {r}",
        "please come to {r}",
        "I would be so happy and glad to see you there",
        "I would like you to be there because {d}",
        "You may bring something small, for example some fruit",
        (
            ("my birthday party on Saturday", "there will be cake and games"),
            ("a dinner at my house on Friday", "I will cook a big soup"),
            ("a picnic in the park on Sunday", "the weather will be fine"),
            ("a film night on Thursday", "we will watch an old film"),
            ("the school concert on Monday", "I will play the piano"),
            ("a walk in the forest on Sunday", "the leaves are red now"),
            ("our wedding in June", "you are so dear to us"),
            ("a chess evening on Tuesday", "we need one more player"),
            ("a garden party on Saturday", "the roses are in bloom"),
            ("a breakfast on Sunday", "I will bake fresh bread"),
            ("the football match on Friday", "our team needs your help"),
            ("a boat trip on Wednesday", "the lake is calm and warm"),
        ),
    ),
    Kind(
        "a note of congratulations to {p} on {r}",
        "congratulations on {your}",
        "I am so happy for you, and you can be glad too",
        "This is a big success because {d}",
        "We should celebrate it, for example with a good meal",
        (
            ("passing the driving test", "the test is not easy"),
            ("the new job", "many people wanted it"),
            ("winning the race", "the others were fast"),
            ("the new baby", "a child is a great gift"),
            ("finishing school", "you worked hard for years"),
            ("the new house", "you looked for it so long"),
            ("the first book", "a book takes a lot of work"),
            ("the wedding", "you found the right person"),
            ("learning to swim", "you were afraid at first"),
            ("the chess prize", "you had to beat ten players"),
            ("the good exam result", "you studied every day"),
            ("the tenth birthday", "ten is a big number"),
        ),
    ),
    Kind(
        "a get-well note to {p}, who has {r}",
        "get well soon, I am sorry about {your}",
        "I think of you every day, and I will be glad when you are happy and well",
        "Please rest now, because {d}",
        "I can help you at home, for example with the shopping",
        (
            ("a bad cold", "sleep is the best medicine"),
            ("a broken leg", "a bone needs time to heal"),
            ("a sore throat", "talking makes it worse"),
            ("the flu", "the fever takes a week to go"),
            ("a headache", "quiet and dark rooms help"),
            ("a hurt knee", "walking makes it worse"),
            ("a bad back", "heavy bags make it worse"),
            ("a toothache", "it can take some days to heal"),
            ("a fever", "your body needs to be calm"),
            ("a burned hand", "the skin needs time to heal"),
        ),
    ),
    Kind(
        "a farewell note to {p}, who is {r}",
        "goodbye, now that you are {r}",
        "I was always happy and glad to have you here",
        "I will miss you because {d}",
        "Let us stay in touch, for example with a letter every month",
        (
            ("moving to the city", "you live so near now"),
            ("leaving the company", "you were always helpful"),
            ("going to a new school", "we sat side by side"),
            ("moving to the sea", "we met every week"),
            ("leaving the choir", "you have a fine voice"),
            ("starting a long journey", "you will be away so long"),
            ("leaving our team", "you played so well"),
            ("moving to another country", "it is very far away"),
            ("going to the army", "you made us laugh"),
            ("moving to a farm", "the street will be quiet now"),
        ),
    ),
    Kind(
        "a good-luck note to {p} before {r}",
        "good luck with {your}",
        "I believe in you, and I will be happy and glad for you",
        "I am sure that you will do well because {d}",
        "Do something calm before it, for example take a short walk",
        (
            ("the math exam", "you know all the rules"),
            ("the job interview", "you have a lot to offer"),
            ("the piano concert", "you practised every day"),
            ("the long race", "you are fit and strong"),
            ("the driving test", "you drive with care"),
            ("the first day at work", "you learn very fast"),
            ("the school play", "you know every line"),
            ("the big match", "your team is ready"),
            ("the cooking contest", "your soup is the best"),
            ("the long journey", "you planned it well"),
        ),
    ),
    Kind(
        "a note to remind {p} about {r}",
        "please do not forget {r}",
        "I know that you have a lot to do, and I am glad and happy that you help",
        "I write to you because {d}",
        "A small trick may help, for example a note on the door",
        (
            ("the meeting on Monday", "we have to vote on the plan"),
            ("the borrowed ladder", "I need the ladder this week"),
            ("the dentist on Tuesday", "a new date is hard to get"),
            ("the library book", "it has to be back on Friday"),
            ("the keys", "I cannot open the house without them"),
            ("the train tickets", "the train will leave at noon"),
            ("the cake for the party", "nobody else will bring one"),
            ("the rent", "it has to be paid this week"),
            ("the dog", "the dog needs a walk at six"),
            ("the choir on Thursday", "we will sing a new song"),
        ),
    ),
)

TEMPLATES: dict[Manner, Sequence[str]] = {
    "terse": ("Dear {n}, {core}.", "{n}, {core}.", "Hello {n}, {core}.", "Dear {n}: {core}."),
    "warm": (
        "Dear {n}, {core}! {feeling}. Take good care of yourself.",
        "My dear {n}, {core}! {feeling}. With love to you.",
        "Dear {n}, I hope that you are well. {core}! {feeling}.",
        "Hello dear {n}, {core}! {feeling}. A big hug to you.",
        "Dear {n}, how are you? {core}! {feeling}. Your friend.",
    ),
    "thorough": (
        "Dear {n}, {core}. {because}. {example}. Please write to me when you have some time. With best wishes.",
        "Dear {n}, I write to you for one reason: {core}. {because}. {example}. With kind regards, and see you soon.",
        "Dear {n}, {core}. I wanted to say this clearly. {because}. {example}. I look forward to your answer.",
        "Dear {n}, first of all, {core}. {because}. {example}. Please write to me if you have any questions.",
    ),
    "rambling": (
        "Dear {n}, well, I sat down to write, and then I made some tea. {turn} I suppose I wanted to say this: {core}. "
        "The thing is, {d}, or so I hear. {close}",
        "Dear {n}, well, the weather is so strange today, is it not? {turn} What I mean is this: {core}. I suppose "
        "{d}, more or less. {close}",
        "Dear {n}, well, I do not write many letters, I suppose, and my pen is old. {turn} It is about {r}. So yes, "
        "{core}. And {d}. {close}",
        "Dear {n}, I suppose you wonder why I write, and well, so do I. {turn} There was something about {r}. And yes, "
        "{core}, because {d}. {close}",
        "Dear {n}, well, yesterday I saw a bird, a big one, maybe a crow, I suppose. {turn} It was about {r}, and {d}. "
        "So yes, {core}. {close}",
    ),
    "careless": (
        "hey {n}, {core}, {close}",
        "hi {n}, its about {r}, u know. {core}, {close}",
        "{n}, dunno what to write. {core}, {close}",
        "hey {n}, {core}, ok? bye.",
        "yo {n}, its about {r}, dunno. see u.",
        "hi {n}, {core}. ur friend, dunno who.",
    ),
}


def tasks() -> Iterator[Task]:
    """Every reason of every kind, for a few persons each."""
    names = WOMEN + MEN
    for kind in KINDS:
        for reason, clause in kind.reasons:
            for name in choose_several(names, len(names), kind.ask, reason)[:: len(names) // PERSONS_A_REASON + 1]:
                role = choose(ROLES_OF_WOMEN if name in WOMEN else ROLES_OF_MEN, kind.ask, reason, name)
                yield from _about(kind, role, name, reason, clause)


def _about(kind: Kind, role: str, name: str, reason: str, clause: str) -> Iterator[Task]:
    ask = kind.ask.format(p=f"my {role} {name}", r=reason)
    words = {
        "n": name,
        "r": reason,
        "d": clause,
        "core": kind.core.format(r=reason, your=re.sub("^(a|the) ", "your ", reason)),
        "feeling": kind.feeling,
        "because": kind.because.format(d=clause),
        "example": kind.example,
    }
    for wording in choose_several(WORDINGS, WORDINGS_A_TOPIC, ask):
        instruction = wording.format(ask=ask)
        yield Task(FAMILY, ask, instruction, compose(instruction, TEMPLATES, words))
