"""What is wrong with questions, judges and rewards of a recipe, found before any weight is loaded."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from transformers import AutoConfig, AutoProcessor
from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES

from ...errors import GasError, Problem, advise, describe_error, gather_problems
from ..data import load_rows
from ..fields import Data
from ..judges.marking import Question, choose_questions, word_question
from ..judges.settings import RewardJudge
from ..judges.trust import read_weights
from ..judges.vision_language import MODEL
from ..sandbox.judge import SandboxJudge, read_question
from .by_similarity import find_picture_metric
from .opening import Rewarded, list_judges

LONGEST = 600
"""Letters of what other packages say that are passed on."""
ASKED = ("question", "answer", "choices", "form", "kind")
"""What the reward reads of a question."""


def check_rows(
    recipe: Rewarded,
    rows: Any,
    others: Iterable[tuple[str, Data | None, Sequence[str]]],
    missing: Collection[str] = (),
) -> list[Problem]:
    """Finds what is wrong with all rows of a training: questions, kinds of questions, and rows that cannot be had.

    Args:
        recipe: It says which kinds are asked, and who is.
        rows: Those of `data`, with `questions`; None where they cannot be had.
        others: Further keys that name rows, what they name, if anything, and the columns needed. Where `questions` is
            one of these, they are checked as those of `data`.
        missing: Keys whose files are not there, which has been told.
    """
    wrong_kinds = check_kinds(recipe, rows) if rows is not None else []
    problems = wrong_kinds or (check_questions(recipe, rows, "data") if rows is not None else [])
    for key, data, columns in others:
        if data and f"{key}.path" not in missing:
            with gather_problems(problems):
                loaded = load_rows(data, columns, key)
                if "questions" in columns and not wrong_kinds:
                    problems += check_questions(recipe, loaded, key)
    return problems


def check_questions(recipe: Rewarded, rows: Any, key: str) -> list[Problem]:
    """Finds rows whose questions are none, or reward nothing, or that the sandbox's judge cannot read, if it is asked.

    Args:
        recipe: It says which kinds are asked, and who is.
        rows: With `questions`.
        key: Where the recipe names them.
    """
    lists = rows["questions"][:]
    empty, unread = [], {}
    for place, asked in enumerate(lists):
        if not _are_questions(asked):
            what = f"the column `questions` of row {place} holds no questions as rows of a dataset have them"
            hint = f"each has {', '.join(ASKED)}; leave other rows out"
            return [Problem(what, key=key, hint=hint)]
        chosen = choose_questions(asked, recipe.question_kinds)
        if not chosen:
            empty.append(place)
        if any(one.kind == "sandbox" for one in list_judges(recipe).values()) and (words := _find_unreadable(chosen)):
            unread[place] = words
    problems = []
    if empty:
        what = f"{len(empty):,} of {rows.num_rows:,} rows have no questions, so nothing rewards them; the first is row"
        asked_for = f" of the kinds {', '.join(recipe.question_kinds)}" if recipe.question_kinds else ""
        hint = "ask for other kinds in `question_kinds`, or leave these rows out"
        problems.append(Problem(f"{what} {empty[0]}{asked_for}", key=key, hint=hint))
    if unread:
        place, words = next(iter(unread.items()))
        what = f"{len(unread):,} of {rows.num_rows:,} rows ask what the judge cannot answer; row {place}: {words}"
        problems.append(Problem(what, key=key, hint="take `recipe: sandbox`, or `judge: {kind: model}`"))
    return problems


def check_kinds(recipe: Rewarded, rows: Any) -> list[Problem]:
    """Finds `question_kinds` that no row has."""
    if not recipe.question_kinds:
        return []
    kinds = {one["kind"] for asked in rows["questions"] if _are_questions(asked) for one in asked}
    return [
        Problem(f"no row has a question of the kind `{kind}`", key="question_kinds", hint=advise(kind, sorted(kinds)))
        for kind in recipe.question_kinds
        if kind not in kinds
    ]


def _are_questions(asked: Any) -> bool:
    return isinstance(asked, list) and all(isinstance(one, dict) and one.keys() >= set(ASKED) for one in asked)


def _find_unreadable(questions: Sequence[Question]) -> str:
    """The first question that the sandbox's judge does not understand, in its words."""
    for one in questions:
        try:
            read_question(word_question(one))
        except GasError as error:
            return str(error)
    return ""


def check_rewards(recipe: Rewarded, missing: Collection[str] = ()) -> list[Problem]:
    """Finds metrics, judges and weights that there are none of; `missing` are keys whose files are not there."""
    problems: list[Problem] = []
    for key, reward in recipe.list_rewards().items():
        if reward.of != "answers":
            with gather_problems(problems, f"{key}.of"):
                find_picture_metric(reward.of)
                with gather_problems(problems, f"{key}.options"):
                    find_picture_metric(reward.of, reward.options)
    for key, judge in list_judges(recipe).items():
        if f"{key}.model" not in missing:
            problems += _check_judge(recipe, judge, key)
    return problems


def _check_judge(recipe: Rewarded, judge: RewardJudge, key: str) -> list[Problem]:
    problems: list[Problem] = []
    if judge.weights:
        with gather_problems(problems, f"{key}.weights"):
            known = SandboxJudge.id if judge.kind == "sandbox" else None
            for way in sorted({one.by for one in recipe.list_rewards().values() if one.of == "answers"}):
                read_weights(judge.weights, known, by=way)
    return [*problems, *(_check_judge_model(judge, key) if judge.kind == "model" else [])]


def _check_judge_model(judge: RewardJudge, key: str) -> list[Problem]:
    name, revision = judge.model, judge.revision
    try:
        config = AutoConfig.from_pretrained(name, revision=revision)
        template = getattr(AutoProcessor.from_pretrained(name, revision=revision), "chat_template", None)
    except Exception as error:  # what is wrong with files is told in a dozen types
        reason = describe_error(error, LONGEST)
        hint = "give a folder, or the name of a model on the Hub"
        return [Problem(f"cannot load the judge `{name}`: {reason}", key=f"{key}.model", hint=hint)]
    if config.model_type not in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES or template is None:
        what = f"`{name}` of the type {config.model_type} answers no questions about images in a chat"
        return [Problem(what, key=f"{key}.model", hint=f"choose a vision-language model such as {MODEL}")]
    return []
