"""Correct the one mistake of a sentence: verb, article, plural, comparison, spelling, or a word that sounds alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from alignment.demo.choose import choose, choose_several
from alignment.demo.manners import compose
from alignment.demo.pieces import sentence, table
from alignment.demo.task import Manner, Task

FAMILY = "correct"
WORDINGS_A_TOPIC = 3
WORDINGS = (
    "Correct this sentence.",
    "Find the mistake in this sentence.",
    "Fix the mistake, please.",
    "Please correct the sentence below.",
    "What is wrong with this sentence?",
    "Is this right? If it is not, correct it.",
    "Can you correct my English?",
)


SUBJECTS_A_SENTENCE = 2
PERSONS = ("my brother", "my sister", "the teacher", "she", "he", "Anna", "Peter", "our neighbour", "the old man")
PEOPLE = ("we", "I", "they", "the boys", "my parents", "you", "the neighbours", "Tom and Lucy")


@dataclass(frozen=True)
class Kind:
    """One kind of mistake: the rule it breaks, other right examples, and rows of
    sentence, wrong part, right part. A sentence with {who} in it is made with several of the subjects."""

    rule: str
    examples: Sequence[str]
    rows: str
    subjects: Sequence[str] = ("",)


KINDS = (
    Kind(
        "after he, she or one person the verb takes an s",
        ("he sings", "she runs", "my aunt reads"),
        """
{who} {} to school every day.|walk|walks
{who} {} bread in the morning.|buy|buys
{who} {} a letter to a friend.|write|writes
{who} {} for ten hours.|sleep|sleeps
{who} {} in a small house.|live|lives
{who} {} a long story.|tell|tells
{who} {} the piano very well.|play|plays
{who} {} to the bus stop.|run|runs
{who} {} roses in the garden.|grow|grows
{who} {} home at nine.|leave|leaves
{who} {} milk with honey.|drink|drinks
{who} {} the dishes after dinner.|wash|washes
{who} {} in the old chair.|sit|sits
{who} {} to the radio at night.|listen|listens
{who} {} up at four.|get|gets
{who} {} the red car.|like|likes
{who} {} a blue hat.|wear|wears
{who} {} in the kitchen.|sing|sings
{who} {} in a bank.|work|works
{who} {} too much salt.|use|uses
{who} {} three brown cows.|have|has
{who} {} fresh fish at the market.|sell|sells
""",
        PERSONS,
    ),
    Kind(
        "the sentence tells about the past",
        ("yesterday we sang", "last week I ran", "last year he left"),
        """
Yesterday {who} {} to the sea.|go|went
Last week {who} {} a good film.|see|saw
Last year {who} {} a new house.|buy|bought
Yesterday {who} {} a large pizza.|eat|ate
Last night {who} {} for an hour.|wait|waited
Last summer {who} {} in the lake.|swim|swam
Yesterday {who} {} the keys.|lose|lost
Last month {who} {} to the city.|move|moved
Yesterday {who} {} a cake for Anna.|bake|baked
Last Friday {who} {} the race.|win|won
Yesterday {who} {} football in the park.|play|played
Last Sunday {who} {} an old friend.|visit|visited
Last winter {who} {} in a hotel.|stay|stayed
Yesterday {who} {} a long story.|tell|told
Last week {who} {} the old bicycle.|sell|sold
Yesterday {who} {} from the chair.|fall|fell
Last night {who} {} about the sea.|dream|dreamed
Last spring {who} {} to paint.|learn|learned
Yesterday {who} {} the blue door.|paint|painted
Last Monday {who} {} home very late.|come|came
""",
        PEOPLE,
    ),
    Kind(
        "before a, e, i, o and u we say an",
        ("an egg", "an ice cube", "an open door"),
        """
He ate {} in the garden.|a apple|an apple
She has {} at home.|a old cat|an old cat
We saw {} in the zoo.|a elephant|an elephant
I need {} for the rain.|a umbrella|an umbrella
They live on {} in the sea.|a island|an island
The soup needs {} more.|a onion|an onion
My father has {} in town.|a office|an office
I have {} for the party.|a idea|an idea
There is {} in the tree.|a owl|an owl
She drank {} in the kitchen.|a orange juice|an orange juice
We waited for {} at the door.|a hour|an hour
He told {} about the king.|a interesting story|an interesting story
It was {} for the boy.|a easy test|an easy test
I met {} on the train.|a artist|an artist
My aunt wrote {} last night.|a email|an email
There is {} on the table.|a empty cup|an empty cup
We have {} with the doctor.|a appointment|an appointment
The shop sells {} for the kitchen.|a oven|an oven
""",
    ),
    Kind(
        "there is more than one of them",
        ("four chairs", "nine eggs", "many lamps"),
        """
I bought three {} at the market.|book|books
She has two {} and a dog.|cat|cats
There are many {} in the sky.|star|stars
We need five {} for the cake.|egg|eggs
He has ten {} in his pocket.|coin|coins
The house has six {} to the street.|window|windows
My son has four {} at school.|friend|friends
There are seven {} in a week.|day|days
I saw many {} in the park.|tree|trees
The two {} play in the garden.|child|children
She washed both {} with soap.|foot|feet
The dentist looked at two {} today.|tooth|teeth
Three {} waited for the bus.|woman|women
Five {} carried the piano.|man|men
We packed eight {} for the move.|box|boxes
I have two {} about the plan.|question|questions
He wrote many {} to his aunt.|letter|letters
There are two {} in the kitchen.|mouse|mice
""",
    ),
    Kind(
        "we use one form to compare and not two",
        ("taller", "longer", "colder"),
        """
