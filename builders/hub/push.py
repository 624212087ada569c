"""Pushes a built folder to a dataset repository of the Hub: one commit, and a tag that never moves.

What other pushes brought to the repository stays: their configs are in the manifest and on the card beside ours.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ... import __version__
from ...errors import GasError
from ..card.card import write_card
from ..card.edits import keep_edits, read_card, set_address
from ..card.sample import find_sample
from ..croissant.croissant import CROISSANT, is_ours, write_croissant
from ..folder.files import hash_file
from ..folder.manifest import CARD, DATA_FILE, MANIFEST, PICTURE, Config, Manifest, read_built_manifest, write_manifest
from ..foundation.hub_requests import (
    LOGIN,
    WAITS,
    ask,
    explain_hub,
    find_status,
    hide_bars,
    is_out_of_reach,
    is_passing,
)
from ..inspection.verification import verify_folder
from ..recipe.fields import escape
from .benchmark import FILES, RECORD, Benchmark, check_benchmark, write_benchmark
from .client import RepoKind, Snapshot, fetch_file, is_repo_name, read_manifest_at, read_snapshot
from .leaderboards import DRAFT, EVAL, read_ranked, refuse_thawed

if TYPE_CHECKING:
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import RepoFile

HARMLESS = frozenset({".gitattributes", ".gitignore", CARD, "LICENSE"})
"""What a repository may hold that no build wrote."""
TAKEN = frozenset({"version", "unfinished"})
"""Findings about a folder that do not keep it from being pushed: what it names is whole all the same."""
GROUP = 8
"""Files that are uploaded together. The Hub keeps what is complete, so an interrupted push begins with the next."""
SHOWN = 40
"""Files that a dry run names."""
Report = Callable[[int], None]


@dataclass(frozen=True)
class Push:
    """What a push does, or would do.

    Attributes:
        repo: The repository.
        configs: Versions of what is pushed, by config.
        added: Files that are uploaded: their place in the repository, and here.
        removed: Files of earlier versions that go.
        tags: Tags that are set on the commit.
        kept: Tags that name this content already.
        commit: The commit that has it, if there is one.
        url: Of the commit or of the pull request.
        bytes: Size of what is uploaded.
        name: What is pushed, where it has no configs with versions.
        kind: Of the repository.
        unseen: Whether the Hub could not be reached, so that nobody knows what is there.
    """

    repo: str
    configs: dict[str, str]
    added: dict[str, Path] = field(default_factory=dict)
    removed: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    commit: str | None = None
    url: str = ""
    bytes: int = 0
    name: str = ""
    kind: RepoKind = "dataset"
    unseen: bool = False

    @property
    def title(self) -> str:
        """Of the commit: what is pushed, and a digest of it, by which it is found again."""
        digest = hashlib.sha256()
        for path, place in sorted(self.added.items()):
            digest.update(f"{path} {hash_file(place)}\n".encode())
        names = self.name or ", ".join(f"{name} {version}" for name, version in self.configs.items())
        return f"{names} ({digest.hexdigest()[:7]})"


def push_folder(
    folder: Path,
    repo: str,
    private: bool = False,
    create_pr: bool = False,
    dry_run: bool = False,
    tag: str | None = None,
    report: Report = lambda files: None,
    overwrite: bool = False,
    benchmark: Benchmark | None = None,
) -> Push:
    """Uploads a built folder as one commit and tags it, unless all of that is there.

    The tag is `v` and the version of the recipes, if they have one in common. Where that tag exists without one of our
    configs, or versions differ, configs get tags of their own: `<config>-v<version>`.

    Args:
        folder: What `gas build` wrote.
        repo: `name/repository`; made if it does not exist.
        private: Make it private.
        create_pr: Propose the change instead of making it; nothing is tagged.
        dry_run: Only say what would be done; where the Hub cannot be reached, in a new repository.
        tag: Another tag.
        report: Called with the number of files that were just uploaded.
        overwrite: Write anew what people changed on the Hub, parts of the card and files; what they added to the card
            stays.
        benchmark: Make the repository a benchmark, of the tests of the configs.

    Raises:
        GasError: The folder is not whole, a tag names other content, the repository holds something else, people
            changed a file or a part of the card that is another now, or the Hub refuses. What was uploaded need not be
            uploaded again.
    """
    check_names(repo, tag)
    manifest = read_built_manifest(folder)
    _refuse_damage(folder)
    if benchmark:
        check_benchmark(folder, manifest, benchmark)

    def plan(api: HfApi, snapshot: Snapshot | None, temporary: Path) -> Push:
        return _plan(api, folder, repo, manifest, snapshot, tag, overwrite, temporary, benchmark)

    return push_planned(repo, plan, private, create_pr, dry_run, report)


def push_planned(
    repo: str,
    make_plan: Callable[[HfApi, Snapshot | None, Path], Push],
    private: bool,
    create_pr: bool,
    dry_run: bool,
    report: Report,
    kind: RepoKind = "dataset",
) -> Push:
    """Carries out a plan as one commit, and makes another one if somebody else is quicker.

    Args:
        repo: `name/repository`; made if it does not exist.
        make_plan: What to do, given the repository as it is, and a folder for files.
        private: As `push_folder` has it.
        create_pr: The same.
        dry_run: The same.
        report: The same.
        kind: Of the repository.

    Raises:
        GasError: The plan cannot be made, or the Hub refuses.
    """
    from huggingface_hub import HfApi, get_token

    if not dry_run and get_token() is None:
        raise GasError(f"{repo}: the Hub does not know who you are; {LOGIN}", exit_status=1)
    api = HfApi(library_name="generate-any-scene", library_version=__version__)
    with explain_hub(repo), hide_bars():
        for attempt in range(len(WAITS) + 1):
            with tempfile.TemporaryDirectory() as temporary:
                snapshot, unseen = None, False
                try:
                    snapshot = read_snapshot(api, repo, kind, patient=not dry_run)
                except Exception as error:
                    unseen = dry_run and is_out_of_reach(error)
                    if not unseen:
                        raise
                plan = make_plan(api, snapshot, Path(temporary))
                size = sum(place.stat().st_size for place in plan.added.values())
                plan = replace(plan, bytes=size, kind=kind, unseen=unseen)
                if private and snapshot and not ask(api.repo_info, repo, repo_type=kind).private:
                    raise GasError(
                        f"{repo} exists and is public; leave --private out, or make it private on the Hub first"
                    )
                if dry_run or not (plan.added or plan.removed or plan.tags):
                    return plan
                if create_pr and (url := _find_proposal(api, plan)):
                    return replace(plan, added={}, removed=(), tags=(), url=url)
                try:
                    return _carry_out(api, plan, snapshot, private, create_pr, report)
                except Exception as error:
                    # Somebody else was quicker, or an answer got lost: look again at what is there.
                    if attempt == len(WAITS) or not (find_status(error) in (409, 412) or is_passing(error)):
                        raise
    raise AssertionError("the last attempt returns or raises")


def check_names(repo: str, tag: str | None = None) -> None:
    """Refuses names that no repository and no tag can have, before anything is asked."""
    if not is_repo_name(repo):
        raise GasError(f"--repo {escape(repo)[:200]}: write it as OWNER/NAME, such as me/scenes")
    if tag is not None and (
        not re.fullmatch(r"[\w.+/-]{1,200}", tag, re.ASCII) or re.search(r"^[./-]|[./]$|\.\.|//|/\.|\.lock(/|$)", tag)
    ):
        raise GasError(f"--tag {escape(tag)[:200]}: write letters, digits and . _ + -, such as v1.0.0")


def _refuse_damage(folder: Path) -> None:
    """Refuses a folder with which `gas verify` is not content, so that it is with what is pushed."""
    findings = [one for one in verify_folder(folder).findings if one.kind not in TAKEN]
    if findings:
        more = f" (and {len(findings) - 1:,} more)" if len(findings) > 1 else ""
        raise GasError(f"{folder}/{findings[0]}{more}; `gas verify {folder}` says all, building it again mends it")


def _plan(
    api: HfApi,
    folder: Path,
    repo: str,
    manifest: Manifest,
    snapshot: Snapshot | None,
    tag: str | None,
    overwrite: bool,
    temporary: Path,
    benchmark: Benchmark | None,
) -> Push:
    """What there is to do, given what is there."""
    ours = manifest.configs
    versions = {name: config.version for name, config in ours.items()}
    there = snapshot.files if snapshot else {}
    theirs = snapshot.manifest.configs if snapshot else {}
    if not theirs and (others := there.keys() - HARMLESS):
        raise GasError(f"{repo} holds files that no build wrote, such as {min(others)}; choose another with --repo")
    compare = _compare_with(api, repo, ours, snapshot) if snapshot else lambda tag, name: None
    tags, kept = _choose_tags(versions, tag, compare, set(snapshot.tags) if snapshot else set())
    commit = snapshot.commit if snapshot else None
    # What is there already stays as it is there, though another release of Arrow has encoded it here.
    new = {name: config for name, config in ours.items() if not _is_there(folder, config, theirs.get(name), there)}
    merged = manifest
    if snapshot and theirs:
        merged = snapshot.manifest.replace_configs({**theirs, **new})
    whole = merged.replace(card=manifest.card) == manifest

    def fetch(path: str) -> bytes:
        assert snapshot is not None
        return Path(fetch_file(api, repo, path, snapshot.commit)).read_bytes()

    ranked = read_ranked(there.keys(), fetch, repo)
    if ranked and not overwrite:
        refuse_thawed(ranked, ours, theirs, repo)
    if not new and not whole and not benchmark:
        return Push(repo, versions, tags=tags, kept=kept, commit=commit)
    if whole:
        texts = {path: folder / path for path in (MANIFEST, *(manifest.card.pictures if manifest.card else ()))}
        card = (folder / CARD).read_text(encoding="utf-8")
    else:
        texts, card = _write_merged(api, folder, repo, manifest, merged, snapshot, overwrite, temporary)
    texts[CARD] = temporary / "card.md"
    texts[CARD].write_text(set_address(card, repo), encoding="utf-8", newline="\n")
    if snapshot and CARD in there and not is_same(there[CARD], texts[CARD]):
        before = fetch(CARD).decode("utf-8", "surrogateescape")
        after = keep_edits(set_address(card, repo), before, snapshot.manifest.card, f"{repo}: {CARD}", overwrite)
        texts[CARD].write_bytes(after.encode("utf-8", "surrogateescape"))
    removed: tuple[str, ...] = ()
    if benchmark:
        record = fetch(RECORD) if RECORD in there else None
        texts |= write_benchmark(folder, repo, manifest, benchmark, ranked, record, texts[CARD], overwrite)
        removed = tuple(path for path in (EVAL, DRAFT) if path in there and path not in texts)
    texts[CROISSANT] = temporary / CROISSANT
    write_croissant(folder if whole else temporary, merged, texts[CROISSANT], repo)
    files = texts | {path: folder / path for path in _list_digests(new)}
    added = _list_changed(files, new, there)
    removed += _list_outdated(ours, new, theirs, files, there)
    if snapshot and not overwrite:
        _refuse_loss(api, repo, snapshot, (*added, *removed))
    return Push(repo, versions, added, removed, tags, kept, commit)


def _refuse_loss(api: HfApi, repo: str, snapshot: Snapshot, outdated: Iterable[str]) -> None:
    """Refuses to replace or remove what is not as the manifest beside it has it: people changed it."""
    manifest = snapshot.manifest
    written = _list_digests(manifest.configs) | (manifest.card.pictures if manifest.card else {})

    def find_digest(path: str) -> str:
        lfs = snapshot.files[path].lfs
        return lfs.sha256 if lfs else hash_file(Path(fetch_file(api, repo, path, snapshot.commit)))

    def is_unchanged(path: str) -> bool:
        if path == CROISSANT:
            return is_ours(Path(fetch_file(api, repo, path, snapshot.commit)).read_bytes())
        return path in written and find_digest(path) == written[path]

    there = [path for path in outdated if path in snapshot.files and path not in (MANIFEST, CARD, *FILES)]
    lost = sorted(path for path in there if not is_unchanged(path))
    if lost:
        more = f" and {len(lost) - 9:,} more" if len(lost) > 9 else ""
        raise GasError(
            f"{repo}: people changed {', '.join(map(_show_path, lost[:9]))}{more}, which would be replaced; keep what "
            "they made under names of its own, then add --overwrite"
        )


def _show_path(path: str) -> str:
    """A file of a repository, longer than `show` has names: half of a path tells nobody which file it is."""
    return f"`{escape(path)[:200]}`"


def _is_there(folder: Path, ours: Config, theirs: Config | None, there: Mapping[str, RepoFile]) -> bool:
    """Whether a repository has a config with the same rows, in files that are as its manifest has them."""
    if theirs is None or _describe_content(theirs) != _describe_content(ours):
        return False
    here = ours.list_digests()
    return all(
        (file := there.get(path)) is not None
        and (file.lfs.sha256 == digest if file.lfs else here.get(path) == digest and is_same(file, folder / path))
        for path, digest in theirs.list_digests().items()
    )


def _list_digests(configs: Mapping[str, Config]) -> dict[str, str]:
    """SHA-256 (hex) of all files that configs have, by path."""
    return {path: digest for config in configs.values() for path, digest in config.list_digests().items()}


def _list_changed(
    files: Mapping[str, Path], configs: Mapping[str, Config], there: Mapping[str, RepoFile]
) -> dict[str, Path]:
    """Those that are not in the repository, or not the same."""
    digests = _list_digests(configs)
    return {path: place for path, place in files.items() if not is_same(there.get(path), place, digests.get(path))}


def is_same(there: RepoFile | None, path: Path, sha256: str | None = None) -> bool:
    """Whether a repository has a file as it is here, whose SHA-256 may be known."""
    if there is None or there.size != path.stat().st_size:
        return False
    if there.lfs:
        return there.lfs.sha256 == (sha256 or hashlib.sha256(path.read_bytes()).hexdigest())
    data = path.read_bytes()
    return there.blob_id == hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()  # as git names what it keeps


def _list_outdated(
    ours: Mapping[str, Config],
    new: Mapping[str, Config],
    theirs: Mapping[str, Config],
    files: Mapping[str, Path],
    there: Mapping[str, RepoFile],
) -> tuple[str, ...]:
    """Files of the repository that belong to an earlier version of what is pushed."""
    old = _list_digests({name: config for name, config in theirs.items() if name in new})
    kept = _list_digests({name: config for name, config in theirs.items() if name not in new})
    return tuple(
        path
        for path in there
        if path not in files
        and path not in kept
        and (path in old or _is_of_configs(path, ours) or PICTURE.fullmatch(path))
    )


def _is_of_configs(path: str, configs: Mapping[str, Config]) -> bool:
    """Whether a path is that of a Parquet file of a config: `load_dataset` reads it, named or not."""
    match = DATA_FILE.fullmatch(path)
    return match is not None and match["config"] in configs


def _write_merged(
    api: HfApi,
    folder: Path,
    repo: str,
    manifest: Manifest,
    merged: Manifest,
    snapshot: Snapshot | None,
    overwrite: bool,
    temporary: Path,
) -> tuple[dict[str, Path], str]:
    """Writes manifest and pictures of what is pushed together with what others pushed; gives them, and the card."""
    commit = snapshot.commit if snapshot else ""
    for name, config in merged.configs.items():
        for path in (*config.sources, find_sample(config)[1].path):
            place = temporary / path
            place.parent.mkdir(parents=True, exist_ok=True)
            here = config == manifest.configs.get(name)
            shutil.copyfile(folder / path if here else fetch_file(api, repo, path, commit), place)
    merged = write_card(temporary, merged)
    write_manifest(temporary, merged)
    card = keep_edits(
        read_card(temporary / CARD), read_card(folder / CARD), manifest.card, str(folder / CARD), overwrite
    )
    pictures = merged.card.pictures if merged.card else ()
    return {path: temporary / path for path in (MANIFEST, *pictures)}, card


def _choose_tags(
    versions: Mapping[str, str],
    wanted: str | None,
    compare: Callable[[str, str], bool | None],
    existing: set[str],
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Tags to set, and those that name this content already.

    Args:
        versions: By config.
        wanted: A tag that was asked for.
        compare: Whether a tag that exists has the same content of a config; None if it has not that config.
        existing: The tags of the repository.

    Raises:
        GasError: A tag exists and has other content.
    """
    tags, kept = list[str](), list[str]()

    def place(tag: str, names: Iterable[str]) -> list[str]:
        """Sets a tag or finds it; gives the configs that it has not."""
        if tag not in existing:
            tags.append(tag)
            return []
        same = {name: compare(tag, name) for name in names}
        if changed := [name for name, equal in same.items() if equal is False]:
            raise GasError(
                f"the tag {tag} exists and has other content of {', '.join(changed)}; raise `version` in the recipe "
                f"(now {versions[changed[0]]}), build it and push again"
            )
        kept.append(tag)
        return [name for name, equal in same.items() if equal is None]

    if wanted:
        if lacking := place(wanted, versions):
            raise GasError(f"the tag {wanted} exists without {', '.join(lacking)}; choose another with --tag")
    else:
        numbers = set(versions.values())
        left = place(f"v{numbers.pop()}", versions) if len(numbers) == 1 else list(versions)
        for name in left:
            if place(f"{name}-v{versions[name]}", [name]):
                raise GasError(f"the tag {name}-v{versions[name]} exists without {name}; choose another with --tag")
    return tuple(tags), tuple(kept)


