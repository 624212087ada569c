"""Recipes as texts, with the templates and tables of the user's own that they need.

A built folder has them, so that its recipe builds it again. Processes and machines of a cluster get them, so that all
make the same rows, whatever is edited meanwhile, and whether or not they see the user's disk.
"""

from __future__ import annotations

import hashlib
import tempfile
import weakref
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import Any

from pydantic_core import PydanticCustomError

from ... import __version__
from ...errors import GasError
from ...taxonomy.places import find_declarations, find_tables, find_taxonomy
from ..folder.files import AnyPath, resolve_inside, write_text
from ..folder.manifest import RECIPES, Engine, Manifest, Provenance
from ..folder.manifest_values import check_path
from ..recipe.loading import LoadedRecipe, dump_recipe, load_recipe
from ..rows.filtering import RowFilter
from ..rows.fingerprint import DATA_VERSION, compute_fingerprint, read_templates
from ..rows.writer import RowWriter, create_writer


@dataclass(frozen=True)
class RecipeBundle:
    """All that a config's rows are made from, but what the package ships.

    Attributes:
        name: Of the config.
        text: The recipe with all that it extends, YAML.
        fingerprint: Of its rows.
        files: Texts of the user's own files, by their path from the recipe.
        told: What the user told of the recipe that no file says.
    """

    name: str
    text: str
    fingerprint: str
    files: dict[str, str] = field(compare=False)
    told: tuple[tuple[str, Any], ...] = ()

    def hash_texts(self) -> dict[str, str]:
        """SHA-256 (hex) of the recipe and of each of the user's own files, by path in a built folder."""
        texts = {f"{self.name}.yaml": self.text, **dict(sorted(self.files.items()))}
        return {f"{RECIPES}/{path}": hashlib.sha256(text.encode()).hexdigest() for path, text in texts.items()}


def bundle_recipe(loaded: LoadedRecipe, writer: RowWriter) -> RecipeBundle:
    """Collects the texts of a recipe that is ready to write rows.

    Raises:
        GasError: One of the user's own files would take the recipe's place.
    """
    recipe, files = loaded.recipe, _read_own_files(loaded, writer)
    for path in files:
        if path.casefold() == f"{recipe.name}.yaml":
            raise GasError(f"{recipe.name}: {path} is the recipe's own place in a built folder; rename it")
    told: tuple[tuple[str, Any], ...] = ()
    if recipe.paraphrase and recipe.paraphrase.api_key:
        told = tuple((f"paraphrase.{key}", getattr(recipe.paraphrase, key)) for key in ("api_key", "url"))
    return RecipeBundle(recipe.name, dump_recipe(recipe), compute_fingerprint(writer), files, told)


def _read_own_files(loaded: LoadedRecipe, writer: RowWriter) -> dict[str, str]:
    folder = loaded.folder
    if folder is None:
        return {}
    files = {name: text for name, text in read_templates(writer).items() if (folder / name).is_file()}
    for entry in loaded.recipe.taxonomy:
        place = find_taxonomy(entry, folder)
        if place == folder / entry:  # and not one that is shipped or imported
            own = [path for _, path in find_tables(place)]
            own += [path] if (path := find_declarations(place)) else []
            files |= {f"{entry}/{path.name}": path.read_bytes().decode() for path in own}
    return {normpath(path): text for path, text in sorted(files.items())}


@lru_cache(maxsize=2)
def open_writer(packed: RecipeBundle) -> RowWriter:
    """Makes a recipe ready to write rows, in another process or on another machine than the one that packed it.

    Raises:
        GasError: What is installed here makes other rows of it.
    """
    unpacked = tempfile.TemporaryDirectory()
    writer = create_writer(_unpack_recipe(packed, Path(unpacked.name)))
    weakref.finalize(writer, unpacked.cleanup)  # templates are read when they are first rendered
    if compute_fingerprint(writer) != packed.fingerprint:
        raise GasError(
            f"{packed.name}: generate-any-scene {__version__}, as it is installed on this machine, makes other rows "
            "than where the build was started; install the same version on all machines",
            exit_status=1,
        )
    return writer


@lru_cache(maxsize=2)
def open_filter(packed: RecipeBundle) -> RowFilter:
    """Makes the filters of a recipe ready to judge candidates, in another process or on another machine."""
    return RowFilter(open_writer(packed))


def _unpack_recipe(packed: RecipeBundle, folder: Path) -> LoadedRecipe:
    path = folder / f"{packed.name}.yaml"
    write_texts(folder, {**packed.files, path.name: packed.text})
    loaded = load_recipe(path, dict(packed.told))
    return loaded if packed.files else replace(loaded, folder=None)  # whose templates need no sandbox


def describe_provenance(packed: RecipeBundle, writer: RowWriter) -> Provenance:
    """What a manifest says of a config, but for its rows.

    Raises:
        GasError: One of the user's own files has a name that no manifest holds.
    """
    for path in packed.files:
        try:
            check_path(path)
        except PydanticCustomError as error:
            raise GasError(f"{packed.name}: {error}; rename it beside your recipe") from error
    return Provenance(
        version=writer.plan.recipe.version,
        fingerprint=packed.fingerprint,
        engine=Engine(version=__version__, data_version=DATA_VERSION),
        taxonomy=writer.plan.taxonomy.version,
        recipe=f"{RECIPES}/{packed.name}.yaml",
        sources=packed.hash_texts(),
    )


def write_texts(folder: AnyPath, texts: dict[str, str]) -> None:
    """Writes files of a folder."""
    for name, text in texts.items():
        write_text(resolve_inside(folder, name), text)


def refuse_collisions(recipes: Iterable[RecipeBundle], out: AnyPath, manifest: Manifest) -> None:
    """Refuses what would take the place of other files in the folder.

    Raises:
        GasError: A file of that path comes with another recipe, built now or before, and differs; or a link on the
            way to it leads out of the folder.
    """
    hint = "rename it beside your recipe, or choose another folder with --out"
    names = {packed.name for packed in recipes}
    written = dict[str, tuple[str, str]]()  # by what file systems that know no case take for one path
    for name, config in manifest.configs.items():
        if name not in names:
            written |= {path.casefold(): (path, digest) for path, digest in config.sources.items()}
    for packed in recipes:
        resolve_inside(out, packed.name)
        for path, digest in packed.hash_texts().items():
            resolve_inside(out, path)
            other, found = written.setdefault(path.casefold(), (path, digest))
            if path != other:
                raise GasError(f"{path} and {other} differ in case alone: many systems hold one of them; {hint}")
            if digest != found:
                raise GasError(f"{path} comes with another recipe in {out}, too, and differs; {hint}")
    for folded, (path, _) in written.items():
        for above in PurePosixPath(folded).parents:
            if str(above) in written:
                raise GasError(f"{written[str(above)][0]} would be a file, and the folder of {path}; {hint}")
