"""What many tests share. Everything runs offline, and caches of `datasets` lie in a folder of the run."""

import functools
import os
import subprocess
import sys
import tempfile
from pathlib import Path

# Before anything imports `datasets` or `huggingface_hub`, which read them once.
HOME = tempfile.TemporaryDirectory(prefix="gas-tests-")
OFFLINE = {
    "HF_HOME": HOME.name,
    "XDG_CACHE_HOME": HOME.name,
    "HF_HUB_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
}
os.environ.update(OFFLINE)

import pytest  # noqa: E402
from generate_any_scene.builders.recipe_files import load_recipe  # noqa: E402
from generate_any_scene.builders.rows import RowWriter, create_writer  # noqa: E402
from generate_any_scene.taxonomy import load_taxonomy  # noqa: E402
from hypothesis import settings  # noqa: E402

settings.register_profile("deterministic", derandomize=True, deadline=None)
settings.load_profile("deterministic")


class PlainFolders:
    """The repository's root is a package; pytest would import it once more, under the name of its folder."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_collect_directory(self, path, parent):
        return pytest.Dir.from_parent(parent, path=path)


def pytest_configure(config):
    config.pluginmanager.register(PlainFolders())
    if not config.option.markexpr:
        config.option.markexpr = "not slow"


@pytest.fixture(scope="session")
def taxonomy():
    return load_taxonomy()


@functools.lru_cache(maxsize=32)
def _open_writer(recipe, overrides) -> RowWriter:
    return create_writer(load_recipe(recipe, overrides))


@pytest.fixture(scope="session")
def open_writer():
    """The writer of a recipe, kept for the whole run: `open_writer("general", "seed=1")`."""
    return lambda recipe, *overrides: _open_writer(recipe, overrides)


@functools.lru_cache(maxsize=64)
def _write_rows(recipe, overrides, rows, split):
    return _open_writer(recipe, overrides).write_block(split, 0, rows).to_pylist()


@pytest.fixture(scope="session")
def write_rows():
    """The first rows of a recipe as Python dicts, kept for the whole run; do not change them."""
    return lambda recipe, overrides=(), rows=500, split="train": _write_rows(recipe, tuple(overrides), rows, split)


@pytest.fixture
def write_recipe(tmp_path):
    """Writes a recipe file into a folder of the test; `write_recipe("structure: {complexity: 3}")` gives its path."""

    def write(text="", name="mine", extends="base", splits="{train: 64, validation: 0, test: 0}", folder=None):
        folder = folder or tmp_path / "recipes"
        folder.mkdir(exist_ok=True)
        lines = [f"extends: {extends}", f"name: {name}", f"splits: {splits}", text]
        path = folder / f"{name}.yaml"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write


@pytest.fixture
def run_python(tmp_path):
    """Runs code in a Python of its own, in an empty folder and with empty caches, and returns what it prints."""

    def run(code: str, folder: Path | None = None, **environment: str) -> str:
        empty = tmp_path / "empty"
        empty.mkdir(exist_ok=True)
        values = {**os.environ, **OFFLINE, "HF_HOME": str(tmp_path / "hf"), **environment}
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=folder or empty, env=values, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    return run
