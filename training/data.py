"""Rows to train on, whoever made them."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..builders.recipe.loading import is_path
from ..builders.rows.wordings import ALL, MIXED, PARAPHRASE, find_column, take_wordings
from ..console import remark
from ..errors import GasError, Problem, RecipeError, advise
from .fields import Data
from .sources import Source, find_problems

BATCH = 1000
"""Rows that are looked at together."""


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
    if data.wording is not None:
        rows = _take_wordings(rows, data, key)
    if "questions" in columns and data.columns.get("questions", "questions") not in rows.column_names:
        rows = _add_questions(rows, key)
    columns = [*columns, *(column for column in also if data.columns.get(column, column) in rows.column_names)]
    draws = data.draw is not None and "image" in columns
    wanted = [
        *(column for column in columns if not (draws and column == "image")),
        *(["scene_graph"] if draws else []),
    ]
    theirs = {column: data.columns.get(column, column) for column in wanted}
    _check_columns(data, theirs, rows, key)
    if data.limit:
        rows = rows.select(range(min(data.limit, rows.num_rows)))
    rows = rows.select_columns(list(theirs.values()))
    rows = rows.rename_columns({name: column for column, name in theirs.items() if column != name})
    if draws:
        from .sandbox.pictures import draw_rows

        try:
            rows = draw_rows(rows, by_camera=data.draw == "camera")
        except GasError as error:
            raise RecipeError([Problem(str(error), key=f"{key}.draw", hint="take `recipe: sandbox`")]) from error
    elif "image" in columns:
        rows = _read_images(rows, key)
    if "caption" in columns:
        _check_captions(rows, key)
    return rows.select_columns(columns)


def _check_columns(data: Data, theirs: Mapping[str, str], rows: Any, key: str) -> None:
    """Refuses rows that lack a column, and columns that nothing is done with; `theirs` has our names and theirs."""
    problems = []
    for column in data.columns:
        if column not in theirs:
            what = f"`{column}` is none of the columns that are used here, which are {', '.join(theirs)}"
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


def _take_wordings(rows: Any, data: Data, key: str) -> Any:
    """Puts wordings in the place of captions, in the first rows if no more are wanted."""
    import datasets

    wording, key = str(data.wording), f"{key}.wording"
    if missing := {find_column(wording), "caption"} - {*rows.column_names}:
        asked = "paraphrase: {model: ...}" if wording == PARAPHRASE else "wordings: [short, long]"
        hint = f"take rows of a recipe with `{asked.partition(':')[0]}`, such as `overrides: {{{asked}}}`"
        raise RecipeError([Problem(f"the data has no column `{max(missing)}`", key=key, hint=hint)])
    if data.limit:
        rows = rows.select(range(min(data.limit, rows.num_rows)))
    others = {name: feature for name, feature in rows.features.items() if name != "wordings"}
    features = datasets.Features({**others, "template": datasets.Value("string")})
    if "image" in others:
        rows = rows.cast_column("image", datasets.Image(decode=False))

    def reword(batch: dict[str, list[Any]], places: list[int]) -> dict[str, list[Any]]:
        some = [dict(zip(batch, values, strict=True)) for values in zip(*batch.values(), strict=True)]
        found = [one for row, place in zip(some, places, strict=True) for one in take_wordings(row, wording, place)]
        return {name: [row[name] for row in found] for name in features}

    worded = rows.with_format(None).map(
        reword, batched=True, with_indices=True, remove_columns=rows.column_names, features=features
    )
    if wording == PARAPHRASE and 0 < worded.num_rows < rows.num_rows:
        lacking = rows.num_rows - worded.num_rows
        remark(f"{key}: {lacking:,} of {rows.num_rows:,} rows have no paraphrase, and are left out")
    elif worded.num_rows < rows.num_rows and wording == PARAPHRASE:
        raise RecipeError([Problem("no row has a paraphrase", key=key, hint="raise `paraphrase.tries`")])
    elif worded.num_rows < rows.num_rows:
        templates = {one["template"] for some in rows["wordings"][:BATCH] for one in some}
        what = f"{rows.num_rows - worded.num_rows:,} of {rows.num_rows:,} rows have no wording `{wording}`"
        raise RecipeError([Problem(what, key=key, hint=advise(wording, [*sorted(templates), ALL, MIXED]))])
    return worded


def _add_questions(rows: Any, key: str) -> Any:
    """Adds the column `questions` where rows have a question each, as VQAv2 has them."""
    if not {"question", "answers"} <= {*rows.column_names}:
        return rows
    from .vqa import read_vqa

    try:
        return rows.map(lambda row: {"questions": read_vqa(row)})
    except GasError as error:
        raise RecipeError([Problem(str(error), key=key, hint="leave these rows out")]) from error


def _check_captions(rows: Any, key: str) -> None:
    """Refuses captions that are no texts, or empty."""
    import datasets

    feature = rows.features["caption"]
    if feature not in (datasets.Value("string"), datasets.Value("large_string")):
        hint = f"name another column with `{key}.columns: {{caption: ...}}`"
        raise RecipeError([Problem(f"the column `caption` holds {feature}, and no texts", key=key, hint=hint)])
    empty: list[int] = []
    for start, batch in enumerate(rows.select_columns("caption").with_format(None).iter(BATCH)):
        texts = batch["caption"]
        empty += [start * BATCH + place for place, text in enumerate(texts) if text is None or not text.strip()]
    if empty:
        what = f"{len(empty):,} of {rows.num_rows:,} rows have no caption; the first is row {empty[0]}"
        raise RecipeError([Problem(what, key=key, hint="leave these rows out")])


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
    elif data.path and (problems := find_problems(Source(data.path, "dataset", f"{key}.path", data.revision))):
        raise RecipeError(problems)
    try:
        if data.recipe:
            overrides: dict[str, Any] = dict(data.overrides)
            if is_path(data.recipe, ".yaml", ".yml"):
                overrides["recipe"] = str(Path(data.recipe).resolve())
            name = None if "recipe" in overrides else data.recipe
            return datasets.load_dataset("gas", name, split=data.split, **overrides)
        assert data.path is not None
        if (Path(data.path) / "state.json").is_file():
            rows = datasets.load_from_disk(data.path)
            return _take_split(rows, data.split, str(rows.split or "train"))
        if pairs := _list_pairs(Path(data.path), key):
            return _take_split(_open_pairs(pairs), data.split)
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


def _take_split(rows: Any, split: str, name: str = "train") -> Any:
    """Of rows of one split, which `train` names whatever it was called, all or a part: `train[:10%]`."""
    import datasets

    sizes = {"train": rows.num_rows, name: rows.num_rows}
    parts = datasets.ReadInstruction.from_spec(split).to_absolute(sizes)
    return datasets.concatenate_datasets(
        [rows.select(range(part.from_ or 0, part.to or rows.num_rows)) for part in parts]
    )


def _list_pairs(folder: Path, key: str) -> list[tuple[Path, Path]]:
    """Pictures with their captions' files, where a folder has `0.png` and `0.txt`; none where it has no such pair.

    Raises:
        RecipeError: Some pictures have captions, and others have none.
    """
    if not folder.is_dir() or any(folder.glob("metadata.*")):
        return []
    from PIL import Image

    suffixes = Image.registered_extensions()
    pictures = sorted(path for path in folder.iterdir() if path.suffix.lower() in suffixes)
    pairs = [(path, path.with_suffix(".txt")) for path in pictures]
    missing = [text for _, text in pairs if not text.is_file()]
    if len(missing) == len(pairs):
        return []
    if missing:
        what = f"{len(missing):,} of {len(pairs):,} pictures have no caption; there is no {missing[0]}"
        raise RecipeError([Problem(what, key=key, hint="write it, or move the picture elsewhere")])
    return pairs


def _open_pairs(pairs: list[tuple[Path, Path]]) -> Any:
    import datasets

    captions = [text.read_text(encoding="utf-8-sig").strip() for _, text in pairs]
    features = datasets.Features({"caption": datasets.Value("string"), "image": datasets.Image()})
    return datasets.Dataset.from_dict({"caption": captions, "image": [str(path) for path, _ in pairs]}, features)


def describe_data(data: Data, rows: Any) -> Mapping[str, Any]:
    """What a run's record says of its data: source, rows, and a fingerprint of all that is trained on.

    That of a recipe's rows follows from the recipe; that of others from their texts, pictures and order, and from
    neither names nor times of files.
    """
    described = data.model_dump(mode="json", exclude_defaults=True)
    if data.recipe:
        from ..builders.rows.fingerprint import compute_fingerprint
        from ..builders.rows.single import open_writer

        described["recipe_fingerprint"] = compute_fingerprint(open_writer(data.recipe, dict(data.overrides)))
        digest = sha256(json.dumps([described, data.split], sort_keys=True).encode())
    else:
        digest = _digest_rows(rows)
        described |= {"commit": commit} if (commit := _find_commit(data, rows)) else {}
    return {**described, "rows": rows.num_rows, "fingerprint": digest.hexdigest()}


def _find_commit(data: Data, rows: Any) -> str | None:
    """The commit on the Hub that rows were read at: `datasets` names the folder by it in which it keeps them."""
    kept = (data.path or "").replace("/", "___")
    folders = {Path(file["filename"]).parent for file in rows.cache_files}
    commits = {one.name for one in folders if kept in one.parts and re.fullmatch("[0-9a-f]{40}", one.name)}
    return commits.pop() if len(commits) == 1 else None


def _digest_rows(rows: Any) -> Any:
    import datasets

    if "image" in rows.column_names:
        rows = rows.cast_column("image", datasets.Image(decode=False))
    digest = sha256(json.dumps(rows.column_names).encode())
    for batch in rows.with_format(None).iter(BATCH):
        for image in batch.pop("image", ()):
            digest.update(digest_picture(image))
        digest.update(json.dumps(list(batch.values()), default=str).encode())
    return digest


def digest_picture(image: Mapping[str, Any] | None) -> bytes:
    """What tells a picture that is not decoded from others: a digest of its file, wherever that is."""
    if image is None:
        return b"none"
    if image["bytes"] is None and not Path(image["path"]).is_file():
        return str(image["path"]).encode()  # within an archive or elsewhere, where names stand for what is there
    return sha256(Path(image["path"]).read_bytes() if image["bytes"] is None else image["bytes"]).digest()
