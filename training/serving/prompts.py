"""Prompts -> the rows that have their questions: of a recipe, a built folder, a file of an export, or the Hub."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from ...builders.folder.manifest import MANIFEST
from ...builders.folder.reading import find_split, read_built_manifest
from ...builders.recipe.fields import show
from ...builders.recipe.loading import load_recipe
from ...builders.recipe.model import VIEW_SUFFIXES
from ...errors import GasError, advise
from ...recipes import SUFFIXES, list_recipes
from ..data import load_rows
from ..fields import Data
from ..judges.marking import Question
from ..sources import Source, find_problems
from ..vqa import read_row
from .requests import Ask, RequestError

BATCH = 1000
"""Rows that are looked at together."""
FILES = {".json": "json", ".jsonl": "json", ".parquet": "parquet"}
"""Files with rows, and the formats of `datasets` that read them."""
INNER = ("extra_info", "metadata", "reward_model")
"""Where rows of other trainers keep what is no prompt."""
TEXTS = ("caption", "prompt")
KEPT = 4096
"""Prompts whose questions are kept ready."""


@dataclass(eq=False)
class Prompts:
    """Rows by the exact texts of their captions, wordings and paraphrases.

    Attributes:
        tables: The rows, one table a split.
        places: Of each text, the table and the row; of several, the first.
        twins: Of a text that several rows have, all of them.
    """

    tables: list[Any]
    places: dict[str, tuple[int, int]] = field(default_factory=dict)
    twins: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._read = lru_cache(KEPT)(self._read_questions)  # the pictures of a group have one prompt
        for number, table in enumerate(self.tables):
            for row, text in _list_texts(table):
                self._add(text, (number, row))

    def _add(self, text: str, place: tuple[int, int]) -> None:
        first = self.places.setdefault(text, place)
        if first != place and place not in self.twins.setdefault(text, [first]):
            self.twins[text].append(place)

    @property
    def rows(self) -> int:
        return sum(len(table) for table in self.tables)

    def find(self, ask: Ask) -> list[Question]:
        """The questions of a prompt.

        Raises:
            RequestError: No row has the prompt, or the row has no questions.
        """
        text = clean_prompt(ask.prompt)
        if text not in self.places:
            what = f"no row has the prompt {show(ask.prompt)}"
            raise RequestError(f"{what}; they are looked up by their exact words: serve the dataset of it", 404)
        if (place := self._choose(text, ask.scene)) is None:
            what = f"the rows with the prompt {show(ask.prompt)} have other ids than {show(ask.scene)}"
            raise RequestError(f"{what}; leave the id out, or serve the dataset that it is from", 409)
        return self._read(place)

    def read_first(self) -> list[Question]:
        """The questions of the first prompt.

        Raises:
            RequestError: It has none.
        """
        return self._read(next(iter(self.places.values())))

    def _choose(self, text: str, scene: str | None) -> tuple[int, int] | None:
        """Of several rows with a text the one with the id, else the first."""
        if scene is None or text not in self.twins:
            return self.places[text]
        return next((place for place in self.twins[text] if self._read_id(place) == scene), None)

    def _read_id(self, place: tuple[int, int]) -> str | None:
        number, row = place
        return _find_value(self.tables[number][row], "id")

    def _read_questions(self, place: tuple[int, int]) -> list[Question]:
        number, row = place
        found = _find_value(self.tables[number][row], "questions")
        try:
            asked = read_row({"questions": found})
        except GasError as error:
            raise RequestError(f"row {row} of the dataset cannot be asked about: {error}", 422) from error
        if not asked:
            raise RequestError(f"row {row} of the dataset has no questions; leave it out of the training", 422)
        return asked


def clean_prompt(text: str) -> str:
    """A prompt as it is looked up: white space around it, or in it, does not count, which files of lines change."""
    return " ".join(text.split())


def _find_value(row: Mapping[str, Any], name: str) -> Any:
    """A column of a row; where it has none, that in what another trainer keeps beside the prompt."""
    if row.get(name) is not None:
        return row[name]
    inner = (row[one] for one in INNER if isinstance(row.get(one), Mapping))
    return next((one[name] for one in inner if one.get(name) is not None), None)


def _list_texts(table: Any) -> Iterator[tuple[int, str]]:
    """Of each row, all texts that it may be asked for by."""
    text = next(name for name in TEXTS if name in table.column_names)
    others = [name for name in ("wordings", "paraphrases") if name in table.column_names]
    keys = {"wordings": "caption", "paraphrases": "text"}
    start = 0
    for batch in table.select_columns([text, *others]).with_format(None).iter(BATCH):
        for row, value in enumerate(batch[text], start):
            if isinstance(said := _read_text(value), str):
                yield row, clean_prompt(said)
            for name in others:
                yield from ((row, clean_prompt(one[keys[name]])) for one in batch[name][row - start] or ())
        start += len(batch[text])


def _read_text(value: Any) -> Any:
    """A prompt that is a text, or what the user says last in one that is a chat."""
    if isinstance(value, str):
        return value
    said = [one["content"] for one in value or () if isinstance(one, Mapping) and one.get("role") == "user"]
    return said[-1] if said else None


def open_prompts(dataset: str, config: str | None = None, split: str | None = None) -> Prompts:
    """Opens the prompts of a dataset.

    Args:
        dataset: A recipe, by its name or path; what `gas build` wrote; a .jsonl or .parquet file or a folder of an
            export; or a name on the Hub.
        config: Of a dataset with several; all when left out.
        split: All when left out.

    Raises:
        GasError: It cannot be opened, or its rows have no prompts or no questions.
    """
    path = Path(dataset)
    if (path / MANIFEST).exists():
        tables = list(_open_built(path, config, split))
    elif path.is_file() and path.suffix in FILES:
        _refuse_config(config, "a file")
        tables = [_load(FILES[path.suffix], None, split, {"data_files": str(path)})]
        tables = [one for table in tables for one in table]
    elif dataset in list_recipes() or dataset.endswith(SUFFIXES):
        _refuse_config(config, "a recipe")
        tables = list(_open_recipe(dataset, split))
    else:
        if problems := find_problems(Source(dataset, "dataset", "DATASET")):
            raise GasError(f"{problems[0].message}; {problems[0].hint}")
        tables = [table for name in _list_configs(dataset, config) for table in _load(dataset, name, split, {})]
    for table in tables:
        _check_columns(table, dataset)
    prompts = Prompts(tables)
    if not prompts.places:
        raise GasError(f"{dataset} has no prompts")
    return prompts


def _refuse_config(config: str | None, what: str) -> None:
    if config is not None:
        raise GasError(f"{what} has no configs; leave --config out")


def _open_built(folder: Path, config: str | None, split: str | None) -> Iterator[Any]:
    """The Parquet files of a built folder, a table a split."""
    configs = read_built_manifest(folder).configs
    having = [name for name in configs if split is None or split in configs[name].splits]
    for name in [config] if config is not None else having or configs:
        splits = [split] if split is not None or name not in configs else configs[name].splits
        for one in splits:
            source = find_split(folder, name, one)
            if source.rows:
                yield from _load("parquet", None, None, {"data_files": [str(file) for file in source.files]})


def _open_recipe(recipe: str, split: str | None) -> Iterator[Any]:
    sizes = load_recipe(recipe).recipe.splits
    if split is not None and split not in sizes:
        raise GasError(f"{recipe} has no split {show(split)}; {advise(split, sizes)}")
    for name in [split] if split else sizes:
        yield load_rows(Data(recipe=recipe, split=name), ["id", "caption", "questions"], "DATASET", also=["wordings"])


def _list_configs(dataset: str, config: str | None) -> Sequence[str | None]:
    """The configs with whole rows: not those that show some of the columns of others."""
    import datasets

    try:
        names = datasets.get_dataset_config_names(dataset)
    except (OSError, ValueError, RuntimeError, datasets.exceptions.DatasetsError) as error:
        raise GasError(f"{dataset} cannot be opened: {' '.join(str(error).split())}") from error
    if config is not None and config not in names:
        raise GasError(f"{dataset} has no config {show(config)}; {advise(config, names)}")
    views = {f"{name}{suffix}" for name in names for suffix in VIEW_SUFFIXES}
    whole = [name for name in names if name not in views]
    return [config] if config else whole


def _load(path: str, config: str | None, split: str | None, files: Mapping[str, Any]) -> list[Any]:
    import datasets

    try:
        found = datasets.load_dataset(path, config, split=split, **files)
    except (OSError, ValueError, RuntimeError, TypeError, StopIteration, datasets.exceptions.DatasetsError) as error:
        where = files.get("data_files", path)
        reason = " ".join(str(error.__cause__ or error).split()) or "it has no rows"
        raise GasError(f"{where} cannot be opened: {reason}") from error
    return list(found.values()) if isinstance(found, Mapping) else [found]


def _check_columns(table: Any, dataset: str) -> None:
    """Refuses rows without prompts or without questions."""
    names = table.column_names
    if not any(name in names for name in TEXTS):
        raise GasError(f"{dataset} has no column `caption` or `prompt`, but {', '.join(names)}")
    inner = [name for name in INNER if "questions" in (getattr(table.features.get(name), "keys", dict)() or ())]
    if "questions" not in names and not inner:
        hint = "serve the dataset itself, or an export that keeps questions, such as gas export --format trl"
        raise GasError(f"the rows of {dataset} have no questions, but {', '.join(names)}; {hint}")
