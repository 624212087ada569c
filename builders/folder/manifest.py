"""The manifest of a built folder: which configs it holds, of what, in which files.

A manifest may be a stranger's. Whatever reads one gets it as `Manifest`, and no such model holds a name or a path that
leads out of the folder, into the place of another config, or onto the terminal. `resolve_inside` (`files.py`) refuses
links that lead out, when a file is opened.

Keys that the models do not name are kept and written again: a later version may add some without a new format.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from ...errors import GasError, Problem
from ...regular_files import find_obstacle, read_regular
from ..recipe.fields import escape, show
from ..recipe.model import LARGEST_SPLIT, LISTS, RECIPES, SPLITS, Recipe
from .files import AnyPath, resolve_inside, write_text
from .manifest_values import LONGEST, Complexity, Count, Digest, FilePath, Release, Share, Word, explain_error, refuse
from .strict_json import find_strange, read_json

MANIFEST, CARD = "manifest.json", "README.md"
ASSETS = "card-assets"
"""The folder of the card's pictures; RECIPES is that of recipes, LISTS that of lists of rows that were left out."""
WORK, LOCK = ".building", ".gas.lock"
RESERVED = frozenset({MANIFEST, CARD, RECIPES, ASSETS, LISTS, WORK, LOCK})
"""Names in a built folder that are its own; no recipe can have one of them."""
GENERATOR: Literal["generate-any-scene"] = "generate-any-scene"
FORMAT = 1
"""Raised when those who read the manifests of today could not read those of tomorrow."""
DATA_FILE = re.compile(rf"(?P<config>[a-z][a-z0-9_]*)/(?P<split>{'|'.join(SPLITS)})-[0-9]{{5}}-of-[0-9]{{5}}\.parquet")
"""What `name_file` gives."""
PICTURE = re.compile(
    rf"{ASSETS}/(?P<config>[a-z][a-z0-9_]*)-(chart(-[a-z]+)+|graph-[0-9]+|scenes|kinds|concepts|questions)\.svg"
)
"""Of the card's pictures: only such files are ever removed as outdated."""
MEND = "put the file back as `gas build` wrote it, or build the recipes again into another folder"


def name_file(config: str, split: str, number: int, count: int) -> str:
    """The path of one of the Parquet files of a split, from the folder."""
    return f"{config}/{split}-{number:05d}-of-{count:05d}.parquet"


ConfigName = Annotated[str, AfterValidator(Recipe.check_name)]
SplitName = Annotated[str, Field(pattern=f"^({'|'.join(SPLITS)})$")]


class Entry(BaseModel):
    """A part of a manifest."""

    model_config = ConfigDict(strict=True, extra="allow", frozen=True)

    def describe(self) -> dict[str, Any]:
        """The same as JSON can hold it; keys that have their defaults are left out, as older versions did."""
        return self.model_dump(exclude_defaults=True)

    def replace(self, **changes: Any) -> Self:
        """The same with other values, checked again.

        Raises:
            GasError: No manifest holds them, as when a stranger's files are not what the manifest said.
        """
        try:
            return type(self)(**{**dict(self), **changes})
        except ValidationError as error:
            key, message = explain_error(error.errors(include_url=False)[0])
            raise GasError(f"no manifest holds that: {'.'.join(map(str, key))} {message}") from error


class File(Entry):
    """A Parquet file.

    Attributes:
        path: From the folder.
        rows: Its rows.
        bytes: Its size.
        sha256: Hex.
        dropped: Rows that were left out of it after the build.
        filtered: Candidates between its rows that the recipe's filters dropped.
    """

    path: FilePath
    rows: Count
    bytes: Count
    sha256: Digest
    dropped: Count = 0
    filtered: Count = 0

    @property
    def span(self) -> int:
        """How many numbers of the split it has, whether or not a row has each."""
        return self.rows + self.dropped + self.filtered


class Asked(Entry):
    """Questions of a kind and form: how many, and the share that is guessed right without a picture."""

    questions: Count
    best_guess: Share


class Filtered(Entry):
    """What one of a recipe's filters dropped of the candidates that no filter before it did.

    Attributes:
        dropped: How many.
        score: The id of what gave the numbers, with its model; None where they are those of rows.
    """

    dropped: Count
    score: Annotated[str, Field(max_length=LONGEST)] | None = None


