"""The exam as a task of `inspect-ai`, which asks all sorts of models: `inspect eval generate_any_scene/judge_exam`.

Questions are put and replies are marked as `gas calibrate` does both. Nothing else imports this file: `inspect-ai`
finds it by the entry point of the package.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessageUser, ContentImage, ContentText
from inspect_ai.scorer import (
    CORRECT,
    INCORRECT,
    NOANSWER,
    Metric,
    SampleScore,
    Score,
    Scorer,
    Target,
    accuracy,
    grouped,
    metric,
    scorer,
    stderr,
)
from inspect_ai.solver import TaskState, generate

from ..judges.marking import mark_reply, word_question
from .choices import write_picture, write_uri
from .papers import VERSION, make_exam


@task
def judge_exam(scenes: int = 60, seed: int = 0, dataset: str | None = None) -> Task:
    """Makes the task: how well a model answers questions about pictures whose truth is known.

    Args:
        scenes: Of each there are up to seven pictures.
        seed: Another seed gives another exam.
        dataset: A folder that `gas calibrate --out` wrote, or its name on the Hub, in the place of an exam made here.
    """
    samples = _read_samples(dataset) if dataset else _make_samples(scenes, seed)
    return Task(
        dataset=MemoryDataset(list(samples), name=dataset or f"exam-{scenes}-{seed}"),
        solver=generate(),
        scorer=mark(),
        version=VERSION,
    )


def _make_samples(scenes: int, seed: int) -> Iterator[Sample]:
    for sheet in make_exam(scenes, seed):
        picture = write_uri(write_picture(sheet))
        for item in sheet.items:
            facts = {"is_true": item.is_true, "error": sheet.error, "scene": sheet.scene.id}
            yield _make_sample(f"{sheet.id}/{item.place}", picture, {**item.question, **facts})


def _read_samples(dataset: str) -> Iterator[Sample]:
    import datasets

    rows = datasets.load_dataset(dataset, "exam", split="test").cast_column("image", datasets.Image(decode=False))
    for row in rows:
        yield _make_sample(row["id"], write_uri(row["image"]["bytes"]), row)


def _make_sample(name: str, picture: str, asked: Mapping[str, Any]) -> Sample:
    question = {key: asked[key] for key in ("question", "choices", "answer", "aliases", "form", "kind")}
    content = [ContentImage(image=picture), ContentText(text=word_question(question))]
    return Sample(
        id=name,
        input=[ChatMessageUser(content=content)],
        target=[question["answer"], *question["aliases"]],
        metadata={**question, **{key: asked[key] for key in ("is_true", "error", "scene")}},
    )


@metric
def balanced_accuracy() -> Metric:
    """The mean of sensitivity and specificity, in which what was not answered counts nothing."""

    def compute(scores: list[SampleScore]) -> float:
        asked, right = Counter[bool](), dict.fromkeys((True, False), 0.0)
        for one in filter(_is_answered, scores):
            is_true = bool((one.sample_metadata or {})["is_true"])
            asked[is_true] += 1
            right[is_true] += one.score.as_float()
        shares = [right[is_true] / asked[is_true] for is_true in (True, False) if asked[is_true]]
        return sum(shares) / len(shares) if shares else float("nan")

    return compute


@metric
def refused() -> Metric:
    """The share of questions that the model gave no answer to."""

    def compute(scores: list[SampleScore]) -> float:
        return 1 - sum(map(_is_answered, scores)) / len(scores) if scores else float("nan")

    return compute


def _is_answered(one: SampleScore) -> bool:
    # By what the mark says beside its value, which arrives here as a number: no answer and a wrong one alike are 0.
    return bool((one.score.metadata or {})["answered"])


@scorer(
    metrics=[
        accuracy(),
        stderr(cluster="scene"),
        refused(),
        grouped(balanced_accuracy(), "kind", name_template="balanced_{group_name}", all_label="balanced"),
    ]
)
def mark() -> Scorer:
    """Marks replies in words as judges' are: right, wrong, or no answer."""

    async def score(state: TaskState, target: Target) -> Score:
        reply = state.output.completion
        mark = mark_reply(reply, state.metadata)
        value = {True: CORRECT, False: INCORRECT, None: NOANSWER}[mark]
        said = {"answered": mark is not None}
        return Score(value=value, answer=reply, explanation=f"right: {target.text}", metadata=said)

    return score
