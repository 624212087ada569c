"""What is given from Python: NumPy and every format of `datasets` work, the rest is a GasError that says what."""

import numpy as np
import pytest
from datasets import Dataset
from generate_any_scene import GasError, explode_questions, scene, to_networkx

ODD = (None, 1.5, "3", b"3", {3}, range(3), object(), float("nan"), [1], {}, 2**63, -1, np.float64(2))


@pytest.mark.parametrize("index", ODD)
def test_odd_indices_are_named(index):
    with pytest.raises(GasError, match="index|there is no row"):
        scene("sandbox", index)


@pytest.mark.parametrize("value", [range(3, 5), {3, 5}, b"x", object(), 3j])
@pytest.mark.parametrize("wrap", [lambda value: {"complexity": value}, lambda value: {"objects": [value, value]}])
def test_overrides_that_no_recipe_holds_are_named(value, wrap):
    with pytest.raises(GasError, match=r"`structure\.(complexity|objects)` must be text, a number"):
        scene("sandbox", 0, structure=wrap(value))


def test_overrides_that_hold_themselves_are_refused():
    loop = {}
    loop["structure"] = loop
    with pytest.raises(GasError, match="hold themselves"):
        scene("sandbox", 0, structure=loop)


def test_numbers_of_numpy_are_numbers():
    plain = scene("sandbox", 3, seed=5, structure={"complexity": [3, 4]})
    assert scene("sandbox", np.int64(3), seed=np.uint8(5), structure={"complexity": np.array([3, 4])}) == plain


@pytest.mark.parametrize("recipe", [None, 3, ["sandbox"], b"sandbox"])
def test_odd_recipes_and_splits_are_named(recipe):
    with pytest.raises(GasError, match="`recipe` must be"):
        scene(recipe, 0)
    with pytest.raises(GasError, match="has no split"):
        scene("sandbox", 0, split=recipe)


@pytest.mark.parametrize(
    "row", [None, {}, 3, [], {"scene_graph": None}, {"scene_graph": {"objects": [{}], "relations": []}}]
)
def test_odd_rows_are_no_graphs(row):
    with pytest.raises(GasError, match="no row with a `scene_graph`"):
        to_networkx(row)


@pytest.mark.parametrize("dataset", [None, 3, "gas", [{}], {"train": 3}])
def test_what_is_no_dataset_is_refused(dataset):
    with pytest.raises(GasError, match="must be a Dataset"):
        explode_questions(dataset)


@pytest.mark.parametrize("style", [None, "numpy", "pandas", "arrow"])
def test_questions_of_every_format(style):
    rows = Dataset.from_list([scene("sandbox", index) for index in range(3)])
    expected = explode_questions(rows).to_list()
    exploded = explode_questions(rows.with_format(style))
    assert exploded.format["type"] == style
    assert exploded.with_format(None).to_list() == expected
    assert len(list(explode_questions(rows.to_iterable_dataset().with_format(style)))) == len(expected)
