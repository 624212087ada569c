"""A model with planted errors, from its pictures to the report: each rate is found within its interval."""

import random

import generate_any_scene as gas
import numpy as np
import pytest
from datasets import load_dataset
from generate_any_scene.training.sandbox.pictures import COLORS, draw_tokens, encode_scene

SCENES = 500
STRUCTURE = {"objects": 2, "relations": 1, "attributes": [2, 4]}
INVERSE = {
    "above": "below",
    "below": "above",
    "to the left of": "to the right of",
    "to the right of": "to the left of",
}
COLOR, MIRRORED, DOUBLED = 0.10, 0.30, 0.20
EXPECTED = {
    "attribute, multiple_choice": 1 - COLOR,  # all are about colors; of what is there twice the judge says nothing
    "relation, yes_no": 1 - MIRRORED,
    "count, count": 1 - DOUBLED * 2 / 3,  # the third question is about what is not there
    "object, yes_no": 1.0,
}


def spoil(graph, chance):
    """The scene with a wrong color, and its relation the other way round, each so often."""
    objects = []
    for one in graph["objects"]:
        attributes = [dict(attribute) for attribute in one["attributes"]]
        for attribute in attributes:
            if attribute["kind"] == "color" and chance.random() < COLOR:
                attribute["value"] = chance.choice([color for color in COLORS if color != attribute["value"]])
        objects.append({**one, "attributes": attributes})
    relations = [dict(one) for one in graph["relations"]]
    if chance.random() < MIRRORED:
        relations[0]["predicate"] = INVERSE[relations[0]["predicate"]]
    return {"objects": objects, "relations": relations}


def draw_spoiled(graph, chance):
    tokens = encode_scene(spoil(graph, chance), chance.randrange(1 << 30))
    things = [token for token in tokens if token]
    for token in things:
        if chance.random() < DOUBLED:
            tokens[chance.choice(np.flatnonzero(tokens == 0).tolist())] = token
    return draw_tokens(tokens)


@pytest.fixture(scope="module")
def overrides():
    return {"data.overrides": {"structure": STRUCTURE, "splits": {"train": 1, "validation": 0, "test": SCENES}}}


@pytest.fixture(scope="module")
def report(tmp_path_factory, overrides):
    chance, folder = random.Random(11), tmp_path_factory.mktemp("planted")
    for row in load_dataset("gas", "sandbox", split="test", **overrides["data.overrides"]):
        path = folder / "pictures" / f"{row['id']}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        draw_spoiled(row["scene_graph"], chance).save(path)
    return gas.evaluate(
        images=folder / "pictures", dataset="sandbox", judge="sandbox", out=folder / "run", overrides=overrides
    )


@pytest.mark.parametrize("group", EXPECTED)
def test_each_rate_lies_within_its_interval(report, group):
    table = report.table("kind_form")
    (row,) = table[(table["group"] == group) & (table["metric"] == "answers")].to_dict("records")
    assert row["low"] <= EXPECTED[group] <= row["high"]
    assert row["high"] - row["low"] < 0.1
    assert row["scenes"] > 0.6 * SCENES


def test_all_of_it_is_written_down(report):
    (run,) = report.runs
    written = {path.name for path in run.folder.iterdir()}
    tables = {"answers.parquet", "scores.parquet", "scenes.parquet"}
    assert written >= tables | {"recipe.yaml", "report.html", "report.json", "run.json"}
    assert run.record["left_out"] == {"without": 0, "unknown": 0, "unreadable": {}}
    baselines = run.record["baselines"]
    accuracy = report.figures["overall"][0]["value"]
    assert baselines["blank"]["accuracy"]["value"] < baselines["other_picture"]["accuracy"]["value"] < accuracy


def test_done_again_it_is_the_same(report, overrides):
    folder = report.runs[0].folder
    before = {path.name: path.read_bytes() for path in folder.glob("*.parquet")}
    again = gas.evaluate(
        images=folder.parent / "pictures", dataset="sandbox", judge="sandbox", out=folder, overrides=overrides
    )
    assert again.figures == report.figures
    assert {path.name: path.read_bytes() for path in folder.glob("*.parquet")} == before
