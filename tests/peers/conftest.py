"""Exports of every shipped recipe."""

import pyarrow.parquet as pq
import pytest
from generate_any_scene.builders.build.build import build_datasets
from generate_any_scene.builders.export.export import export_split
from generate_any_scene.builders.folder.reading import find_split
from generate_any_scene.builders.recipe.loading import list_recipes, load_recipe

RECIPES = sorted(list_recipes())


@pytest.fixture(scope="module")
def built_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("built") / "gas"
    build_datasets([load_recipe(name, ("splits={train: 30, validation: 0, test: 30}",)) for name in RECIPES], folder)
    return folder


@pytest.fixture(params=RECIPES)
def export(request, built_folder, tmp_path):
    """Writes a split of a recipe; gives the path, the rows and what was counted."""

    def write(format_, split, name):
        source = find_split(built_folder, request.param, split)
        tally = export_split(source, format_, tmp_path / name)
        return tmp_path / name, pq.read_table([*source.files]).to_pylist(), tally

    return write
