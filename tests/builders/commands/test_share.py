"""`gas push`, `export` and `decontaminate`: what their help says, and what they refuse."""

import pytest
from generate_any_scene.builders.commands.share import FORMATS


def test_help_names_every_format(gas):
    """Each on its line with Typer 0.28, one after the other with those before."""
    shown = " ".join(gas("export", "--help")[1].partition("Formats:")[2].split())
    assert [name for name, words in FORMATS.items() if f"{name} {words}" not in shown] == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["push", "nowhere", "--repo", "me/scenes"],
        ["export", "nowhere", "--format", "trl"],
        ["decontaminate", "nowhere", "--against", "prompts.txt"],
    ],
)
def test_a_folder_must_be_there(arguments, assert_refused):
    assert_refused(arguments, "nowhere is no folder; give a folder that `gas build` wrote")
