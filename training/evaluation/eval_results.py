"""An entry in a model's repository on the Hub: the number that stands for a run, as leaderboards take it.

Importing this module loads nothing that speaks HTTP.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.compute as pc
import yaml

from ... import __version__
from ...builders.folder.files import write_text
from ...builders.foundation.hub_requests import ask, explain_hub, hide_bars
from ...builders.hub.push import check_names
from ...errors import GasError, explain_os_error
from ...regular_files import read_regular
from ..metrics.intervals import Estimate, estimate_mean
from .tables import Run

if TYPE_CHECKING:
    from huggingface_hub import EvalResultEntry, HfApi

    from ...builders.hub.benchmark import Baseline

MAIN = ("answer_accuracy", "soft_tifa", "dsg")
"""Metrics that an entry gives, the first that there is."""
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
    backend, prompt = record.get("backend") or {}, read_prompt(run)
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


def read_prompt(run: Run) -> str | None:
    """What the model was asked for, with the scene's caption; None where that is not known."""
    try:
        recipe = yaml.safe_load(read_regular(run.folder / "recipe.yaml"))
    except (GasError, yaml.YAMLError):
        return None
    return str(recipe.get("prompt") or "{caption}") if isinstance(recipe, Mapping) else None
