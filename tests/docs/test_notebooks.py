"""The notebooks run from the top, in an empty folder, without a network."""

import os
import sys
from pathlib import Path

import generate_any_scene
import nbformat
import pytest
from nbclient import NotebookClient
from pages import DOCS

NOTEBOOKS = sorted((DOCS / "notebooks").glob("*.ipynb"))


@pytest.fixture
def commands(tmp_path, monkeypatch):
    """Notebooks call `gas` as people do; kernels find the package where this test has found it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    command = folder / "gas"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m generate_any_scene "$@"\n')
    command.chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join([str(folder), os.environ["PATH"]]))
    monkeypatch.setenv("PYTHONPATH", str(Path(generate_any_scene.__file__).parents[1]))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_run(path, empty, commands):
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(empty)}}
    ).execute()
    assert all(
        cell.outputs for cell in notebook.cells if cell.cell_type == "code" and not cell.source.startswith("assert")
    )


def test_notebooks_are_stored_without_what_changes():
    """Outputs are of the version that made them, and no diff can be read with them in it."""
    for path in NOTEBOOKS:
        notebook = nbformat.read(path, as_version=4)
        assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)
