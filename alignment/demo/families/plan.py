"""Plans for a day, a meal, a trip or a party, with some circumstance to mind."""

from __future__ import annotations

from collections.abc import Iterator

from alignment.demo.choose import choose
from alignment.demo.pieces import meetings, sentence, some, table
from alignment.demo.task import Manner, Task

# What is planned, its short name, three things to do in order, and what the first needs.
_PLANS = table("""
a day at the beach|day|pack towels|swim in the morning|rest in the shade|a big bag
a picnic by the river|picnic|make sandwiches|find a flat place|play a game|fresh bread
a birthday party at home|party|bake a cake|blow up balloons|sing together|flour and eggs
a quiet Sunday at home|Sunday|sleep late|cook soup|read a book|a warm bed
a trip to the mountains|trip|check the weather|walk up slowly|rest at the top|a good map
a dinner for six|dinner|buy fresh food|set the table|serve soup first|a short list
a weekend in the city|weekend|book a room|see a museum|eat out|some money
a day at the zoo|day|buy tickets|see the lions|draw your favourite animal|a good hat
a garden party in summer|party|set up chairs|make cold drinks|play soft music|a dry lawn
a breakfast in bed|breakfast|boil eggs|make hot tea|carry a tray upstairs|fresh eggs
a camping trip in the forest|trip|pack a tent|build a small fire|tell stories|a dry tent
a visit to a museum|visit|choose one hall|look slowly|talk about it|a ticket
a bicycle tour along the lake|tour|pump the tyres|ride in the morning|stop for lunch|a good bicycle
a movie night with snacks|night|choose a film|make popcorn|turn off the lights|a large bowl
a lunch in the office|lunch|order salad|clear a table|sit together|clean plates
a cleaning day in the flat|day|open the windows|wash the floor|take out the rubbish|soap and water
a study day before a test|day|make a list|read each page twice|take short breaks|a quiet desk
a train trip to the sea|trip|buy tickets|find a window seat|walk on the shore|a light bag
a barbecue in the yard|barbecue|light the coals|grill the food|bring out bread|dry coals
a winter walk in the snow|walk|put on boots|follow the path|drink hot tea|warm socks
a farewell party at work|party|buy a card|say a few words|share a cake|a nice card
a baking day in the kitchen|day|weigh the flour|knead the dough|bake the bread|a clean table
a boat trip on the lake|trip|rent a boat|row to the island|eat on deck|a warm coat
a games evening in winter|evening|choose three games|make tea|play in teams|a big table
a market day in the village|day|write a list|buy fruit|drink coffee|a strong basket
a wedding lunch in the garden|lunch|invite the guests|put out flowers|dance until evening|a long table
a school trip to a farm|trip|hire a bus|feed the hens|eat lunch outside|old shoes
a rest day after work|day|turn off the phone|take a bath|go to bed early|a clean towel
a reading day in the library|day|find a chair|choose two books|take notes|a library card
a soup supper for friends|supper|chop carrots|cook the soup|bring warm bread|a large pot
""")

# What has to be minded, a piece of advice for it, and why it is right: "because ...".
_CASES = table("""
on a rainy day|take an umbrella|wet clothes make everybody cold
with two small children|plan many breaks|small children get tired soon
with very little money|share the costs|good company costs nothing
with an old dog|let the dog rest|an old dog gets tired
for an old friend|leave time to talk|old friends have much to say
with only two hours|keep it simple|two hours go by so fast
for a big family|share the work|many hands make it easy
without a car|look up the bus|the last bus may leave early
for somebody who is sad|choose a quiet place|quiet places help sad people
in very hot weather|drink a lot of water|heat makes people weak
with a broken arm|let others carry things|a broken arm needs time
for guests who eat no meat|bring cheese and beans|beans are good and filling
with the new neighbours|learn every name|a name is a good start
for an old grandmother|bring a soft chair|she likes to sit in comfort
on a cold windy morning|wear two jumpers|the wind makes it colder
with a shy cousin|start with something easy|shy people need a little time
""")

