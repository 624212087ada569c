"""What the card says of each config, gathered from its manifest, recipe, concepts and first rows."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ...errors import GasError
from ...taxonomy import Taxonomy, load_taxonomy
from ..content.filter_report import FilterReport, count_filtered
from ..folder.files import AnyPath, resolve_inside
from ..folder.manifest import MANIFEST, MEND, Config
from ..recipe.loading import dump_recipe, load_recipe
from ..recipe.model import Recipe
from ..rows.fingerprint import DATA_VERSION
from ..rows.schema import schema_of
from .sample import Sample, count_object_kinds, count_used, sample_config


@dataclass(frozen=True)
class Section:
    """What the card says of one config.

    Attributes:
        name: The config.
        manifest: What the manifest says of it.
        recipe: Its recipe.
        recipe_text: The same as YAML.
        sample: Counts over its first rows.
        filtered: What its filters leave; None where it was built with other concepts or another engine than are here.
        used: By sort, how many of those the sample has.
        object_kinds: Uses of objects by their kinds.
        own_tables: Names of the taxonomies of the recipe that do not come with the package.
    """

    name: str
    manifest: Config
    recipe: Recipe
    recipe_text: str
    sample: Sample
    filtered: FilterReport | None
    used: dict[str, int]
    object_kinds: Mapping[str, int]
    own_tables: tuple[str, ...]


def describe_config(out: AnyPath, name: str, config: Config, drawn: int) -> Section:
    """Gathers what the card says of one config.

    Args:
        out: The folder, where its files and recipe are in place.
        name: Of the config.
        config: What the manifest says of it.
        drawn: How many of its scenes are drawn.

    Raises:
        GasError: The manifest does not say how large a column of the recipe is.
    """
    sample = sample_config(out, config, drawn)
    with _fetch_texts(out, config.sources) as near:
        loaded = load_recipe(near / config.recipe)
        recipe = loaded.recipe
        taxonomy = _find_taxonomy(recipe, loaded.folder, config)
    for split, info in config.splits.items():
        if lacking := set(schema_of(recipe).names) - info.columns.keys():
            raise GasError(
                f"{out / MANIFEST} configs.{name}.splits.{split}.columns: {min(lacking)} is missing; {MEND}"
            )
    filtered = count_filtered(recipe, taxonomy) if taxonomy else None
    return Section(
        name,
        config,
        recipe,
        dump_recipe(recipe),
        sample,
        filtered,
        count_used(sample, taxonomy, filtered.left) if taxonomy and filtered else {},
        count_object_kinds(sample, taxonomy) if taxonomy else {},
        tuple(entry for entry in recipe.taxonomy if entry not in ("default", "paper")),
    )


@contextmanager
def _fetch_texts(out: AnyPath, names: Iterable[str]) -> Iterator[Path]:
    """Gives a folder on a disk that has these files of a folder that may be in a store."""
    for name in names:
        resolve_inside(out, name)
    if isinstance(out, Path):
        yield out
        return
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            place = Path(folder, name)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes((out / name).read_bytes())
        yield Path(folder)


def _find_taxonomy(recipe: Recipe, folder: Path | None, config: Config) -> Taxonomy | None:
    """The concepts of a config; None if those that are installed here, or what is made of them, are others.

    That is so of a config which an older version built, beside which another is built now.
    """
    try:
        taxonomy = load_taxonomy(recipe.taxonomy, folder)
    except GasError:
        return None
    same = taxonomy.version == config.taxonomy and config.engine.data_version == DATA_VERSION
    return taxonomy if same else None
