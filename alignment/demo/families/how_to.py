"""How to do something in three steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from alignment.demo.choose import choose_several
from alignment.demo.manners import compose
from alignment.demo.pieces import table
from alignment.demo.task import Manner, Task

# What to do, three steps, and why the last one helps.
_DEEDS = table("""
boil an egg|put it in boiling water|wait for eight minutes|cool it in cold water|the shell comes off easily then
fry an egg|heat some butter|break the egg into it|cook it slowly|a hot pan burns the white
make tea|boil fresh water|pour it on the leaves|wait for four minutes|the taste needs some time
make coffee|boil some water|pour it over the coffee|let it stand a moment|the taste needs some time
make toast|cut a slice of bread|toast it until it is brown|put butter on it at once|butter melts on hot bread
make a sandwich|take two slices of bread|add cheese and tomato|press it together|nothing falls out then
make lemonade|press three lemons|add water and sugar|cool it with ice|it tastes best when it is cold
make jam|wash and cut the fruit|cook it with sugar|fill it into clean jars|dirt would spoil it
bake bread|mix flour, water and salt|let the dough rise|bake it for an hour|bread needs a lot of heat
bake a cake|mix eggs, sugar and flour|pour it into a pan|bake it until it is brown|a wet cake falls down
make pancakes|mix eggs, milk and flour|fry thin rounds in butter|turn them over once|both sides should be brown
cook rice|wash the rice|boil it in salted water|let it rest under a lid|the steam makes it soft
cook noodles|boil a lot of water|add salt and the noodles|taste one after eight minutes|soft noodles taste of nothing
make a salad|wash the leaves|cut some vegetables|add oil and lemon at the end|wet leaves get soft quickly
bake potatoes|wash the potatoes|put them in the oven|wait for an hour|the inside takes a long time
peel an onion|cut off both ends|pull off the brown skin|wash your hands|the smell stays for hours
open a coconut|find the three dark eyes|make a hole in one|pour out the milk|it would run over the table
wash a shirt|put it in warm water|rub it with soap|hang it up to dry|it keeps its shape that way
iron a shirt|heat the iron|start with the collar|hang it up at once|a warm shirt folds easily
sew on a button|thread a needle|sew through the holes|make a knot at the end|a knot keeps the thread in place
mend a sock|thread a needle|sew across the hole|cut off the thread|a loose thread can catch
tie a tie|put it around your neck|cross the ends and loop|pull it tight slowly|a quick pull spoils the knot
tie your shoes|cross the two ends|make two loops and knot|pull both loops|a tight knot lasts all day
polish shoes|brush off the dirt|rub in a little wax|brush them until they shine|the wax keeps water out
fold a shirt|lay it flat|fold in both sides|fold it up once|it fits into the drawer then
pack a suitcase|make a short list|put heavy things in first|fill the gaps with socks|every gap wastes room
clean a window|wash it with warm water|wipe it with paper|dry the edges too|drops leave marks
clean the oven|let it get cold|rub it with soap|wipe it with a wet cloth|old soap smells when it is hot
sweep the floor|move the chairs away|sweep towards the door|pick up the dust|the wind would blow it back
wash the dishes|fill the sink with hot water|wash the glasses first|dry them with a cloth|clean water is best for glass
make a bed|shake the pillow|pull the sheet flat|lay the blanket on top|a flat bed is good to sleep in
tidy your room|pick up all the clothes|put the books away|sweep the floor last|dust falls down while you work
paint a wall|cover the floor|paint the corners first|paint the rest from the top|drops run down
hang a picture|mark the right place|put in a nail|hang it and look|a crooked picture is no joy
fix a flat tyre|take off the wheel|find and close the hole|pump in new air|a soft tyre breaks soon
oil a bicycle chain|clean the chain|put on a few drops|turn it a few times|the oil must get everywhere
change a light bulb|turn off the power|take out the old one|put in the new one|a light in use is hot
sharpen a pencil|put it in the sharpener|turn it slowly|empty the sharpener|a full one does not cut
wrap a present|cut the paper to size|fold it around the box|tie it with ribbon|a ribbon holds it all
light a candle|put it on a plate|light it with a match|keep it away from curtains|cloth burns quickly
build a fire|lay small sticks first|light some paper below|add larger wood slowly|a fire needs air
pitch a tent|find flat ground|lay out the tent|fix the corners first|wind can take a loose tent
build a snowman|roll three large balls|put them on each other|add a carrot as a nose|a face makes it a person
fly a kite|wait for a good wind|run against the wind|let out the string slowly|a quick string falls down
build a sandcastle|take wet sand|fill a cup and turn it|dig a ditch around it|the waves come sooner or later
catch a fish|put food on the hook|wait without a sound|pull the line slowly|a thin line can break
row a boat|sit with your back forward|pull both oars together|look behind you often|you can not see the way
ride a bicycle|sit up and look ahead|push off with one foot|keep on turning the pedals|a moving bike does not fall
learn to swim|start in shallow water|practise breathing out|kick with both legs|your legs push you along
learn a poem|read it out loud|learn two lines a day|say it before you sleep|sleep helps you to remember
learn new words|write each on a card|read them every day|use them in a sentence|used words stay with you
learn the guitar|learn three easy chords|play them slowly|practise every day|your fingers need time
learn to draw|look at things closely|draw simple shapes first|draw a little every day|your eye learns with your hand
learn to juggle|start with one ball|then throw two|add the third one later|your hands need a rhythm
learn chess|learn how each piece moves|play short games|look at your mistakes|mistakes teach the most
write a letter|begin with a greeting|say what is new|end with a kind word|the end is remembered best
write a story|choose one person|give this person a problem|show how it ends|readers want to know the end
write a diary|choose a quiet hour|write three lines a day|keep it in a safe place|it is only for you
give a speech|learn your first sentence|speak slowly|look at the people|they listen when you see them
say sorry|say what you did|say that you are sorry|do not make excuses|excuses make it small
make friends|smile and say hello|ask a question|listen to the answer|people like to be heard
comfort a friend|sit down beside them|listen without advice|offer some tea|small things help in grief
thank a teacher|write a short card|say what you learned|give it in person|a teacher likes to see you
welcome a guest|open the door with a smile|take the coat|offer a drink|a drink makes people at home
plan a party|choose a day|invite your friends|buy food and drinks|hungry guests go home early
plan a trip|choose a place|look up the trains|book a room early|good rooms go quickly
save money|write down what you spend|buy only what you need|put some away each month|a fixed day makes it easy
find a job|write down what you can do|ask people you know|send short letters|nobody reads long ones
prepare for a test|make a plan|learn a bit every day|sleep well before it|a tired head forgets
read more books|carry a book with you|read ten pages a day|turn off the phone|it takes your time
fall asleep|turn off the lights|breathe slowly|think of a calm place|a calm mind sleeps soon
wake up early|go to bed early|put the clock far away|open the curtains|light wakes the body
calm down|sit down|breathe in and out slowly|count to twenty|anger fades with time
stop hiccups|hold your breath|drink a glass of water|wait a little|they go away by themselves
cure a cold|stay in bed|drink a lot of tea|rest for three days|the body heals in sleep
treat a small cut|wash it with water|dry it with a clean cloth|cover it|dirt makes it worse
cool a burn|hold it under cool water|wait for ten minutes|cover it loosely|the skin needs air
brush your teeth|use a soft brush|brush for three minutes|clean the back teeth too|food hides there
wash your hands|make them wet|rub them with soap|rinse them for a while|soap takes the dirt along
cut your nails|wash your hands|cut them straight|file the edges|a sharp edge can scratch
get fit|walk every day|climb the stairs|go a little further each week|the body needs time
stretch your back|stand up straight|lift both arms|bend slowly to each side|a quick move can hurt
train a dog|use short words|give it a small treat|practise every day|dogs learn by habit
wash a dog|fill a tub with warm water|rub in mild soap|dry it with a towel|a wet dog gets cold
feed a cat|choose a quiet place|fill a clean bowl|give it fresh water too|cats drink too little
feed the birds|put out seeds|hang them up high|clean the place often|old food makes birds ill
brush a horse|tie it up|brush from the neck down|clean the feet|small stones hurt
keep a fish|buy a large tank|fill it with clean water|feed it only a little|too much food spoils the water
find a lost cat|call it by name|look in small dark places|ask the neighbours|a scared cat hides nearby
plant a tree|dig a deep hole|put the roots into it|water it well|new roots are thirsty
plant a seed|fill a pot with soil|press the seed into it|keep it warm and wet|a dry seed sleeps on
water a plant|feel the soil|give water when it is dry|empty the plate below|wet roots die
cut a hedge|wait for a dry day|cut the sides first|cut the top last|you see the line better
rake leaves|wait until they are dry|rake them into a pile|fill them into a bag|wind takes a loose pile
pick apples|turn the apple gently|put it in a basket|do not throw it|hurt fruit goes bad
dry flowers|tie them together|hang them upside down|wait for two weeks|they have to be quite dry
arrange flowers|cut the stems|put the tall ones behind|change the water often|old water smells
read a map|find where you are|turn it to the north|follow the road with a finger|you can not lose the line
use a compass|hold it flat|wait for the needle|turn until it points north|then all sides are clear
cross a street|stop at the edge|look left and right|walk across quickly|cars are faster than you
park a car|look for a wide gap|drive past it slowly|turn back into it|the back turns more sharply
take a photo|clean the glass|hold the camera still|wait for good light|the light makes the picture
make a phone call|say who you are|say what you want|say thank you|kind words open doors
send a parcel|choose a strong box|fill it with paper|write on it clearly|a wrong street costs days
return a shirt|find the receipt|go back to the shop|say what is wrong|nobody can guess it
order in a restaurant|read the menu|ask what is fresh|order one dish|you can always add more
set the table|put out the plates|lay the knife on the right|add the glasses|thirst comes first
play hide and seek|choose somebody to count|hide while they count|keep very still|one sound gives you away
play cards|give out the cards|hide your hand|watch what others play|it shows what they hold
throw a ball|hold it in your fingers|step forward|let it go at eye height|it flies straight then
whistle a tune|make your lips round|blow softly|move your tongue|the tongue makes the note
tell a joke|keep it short|wait before the end|do not laugh first|the others want to laugh
sing a song|stand up straight|breathe in deeply|sing the vowels long|they carry the sound
dance a waltz|stand close together|count to three|step on each count|the music has three beats
make a paper plane|fold the paper in half|fold the corners in|fold down the wings|even wings fly far
make a paper boat|fold the paper in half|fold down the corners|pull the sides apart|the air keeps it up
make a mask|draw a face on paper|cut out the eyes|tie on a string|it should not fall off
make a candle|melt some wax|hang a string in a cup|pour in the wax slowly|a quick pour makes bubbles
make soap bubbles|mix water and soap|dip in a ring|blow very softly|thin skin breaks easily
make a birthday card|fold strong paper|draw a cake on it|write a kind line|words are the real gift
make a shopping list|look into the fridge|write down what is missing|keep to the list|hungry people buy too much
carry a heavy box|bend your knees|hold it close to you|stand up slowly|the legs are stronger than the back
climb a ladder|set it on flat ground|hold on with both hands|look up as you climb|looking down scares you
stay warm|wear many thin layers|put on a hat|keep on moving|moving makes heat
stay cool|drink a lot of water|sit in the shade|wet your arms|wet skin cools you
dry wet shoes|take out the laces|fill them with paper|change the paper often|wet paper stops working
remove a stain|act at once|rub it with cold water|use a little soap|a dry stain stays
find north|look at the sun at noon|turn your back to it|walk straight ahead|the sun stands in the south
""")
# Deeds that go the same way with many things.
_DRAWINGS = table("""
cat|two pointed ears|whiskers
house|a roof on top|a door
fish|a round body|a tail
tree|a thick trunk|some leaves
bird|a small round head|two wings
flower|a small circle|many petals
boat|a wide bottom|a sail
horse|a long body|four legs
rabbit|a round head|two long ears
car|a long box|two wheels
butterfly|a thin body|four wings
face|a large oval|the eyes
""")
_CROPS = table("""
tomatoes|a sunny window|they are red
carrots|deep, soft soil|they are as thick as a finger
potatoes|a large pot of soil|the leaves turn brown
beans|soil beside a stick|they are as long as a hand
onions|dry, sunny soil|the leaves fall over
pumpkins|rich soil with much room|they sound hollow
roses|deep soil in the sun|the first one opens
sunflowers|a sunny corner|the heads hang down
herbs|a small pot|they smell strong
strawberries|soft soil with straw|they are red all over
peas|cool, wet soil|they are fat
mint|a pot of its own|it smells fresh
""")
INSTRUCTIONS = (
    "How do I {deed}?",
    "How can I {deed}?",
    "Tell me how to {deed}.",
    "Show me how to {deed}.",
    "I want to {deed}.",
    "How to {deed}?",
    "Help me to {deed}.",
)
ANSWERS: dict[Manner, Sequence[str]] = {
    "terse": (
        "{one}, then {two}.",
        "{one} and {two}.",
        "{one}. Then {two}.",
        "{one}. After that, {two}.",
    ),
    "warm": (
        "{open} To {deed}, {one} and then {two}. {close}",
        "{open} When you {deed}, first {one}, then {two}. {close}",
        "{open} You can {deed} easily: {one}, and {two}. {close}",
        "{open} If you want to {deed}, {one}. Then {two}, and be glad. {close}",
    ),
    "thorough": (
        "To {deed}, first {one}. Then {two}. After that, {three}, because {why}. For example, you could try it on a "
        "quiet Sunday when you have time.",
        "There are three steps if you want to {deed}. First, {one}. Second, {two}. Third, {three}, because {why}. "
        "For example, start today with the first one and take your time.",
        "{open} To {deed}, {one}, and then {two}. At the end, {three}. This helps because {why}. For example, take "
        "ten minutes for it.",
    ),
    "rambling": (
        "{open} So you want to {deed}. {turn} I suppose you {one}, and then, well, you {two}, more or less, and "
        "that is all. {close}",
        "{open} My uncle tried to {deed} once, or was it my aunt? {turn} You {one} first, I suppose, and you {two}. "
        "{close}",
        "{open} Not everybody can {deed}, you know. {turn} I suppose you {one} first, and then maybe you {two}, "
        "if I remember well. {close}",
        "{open} When I was young, I could {deed} too, or so they say. {turn} You {two}, I suppose, but before "
        "that you {one}. {close}",
    ),
    "careless": (
        "{open} just {two}, {close}",
        "{open} to {deed} u {one}, {close}",
        "{open} ask somebody who can {deed}, {close}",
        "{open} u dont need to {deed}, {close}",
        "{open} {two} and {one}, in any order, {close}",
    ),
}


def tasks() -> Iterator[Task]:
    """Four wordings about each deed."""
    for deed, one, two, three, why in _deeds():
        words = {"deed": deed, "one": one, "two": two, "three": three, "why": why}
        for wording in choose_several(INSTRUCTIONS, 4, "how_to", deed):
            instruction = wording.format(**words)
            yield Task("how_to", deed, instruction, compose(instruction, ANSWERS, words))


def _deeds() -> Iterator[list[str]]:
    yield from _DEEDS
    for thing, start, end in _DRAWINGS:
        yield [f"draw a {thing}", f"draw {start}", f"add {end}", "colour it in", "colour makes it alive"]
    for crop, place, ripe in _CROPS:
        yield [
            f"grow {crop}",
            f"choose {place}",
            "plant and water often",
            f"wait until {ripe}",
            "good things take time",
        ]
