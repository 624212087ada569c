"""What is public: its names, that they are found, and what type checkers make of a user's script."""

import json
import subprocess
import sys
from pathlib import Path

import generate_any_scene as gas
import pytest

ROOT = Path(gas.__file__).parent
SCRIPT = """\
from typing import Any, assert_type

from PIL import Image

import generate_any_scene as gas
from generate_any_scene import EndpointJudge, GasError, VisionLanguageJudge, judge_questions

row = gas.scene("general", index=123456789, seed=7)
assert_type(row, gas.Scene)
columns: dict[str, Any] = row
nodes = list(gas.to_networkx(row).nodes)
assert_type(gas.explode_questions([row]), list[gas.Scene])

recipe = gas.Recipe.load("kitchen.yaml", seed=7, structure={"complexity": [3, 5]}, splits={"train": 100})
other = gas.Recipe(extends=recipe, content={"objects": {"only": gas.vocab("coco80")}}, pairs=True)
assert_type(recipe.validate().warnings, list[str])
assert_type(other.to_yaml("mine.yaml"), str)
recipe.dataset(split="train", rows=1000).filter(len)
assert_type([scene.caption for scene in other.iter(rows=3)], list[str])
assert_type(other.scene(5).pair, dict[str, Any] | None)
built = gas.build([recipe, "video"], out="kitchen", workers=2)
assert_type(built, gas.Build)
built.dataset("test", config="video").filter(len)
built.dataset(config="video").filter(len)
assert_type(built.push("me/kitchen", private=True).tags, tuple[str, ...])
assert_type(gas.export(built, "jsonl", "out.jsonl", columns=["id"], per="scene"), str)
assert_type(gas.verify(built).rows, int)
assert_type(gas.diff(built, recipe).differs, bool)
assert_type(gas.preview(built, n=5)[0].svg(), str)
assert_type(gas.taxonomy().under("animal").subset(only=["cat"]).names(), list[str])


def score(images: list[Image.Image], rows: dict[str, Any]) -> list[float | None]:
    judge = VisionLanguageJudge("Qwen/Qwen3-VL-8B-Instruct")
    served = EndpointJudge("http://localhost:8000")
    assert_type(gas.judges.load("sandbox").id, str)
    reward = gas.rewards.answers(served, by="words")
    assert_type(reward.images(images, [rows]), list[float | None])
    assert_type(gas.rewards.similarity("clip_score").figures, dict[str, float])
    assert_type(judge_questions(served, images, rows["questions"], by="probability").refused, int)
    try:
        return judge_questions(judge, images, rows["questions"]).shares
    except GasError as error:
        raise SystemExit(error.exit_status) from error
"""
WRONG = """\
import generate_any_scene as gas

gas.scene("general", index="first")
gas.nothing
gas.VisionLanguageJudge(3.5)
gas.Recipe("general", seeds=3)
gas.build("general", workers="two")
gas.taxonomy(3)
"""


def test_dir_lists_what_is_public():
    assert dir(gas) == sorted([*gas.__all__, "__version__"])


def test_every_public_name_is_found():
    assert gas._PLACES.keys() == set(gas.__all__)
    assert all(getattr(gas, name).__name__.rpartition(".")[2] == name for name in gas.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        gas.nothing  # noqa: B018


@pytest.fixture(scope="module")
def user(tmp_path_factory):
    """A folder of a user's scripts, and one where type checkers find the package under its name."""
    folder, packages = tmp_path_factory.mktemp("user"), tmp_path_factory.mktemp("packages")
    (packages / gas.__name__).symlink_to(ROOT, target_is_directory=True)
    (folder / "script.py").write_text(SCRIPT)
    (folder / "wrong.py").write_text(WRONG)
    return folder, packages


def run_mypy(folder, packages, script):
    options = ("--strict", "--follow-imports=silent", "--cache-dir", folder / "cache", "--python-executable")
    command = [sys.executable, "-m", "mypy", *options, sys.executable, script]
    return subprocess.run(
        command, cwd=folder, env={"MYPYPATH": str(packages)}, capture_output=True, text=True, check=False
    ).stdout


def run_pyright(folder, packages, script):
    settings = {"typeCheckingMode": "standard", "extraPaths": [str(packages)], "include": [script]}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [sys.executable, "-m", "basedpyright", "--pythonpath", sys.executable, "--outputjson"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return json.loads(done.stdout)["generalDiagnostics"]


@pytest.mark.slow
def test_a_users_script_is_typed_for_mypy(user):
    assert run_mypy(*user, "script.py") == "Success: no issues found in 1 source file\n"
    errors = [line for line in run_mypy(*user, "wrong.py").splitlines() if "error:" in line]
    assert {int(line.split(":")[1]) for line in errors} == {3, 4, 5, 6, 7, 8}


@pytest.mark.slow
def test_a_users_script_is_typed_for_pyright(user):
    assert [one["message"] for one in run_pyright(*user, "script.py") if one["severity"] == "error"] == []
    errors = [one for one in run_pyright(*user, "wrong.py") if one["severity"] == "error"]
    assert {one["range"]["start"]["line"] + 1 for one in errors} == {3, 4, 5, 6, 7, 8}