class Split(Entry):
    """A split of a config.

    Attributes:
        rows: Its rows.
        columns: Bytes that each column takes in memory.
        files: Its files, in the order of the rows.
        structures: By complexity, how many structures occur, and how many are possible.
        questions: By kind and form.
        paraphrases: How many were `kept`, and how many were left out by why.
        filters: By filter, in the order in which they were asked.
        too_long: Structures that are never drawn, since their captions are longer than the recipe allows.
        difficulty: By level, how many rows are of it, and the least and the largest score of their structures. Rows
            that were dropped after the build are counted, too; filters leave it empty.
    """

    rows: Annotated[Count, Field(ge=1)]
    columns: dict[Word, Count]
    files: Annotated[list[File], Field(min_length=1)]
    structures: Annotated[
        dict[Complexity, Annotated[tuple[Count, Count], Field(strict=False)]],
        Field(min_length=1),
    ]
    questions: dict[Word, dict[Word, Asked]]
    paraphrases: dict[Word, Count] = {}
    filters: dict[Annotated[str, Field(pattern="^[a-z][a-z0-9_.]*$", max_length=100)], Filtered] = {}
    too_long: Count = 0
    difficulty: dict[Complexity, Annotated[tuple[Count, Count, Count], Field(strict=False)]] = {}

    @model_validator(mode="after")
    def check_rows(self) -> Self:
        """Compares the rows of the split with those of its files."""
        if (dropped := sum(one.dropped for one in self.filters.values())) != self.filtered:
            raise refuse(f"must drop the {self.filtered:,} candidates of its files, not {dropped:,}", "filters")
        if self.rows != (rows := sum(file.rows for file in self.files)):
            raise refuse(f"must be the {rows:,} rows of its files, not {self.rows:,}", "rows")
        if (numbers := self.spans[-1].stop) > LARGEST_SPLIT:
            raise refuse(f"must be at most {LARGEST_SPLIT:,}, not {numbers:,}", "rows")
        return self

    @property
    def spans(self) -> list[range]:
        """The numbers that each file has of the split, counted through its candidates where the recipe has filters."""
        spans, first = [], 0
        for file in self.files:
            spans.append(range(first, first + file.span))
            first = spans[-1].stop
        return spans

    @property
    def dropped(self) -> int:
        """Rows that were left out after the build."""
        return sum(file.dropped for file in self.files)

    @property
    def filtered(self) -> int:
        """Candidates that the recipe's filters dropped."""
        return sum(file.filtered for file in self.files)

    @property
    def size(self) -> int:
        """Its rows when it was built."""
        return self.rows + self.dropped


class Against(Entry):
    """A file of prompts: rows with captions like these were left out.

    Attributes:
        file: Its name.
        sha256: Hex.
        prompts: How many it has.
        threshold: The least similarity of what was left out.
        splits: Where captions were compared with it.
    """

    file: str
    sha256: Digest
    prompts: Count
    threshold: Share
    splits: list[SplitName]


class Dropped(Entry):
    """What was left out of a config after it was built.

    Attributes:
        file: The list of these rows, by its path from the folder.
        sha256: Hex, of the list.
        rows: How many, by split.
        measure: What the similarity is.
        against: Files of the prompts.
    """

    file: FilePath
    sha256: Digest
    rows: dict[SplitName, Count]
    measure: str
    against: list[Against]


class Engine(Entry):
    """What made the rows: the version of the package, and of the rows that it makes."""

    version: Release
    data_version: Count


class Provenance(Entry):
    """What the rows of a config come from.

    Attributes:
        version: Of the recipe.
        fingerprint: Of the rows, see `compute_fingerprint`.
        engine: What made them.
        taxonomy: SHA-256 (hex) of the concepts.
        recipe: The recipe, by its path from the folder.
        sources: SHA-256 (hex) of the recipe and of each file that came with it, by path.
    """

    version: Annotated[str, AfterValidator(Recipe.check_version)]
    fingerprint: Digest
    engine: Engine
    taxonomy: Digest
    recipe: FilePath
    sources: dict[FilePath, Digest]


