"""The wheel: all that the package reads, and nothing else."""

import importlib.util
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import requires, version
from pathlib import Path, PurePosixPath

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
DATA = (
    *("builders/explorer/explore.html", "builders/*/*/*.tsv", "recipes/*/*.yaml", "taxonomy/*/*.tsv"),
    *("templates/*.jinja", "templates/*/*.jinja", "training/*/*/*.jinja"),
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    if importlib.util.find_spec("build") is None or int(version("setuptools").split(".")[0]) < 77:
        pytest.skip("needs the packages `build` and `setuptools>=77`")
    source, out = tmp_path_factory.mktemp("wheel") / "source", tmp_path_factory.mktemp("dist")
    ignore = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "dist")
    shutil.copytree(ROOT, source, ignore=ignore)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--skip-dependency-check"]
    done = subprocess.run([*command, "--outdir", str(out), str(source)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    (path,) = out.iterdir()
    return path


@pytest.fixture(scope="module")
def names(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if not name.endswith("/")}


@pytest.mark.slow
def test_the_wheel_holds_all_data(names):
    for pattern in DATA:
        files = list(ROOT.glob(pattern))
        assert files
        assert {f"generate_any_scene/{path.relative_to(ROOT).as_posix()}" for path in files} <= names
    assert "generate_any_scene/py.typed" in names


@pytest.mark.slow
def test_the_wheel_holds_the_modules(names):
    for folder in ("builders", "taxonomy", "training"):
        modules = list((ROOT / folder).rglob("*.py"))
        assert modules
        assert {f"generate_any_scene/{path.relative_to(ROOT).as_posix()}" for path in modules} <= names
    for name in ("__init__", "__main__", "arrow", "cli", "console", "errors", "version"):
        assert f"generate_any_scene/{name}.py" in names


@pytest.mark.slow
def test_the_wheel_holds_no_tests_and_nothing_outside_the_package(names):
    tops = {PurePosixPath(name).parts[0] for name in names}
    (info,) = tops - {"generate_any_scene"}
    assert info.endswith(".dist-info")
    assert not any("tests" in PurePosixPath(name).parts or "test_" in name for name in names)


@pytest.mark.slow
def test_the_unpacked_wheel_works_alone(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    code = f"""
import sys
sys.path.insert(0, {str(tmp_path / "site")!r})
sys.meta_path = [finder for finder in sys.meta_path if "editable" not in str(finder).lower()]
import generate_any_scene
assert generate_any_scene.__file__.startswith({str(tmp_path / "site")!r}), generate_any_scene.__file__
from generate_any_scene.cli import main
sys.argv = ["gas", "build", "three_d", "--set", "splits={{train: 20, test: 0, validation: 0}}"]
main()
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert (tmp_path / "gas" / "README.md").is_file()


def test_every_dependency_has_one_lowest_release():
    """So that the tests can run with it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = {
        name: lines
        for name, lines in project["optional-dependencies"].items()
        if name not in ("test", "dev", "release")
    }
    command = [sys.executable, ROOT / "tests" / "lowest" / "write_constraints.py", *extras]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    lowest = dict(line.split("==") for line in printed)
    assert len(lowest) == len(printed)
    wanted = [Requirement(line) for line in sum(extras.values(), project["dependencies"])]
    wanted = [one for one in wanted if one.name != project["name"]]
    assert {one.name for one in wanted} == lowest.keys()
    assert [one.name for one in wanted if lowest[one.name] not in one.specifier] == []


def list_packages(extra):
    """All packages that an extra brings: what it names, and what the installed ones of these need in turn."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    found: set[tuple[str, str]] = set()

    def visit(text, environment):
        one = Requirement(text)
        if one.marker and not one.marker.evaluate(environment):
            return
        name = canonicalize_name(one.name)
        for asked in {"", *one.extras} - {asked for known, asked in found if known == name}:
            found.add((name, asked))
            needed = extras.get(asked, []) if name == project["name"] else requires(name) or []
            for text in needed:
                visit(text, {"extra": asked})

    for text in [*project["dependencies"], f"{project['name']}[{extra}]"]:
        visit(text, {"extra": ""})
    return {name for name, _ in found}


def test_scoring_needs_nothing_that_trains():
    scoring, training = list_packages("eval"), list_packages("train")
    assert {"torch", "transformers", "openai", "numpy", "pillow"} <= scoring
    assert not {"trl", "peft"} & scoring
    assert scoring < training and {"trl", "peft"} <= training
    assert not {"torch", "openai", "transformers"} & list_packages("plots")