def _compare_with(
    api: HfApi, repo: str, ours: Mapping[str, Config], snapshot: Snapshot
) -> Callable[[str, str], bool | None]:
    def compare(tag: str, name: str) -> bool | None:
        commit = snapshot.tags[tag]
        if commit not in manifests:
            manifests[commit] = read_manifest_at(api, repo, commit)
        config = manifests[commit].configs.get(name)
        return None if config is None else _describe_content(config) == _describe_content(ours[name])

    manifests = {snapshot.commit: snapshot.manifest}
    return compare


def _describe_content(config: Config) -> Any:
    """What makes two versions of a config the same: its rows and recipe, not what built and encoded them."""
    dropped = config.dropped and (config.dropped.rows, config.dropped.sha256)
    return config.fingerprint, config.sizes, dropped, config.sources


def _carry_out(
    api: HfApi, plan: Push, snapshot: Snapshot | None, private: bool, create_pr: bool, report: Report
) -> Push:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    commit, url = plan.commit, ""
    if snapshot is None:
        sdk = "static" if plan.kind == "space" else None
        ask(api.create_repo, plan.repo, repo_type=plan.kind, private=private, exist_ok=True, space_sdk=sdk)
        refs = ask(api.list_repo_refs, plan.repo, repo_type=plan.kind)
        commit = next(branch.target_commit for branch in refs.branches if branch.name == "main")
    if plan.added or plan.removed:
        additions = [CommitOperationAdd(path, place) for path, place in plan.added.items()]
        for start in range(0, len(additions), GROUP):
            group = additions[start : start + GROUP]
            ask(api.preupload_lfs_files, plan.repo, group, repo_type=plan.kind, create_pr=create_pr)
            report(len(group))
        made = api.create_commit(
            plan.repo,
            [*additions, *(CommitOperationDelete(path) for path in plan.removed)],
            commit_message=plan.title,
            commit_description=f"Built and pushed by generate-any-scene {__version__}.",
            repo_type=plan.kind,
            parent_commit=commit,
            create_pr=create_pr,
        )
        commit, url = made.oid, made.pr_url or made.commit_url
        if create_pr:
            return replace(plan, tags=(), commit=commit, url=url)
    for tag in plan.tags:
        ask(api.create_tag, plan.repo, tag=tag, revision=commit, repo_type=plan.kind)
    return replace(plan, commit=commit, url=url)


