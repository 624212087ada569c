"""Rows of ours, read as anybody's scene graphs, get the captions and the questions that they have."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from generate_any_scene import SceneGraph
from generate_any_scene.builders.describe.dataset import describe_files
from generate_any_scene.builders.describe.describe import write_rows
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.rows.writer import create_writer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

RECIPES = ("multi_object", "attribute_binding", "spatial_relations", "counting")
SAME = ("id", "caption", "scene_graph", "scene_attributes", "questions", "mentions")


@pytest.fixture(scope="module", params=RECIPES)
def made(request):
    return request.param, create_writer(load_recipe(request.param)).write_block("train", 0, 128)


def test_rows_are_the_same_by_their_recipe(made):
    recipe, rows = made
    graphs = [SceneGraph.from_row(row) for row in rows.to_pylist()]
    again = write_rows(graphs, recipe=recipe)
    for column in SAME:
        assert again[column].to_pylist() == rows[column].to_pylist(), column


TEMPLATES = ("prompt", "short", "terse", "long", "verbose")
"""Templates with one frame: others depend on the recipe in which a scene stands."""


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(recipe=st.sampled_from(RECIPES), template=st.sampled_from(TEMPLATES), seed=st.integers(0, 5))
def test_captions_are_the_same_in_any_template(recipe, template, seed):
    loaded = load_recipe(recipe, {"captions": {"template": template, "frames": 1}, "seed": seed})
    rows = create_writer(loaded).write_block("train", 0, 48)
    graphs = [SceneGraph.from_row(row) for row in rows.to_pylist()]
    again = write_rows(graphs, {"questions": {"kinds": []}}, template=template)
    assert again["caption"].to_pylist() == rows["caption"].to_pylist()
    assert again["mentions"].to_pylist() == rows["mentions"].to_pylist()


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl"])
def test_files_of_rows_are_the_same(tmp_path, suffix):
    rows = create_writer(load_recipe("multi_object")).write_block("train", 0, 64)
    path = tmp_path / f"rows{suffix}"
    if suffix == ".parquet":
        pq.write_table(rows, path)
    else:
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows.to_pylist()), encoding="utf-8")
    outcome = describe_files([path], tmp_path / "out", recipe="multi_object")
    assert not sum(outcome.left_out.values())
    (file,) = outcome.manifest.configs["multi_object"].list_files()
    again = pa.table(pq.read_table(tmp_path / "out" / file.path))
    for column in SAME:
        assert again[column].to_pylist() == rows[column].to_pylist(), column
