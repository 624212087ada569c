"""A benchmark: results of models and exams of judges beside a repository's tests, and what its card says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ...errors import GasError, advise
from ..card.edits import encode_card, join_section, read_card, split_card
from ..card.markdown import escape_markdown
from ..folder.manifest import Config, ConfigName, Manifest
from ..folder.reading import Source, find_recipe, read_batches
from ..recipe.fields import escape, show
from ..recipe.loading import load_recipe
from ..recipe.model import Recipe
from ..text.templates import create_environment
from .leaderboards import DRAFT, EVAL, FRAMEWORK, IS_LISTED, SPLIT, Evaluation, list_tasks, write_evaluation
from .seals import is_sealed, seal

RECORD = "benchmark.json"
FILES = frozenset({EVAL, DRAFT, RECORD})
HEADING = "## Benchmark"
ABOVE = "## Columns"
"""The section of the card that ours stands before."""
Number = Annotated[float, Field(allow_inf_nan=False)]


class Entry(BaseModel):
    """A part of `benchmark.json`."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Baseline(Entry):
    """A model's result on the test of a config.

    Attributes:
        task: The config.
        model: What the model is called.
        metric: The id of the metric.
        value: Its mean.
        low: The lower end of its 95 % interval.
        high: The upper end.
        scenes: How many there are.
        judge: The id of the judge, if there is one.
        captions: Of the scenes, by id: by them it is known that they are those of the test. They are not written.
    """

    task: ConfigName
    model: str
    metric: str
    value: Number
    low: Number
    high: Number
    scenes: int
    judge: str | None = None
    captions: Mapping[str, str] = Field(default={}, exclude=True, repr=False)

    @property
    def key(self) -> tuple[str, ...]:
        """What there is one result of."""
        return self.task, self.model, self.metric


class Trust(Entry):
    """A judge's balanced accuracy at a kind of questions, with the ends of its 95 % interval."""

    value: Number
    low: Number
    high: Number
    trusted: bool


class Exam(Entry):
    """What an exam showed of a judge: who it is, how it was asked, and how well it did at each kind of questions."""

    judge: str
    asked_by: str
    version: str
    scenes: int
    kinds: dict[str, Trust] = Field(min_length=1)


class Test(Entry):
    """A test: the version and fingerprint of its config, its scenes, those of `train`, and what training has not."""

    version: str
    fingerprint: str
    scenes: int
    train: int
    unseen: list[str]


class Record(Entry):
    """What `benchmark.json` holds."""

    framework: Literal["gas"] = FRAMEWORK
    file: str = EVAL
    tasks: dict[ConfigName, Test] = {}
    baselines: list[Baseline] = []
    exams: list[Exam] = []


@dataclass(frozen=True)
class Benchmark:
    """What a push makes a benchmark with.

    Attributes:
        baselines: Results that the card shows.
        exams: Of judges.
        listed: Whether the Hub's list of frameworks has ours, so that the file is no draft.
    """

    baselines: Sequence[Baseline] = ()
    exams: Sequence[Exam] = ()
    listed: bool = IS_LISTED

    @property
    def file(self) -> str:
        """What the file is called."""
        return EVAL if self.listed else DRAFT


def check_benchmark(folder: Path, manifest: Manifest, benchmark: Benchmark) -> None:
    """Refuses what cannot be a benchmark, before the Hub is asked.

    Raises:
        GasError: No config has a test, or a baseline is of other scenes.
    """
    tasks = list_tasks(manifest)
    if not tasks:
        raise GasError(
            f"{folder} has no split `{SPLIT}`, so there is nothing to rank; build one: splits: {{test: 1000}}"
        )
    for one in benchmark.baselines:
        what = f"the baseline {escape(one.model)}"
        if one.task not in tasks:
            hint = advise(one.task, tasks)
            raise GasError(f"{what} is of {show(one.task)}, of which {folder} has no test; {hint}")
        captions = _read_captions(folder, one.task, tasks[one.task])
        if others := [scene for scene, caption in one.captions.items() if captions.get(scene) != caption]:
            where = f"that are not in the test of {one.task}, such as {show(others[0])}"
            raise GasError(f"{what} has scenes {where}; evaluate the model on {folder}")


