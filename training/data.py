"""Rows to train on, whoever made them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..builders.recipe_files import is_path
from ..errors import GasError, Problem, RecipeError, advise
from .recipe import Data


def load_rows(data: Data, columns: Iterable[str], key: str = "data") -> Any:
    """Opens a dataset and leaves the columns that a training needs.

    Args:
        data: What to open.
        columns: The columns needed, under our names.
        key: Where the recipe says it, for errors.

    Returns: A `datasets.Dataset`.

    Raises:
        RecipeError: It cannot be opened, has no rows, or lacks a column; nothing else has been loaded by then.
    """
    rows = _open(data, key)
    columns = list(columns)
    draws = bool(data.draw) and "image" in columns
    theirs = {name: data.columns.get(name, name) for name in columns}
    if draws:
        theirs["image"] = data.columns.get("scene_graph", "scene_graph")
    problems = [
        Problem(f"`{column}` is none of the columns that a training of this kind uses", key=f"{key}.columns",
                hint=f"these are {', '.join(columns)}")
        for column in data.columns if column not in (*columns, "scene_graph")
    ]  # fmt: skip
    for ours, column in theirs.items():
        if column not in rows.column_names:
            what = f"there is no column `{column}`"
            hint = f"{advise(column, rows.column_names)}; name it with `{key}.columns={{{ours}: ...}}`"
            problems.append(Problem(what, key=key, hint=hint))
    if not rows.num_rows:
        problems.append(Problem("has no rows", key=key, hint="take another split"))
    if problems:
        raise RecipeError(problems)
    if data.limit:
        rows = rows.select(range(min(data.limit, rows.num_rows)))
    rows = rows.select_columns(list(dict.fromkeys(theirs.values())))
    if draws:
        return _draw_images(rows, theirs)
    return rows.rename_columns({column: ours for ours, column in theirs.items() if column != ours})


def _open(data: Data, key: str) -> Any:
    import datasets

    try:
        if data.recipe:
            overrides: dict[str, Any] = dict(data.overrides)
            if is_path(data.recipe, ".yaml", ".yml"):
                overrides["recipe"] = str(Path(data.recipe).resolve())
            name = "default" if "recipe" in overrides else data.recipe
            return datasets.load_dataset("gas", name, split=data.split, **overrides)
        assert data.path is not None
        if (Path(data.path) / "state.json").is_file():
            return datasets.load_from_disk(data.path)
        return datasets.load_dataset(
            data.path, data.name, split=data.split, data_dir=data.data_dir, revision=data.revision,
            data_files=data.data_files,
        )  # fmt: skip
    except GasError:
        raise
    except (OSError, ValueError, TypeError, RuntimeError, ConnectionError) as error:
        where = f"the recipe `{data.recipe}`" if data.recipe else f"`{data.path}`"
        reason = " ".join(str(error.__cause__ or error).split())
        hint = f"give a folder, a dataset on the Hub or a format, such as --set {key}.path=./images"
        raise RecipeError([Problem(f"cannot open {where}: {reason}", key=key, hint=hint)]) from error


def describe_data(data: Data, rows: Any) -> Mapping[str, Any]:
    """What a run's record says of its data: source, rows, and a fingerprint of both content and columns."""
    described = data.model_dump(mode="json", exclude_defaults=True)
    if data.recipe:
        from ..builders.access import open_writer
        from ..builders.fingerprint import compute_fingerprint

        described["recipe_fingerprint"] = compute_fingerprint(open_writer(data.recipe, dict(data.overrides)))
    return {**described, "rows": rows.num_rows, "fingerprint": rows._fingerprint}


def _draw_images(rows: Any, theirs: Mapping[str, str]) -> Any:
    from .sandbox.pictures import draw_rows

    return draw_rows(rows, theirs)
