"""Scenes to look at: one by its index, or the first few of a recipe or a built folder."""

from __future__ import annotations

from io import StringIO
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from ...errors import GasError
from ..folder.reading import find_split, is_built
from ..inspection.preview import preview_rows, print_scene, read_rows
from ..recipe.fields import show
from ..rows.loading import load_source
from ..rows.single import open_writer, simplify_keys, write_scene
from .folders import Build, find_folder
from .recipes import Recipe, check_count, load
from .scenes import Scene

if TYPE_CHECKING:
    from .recipes import RecipeKeys


def scene(
    recipe: str | PathLike[str] | Recipe, index: int, split: str = "train", **overrides: Unpack[RecipeKeys]
) -> Scene:
    """Makes one row of a dataset, the same as in a built one; also beyond the size that the recipe gives the split.

    Filters of the recipe are not asked: a row that they drop has its number, too.

    >>> from generate_any_scene import scene
    >>> scene("sandbox", 123456789).id
    'sandbox/train/123456789'

    Args:
        recipe: Name of a shipped recipe, path of one's own, or a `Recipe`.
        index: Which row, from 0.
        split: A split of the recipe.
        overrides: Override the recipe's keys of these names: `seed=7`, `structure={"complexity": [3, 5]}`.

    Returns:
        The row, as `datasets` gives it, which notebooks draw.

    Raises:
        GasError: There is no such recipe, split or row, or something is wrong with the recipe.
    """
    if isinstance(recipe, Recipe):
        return (Recipe(recipe, **overrides) if overrides else recipe).scene(index, split)
    if not isinstance(recipe, str | PathLike):
        raise GasError(f"`recipe` must be a name or a path, not {show(recipe)}")
    name = recipe if isinstance(recipe, str) else str(Path(recipe))
    return Scene(write_scene(open_writer(name, dict(overrides)), index, split))


class Preview(list[Scene]):
    """A few scenes, which notebooks draw below each other, and terminals print as `gas preview` does."""

    def _repr_html_(self) -> str:
        from ..drawing.notebooks import write_rows

        return write_rows(self)

    def __repr__(self) -> str:
        from rich.console import Console

        console = Console(file=StringIO(), width=100, highlight=False)
        with console.capture() as printed:
            for row in self:
                print_scene(row, console)
        return printed.get().rstrip()


def preview(
    source: str | PathLike[str] | Recipe | Build,
    n: int = 5,
    split: str | None = None,
    config: str | None = None,
    **overrides: Unpack[RecipeKeys],
) -> Preview:
    """Shows the first scenes of a recipe or of a built folder.

    >>> from generate_any_scene import preview
    >>> [scene.id for scene in preview("sandbox", n=2)]
    ['sandbox/train/000000000', 'sandbox/train/000000001']

    Args:
        source: A recipe, its name or path, a folder that was built, or its `Build`.
        n: How many scenes, at least one.
        split: A split; without it a recipe's first, and a folder's `train` or only one.
        config: Which config of a folder; without it the only one.
        overrides: Override keys of the recipe.

    Returns:
        A list of the scenes, to be the last value of a notebook's cell, or printed.

    Raises:
        GasError: It is neither recipe nor folder, or has no such split or config.
    """
    n = check_count("n", n)
    if isinstance(source, Build) or (not isinstance(source, Recipe) and is_built(str(source))):
        if overrides:
            told = ", ".join(overrides)
            raise GasError(f"{find_folder(source)} is built already, so {told} cannot be overridden; leave it out")
        return Preview(map(Scene, read_rows(find_split(find_folder(source), config, split, default="train"), n)))
    if config is not None:
        raise GasError(f"{source} is a recipe, which has no configs; leave `config` out")
    if isinstance(source, Recipe):
        loaded = load(Recipe(source, **overrides) if overrides else source)
    else:
        name = source if isinstance(source, str) else Path(source)
        loaded = load_source(name, simplify_keys(overrides))
    return Preview(map(Scene, preview_rows(loaded, split or next(iter(loaded.recipe.splits)), n)))