def _find_proposal(api: HfApi, plan: Push) -> str:
    """The address of an open pull request with the same content."""
    if plan.commit is None:
        return ""
    discussions = ask(
        lambda: list(
            api.get_repo_discussions(
                plan.repo, repo_type=plan.kind, discussion_type="pull_request", discussion_status="open"
            )
        )
    )
    return next((discussion.url for discussion in discussions if discussion.title == plan.title), "")


def describe_push(push: Push, dry_run: bool) -> str:
    """What was done, or would be, and how to load it."""
    said, told, removed = ("would push", "would tag", "remove") if dry_run else ("pushed", "tagged", "removed")
    lines = []
    if push.added or push.removed:
        files = f"{len(push.added)} file{'s' if len(push.added) != 1 else ''} ({push.bytes / 1e6:.1f} MB)"
        lines.append(f"{push.repo}: {said} {files}" + (f", {removed} {len(push.removed)}" if push.removed else ""))
    if dry_run:
        paths = sorted(push.added)
        lines += [f"  {path}" for path in paths[:SHOWN]]
        lines += [f"  and {len(paths) - SHOWN:,} more"] if len(paths) > SHOWN else []
    lines += [f"{push.repo}: {told} {tag}" for tag in push.tags]
    if not lines:
        there = f"; {' and '.join(push.kept)} has it" if push.kept else ""
        lines.append(f"{push.repo}: nothing to do{there}")
    if push.unseen:
        lines.append("the Hub cannot be reached: this is what a new repository would get")
    lines += [push.url] if push.url else []
    tags = (*push.tags, *push.kept)
    if tags and not dry_run:
        lines.append("\nLoad it with\n\n    from datasets import load_dataset")
        for name, version in push.configs.items():
            own = f"{name}-v{version}"
            tag = own if own in tags else tags[0]
            lines.append(f'    {name} = load_dataset("{push.repo}", "{name}", revision="{tag}")')
    return "\n".join(lines)
