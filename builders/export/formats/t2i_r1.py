"""Captions for T2I-R1 and what its rewards check, JSON lines.

After CaraJ7/T2I-R1: data/geneval_and_t2i_data_final.json, src/t2i-r1/src/open_r1/grpo.py (make_conversation),
src/t2i-r1/src/utils/reward_gdino.py and reward_git.py (what is read of a row).
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from ..geneval import match_ending
from ..layout import GRAPH, Layout, Row, Tally, count_things, load_concepts

LOCALITIES = {
    "to the left of": "on the left of",
    "to the right of": "on the right of",
    "above": "on the top of",
    "on top of": "on the top of",
    "below": "on the bottom of",
    "next to": "next to",
    "beside": "next to",
    "near": "near",
}
"""What T2I-R1 calls where something is, by the last words of a relation. It knows `above`, too, without a reward."""

T2I_TYPES = {"color": "color", "texture": "texture", "shape": "shape"}
"""Its task type of a scene with attributes of one kind; of all others it is `complex`."""


Attributes = dict[tuple[str, str], tuple[str, bool]]
"""How an attribute is said, by its kind and value: the words, and whether they stand before the noun."""


def convert_t2i_r1(row: Row, tally: Tally, attributes: Attributes) -> list[Row]:
    """A row of `geneval_and_t2i_data_final.json`, JSON lines in spite of its name, which has to end in `.json`.

    The rewards check one thing of a scene, by `task_type`: numbers (`numeracy`) where there are several of a name,
    else attributes (`attr_nouns`), else one relation (`spatial`), else that all objects are there. Every row has every
    key with values of the same types, empty where `task_type` says that nobody reads them: `datasets` takes the types
    of a file from its first rows and cannot load what differs later. A noun of three words or more is never found,
    since the detector's answer has only its first and last word.
    """
    graph = row["scene_graph"]
    objects, relations = graph["objects"], graph["relations"]
    names = count_things(objects)
    nouns = [name for name in names if len(name.split()) <= 2]
    count = sum(len(one["attributes"]) for one in objects)
    tally.left_out["objects with names of three words or more"] += sum(one["name"] not in nouns for one in objects)
    tally.left_out["scene attributes"] += len(row["scene_attributes"])
    if not nouns:  # which would be rewarded with 1 whatever is in the picture
        tally.left_out["attributes"] += count
        tally.left_out["relations"] += len(relations)
        return []
    record: Row = {
        "prompt": row["caption"],
        "task_type": "complex",
        "nouns": nouns,
        "attr_nouns": nouns,
        "spatial_info": {"obj1": "", "obj2": "", "locality": ""},
        "numeracy_info": [{"obj_name": "", "num": 0}],
    }
    held = {"attributes": 0, "relations": 0}
    if any(names[noun] > 1 for noun in nouns):
        record["task_type"] = "numeracy"
        record["numeracy_info"] = [{"obj_name": noun, "num": names[noun]} for noun in nouns]
    elif count:
        kinds = {attribute["kind"] for one in objects for attribute in one["attributes"]}
        record["task_type"] = T2I_TYPES.get(kinds.pop(), "complex") if len(kinds) == 1 else "complex"
        record["attr_nouns"] = [_name_with_attributes(one, attributes) for one in objects]
        held["attributes"] = count
    elif info := next(filter(None, (_locate(relation, objects, nouns) for relation in relations)), None):
        record["task_type"], record["spatial_info"] = "spatial", info
        held["relations"] = 1
    tally.left_out["attributes"] += count - held["attributes"]
    tally.left_out["relations"] += len(relations) - held["relations"]
    return [record]


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


def lay_out(recipe: Path) -> Layout:
    return Layout(partial(convert_t2i_r1, attributes=phrase_attributes(recipe)), columns=GRAPH)
