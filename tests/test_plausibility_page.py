"""docs/plausibility.md shows captions that the recipes write now."""

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[1] / "docs" / "plausibility.md").read_text(encoding="utf-8")
CAPTIONS = 20


@pytest.mark.parametrize("name", ["everyday", "surreal"])
def test_captions_are_the_first_of_the_recipe(open_writer, name):
    shown = re.search(rf"^### {name}\n\n((?:- .*\n)+)", PAGE, re.MULTILINE)[1]
    captions = open_writer(name).write_block("train", 0, CAPTIONS)["caption"].to_pylist()
    assert shown.splitlines() == [f"- {caption}" for caption in captions]
