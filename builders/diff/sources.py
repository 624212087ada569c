"""What `gas diff` compares: folders that `gas build` wrote, on a disk, in a store or on the Hub, and recipes.

Of a folder the manifest and the recipes are read at once, rows only when they are asked for.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import yaml

from ...errors import GasError, advise, describe_error, suggest
from ..build.recipe_bundle import bundle_recipe, describe_provenance
from ..content.scenes import BLOCK, list_blocks
from ..folder.files import AnyPath, find_place, is_local, is_of_store, resolve_inside
from ..folder.manifest import MANIFEST, File, Provenance, Split, read_built_manifest
from ..folder.reading import find_recipe, is_built, open_rows
from ..folder.reading import read_file_rows as read_rows_of_file
from ..foundation.hub_requests import ask, find_status, is_passing, look_up
from ..hub.client import fetch_file
from ..recipe.loading import SUFFIXES, LoadedRecipe, dump_recipe, list_recipes, load_recipe, read_file
from ..rows.filtering import refuse_filters
from ..rows.loading import load_checked
from ..rows.writer import RowWriter, create_writer

HUB = "hf://datasets/"
REPOSITORY = re.compile(r"(\w[\w.-]*/\w[\w.-]*)(?:@(.+))?")
"""`org/name` or `org/name@revision`."""
LOGIN = "log in with `hf auth login`, or set HF_TOKEN"


@dataclass(frozen=True)
class Variant:
    """A config as one side has it.

    Attributes:
        name: Of the config.
        origin: What its rows come from by the manifest; of a recipe, what one would say.
        sizes: Rows of each split when it was built.
        recipe: The recipe with all that it extends, as plain values.
        open_writer: Makes the recipe ready to write rows.
        place: The folder; None for a recipe.
        splits: What the manifest says of the splits; nothing of a recipe.
        explain: Says what is wrong where files of the folder cannot be read.
    """

    name: str
    origin: Provenance
    sizes: dict[str, int]
    recipe: dict[str, Any]
    open_writer: Callable[[], RowWriter]
    place: AnyPath | None = None
    splits: Mapping[str, Split] = field(default_factory=dict)
    explain: Callable[[], Any] = ExitStack

    def list_files(self, split: str) -> list[File]:
        """The Parquet files of a split; of a recipe none."""
        return self.splits[split].files if split in self.splits else []


@dataclass(frozen=True)
class Side:
    """One side of a comparison.

    Attributes:
        name: What was asked for.
        kind: `folder`, `hub` or `recipe`.
        revision: On the Hub, the commit.
        variants: Its configs, by name.
    """

    name: str
    kind: str
    variants: dict[str, Variant]
    revision: str = ""


@contextmanager
def open_side(name: str | LoadedRecipe) -> Iterator[Side]:
    """Finds what a name means; texts that are fetched from afar are there until the end.

    Args:
        name: A folder, an address of one in a store, a recipe, which may be loaded already, or a dataset on the Hub:
            `org/name@revision`.

    Raises:
        GasError: It is none of these, or cannot be read.
    """
    if isinstance(name, LoadedRecipe):
        yield _describe_recipe(name.recipe.name, name)
    elif found := match_repository(name):
        with _open_hub(name, *found) as side:
            yield side
    elif "://" in name or is_built(name):
        with _open_folder(name, "folder", find_place(name), lambda: explain_reading(name)) as side:
            yield side
    else:
        yield _open_recipe(name)


def match_repository(name: str) -> tuple[str, str | None] | None:
    """The repository and the revision that are meant, if it is the Hub that is."""
    asked = name.startswith(HUB)
    match = REPOSITORY.fullmatch(name.removeprefix(HUB))
    if asked and not match:
        raise GasError(f"{name}: write {HUB}org/name, or {HUB}org/name@revision")
    if not match or (not asked and (name.endswith(SUFFIXES) or Path(name).exists())):
        return None
    return match[1], unquote(match[2]) if match[2] else None


# --- recipes ---------------------------------------------------------------------------------------------------------


def _open_recipe(name: str) -> Side:
    if "/" not in name and not name.endswith(SUFFIXES) and name not in list_recipes():
        raise GasError(
            f"there is no recipe or built folder `{name}`; {advise(name, list_recipes())}; "
            "a dataset on the Hub is `org/name` or `org/name@revision`"
        )
    return _describe_recipe(name, load_checked(name))


def _describe_recipe(name: str, loaded: LoadedRecipe) -> Side:
    writer, recipe = create_writer(loaded), loaded.recipe
    refuse_filters(recipe, "compare the folder")
    packed = bundle_recipe(loaded, writer)
    sizes = {str(split): wanted.size for split, wanted in recipe.splits.items()}
    origin = describe_provenance(packed, writer)
    variant = Variant(recipe.name, origin, sizes, yaml.safe_load(packed.text), lambda: writer)
    return Side(name, "recipe", {recipe.name: variant})


# --- folders ---------------------------------------------------------------------------------------------------------


@contextmanager
def _open_folder(
    name: str, kind: str, place: AnyPath, explain: Callable[[], Any], revision: str = ""
) -> Iterator[Side]:
    with explain():
        manifest = read_built_manifest(place)
    with tempfile.TemporaryDirectory() as fetched:
        folder = place if isinstance(place, Path) else Path(fetched)
        variants = {}
        for key, config in manifest.configs.items():
            if not isinstance(place, Path):
                with explain():
                    _fetch_texts(place, config, folder)
            recipe = find_recipe(folder, config)
            plain, open_writer = _read_recipe(recipe), _postpone_writer(recipe)
            variants[key] = Variant(key, config, config.sizes, plain, open_writer, place, config.splits, explain)
        yield Side(name, kind, variants, revision)


def _fetch_texts(place: AnyPath, origin: Provenance, folder: Path) -> None:
    """Copies a recipe and what came with it."""
    for path in origin.sources:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(ask((place / path).read_bytes))


def _read_recipe(path: Path) -> dict[str, Any]:
    """A recipe as plain values, in the shape of this version's, unless this version cannot read it."""
    try:
        return yaml.safe_load(dump_recipe(load_recipe(path).recipe))
    except GasError:
        return read_file(path, str(path)).value


