"""Hub client: retries transient failures, and turns permanent ones into one clear message."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, ParamSpec, TypeAlias, TypeVar

from ... import __version__
from ...errors import GasError
from ..folder.manifest import EMPTY, MANIFEST, Manifest, parse_manifest

if TYPE_CHECKING:
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import RepoFile

P = ParamSpec("P")
T = TypeVar("T")
RepoKind: TypeAlias = Literal["dataset", "model", "space"]
WAITS = (1.0, 2.0, 4.0, 8.0)
"""Seconds before what failed is asked again."""
LONGEST_WAIT = 300.0
"""Seconds that the Hub may ask to wait."""
LOGIN = "log in with `hf auth login`, or set HF_TOKEN, to a token that may write there"
GO_ON = "the same command goes on where it was"


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


def ask(call: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
    """Calls what may be called twice, and once more after a while when the Hub is busy or cannot be reached."""
    return _ask_again(lambda: call(*arguments, **options), is_passing)


def look_up(call: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
    """Calls as `ask` does, but waits for no network: the name may have been meant for a folder here."""
    return _ask_again(lambda: call(*arguments, **options), lambda error: is_passing(error) and not _is_cut_off(error))


def _ask_again(call: Callable[[], T], passes: Callable[[Exception], bool]) -> T:
    for wait in WAITS:
        try:
            return call()
        except Exception as error:
            if not passes(error):
                raise
            time.sleep(min(find_wait(error, wait), LONGEST_WAIT))
    return call()


def is_passing(error: Exception) -> bool:
    """Whether the same request may do better a little later."""
    status = find_status(error)
    return status in (408, 429) or (status or 0) >= 500 or (status is None and _is_of_network(error))


def find_status(error: Exception) -> int | None:
    """The HTTP status of an answer that an error comes from."""
    return getattr(getattr(error, "response", None), "status_code", None)


def find_wait(error: Exception, otherwise: float) -> float:
    """The seconds that the Hub asks to wait."""
    headers = getattr(getattr(error, "response", None), "headers", {})
    text = headers.get("Retry-After", "")
    return float(text) if text.isdecimal() else otherwise


def is_out_of_reach(error: Exception) -> bool:
    """Whether there is no way to the Hub: no network, or HF_HUB_OFFLINE."""
    from huggingface_hub.errors import OfflineModeIsEnabled

    return isinstance(error, OfflineModeIsEnabled) or (find_status(error) is None and _is_of_network(error))


def _is_cut_off(error: Exception) -> bool:
    """Whether not even a connection came about, as without a network."""
    return _is_of_network(error) and type(error).__name__ == "ConnectError"


def _is_of_network(error: Exception) -> bool:
    from huggingface_hub.errors import OfflineModeIsEnabled

    if isinstance(error, OfflineModeIsEnabled):
        return False
    return isinstance(error, ConnectionError | TimeoutError) or type(error).__module__.startswith("httpx")


@contextmanager
def hide_bars() -> Iterator[None]:
    """Keeps the client from showing a progress bar a file beside ours."""
    from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    shown = not are_progress_bars_disabled()
    if shown:
        disable_progress_bars()
    try:
        yield
    finally:
        if shown:
            enable_progress_bars()


@contextmanager
def explain_hub(repo: str) -> Iterator[None]:
    """Turns what the Hub refuses into one clear message. Tokens are in no message of its client."""
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled

    try:
        yield
    except HFValidationError as error:
        raise GasError(f"--repo {repo}: {error}") from error
    except OfflineModeIsEnabled as error:
        raise GasError("HF_HUB_OFFLINE is set; unset it to reach the Hub", exit_status=1) from error
    except HfHubHTTPError as error:
        raise GasError(f"{repo}: {_describe_refusal(error)}", exit_status=1) from error
    except Exception as error:
        if _is_of_network(error):
            what = "the Hub cannot be reached, or the connection broke again and again"
        elif type(error) is RuntimeError:  # of the clients of its storage
            what = f"the upload failed: {_shorten(error)}"
        else:
            raise
        raise GasError(f"{repo}: {what}; {GO_ON}", exit_status=1) from error


def _describe_refusal(error: Exception) -> str:
    status, said = find_status(error), _shorten(getattr(error, "server_message", None) or error)
    match status:
        case 401:
            return f"the Hub does not know who you are (401); {LOGIN}"
        case 403:
            return f"your token may not do that (403: {said}); {LOGIN}"
        case 404:
            return f"it does not exist, or your token may not see it (404); check its name, or {LOGIN}"
        case 409:
            return f"it is in the way of another change (409: {said}); give the same command again"
        case 412:
            return f"others keep committing to it (412); {GO_ON}"
        case 429:
            return f"the Hub has had too many requests from you (429); wait some minutes, then {GO_ON}"
        case None:
            return said
        case _ if status >= 500:
            return f"the Hub has a fault of its own ({status}); later {GO_ON}"
        case _:
            return f"the Hub refuses it ({status}: {said})"


def _shorten(error: object) -> str:
    return " ".join(str(error).split())[:300]
