"""Rows to train on, whoever made them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..builders.recipe.loading import is_path
from ..errors import GasError, Problem, RecipeError, advise
from .recipes.common import Data


def load_rows(data: Data, columns: Iterable[str], key: str = "data", also: Iterable[str] = ()) -> Any:
    """Opens a dataset and leaves the columns that a training needs.

    Args:
        data: What to open.
        columns: The columns needed, under our names.
        key: Where the recipe says it, for errors.
        also: Columns that are left where the data have them.

    Returns: A `datasets.Dataset`. Its column `image` has the feature `datasets.Image`.

    Raises:
        RecipeError: It cannot be opened, has no rows, lacks a column, or its images are none; nothing else has been
            loaded by then.
    """
    rows = _open(data, key)
    columns = [*columns, *(column for column in also if data.columns.get(column, column) in rows.column_names)]
    draws = data.draw is not None and "image" in columns
    wanted = [
        *(column for column in columns if not (draws and column == "image")),
        *(["scene_graph"] if draws else []),
    ]
    theirs = {column: data.columns.get(column, column) for column in wanted}
    problems = []
    for column in data.columns:
        if column not in wanted:
            what = f"`{column}` is none of the columns that are used here, which are {', '.join(wanted)}"
            problems.append(Problem(what, key=f"{key}.columns", hint="leave it out"))
    taken = Counter(theirs.values())
    for column, name in theirs.items():
        if taken[name] > 1:
            twice = ", ".join(f"`{ours}`" for ours in theirs if theirs[ours] == name)
            what = f"`{name}` cannot be {twice} at once"
            problems.append(Problem(what, key=f"{key}.columns", hint="name two columns of the data"))
            taken[name] = 0
        if name not in rows.column_names:
            hint = f"{advise(name, rows.column_names)}; name it with `{key}.columns: {{{column}: ...}}`"
            problems.append(Problem(f"the data has no column `{name}`", key=key, hint=hint))
    if not rows.num_rows:
        problems.append(Problem("the data has no rows", key=key, hint="take another split"))
    if problems:
        raise RecipeError(problems)
    if data.limit:
        rows = rows.select(range(min(data.limit, rows.num_rows)))
    rows = rows.select_columns(list(theirs.values()))
    rows = rows.rename_columns({name: column for column, name in theirs.items() if column != name})
    if draws:
        from .sandbox.pictures import draw_rows

        try:
            rows = draw_rows(rows)
        except GasError as error:
            raise RecipeError([Problem(str(error), key=f"{key}.draw", hint="take `recipe: sandbox`")]) from error
    elif "image" in columns:
        rows = _read_images(rows, key)
    return rows.select_columns(columns)


def _read_images(rows: Any, key: str) -> Any:
    """Casts what Parquet holds of images, their bytes, to images; refuses all else."""
    import datasets

    feature = rows.features["image"]
    if isinstance(feature, datasets.Image):
        return rows
    if feature == datasets.Value("binary") or (isinstance(feature, dict) and set(feature) == {"bytes", "path"}):
        return rows.cast_column("image", datasets.Image())
    hint = "give a folder of pictures with a metadata.jsonl whose lines hold `file_name` and `caption`"
    what = "text, and no images" if feature == datasets.Value("string") else f"{feature}, and no images"
    raise RecipeError([Problem(f"the column `image` holds {what}", key=key, hint=hint)])


def _open(data: Data, key: str) -> Any:
    import datasets

    if data.recipe:
        _check_recipe(data, key)
    elif data.path and data.path.startswith((".", "/", "~")) and not Path(data.path).exists():
        hint = f"give a folder, such as --set {key}.path=./images"
        raise RecipeError([Problem(f"there is no folder `{data.path}`", key=f"{key}.path", hint=hint)])
    try:
        if data.recipe:
            overrides: dict[str, Any] = dict(data.overrides)
            if is_path(data.recipe, ".yaml", ".yml"):
                overrides["recipe"] = str(Path(data.recipe).resolve())
            name = None if "recipe" in overrides else data.recipe
            return datasets.load_dataset("gas", name, split=data.split, **overrides)
        assert data.path is not None
        if (Path(data.path) / "state.json").is_file():
            return _load_saved(data.path, data.split)
        return datasets.load_dataset(
            data.path, data.name, split=data.split, data_dir=data.data_dir, revision=data.revision,
            data_files=data.data_files,
        )  # fmt: skip
    except GasError:
        raise
    except (OSError, ValueError, TypeError, RuntimeError, StopIteration, datasets.exceptions.DatasetsError) as error:
        where = f"the recipe `{data.recipe}`" if data.recipe else f"`{data.path}`"
        reason = " ".join(str(error.__cause__ or error).split()) or "it is empty"
        hint = f"give a folder, a dataset on the Hub or a format, such as --set {key}.path=./images"
        if data.path and Path(data.path).is_file():
            hint = f"a file has its format as path: `{key}: {{path: json, data_files: {data.path}}}`"
        if reason.startswith(("Unknown split", "Instruction", "Unrecognized instruction")):
            key, hint = f"{key}.split", ""
        raise RecipeError([Problem(f"cannot open {where}: {reason}", key=key, hint=hint)]) from error


def _check_recipe(data: Data, key: str) -> None:
    """Finds what is wrong with a dataset recipe, in its file or in its overrides."""
    from ..builders.gas import OVERRIDES
    from ..builders.rows.single import open_writer

    assert data.recipe is not None
    problems = [
        Problem(f"`{name}` cannot be overridden", key=f"{key}.overrides.{name}", hint=advise(name, OVERRIDES))
        for name in data.overrides
        if name not in OVERRIDES
    ]
    if not problems:
        try:
            open_writer(data.recipe, dict(data.overrides))
        except RecipeError as error:
            for problem in error.problems:
                ours = problem.file is None or problem.file == "override"
                place = f"{key}.overrides.{problem.key}" if ours else problem.key
                problems.append(replace(problem, file=None if ours else problem.file, key=place))
        except GasError as error:
            problems.append(Problem(str(error), key=f"{key}.recipe"))
    if problems:
        raise RecipeError(problems)


def _load_saved(path: str, split: str) -> Any:
    """What `save_to_disk` wrote of one split, which `train` names whatever it was called, or a part: `train[:10%]`."""
    import datasets

    rows = datasets.load_from_disk(path)
    sizes = {"train": rows.num_rows, str(rows.split or "train"): rows.num_rows}
    parts = datasets.ReadInstruction.from_spec(split).to_absolute(sizes)
    return datasets.concatenate_datasets(
        [rows.select(range(part.from_ or 0, part.to or rows.num_rows)) for part in parts]
    )


def describe_data(data: Data, rows: Any) -> Mapping[str, Any]:
    """What a run's record says of its data: source, rows, and the fingerprint that `datasets` keeps its cache by.

    That of files changes with their names, their times and all that was taken of them.
    """
    described = data.model_dump(mode="json", exclude_defaults=True)
    if data.recipe:
        from ..builders.rows.fingerprint import compute_fingerprint
        from ..builders.rows.single import open_writer

        described["recipe_fingerprint"] = compute_fingerprint(open_writer(data.recipe, dict(data.overrides)))
    return {**described, "rows": rows.num_rows, "fingerprint": rows._fingerprint}