def _read_captions(folder: Path, name: str, config: Config) -> dict[str, str]:
    captions: dict[str, str] = {}
    for batch in read_batches(Source(folder, name, SPLIT, config), ["id", "caption"], 4096):
        captions |= dict(zip(batch["id"].to_pylist(), batch["caption"].to_pylist(), strict=True))
    return captions


def _load(folder: Path, config: Config) -> Recipe:
    return load_recipe(find_recipe(folder, config)).recipe


def write_benchmark(
    folder: Path,
    repo: str,
    manifest: Manifest,
    benchmark: Benchmark,
    ranked: Evaluation | None,
    before: bytes | None,
    card: Path,
    overwrite: bool,
) -> dict[str, Path]:
    """Writes the files of a benchmark beside a card, and its section into that.

    Args:
        folder: What is pushed.
        repo: Where to.
        manifest: Of the folder.
        benchmark: What it is made with.
        ranked: What the repository states already.
        before: The record that it has.
        card: The card.
        overwrite: Write anew what people changed.

    Returns: The files, by their paths in the repository.

    Raises:
        GasError: People changed something, or the repository is a benchmark of another framework.
    """
    earlier = read_record(before, f"{repo}: {RECORD}") if before and not overwrite else Record()
    record = make_record(folder, manifest, benchmark, earlier)
    described = {name: _load(folder, config).description for name, config in list_tasks(manifest).items()}
    texts = {
        benchmark.file: write_evaluation(described, ranked, f"{repo}: {benchmark.file}"),
        RECORD: record.model_dump_json(indent=2) + "\n",
    }
    files = {path: card.parent / path for path in texts}
    for path, text in texts.items():
        files[path].write_text(text, encoding="utf-8", newline="\n")
    text = put_section(read_card(card), write_section(record, repo), f"{repo}: README.md", overwrite)
    card.write_bytes(encode_card(text))
    return files


def make_record(folder: Path, manifest: Manifest, benchmark: Benchmark, before: Record) -> Record:
    """What `benchmark.json` holds: tests, baselines and exams, with those that earlier pushes brought."""
    tasks = {name: _describe_test(folder, config) for name, config in list_tasks(manifest).items()}
    baselines = {one.key: one for one in (*before.baselines, *benchmark.baselines)}
    exams = {(one.judge, one.asked_by): one for one in (*before.exams, *benchmark.exams)}
    return Record(
        file=benchmark.file,
        tasks={**before.tasks, **tasks},
        baselines=sorted(baselines.values(), key=lambda one: (one.task, -one.value, one.model)),
        exams=list(exams.values()),
    )


def _describe_test(folder: Path, config: Config) -> Test:
    splits = _load(folder, config).splits
    return Test(
        version=config.version,
        fingerprint=config.fingerprint,
        scenes=config.splits[SPLIT].rows,
        train=config.splits["train"].rows if "train" in config.splits else 0,
        unseen=list(splits[SPLIT].unseen) if SPLIT in splits else [],
    )


def read_record(text: bytes, place: str) -> Record:
    """Reads what an earlier push wrote.

    Raises:
        GasError: It is no such record.
    """
    try:
        return Record.model_validate_json(text)
    except ValidationError as error:
        raise GasError(f"{place} is not as a push wrote it; add --overwrite to write it anew") from error


def write_section(record: Record, repo: str) -> str:
    """The section of the card, sealed."""
    text = (
        create_environment(None)
        .get_template("cards/benchmark.jinja")
        .render(
            record=record,
            heading=HEADING,
            repo=repo,
            draft=DRAFT,
            final=EVAL,
            framework=FRAMEWORK,
            code=_write_code,
            escape=escape_markdown,
            number="{:,}".format,
        )
    )
    return seal(text.strip() + "\n").rstrip("\n")


def _write_code(text: object) -> str:
    """A text as code in a cell of a table, which it cannot leave."""
    return f"`{' '.join(str(text).split()).replace('`', chr(39)).replace('|', chr(47))}`"


def put_section(card: str, section: str, place: str, overwrite: bool) -> str:
    """A card with the section of the benchmark, in the place of an earlier one.

    Raises:
        GasError: People changed it.
    """
    there = split_card(card).sections.get(HEADING)
    if there and not overwrite and not is_sealed(there + "\n"):
        hint = "keep what they wrote under a heading of its own, then add --overwrite"
        raise GasError(f"{place}: people changed {show(HEADING)}, which would be written anew; {hint}")
    return join_section(card, HEADING, section, ABOVE)
