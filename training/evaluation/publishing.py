"""A run on the Hub: a dataset with its pictures, answers and scores, and a card.

Importing this module loads nothing that speaks HTTP.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from ... import __version__
from ...builders.folder.files import write_text
from ...builders.hub.client import Snapshot, fetch_file
from ...builders.hub.push import HARMLESS, Push, Report, check_names, is_same, push_planned
from ...builders.hub.seals import is_sealed, seal
from ...builders.text.templates import create_environment
from ...errors import GasError, explain_os_error
from ...regular_files import read_regular
from .eval_results import NAME, list_headlines, read_prompt
from .opening import VIDEOS
from .tables import RECORD, Run

if TYPE_CHECKING:
    from huggingface_hub import HfApi

CARD = "README.md"
TABLES = ("pictures", "answers", "scores", "scenes")
EXTRAS = ("recipe.yaml", "report.html", "report.json")
SPLIT = "test"
SHARD = 200_000_000
"""Bytes of pictures in a file."""
OURS = re.compile(rf"(?:{'|'.join(TABLES)})/{SPLIT}-\d{{5}}-of-\d{{5}}\.parquet|{'|'.join(map(re.escape, EXTRAS))}")
"""Files that pushes of runs write, besides the record and the card."""


def push_run(
    run: Run,
    repo: str,
    private: bool = False,
    create_pr: bool = False,
    dry_run: bool = False,
    report: Report = lambda files: None,
    overwrite: bool = False,
) -> Push:
    """Uploads a run as a dataset with a card: its pictures, answers, scores and scenes, and the report.

    Nothing is removed or replaced but what an earlier push of a run wrote.

    Args:
        run: The run.
        repo: `owner/name`; made if it does not exist.
        private: Make it private.
        create_pr: Propose the change instead of making it.
        dry_run: Only say what would be done.
        report: Called with the number of files that were just uploaded.
        overwrite: Write the card anew, though people changed it.

    Raises:
        GasError: A picture cannot be read, the repository holds something else, people changed the card, or the Hub
            refuses.
    """
    check_names(repo)
    with TemporaryDirectory() as temporary:
        files = write_dataset(run, repo, Path(temporary))

        def plan(api: HfApi, snapshot: Snapshot | None, _: Path) -> Push:
            return _plan(api, run, repo, files, snapshot, overwrite)

        return push_planned(repo, plan, private, create_pr, dry_run, report)


def _plan(
    api: HfApi, run: Run, repo: str, files: Mapping[str, Path], snapshot: Snapshot | None, overwrite: bool
) -> Push:
    there = snapshot.files if snapshot else {}
    if snapshot and RECORD not in there and (others := there.keys() - HARMLESS):
        raise GasError(f"{repo} holds what no push of a run wrote, such as {min(others)}; choose another with --repo")
    added = {path: place for path, place in files.items() if not is_same(there.get(path), place)}
    removed = tuple(path for path in there if OURS.fullmatch(path) and path not in files)
    if snapshot and CARD in added and CARD in there and not overwrite:
        card = Path(fetch_file(api, repo, CARD, snapshot.commit)).read_text(encoding="utf-8")
        if not is_sealed(card):
            raise GasError(f"{repo}: people wrote {CARD}, or changed it; add --overwrite to write it anew")
    commit = snapshot.commit if snapshot else None
    return Push(repo, {}, added, removed, commit=commit, name=f"{run.model}, evaluated")


def write_dataset(run: Run, repo: str, folder: Path) -> dict[str, Path]:
    """Writes a run as files of a dataset repository.

    Args:
        run: The run.
        repo: What the repository is called.
        folder: Where to write.

    Returns: The files, by their paths in the repository.

    Raises:
        GasError: A picture cannot be read, or the folder cannot be written.
    """
    try:
        kinds = {_find_kind(run.pictures / name) for _, name in list_pictures(run)} or {"image"}
        shards = list(_write_pictures(run, folder, kinds))
        files = {_name_file("pictures", number, len(shards)): shard for number, shard in enumerate(shards)}
        for name in TABLES[1:]:
            files[_name_file(name, 0, 1)] = folder / f"{name}.parquet"
            pq.write_table(getattr(run, name), folder / f"{name}.parquet", compression="zstd")
        files |= {name: run.folder / name for name in EXTRAS if (run.folder / name).is_file()}
        texts = {RECORD: json.dumps(_clean_record(run.record), indent=2, ensure_ascii=False) + "\n"}
        texts[CARD] = seal(_write_card(run, repo, files, kinds))
        for name, text in texts.items():
            files[name] = folder / name
            write_text(folder / name, text)
    except OSError as error:
        raise explain_os_error(error, folder) from error
    return files


def _name_file(table: str, number: int, files: int) -> str:
    return f"{table}/{SPLIT}-{number:05d}-of-{files:05d}.parquet"


def _clean_record(record: Mapping[str, Any]) -> dict[str, Any]:
    """A run's record without what only this machine knows: folders, and addresses of servers."""
    judge = record.get("judge_record")
    judge = {key: value for key, value in judge.items() if key != "url"} if isinstance(judge, Mapping) else judge
    return {**record, "pictures": "pictures", "judge_record": judge}


