"""Checkouts of other people's repositories, and parts of their files that run as they are."""

import ast
import os
from pathlib import Path

import pytest


def find_peer(*parts):
    """A file of a checkout; the test is skipped where it is not there."""
    if not (folder := os.environ.get("GAS_PEERS")):
        pytest.skip("set GAS_PEERS to a folder with checkouts")
    path = Path(folder).expanduser().joinpath(*parts)
    if not path.is_file():
        pytest.skip(f"there is no {path}")
    return path


def take(path, *names, **known):
    """Functions and classes of a file, wherever they stand in it, without running the rest of it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = [
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in names
    ]
    assert {node.name for node in found} == {*names}
    exec(compile(ast.Module([*found], type_ignores=[]), str(path), "exec"), known)
    return [known[name] for name in names]