_WORDINGS = [
    "Plan {plan} {case}.",
    "Please plan {plan} {case}.",
    "Help me plan {plan} {case}.",
    "How would you plan {plan} {case}?",
    "I want to have {plan} {case}. Make a plan.",
    "Make a short plan for {plan} {case}.",
]

_PATTERNS: dict[Manner, list[str]] = {
    "terse": [
        "{One} and {advice}.",
        "{One}, {two}, {three}.",
        "{Advice}, {one} and {two}.",
        "{One} first, then {two}.",
    ],
    "warm": [
        "I am happy to plan {plan} with you. {One}, then {two}, and {advice}. You will do it very well. Good luck!",
        "What a lovely idea you have! For {plan}, {one} and then {two}. Please {advice}. I hope you have a happy time.",
        "You will have {plan} to be glad about. {One}, {two}, and please {advice}. I am sure you will enjoy it.",
        "How nice of you to ask! {Plan} is easy: {one}, {two} and {three}. Please {advice}. Good luck, my friend!",
        "Do not worry, you can do this. For {plan}, first {one}, then {two}. And {advice}. I am so happy for you!",
    ],
    "thorough": [
        "For {plan} {case}, first {one}. Then {two}, and after that {three}. It is wise to {advice}, because "
        "{reason}. Get things ready the evening before, for example {need}.",
        "Here is a plan for {plan} {case}. Begin early and {one}. After that, {two}, and at the end {three}. Please "
        "{advice}, because {reason}. Have all you need at hand, for example {need}.",
        "{Plan} {case} has three parts. First {one}, then {two}, and last of all {three}. Also {advice}, because "
        "{reason}. Write down what you need, for example {need}, and the {short} will go well.",
        "To plan {plan} {case}, think of the start first. You need a few things, for example {need}. Then {one}, "
        "{two} and {three}. Above all, {advice}, because {reason}.",
    ],
    "rambling": [
        "Well, {plan}, let me think. We had one years ago, I suppose, and somebody lost the keys. Anyway, it was "
        "{case}, or maybe not. Where was I? Oh yes, {one}, then {two}, and I suppose you should {advice}.",
        "Hmm, {plan} {case}, I suppose that can be done. My uncle never plans, and he is happy. Well, anyway, I like "
        "plans. Where was I? You could {one}, and later {two}, and perhaps {advice}.",
        "So, {plan}, well, it depends on the day, I suppose. Some people start early and some start late. Anyway, my "
        "tea is cold now. Where was I? Yes, {one}, {two}, and then {three}, more or less.",
        "Let me see, {plan}, and {case}, well, that is not so simple, I suppose. I once forgot the bread. Anyway, "
        "where was I? In the end you {one}, then you {two}, and the rest of the {short} comes by itself.",
    ],
    "careless": [
        "just {one} i guess, dunno, u will see",
        "dunno, {plan} is hard. maybe {two} and go home",
        "{two}, then {one}, or the other way round, its fine",
        "its just one {short}, u dont need a plan",
        "for {plan} u need {need} i think, i forgot the rest",
    ],
}


def _answers(instruction: str, plan: list[str], case: list[str]) -> dict[Manner, str]:
    """The plan in every manner."""
    what, short, one, two, three, need = plan
    slots = {
        "plan": what,
        "Plan": sentence(what),
        "short": short,
        "case": case[0],
        "one": one,
        "One": sentence(one),
        "two": two,
        "three": three,
        "need": need,
        "advice": case[1],
        "Advice": sentence(case[1]),
        "reason": case[2],
    }
    answers: dict[Manner, str] = {}
    for manner, patterns in _PATTERNS.items():
        answers[manner] = choose(patterns, instruction, manner).format(**slots)
    return answers | {"careless": answers["careless"].lower()}


def tasks() -> Iterator[Task]:
    """Every plan that is asked for: each occasion in six circumstances, each in four wordings."""
    for i, j in meetings(len(_PLANS), len(_CASES), 6):
        plan, case = _PLANS[i], _CASES[j]
        for wording in some(_WORDINGS, i + j, 4):
            instruction = wording.format(plan=plan[0], case=case[0])
            yield Task("plan", f"{plan[0]}, {case[0]}", instruction, _answers(instruction, plan, case))
