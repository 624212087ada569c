"""What is wrong with a recipe for reinforcement learning, found before any of its weights is loaded."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from transformers import AutoConfig, AutoTokenizer
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
from trl import GRPOConfig

from ....errors import GasError, Problem, describe_error
from ...decoders import SandboxDecoder
from ...generate import SAMPLING
from ...recipes.grpo import Grpo
from ...rewards.checking import LONGEST, check_rewards, check_rows
from ...rewards.opening import list_judge_models
from ...upstream import read_keys
from .curriculum import check_curriculum
from .rehearsal import rehearse
from .rollouts import check_keys
from .training import COLUMNS, OURS, SANDBOX_COLUMNS, make_arguments

PROSE_CHOICES = {
    "include_num_input_tokens_seen": ("all", "non_padding", "no"),
    "include_for_metrics": ("inputs", "loss"),
    "torch_compile_mode": ("default", "reduce-overhead", "max-autotune", "max-autotune-no-cudagraphs"),
    "vllm_model_impl": ("transformers", "vllm"),
    "vllm_importance_sampling_mode": ("token_truncate", "token_mask", "sequence_truncate", "sequence_mask"),
}
"""Values that upstream names in prose, and looks at late or never."""


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
    others = (
        ("held_out.data", recipe.held_out.data if recipe.held_out else None, COLUMNS),
        ("sandbox_model.data", recipe.sandbox_model.data if recipe.sandbox_model else None, SANDBOX_COLUMNS),
    )
    problems += check_rows(recipe, rows, others, missing)
    if recipe.decoder.path and not Path(recipe.decoder.path).is_file():
        hint = "give the TorchScript file, such as Cosmos-1.0-Tokenizer-DV8x16x16/decoder.jit"
        problems.append(Problem(f"there is no file `{recipe.decoder.path}`", key="decoder.path", hint=hint))
    tokens = int(np.prod(recipe.decoder.grid)) if recipe.decoder.grid else SandboxDecoder().tokens
    if values.get("max_completion_length") != tokens:
        what = f"must be {tokens}, since a picture of the decoder has {tokens} tokens"
        problems.append(Problem(what, key="trainer.max_completion_length", hint=f"set it to {tokens}"))
    problems += check_rewards(recipe, missing)
    if recipe.curriculum:
        problems += check_curriculum(recipe, values)
    if recipe.model and "model" not in missing:
        problems += _check_vocabulary(recipe, rows, tokens)
    return problems


def find_inputs(recipe: Grpo) -> dict[str, tuple[str, str | None]]:
    """The models and files that a training depends on, with their revisions, by key."""
    inputs = {
        "model": (recipe.model, recipe.revision),
        "decoder.path": (recipe.decoder.path, None),
    }
    return {key: (name, revision) for key, (name, revision) in inputs.items() if name} | list_judge_models(recipe)


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
        told = describe_error(error, LONGEST)
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


def _check_vocabulary(recipe: Grpo, rows: Any, tokens: int) -> list[Problem]:
    assert recipe.model and recipe.decoder
    try:
        config = AutoConfig.from_pretrained(recipe.model, revision=recipe.revision)
        tokenizer = AutoTokenizer.from_pretrained(recipe.model, revision=recipe.revision)
    except (OSError, ValueError) as error:
        reason = describe_error(error)
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
