"""`gas push`, `export` and `decontaminate`: what their help says, and what they refuse."""

import pytest
from generate_any_scene.builders.commands.share import FORMATS


def test_help_names_every_format(gas):
    lines = [line.split(maxsplit=1) for line in gas("export", "--help")[1].partition("Formats:")[2].splitlines()]
    shown = {line[0]: line[1].strip() for line in lines if len(line) == 2}
    assert {name: shown.get(name) for name in FORMATS} == FORMATS


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
