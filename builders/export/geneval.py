"""What GenEval's checker can check of a scene: the metadata of Flow-GRPO.

After djghosh13/geneval: prompts/evaluation_metadata.jsonl, evaluation/object_names.txt, evaluation/evaluate_images.py,
and yifan123/reward-server: reward_server/gen_eval.py, which scores what Flow-GRPO sends it. Its detector knows the 80
classes of COCO, and its colours are ten.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from ...taxonomy import Taxonomy
from .layout import Row, Tally, read_count

CLASSES = {
    "person.n.01": "person",
    "bicycle.n.01": "bicycle",
    "car.n.01": "car",
    "motorcycle.n.01": "motorcycle",
    "airplane.n.01": "airplane",
    "bus.n.01": "bus",
    "train.n.01": "train",
    "truck.n.01": "truck",
    "boat.n.01": "boat",
    "traffic_light.x.01": "traffic light",
    "fireplug.n.01": "fire hydrant",
    "stop_sign.x.01": "stop sign",
    "parking_meter.n.01": "parking meter",
    "bench.n.01": "bench",
    "bird.n.01": "bird",
    "cat.n.01": "cat",
    "domestic_cat.n.01": "cat",
    "dog.n.01": "dog",
    "horse.n.01": "horse",
    "sheep.n.01": "sheep",
    "cattle.n.01": "cow",
    "elephant.n.01": "elephant",
    "bear.n.01": "bear",
    "zebra.n.01": "zebra",
    "giraffe.n.01": "giraffe",
    "backpack.n.01": "backpack",
    "umbrella.n.01": "umbrella",
    "handbag.x.01": "handbag",
    "necktie.n.01": "tie",
    "bag.n.06": "suitcase",
    "frisbee.n.01": "frisbee",
    "ski.n.01": "skis",
    "snowboard.n.01": "snowboard",
    "ball.n.01": "sports ball",
    "kite.n.03": "kite",
    "baseball_bat.n.01": "baseball bat",
    "baseball_glove.n.01": "baseball glove",
    "skateboard.n.01": "skateboard",
    "surfboard.n.01": "surfboard",
    "tennis_racket.n.01": "tennis racket",
    "bottle.n.01": "bottle",
    "wineglass.n.01": "wine glass",
    "cup.n.01": "cup",
    "fork.n.01": "fork",
    "knife.n.01": "knife",
    "spoon.n.01": "spoon",
    "bowl.n.01": "bowl",
    "banana.n.02": "banana",
    "apple.n.01": "apple",
    "sandwich.n.01": "sandwich",
    "orange.n.01": "orange",
    "broccoli.n.02": "broccoli",
    "broccoli.n.01": "broccoli",
    "carrot.n.03": "carrot",
    "hotdog.n.02": "hot dog",
    "pizza.n.01": "pizza",
    "doughnut.n.02": "donut",
    "cake.n.03": "cake",
    "chair.n.01": "chair",
    "sofa.n.01": "couch",
    "pot_plant.n.01": "potted plant",
    "houseplant.n.01": "potted plant",
    "bed.n.01": "bed",
    "dining_table.n.01": "dining table",
    "toilet.n.02": "toilet",
    "television.n.01": "tv",
    "television_receiver.n.01": "tv",
    "laptop.n.01": "laptop",
    "remote_control.n.01": "tv remote",
    "mouse.n.04": "computer mouse",
    "computer_keyboard.n.01": "computer keyboard",
    "cellular_telephone.n.01": "cell phone",
    "smartphone.x.01": "cell phone",
    "microwave.n.02": "microwave",
    "oven.n.01": "oven",
    "toaster.n.02": "toaster",
    "sink.n.01": "sink",
    "refrigerator.n.01": "refrigerator",
    "book.n.02": "book",
    "clock.n.01": "clock",
    "vase.n.01": "vase",
    "scissors.n.01": "scissors",
    "teddy.n.01": "teddy bear",
    "hand_blower.n.01": "hair drier",
    "toothbrush.n.01": "toothbrush",
}
"""The detector's classes, by concepts of the taxonomy."""

