"""The recipe `geneval2_train` has the shape that its description states, and nothing of what GenEval 2 has."""

import os
from collections import Counter
from itertools import chain
from pathlib import Path

import pytest
from generate_any_scene.builders.decontaminate.benchmarks import find_benchmarks
from generate_any_scene.builders.decontaminate.near_duplicates import TextIndex
from generate_any_scene.builders.decontaminate.prompt_files import read_prompts
from generate_any_scene.builders.export.formats.geneval2 import ATOMS, SKILLS, convert_geneval2, count_atoms
from generate_any_scene.builders.export.layout import Tally
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.rows.writer import create_writer
from generate_any_scene.taxonomy.vocabularies import read_vocabulary

NAME = "geneval2_train"
SIZES = {"train": 800, "validation": 100, "test": 400}


@pytest.fixture(scope="module")
def splits():
    writer = create_writer(load_recipe(NAME))
    return {split: writer.write_block(split, 0, size).to_pylist() for split, size in SIZES.items()}


@pytest.fixture(scope="module")
def rows(splits):
    return list(chain(*splits.values()))


def list_words(row):
    """The concepts of a scene, by the tables of vocabularies."""
    graph = row["scene_graph"]
    return {
        "objects": {one["concept"] for one in graph["objects"]},
        "attributes": {f"{a['kind']}.{a['value']}" for one in graph["objects"] for a in one["attributes"]},
        "relations": {f"{one['category']}.{one['predicate']}" for one in graph["relations"]},
    }


def test_scenes_have_three_to_ten_atoms_and_numbers_up_to_seven(rows):
    atoms = Counter(map(count_atoms, rows))
    assert sorted(atoms) == list(ATOMS)
    counts = Counter(one["count"] for row in rows for one in row["scene_graph"]["objects"])
    assert sorted(counts) == list(range(1, 8))
    assert 0.3 < counts[1] / counts.total() < 0.5  # GenEval 2 has one of a thing in 812 of its 2,025 counts
    assert all(len(one["attributes"]) <= 1 for row in rows for one in row["scene_graph"]["objects"])
    assert {len(row["scene_graph"]["objects"]) for row in rows} == {2, 3}


def test_as_many_concepts_as_geneval2_has_and_none_of_them(rows):
    theirs = read_vocabulary("geneval2")
    for table in theirs:
        ours = set().union(*(list_words(row)[table] for row in rows))
        assert len(ours) == len(theirs[table])
        if table != "attributes":  # whose ids the rows do not have
            assert not {one.replace(" ", "_") for one in ours} & set(chain(*theirs[table].values()))
    names = set().union(*theirs.values())
    said = {a["value"] for row in rows for one in row["scene_graph"]["objects"] for a in one["attributes"]}
    said |= {one["name"] for row in rows for one in row["scene_graph"]["objects"]}
    said |= {one["predicate"] for row in rows for one in row["scene_graph"]["relations"]}
    assert not said & names


def test_compositions_of_the_test_are_in_no_other_split(splits):
    def gather(rows):
        found = set()
        for row in rows:
            objects = row["scene_graph"]["objects"]
            found |= {(one["concept"], a["kind"], a["value"]) for one in objects for a in one["attributes"]}
            found |= {
                (objects[r["subject"]]["concept"], r["predicate"], objects[r["object"]]["concept"])
                for r in row["scene_graph"]["relations"]
            }
        return found

    others = gather([*splits["train"], *splits["validation"]])
    assert not gather(splits["test"]) & others
    assert all(gather([row]) for row in splits["test"])


def test_every_atom_is_asked_about_in_the_form_of_geneval2(splits):
    tally = Tally()
    for row in splits["test"]:
        (record,) = convert_geneval2(row, tally)
        graph = row["scene_graph"]
        asked = Counter(record["skills"])
        assert asked["object"] == asked["count"] == len(graph["objects"])
        assert asked["attribute"] == sum(len(one["attributes"]) for one in graph["objects"])
        assert asked["position"] + asked["verb"] == len(graph["relations"])
    assert set(SKILLS) <= set(tally.held)


@pytest.mark.skipif("GAS_BENCHMARKS" not in os.environ, reason="set GAS_BENCHMARKS to a folder with benchmarks")
def test_no_caption_is_near_a_prompt_of_a_benchmark(rows):
    columns, _ = find_benchmarks(Path(os.environ["GAS_BENCHMARKS"]), [])
    index = TextIndex(0.8)
    for path, column in columns.items():
        for text in read_prompts(path, column or None):
            index.add(text)
    assert [row["caption"] for row in rows if index.find(row["caption"])] == []
