"""`gas cache`: what is kept on disk to save work."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from ...console import AsJson, list_examples, say

commands = typer.Typer(
    help="Show or remove what is kept on disk to save work. Nothing but time is lost with it; with replies, what a "
    "model was asked.",
    no_args_is_help=True,
)


@commands.command(epilog=list_examples("gas cache info"))
def info(as_json: AsJson = False) -> None:
    """Show what is kept, where, and how much it takes.

    structures: scene graphs without content, by their bounds. captions: templates as rendered for each structure.
    explorer: which rows of a dataset have what, for the filters of gas explore. replies: what language models said,
    for paraphrases. datasets: rows that load_dataset("gas", ...) made; remove its folder yourself.
    """
    folders = {**_find_folders(), "datasets": _find_datasets()}
    found = {kind: (folder, *_measure_folder(folder)) for kind, folder in folders.items()}
    if as_json:
        rows = {kind: {"folder": str(at), "files": files, "bytes": size} for kind, (at, files, size) in found.items()}
        say(json.dumps(rows, indent=2))
        return
    for kind, (folder, files, size) in found.items():
        say(f"{kind:10}  {files:7,} files  {size / 1e6:10,.1f} MB  {folder}")


@commands.command(epilog=list_examples("gas cache clear", "gas cache clear captions"))
def clear(
    kind: Annotated[
        Literal["structures", "captions", "explorer", "replies"] | None,
        typer.Argument(
            metavar="[structures|captions|explorer|replies]", help="Only these.", show_default="all but replies"
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Remove structures, their captions and indexes of gas explore from the disk. They are made again when needed.

    Replies of language models, which may have cost money, go only where they are named.
    """
    from ..foundation.disk_cache import clear_folder

    chosen = (kind,) if kind else ("structures", "captions", "explorer")
    folders = {name: folder for name, folder in _find_folders().items() if name in chosen}
    removed = {name: clear_folder(name) for name in folders}
    if as_json:
        rows = {name: {"folder": str(folders[name]), "removed": count} for name, count in removed.items()}
        say(json.dumps(rows, indent=2))
        return
    for name, count in removed.items():
        say(f"removed {count} files from {folders[name]}")


def _find_folders() -> dict[str, Path]:
    from ..explorer.index import KIND as EXPLORER
    from ..foundation.disk_cache import find_folder
    from ..foundation.replies import KIND as REPLIES
    from ..structures.cache import KIND as STRUCTURES
    from ..text.trace_cache import KIND as CAPTIONS

    return {kind: find_folder(kind) for kind in (STRUCTURES, CAPTIONS, EXPLORER, REPLIES)}


def _find_datasets() -> Path:
    """Where `datasets` keeps the rows of "gas". It would say so itself, but takes seconds to import."""
    from huggingface_hub.constants import HF_HOME

    from ..registration import NAME

    return Path(os.environ.get("HF_DATASETS_CACHE", Path(HF_HOME) / "datasets")) / NAME


def _measure_folder(folder: Path) -> tuple[int, int]:
    """How many files lie in a folder and below, and their bytes."""
    sizes = []
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                sizes.append(os.stat(os.path.join(place, name), follow_symlinks=False).st_size)
            except OSError:
                continue  # another process has just removed it
    return len(sizes), sum(sizes)
