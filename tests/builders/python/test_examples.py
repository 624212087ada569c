"""The examples in docstrings of what is public run and print what they say; so do the blocks of the page."""

import doctest
import importlib
import re
from pathlib import Path

import generate_any_scene as gas
import pytest

PLACES = {gas._PLACES[name] for name in gas.__all__}
MODULES = sorted(place for place in PLACES if place.startswith((".builders.python.", ".taxonomy.")))
PAGE = (Path(__file__).parents[3] / "docs" / "python.md").read_text(encoding="utf-8")
SECTIONS = ("Recipes", "Scenes", "Build, load, push", "Export, verify, compare", "Concepts")
"""Of the page, whose blocks follow from each other."""


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = doctest.testmod(importlib.import_module(name, gas.__name__))
    assert (result.failed, result.attempted > 1) == (0, True)


def test_blocks_of_the_page_run(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    names = {}
    for section in SECTIONS:
        text = PAGE.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
        blocks = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
        assert blocks
        for block in blocks:
            if ".push(" not in block:  # tests of the Hub do
                exec(block, names)
                printed = capfd.readouterr().out
                assert all(told in printed for told in re.findall(r"print\(.*\)  # (.+)$", block, re.MULTILINE))
    assert {path.name for path in tmp_path.iterdir()} >= {
        "kitchen",
        "kitchen.yaml",
        "kitchen.jsonl",
        "scene.svg",
        "pets",
    }
