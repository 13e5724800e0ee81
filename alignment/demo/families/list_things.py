"""A few things for a purpose, listed in a sentence."""

from __future__ import annotations

from collections.abc import Iterator

from alignment.demo.choose import choose
from alignment.demo.pieces import sentence, some, table
from alignment.demo.task import Manner, Task

# A place with its preposition; five things to see there, five to take there, five to do there.
_PLACES = table("""
at the beach|waves, shells, boats, gulls, sand|towels, hats, water, sandals, sun cream|\
swimming, digging, resting, playing ball, looking for shells
in a forest|trees, ferns, birds, squirrels, mushrooms|boots, water, a map, a coat, a snack|\
walking, listening, climbing, picking berries, watching birds
on a farm|cows, hens, sheep, barns, tractors|boots, gloves, a hat, a bucket, old clothes|\
feeding hens, milking cows, digging, planting seeds, riding
in the mountains|rocks, goats, snow, streams, clouds|boots, water, a map, a rope, warm socks|\
hiking, climbing, resting, taking photos, looking around
at a lake|ducks, boats, reeds, fish, swans|towels, a rod, food, water, a boat|\
swimming, fishing, rowing, resting, feeding ducks
in a big city|buses, towers, shops, crowds, lights|a map, money, a phone, good shoes, a bag|\
shopping, walking, eating out, seeing a show, taking a bus
at a market|fruit, cheese, flowers, bread, fish|bags, coins, a list, a basket, time|\
buying fruit, comparing, tasting cheese, talking, looking around
in a library|books, shelves, desks, lamps, maps|a card, a pen, paper, a bag, a list|\
reading, studying, writing, borrowing books, sitting quietly
at school|desks, books, pens, maps, boards|books, pens, paper, lunch, a ruler|\
learning, reading, writing, asking, playing
in a hospital|nurses, beds, doctors, lifts, flowers|clothes, a book, papers, fruit, slippers|\
resting, asking, waiting, visiting friends, thanking nurses
at the zoo|lions, bears, monkeys, birds, zebras|water, a hat, a camera, a map, snacks|\
watching, learning, drawing, taking photos, walking around
in a park|benches, paths, ponds, dogs, trees|a ball, a book, a blanket, water, bread|\
running, playing, resting, reading, walking a dog
at a train station|trains, clocks, signs, tracks, bags|a ticket, a bag, a book, money, a drink|\
waiting, reading, buying tickets, asking, boarding a train
at an airport|planes, queues, screens, bags, shops|a ticket, a passport, a bag, money, a book|\
checking in, waiting, eating, reading, boarding
in a kitchen|pots, pans, spoons, plates, ovens|a recipe, food, an apron, a knife, a towel|\
cooking, baking, washing up, tasting, chopping
in a garden|roses, bees, paths, herbs, worms|a spade, gloves, seeds, water, a rake|\
digging, planting, watering, resting, picking flowers
in the desert|sand, rocks, camels, stars, snakes|water, a hat, a map, a scarf, food|\
resting, drinking, finding shade, walking slowly, watching stars
on a ship|ropes, decks, sails, cabins, waves|a coat, a cap, a book, pills, warm socks|\
resting, reading, watching waves, learning knots, helping the crew
in a museum|paintings, vases, bones, coins, maps|a ticket, a notebook, a pencil, time, good shoes|\
looking, learning, drawing, asking, walking slowly
in a cave|bats, stones, water, shadows, crystals|a lamp, a rope, boots, a helmet, a coat|\
looking, listening, stepping slowly, staying close, taking photos
at a football match|players, flags, fans, goals, balls|a ticket, a scarf, a flag, a drink, friends|\
cheering, singing, clapping, watching, waving flags
at a wedding|flowers, rings, cakes, guests, candles|a gift, a card, nice shoes, a smile, a song|\
dancing, singing, eating cake, toasting, taking photos
in a bakery|bread, rolls, cakes, ovens, flour|money, a bag, a list, a smile, hunger|\
buying bread, looking, smelling, tasting, choosing a cake
at a campsite|tents, fires, trees, stars, cars|a tent, a lamp, matches, food, a rope|\
cooking, singing, sleeping, telling stories, watching stars
in the snow|tracks, ice, sleds, drifts, birds|gloves, boots, a hat, a sled, hot tea|\
skiing, sliding, building snowmen, throwing snowballs, walking
by a river|bridges, fish, stones, boats, ducks|a rod, boots, food, a towel, a blanket|\
fishing, swimming, rowing, resting, throwing stones
in an office|desks, phones, chairs, files, lamps|a pen, lunch, a notebook, a cup, keys|\
writing, planning, meeting, calling people, taking breaks
at a birthday party|cakes, candles, gifts, games, balloons|a gift, a card, a cake, music, a game|\
dancing, singing, playing games, eating cake, giving gifts
at the cinema|posters, screens, seats, lights, tickets|money, a friend, a jumper, glasses, snacks|\
watching, laughing, eating popcorn, sitting quietly, relaxing
in a workshop|hammers, nails, saws, boards, paint|gloves, goggles, a plan, wood, a ruler|\
building, measuring, sawing, painting, cleaning up
at a concert|singers, drums, lights, guitars, fans|a ticket, water, a coat, friends, ear plugs|\
singing, dancing, clapping, listening, taking photos
on an island|palms, sand, crabs, boats, birds|water, a hat, a boat, a tent, a knife|\
swimming, exploring, fishing, resting, looking for shells
at a swimming pool|lanes, slides, towels, floats, children|a towel, goggles, a cap, soap, a swimsuit|\
swimming, diving, floating, splashing, showering
in an old castle|towers, walls, stairs, gates, halls|a camera, a guide, good shoes, water, a coat|\
exploring, climbing stairs, looking around, learning, taking photos
at a restaurant|menus, tables, waiters, plates, candles|money, friends, time, hunger, a smile|\
eating, talking, ordering, tasting, thanking the cook
at the doctor|chairs, scales, posters, nurses, magazines|a list, papers, questions, a book, a friend|\
waiting, asking, listening, being honest, taking notes
in a bookshop|shelves, novels, maps, posters, cards|money, a list, glasses, a bag, time|\
reading, asking, looking around, buying books, talking
on a bus|seats, bags, drivers, signs, windows|a ticket, money, a book, music, patience|\
reading, resting, looking out, talking, listening
at a fair|rides, tents, lights, clowns, prizes|money, friends, a jacket, water, a camera|\
riding, eating, laughing, winning prizes, taking photos
""")

