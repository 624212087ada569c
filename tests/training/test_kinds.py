"""Every kind of training is complete: a recipe's model, a trainer with all parts, a shipped recipe, a section of docs.

A kind is found by its files, so what a new one lacks is told here by name.
"""

import inspect
import re
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules
from typing import Literal

import pytest
from generate_any_scene.builders.recipe.loading import list_recipes
from generate_any_scene.errors import GasError
from generate_any_scene.training import trainers
from generate_any_scene.training.fields import Data, Rows
from generate_any_scene.training.recipes.common import Training
from generate_any_scene.training.recipes.loading import KINDS, find_model, list_data_places, load_training
from generate_any_scene.training.run import PARTS, find_trainer

DOCS = Path(__file__).parents[2] / "docs"
HEAVY = {"trl", "diffusers", "peft", "timm", "matplotlib", "evaluate"}
"""Packages of the extra `train` that some kinds can do without."""


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


def test_each_kind_has_a_trainer_and_each_trainer_a_kind():
    assert [module.name for module in iter_modules(trainers.__path__)] == list(KINDS)
    assert {"finetune", "grpo"} <= set(KINDS)


def test_its_recipe_says_its_kind_and_describes_every_key(kind):
    fields = find_model(kind).model_fields
    assert fields["kind"].annotation == Literal[kind]
    assert ("data",) in list_data_places(find_model(kind))
    assert [name for name, field in fields.items() if not field.description and name != "kind"] == []


def test_its_trainer_has_all_parts(kind):
    trainer = find_trainer(kind)
    assert list(inspect.signature(trainer.check).parameters) == ["recipe", "rows", "missing"]
    assert list(inspect.signature(trainer.train).parameters) == ["recipe", "rows", "folder", "report"]
    assert isinstance(trainer.COLUMNS, tuple) and trainer.COLUMNS
    assert trainer.RESULTS and all(file and words for file, words in trainer.RESULTS.items())
    assert isinstance(trainer.REQUIRED, tuple)
    assert [package for package in trainer.REQUIRED if not find_spec(package)] == []


def test_a_recipe_of_it_is_shipped(kind):
    assert kind in {load_training(name).recipe.kind for name in list_recipes("training")}


def test_a_section_of_the_docs_is_about_it(kind):
    pages = "\n".join(page.read_text(encoding="utf-8") for page in sorted(DOCS.glob("*.md")))
    headings = re.findall(r"^##? .*", pages, re.MULTILINE)
    assert [heading for heading in headings if heading.endswith(f"(`kind: {kind}`)")], f"no section about {kind}"


@pytest.mark.slow
def test_it_imports_no_package_that_it_does_not_name(kind, run_python):
    others = HEAVY - {*find_trainer(kind).REQUIRED}
    code = f"""
import sys
from importlib.machinery import PathFinder
class Without(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in {others} else super().find_spec(name, path, target)
sys.meta_path[sys.meta_path.index(PathFinder)] = Without
from generate_any_scene.training.run import find_trainer, quiet_others
find_trainer({kind!r})
quiet_others()
"""
    assert others
    run_python(code)


# What is said of a kind that is not complete.


def test_a_kind_without_a_trainer_is_told():
    with pytest.raises(GasError, match=r"the kind probe has no trainer; add training/trainers/probe.py"):
        find_trainer("probe")


@pytest.mark.parametrize("part", PARTS)
def test_a_trainer_without_a_part_is_told(part, monkeypatch):
    monkeypatch.delattr(find_trainer("finetune"), part)
    with pytest.raises(GasError, match=f"the trainer of the kind finetune has no {part}; training/trainers/__init"):
        find_trainer("finetune")


def test_a_recipe_file_without_a_model_is_told():
    what = r"training/recipes/common.py has no model of the kind's recipes; write `class Common\(Training\)` there"
    with pytest.raises(GasError, match=what):
        find_model("common")


def test_places_of_rows_are_found_wherever_a_recipe_has_them():
    class Inner(Data):
        more: Rows

    class Recipe(Training):
        other: Rows | None = None
        inner: Inner | None = None
        text: str = ""

    assert list(list_data_places(Recipe)) == [("data",), ("other",), ("inner", "more")]
