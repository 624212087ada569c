"""What is wrong with a recipe for reinforcement learning, found before any of its weights is loaded."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from transformers import AutoConfig, AutoProcessor, AutoTokenizer
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES,
)
from trl import GRPOConfig

from ....errors import GasError, Problem, advise, gather_problems
from ...data import load_rows
from ...decoders import SandboxDecoder
from ...generate import SAMPLING
from ...judges.marking import Question, choose_questions, word_question
from ...judges.settings import RewardJudge
from ...judges.trust import read_weights
from ...judges.vision_language import MODEL
from ...recipes.grpo import Grpo
from ...rewards.by_similarity import find_picture_metric
from ...sandbox.judge import SandboxJudge, read_question
from ...upstream import read_keys
from .rehearsal import rehearse
from .rollouts import check_keys
from .training import COLUMNS, OURS, SANDBOX_COLUMNS, make_arguments

LONGEST = 600
"""Letters of what other packages say that are passed on."""
PROSE_CHOICES = {
    "include_num_input_tokens_seen": ("all", "non_padding", "no"),
    "include_for_metrics": ("inputs", "loss"),
    "torch_compile_mode": ("default", "reduce-overhead", "max-autotune", "max-autotune-no-cudagraphs"),
    "vllm_model_impl": ("transformers", "vllm"),
    "vllm_importance_sampling_mode": ("token_truncate", "token_mask", "sequence_truncate", "sequence_mask"),
}
"""Values that upstream names in prose, and looks at late or never."""
ASKED = ("question", "answer", "choices", "form", "kind")
"""What the reward reads of a question."""


def check(recipe: Grpo, rows: Any, missing: Collection[str] = ()) -> list[Problem]:
    """Finds what is wrong with keys, rows, models and their names, before any of the recipe's weights is loaded."""
    values, problems = read_keys(recipe.trainer, GRPOConfig, "trainer", OURS, PROSE_CHOICES)
    beside_rollouts = check_keys(values) if recipe.rollouts else []
    problems += beside_rollouts
    read = recipe.trainer.keys() & GRPOConfig.__dataclass_fields__.keys() - OURS.keys() <= values.keys()
    if read and not beside_rollouts:
        problems += _check_trainer(recipe, values)
    if "generation_kwargs" in values and not recipe.rollouts:
        what = "held-out pictures would not be sampled by these keys, as those of the training are"
        hint = f"give {', '.join(SAMPLING)} under `trainer` itself"
        problems.append(Problem(what, key="trainer.generation_kwargs", hint=hint))
    wrong_kinds = _check_kinds(recipe, rows) if rows else []
    problems += wrong_kinds or (_check_questions(recipe, rows, "data") if rows else [])
    if recipe.held_out and "held_out.data.path" not in missing:
        with gather_problems(problems):
            held_out = load_rows(recipe.held_out.data, COLUMNS, "held_out.data")
            problems += [] if wrong_kinds else _check_questions(recipe, held_out, "held_out.data")
    if recipe.sandbox_model and "sandbox_model.data.path" not in missing:
        with gather_problems(problems):
            load_rows(recipe.sandbox_model.data, SANDBOX_COLUMNS, "sandbox_model.data")
    if recipe.decoder.path and not Path(recipe.decoder.path).is_file():
        hint = "give the TorchScript file, such as Cosmos-1.0-Tokenizer-DV8x16x16/decoder.jit"
        problems.append(Problem(f"there is no file `{recipe.decoder.path}`", key="decoder.path", hint=hint))
    tokens = int(np.prod(recipe.decoder.grid)) if recipe.decoder.grid else SandboxDecoder().tokens
    if values.get("max_completion_length") != tokens:
        what = f"must be {tokens}, since a picture of the decoder has {tokens} tokens"
        problems.append(Problem(what, key="trainer.max_completion_length", hint=f"set it to {tokens}"))
    for key, reward in recipe.list_rewards().items():
        if reward.of != "answers":
            with gather_problems(problems, f"{key}.of"):
                find_picture_metric(reward.of)
                with gather_problems(problems, f"{key}.options"):
                    find_picture_metric(reward.of, reward.options)
    for key, judge in list_judges(recipe).items():
        problems += _check_judge(recipe, judge, key) if f"{key}.model" not in missing else []
    if recipe.model and "model" not in missing:
        problems += _check_vocabulary(recipe, rows, tokens)
    return problems


def find_inputs(recipe: Grpo) -> dict[str, tuple[str, str | None]]:
    """The models and files that a training depends on, with their revisions, by key."""
    inputs = {
        "model": (recipe.model, recipe.revision),
        "decoder.path": (recipe.decoder.path, None),
        **{
            f"{key}.model": (judge.model if judge.kind == "model" else None, judge.revision)
            for key, judge in list_judges(recipe).items()
        },
    }
    return {key: (name, revision) for key, (name, revision) in inputs.items() if name}


