"""Golden rows: what shipped recipes and templates write does not change unnoticed, nor under a version."""

import pytest
from generate_any_scene.builders.recipe.loading import list_recipes, load_recipe
from update import list_files, list_golden, make_golden, read_golden
from versions import describe_rows, find_problem, read_records


def test_every_recipe_and_template_has_golden_rows():
    assert {path.stem for path in list_files()} == set(list_golden()), "run `make golden`"


@pytest.mark.parametrize("name", list_golden())
def test_rows_are_what_they_were(name):
    """If they should be others now: `make golden`, and see CONTRIBUTING.md, "Changes that change rows"."""
    for row, golden in zip(make_golden(name), read_golden(name), strict=True):
        assert row == golden


@pytest.mark.parametrize("name", list_recipes())
def test_rows_of_a_version_stay_as_they_are(name):
    loaded = load_recipe(name)
    problem = find_problem(name, loaded.recipe.version, describe_rows(loaded), read_records().get(name, {}))
    assert not problem, problem
