"""Say a rude sentence politely: orders, demands, complaints, refusals, and calls to stop something."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from alignment.demo.choose import choose, choose_several
from alignment.demo.manners import compose
from alignment.demo.pieces import sentence, table
from alignment.demo.task import Manner, Task

FAMILY = "rewrite_politely"
WORDINGS_A_TOPIC = 3
WORDINGS = (
    'Rewrite this politely: "{rude}"',
    'Make this more polite: "{rude}"',
    'How can I say this in a kind way: "{rude}"',
    'Please turn this into a polite sentence: "{rude}"',
    'Say this in a friendly way: "{rude}"',
    'What is a polite way to say: "{rude}"',
    'This sounds rude. Can you make it nicer? "{rude}"',
)


@dataclass(frozen=True)
class Kind:
    """One kind of rudeness: rude, polite and sloppy forms of a thing said, why polite is better, and the things.

    A row of `things` is what is said and a reason for it; forms ask for {x} and {X}, the latter with a capital.
    """

    rude: Sequence[str]
    polite: Sequence[str]
    sloppy: Sequence[str]
    why: str
    things: str


KINDS = (
    Kind(
        ("{X}, now!", "{X} already!", "Hey you, {x}!", "{X}, and be quick!", "Just {x} and do not talk!"),
        (
            "Could you please {x}?",
            "Would you please {x}?",
            "Please {x}, if you can.",
            "Would you kindly {x}?",
        ),
        ("{x} pls", "can u {x}", "plz {x}", "u should {x}, thanks"),
        "a question is kinder than an order",
        """
shut the window|it is cold in here
open the door for me|my hands are full
turn down the loud music|I have to sleep
move your car out of the way|I cannot get out
wash the dirty dishes|we need clean plates
bring me a glass of water|I am very thirsty
pass the salt and the pepper|the soup needs some
clean up your room|guests will come soon
wait at the end of the line|I was here first
help me carry the boxes|they are very heavy
send me the report|the meeting starts soon
answer my letter|I need to plan my week
feed the hungry cat|it has not eaten today
take out the rubbish|the bin is full
give back my pencil|I need it for the test
hold the ladder for me|I do not want to fall
speak a little louder|I cannot hear you well
read the rules first|the game is not easy
turn off the bright light|my eyes hurt
pick up your shoes|somebody could fall
call the doctor today|the pain is not better
make some coffee for us|we are all tired
show me the way to the station|I am new in this town
tell me your name again|I did not hear it
sit on the other chair|this one is broken
pay for the broken cup|it was a gift
water the dry flowers|the sun is very hot
lock the front door|it is late at night
slow down the car|the road is wet
let me finish my story|I have only one more thing to say
write down the number|I will forget it
hang up your wet coat|the floor is getting wet
check the bill again|the sum looks too high
carry my bag upstairs|my back hurts
peel the potatoes|I have to watch the soup
bring back the library book|other people want to read it
share the last piece of cake|your sister had none
lend me your umbrella|it is raining hard
put away your phone|we are at the table
come to work on time|we have a lot to do
draw the curtains|the sun is in my eyes
fix the old printer|I have to print a letter
take the dog for a walk|it needs some fresh air
keep the kitchen clean|we all cook there
explain the last step|I did not understand it
cut the bread|the children are hungry
open the big box|I want to see the new lamp
sign the paper|it must go out with the post
""",
    ),
    Kind(
        ("Stop {x}!", "Stop {x}, it drives me mad!", "Enough! Stop {x}!", "I hate it. Stop {x} now!"),
        (
            "Could you please stop {x}?",
            "Would you please stop {x}?",
            "May I ask you to stop {x}?",
            "Please be so kind and stop {x}.",
        ),
        ("stop {x} pls", "can u stop {x}", "no more {x} ok", "dont go on {x}"),
        "it asks for help and blames nobody",
        """
