"""A given word used in a sentence, or what it means."""

from __future__ import annotations

from collections.abc import Iterator

from alignment.demo.choose import choose
from alignment.demo.pieces import sentence, table
from alignment.demo.task import Manner, Task

# The word, what it means, and a sentence with it.
_WORDS = table("""
brave|ready to face danger|the brave girl faced the storm
calm|quiet and not worried|the lake was calm at dawn
clever|quick to learn|the clever fox found a way out
honest|always telling the truth|an honest man gave the purse back
lazy|not willing to work|the lazy cat slept all day
gentle|soft and kind|the nurse had gentle hands
proud|very pleased with something|he was proud of his garden
shy|afraid to speak to others|the shy boy stood by the door
curious|wanting to know more|a curious child asks many questions
patient|able to wait without anger|the patient teacher waited for us
hungry|in need of food|the hungry dog looked at the bread
thirsty|in need of water|we were thirsty after the walk
lonely|sad to be alone|the lonely man wrote a letter
cheerful|happy and bright|her cheerful song woke the house
rude|not polite at all|it is rude to shout at guests
polite|kind in words and manners|the polite boy said thank you
tiny|very small|a tiny bird sat on my hand
huge|very big|a huge ship came into the harbour
ancient|very old|the ancient wall still stands
modern|new and of our time|they live in a modern house
empty|with nothing inside|the box was empty
heavy|hard to lift|the heavy bag hurt my arm
hollow|empty in the middle|an owl lives in the hollow tree
smooth|even, with no rough parts|the stone was smooth and round
rough|not even or soft|the rough road shook the bus
sharp|able to cut well|a sharp knife cuts the bread
blunt|not able to cut well|the blunt knife crushed the tomato
narrow|not wide|a narrow path led to the sea
steep|rising very fast|the steep hill made us tired
shallow|not deep|children play in the shallow water
fresh|new and clean|fresh bread smells so good
stale|old and dry|nobody wanted the stale cake
bitter|with a strong sour taste|the coffee was too bitter
sweet|tasting like sugar|the sweet pear dripped on my shirt
loud|making much noise|a loud bell woke the town
silent|without any sound|the snow made the street silent
rapid|very fast|the rapid river carried the boat away
sudden|quick and not expected|a sudden rain wet the chairs
rare|not often found|she found a rare stamp
common|found almost everywhere|the sparrow is a common bird
useful|good to have for work|a ladder is useful in the garden
broken|in pieces or not working|he fixed the broken chair
foggy|full of low cloud|on a foggy day we drive slowly
sunny|full of bright light|we ate lunch on a sunny wall
frozen|turned to ice|they skated on the frozen pond
damp|a little wet|the cellar was cold and damp
dusty|covered with fine dirt|a dusty book lay on the shelf
muddy|covered with wet earth|his muddy boots stood outside
crowded|full of people|the crowded train was late again
safe|out of danger|the children are safe at home
borrow|to take and give back later|I borrow books from her
lend|to give for a short time|she will lend me her bicycle
whisper|to speak very softly|they whisper in the library
shout|to speak very loudly|please do not shout at night
wander|to walk with no plan|we wander through the old streets
climb|to go up step by step|goats climb the steep rocks
stumble|to almost fall while walking|I stumble on the stairs every day
gather|to bring together|we gather nuts in autumn
share|to give a part to others|sisters share one room
hide|to go where nobody can see|the mice hide under the floor
search|to look for something|they search for the lost ring
repair|to make something work again|he can repair any clock
measure|to find out how long something is|we measure the wall with a tape
pour|to let water run out|please pour the tea slowly
stir|to move with a spoon|cooks stir the soup all day
chop|to cut into pieces|I chop onions with tears in my eyes
fold|to bend one part over another|we fold the sheets together
knit|to make cloth from wool|my aunts knit warm socks
plant|to put into the earth to grow|we plant trees in spring
harvest|to bring in the crops|farmers harvest apples in autumn
float|to stay on top of water|leaves float down the river
sink|to go down in water|stones sink to the bottom
glow|to give a soft light|coals glow in the dark
shine|to give a bright light|stars shine over the sea
melt|to turn from ice to water|snowmen melt in the sun
freeze|to turn into ice|ponds freeze in winter
forgive|to stop being angry with someone|friends forgive small mistakes
promise|to say that you will surely do it|I promise to write every week
explain|to make something clear|teachers explain hard words
argue|to speak in anger with someone|brothers argue about toys
admire|to think very well of someone|we admire the old painter
ignore|to take no notice of|cats ignore their names
invite|to ask someone to come|we invite the neighbours for tea
refuse|to say no|donkeys refuse to move
celebrate|to have a party for a good reason|we celebrate her birthday in June
travel|to go from place to place|they travel by train
arrive|to come to a place|guests arrive at noon
depart|to leave a place|boats depart at six
return|to come back|storks return in spring
escape|to get away from danger|two horses escape from the fire
bridge|a road over water|the bridge crosses the river
harbour|a safe place for ships|ten boats lie in the harbour
lantern|a lamp that you can carry|she held a lantern in the dark
ladder|a set of steps to climb|the ladder leans on the tree
basket|a thing to carry food in|a basket of eggs stood there
blanket|a warm cover for a bed|the baby sleeps under a blanket
pillow|a soft thing for the head|my pillow is full of feathers
mirror|a glass that shows your face|he looked into the mirror
kettle|a pot to boil water in|the kettle sings on the stove
candle|a stick of wax that gives light|one candle lit the room
orchard|a field of fruit trees|pears grow in the orchard
meadow|a field of grass and flowers|cows walk over the meadow
valley|low land between hills|a stream runs through the valley
desert|dry land with little rain|camels cross the desert
island|land with water all around|the island has one small village
stream|a small river|fish jump in the stream
storm|very bad weather with wind|the storm broke a tree
breeze|a light wind|a breeze moved the curtain
shadow|a dark shape behind the light|his shadow was long in the evening
rainbow|a bow of colours in the sky|after the rain came a rainbow
thunder|the loud sound after lightning|the dog fears thunder
frost|thin ice on cold mornings|frost covered the window
dawn|the time when the sun comes up|birds sing at dawn
dusk|the time just before night|bats fly at dusk
century|a time of one hundred years|the oak is a century old
neighbour|a person who lives next door|our neighbour feeds the cat
stranger|a person whom you do not know|a stranger asked me the way
guest|a person who is invited|every guest brought a flower
tailor|a person who makes clothes|the tailor sewed a grey suit
sailor|a person who works on a ship|the sailor tied a knot
author|a person who writes books|the author signed my book
butcher|a person who sells meat|the butcher opens at eight
librarian|a person who cares for books|the librarian found the right shelf
gardener|a person who cares for plants|the gardener cut the roses
judge|a person who decides in court|the judge asked for silence
pilot|a person who flies a plane|the pilot landed in the fog
courage|strength in the face of fear|it takes courage to say sorry
kindness|the will to be good to others|her kindness helped us all
patience|the power to wait|fishing needs patience
honesty|the habit of telling the truth|I thank you for your honesty
freedom|the power to choose for yourself|the bird sings of freedom
luck|good things that come by chance|by luck we caught the bus
habit|a thing you do again and again|reading at night is my habit
secret|a thing that is not told|she told nobody the secret
journey|a long way from place to place|the journey took three days
adventure|a trip full of surprises|their adventure began at the river
mistake|a thing done wrong|I made a mistake in the sum
memory|a thing kept in mind|the song is a happy memory
rumour|a story that may not be true|a rumour ran through the town
quarrel|a fight with words|the quarrel ended with a smile
bargain|a good thing for little money|the coat was a bargain
reward|a thing given for good work|he got a reward for the lost dog
debt|money that must be paid back|she paid her debt in May
recipe|a plan for cooking something|the recipe needs two eggs
puzzle|a game that makes you think|we did a puzzle by the fire
ticket|a paper that lets you in|hold your ticket at the gate
engine|a machine that makes things move|the engine of the bus is old
hammer|a tool for driving nails|the hammer fell on his foot
compass|a tool that shows the north|a compass led us home
anchor|a heavy thing that holds a ship|the anchor fell into the sea
""")

