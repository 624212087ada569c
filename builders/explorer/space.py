"""The page beside a dataset on the Hub: a static Space with the facet indexes, which reads the dataset's own files.

A browser asks for ranges of these across sites. That works as long as a request needs no leave first (a CORS
preflight): it carries one header, `Range: bytes=a-b`, no credentials, and the size of each file is known here.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from ...errors import GasError
from ..folder.manifest import Manifest, read_built_manifest
from ..folder.reading import Source
from ..foundation.hub_requests import ask
from ..hub.client import Snapshot, read_manifest_at
from ..hub.push import Push, check_names, is_same, push_planned
from .contents import describe_split
from .index import FILES, make_index
from .server import PAGE

if TYPE_CHECKING:
    from huggingface_hub import HfApi

TEMPLATE = frozenset({".gitattributes", "README.md", "index.html", "style.css"})
"""What the Hub puts into a new static Space."""
SOURCE, NOTICE = "source.json", "NOTICE-explorer.txt"
LONGEST = 96
"""Letters of a repository's name."""


def name_space(repo: str) -> str:
    """The Space of a dataset: `me/scenes-explorer`."""
    owner, name = repo.split("/")
    return f"{owner}/{name[: LONGEST - len('-explorer')]}-explorer"


def push_page(
    folder: Path,
    repo: str,
    commit: str | None,
    dry_run: bool = False,
    report: Callable[[int], None] = lambda files: None,
) -> Push:
    """Pushes the page of a dataset that was just pushed, as a static Space beside it.

    Args:
        folder: What `gas build` wrote.
        repo: The dataset on the Hub.
        commit: Its commit that has the folder's files; the page reads that one. None while nothing is pushed.
        dry_run: Only say what would be done.
        report: Called with the number of files that were just uploaded.

    Raises:
        GasError: The dataset is private, the Space holds something else, or the Hub refuses.
    """
    check_names(repo)
    manifest, space = read_built_manifest(folder), name_space(repo)

    def plan(api: HfApi, snapshot: Snapshot | None, temporary: Path) -> Push:
        if commit and ask(api.repo_info, repo, repo_type="dataset").private:
            raise GasError(f"{repo} is private, so that no page can read it; look at it with gas explore {repo}")
        # Rows that were there already lie there in files of their own, which may be encoded in another way.
        told = read_manifest_at(api, repo, commit) if commit else manifest
        return _plan(folder, repo, commit, manifest, told, snapshot, temporary, space)

    return push_planned(space, plan, False, False, dry_run, report, kind="space")


def _plan(
    folder: Path,
    repo: str,
    commit: str | None,
    manifest: Manifest,
    told: Manifest,
    snapshot: Snapshot | None,
    temporary: Path,
    space: str,
) -> Push:
    there = snapshot.files if snapshot else {}
    if SOURCE not in there and (others := there.keys() - TEMPLATE):
        raise GasError(f"{space} holds something else, such as {min(others)}; rename it on the Hub, or the dataset")
    from huggingface_hub import constants

    base, splits, placed = f"{constants.ENDPOINT}/datasets/{repo}/resolve/{commit or 'main'}", [], dict[str, Path]()
    for config, entry in manifest.configs.items():
        for name in entry.splits:
            index, made = f"index/{config}/{name}/", make_index(Source(folder, config, name, entry))
            placed |= {index + file: made / file for file in FILES}
            there_of = Source(folder, config, name, told.configs[config])
            urls = [f"{base}/{quote(file.path)}" for file in told.configs[config].splits[name].files]
            splits.append(describe_split(there_of, urls, index, None))
    described = {"title": repo, "load": repo, "splits": splits, "runs": []}
    texts = {
        SOURCE: json.dumps(described, ensure_ascii=False, indent=1) + "\n",
        "README.md": _write_card(repo),
    }
    for name, resource in (("index.html", PAGE), (NOTICE, NOTICE)):
        with as_file(files(__package__).joinpath(resource)) as file:
            texts[name] = file.read_text(encoding="utf-8")
    for name, text in texts.items():
        placed[name] = temporary / name
        placed[name].write_text(text, encoding="utf-8", newline="\n")
    added = {path: place for path, place in placed.items() if not is_same(there.get(path), place)}
    removed = tuple(path for path in there if path.startswith("index/") and path not in placed)
    return Push(space, {}, added, removed, commit=snapshot.commit if snapshot else None, name=f"Explorer of {repo}")


def _write_card(repo: str) -> str:
    """The README of the Space; its YAML is JSON, in which no name needs a rule of its own."""
    metadata = {
        "title": f"{repo.split('/')[1]} explorer"[:80],
        "emoji": "🔎",
        "colorFrom": "blue",
        "colorTo": "purple",
        "sdk": "static",
        "app_file": "index.html",
        "datasets": [repo],
        "short_description": "Scenes, graphs, questions and minimal pairs",
    }
    lines = "\n".join(f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in metadata.items())
    link = f"[{repo}](https://huggingface.co/datasets/{repo})"
    return f"---\n{lines}\n---\n\nA page to look at {link} with, written by `gas push --explorer`.\n"