WHOLE = frozenset(
    f"{name}.n.01"
    for name in ("person", "bird", "domestic_cat", "dog", "horse", "sheep", "cattle", "bear", "zebra", "pizza")
)
"""Whatever lies under these looks like the class."""

HEADS = {
    "airplane": ("plane", "jet", "jetliner", "airliner", "airbus"),
    "bicycle": ("mountain bike", "push-bike"),
    "boat": ("canoe", "kayak"),
    "car": ("taxi", "jeep", "limousine", "sedan", "convertible"),
    "couch": ("love seat", "settee"),
    "donut": ("doughnut",),
    "sandwich": ("burger",),
    "sports ball": ("ball",),
}
"""Last words of names of more that looks like a class; the others are the class's own, and its concept's."""

OTHERS = ("pancake", "toilet bowl", "fishbowl", "Dutch oven")
"""What looks like none of its class in spite of these."""

COLORS = frozenset(["red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white"])

POSITIONS = {"to the left of": "left of", "to the right of": "right of", "above": "above", "below": "below"}
"""What the checker knows of where things are, by the last words of a relation."""

INVERSES = {"left of": "right of", "right of": "left of", "above": "below", "below": "above"}

WEAKENED = frozenset(["almost", "nearly", "not", "partly", "roughly", "diagonally"])
"""First words of relations that say less than the last ones."""


@dataclass(frozen=True)
class Found:
    """What the detector finds where there is something of a concept.

    Attributes:
        classes: The classes that it may be.
        surely: Whether it is one of one class; else nobody can say which is found, or how often.
    """

    classes: frozenset[str]
    surely: bool


UNSEEN = Found(frozenset(), surely=False)

Word = TypeVar("Word")


def match_ending(relation: Row, words: Mapping[str, Word]) -> Word | None:
    """Looks a spatial relation up by its last words: `standing to the left of` is `to the left of`."""
    predicate = relation["predicate"]
    if relation["category"] != "spatial" or predicate.split()[0] in WEAKENED:
        return None
    return next((word for ending, word in words.items() if f" {predicate}".endswith(f" {ending}")), None)


def find_classes(taxonomy: Taxonomy) -> dict[str, Found]:
    """What the detector finds of each concept, where it may find anything.

    It is surely one of a class, if it looks like it and is counted. A hammock, which is a bed by its place in the
    taxonomy, may be one; so may what a class is a kind of (an animal, a piece of furniture), and what is not counted
    (cattle, broccoli). Of groups, such as an orchestra and a herd, it may be anything.
    """
    rows = taxonomy.objects.select(["id", "name", "parent", "kinds", "article"]).to_pylist()
    parents = {row["id"]: row["parent"] for row in rows}
    found: dict[str, Found] = {}
    wider: dict[str, set[str]] = defaultdict(set)
    names = {row["id"]: row["name"] for row in rows}
    for row in rows:
        above = list(_list_above(row["id"], parents))
        root = next((one for one in above if one in CLASSES and one in names), None)
        if "group" in (row["kinds"] or "").split("|"):
            found[row["id"]] = Found(frozenset(CLASSES.values()), surely=False)
        elif root:
            alike = root in (row["id"], *WHOLE) or row["name"].endswith(_list_heads(names[root], CLASSES[root]))
            surely = alike and row["article"] != "some" and not row["name"].endswith(OTHERS)
            found[row["id"]] = Found(frozenset([CLASSES[root]]), surely)
        if row["id"] in CLASSES:
            for one in above:
                wider[one].add(CLASSES[row["id"]])
    return {one: Found(frozenset(classes), surely=False) for one, classes in wider.items()} | found


def _list_above(concept: str | None, parents: Mapping[str, str | None]) -> Iterator[str]:
    """A concept and all that it lies under."""
    while concept:
        yield concept
        concept = parents.get(concept)