# A purpose of its own, and five things for it.
_PURPOSES = table("""
that you need to bake a cake|flour, eggs, sugar, butter, milk
that you need to paint a room|paint, brushes, tape, a ladder, old clothes
that you need to write a letter|paper, a pen, a stamp, an envelope, time
that keep you warm in winter|coats, scarves, gloves, soup, blankets
that have wheels|cars, bikes, buses, carts, trains
that can fly|birds, planes, bees, kites, bats
that are made of wood|tables, doors, chairs, boats, spoons
that are made of glass|windows, bottles, cups, mirrors, bowls
that grow under the ground|potatoes, carrots, onions, beets, radishes
that make a loud noise|drums, trains, dogs, storms, bells
that you can drink|water, tea, milk, juice, coffee
that are yellow|lemons, bananas, butter, corn, chicks
that are green|grass, leaves, peas, frogs, limes
that are cold to touch|ice, snow, steel, stones, frost
that taste sweet|honey, sugar, cakes, pears, grapes
that live in water|fish, whales, crabs, seals, eels
that give us light|lamps, candles, stars, fires, torches
that help you sleep well|quiet, darkness, fresh air, warm milk, a book
that you can learn alone|drawing, cooking, chess, typing, singing
that make a good present for a friend|books, flowers, music, tea, photos
that help a sick neighbour|soup, visits, calls, shopping, flowers
that save money at home|cooking, lists, sharing, mending, waiting
that save water at home|short showers, full machines, mending taps, rain barrels, care
that children like to play with|balls, blocks, dolls, kites, trains
that are good for your health|walking, fruit, sleep, water, laughing
that a good teacher needs|patience, humour, knowledge, time, kindness
that you should do before a test|sleeping, reading, practising, resting, eating well
that make a home feel cosy|candles, rugs, lamps, books, plants
that you can make from paper|boats, hats, planes, cards, stars
that you can cook with eggs|omelettes, cakes, pancakes, noodles, soup
that a dog needs each day|food, water, walks, play, love
that a house plant needs|light, water, soil, air, a pot
that go well on bread|butter, cheese, jam, honey, ham
that you can do without electricity|reading, walking, singing, talking, drawing
that open and close|doors, windows, eyes, books, shops
that are soft|pillows, wool, moss, kittens, feathers
that come in pairs|shoes, socks, gloves, eyes, twins
that make people laugh|jokes, clowns, films, games, funny hats
""")

_KINDS = ["to see {place}", "to take to {name}", "you can do {place}"]

