"""Models on the Hub: what a training leaves in `model/`, with its card, as a model repository.

Importing this module loads nothing that speaks HTTP.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

from ..builders.folder.files import write_text
from ..builders.foundation.hub_requests import explain_hub
from ..builders.hub.client import Snapshot, check_write, fetch_file, read_snapshot
from ..builders.hub.push import HARMLESS, Push, Report, check_names, is_same, push_planned
from ..builders.hub.seals import is_sealed, seal
from ..errors import GasError
from ..version import __version__
from .cards import CARD, MODEL, read_record

if TYPE_CHECKING:
    from huggingface_hub import HfApi

WEIGHTS = re.compile(
    r"(model|adapter_model|diffusion_pytorch_model|pytorch_lora_weights)([.-].*)?\.safetensors(\.index\.json)?"
)
"""What files are called that are loaded without being named: those of earlier pushes would be, too, and so go."""
PRIVATE = frozenset({"training_args.bin"})
"""What trainers leave that only this machine understands: a pickle with its folders."""


def push_model(
    folder: Path,
    repo: str,
    private: bool = False,
    create_pr: bool = False,
    dry_run: bool = False,
    report: Report = lambda files: None,
    overwrite: bool = False,
) -> Push:
    """Uploads the model of a training with its card as one commit, unless all of that is there.

    Nothing is removed but weights of an earlier push.

    Args:
        folder: Of the training.
        repo: `owner/name`; made if it does not exist.
        private: Make it private.
        create_pr: Propose the change instead of making it.
        dry_run: Only say what would be done.
        report: Called with the number of files that were just uploaded.
        overwrite: Write the card anew, though people wrote or changed it, and replace weights that no push wrote.

    Raises:
        GasError: The repository holds something else, people changed the card, or the Hub refuses.
    """
    check_names(repo)
    model = folder / MODEL
    there_are = (path for path in sorted(model.rglob("*")) if path.is_file() and path.name not in PRIVATE)
    files = {path.relative_to(model).as_posix(): path for path in there_are}

    def plan(api: HfApi, snapshot: Snapshot | None, temporary: Path) -> Push:
        files[CARD] = temporary / CARD
        write_text(files[CARD], seal((model / CARD).read_text(encoding="utf-8")))
        there = snapshot.files if snapshot else {}
        if snapshot and not overwrite:
            _refuse_others(api, repo, snapshot)
        added = {path: place for path, place in files.items() if not is_same(there.get(path), place)}
        folders = {posixpath.dirname(path) for path in files}
        outdated = (path for path in there if path not in files and posixpath.dirname(path) in folders)
        removed = tuple(path for path in outdated if WEIGHTS.fullmatch(posixpath.basename(path)))
        commit = snapshot.commit if snapshot else None
        return Push(repo, {}, added, removed, commit=commit, name=folder.name)

    return push_planned(repo, plan, private, create_pr, dry_run, report, "model")


def explain_missing_model(folder: Path) -> str:
    """Why there is no model to push in the folder of a training, and what can be pushed in its place.

    Raises:
        GasError: Its record is damaged.
    """
    record = read_record(folder)
    kind, is_done = record["kind"], "results" in record
    what = f"{folder} has no {MODEL}/{CARD}, so there is nothing to push"
    if not is_done:
        return f"{what}: its training is not done; the same gas train goes on with it"
    others = sorted(path.parent.parent for path in folder.glob(f"*/**/{MODEL}/{CARD}"))
    if others:
        return f"{what}: it has several models; push the folder of one, such as gas push {others[0]}"
    return f"{what}: a training of the kind {kind} leaves no model with a card, or it was taken out"


def check_push(repo: str) -> None:
    """Finds out whether `push_model` would be let in and would have nothing in its way, before there is a model.

    Raises:
        GasError: It would not; see `check_write` and `push_model`.
    """
    from huggingface_hub import HfApi

    check_write(repo, "model")
    api = HfApi(library_name="generate-any-scene", library_version=__version__)
    with explain_hub(repo):
        if snapshot := read_snapshot(api, repo, "model"):
            _refuse_others(api, repo, snapshot)


def _refuse_others(api: HfApi, repo: str, snapshot: Snapshot) -> None:
    """Refuses a repository of something else, and a card that people wrote or changed."""
    if CARD in snapshot.files:
        card = Path(fetch_file(api, repo, CARD, snapshot.commit, "model")).read_text(encoding="utf-8")
        if not is_sealed(card):
            raise GasError(f"{repo}: people wrote {CARD}, or changed it; add --overwrite to write it anew")
    elif others := snapshot.files.keys() - HARMLESS:
        raise GasError(f"{repo} holds what no push of a model wrote, such as {min(others)}; choose another")
