"""What importing costs: nothing heavy is loaded before it is needed."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "transformers", "diffusers", "datasets", "pyarrow", "numpy", "pydantic", "networkx", "matplotlib")
TRAINING = ("torch", "transformers", "diffusers", "trl", "peft", "timm", "ray")


def list_imported(code, modules):
    check = f"import sys\n{code}\nprint(*[name for name in {modules} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.parametrize("module", ["generate_any_scene", "generate_any_scene.cli"])
def test_importing_is_light(module):
    assert list_imported(f"import {module}", HEAVY) == []


def test_completing_names_is_light():
    """It is done at each press of Tab."""
    code = """
import os
from generate_any_scene import cli
os.environ.update(_GAS_COMPLETE="complete_bash", COMP_WORDS="gas build mul", COMP_CWORD="2")
try:
    cli.app(prog_name="gas")
except SystemExit:
    pass
"""
    models = "generate_any_scene.builders.recipe.model"
    heavy = set(HEAVY) - {"pydantic"}  # which Typer itself reads arguments with
    assert list_imported(code, (models, *heavy)) == ["multi_object"]  # which is what is proposed


def test_recipes_of_trainings_are_read_without_what_trains():
    """So that `gas list training` is quick, and works without the extra `train`."""
    code = """
import sys
from generate_any_scene import cli
from generate_any_scene.training.judges import marking as answers, vision_language as judge
from generate_any_scene.training import data, run, upstream
from generate_any_scene.training.recipes import loading as recipe
recipe.load_training("sandbox_grpo")
sys.argv, stdout, sys.stdout = ["gas", "list", "training"], sys.stdout, sys.stderr
try:
    cli.main()
except SystemExit as stop:
    assert not stop.code
sys.stdout = stdout
"""
    assert list_imported(code, (*TRAINING, "accelerate", "datasets", "PIL")) == []


def test_nothing_outside_training_imports_what_trains():
    code = """
import importlib, pkgutil
import generate_any_scene as gas
tops = ("builders", "recipes", "taxonomy", "templates")
packages = [importlib.import_module(f"{gas.__name__}.{top}") for top in tops]
modules = [module.name for top in packages for module in pkgutil.walk_packages(top.__path__, f"{top.__name__}.")]
assert len(modules) > 100
needs = ("taxonomy.build", "builders.gas")  # the extra `taxonomy`; `datasets`, which imports torch if it is there
for module in (f"{gas.__name__}.cli", *modules):
    if not module.partition(".")[2].startswith(needs):
        importlib.import_module(module)
"""
    assert list_imported(code, TRAINING) == []


def test_writing_rows_imports_neither_pandas_nor_torch():
    """Arrow imports pandas for nearly all that it makes of Python objects, which takes as long as all the rest."""
    code = """
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.rows.writer import create_writer
create_writer(load_recipe("general", {"pairs": True, "captions.unambiguous": True})).write_block("train", 0, 20)
"""
    assert list_imported(code, ("pandas", "torch")) == []


def test_building_imports_neither_pandas_nor_datasets(tmp_path):
    """Both take longer than all the rest of a small build, and `datasets` imports torch where it is installed."""
    code = f"""
from pathlib import Path
from generate_any_scene.builders.build.build import build_datasets
from generate_any_scene.builders.recipe.loading import load_recipe
recipe = load_recipe("general", ("pairs=true", "splits={{train: 20, test: 0}}"))
build_datasets([recipe], Path({str(tmp_path / "gas")!r}))
"""
    assert list_imported(code, ("pandas", "datasets", "torch")) == []
