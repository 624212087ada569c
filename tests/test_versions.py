"""The guard of versions itself: rows of a shipped recipe that change under a version are noticed, and stay noticed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.rows import fingerprint
from versions import RULE, choose_part, describe_rows, find_problem, raise_version

REPOSITORY = Path(__file__).parents[1]
NAME = "multi_object"


@pytest.fixture(scope="module")
def known():
    """The record of the recipe's rows."""
    return describe_rows(load_recipe(NAME))


def test_what_did_not_change_is_well(known):
    assert find_problem(NAME, "1.0.0", describe_rows(load_recipe(NAME)), {"1.0.0": known}) == ""
    assert find_problem(NAME, "1.0.0", describe_rows(load_recipe(NAME, {"license": "mit"})), {"1.0.0": known}) == ""


@pytest.mark.parametrize(
    ("overrides", "part", "what"),
    [
        ({"structure.complexity": [3, 8]}, "major", "test: caption, scene_graph"),
        ({"seed": 1}, "major", "train: caption, scene_graph"),
        ({"splits.train": 9000}, "major", "train has 9,000 rows, not 10,000"),
        ({"splits.test": 0}, "major", "test has 0 rows, not 1,000"),
        ({"splits.train": 11000}, "minor", "train has 11,000 rows, not 10,000"),
        ({"pairs": ["count"]}, "minor", "train: pair"),
        ({"captions": "terse"}, "patch", "train: caption, mentions"),
        ({"questions": ["object"]}, "patch", "train: questions"),
    ],
)
def test_a_changed_recipe_needs_a_version(known, overrides, part, what):
    now = describe_rows(load_recipe(NAME, overrides))
    assert choose_part(known, now) == part
    needed = raise_version("1.2.3", part)
    assert needed == {"major": "2.0.0", "minor": "1.3.0", "patch": "1.2.4"}[part]
    problem = find_problem(NAME, "1.2.3", now, {"1.2.3": known})
    assert what in problem
    assert f"raise `version` in recipes/datasets/{NAME}.yaml to {needed} or more ({part}: {RULE[part]})" in problem
    # Raised, it is recorded; raised too little after a release, it is as wrong as before.
    assert "run `make golden`" in find_problem(NAME, needed, now, {"1.2.3": known})
    released = {"1.2.3": {**known, "released": True}}
    assert "is not recorded" in find_problem(NAME, needed, now, released)
    assert find_problem(NAME, needed, now, {**released, needed: now}) == ""
    if part != "patch":
        assert "the version only from 1.2.3 to 1.2.4" in find_problem(NAME, "1.2.4", now, released)
    assert f"to {needed} or more" in find_problem(NAME, "1.2.2", now, released)


def test_another_engine_needs_a_version_though_the_first_rows_are_the_same(known, monkeypatch):
    monkeypatch.setattr(fingerprint, "DATA_VERSION", fingerprint.DATA_VERSION + 1)
    now = describe_rows(load_recipe(NAME))
    assert now["splits"] == known["splits"]
    assert "(the fingerprint) and its version did not" in find_problem(NAME, "1.0.0", now, {"1.0.0": known})


@pytest.fixture
def repository(tmp_path):
    """A copy of the package with its golden rows, to change; `run(command...)` gives exit status and output."""
    root = tmp_path / "generate_any_scene"
    ignored = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "dist", "gas", "node_modules", "shared")
    shutil.copytree(REPOSITORY, root, ignore=ignored)
    shutil.rmtree(root / "build", ignore_errors=True)  # of an installation; `builders/build` stays

    def run(*command):
        environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, *command], cwd=root, env=environment, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout + done.stderr

    return root, run


def replace_text(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.slow
def test_a_changed_template_is_noticed_until_the_version_is_raised(repository):
    """Before a release it takes a deliberate command to go on without, after one nothing else will do."""
    root, run = repository
    for path in (root / "recipes/datasets").glob("[a-z]*.yaml"):
        if path.stem not in ("general", "three_d"):
            path.unlink()  # which saves time
    update, recipe = "tests/golden/update.py", root / "recipes/datasets/three_d.yaml"
    test = ("-m", "pytest", "-q", "-x", "-n0", "tests/test_golden.py", "-k", "stay_as_they_are and three_d")
    assert run(*test)[0] == 0
    replace_text(root / "templates/captions/default.jinja", "{%", "{# reworded #}{%")

    status, out = run(*test)
    assert status == 1
    assert "rows of `three_d` changed" in " ".join(out.split())
    status, out = run(update)
    assert status == 1 and out.count("raise `version` in recipes/datasets/") == 2
    assert run(*test)[0] == 1
    assert run(update, "--unreleased") == (0, "")
    assert run(*test)[0] == 0

    assert run(update, "--release") == (0, "")
    replace_text(root / "templates/captions/default.jinja", "reworded", "once more")
    assert run(*test)[0] == 1
    for arguments in ((), ("--unreleased",), ("--release",)):
        status, out = run(update, *arguments)
        assert status == 1
        assert "to 2.0.1 or more" in out and "--unreleased" not in out
    assert run(*test)[0] == 1

    for path in recipe.parent.glob("[a-z]*.yaml"):
        replace_text(path, "version: 2.0.0", "version: 2.0.1")
    assert run(*test)[0] == 1
    assert run(update) == (0, "")
    assert run(*test)[0] == 0
