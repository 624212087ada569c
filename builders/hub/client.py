"""What repositories on the Hub hold, and whether one may write to them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from ... import __version__
from ...errors import GasError
from ..folder.manifest import EMPTY, MANIFEST, Manifest, parse_manifest
from ..foundation.hub_requests import LOGIN, ask, explain_hub, look_up

if TYPE_CHECKING:
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import RepoFile

RepoKind: TypeAlias = Literal["dataset", "model", "space"]


@dataclass(frozen=True)
class Snapshot:
    """A repository as it is at one commit.

    Attributes:
        commit: Its SHA.
        files: By path.
        manifest: Of what builds wrote there; no configs where none did.
        tags: All of the repository's, with the commits that they name.
    """

    commit: str
    files: dict[str, RepoFile]
    manifest: Manifest
    tags: dict[str, str]


def is_repo_name(name: str) -> bool:
    """Whether a repository can be called so."""
    fits = re.fullmatch(r"[\w-][\w.-]*/[\w-][\w.-]{0,95}", name, re.ASCII)
    return fits is not None and re.search(r"--|\.\.|\.git$|[.-]$", name) is None


def read_snapshot(api: HfApi, repo: str, kind: RepoKind = "dataset", patient: bool = True) -> Snapshot | None:
    """The newest commit of a repository; None if there is no such repository, or none that may be seen.

    Args:
        api: The client.
        repo: `owner/name`.
        kind: Of the repository.
        patient: Whether to wait for a network where there is none.
    """
    from huggingface_hub.errors import RepositoryNotFoundError
    from huggingface_hub.hf_api import RepoFile

    try:
        refs = (ask if patient else look_up)(api.list_repo_refs, repo, repo_type=kind)
    except RepositoryNotFoundError:
        return None
    commit = next(branch.target_commit for branch in refs.branches if branch.name == "main")
    tree = ask(lambda: list(api.list_repo_tree(repo, recursive=True, revision=commit, repo_type=kind)))
    files = {entry.path: entry for entry in tree if isinstance(entry, RepoFile)}
    manifest = read_manifest_at(api, repo, commit) if kind == "dataset" and MANIFEST in files else EMPTY
    return Snapshot(commit, files, manifest, {tag.name: tag.target_commit for tag in refs.tags})


def read_manifest_at(api: HfApi, repo: str, revision: str) -> Manifest:
    """The manifest in a commit; one without configs where no build wrote one.

    Raises:
        GasError: There is a file of that name which no build wrote, or which is damaged.
    """
    from huggingface_hub.errors import EntryNotFoundError

    try:
        path = fetch_file(api, repo, MANIFEST, revision)
    except EntryNotFoundError:
        return EMPTY
    return parse_manifest(Path(path).read_bytes(), f"{repo}: {MANIFEST}", "choose another repository with --repo")


def fetch_file(api: HfApi, repo: str, path: str, revision: str, kind: RepoKind = "dataset") -> str:
    """Downloads a file, once, and gives its path on this machine."""
    return ask(api.hf_hub_download, repo, path, repo_type=kind, revision=revision)


def check_write(repo: str, kind: RepoKind) -> None:
    """Finds out whether a push would be let in, before there is anything to push; nothing is written.

    Of a repository that is there the Hub says it; another one can be made under one's own name and those of one's
    organizations, with a token that may write.

    Raises:
        GasError: It would not, nobody is logged in, or the Hub cannot be reached.
    """
    from huggingface_hub import HfApi, get_token
    from huggingface_hub.errors import RepositoryNotFoundError

    if get_token() is None:
        raise GasError(f"{repo}: the Hub does not know who you are; {LOGIN}", exit_status=1)
    api = HfApi(library_name="generate-any-scene", library_version=__version__)
    with explain_hub(repo):
        try:
            ask(api.auth_check, repo, repo_type=kind, write=True)
        except RepositoryNotFoundError:
            user = ask(api.whoami)
            owners = [user["name"], *(one["name"] for one in user["orgs"])]
            if repo.partition("/")[0] not in owners:
                what = f"{repo}: it does not exist, and you may make repositories of {', '.join(owners)} alone"
                raise GasError(f"{what}; choose another name, or {LOGIN}", exit_status=1) from None
            if user["auth"].get("accessToken", {}).get("role") == "read":
                raise GasError(f"{repo}: your token may only read; {LOGIN}", exit_status=1) from None