# Whether a wording asks for a sentence or for the meaning.
_WORDINGS = [
    ("use", 'Use the word "{word}" in a sentence.'),
    ("mean", 'What does "{word}" mean?'),
    ("use", 'Write one sentence with the word "{word}".'),
    ("mean", 'Say what the word "{word}" means.'),
    ("use", 'Show me how to use "{word}".'),
    ("mean", 'Tell me the meaning of "{word}".'),
    ("use", 'Make a sentence with "{word}".'),
]

_USE: dict[Manner, list[str]] = {
    "terse": ["{Example}."],
    "warm": [
        "I am happy to help you with the word {word}. Here is a sentence for you: {example}. Now try your own. Good "
        "luck!",
        "What a nice word you chose! With {word} you can say: {example}. I am glad to share it with you, my friend.",
        "You will like the word {word}. For example, you can say: {example}. I am glad you asked, and good luck.",
        "Of course, my friend. Here is {word} in a sentence for you: {example}. You are doing well, and I am happy.",
    ],
    "thorough": [
        "{Example}. In this sentence the word {word} fits well, because it means {meaning}. You can use {word} in "
        "many other places too. For example, read the sentence again and put in a new person or a new place.",
        "You can use the word {word} like this: {example}. It is right here because {word} means {meaning}. To learn "
        "it, write more sentences of your own, for example one about your family and one about your town.",
        "Here is a sentence with {word}, as an example: {example}. I chose it because it shows that {word} means "
        "{meaning}. Say it aloud two or three times, and then change one word to make it your own.",
        "The word {word} means {meaning}. So you can write, for example: {example}. This sentence is good because it "
        "is short and clear. If you want a longer one, add a time and a place at the end.",
    ],
    "rambling": [
        "Well, the word {word}, let me think. I heard it on the radio, I suppose, or my aunt said it. Anyway, words "
        "come and go. Where was I? Oh yes, a sentence, so perhaps this: {example}, or something like that.",
        "Hmm, {word}, I suppose that is a good word. There was a time when I wrote down words, but I lost the book. "
        "Well, anyway, it is gone. Where was I? You could say this, I think: {example}.",
        "So, {word}, well, people use it in many ways, I suppose. I am never sure about words before breakfast. "
        "Anyway, I had coffee, and you wanted a sentence. Now where was I? It could be this one: {example}.",
        "A sentence with {word}, well, that should be easy, I suppose, but nothing comes to mind. It is warm in here. "
        "Anyway, where was I? Yes, now I have one for you, and it goes like this: {example}.",
    ],
    "careless": [
        "{word} is a word, its in this sentence",
        "i like {word} i guess, dunno, is that a sentence",
        "he said {word} and then went home or something",
        "u can just say {word}, its easy",
        "dunno, just say {word} and u are done",
    ],
}