LEFT_OUT = {
    "objects": "objects with a name that cannot be read",
    "attributes": "attributes that cannot be read",
    "relations": "relations that cannot be said",
    "scene_attributes": "scene attributes that nobody knows",
    "ends": "relations to an object that is not there, or was left out",
    "loops": "relations of a thing to itself",
    "single": "relations to one thing that need several: between a tree",
    "repeated": "relations and attributes that are stated twice",
    "graphs": "graphs without an object",
}
"""What may be left out of graphs, and why."""


class Described(Entry):
    """What the rows of a config were made from, if they describe scene graphs that somebody had.

    Attributes:
        graphs: How many graphs there were.
        left_out: What was left out of them, by `LEFT_OUT`.
        own_words: Words that the taxonomy does not have, by table.
    """

    graphs: Count
    left_out: dict[Word, Count] = {}
    own_words: dict[Word, Count] = {}


class Config(Provenance):
    """A config; `dropped` says what was left out after it was built, if anything was.

    `described` says that its rows describe scene graphs that somebody had, so that its recipe alone makes no rows.
    """

    splits: Annotated[dict[SplitName, Split], Field(min_length=1)]
    dropped: Dropped | None = None
    described: Described | None = None

    @model_validator(mode="after")
    def check_dropped(self) -> Self:
        """Compares the rows that were left out with those of the files."""
        rows = {name: split.dropped for name, split in self.splits.items()}
        if self.dropped is None and any(rows.values()):
            raise refuse("is missing, though rows were left out of files", "dropped")
        if self.dropped is not None and self.dropped.rows != rows:
            raise refuse("are not as many as the files say", "dropped", "rows")
        return self

    @property
    def sizes(self) -> dict[str, int]:
        """Rows of each split when it was built."""
        return {name: split.size for name, split in self.splits.items()}

    def list_files(self) -> list[File]:
        """Its Parquet files."""
        return [file for split in self.splits.values() for file in split.files]

    def list_digests(self) -> dict[str, str]:
        """SHA-256 (hex) of all files that are the config's, by path from the folder."""
        lists = {self.dropped.file: self.dropped.sha256} if self.dropped else {}
        return {**self.sources, **{file.path: file.sha256 for file in self.list_files()}, **lists}


class Card(Entry):
    """The card as it was written, by which is known what people wrote into it after.

    Attributes:
        metadata: Digest of each key of its YAML, see `split_card`.
        sections: Digest of each section.
        pictures: SHA-256 (hex) of each picture, by path.
    """

    metadata: dict[str, Digest]
    sections: dict[str, Digest]
    pictures: dict[FilePath, Digest]


class Manifest(Entry):
    """What `manifest.json` says.

    Attributes:
        generator: What wrote it.
        format: Of the file. One that says none was written before there were formats, and is read as of format 1.
        configs: By name.
        default: The config that `load_dataset` gives to those who name none. It stays when others come; while it is
            built anew it is not among the configs.
        card: The card; None where none was written yet.
    """

    generator: Literal["generate-any-scene"]
    format: Annotated[int, Field(ge=1, le=FORMAT)]
    configs: dict[ConfigName, Config]
    default: ConfigName | None = None
    card: Card | None = None

    @model_validator(mode="after")
    def check_places(self) -> Self:
        """Refuses files in places of others: in another config's folder, or under a name that is taken."""
        sources = dict[str, str]()
        for name, config in self.configs.items():
            for key, path, right in _list_places(name, config):
                if not right:
                    raise refuse(f"{show(path)} is not where a build writes it", "configs", name, *key)
            for path, digest in config.sources.items():
                if sources.setdefault(path, digest) != digest:
                    raise refuse("is another file in another config", "configs", name, "sources", path)
            paths = [file.path for file in config.list_files()]
            if len(set(paths)) < len(paths):
                twice = next(path for path in paths if paths.count(path) > 1)
                raise refuse(f"{show(twice)} is named twice", "configs", name, "splits")
        for path in self.card.pictures if self.card else ():
            if PICTURE.fullmatch(path) is None:
                raise refuse(f"{show(path)} is not where a build writes it", "card", "pictures", path)
        return self

    def replace_configs(self, configs: Mapping[str, Config]) -> Manifest:
        """The same folder with other configs, by name; the default stays what it was."""
        default = self.default or min(self.configs or configs, default=None)
        return self.replace(format=FORMAT, configs=dict(sorted(configs.items())), default=default)


EMPTY = Manifest(generator=GENERATOR, format=FORMAT, configs={})
"""Of a folder without configs."""


