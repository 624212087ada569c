"""The `datasets` builder: rows made from a recipe while they are asked for."""

from __future__ import annotations

import hashlib
import json
import warnings
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from itertools import accumulate
from pathlib import Path
from typing import Any, ClassVar

import datasets
import pyarrow as pa
from datasets.builder import Key
from datasets.iterable_dataset import ArrowExamplesIterable

from ..errors import GasError
from .content.scenes import list_blocks
from .folder.manifest import read_manifest
from .recipe.loading import list_recipes
from .registration import NAME
from .rows.filtering import refuse_filters
from .rows.fingerprint import compute_fingerprint
from .rows.schema import VIEWS, schema_of
from .rows.single import open_writer
from .rows.splits import write_parts
from .rows.writer import RowWriter


@dataclass
class GasConfig(datasets.BuilderConfig):
    """A recipe, perhaps seen through a view, with what the caller overrides.

    Args: recipe: Path of a recipe of one's own; the name of the config is a shipped recipe otherwise. seed, taxonomy,
        modality, structure, content, captions, questions, pairs, edits, wordings, difficulty, paraphrase, splits:
            Override the recipe's fields of these names; `difficulty=2` asks for rows of level 2 alone. Mappings are
            merged: `structure={"complexity": [3, 5]}` leaves the others.
    """

    recipe: str | None = None
    seed: int | None = None
    taxonomy: list[str] | None = None
    modality: str | None = None
    structure: dict[str, Any] | None = None
    content: dict[str, Any] | None = None
    captions: Any = None
    questions: list[str] | None = None
    pairs: bool | str | list[str] | None = None
    edits: bool | None = None
    wordings: Any = None
    difficulty: int | dict[str, Any] | None = None
    paraphrase: dict[str, Any] | None = None
    splits: dict[str, Any] | None = None

    @property
    def view(self) -> str | None:
        return next((view for view in VIEWS if self.name.endswith(f"_{view}")), None)

    def create_writer(self) -> RowWriter:
        """The recipe, ready to write rows.

        Raises:
            GasError: There is no such recipe, something is wrong with it, or it has filters.
        """
        overrides = {key: getattr(self, key) for key in OVERRIDES if getattr(self, key) is not None}
        writer = open_writer(self.recipe or self._name_recipe(), overrides)
        refuse_filters(writer.plan.recipe, "load the folder")
        return writer

    def _name_recipe(self) -> str:
        if self.name == "default":
            example = 'load_dataset("gas", "multi_object")'
            raise GasError(f"which recipe? choose from {', '.join(list_recipes())}, as in {example}")
        return self.name.removesuffix(f"_{self.view}") if self.view else self.name

    def create_config_id(self, config_kwargs: dict[str, Any], custom_features: datasets.Features | None = None) -> str:
        """What the cache is keyed by: all that rows and splits depend on, and nothing of where we are."""
        writer = self.create_writer()
        sizes = {name: split.size for name, split in writer.plan.recipe.splits.items()}
        self.version = datasets.Version(writer.plan.recipe.version)
        self.description = writer.plan.recipe.description
        fingerprint = compute_fingerprint(writer)
        if not any(getattr(self, key) is not None for key in (*OVERRIDES, "recipe")):
            _warn_of_folder(writer.plan.recipe.name, fingerprint, sizes)
        digest = hashlib.sha256(json.dumps([fingerprint, sizes, str(custom_features)]).encode())
        return f"{self.name}-{digest.hexdigest()[:16]}"


def _warn_of_folder(name: str, fingerprint: str, sizes: Mapping[Any, int]) -> None:
    """Warns of a built folder `./gas` with other rows under the name, which whoever built it may have meant."""
    try:
        built = read_manifest(Path(NAME)).configs.get(name)
    except (GasError, OSError):  # it is nobody's build
        return
    if built and (built.dropped, built.fingerprint, built.sizes) != (None, fingerprint, sizes):
        warnings.warn(
            f'load_dataset("{NAME}", "{name}") makes the rows of the shipped recipe, since generate_any_scene is '
            f'imported; those that were built here are others: load_dataset("./{NAME}", "{name}")',
            stacklevel=2,
        )


OVERRIDES = tuple(
    field.name
    for field in fields(GasConfig)
    if field.name not in {*(f.name for f in fields(datasets.BuilderConfig)), "recipe"}
)


class SceneStream(datasets.IterableDataset):
    """Rows of a split, made while they are read, of which whole blocks are skipped without being made."""

    def skip(self, n: int) -> datasets.IterableDataset:
        """The rows from the nth on."""
        if self._distributed or n <= 0:
            return super().skip(n)
        examples, rest = self._ex_iterable, n
        blocks = examples.kwargs["blocks"]
        ends = list(accumulate(rows for _, rows in blocks))
        count = min(bisect_right(ends, n), len(blocks) - 1)  # a stream of no blocks is none
        if count:
            blocks, rest = blocks[count:], n - ends[count - 1]
            examples = ArrowExamplesIterable(examples.generate_tables_fn, {**examples.kwargs, "blocks": blocks})
        rows = datasets.IterableDataset(
            examples, info=self._info.copy(), split=self._split, formatting=self._formatting
        )
        return rows.skip(rest)


class Gas(datasets.ArrowBasedBuilder):
    """Scenes of a recipe: `load_dataset("gas", "multi_object", seed=7)`."""

    BUILDER_CONFIG_CLASS = GasConfig
    BUILDER_CONFIGS: ClassVar = [
        GasConfig(name) for recipe in list_recipes() for name in (recipe, *(f"{recipe}_{view}" for view in VIEWS))
    ]

    def _info(self) -> datasets.DatasetInfo:
        recipe = self.config.create_writer().plan.recipe
        features = datasets.Features.from_arrow_schema(schema_of(recipe))
        return datasets.DatasetInfo(
            description=recipe.description,
            license=recipe.license,
            features=datasets.Features({name: features[name] for name in self._columns}),
        )

    @property
    def _columns(self) -> tuple[str, ...]:
        view = self.config.view
        return VIEWS[view] if view else tuple(schema_of(self.config.create_writer().plan.recipe).names)

    def _split_generators(self, dl_manager: Any) -> list[datasets.SplitGenerator]:
        splits = self.config.create_writer().plan.recipe.splits
        return [
            datasets.SplitGenerator(name=name, gen_kwargs={"split": name, "blocks": list(list_blocks(0, split.size))})
            for name, split in splits.items()
        ]

    def _as_streaming_dataset_single(self, *arguments: Any, **options: Any) -> SceneStream:
        stream = super()._as_streaming_dataset_single(*arguments, **options)
        return SceneStream(stream._ex_iterable, info=stream._info, split=stream._split)

    def _generate_tables(self, split: str, blocks: list[tuple[int, int]]) -> Iterator[tuple[Key, pa.Table]]:
        writer = self.config.create_writer()
        for number, (block, rows) in enumerate(blocks):
            for part, table in enumerate(write_parts(writer, split, block, rows, quick=number == 0)):
                yield Key(number, part), table.select(self._columns)
