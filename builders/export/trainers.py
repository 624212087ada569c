"""The files that trainers read: how each is written, and what it makes of a row.

The layouts are after the data files and the loaders of

    prompts      ours alone: an id and a prompt a line
    trl          huggingface/trl: docs/source/dataset_formats.md (Prompt-only, Standard), trl/trainer/grpo_trainer.py,
                 which gives rewards every column but the prompt by its name
    trl_chat     the same (Prompt-only, Conversational)
    flow_grpo    yifan123/flow_grpo: scripts/train_sd3.py (TextPromptDataset, GenevalPromptDataset); the metadata is in
                 `geneval.py`
    t2i_r1       CaraJ7/T2I-R1: data/geneval_and_t2i_data_final.json, src/t2i-r1/src/open_r1/grpo.py
                 (make_conversation), src/t2i-r1/src/utils/reward_gdino.py and reward_git.py (what is read of a row)
    simplear     wdrink/SimpleAR: simpar/train/t2i_data.py (GRPOT2IDataset)
    gas          RAIVNLab/GenerateAnyScene: generation.py (how it is written), gas/captions_generation/
                 prompt_generator.py (convert_json_to_sg), gas/models/gen_model/text2image_metric.py (what is scored)

What a layout cannot hold of a scene is left out and counted.
"""

from __future__ import annotations

import json
from collections import Counter
from functools import partial
from pathlib import Path

from ...taxonomy import Taxonomy, load_taxonomy
from ..recipe.loading import load_recipe
from .geneval import convert_geneval, match_ending, name_classes
from .layout import Format, Layout, Row, Tally

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


def convert_prompt(row: Row, tally: Tally) -> list[Row]:
    return [{"id": row["id"], "prompt": row["caption"]}]


def convert_trl(row: Row, tally: Tally, chat: bool = False) -> list[Row]:
    """A prompt-only row with its questions, which a reward gets as lists of a column: `def reward(questions, ...)`.

    `questions`, `answers`, `choices` (empty where there are none) and `depends_on` go together, in the row's order.
    """
    questions = row["questions"]
    tally.questions += len(questions)
    prompt = row["caption"]
    return [
        {
            "id": row["id"],
            "prompt": [{"role": "user", "content": prompt}] if chat else prompt,
            "questions": [question["question"] for question in questions],
            "answers": [question["answer"] for question in questions],
            "choices": [question["choices"] for question in questions],
            "depends_on": [question["depends_on"] for question in questions],
        }
    ]


def convert_line(row: Row, tally: Tally) -> list[str]:
    """The prompt on one line, which is all that TextPromptDataset of Flow-GRPO reads."""
    return [" ".join(row["caption"].split())]


def convert_t2i_r1(row: Row, tally: Tally, attributes: Attributes) -> list[Row]:
    """A row of `geneval_and_t2i_data_final.json`, JSON lines in spite of its name, which has to end in `.json`.

    The rewards check one thing of a scene, by `task_type`: numbers (`numeracy`) where a name occurs more than once,
    else attributes (`attr_nouns`), else one relation (`spatial`), else that all objects are there. Every row has every
    key with values of the same types, empty where `task_type` says that nobody reads them: `datasets` takes the types
    of a file from its first rows and cannot load what differs later. A noun of three words or more is never found,
    since the detector's answer has only its first and last word.
    """
    graph = row["scene_graph"]
    objects, relations = graph["objects"], graph["relations"]
    names = Counter(one["name"] for one in objects)
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


def convert_simplear(row: Row, tally: Tally) -> list[Row]:
    """An item of the JSON list of GRPOT2IDataset, which wants a path, opens no image, and adds `A photo of `."""
    return [{"caption": row["caption"], "image_path": ""}]


def convert_gas(row: Row, tally: Tally) -> list[tuple[str, Row]]:
    """A scene of a `prompts_batch_0.json`, with its number as the key.

    Nodes are `object_1` and `attribute|1|1`; an object has its `concept` besides, which the paper's scripts pass over.
    Scene attributes are a mapping, so of several of one kind the first stays. The first versions of those scripts
    called them `global_attributes`.
    """
    nodes: list[list] = []
    edges: list[list] = []
    scene_attributes: dict[str, str] = {}
    objects = row["scene_graph"]["objects"]
    for number, one in enumerate(objects, start=1):
        nodes.append([f"object_{number}", {"type": "object_node", "value": one["name"], "concept": one["concept"]}])
    for relation in row["scene_graph"]["relations"]:
        ends = [f"object_{relation[end] + 1}" for end in ("subject", "object")]
        words = {"value_type": relation["category"], "value": relation["predicate"]}
        edges.append([*ends, {"type": "relation_edge", **words}])
    for number, one in enumerate(objects, start=1):
        for place, attribute in enumerate(one["attributes"], start=1):
            node, words = f"attribute|{number}|{place}", {"value_type": attribute["kind"], "value": attribute["value"]}
            nodes.append([node, {"type": "attribute_node", **words}])
            edges.append([f"object_{number}", node, {"type": "attribute_edge"}])
    for attribute in row["scene_attributes"]:
        tally.left_out["scene attributes of a kind that is there already"] += attribute["kind"] in scene_attributes
        scene_attributes.setdefault(attribute["kind"], attribute["value"])
    scene = {
        "prompt": row["caption"],
        "scene_attributes": scene_attributes,
        "scene_graph": {"nodes": nodes, "edges": edges},
    }
    return [(str(tally.scenes), scene)]


def _write_item(item: tuple[str, Row]) -> str:
    return f"{json.dumps(item[0])}: {json.dumps(item[1])}"


def _load_taxonomy(recipe: Path) -> Taxonomy:
    loaded = load_recipe(recipe)
    return load_taxonomy(loaded.recipe.taxonomy, loaded.folder)


def phrase_attributes(recipe: Path) -> Attributes:
    """How captions of a recipe say its attributes.

    Raises:
        GasError: The recipe cannot be read or its taxonomy is not there.
    """
    table = _load_taxonomy(recipe).attributes
    columns = (table[name].to_pylist() for name in ("kind", "name", "adjective", "position"))
    return {(kind, name): (words, place == "before") for kind, name, words, place in zip(*columns, strict=True)}


PROMPT, GRAPH = ("id", "caption"), ("caption", "scene_graph", "scene_attributes")

TRAINERS: dict[str, Format] = {
    "prompts": lambda recipe: Layout(convert_prompt, columns=PROMPT),
    "trl": lambda recipe: Layout(convert_trl, columns=(*PROMPT, "questions")),
    "trl_chat": lambda recipe: Layout(partial(convert_trl, chat=True), columns=(*PROMPT, "questions")),
    "flow_grpo": lambda recipe: {
        "{split}.txt": Layout(convert_line, str, columns=PROMPT),
        "{split}_metadata.jsonl": Layout(
            partial(convert_geneval, classes=name_classes(_load_taxonomy(recipe))), columns=GRAPH
        ),
    },
    "t2i_r1": lambda recipe: Layout(partial(convert_t2i_r1, attributes=phrase_attributes(recipe)), columns=GRAPH),
    "simplear": lambda recipe: Layout(convert_simplear, begin="[\n", between=",\n", end="\n]\n", columns=PROMPT),
    "gas": lambda recipe: Layout(convert_gas, _write_item, "{\n", ",\n", "\n}\n", columns=GRAPH),
}
"""How each is written, of the rows of a recipe file: JSON lines, text lines, a JSON array, a JSON object."""