def _check_trainer(recipe: Grpo, values: Mapping[str, Any]) -> list[Problem]:
    """Finds values that upstream refuses, by itself: with the training's settings, and in a step of a tiny model."""
    what = _find_refusal(recipe, values)
    if not what:
        return []
    shown = {key: _measure_told(key, value, what) for key, value in values.items()}
    named = [key for key in shown if shown[key] == max(shown.values()) > 0]
    # Where no key is told, it is one without which something else happens.
    named = named[:1] or [key for key in values if what != _find_refusal(recipe, _leave_out(values, key))]
    keys = [f"trainer.{key}" for key in named] or ["trainer"]
    return [Problem(what, key=keys[0], others=tuple(keys[1:]))]


def _leave_out(values: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != key}


def _find_refusal(recipe: Grpo, values: Mapping[str, Any]) -> str:
    """What upstream says against values, if anything."""
    try:
        with _silence():
            arguments = make_arguments(recipe, Path("unused"), values)
            rehearse(_leave_out(values, "generation_kwargs") if recipe.rollouts else values, arguments.report_to)
    except Exception as error:  # what is wrong with a value is told in a dozen types
        told = " ".join(str(error).split())[:LONGEST]
        return told if isinstance(error, GasError | ValueError | ImportError) else f"{type(error).__name__}: {told}"
    return ""


def _measure_told(key: str, value: Any, told: str) -> int:
    """How much of an error's words is about a key: the longest of its name, its texts and the keys in it."""
    texts = [key, *(value if isinstance(value, dict | list) else [value])]
    words = [text for text in texts if isinstance(text, str) and text]
    return max(len(one) if re.search(rf"(?<![\w-]){re.escape(one)}(?![\w-])", told) else 0 for one in words)


@contextmanager
def _silence() -> Iterator[None]:
    """What packages say of a model that is made for a moment is about nothing of the user's."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _check_questions(recipe: Grpo, rows: Any, key: str) -> list[Problem]:
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


def _check_kinds(recipe: Grpo, rows: Any) -> list[Problem]:
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


def list_judges(recipe: Grpo) -> dict[str, RewardJudge]:
    """Who is asked, by the key where it stands."""
    others = {
        f"{key}.judges.{place}": one
        for key, reward in recipe.list_rewards().items()
        for place, one in enumerate(reward.judges)
    }
    return {"judge": recipe.judge, **others}


def _check_judge(recipe: Grpo, judge: RewardJudge, key: str) -> list[Problem]:
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
        reason = " ".join(str(error).split())[:LONGEST]
        hint = "give a folder, or the name of a model on the Hub"
        return [Problem(f"cannot load the judge `{name}`: {reason}", key=f"{key}.model", hint=hint)]
    if config.model_type not in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES or template is None:
        what = f"`{name}` of the type {config.model_type} answers no questions about images in a chat"
        return [Problem(what, key=f"{key}.model", hint=f"choose a vision-language model such as {MODEL}")]
    return []


def _check_vocabulary(recipe: Grpo, rows: Any, tokens: int) -> list[Problem]:
    assert recipe.model and recipe.decoder
    try:
        config = AutoConfig.from_pretrained(recipe.model, revision=recipe.revision)
        tokenizer = AutoTokenizer.from_pretrained(recipe.model, revision=recipe.revision)
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        hint = "give a folder, or the name of a model on the Hub"
        return [Problem(f"cannot load the model `{recipe.model}`: {reason}", key="model", hint=hint)]
    if config.model_type not in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES:
        what = f"`{recipe.model}` is of the type {config.model_type}, which is no causal language model"
        return [Problem(what, key="model", hint="give a model like SimpleAR, which is a Qwen2")]
    problems = []
    codebook = recipe.decoder.codebook or SandboxDecoder().codebook
    offset = len(tokenizer) if recipe.decoder.offset is None else recipe.decoder.offset
    if offset + codebook > config.vocab_size:
        what = (
            f"visual ids {offset} to {offset + codebook - 1} are out of range: the model has {config.vocab_size} ids"
        )
        room = max(config.vocab_size - offset, 0)
        hint = f"there is room for {room} codes from id {offset} on; mend `decoder.offset` or this"
        problems.append(Problem(what, key="decoder.codebook", hint=hint))
    room = getattr(config, "max_position_embeddings", None)
    prompts = [recipe.prompt.format(caption=caption) for caption in rows["caption"]] if rows else []
    too_long = sum(len(ids) + tokens > room for ids in tokenizer(prompts)["input_ids"]) if prompts and room else 0
    if too_long:
        what = f"{too_long:,} of {len(prompts):,} prompts leave no room for {tokens} visual tokens in {room} positions"
        problems.append(Problem(what, key="data", hint="take a dataset with shorter captions"))
    return problems