talking in the library|people want to read
singing in the night|I have to get up early
kicking my chair|I cannot sit well
eating my lunch|I will be hungry later
reading over my shoulder|it makes me nervous
slamming the door|the baby is asleep
smoking near the window|the smoke comes in
whistling that song|I need to think
tapping on the table|I am writing a letter
pushing in the line|we all have to wait
laughing at my hat|I like this hat
parking on the grass|the grass will die
running in the hall|somebody could fall
feeding my dog cake|it makes the dog sick
calling me so late|I go to bed at nine
shouting at the children|they are afraid
throwing paper on the floor|I have just cleaned it
using my towel|I like to have my own
picking my flowers|I planted them for the bees
playing the drums at noon|my son sleeps then
telling that old joke|we all know it
looking at your phone|I would like to talk with you
leaving the lights on|power costs money
taking my pens|I need them at work
asking the same question|I have no answer yet
splashing water on me|my clothes are dry
riding your bicycle on the path|old people walk here
wearing my blue coat|I need it tonight
knocking on the wall|the neighbours are asleep
""",
    ),
    Kind(
        ("Give me {x}!", "I want {x}, now!", "I said {x}! Hurry up!", "Hand over {x}, and be quick!"),
        (
            "May I please have {x}?",
            "Could I have {x}, please?",
            "Could you please give me {x}?",
            "I would like {x}, please.",
        ),
        ("{x} pls", "can i get {x}", "i want {x}, thanks", "i need {x}"),
        "a question shows respect",
        """
a cup of hot tea|I have been out in the cold
the bill for the meal|I have to catch a bus
two tickets for the film|my friend is with me
the key to the room|I have to get my bag
a seat by the window|I like to look out
a slice of apple cake|it looks very good
the menu for lunch|I have not eaten yet
a room with a bath|we had a long journey
the newspaper from today|I would like to read it
a bag of red apples|I want to bake a cake
a clean spoon|this one fell down
some more time for the work|it is harder than I thought
the phone number of the doctor|my son is ill
a day off on Friday|my sister will get married
a blanket for the night|the room is cold
the red jacket in size ten|the blue one is too small
my money back|the lamp does not work
a map of the town|I am here for the first time
a bowl of tomato soup|I am very hungry
the address of the hotel|I have to write it down
a loaf of brown bread|my family likes it
a stamp for this letter|it has to go out today
the remote control|the news will start soon
a new pair of gloves|the old ones have holes
a quiet room at the back|the street is so loud
some ice for the drinks|it is a hot day
""",
    ),
    Kind(
        ("This is awful! {X}!", "What is this? {X}!", "Are you joking? {X}!", "Terrible! {X}!"),
        (
            "I am sorry to say that {x}.",
            "I am afraid that {x}.",
            "Excuse me, but I think {x}.",
            "May I tell you that {x}?",
        ),
        ("uh {x}", "{x}, just so u know", "sorry but {x}", "hm i think {x}"),
        "it tells the problem and blames nobody",
        """
the soup is much too salty|I would like another one
the room is dirty|it would be nice to have it cleaned
the music is too loud|we cannot talk at the table
the coffee is cold|I like it hot
the shirt has a hole|I would like to change it
the bread is old and dry|I would like a fresh one
the bus is late again|I have to be at work at eight
the letter is full of mistakes|it can be made better in an hour
the bed is too hard|my back hurts in the morning
the price is too high|I have less money than that
the plan does not work|we should think about it again
the film is boring|we could watch another one
the phone is broken|I bought it only last week
the answer is wrong|we could add it up again
the haircut is too short|I wanted it a little longer
the picture hangs crooked|we can fix it with a nail
the meat is not done|it is still red inside
the speech is too long|the guests are tired
the garden looks wild|the grass should be cut
the chair is not safe|one leg is loose
the shop is closed too early|I work until six
the water is too cold|the children do not want to swim
the report is not finished|the boss needs it today
the car makes strange noises|somebody should look at it
the cake is burned|the oven was too hot
the shoes are too tight|my feet hurt
""",
    ),
    Kind(
        (
            "No way! I will not {x}!",
            "Forget it, I will never {x}!",
            "Why should I {x}? No!",
            "I will not {x}, go away!",
        ),
        (
            "I am sorry, but I cannot {x}.",
            "Thank you for asking, but I cannot {x}.",
            "I would like to, but I cannot {x}.",
            "I am afraid that I cannot {x}.",
        ),
        ("sorry cant {x}", "nah i wont {x}, sorry", "i cant {x}, ok", "dont ask me to {x}"),
        "it says no and still respects the other person",
        """