def list_pictures(run: Run) -> list[tuple[str, str]]:
    """Scene and name of each picture that was asked about or measured, in the order of the scenes."""
    pairs = {
        (scene, image): None
        for table in (run.answers, run.scores)
        for scene, image in zip(table["scene"].to_pylist(), table["image"].to_pylist(), strict=True)
        if image is not None
    }
    places = {scene: place for place, scene in enumerate(run.scenes["id"].to_pylist())}
    return sorted(pairs, key=lambda pair: (places.get(pair[0], len(places)), pair))


def _write_pictures(run: Run, folder: Path, kinds: set[str]) -> Iterator[Path]:
    """Writes pictures with their scenes and captions, into files of about `SHARD` bytes."""
    captions = dict(zip(run.scenes["id"].to_pylist(), run.scenes["caption"].to_pylist(), strict=True))
    schema = _describe_pictures(kinds)
    rows: list[dict[str, Any]] = []
    size = number = 0

    def write() -> Path:
        path = folder / f"pictures-{number}.parquet"
        # Pictures are compressed already.
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), path, compression="none", row_group_size=100)
        return path

    for scene, name in list_pictures(run):
        shown = _read_picture(run.pictures, name)
        rows.append({"scene": scene, "caption": captions.get(scene), "model": run.model, "name": name, **shown})
        size += sum(
            len(one["bytes"]) for some in shown.values() for one in (some if isinstance(some, list) else [some])
        )
        if size >= SHARD:
            yield write()
            rows, size, number = [], 0, number + 1
    if rows or not number:
        yield write()


def _find_kind(path: Path) -> str:
    """The column of a picture: that of images, videos, or the frames of a folder."""
    return "frames" if path.is_dir() else "video" if path.suffix.lower() in VIDEOS else "image"


def _describe_pictures(kinds: set[str]) -> pa.Schema:
    """The columns, with the features that `datasets` reads."""
    import datasets

    shown = {"image": datasets.Image(), "frames": datasets.List(datasets.Image()), "video": datasets.Video()}
    texts = dict.fromkeys(("scene", "caption", "model", "name"), datasets.Value("string"))
    return datasets.Features({**texts, **{kind: shown[kind] for kind in shown if kind in kinds}}).arrow_schema


def _read_picture(root: Path, name: str) -> dict[str, Any]:
    path = root / name
    kind = _find_kind(path)

    def read(file: Path) -> dict[str, Any]:
        return {"bytes": read_regular(file), "path": file.name}

    if kind == "frames":
        return {kind: [read(file) for file in sorted(path.iterdir()) if not file.name.startswith(".")]}
    return {kind: read(path)}


def _write_card(run: Run, repo: str, files: Mapping[str, Path], kinds: Iterable[str]) -> str:
    record = run.record
    heading = " ".join(f"{run.model}, evaluated".split())
    facts = {
        "Pictures by": (record.get("backend") or {}).get("id"),
        "Prompt": read_prompt(run),
        "Judge": record.get("judge"),
        "Asked by": record.get("by") if record.get("judge") else None,
    }
    return (
        create_environment(None)
        .get_template("cards/run.jinja")
        .render(
            title=json.dumps(heading, ensure_ascii=False),  # what JSON quotes, YAML reads
            heading=heading,
            address=json.dumps(repo),
            model=run.model,
            tables=TABLES,
            split=SPLIT,
            kinds=sorted(kinds),
            extras=[name for name in EXTRAS if name in files],
            data=_describe_data(record.get("data") or {}),
            facts=[(name, f"`{' '.join(str(value).split())}`") for name, value in facts.items() if value],
            headlines=list_headlines(run),
            pictures=len(list_pictures(run)),
            scenes=run.scenes.num_rows,
            version=record.get("generate_any_scene", __version__),
        )
    )


def _describe_data(data: Mapping[str, Any]) -> str:
    """Where scenes are from, in words; of a folder its name alone."""
    split = f", split `{data['split']}`" if data.get("split") else ""
    if data.get("recipe"):
        return f"the dataset recipe `{Path(data['recipe']).stem}`{split}"
    path = str(data.get("path") or "a dataset")
    config = f", config `{data['name']}`" if data.get("name") else ""
    commit = f" at {data['commit']}" if data.get("commit") else ""
    return f"`{path if NAME.fullmatch(path) else Path(path).name}`{commit}{config}{split}"
