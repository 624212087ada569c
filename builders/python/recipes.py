"""Recipes as Python objects: from a file, from keywords, and their rows without a build."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import index
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack

from ...errors import GasError
from ..inspection.recipe_check import ValidReport, validate_recipe
from ..recipe.fields import show
from ..recipe.loading import LoadedRecipe, dump_recipe, load_keys
from ..rows.loading import load_checked, tell_all
from ..rows.single import check_split, simplify_keys, write_scene
from ..rows.splits import write_split
from ..rows.writer import WRITING, RowWriter, create_writer
from .scenes import Scene

if TYPE_CHECKING:
    import datasets
    import pandas
    import pyarrow as pa

Names = str | Sequence[str]
PlainPath = str | PathLike[str]


class RecipeKeys(TypedDict, total=False):
    """The keys of a recipe, as keywords; `Recipe.schema()` describes each of them and what is in it."""

    name: str
    version: str
    description: str
    license: str
    language: str
    seed: int
    taxonomy: Names
    modality: Literal["image", "video", "3d"]
    structure: Mapping[str, Any]
    content: Mapping[str, Any]
    captions: str | Mapping[str, Any] | Sequence[str | Mapping[str, Any]]
    questions: Names | Mapping[str, Any]
    pairs: bool | Names | None
    edits: bool | None
    paraphrase: Mapping[str, Any] | None
    filters: Mapping[str, Any] | None
    wordings: Names | Mapping[str, Any] | None
    difficulty: int | bool | Mapping[str, Any] | None
    splits: Mapping[str, Any]


class Recipe:
    """A dataset as a recipe states it, whose rows are made when they are asked for.

    >>> from generate_any_scene import Recipe
    >>> pets = Recipe(extends="multi_object", name="pets", content={"objects": {"only": ["cat", "dog"]}})
    >>> sorted({item["name"] for item in pets.scene(0).graph["objects"]})
    ['cat', 'dog']
    """

    def __init__(self, extends: PlainPath | Recipe | None = None, **keys: Unpack[RecipeKeys]) -> None:
        """Makes a recipe of what a file would say.

        Args:
            extends: The recipe that this one changes: a shipped one's name, a path, or a `Recipe`. Mappings are
                merged, other values and `splits` replaced. Without a name of its own the recipe keeps that one's.
            keys: The keys of the recipe. Relative paths in them start from the folder of the recipe that is extended,
                if that is a file, or else from the working directory.

        Raises:
            RecipeError: With all of the recipe's mistakes.
            GasError: There is no recipe to extend.
        """
        parent: LoadedRecipe | str | Path | None = None
        if extends is not None:
            parent = extends._loaded if isinstance(extends, Recipe) else _read_path(extends, "extends")
        with tell_all():
            self._hold(load_keys(simplify_keys(keys), parent))

    @classmethod
    def load(cls, recipe: PlainPath, **overrides: Unpack[RecipeKeys]) -> Recipe:
        """Loads a recipe, and lays overrides over it as `gas build --set` does.

        >>> from generate_any_scene import Recipe
        >>> Recipe.load("video", seed=7, splits={"train": 100})
        <Recipe video 2.0.0: train 100, validation 500, test 1,000>

        Args:
            recipe: A shipped recipe's name, or the path of a file.
            overrides: Keys of the recipe. Mappings are merged; a None gives a key its default again.

        Raises:
            RecipeError: With all of the recipe's mistakes.
            GasError: There is no such recipe.
        """
        loaded = cls.__new__(cls)
        loaded._hold(load_checked(_read_path(recipe, "recipe"), simplify_keys(overrides)))
        return loaded

    def _hold(self, loaded: LoadedRecipe) -> None:
        self._loaded = loaded
        self._made: RowWriter | None = None

    @property
    def name(self) -> str:
        """The name of the dataset's config."""
        return self._loaded.recipe.name

    @property
    def version(self) -> str:
        """The recipe's version, X.Y.Z."""
        return self._loaded.recipe.version

    @property
    def splits(self) -> dict[str, int]:
        """The rows of each split."""
        return {str(name): split.size for name, split in self._loaded.recipe.splits.items()}

    def __repr__(self) -> str:
        sizes = ", ".join(f"{name} {size:,}" for name, size in self.splits.items())
        return f"<Recipe {self.name} {self.version}: {sizes}>"

    def to_dict(self) -> dict[str, Any]:
        """Gives the recipe with all that it extends as plain values, as `gas show --json` prints it."""
        return self._loaded.recipe.model_dump(mode="json", exclude_none=True)

    def to_yaml(self, path: PlainPath | None = None) -> str:
        """Writes the recipe with all that it extends, so that it needs no other recipe.

        >>> from generate_any_scene import Recipe
        >>> print(Recipe.load("multi_object", seed=7).to_yaml()[:43])
        # gas build multi_object
        name: multi_object

        Args:
            path: The file to write, or to replace. Templates and tables of one's own are copied beside it.

        Returns:
            The YAML.

        Raises:
            GasError: The file cannot be written, or another one is in the place of a copy.
        """
        from ..authoring.copies import write_copy

        if path is not None:
            write_copy(self._loaded, self._writer, Path(path))
        return dump_recipe(self._loaded.recipe)

    @staticmethod
    def schema() -> dict[str, Any]:
        """Gives the JSON Schema of recipes, as `gas schema` prints it.

        >>> from generate_any_scene import Recipe
        >>> Recipe.schema()["properties"]["seed"]["description"]
        'Another seed gives other scenes.'
        """
        from ..authoring.schema import write_schema

        return write_schema()

    def validate(self) -> ValidReport:
        """Checks the recipe as a build would, and makes a few rows of it: concepts, constraints, templates.

        >>> from generate_any_scene import Recipe
        >>> Recipe.load("multi_object").validate().warnings
        []

        Returns:
            How many structures and concepts are left, and `warnings` of what the scenes will not show.

        Raises:
            RecipeError: With all of the recipe's mistakes.
        """
        return validate_recipe(self._loaded)

    def scene(self, index: int, split: str | None = None) -> Scene:
        """Makes one row, without those before it; see `generate_any_scene.scene`.

        Args:
            index: Which row, from 0; also beyond the split's size.
            split: A split; without it the recipe's first, which is `train` if there is one.

        Raises:
            GasError: There is no such row or split, or the recipe cannot be used.
        """
        return Scene(write_scene(self._writer, index, self._choose(split)))

    def iter(self, split: str | None = None, rows: int | None = None) -> Iterator[Scene]:
        """Goes through the rows of a split, each made when it is near.

        >>> from generate_any_scene import Recipe
        >>> [len(scene.graph["objects"]) for scene in Recipe.load("sandbox").iter(rows=3)]
        [2, 3, 2]

        Args:
            split: A split; without it the recipe's first.
            rows: How many; without it all that the recipe gives the split.

        Raises:
            GasError: There is no such split, or the recipe cannot be used.
        """
        tables = self._write(split, rows)
        return (Scene(row) for table in tables for batch in table.to_batches(256) for row in batch.to_pylist())

    def table(self, split: str | None = None, rows: int | None = None) -> pa.Table:
        """Makes the first rows of a split as an Arrow table, the same as a build writes.

        >>> from generate_any_scene import Recipe
        >>> Recipe.load("sandbox").table("test", rows=10).column_names[:3]
        ['id', 'caption', 'scene_graph']

        Args:
            split: A split; without it the recipe's first.
            rows: How many; without it all that the recipe gives the split, in memory.

        Raises:
            GasError: There is no such split, or the recipe cannot be used.
        """
        import pyarrow as pa

        return pa.concat_tables(self._write(split, rows))

    def to_pandas(self, split: str | None = None, rows: int | None = None) -> pandas.DataFrame:
        """Makes the first rows of a split as a data frame; see `table`."""
        return self.table(split, rows).to_pandas()

    def dataset(self, split: str | None = None, rows: int | None = None) -> datasets.Dataset:
        """Makes the first rows of a split as a dataset in memory, without files.

        >>> from generate_any_scene import Recipe
        >>> Recipe.load("sandbox").dataset(split="train", rows=1000).num_rows
        1000

        Args:
            split: A split; without it the recipe's first.
            rows: How many; without it all that the recipe gives the split, in memory.

        Raises:
            GasError: There is no such split, or the recipe cannot be used.
        """
        from datasets import Dataset, DatasetInfo, Features, NamedSplit

        table, recipe = self.table(split, rows), self._loaded.recipe
        features = Features.from_arrow_schema(table.schema)
        info = DatasetInfo(recipe.description, license=recipe.license, features=features)
        return Dataset(table, info, NamedSplit(self._choose(split)))

    @property
    def _writer(self) -> RowWriter:
        with WRITING:  # threads that ask at once get one writer
            self._made = self._made or create_writer(self._loaded)
            return self._made

    def _choose(self, split: str | None) -> str:
        chosen = next(iter(self.splits)) if split is None else split
        check_split(self._loaded.recipe, chosen)
        return chosen

    def _write(self, split: str | None, rows: int | None) -> Iterator[pa.Table]:
        chosen = self._choose(split)
        count = self.splits[chosen] if rows is None else rows
        return write_split(self._writer, chosen, check_count("rows", count))


def check_count(argument: str, value: Any, least: int = 1) -> int:
    """Takes a whole number that is not too small, NumPy's too.

    Raises:
        GasError: It is none.
    """
    if isinstance(value, bool) or not hasattr(value, "__index__") or value < least:
        raise GasError(f"`{argument}` must be a whole number from {least}, not {show(value)}")
    return index(value)


def load(recipe: PlainPath | Recipe) -> LoadedRecipe:
    """Loads a recipe as the engine has it.

    Raises:
        RecipeError: With all of its mistakes.
        GasError: There is no such recipe.
    """
    return recipe._loaded if isinstance(recipe, Recipe) else load_checked(_read_path(recipe, "recipe"))


def _read_path(path: PlainPath, argument: str) -> str | Path:
    """A name or a path; texts stay texts, since a name is no path."""
    if not isinstance(path, str | PathLike):
        raise GasError(f"`{argument}` must be a name or a path, not {show(path)}")
    return path if isinstance(path, str) else Path(path)