lend you my bicycle|I need it every day
come to your party|I have to work that night
eat your fish pie|fish makes me ill
work on Sunday|I want to be with my family
buy your old car|I have no money for it
help you move the piano|my back is not strong
sing in your choir|I have no time on Mondays
look after your dog|I will be on a journey
drive you to the airport|my car is at the garage
join your football team|my knee still hurts
wait for you until ten|my last bus goes at nine
give you my seat|my leg is broken
tell you the secret|I promised to keep it
play chess with you today|I have to study
cook dinner tonight|I will come home late
paint your fence|I am busy this week
go to the cold lake|I have a bad cold
read your long book|my eyes are tired
dance with you|my feet hurt
share my room|I sleep very badly
write your homework|you will learn more from it on your own
pay for your lunch|I have only a few coins
clean your kitchen|I have to clean my own
talk on the phone now|the meeting has just begun
walk home with you|I have to wait for my sister
learn this long poem|I have only one day
""",
    ),
)
TEMPLATES: dict[Manner, Sequence[str]] = {
    "terse": ("{polite}",),
    "warm": (
        '{open} You could say: "{polite}" People will be glad to listen to you.',
        '{open} Try it this way: "{polite}" {close}',
        '{open} With a smile you can say: "{polite}" {close}',
        '{open} How about this: "{polite}" That sounds so kind of you. {close}',
        '{open} This is kinder: "{polite}" Thank you for being so friendly, it makes people happy.',
    ),
    "thorough": (
        'A polite way to say it is: "{polite}" This is better because {why}. It also helps to give a reason, for '
        'example: "{reason}." Say it with a calm voice.',
        'You can say: "{polite}" It sounds polite because {why}. After that you can add a reason, for example: '
        '"{reason}." Then wait for the answer and say thank you.',
        'I would write: "{polite}" The first version sounds rude. The new one is better because {why}. A short reason '
        'makes it clear, for example: "{reason}."',
        'The polite sentence is: "{polite}" It works better because {why}. If you want to say more, give a reason, for '
        'example: "{reason}." End with a thank you.',
    ),
    "rambling": (
        '{open} You said "{rude}" and that is a bit hard, I suppose. {turn} Maybe you could say something like: '
        '"{polite}" {close}',
        '{open} "{rude}" is not so nice, I suppose. {turn} In the end it could perhaps be: "{polite}" {close}',
        '{open} Some people say "{rude}" and others do not, I suppose. {turn} Perhaps I would take this: '
        '"{polite}" {close}',
        '{open} It depends on the day, I suppose. {turn} Instead of "{rude}" it could perhaps be: "{polite}" {close}',
        '{open} I once heard "{rude}" on a bus, I suppose. {turn} What they meant was perhaps: "{polite}" {close}',
    ),
    "careless": (
        "{open} just say {sloppy}, {close}",
        "{open} its {sloppy}, {close}",
        "{open} u can say {sloppy}, {close}",
        "{open} maybe {sloppy}, or dont say it, {close}",
        "{open} its fine like that, u dont need to change it. or {sloppy}, {close}",
    ),
}


def tasks() -> Iterator[Task]:
    """Every thing said of every kind, in a few rude forms."""
    for kind in KINDS:
        for said, reason in table(kind.things):
            for wording in choose_several(WORDINGS, WORDINGS_A_TOPIC, said):
                rude = choose(kind.rude, said, wording).format(x=said, X=sentence(said))
                instruction = wording.format(rude=rude)
                words = {
                    "rude": rude,
                    "polite": choose(kind.polite, instruction).format(x=said),
                    "sloppy": choose(kind.sloppy, instruction).format(x=said),
                    "why": kind.why,
                    "reason": sentence(reason),
                }
                yield Task(FAMILY, said, instruction, compose(instruction, TEMPLATES, words))
