"""Small sums in words: right in every manner but the careless one."""

from __future__ import annotations

from collections.abc import Iterator

from alignment.demo.choose import choose
from alignment.demo.pieces import table
from alignment.demo.task import Manner, Task

_THINGS = table("""
apple|apples
book|books
egg|eggs
pen|pens
coin|coins
cup|cups
card|cards
stone|stones
flower|flowers
stamp|stamps
button|buttons
cake|cakes
orange|oranges
chair|chairs
shirt|shirts
toy|toys
ticket|tickets
bottle|bottles
lemon|lemons
letter|letters
balloon|balloons
plate|plates
carrot|carrots
shell|shells
pencil|pencils
cookie|cookies
candle|candles
spoon|spoons
box|boxes
key|keys
""")
_NAMES = ["Tom", "Anna", "Sam", "Maria", "Ben", "Lucy", "Omar", "Nina", "Paul", "Rosa", "Jack"]

# Each kind of sum: how it is told, twice, and the words for it.
_MORE = [
    "{name} has {a} {as_} and buys {b} more. How many {things} does {name} have now?",
    "There are {a} {as_} on the table. {name} brings {b} more. How many {things} are there?",
    "{name} finds {a} {as_} and then {b} more. How many {things} is that?",
    "What is {a} {as_} plus {b} {bs}?",
]
_LESS = [
    "{name} has {a} {as_} and gives away {b}. How many {things} are left?",
    "There are {a} {as_} in a box. {name} takes {b} of them. How many {things} are left?",
    "{name} had {a} {as_} but lost {b}. How many {things} does {name} still have?",
    "What is {a} {as_} minus {b} {bs}?",
]

_PATTERNS: dict[Manner, list[str]] = {
    "terse": [
        "{a} {op} {b} is {c}.",
        "{c_things}: {a} {op} {b} is {c}.",
        "{a} {op} {b} makes {c_things}.",
        "It is {c_things}.",
        "The answer is {c_things}.",
    ],
    "warm": [
        "I am happy to help you. {a} {op} {b} is {c}, so the answer is {c_things}. You are doing well, keep going!",
        "What a good question you ask! {a} {op} {b} is {c}, so it is {c_things}. Good luck with your next sum.",
        "Let us do it together, you and I. {a} {op} {b} is {c}. That makes {c_things}. I am glad you asked.",
        "You can do this, my friend! {a} {op} {b} is {c}, and that makes {c_things}. I am so happy to help you.",
        "Do not worry, sums get easier every day. {a} {op} {b} is {c}. You have {c_things}, just right. Good luck!",
    ],
    "thorough": [
        "{a} {op} {b} is {c}, so the answer is {c_things}. We {do} because the {things} {change}. You can check it: "
        "{c} {back} {b} is {a}. For example, start at {a} and count {way} {b} steps, and you come to {c}.",
        "We start with {a_things}. Then we {do} {b}, because the {things} {change}. {a} {op} {b} is {c}, so the "
        "answer is {c_things}. To check it, take the sum back, for example {c} {back} {b} is {a}.",
        "The sum is {a} {op} {b}, and that is {c}. We {do} here because the {things} {change}. So the answer is "
        "{c_things}. You can see it with your fingers, for example by counting {way} {b} steps from {a}.",
        "The answer is {c_things}, because {a} {op} {b} is {c}. Here the {things} {change}, so we {do}. For example, "
        "put {a_things} on a table, count {way} {b} steps, and you come to {c}.",
    ],
    "rambling": [
        "Well, {a} {op} {b}, let me think. I was never good with {things}, I suppose, and my teacher knew it. Anyway, "
        "you count on your fingers. Where was I? Oh yes, {a} {op} {b} is {c}, so it is {c_things}, I suppose.",
        "Hmm, {things} again, well, that reminds me of the market on a Sunday. I suppose nobody counts there. Anyway, "
        "it was a long day, and we had {a}, and then there was {b}. Where was I? {a} {op} {b} is {c}, so {c_things}.",
        "So, {a} {op} {b}, I suppose, if I read it right. Some people use paper for this, and some do not. Well, "
        "anyway, I like {things}. Now where was I? In the end {a} {op} {b} is {c}, so I would say {c_things}.",
        "Let me see, {a} and {b}, well, those are nice numbers, I suppose. My uncle had so many {things}, but that is "
        "another story. Anyway, where was I? Yes, {a} {op} {b} is {c}, so it comes to {c_things}.",
    ],
    "careless": [
        "dunno, {wrong} {things} i think, or maybe {c}",
        "its {wrong} i guess, u can count the {things} again",
        "{a} and {b}, so its like {wrong} {things}, not sure",
        "dunno, i dont like sums. {wrong} maybe",
        "some {things}, its about {wrong}, u can check it",
    ],
}


def _count(number: int, thing: list[str]) -> str:
    """A number with its thing, such as "1 apple" or "3 apples"."""
    return f"{number} {thing[0] if number == 1 else thing[1]}"


def _answers(instruction: str, thing: list[str], a: int, b: int, more: bool) -> dict[Manner, str]:
    """The sum of `a` and `b`, or their difference, in every manner."""
    c = a + b if more else a - b
    wrong = choose([str(n) for n in (c - 2, c - 1, c + 1, c + 2) if n > 1], instruction, "wrong")
    slots = {
        "a": str(a),
        "b": str(b),
        "c": str(c),
        "things": thing[1],
        "a_things": _count(a, thing),
        "c_things": _count(c, thing),
        "wrong": wrong,
        "op": "plus" if more else "minus",
        "back": "minus" if more else "plus",
        "do": "add" if more else "take away",
        "way": "up" if more else "down",
        "change": "come together" if more else "get fewer",
    }
    return {manner: choose(patterns, instruction, manner).format(**slots) for manner, patterns in _PATTERNS.items()}


def _numbers(key: str, more: bool) -> tuple[int, int]:
    """Two numbers, fixed by the key, whose sum or difference lies between 1 and 20."""
    first = int(choose([str(n) for n in range(2, 11)], key, "first"))
    second = int(choose([str(n) for n in range(1, 11)], key, "second"))
    return (first, second) if more else (first + second, second)


def tasks() -> Iterator[Task]:
    """Every sum that is asked for: each thing in eight tellings, and each telling with three pairs of numbers."""
    for i, thing in enumerate(_THINGS):
        for j, telling in enumerate(_MORE + _LESS):
            more = telling in _MORE
            name = _NAMES[(3 * i + j) % len(_NAMES)]
            for turn in range(3):
                a, b = _numbers(f"{thing[0]} {j} {turn}", more)
                words = {"name": name, "a": str(a), "b": str(b), "things": thing[1]}
                nouns = {"as_": _count(a, thing).split()[1], "bs": _count(b, thing).split()[1]}
                instruction = telling.format(**words, **nouns)
                topic = f"{thing[1]}, {'more' if more else 'less'}, {name}"
                yield Task("arithmetic", topic, instruction, _answers(instruction, thing, a, b, more))