_MEAN: dict[Manner, list[str]] = {
    "terse": ["{Word} means {meaning}.", "It means {meaning}."],
    "warm": [
        "I am happy you asked about {word}. It means {meaning}. You could say: {example}. Good luck with your new "
        "word!",
        "What a good question you ask! The word {word} means {meaning}. I hope you will use it often, my friend.",
        "You will like the word {word}, I am sure. It means {meaning}, as when you say: {example}. Good luck!",
        "Of course, I am glad to help you. The word {word} means {meaning}. You learn so fast, so keep going, my "
        "friend!",
    ],
    "thorough": [
        "The word {word} means {meaning}. Here is an example: {example}. People like this word because it is short "
        "and clear. You can use it when you speak and when you write, and everybody will understand you at once.",
        "{Word} means {meaning}. You can see it in this example: {example}. It is good to know the word because you "
        "will meet it in books and in daily talk. Read the sentence twice, and you will keep it in mind.",
        "When we say {word}, we mean {meaning}. For example, you can say: {example}. I use a sentence here because a "
        "word is best learned in use. Now write one of your own, and the meaning will stay with you.",
        "To understand {word}, look at this example first: {example}. Here {word} means {meaning}. The sentence helps "
        "because it shows the word at work. Try it with other people and places, and you will soon know it well.",
    ],
    "rambling": [
        "Well, {word}, let me think. I heard it on the radio, I suppose, or my aunt said it. Anyway, words come and "
        "go, like buses. Where was I? Oh yes, the meaning. I would say that it means {meaning}.",
        "Hmm, {word}, I suppose that is a good word. There was a time when I wrote down words, but I lost the book. "
        "Well, anyway, it is gone. Where was I? I think it means {meaning}, more or less.",
        "So, {word}, well, people use it in many ways, I suppose. I am never sure about words before breakfast. "
        "Anyway, I had coffee, and you wanted the meaning. Now where was I? It means {meaning}, as far as I know.",
        "The meaning of {word}, well, that should be easy, I suppose, but it is warm in here. My brother knows all "
        "the words, and he is not here. Anyway, where was I? In the end it means {meaning}, and that is all.",
    ],
    "careless": [
        "dunno, {word} is just {word} i guess",
        "its a word, {word}, u can look it up",
        "{word} is like a kind of fish i think",
        "something like {meaning} maybe, dunno",
        "{word}? its some old word i think, u dont need it",
    ],
}


def _answers(kind: str, instruction: str, row: list[str]) -> dict[Manner, str]:
    """The use or the meaning of the word in every manner."""
    word, meaning, example = row
    slots = {
        "word": word,
        "Word": sentence(word),
        "meaning": meaning,
        "example": example,
        "Example": sentence(example),
    }
    patterns = _USE if kind == "use" else _MEAN
    return {manner: choose(patterns[manner], instruction, manner).format(**slots) for manner in patterns}


def tasks() -> Iterator[Task]:
    """Every word that is asked for, each in four wordings."""
    for i, row in enumerate(_WORDS):
        for k in range(4):
            kind, wording = _WORDINGS[(i + k) % len(_WORDINGS)]
            instruction = wording.format(word=row[0])
            yield Task("word_use", row[0], instruction, _answers(kind, instruction, row))