def _postpone_writer(path: Path) -> Callable[[], RowWriter]:
    return lambda: create_writer(load_recipe(path))


# --- the Hub ---------------------------------------------------------------------------------------------------------


@contextmanager
def _open_hub(name: str, repository: str, revision: str | None) -> Iterator[Side]:
    from huggingface_hub import HfApi, constants
    from huggingface_hub.errors import EntryNotFoundError
    from upath import UPath

    def explain() -> Any:
        return explain_revision(name, repository, revision)

    with explain():
        # A branch may move meanwhile; its commit does not.
        info = look_up(HfApi().repo_info, repository, repo_type="dataset", revision=revision)
        try:
            fetch_file(HfApi(), repository, MANIFEST, info.sha or "")
        except EntryNotFoundError as error:
            raise GasError(f"{name} has no {MANIFEST}; give a dataset that `gas build` wrote") from error
    place = UPath(f"{HUB}{repository}@{info.sha}", endpoint=constants.ENDPOINT)
    with _open_folder(name, "hub", place, explain, info.sha or "") as side:
        yield side


@contextmanager
def explain_revision(name: str, repository: str, revision: str | None) -> Iterator[None]:
    """Turns what the Hub does not let one read into one clear message."""
    from huggingface_hub import errors

    here = "" if name.startswith(HUB) or revision else "there is no such folder here, and "
    try:
        yield
    except errors.GatedRepoError as error:
        raise GasError(f"{name}: {repository} is gated; ask for access on its page, then {LOGIN}") from error
    except errors.RepositoryNotFoundError as error:
        hint = suggest_folder(name) or "check the name"
        raise GasError(
            f"{name}: there is no dataset {repository} on the Hub that you may read, nor such a folder here; {hint}; "
            f"if it is private, {LOGIN}"
        ) from error
    except errors.RevisionNotFoundError as error:
        hint = _list_revisions(repository, revision)
        raise GasError(f"{name}: {repository} has no revision `{revision}`; {hint}") from error
    except errors.OfflineModeIsEnabled as error:
        hint = suggest_folder(name) or "unset it to reach the Hub"
        raise GasError(f"{name}: {here}HF_HUB_OFFLINE is set; {hint}", exit_status=1) from error
    except Exception as error:
        status, said = find_status(error), " ".join(str(getattr(error, "server_message", None) or error).split())[:200]
        if status == 401:
            raise GasError(f"{name}: the Hub does not know your token; {LOGIN}") from error
        if status is not None:
            raise GasError(f"{name}: the Hub answered {status} ({said}); try again later", exit_status=1) from error
        if is_passing(error):
            hint = suggest_folder(name) or "try again later"
            raise GasError(f"{name}: {here}the Hub cannot be reached ({said}); {hint}", exit_status=1) from error
        if isinstance(error, OSError | pa.ArrowException):
            raise GasError(f"{name}: cannot be read: {said}", exit_status=1) from error
        raise


