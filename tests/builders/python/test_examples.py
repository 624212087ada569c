"""The examples in docstrings of what is public run and print what they say."""

import doctest
import importlib
import sys

import generate_any_scene as gas
import pytest
from generate_any_scene.builders import python

MODULES = sorted(
    {
        gas._PLACES[name]
        for name in gas.__all__
        if gas._PLACES[name].startswith(f".{python.__name__.split('.', 1)[1]}.")
    }
)


@pytest.mark.parametrize("name", [*MODULES, ".taxonomy.browsing"])
def test_examples_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name, gas.__name__)
    assert sys.modules[module.__name__] is module
    result = doctest.testmod(module)
    assert (result.failed, result.attempted > 1) == (0, True)