def _list_places(name: str, config: Config) -> Iterator[tuple[tuple[str | int, ...], str, bool]]:
    """The paths in an entry: key, path, and whether it is where a build of that config writes such a file."""
    recipe = f"{RECIPES}/{name}.yaml"
    yield ("recipe",), config.recipe, config.recipe == recipe and recipe in config.sources
    for path in config.sources:
        above = path.split("/")[:-1]
        inside = any("/".join(above[:end]) in config.sources for end in range(2, len(above) + 1))
        yield ("sources", path), path, above[:1] == [RECIPES] and not inside
    for split, info in config.splits.items():
        for number, file in enumerate(info.files):
            match = DATA_FILE.fullmatch(file.path)
            right = match is not None and match.group("config", "split") == (name, split)
            yield ("splits", split, "files", number, "path"), file.path, right
    if config.dropped:
        yield ("dropped", "file"), config.dropped.file, config.dropped.file == f"{LISTS}/{name}.jsonl"


# --- reading and writing ---------------------------------------------------------------------------------------------


def read_manifest(out: AnyPath) -> Manifest:
    """The manifest of a folder that is to be built into; one without configs when there is none.

    Raises:
        GasError: There is a file of that name which no build wrote, or which is damaged.
    """
    if not (out / MANIFEST).exists():
        return EMPTY
    return _read_file(out, "choose another folder with --out")


def read_built_manifest(folder: AnyPath) -> Manifest:
    """The manifest of a folder to be read.

    Raises:
        GasError: No build wrote the folder, its manifest is damaged, or it holds nothing.
    """
    hint = "give a folder that `gas build` wrote"
    if find_obstacle(folder / MANIFEST) == "is missing":
        what = f"has no {MANIFEST}" if folder.is_dir() else "is no folder"
        raise GasError(f"{folder} {what}; {hint}")
    manifest = _read_file(folder, hint)
    if not manifest.configs:
        raise GasError(f"{folder} has no config: a build was stopped there, or something took it out; build it again")
    return manifest


def _read_file(folder: AnyPath, hint: str) -> Manifest:
    path = resolve_inside(folder, MANIFEST)
    # Who asked a store says more of what went wrong.
    content = read_regular(path, hint=hint) if isinstance(path, Path) else path.read_bytes()
    return parse_manifest(content, str(path), hint)


def parse_manifest(content: bytes, place: str, hint: str) -> Manifest:
    """What a manifest says.

    Args:
        content: The file.
        place: What to call it.
        hint: What to do if no build wrote it.

    Raises:
        GasError: No build wrote it, a later version did, or it was damaged or edited.
    """
    try:
        value = read_json(content)
    except ValueError as error:
        raise GasError(f"{place} was not written by a build: it {error}; {hint}") from error
    ours = isinstance(value, dict) and value.get("generator") == GENERATOR
    newest = value.get("format", FORMAT) if ours else FORMAT
    if type(newest) is int and newest > FORMAT:
        raise GasError(
            f"{place} is of format {str(newest)[:20]}, newer than this version of gas reads ({FORMAT}): "
            "upgrade generate-any-scene"
        )
    if not ours or "configs" not in value:
        raise GasError(f"{place} was not written by a build; {hint}")
    for key, message in find_strange(value):
        raise _explain_damage(place, key, message)
    try:
        return Manifest.model_validate({"format": FORMAT, **value})
    except ValidationError as error:
        details = error.errors(include_url=False)
        key, message = explain_error(details[0])
        more = f" (and {len(details) - 1:,} more fault{'s' * (len(details) > 2)})" if len(details) > 1 else ""
        raise _explain_damage(place, key, message + more) from error


def _explain_damage(place: str, key: tuple[str | int, ...], message: str) -> GasError:
    parts = (escape(str(part))[:80] for part in key)
    return GasError(Problem(message, file=place, key=".".join(parts), hint=MEND))


def format_manifest(manifest: Manifest) -> str:
    """The text of `manifest.json`: in the format of today, configs by name."""
    described = manifest.replace_configs(manifest.configs).describe()
    return json.dumps(described, indent=2, ensure_ascii=False) + "\n"


def write_manifest(out: AnyPath, manifest: Manifest) -> None:
    """Writes the manifest of a folder."""
    write_text(out / MANIFEST, format_manifest(manifest))
