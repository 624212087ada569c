"""The captions of an iteration, as scenes that pictures are made of and asked about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from ....builders.recipe.loading import load_recipe
from ....builders.rows.writer import create_writer
from ....errors import GasError
from ...data import load_rows
from ...evaluation.mining import merge_mappings
from ...fields import Data
from ...recipes.selection import Selection

MORE = ("id", "questions", "scene_graph")


def count_captions(recipe: Selection) -> int:
    """How many captions all iterations take together."""
    return recipe.iterations * recipe.captions


def list_scenes(recipe: Selection, data: Data, number: int) -> pa.Table:
    """The scenes of an iteration: `id`, `caption`, `questions` and, where the data have it, `scene_graph`.

    Rows without an id are called by their place; rows without questions have none.

    Raises:
        RecipeError: The rows cannot be had.
        GasError: There are too few.
    """
    rows = load_rows(data, ("caption",), also=MORE)
    start, stop = number * recipe.captions, (number + 1) * recipe.captions
    if rows.num_rows < stop:
        what = f"the data has {rows.num_rows:,} captions, and {recipe.iterations} iterations take {stop:,} or more"
        raise GasError(f"{what}; give more, or fewer `captions`")
    table: pa.Table = rows.select(range(start, stop)).with_format("arrow")[:].combine_chunks()
    if "id" not in table.column_names:
        table = table.append_column("id", pa.array([f"row_{place:09}" for place in range(start, stop)]))
    if "questions" not in table.column_names:
        table = table.append_column("questions", pa.array([[]] * len(table), pa.list_(pa.null())))
    return table.set_column(table.column_names.index("id"), "id", table["id"].cast(pa.string()))


def take_images(recipe: Selection, data: Data, number: int) -> Iterator[Any]:
    """The pictures of an iteration's rows, as `pictures.open_picture` takes them."""
    import datasets

    rows = load_rows(data, ("caption", "image")).cast_column("image", datasets.Image(decode=False))
    return (row["image"] for row in rows.select(range(number * recipe.captions, (number + 1) * recipe.captions)))


def lean_data(recipe: Selection, weak: Mapping[str, float]) -> Data:
    """The recipe's captions, but that weak concepts are a share of the deck of objects, all alike.

    Raises:
        GasError: The dataset recipe cannot be built so.
    """
    assert recipe.mine and recipe.data.recipe
    deck = create_writer(load_recipe(recipe.data.recipe, recipe.data.overrides))
    ids: list[str] = deck.plan.taxonomy.objects["id"].take(pa.array(deck.plan.pools.objects)).to_pylist()
    others = sum(name not in weak for name in ids)
    cards = max(1, round(others * recipe.mine.share / (1 - recipe.mine.share) / len(weak)))
    overrides = merge_mappings(
        recipe.data.overrides, {"content": {"objects": {"weights": dict.fromkeys(weak, cards)}}}
    )
    return recipe.data.model_copy(update={"overrides": overrides})
