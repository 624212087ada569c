"""Golden rows: what shipped recipes and templates write does not change unnoticed."""

import pytest
from update import FOLDER, list_golden, make_golden, read_golden


def test_every_recipe_and_template_has_golden_rows():
    assert {path.stem for path in FOLDER.glob("*.json")} == set(list_golden()), "run `make golden`"


@pytest.mark.parametrize("name", list_golden())
def test_rows_are_what_they_were(name):
    """If they should be others now: `make golden`, and see CONTRIBUTING.md, "Changes that change rows"."""
    for row, golden in zip(make_golden(name), read_golden(name), strict=True):
        assert row == golden
