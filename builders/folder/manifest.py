"""The manifest of a built folder: which configs it holds, of what, in which files."""

from __future__ import annotations

import json
from typing import Any

from ...errors import GasError
from .files import AnyPath, write_text

MANIFEST, CARD = "manifest.json", "README.md"


ASSETS = "card-assets"
"""The folder of the card's pictures: no config has such a name, since there is no hyphen in one."""


GENERATOR = "generate-any-scene"


def read_manifest(out: AnyPath) -> dict[str, Any]:
    """The manifest of a folder; one without configs when there is none.

    Raises:
        GasError: There is a file of that name which no build wrote.
    """
    path = out / MANIFEST
    if not path.exists():
        return {"generator": GENERATOR, "configs": {}}
    try:
        text = path.read_text(encoding="utf-8")
    except (ValueError, OSError):
        text = ""
    return check_manifest(text, str(path), "choose another folder with --out")


def check_manifest(text: str, name: str, hint: str) -> dict[str, Any]:
    """What a manifest says.

    Raises:
        GasError: No build wrote it.
    """
    try:
        manifest = json.loads(text)
        known = manifest["generator"] == GENERATOR and isinstance(manifest["configs"], dict)
    except (ValueError, LookupError, TypeError):
        known = False
    if not known:
        raise GasError(f"{name} was not written by a build; {hint}")
    return manifest


def read_built_manifest(folder: AnyPath) -> dict[str, Any]:
    """The manifest of a folder to be read.

    Raises:
        GasError: No build wrote the folder.
    """
    if not (folder / MANIFEST).is_file():
        what = f"has no {MANIFEST}" if folder.is_dir() else "is no folder"
        raise GasError(f"{folder} {what}; give a folder that `gas build` wrote")
    try:
        return read_manifest(folder)
    except GasError as error:
        raise GasError(
            f"{folder / MANIFEST} was not written by a build; give a folder that `gas build` wrote"
        ) from error


def write_manifest(out: AnyPath, manifest: dict[str, Any]) -> None:
    """Writes the manifest, configs by name."""
    ordered = {**manifest, "configs": dict(sorted(manifest["configs"].items()))}
    write_text(out / MANIFEST, json.dumps(ordered, indent=2, ensure_ascii=False) + "\n")