def suggest_folder(name: str) -> str:
    """Asks whether a folder beside the one that is named was meant."""
    above = Path(name).parent
    return suggest(name, [str(one) for one in above.iterdir() if one.is_dir()]) if above.is_dir() else ""


def _list_revisions(repository: str, revision: str | None) -> str:
    from huggingface_hub import HfApi

    references = ask(HfApi().list_repo_refs, repository, repo_type="dataset")
    return advise(revision or "", [one.name for one in (*references.tags, *references.branches)])


# --- rows ------------------------------------------------------------------------------------------------------------


@contextmanager
def explain_reading(name: str) -> Iterator[None]:
    """Turns what cannot be read of a folder into one clear message."""
    try:
        yield
    except Exception as error:
        if not isinstance(error, OSError | pa.ArrowException) and not is_of_store(error):
            raise
        raise GasError(f"{name}: {describe_error(error)}; `gas verify` says what is wrong") from error


def check_files(variant: Variant) -> bool:
    """Whether the files of a folder have the sizes that the manifest says; a recipe has none.

    Of files that are near, it is seen to it as well that they have what a build writes: no row need be read for that.

    Raises:
        GasError: One is missing, or lacks a column.
    """
    place = variant.place
    if place is None:
        return True
    files = [file for split in variant.splits.values() for file in split.files]
    with variant.explain():
        if is_local(place):
            for file in files:
                with open_rows(place, file, None, edited=True):
                    pass
        else:
            list((place / variant.name).iterdir())  # one request for all of them
        return all(resolve_inside(place, file.path).stat().st_size == file.bytes for file in files)


def read_file_rows(variant: Variant, file: File, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
    """Rows of one file of a folder, at most `BLOCK` at once; of some columns or all.

    Raises:
        GasError: It is missing or damaged.
    """
    assert variant.place is not None
    with variant.explain():
        yield from read_rows_of_file(variant.place, file, columns, BLOCK, edited=True)


def read_rows(variant: Variant, split: str, files: list[File], most: int | None = None) -> Iterator[pa.RecordBatch]:
    """Rows of some files of a folder, or of a split of a recipe, at most `BLOCK` at once.

    Args:
        variant: A config.
        split: Its split.
        files: For a folder, which files.
        most: No more than this many rows, which a recipe needs.
    """
    if variant.place is None:
        writer, rows = variant.open_writer(), variant.sizes.get(split, 0)
        for block, count in list_blocks(0, rows if most is None else min(most, rows)):
            yield writer.write_block(split, block, count).combine_chunks().to_batches()[0]
        return
    left = most
    for file in files:
        for batch in read_file_rows(variant, file):
            batch = batch if left is None else batch.slice(0, left)
            yield batch
            if left is not None:
                left -= len(batch)
                if left <= 0:
                    return
