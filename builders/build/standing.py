"""What stands in a folder before a build: configs that are complete, and what no build wrote."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from ...errors import GasError
from ...regular_files import open_regular
from ..card.sample import find_sample
from ..folder.files import AnyPath, is_local, resolve_inside
from ..folder.manifest import ASSETS, DATA_FILE, PICTURE, WORK, Config, Manifest, Provenance
from ..folder.parquet import is_whole
from ..folder.reading import MEND, open_rows
from ..recipe.fields import escape
from ..recipe.model import Recipe
from .recipe_bundle import RecipeBundle
from .shards import list_all_shards


def is_built(found: Config | None, origin: Provenance, recipe: Recipe, out: AnyPath) -> bool:
    """Whether a config is complete by the manifest, and of the same rows and recipe."""
    if found is None or any(getattr(found, key) != value for key, value in origin):
        return False
    files = found.list_files()
    if recipe.filters:  # which files it has is known when it is built
        same = not found.dropped and found.sizes == {split: wanted.size for split, wanted in recipe.splits.items()}
    else:
        same = {shard.path: len(shard) for shard in list_all_shards(recipe, {})} == {
            one.path: one.rows for one in files
        }
    if not same:
        return False
    there = {path.name for path in (out / recipe.name).glob("*")}
    return there == {file.path.rpartition("/")[2] for file in files} and all(is_whole(out, file) for file in files)


def refuse_damage(out: AnyPath, configs: Iterable[Config]) -> None:
    """Refuses to build beside configs of which the card cannot be written; the folder is still as it was."""
    for config in configs:
        with open_rows(out, find_sample(config)[1], None):
            pass
        for path in config.sources:
            open_regular(resolve_inside(out, path), hint=MEND).close()


def refuse_others(out: AnyPath, packed: RecipeBundle, manifest: Manifest) -> None:
    """Refuses what is in the places of a config that is to be built, and is no build's."""
    named = {path for config in manifest.configs.values() for path in config.list_digests()}
    # A build that was stopped left files that no manifest names; in a store, perhaps nothing else.
    begun = not is_local(out) or (out / WORK / packed.name).exists()
    for path in _list_there(out, packed):
        if DATA_FILE.fullmatch(path) or PICTURE.fullmatch(path):  # be it of an older build
            ours = begun or packed.name in manifest.configs
        else:
            ours = path in named or (begun and path in packed.hash_texts())
        if not ours:
            raise GasError(
                f"{out} holds files that no build wrote, such as {escape(path)}; move them elsewhere, or choose "
                "another folder with --out"
            )


def _list_there(out: AnyPath, packed: RecipeBundle) -> Iterator[str]:
    """What stands where a build of a config puts its files, by path; folders end in a slash."""
    place = out / packed.name
    if place.is_dir():
        yield from (f"{packed.name}/{path.name}{'/' if path.is_dir() else ''}" for path in place.iterdir())
    elif _is_there(place):
        yield packed.name
    yield from (path for path in packed.hash_texts() if _is_there(out / path))
    pictures = (PICTURE.fullmatch(f"{ASSETS}/{path.name}") for path in (out / ASSETS).glob("*"))
    yield from (picture[0] for picture in pictures if picture and picture["config"] == packed.name)


def _is_there(path: AnyPath) -> bool:
    """Whether there is anything, be it a link to nothing."""
    return os.path.lexists(path) if isinstance(path, Path) else path.exists()
