"""The pages that are written from the code are as the code is, and what they show works."""

import importlib.util
import shutil
from typing import Any

import pytest
import yaml
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.recipe.model import Recipe
from pages import DOCS, PAGES, ROOT
from pydantic import BaseModel


def load_script():
    spec = importlib.util.spec_from_file_location("write_references", DOCS / "write_references.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SCRIPT = load_script()


@pytest.mark.parametrize("page", SCRIPT.PAGES)
def test_pages_are_what_is_written_now(page):
    """Mended by `python docs/write_references.py`."""
    assert PAGES[f"docs/{page}"] == SCRIPT.PAGES[page]()


def list_fields(model: type[BaseModel] = Recipe, path: tuple[Any, ...] = ()):
    """Every key of a recipe: the models and fields on the way to it."""
    for name, field in model.model_fields.items():
        here = (*path, (model, field.alias or name, field))
        yield here
        for part in SCRIPT._find_parts(field.annotation):
            yield from list_fields(part, here)


FIELDS = {".".join(key for _, key, _ in path): path for path in list_fields()}


def write_keys(path):
    """What a recipe says that gives the last key of a path its example, with the keys that it cannot do without."""
    value = None
    for model, key, field in reversed(path):
        if value is None:
            value = field.examples[0]
        elif key == "splits":
            value = {"test": value}
        elif key == "filters":  # one has a bound at least
            value = {"perplexity": {"max": 400, **value}}
        elif key in ("objects", "relations", "attributes") and isinstance(field.examples[0], list):
            value = [value]
        required = (
            {}
            if model is Recipe
            else {one: of.examples[0] for one, of in model.model_fields.items() if of.is_required()}
        )
        value = {**required, key: value}
    return value


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with what examples name: concepts and templates of questions."""
    folder = tmp_path_factory.mktemp("examples")
    shutil.copytree(ROOT / "templates" / "questions", folder / "fragen")
    (folder / "mine").mkdir()
    (folder / "mine" / "objects.tsv").write_text("id\tname\tparent\tkinds\nrobot.x.01\trobot\tmachine.n.01\tdevice\n")
    return folder


@pytest.mark.parametrize("key", FIELDS)
def test_every_key_has_a_valid_example(key, folder):
    keys = write_keys(FIELDS[key]) | ({"pairs": True} if key == "edits" else {})  # which has nothing to instruct alone
    if key == "paraphrase.api_key":  # which no file has
        assert load_recipe("general", keys)
        return
    path = folder / "shown.yaml"
    path.write_text(yaml.safe_dump({"name": "shown", "extends": "general", **keys}), encoding="utf-8")
    assert load_recipe(path).recipe != load_recipe("general", {"name": "shown"}).recipe or key in ("name", "license")