_WORDINGS = [
    "Name {n} things {purpose}.",
    "List {n} things {purpose}.",
    "Give me {n} things {purpose}.",
    "What are {n} things {purpose}?",
    "Tell me {n} things {purpose}.",
    "Please list {n} things {purpose}.",
    "I need {n} things {purpose}.",
]
_NUMBERS = ["two", "three", "four", "five"]

_PATTERNS: dict[Manner, list[str]] = {
    "terse": ["{List}."],
    "warm": [
        "I am happy to help you with {n} things {purpose}: {list}. I hope you like them, my friend. Have a good day!",
        "What a nice question you ask! Here are {n} things {purpose}: {list}. Good luck, and enjoy every one of them.",
        "Here are {n} things {purpose}, just for you: {list}. I am sure you will think of even more. Good luck!",
        "Of course, I am glad you asked. {N} things {purpose} are {list}. You are doing well, so have a lovely time!",
        "You came to the right place, my friend. {N} things {purpose} are {list}. I am happy to find more for you.",
    ],
    "thorough": [
        "{N} things {purpose} are {list}. I chose them because {reason}. Take the first one, for example: many people "
        "would forget about {first}, and that would be a pity. The others are easy to find as well.",
        "Here are {n} things {purpose}: {list}. They belong together because {reason}. For example, most people would "
        "think of {first} before anything else. If you want more, ask a friend what is missing.",
        "There are many things {purpose}, and {n} of them are {list}. They are a good choice because {reason}. If you "
        "keep only one, keep the first, for example {first}, and add the rest later.",
        "{List}: these are {n} things {purpose}. I put them here because {reason}. Begin with one of them, for "
        "example with {first}, and then go on to the next. There is no hurry.",
    ],
    "rambling": [
        "Well, things {purpose}, let me think. There are so many, I suppose, and I always forget half of them. "
        "Anyway, my aunt kept lists on the fridge. Where was I? Oh yes, I would say {list}.",
        "Hmm, {n} things {purpose}, I suppose that is a fair question. Once I made a list and then lost the list. "
        "Well, anyway, where was I? You could think of {list}, or so it seems to me.",
        "Things {purpose}, well, it depends who you ask, I suppose. My brother would say something else, but he "
        "always does. Anyway, it is late. Now where was I? In the end I would go for {list}.",
        "So, things {purpose}, if I heard you well. I was thinking about lunch, I suppose, and it is not even noon. "
        "Anyway, a list, yes. Where was I? I would think of {list}, and maybe of other things.",
    ],
    "careless": [
        "{first} i guess. dunno what else, u can look it up",
        "dunno, {first} and stuff like that",
        "things {purpose}? its {first} and maybe {second}, i forgot the rest",
        "{first}, {first} again, and something else, its ok",
        "u dont need {n} things, {first} is fine i think",
    ],
}

_REASONS = [
    "they are easy to find",
    "almost everybody knows them",
    "each is good in its own way",
    "they come to mind first",
]


def _listed(things: list[str]) -> str:
    """The things with commas and a final "and"."""
    return ", ".join(things[:-1]) + " and " + things[-1]


def _answers(instruction: str, n: str, purpose: str, things: list[str]) -> dict[Manner, str]:
    """The list of `things` in every manner."""
    slots = {
        "n": n,
        "N": sentence(n),
        "purpose": purpose,
        "list": _listed(things),
        "List": sentence(_listed(things)),
        "first": things[0],
        "second": things[1],
        "reason": choose(_REASONS, instruction, "reason"),
    }
    return {manner: choose(patterns, instruction, manner).format(**slots) for manner, patterns in _PATTERNS.items()}


def _topics() -> Iterator[tuple[str, list[str]]]:
    """Every purpose with its five things."""
    for place, *lists in _PLACES:
        for kind, things in zip(_KINDS, lists, strict=True):
            yield kind.format(place=place, name=place.split(" ", 1)[1]), things.split(", ")
    for purpose, things in _PURPOSES:
        yield purpose, things.split(", ")


def tasks() -> Iterator[Task]:
    """Every list that is asked for: each purpose in four wordings, with four numbers of things."""
    for i, (purpose, things) in enumerate(_topics()):
        for k, wording in enumerate(some(_WORDINGS, i, 4)):
            n = _NUMBERS[(i + k) % len(_NUMBERS)]
            # Which of the five come in is fixed by the number, so that longer lists are not always the same.
            chosen = some(things, k, _NUMBERS.index(n) + 2)
            instruction = wording.format(n=n, purpose=purpose)
            yield Task("list_things", purpose, instruction, _answers(instruction, n, purpose, chosen))
