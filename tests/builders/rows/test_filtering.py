"""Which candidates filters keep, by numbers of rows alone: against plain Python over the rows themselves."""

import math

import numpy as np
import pytest
from generate_any_scene.builders.content.scenes import BLOCK
from generate_any_scene.builders.recipe.filters import ROW_NUMBERS, STRUCTURE_NUMBERS
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.rows.filtering import (
    SCORED,
    Kept,
    RowFilter,
    Verdict,
    check_row_filters,
    list_runs,
    order_filters,
    write_kept,
)
from generate_any_scene.builders.rows.schema import STRUCTURE
from generate_any_scene.builders.rows.writer import create_writer
from generate_any_scene.errors import GasError, RecipeError

MEASURES = {
    "caption_length": lambda row: len(row["caption"]),
    "caption_words": lambda row: len(row["caption"].split()),
    **{f"structure.{name}": lambda row, name=name: row["structure"][name] for name in STRUCTURE_NUMBERS},
}


def load(filters, **overrides):
    return load_recipe("multi_object", {"questions": [], "filters": filters, **overrides})


def judge(filters, last=BLOCK):
    return RowFilter(create_writer(load(filters))).judge("train", 0, last).reasons


@pytest.fixture(scope="module")
def rows():
    """The first candidates."""
    return create_writer(load_recipe("multi_object", {"questions": []})).write_block("train", 0).to_pylist()


def test_numbers_are_those_of_the_columns():
    assert set(STRUCTURE_NUMBERS) == {field.name for field in STRUCTURE} - {"topology"}
    assert set(MEASURES) == set(ROW_NUMBERS)


@pytest.mark.parametrize("name", ROW_NUMBERS)
def test_a_number_is_kept_within_its_bounds(rows, name):
    values = [MEASURES[name](row) for row in rows]
    low, high = np.quantile(values, [0.3, 0.6]).tolist()
    kept = judge({name: [low, high]}) == 0
    assert kept.tolist() == [low <= value <= high for value in values]
    assert 0 < kept.sum() < BLOCK


def test_a_quantile_is_that_of_the_block(rows):
    values = sorted(len(row["caption"]) for row in rows)
    low, high = values[math.floor(0.25 * (BLOCK - 1))], values[math.ceil(0.5 * (BLOCK - 1))]
    kept = judge({"caption_length": {"quantile": [0.25, 0.5]}}) == 0
    assert kept.tolist() == [low <= len(row["caption"]) <= high for row in rows]


def test_a_quantile_does_not_depend_on_other_filters():
    """Of two bounds, the first in the order of the filters is the reason."""
    alone = judge({"structure.objects": {"quantile": [0, 0.5]}}) > 0
    both = judge({"structure.objects": {"quantile": [0, 0.5]}, "caption_words": {"max": 15}})
    words = judge({"caption_words": {"max": 15}}) > 0
    assert order_filters(load({"structure.objects": [1, 2], "caption_words": [1, 2]}).recipe) == (
        "caption_words",
        "structure.objects",
    )
    assert both.tolist() == np.where(words, 1, np.where(alone, 2, 0)).tolist()


def test_rows_that_are_kept_are_those_without_filters(rows):
    asked = RowFilter(create_writer(load({"caption_words": {"max": 14}})))
    kept = [row for table in write_kept(asked, "train", 50) for row in table.to_pylist()]
    assert kept == [row for row in rows if len(row["caption"].split()) <= 14][:50]


def test_runs_are_blocks_unless_a_model_scores_each_row():
    def step(filters):
        return next(list_runs(load(filters).recipe))[1]

    score = {"max": 400, "model": "./somewhere"}
    assert step({"caption_words": [1, 9]}) == step({"perplexity": {"quantile": [0, 0.5]}}) == BLOCK
    assert step({"perplexity": score}) == SCORED
    assert step({"perplexity": score, "caption_words": {"quantile": [0, 0.5]}}) == BLOCK
    assert BLOCK % SCORED == SCORED % 64 == 0


def test_what_keeps_next_to_nothing_is_given_up():
    kept = Kept("a/train", ("caption_words",), 100)
    few = np.ones(BLOCK, dtype=np.uint8)
    few[:8] = 0
    match = "of the first 8,192 candidates of a/train the filters keep 8: `caption_words` dropped 8,184; widen"
    with pytest.raises(GasError, match=match):
        kept.add(Verdict(0, few, {}))
    few[8] = 0
    Kept("a/train", ("caption_words",), 100).add(Verdict(0, few, {}))
    assert Kept("a/train", ("caption_words",), 8).add(Verdict(0, few, {})).tolist() == [True] * 8


def test_a_score_of_another_model_is_refused():
    kept = Kept("a/train", ("vera",), 100)
    kept.add(Verdict(0, np.zeros(8, dtype=np.uint8), {"vera": "vera:one#1"}))
    with pytest.raises(GasError, match="`vera` of a/train began with vera:one#1, and is vera:one#2 now"):
        kept.add(Verdict(8, np.zeros(8, dtype=np.uint8), {"vera": "vera:one#2"}))


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"perplexty": {"max": 4}}, "unknown key `perplexty` .*did you mean `?perplexity"),
        ({"structure.color": {"max": 4}}, "unknown key `structure.color`"),
        ({"vera": {}}, "filters.vera: keeps every row .*`min`, `max` or `quantile`"),
        ({"vera": 0.5}, r"filters.vera: must be \[low, high\] or a mapping, not `0.5`"),
        ({"vera": {"min": 0.6, "max": 0.5}}, "filters.vera: `min` 0.6 is above `max` 0.5"),
        ({"vera": {"min": "much"}}, "filters.vera.min: must be a number, not `much`"),
        ({"vera": {"least": 0.5}}, "filters.vera.least: unknown key `least`"),
        ({"vera": {"quantile": [0.5, 1.5]}}, "filters.vera.quantile: must be two shares from 0 to 1"),
        ({"vera": {"quantile": 0.5}}, "filters.vera.quantile: must be two shares from 0 to 1"),
        ({"caption_words": {"max": 5, "model": "gpt2"}}, "`caption_words` is a number of the row, and has no `model`"),
        ([1, 2], "filters: must be a mapping"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(filters, message):
    with pytest.raises(RecipeError, match=message.replace(" .*", "(.|\n)*")) as caught:
        load(filters)
    assert len(caught.value.problems) == 1


def test_filters_are_set_by_their_names():
    wanted = ("filters.structure.complexity.max=7", "filters.caption_words=[3, 9]")
    filters = load_recipe("multi_object", wanted).recipe.filters
    assert {name: one.describe() for name, one in filters.items()} == {
        "structure.complexity": "at most 7",
        "caption_words": "at least 3, at most 9",
    }


def test_a_recipe_without_filters_is_the_same():
    plain = load_recipe("multi_object").recipe
    assert load_recipe("multi_object", {"filters": {}}).recipe == plain
    assert "filters" not in plain.content_fields()
    assert load({"caption_words": [3, 9]}).recipe.content_fields()["filters"]


def test_numbers_of_rows_need_no_package(monkeypatch):
    monkeypatch.setattr("generate_any_scene.builders.rows.filtering.import_module", None)
    check_row_filters(load({"caption_words": [3, 9]}).recipe)
