"""Results on the Hub: an entry in a model's repository, and a run as a dataset with its pictures.

Importing this module loads nothing that speaks HTTP.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import yaml

from ... import __version__
from ...builders.folder.files import write_text
from ...builders.foundation.hub_requests import ask, explain_hub, hide_bars
from ...builders.hub.client import Snapshot, fetch_file
from ...builders.hub.push import HARMLESS, Push, Report, check_names, is_same, push_planned
from ...builders.hub.seals import is_sealed, seal
from ...builders.text.templates import create_environment
from ...errors import GasError, explain_os_error
from ...regular_files import read_regular
from ..metrics.intervals import Estimate, estimate_mean
from .files import VIDEOS
from .tables import RECORD, Run

if TYPE_CHECKING:
    from huggingface_hub import EvalResultEntry, HfApi

    from ...builders.hub.benchmark import Baseline

MAIN = ("answer_accuracy", "soft_tifa", "dsg")
"""Metrics that an entry gives, the first that there is."""
CARD = "README.md"
TABLES = ("pictures", "answers", "scores", "scenes")
EXTRAS = ("recipe.yaml", "report.html", "report.json")
SPLIT = "test"
SHARD = 200_000_000
"""Bytes of pictures in a file."""
OURS = re.compile(rf"(?:{'|'.join(TABLES)})/{SPLIT}-\d{{5}}-of-\d{{5}}\.parquet|{'|'.join(map(re.escape, EXTRAS))}")
"""Files that pushes of runs write, besides the record and the card."""
NAME = re.compile(r"\w[\w.-]*/\w[\w.-]*", re.ASCII)
"""Of a dataset on the Hub."""
COMMIT = re.compile(r"[0-9a-f]{40}")
SCENE = re.compile(r"([a-z][a-z0-9_]*)/[a-z]+/[0-9]+")
"""The id of a scene, with its config."""


@dataclass(frozen=True)
class Headline:
    """The number that stands for a run.

    Attributes:
        metric: The id of the metric.
        mean: Over its pictures, with the interval.
        scenes: How many there are.
    """

    metric: str
    mean: Estimate
    scenes: int


def list_headlines(run: Run) -> list[Headline]:
    """The mean of each metric of pictures, in the order of the run."""
    found = []
    scores = run.scores.filter(pc.and_(pc.is_valid(run.scores["value"]), pc.is_valid(run.scores["model"])))
    for metric in scores["metric"].unique().to_pylist():
        rows = scores.filter(pc.equal(scores["metric"], metric))
        scenes = rows["scene"].to_pylist()
        found.append(Headline(metric, estimate_mean(rows["value"].to_pylist(), scenes), len(set(scenes))))
    return found


def choose_headline(run: Run, metric: str | None = None) -> Headline:
    """The number that an entry gives.

    Args:
        run: The run.
        metric: The id of the metric, or how it begins; the first of `MAIN` when left out, or of the run.

    Raises:
        GasError: The run has no such number.
    """
    headlines = list_headlines(run)
    wanted = [metric] if metric else [*MAIN, ""]
    found = next((one for name in wanted for one in headlines if one.metric.startswith(name)), None)
    if found is None:
        there = f"; it has {', '.join(one.metric for one in headlines)}" if headlines else ""
        raise GasError(f"{run.folder} has no number of {metric or 'a metric'}{there}")
    return found


def make_entry(run: Run, dataset: str | None = None, metric: str | None = None) -> EvalResultEntry:
    """The entry of a run, as the Hub's leaderboards take it.

    Args:
        run: The run.
        dataset: The dataset's name on the Hub, where the run has it from elsewhere.
        metric: As `choose_headline` has it.

    Raises:
        GasError: The scenes are of no dataset on the Hub, or there is no such number.
    """
    from huggingface_hub import EvalResultEntry

    headline, data = choose_headline(run, metric), run.record.get("data") or {}
    name = dataset or str(data.get("path") or "")
    if not NAME.fullmatch(name) or (dataset is None and Path(name).exists()):
        hint = "push it with gas push, and evaluate on `data: {path: owner/name, name: CONFIG}`"
        raise GasError(f"an entry names a dataset on the Hub, and the scenes of {run.folder} are of none; {hint}")
    commit = data.get("commit") or data.get("revision") or ""
    return EvalResultEntry(
        dataset_id=name,
        task_id=_name_task(run),
        value=round(headline.mean.value, 4),
        dataset_revision=commit if COMMIT.fullmatch(commit) else None,
        notes=_write_notes(run, headline),
    )


def _name_task(run: Run) -> str:
    """The config of the scenes, which is the leaderboard that `gas push --benchmark` makes of them."""
    data = run.record.get("data") or {}
    if data.get("name") or data.get("recipe"):
        return str(data.get("name") or Path(data["recipe"]).stem)
    # Rows of a config that nobody named, the default one, have its name in their ids.
    configs = {match[1] for scene in run.scenes["id"].to_pylist() if (match := SCENE.fullmatch(scene))}
    return configs.pop() if len(configs) == 1 else "default"


def make_baseline(run: Run, metric: str | None = None) -> Baseline:
    """What the card of a benchmark shows of a run.

    Args:
        run: The run.
        metric: As `choose_headline` has it.

    Raises:
        GasError: There is no such number.
    """
    from ...builders.hub.benchmark import Baseline

    headline = choose_headline(run, metric)
    mean, judge = headline.mean, run.record.get("judge")
    captions = dict(zip(run.scenes["id"].to_pylist(), run.scenes["caption"].to_pylist(), strict=True))
    return Baseline(
        task=_name_task(run),
        model=run.model,
        metric=headline.metric,
        value=mean.value,
        low=mean.low,
        high=mean.high,
        scenes=headline.scenes,
        judge=judge and str(judge),
        captions=captions,
    )


def _write_notes(run: Run, headline: Headline) -> str:
    """All that the number depends on besides dataset and model, on one line."""
    mean, record = headline.mean, run.record
    backend, prompt = record.get("backend") or {}, _read_prompt(run)
    said = [
        f"{headline.metric}: mean over {headline.scenes:,} scenes, 95 % {mean.low:.4f} to {mean.high:.4f}",
        f"judge {record['judge']}" if record.get("judge") else "",
        f"asked by {record['by']}" if record.get("judge") and record.get("by") else "",
        f"pictures by {backend['id']}" if backend.get("id") else "",
        f"prompt {prompt}" if prompt else "",
        f"generate-any-scene {record.get('generate_any_scene', __version__)}",
    ]
    return " ".join("; ".join(filter(None, said)).split())


def write_eval_results(
    run: Run, model: str, dataset: str | None = None, metric: str | None = None, push: bool = True
) -> list[str]:
    """Writes the entry of a run, and proposes it to the repository of a model as a pull request.

    Other entries of the file that is there stay; one of the same dataset and task is replaced.

    Args:
        run: The run.
        model: The repository of the model, `owner/name`.
        dataset: As `make_entry` has it.
        metric: The same.
        push: Open the pull request; without it, or without a token, the file is only written.

    Returns: Lines for people: what was written, and where it is proposed.

    Raises:
        GasError: There is nothing to say, or the Hub refuses.
    """
    from huggingface_hub import HfApi, get_token

    check_names(model)
    entry = make_entry(run, dataset, metric)
    place = f".eval_results/{entry.dataset_id.replace('/', '--')}.yaml"
    is_known = push and get_token() is not None
    api = HfApi(library_name="generate-any-scene", library_version=__version__)
    entries: list[EvalResultEntry] = []
    if is_known:
        with explain_hub(model), hide_bars():
            entries = _read_entries(api, model, place)
    entries = [one for one in entries if (one.dataset_id, one.task_id) != (entry.dataset_id, entry.task_id)]
    path = _write_entries(run.folder / place, [*entries, entry])
    lines = [f"Written: {path}"]
    if is_known:
        with explain_hub(model), hide_bars():
            lines.append(f"Proposed: {_propose(api, model, place, path, entry)}")
    elif push:
        lines.append(
            f"Not proposed, since the Hub does not know who you are: hf upload {model} {path} {place} --create-pr"
        )
    return lines


def _read_entries(api: HfApi, model: str, place: str) -> list[EvalResultEntry]:
    """What the repository of a model has in this file."""
    from huggingface_hub import parse_eval_result_entries
    from huggingface_hub.errors import EntryNotFoundError

    try:
        there = ask(api.hf_hub_download, model, place)
    except EntryNotFoundError:
        return []
    try:
        return parse_eval_result_entries(yaml.safe_load(Path(there).read_text(encoding="utf-8")))
    except (ValueError, LookupError, TypeError, AttributeError, yaml.YAMLError) as error:
        raise GasError(f"{model}: {place} is there, and is no list of results; mend it on the Hub first") from error


def _write_entries(path: Path, entries: Sequence[EvalResultEntry]) -> Path:
    from huggingface_hub import eval_result_entries_to_yaml

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        text = yaml.safe_dump(eval_result_entries_to_yaml([*entries]), sort_keys=False, allow_unicode=True, width=1000)
        write_text(path, text)
    except OSError as error:
        raise explain_os_error(error, path) from error
    return path


def _propose(api: HfApi, model: str, place: str, path: Path, entry: EvalResultEntry) -> str:
    """Opens a pull request, unless there is one of the same content; gives its address."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:7]
    title = f"Evaluation on {entry.dataset_id}, {entry.task_id} ({digest})"
    there = partial(api.get_repo_discussions, discussion_type="pull_request", discussion_status="open")
    for discussion in ask(lambda: list(there(model))):
        if discussion.title == title:
            return discussion.url
    made = api.upload_file(
        path_or_fileobj=path,
        path_in_repo=place,
        repo_id=model,
        commit_message=title,
        create_pr=True,
        commit_description=f"Written by generate-any-scene {__version__}.",
    )
    return str(made.pr_url)


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
        "Prompt": _read_prompt(run),
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


def _read_prompt(run: Run) -> str | None:
    """What the model was asked for, with the scene's caption; None where that is not known."""
    try:
        recipe = yaml.safe_load(read_regular(run.folder / "recipe.yaml"))
    except (GasError, yaml.YAMLError):
        return None
    return str(recipe.get("prompt") or "{caption}") if isinstance(recipe, Mapping) else None