def _list_heads(name: str, class_: str) -> tuple[str, ...]:
    return (name.split()[-1], class_.split()[-1], *HEADS.get(class_, ()))


def convert_geneval(row: Row, tally: Tally, found: Mapping[str, Found]) -> list[Row]:
    """A line of `train_metadata.jsonl`, if it is sure how many of any class the detector finds in a right picture.

    Objects are counted by class, so a beagle and a poodle are two of `dog`, since that is what the detector finds. A
    class is left out where anything else in the scene may be of it. A colour is said of a class where all of it has
    the same and no other; a position where there is one of each class, on the later of the two, once. `tag` is that of
    GenEval's tasks which fits; `counting` goes first, for it is the only one that changes how the scene is checked
    (with surer detections).
    """
    graph = row["scene_graph"]
    objects = graph["objects"]
    of_objects = [found.get(one["concept"], UNSEEN) for one in objects]
    doubtful = frozenset[str]().union(*(one.classes for one in of_objects if not one.surely))
    classes = ["".join(one.classes - doubtful) if one.surely else "" for one in of_objects]
    groups: dict[str, list[int]] = {}
    for number, name in enumerate(classes):
        if name:
            groups.setdefault(name, []).append(number)
    clauses: dict[str, Row] = {
        name: {"class": name, "count": sum(read_count(objects[number]) for number in group)}
        for name, group in groups.items()
    }
    left = sum(len(one["attributes"]) for one in objects)
    for name, group in groups.items():
        if color := _find_color([objects[number] for number in group]):
            clauses[name]["color"] = color
            left -= len(group)
    held = sum(_place(relation, classes, clauses) for relation in graph["relations"])
    for name, one in zip(classes, of_objects, strict=True):
        tally.left_out["objects of no class of the detector"] += not one.classes
        tally.left_out["objects that the detector may count or not"] += not name and bool(one.classes)
    tally.left_out["attributes"] += left
    tally.left_out["relations"] += len(graph["relations"]) - held
    tally.left_out["scene attributes"] += len(row["scene_attributes"])
    if not clauses:
        tally.left_out["whole scenes in the metadata"] += 1
        return []
    record: Row = {"tag": _name_tag(list(clauses.values())), "include": list(clauses.values())}
    if record["tag"] == "counting":
        counted = [clause for clause in clauses.values() if clause["count"] > 1]
        record["exclude"] = [{"class": one["class"], "count": one["count"] + 1} for one in counted]
    return [{**record, "prompt": row["caption"]}]


def _find_color(objects: list[Row]) -> str | None:
    """The colour that all of these have, if it is the only one of each and one of the checker's."""
    colors = {tuple(one["value"] for one in item["attributes"] if one["kind"] == "color") for item in objects}
    color, *others = colors.pop() or ("",)
    return color if color in COLORS and not others and not colors else None


def _place(relation: Row, classes: list[str], clauses: dict[str, Row]) -> bool:
    """Says in the later clause where its object is; whether there was room for it."""
    ends = [classes[relation[end]] for end in ("subject", "object")]
    position = match_ending(relation, POSITIONS)
    if position is None or ends[0] == ends[1] or any(clauses.get(end, {}).get("count") != 1 for end in ends):
        return False
    order = list(clauses)
    first, last = sorted(ends, key=order.index)
    if "position" in clauses[last]:
        return False
    clauses[last]["position"] = [position if last == ends[0] else INVERSES[position], order.index(first)]
    return True


def _name_tag(clauses: list[Row]) -> str:
    if any(clause["count"] > 1 for clause in clauses):
        return "counting"
    if any("position" in clause for clause in clauses):
        return "position"
    if any("color" in clause for clause in clauses):
        return "colors" if len(clauses) == 1 else "color_attr"
    return "single_object" if len(clauses) == 1 else "two_object"
