"""Captions for T2I-R1 and what its rewards check, JSON lines.

After CaraJ7/T2I-R1: data/geneval_and_t2i_data_final.json, src/t2i-r1/src/open_r1/grpo.py (make_conversation),
src/t2i-r1/src/utils/reward_gdino.py and reward_git.py (what is read of a row).
"""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from pathlib import Path

import pyarrow.compute as pc

from ..geneval import match_ending
from ..layout import GRAPH, Layout, Row, Tally, count_things, load_concepts

SPLITS = ("train",)

LOCALITIES = {
    "to the left of": "on the left of",
    "to the right of": "on the right of",
    "above": "on the top of",
    "on top of": "on the top of",
    "below": "on the bottom of",
}
"""What T2I-R1 calls where something is, by the last words of a relation.

It knows `above`, too, without a reward; and `next to` and `near`, whose reward is full wherever the two are, since it
compares parts of the picture's width with 150 pixels.
"""

T2I_TYPES = {"color": "color", "texture": "texture", "shape": "shape"}
"""Its task type of a scene with attributes of one kind; of all others it is `complex`."""

PRESENCE = {"task_type": "complex"}
"""The task of which no more is checked than that all objects are there."""


Attributes = dict[tuple[str, str], tuple[str, bool]]
"""How an attribute is said, by its kind and value: the words, and whether they stand before the noun."""


def convert_t2i_r1(row: Row, tally: Tally, attributes: Attributes, uncounted: Collection[str] = ()) -> list[Row]:
    """A row of `geneval_and_t2i_data_final.json`, JSON lines in spite of its name, which has to end in `.json`.

    The rewards check one thing of a scene, by `task_type`: numbers (`numeracy`) where there are several of a name,
    else attributes (`attr_nouns`), else one relation (`spatial`), else that all objects are there. A scene with
    relations of which it can check none is left out: another in their place would get as much. Every row has every
    key with values of the same types, empty where `task_type` says that nobody reads them: `datasets` takes the types
    of a file from its first rows and cannot load what differs later. A noun of three words or more is never found,
    since the detector's answer has only its first and last word.
    """
    graph = row["scene_graph"]
    objects, relations = graph["objects"], graph["relations"]
    nouns = [name for name in count_things(objects) if len(name.split()) <= 2]
    count = sum(len(one["attributes"]) for one in objects)
    tally.left_out["objects with names of three words or more"] += sum(one["name"] not in nouns for one in objects)
    tally.left_out["scene attributes"] += len(row["scene_attributes"])
    if not nouns:  # which would be rewarded with 1 whatever is in the picture
        tally.left_out["attributes"] += count
        tally.left_out["relations"] += len(relations)
        return []
    task = _choose_task(graph, nouns, attributes, uncounted)
    tally.left_out["attributes"] += 0 if "attr_nouns" in task else count
    tally.left_out["relations"] += len(relations) - ("spatial_info" in task)
    if relations and task == PRESENCE:
        tally.left_out["whole scenes of which it checks no more than that all objects are there"] += 1
        return []
    record = {
        "prompt": row["caption"],
        "task_type": "complex",
        "nouns": nouns,
        "attr_nouns": nouns,
        "spatial_info": {"obj1": "", "obj2": "", "locality": ""},
        "numeracy_info": [{"obj_name": "", "num": 0}],
    }
    return [record | task]


def _choose_task(graph: Row, nouns: list[str], attributes: Attributes, uncounted: Collection[str]) -> Row:
    """The type of a scene's task, and what is checked."""
    objects = graph["objects"]
    names, unsure = count_things(objects), {one["name"] for one in objects if one["concept"] in uncounted}
    counted = [noun for noun in nouns if noun not in unsure]
    if any(names[noun] > 1 for noun in counted):
        numbers = [{"obj_name": noun, "num": names[noun]} for noun in counted]
        return {"task_type": "numeracy", "numeracy_info": numbers}
    kinds = {attribute["kind"] for one in objects for attribute in one["attributes"]}
    if kinds:
        type_ = T2I_TYPES.get(kinds.pop(), "complex") if len(kinds) == 1 else "complex"
        return {"task_type": type_, "attr_nouns": [_name_with_attributes(one, attributes) for one in objects]}
    places = (_locate(relation, objects, nouns) for relation in graph["relations"])
    info = next(filter(None, places), None)
    return {"task_type": "spatial", "spatial_info": info} if info else PRESENCE


def _name_with_attributes(item: Row, attributes: Attributes) -> str:
    said = [attributes.get((one["kind"], one["value"]), (one["value"], True)) for one in item["attributes"]]
    before, after = ([words for words, first in said if first == wanted] for wanted in (True, False))
    return " ".join([*before, item["name"], *after])


def _locate(relation: Row, objects: list[Row], nouns: list[str]) -> Row | None:
    """Where the subject of a relation is, in T2I-R1's words, if it has some for it."""
    ends = [objects[relation[end]]["name"] for end in ("subject", "object")]
    locality = match_ending(relation, LOCALITIES)
    if locality is None or not set(ends) <= set(nouns):
        return None
    return {"obj1": ends[0], "obj2": ends[1], "locality": locality}


def phrase_attributes(recipe: Path) -> Attributes:
    """How captions of a recipe say its attributes.

    Raises:
        GasError: The recipe cannot be read or its taxonomy is not there.
    """
    table = load_concepts(recipe).attributes
    columns = (table[name].to_pylist() for name in ("kind", "name", "adjective", "position"))
    return {(kind, name): (words, place == "before") for kind, name, words, place in zip(*columns, strict=True)}


def list_uncounted(recipe: Path) -> frozenset[str]:
    """Concepts whose number a picture does not show: rice, cattle, scissors.

    Raises:
        GasError: The recipe cannot be read or its taxonomy is not there.
    """
    objects = load_concepts(recipe).objects
    return frozenset(objects["id"].filter(pc.equal(objects["article"], "some")).to_pylist())


def lay_out(recipe: Path) -> Layout:
    convert = partial(convert_t2i_r1, attributes=phrase_attributes(recipe), uncounted=list_uncounted(recipe))
    return Layout(convert, columns=GRAPH)