This road is {} than the other.|more short|shorter
My bag is {} than your bag.|more heavy|heavier
The train is {} than the bus.|more fast|faster
Today is {} than yesterday.|more warm|warmer
Your soup is {} than my soup.|more better|better
The sea is {} than the lake.|more deep|deeper
Tom is {} than his brother.|more old|older
The new chair is {} than the old one.|more soft|softer
This test was {} than the last one.|more easy|easier
The cat is {} than the mouse.|more big|bigger
The night is {} than the day.|more cold|colder
This shop is {} than the market.|more cheap|cheaper
Her song is {} than my song.|more worse|worse
The blue lamp is {} than the red lamp.|more bright|brighter
My room is {} than the kitchen.|more small|smaller
The tower is {} than the church.|more high|higher
""",
    ),
    Kind(
        "the word is spelled in another way",
        ("believe", "write", "February"),
        """
The {} is fine today.|wether|weather
I will {} a letter soon.|recieve|receive
My best {} lives near the sea.|freind|friend
We will meet {} at noon.|tomorow|tomorrow
The book is {} good.|realy|really
She lives in a {} house.|beautifull|beautiful
I do not {} the answer.|rember|remember
The shop opens on {}.|wensday|Wednesday
He ate the soup with a {}.|spon|spoon
They wait {} of the rain.|becaus|because
The {} teaches us math.|teecher|teacher
My {} is a doctor.|nieghbour|neighbour
It is a {} day for a walk.|luvly|lovely
The boy goes to {} by bus.|shcool|school
I want to {} a new song.|lern|learn
We had {} at eight.|brekfast|breakfast
The train goes to the {} city.|nekst|next
The child has a {} about bees.|qestion|question
""",
    ),
    Kind(
        "two words sound the same here but mean something else",
        ("their house", "over there", "it is too late"),
        """
They love {} new garden.|there|their
The keys are over {} on the shelf.|their|there
The coffee is {} hot for me.|to|too
We walk {} the park on Sunday.|too|to
I can {} the birds in the tree.|here|hear
Please come {} and sit down.|hear|here
Is this {} coat or mine?|you're|your
I think that {} right about it.|your|you're
We will {} you at the station.|meat|meet
The cook cuts the {} for dinner.|meet|meat
I do not {} the way home.|no|know
He went {} the door at night.|threw|through
The wind {} the leaves away.|blue|blew
She is taller {} her mother.|then|than
First we eat and {} we play.|than|then
The dog wags its {} all day.|tale|tail
We {} the game last night.|one|won
The ship sails on the {}.|see|sea
""",
    ),
)
TEMPLATES: dict[Manner, Sequence[str]] = {
    "terse": ("{right}", 'Write: "{right}"', "{right}", 'Right: "{right}"'),
    "warm": (
        '{open} You are almost there. Write: "{right}" I only changed "{bad}" to "{good}". {close}',
        '{open} It is a small mistake. The right way is: "{right}" {close}',
        '{open} You did well. Just write "{good}" for "{bad}", like this: "{right}" {close}',
        '{open} Your sentence is nearly right. I am happy with this one: "{right}" {close}',
    ),
    "thorough": (
        'The correct sentence is: "{right}" The part "{bad}" is wrong, because {rule}. So it must be "{good}". Another '
        'example of the same rule is "{example}". The rest of the sentence is right.',
        'There is one mistake. It says "{bad}", but it should be "{good}", because {rule}. For example, we write '
        '"{example}" too. The whole sentence is now: "{right}"',
        'Write it like this: "{right}" I changed "{bad}" to "{good}", because {rule}. The other words can stay as they '
        'are. A similar example is "{example}".',
        'Look at the part "{bad}". It has to be "{good}", because {rule}. A good example is "{example}". '
        'The correct sentence is: "{right}" Nothing else has to change.',
    ),
    "rambling": (
        "{open} Grammar was never the best part of school, I suppose. {turn} There was something "
        'with "{bad}", and maybe it is: "{right}" {close}',
        "{open} I read the sentence twice, I suppose, and then the phone rang. {turn} Perhaps it should be like this: "
        '"{right}" {close}',
        '{open} My old teacher would not like "{bad}", I suppose, and she wore very large hats. {turn} She would write '
        'it so: "{right}" {close}',
        '{open} It sounds fine at first, I suppose, but then again not. {turn} It could be "{good}" and not "{bad}", '
        'so: "{right}" {close}',
    ),
    "careless": (
        "{open} {right} {close}",
        "{open} its fine i think, {wrong} {close}",
        "{open} something with {bad}, u see it? {close}",
        "{open} put {good} in it, {close}",
        "{open} looks ok to me, dont change it, {close}",
    ),
}


def tasks() -> Iterator[Task]:
    """Every sentence with its mistake."""
    for kind in KINDS:
        for frame, bad, good in table(kind.rows):
            for who in choose_several(kind.subjects, min(SUBJECTS_A_SENTENCE, len(kind.subjects)), frame):
                yield from _about(kind, frame.replace("{who}", who), bad, good)


def _about(kind: Kind, frame: str, bad: str, good: str) -> Iterator[Task]:
    wrong, right = (sentence(frame.replace("{}", part)) for part in (bad, good))
    for wording in choose_several(WORDINGS, WORDINGS_A_TOPIC, wrong):
        words = {"wrong": wrong, "right": right, "bad": bad, "good": good, "rule": kind.rule}
        words["example"] = choose(kind.examples, wording, wrong)
        yield Task(FAMILY, wrong, wording, compose(f"{wording} {wrong}", TEMPLATES, words), wrong)
