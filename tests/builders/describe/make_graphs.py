"""Makes files shaped as Visual Genome's and GQA's, with the oddities that their words have.

python -m generate_any_scene.tests.builders.describe.make_graphs vg 10000 scene_graphs.json
"""

import json
import random
import sys

NAMES = """
man woman window tree shirt building sky wall person sign hair ground grass head light fence pole car hat table door
sidewalk plate jacket road street leg water hand boy girl shoes chair train cloud snow bus trees jeans leaves people
pants
windows clouds glasses line arm ear horse dog elephant giraffe zebra flower clock boat umbrella bench banana pizza
cake
bag wheel tire bike motorcycle skateboard surfboard wave beach sand rock mountain hill field bird cat sheep cow bear
t-shirt T-Shirt Man. MAN TV tv tennis_racket {guy in hat} {cell phone} {stop sign.} {traffic light} {street light}
{tennis racquet} {wine glass} {side walk} {bunch of bananas} {pair of shoes} {tennis shoes} {baseball cap}
{man's hand}
{light pole} {front wheel} {fire hydrant} {train tracks} {window sill} {picture frame} {toilet seat} {laptop computer}
lettering writing reflection shadow sunglasses skiis foilage tress windo broccolli {"stop" sign} {2 people}
{three birds}
{a dog} {the sky} {people in background} {group of people} {man in red shirt} {top of building} {side of road}
{part of a leg}
necktie sock sneakers backpack helmet frisbee kite plate bowl fork knife spoon cup bottle glass vase lamp couch sofa
pillow
blanket bed curtain mirror sink toilet faucet stove oven refrigerator microwave counter cabinet drawer shelf book
paper
numbers letters words logo flag post branch trunk bush plant leaf roof chimney brick tile floor ceiling carpet rug
"""
ODD_NAMES = ["", " ", "...", "2", None, "on", "a", "#5", "the"]
ATTRIBUTES = """
white black blue green red brown yellow large small wooden gray silver tall metal orange long dark pink tan standing
round
young clear old {black and white} {light blue} parked walking sitting plastic wet striped open bare short smiling
leafy
{brown and white} {red, white and blue} {red and white} bright purple grassy sunny glass gold cloudy dirty brick
concrete
stone playing {playing tennis} {in background} {in the background} {on table} {lying down} {long sleeved}
{short-sleeved}
{made of wood} {very tall} grey Grey WHITE {is standing} {is open} on off {has a hat} wood tennis stop {out of focus}
{in the air}
blond blonde {dark brown} {light brown} {holding umbrella} {wearing a hat} {covered in snow} furry fluffy shiny rusty
dry
overcast {white/black} looking flying swinging skateboarding surfing eating {looking down} {two story} double-decker
painted
ripe sliced chopped hanging folded curved square rectangular pointy spotted plaid checkered floral
"""
ODD_ATTRIBUTES = ["", ".", "the", "2", "of", "a lot", "has", None]
PREDICATES = """
on has in of wearing with behind holding near {on top of} {next to} {in front of} under by above {sitting on}
{standing on}
{sitting in} riding {attached to} at {hanging on} {hanging from} over wears {wears a} {is on} {in a} ON {on a}
{on the}
{standing in} {walking on} {parked on} {parked in} carrying inside against {looking at} {laying on} {lying on} beside
around
{covered in} {covering} along for from {part of} {made of} {says} {growing on} {growing in} between {to the left of}
{to the right of}
{left of} {to right of} eating {has a} have {have a} {is wearing} {are on} {is behind} {mounted on} {painted on}
{written on}
{flying in} playing using {watching} {talking to} {playing with} {swinging} {pulling} {sits on} {stands in front of}
{holds a}
{wears} {below} {across} {down} {belonging to} {filled with} {topped with} {reflected in} {surrounding}
{surrounded by}
{crossing} {throwing} {catching} {hitting} {on side of} {in middle of} {on front of} {close to} {outside} {through}
{against a}
"""
ODD_PREDICATES = ["", ".", "and", "man", "is", "a", "sitting", "covered", "to", "1"]
SYNSETS = {"man": "man.n.01", "woman": "woman.n.01", "tree": "tree.n.01", "clock": "clock.n.01", "shirt": "shirt.n.01"}


def split_words(text):
    """Words of a list, those in braces together."""
    words = []
    for place, part in enumerate(text.replace("}", "{").split("{")):
        words += [part] if place % 2 else part.split()
    return words


NAMES, ATTRIBUTES, PREDICATES = map(split_words, (NAMES, ATTRIBUTES, PREDICATES))


def draw(random_, words, odd, share=0.01):
    """A word, common ones far more often than others, and odd ones at times."""
    if random_.random() < share:
        return random_.choice(odd)
    return words[min(int(random_.expovariate(4 / len(words))), len(words) - 1)]


def make_visual_genome(count, seed=0, objects=(3, 14)):
    """Yields entries of `scene_graphs.json`."""
    random_ = random.Random(seed)
    for image in range(count):
        things = []
        for number in range(random_.randint(*objects)):
            name = draw(random_, NAMES, ODD_NAMES)
            thing = {
                "object_id": 1000 * image + number,
                "x": random_.randint(0, 500),
                "y": random_.randint(0, 400),
                "w": random_.randint(5, 300),
                "h": random_.randint(5, 300),
                "names": [name],
                "synsets": [SYNSETS[name]] if name in SYNSETS else [],
            }
            if random_.random() < 0.5:
                thing["attributes"] = [
                    draw(random_, ATTRIBUTES, ODD_ATTRIBUTES) for _ in range(random_.choice((1, 1, 1, 2, 3)))
                ]
            things.append(thing)
        relations = [
            {
                "relationship_id": 1000 * image + number,
                "predicate": draw(random_, PREDICATES, ODD_PREDICATES),
                "subject_id": one["object_id"],
                "object_id": other["object_id"],
                "synsets": [],
            }
            for number in range(random_.randint(0, len(things)))
            for one, other in [random_.choices(things, k=2) if random_.random() < 0.02 else random_.sample(things, 2)]
        ]
        yield {"image_id": image + 1, "objects": things, "relationships": relations}


def make_gqa(count, seed=0, objects=(3, 16)):
    """Yields pairs of an id and a scene graph, as in `train_sceneGraphs.json`."""
    random_ = random.Random(seed)
    predicates = ["to the left of", "to the right of"] * 60 + PREDICATES
    for image in range(count):
        keys = [str(1000 * image + number) for number in range(random_.randint(*objects))]
        places = {key: random_.random() for key in keys}
        things = {}
        for key in keys:
            relations = []
            for other in random_.sample(keys, min(len(keys), random_.randint(0, 3))):
                name = random_.choice(predicates)
                if name in ("to the left of", "to the right of"):
                    name = "to the left of" if places[key] < places[other] else "to the right of"
                if other != key:
                    relations.append({"name": name, "object": other})
            things[key] = {
                "name": draw(random_, NAMES, ODD_NAMES, 0.002) or "man",
                "x": 1,
                "y": 2,
                "w": 3,
                "h": 4,
                "attributes": [draw(random_, ATTRIBUTES, ODD_ATTRIBUTES, 0.005) for _ in range(random_.randint(0, 2))],
                "relations": relations,
            }
        yield str(2300000 + image), {"width": 640, "height": 480, "objects": things}


def main(shape, count, path):
    """Writes a file of graphs."""
    graphs = list(make_visual_genome(int(count))) if shape == "vg" else dict(make_gqa(int(count)))
    with open(path, "w", encoding="utf-8") as file:
        json.dump(graphs, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
