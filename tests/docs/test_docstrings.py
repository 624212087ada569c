"""The examples of docstrings print what they say."""

import doctest
import importlib

import pytest
from pages import ROOT

FOLDERS = ("builders", "taxonomy", "training")
FILES = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in FILES
    if "\n    >>> " in (text := path.read_text(encoding="utf-8")) or "\n>>> " in text
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_print_what_they_say(name, empty):
    result = doctest.testmod(importlib.import_module(f"generate_any_scene.{name}"))
    assert result.attempted and not result.failed
