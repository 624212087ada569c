"""Reinforcement learning of an autoregressive image model (paper section 5 and Appendix E): TRL's GRPO as it is.

The policy continues a prompt with visual tokens. The reward decodes them, and has judges answer the scene's questions
about the picture.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import PartialState
from transformers import AutoModelForCausalLM, AutoTokenizer, PrinterCallback, TrainerCallback
from trl import GRPOConfig, GRPOTrainer

from ...data import load_rows
from ...decoders import CompletionDecoder, Decoder, make_decoder
from ...generate import (
    SAMPLING,
    JudgedPictures,
    MakePictures,
    compare_held_out,
    judge_rows,
    make_blank,
    make_sampler,
)
from ...json_lines import cut_lines
from ...judges.marking import choose_questions
from ...judges.settings import open_judge
from ...models import limit_threads
from ...recipes.grpo import Grpo
from ...reports.curves import draw_curve
from ...rewards.by_answers import AnswersReward
from ...rewards.opening import open_reward
from ...rewards.protocol import Reward, Rewards
from ...rewards.settings import RewardSettings
from ...rewards.valuing import weigh_kind
from ...rewards.words import find_reader
from ...sandbox.judge import measure_top_row
from ...upstream import find_files, read_keys
from . import rollouts
from .curriculum import CURRICULUM, follow_rewards, open_scenes
from .lessons import StopIdle
from .policy import mask_text

COLUMNS = ("caption", "questions")
ALSO = ("scene_graph",)
LOG = "rewards.jsonl"
SANDBOX_COLUMNS = ("caption", "scene_graph")
COMPARED = re.compile(
    r"reward|distinct_pictures|said_yes|words_that_answer|answers_refused|similarity|level|by_(?:kind|predicate)/.*"
)
"""The figures of which a run's record has the first and the last steps."""
OURS = {
    "output_dir": "it is `output` of the recipe",
    "seed": "it is `seed` of the recipe",
    "remove_unused_columns": "the reward needs all columns",
    **rollouts.OURS,
}


def train_policy(
    recipe: Grpo,
    rows: Any,
    folder: Path,
    report: Callable[[str], None] = print,
    others: Mapping[str, RewardSettings] = {},
) -> dict[str, Any]:
    """Trains a policy by one reward, and judges held-out scenes before and after.

    Writes `model/` (what plain transformers loads), `checkpoints/` (the trainer's), `rewards.jsonl` and `rewards.png`,
    with held-out rows `held_out.png`, pictures before and after, and `held_out.jsonl`, and with a curriculum
    `curriculum.jsonl`.

    Args:
        recipe: What to train.
        rows: A dataset with `caption` and `questions`.
        folder: Where the results go.
        report: Is told what happens, in a line.
        others: Rewards that are logged in each step, by name, and do not count.

    Returns: Rewards and accuracies, as JSON can hold them.
    """
    values, _ = read_keys(recipe.trainer, GRPOConfig, "trainer", OURS)
    arguments = make_arguments(recipe, folder, values)
    for line in list_doubts(arguments):
        report(line)
    # So small a model as the sandbox's is slower on several threads.
    with limit_threads(1 if recipe.decoder.kind == "sandbox" else torch.get_num_threads()):
        return _train(recipe, rows, folder, arguments, report, others)


def _train(
    recipe: Grpo,
    rows: Any,
    folder: Path,
    arguments: GRPOConfig,
    report: Callable[[str], None],
    others: Mapping[str, RewardSettings],
) -> dict[str, Any]:
    state = PartialState()
    name = str(folder / "base" if recipe.sandbox_model else recipe.model)
    if recipe.sandbox_model:
        make_sandbox_model(recipe, report, folder / "base")
    opened = open_policy(recipe, name, recipe.revision, str(arguments.device))
    policy, tokenizer, decoder, offset = opened.policy, opened.tokenizer, opened.decoder, opened.offset
    # TRL loads the reference by this name, and vLLM the model: that of the very files that the policy is from.
    policy.name_or_path = policy.config._name_or_path = str(find_files(name, recipe.revision))
    if recipe.rollouts:
        arguments.generation_kwargs |= rollouts.list_ids(offset, decoder.codebook)
    judge = open_judge(recipe.judge, str(arguments.device))
    open_one = partial(
        open_reward, recipe, judge, str(arguments.device),
        decode=CompletionDecoder(decoder, offset), has_words=recipe.decoder.kind != "sandbox",
    )  # fmt: skip
    reward = open_one(recipe.reward)
    if reward.read_words and not find_reader():
        report("no OCR is installed, so words in pictures are not read: pip install rapidocr onnxruntime")
    watched = [Watched(open_one(settings), other) for other, settings in others.items()]
    functions = _list_functions(recipe, reward, watched, rows, arguments)
    if recipe.curriculum:
        prompts = open_scenes(recipe, partial(make_prompt, recipe=recipe), folder / CURRICULUM)
        functions = follow_rewards(prompts, functions, arguments.reward_weights)
    else:
        prompts = rows.map(partial(make_prompt, recipe=recipe), remove_columns=rows.column_names)
    with rollouts.explain_server(recipe):
        trainer = GRPOTrainer(
            model=policy,
            reward_funcs=functions,
            args=arguments,
            train_dataset=prompts,
            processing_class=tokenizer,
        )
    if trainer.ref_model is not None:
        mask_text(trainer.ref_model, offset, decoder.codebook)
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(RewardLog(folder / LOG, report))
    trainer.add_callback(StopIdle(lambda: reward.has_contrast))
    held_out: Any = load_held_out(recipe) if recipe.held_out else None

    def judge_held_out() -> JudgedPictures:
        model = trainer.accelerator.unwrap_model(trainer.model)
        sampling = {key: getattr(arguments, key) for key in SAMPLING}
        make = make_sampler(model, tokenizer, decoder, offset, recipe, sampling)
        return judge_rows(make, judge, recipe, held_out)

    results: dict[str, Any] = {}
    before = judge_held_out() if recipe.held_out else None
    if before:
        report(f"held out, before: {before}")
    trainer.train(resume_from_checkpoint=any((folder / "checkpoints").glob("checkpoint-*")))
    if recipe.curriculum:
        prompts.settle()
    trainer.save_model(str(folder / "model"))
    results["steps"] = trainer.state.global_step
    results |= compare_tenths(trainer.state.log_history)
    if before and recipe.held_out:
        after = judge_held_out()
        report(f"held out, after:  {after}")
        blank = judge_rows(make_blank(decoder), judge, recipe, held_out)
        results["held_out"] = compare_held_out(recipe, held_out, before, after, blank, folder)
        if recipe.decoder.kind == "sandbox":
            shares = {"before": measure_top_row(before.images), "after": measure_top_row(after.images)}
            results["held_out"]["all_in_the_top_row"] = shares
    rewards = [line["reward"] for line in trainer.state.log_history if "reward" in line]
    if state.is_main_process and rewards:
        draw_curve(folder / "rewards.png", rewards, recipe.name)
    return results


@dataclass(frozen=True)
class Opened:
    """A policy that says nothing but visual tokens, with what makes pictures of them, from the id `offset` on."""

    policy: Any
    tokenizer: Any
    decoder: Decoder
    offset: int


def open_policy(recipe: Grpo, name: str, revision: str | None, device: str) -> Opened:
    """Loads a policy and its tokenizer, and makes the recipe's decoder."""
    tokenizer = AutoTokenizer.from_pretrained(name, revision=revision, padding_side="left")
    policy = AutoModelForCausalLM.from_pretrained(name, revision=revision, dtype=torch.float32).to(device)
    decoder = make_decoder(recipe.decoder, device)
    offset = len(tokenizer) if recipe.decoder.offset is None else recipe.decoder.offset
    mask_text(policy, offset, decoder.codebook)
    return Opened(policy, tokenizer, decoder, offset)


def open_sampler(recipe: Grpo, name: str, revision: str | None = None) -> MakePictures:
    """Opens a policy to make pictures with, as those of held-out scenes are made in a training."""
    values, _ = read_keys(recipe.trainer, GRPOConfig, "trainer", OURS)
    arguments = make_arguments(recipe, Path("unused"), values)
    opened = open_policy(recipe, name, revision, str(arguments.device))
    sampling = {key: getattr(arguments, key) for key in SAMPLING}
    return make_sampler(opened.policy, opened.tokenizer, opened.decoder, opened.offset, recipe, sampling)


@dataclass(frozen=True)
class Watched:
    """A reward that is logged and does not count; its figures have its name before theirs."""

    reward: Reward
    name: str

    @property
    def __name__(self) -> str:
        return self.name

    def __call__(
        self, completion_ids: Sequence[Sequence[int]], log_metric: Callable[[str, float], None], **columns: Any
    ) -> Rewards:
        """See `Reward`."""
        return self.reward(completion_ids, lambda key, value: log_metric(f"{self.name}/{key}", value), **columns)


def _list_functions(
    recipe: Grpo, reward: Reward, watched: Sequence[Watched], rows: Any, arguments: GRPOConfig
) -> list[Any]:
    """The reward, or, where the recipe asks for it, one of each kind of questions that counts; then those watched."""
    functions: list[Any] = [reward]
    if recipe.reward.split and isinstance(reward, AnswersReward):
        there = sorted({one["kind"] for some in rows["questions"] for one in _choose(some, recipe)})
        weights = {kind: weight for kind in there if (weight := weigh_kind(kind, reward.weights))}
        arguments.reward_weights = arguments.reward_weights or list(weights.values())
        functions = list(reward.split(weights))
    if watched:
        counted = arguments.reward_weights or [1.0] * len(functions)
        arguments.reward_weights = [*counted, *[0.0] * len(watched)]
    return [*functions, *watched]


def compare_tenths(history: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """What is logged of rewards: the mean over the first tenth of the steps, and over the last."""
    names = dict.fromkeys(name for line in history for name in line if COMPARED.fullmatch(name))
    results = {}
    for name in names:
        logged = [line[name] for line in history if name in line]
        tenth = max(len(logged) // 10, 1)
        results[name] = {"first": float(np.mean(logged[:tenth])), "last": float(np.mean(logged[-tenth:]))}
    return results


def load_held_out(recipe: Grpo) -> Any:
    """Held-out rows, with scene graphs where they have them, which tell predicates."""
    assert recipe.held_out
    return load_rows(recipe.held_out.data, COLUMNS, "held_out.data", also=ALSO)


def _choose(questions: Any, recipe: Grpo) -> Any:
    return choose_questions(questions, recipe.question_kinds)


def make_prompt(row: Mapping[str, Any], recipe: Grpo) -> dict[str, str]:
    """A row as the trainer gets it: all as text, since it would send each value in lists to the device."""
    nested = {"questions": _choose(row["questions"], recipe), "scene_graph": row.get("scene_graph")}
    texts = {name: json.dumps(value) for name, value in nested.items() if value is not None}
    return {"prompt": recipe.prompt.format(caption=row["caption"]), "caption": row["caption"], **texts}


def list_doubts(arguments: GRPOConfig) -> Iterator[str]:
    """Lines about what a training of `max_steps` is too short for; how many steps epochs have, TRL knows later."""
    steps = arguments.max_steps
    if 0 < steps <= arguments.get_warmup_steps(steps):
        warmup = f"{arguments.warmup_steps:g}"
        yield f"`warmup_steps: {warmup}` takes all {steps} steps, so `learning_rate` is never reached before the end"
    if arguments.save_strategy == "steps" and 0 < steps < arguments.save_steps and arguments.save_steps >= 1:
        every = f"{arguments.save_steps:g}"
        yield f"`save_steps: {every}` is more than all {steps} steps: no checkpoint before the end to go on from"


def make_arguments(recipe: Grpo, folder: Path, values: Mapping[str, Any]) -> GRPOConfig:
    ours = rollouts.make_keys(recipe.rollouts, values) if recipe.rollouts else {}
    return GRPOConfig(
        **{"report_to": "none", "disable_tqdm": not sys.stderr.isatty(), **values, **ours},
        output_dir=str(folder / "checkpoints"),
        seed=recipe.seed,
    )


def make_sandbox_model(recipe: Grpo, report: Callable[[str], None], folder: Path) -> None:
    """Makes the sandbox's model as a folder, unless an earlier run has."""
    state = PartialState()
    if state.is_main_process:
        from ...sandbox.model import find_or_make_model

        assert recipe.sandbox_model
        load = partial(load_rows, recipe.sandbox_model.data, SANDBOX_COLUMNS, "sandbox_model.data")
        find_or_make_model(recipe.sandbox_model, recipe.prompt, load, folder, recipe.seed, report)
    state.wait_for_everyone()


class RewardLog(TrainerCallback):
    """Writes what the trainer logs, one JSON object a line, and reports some of it."""

    def __init__(self, path: Path, report: Callable[[str], None]) -> None:
        self.path, self.report = path, report

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Is called by the trainer; what a stopped training logged after its last checkpoint is made again."""
        warmup = args.get_warmup_steps(state.max_steps)
        if state.is_world_process_zero and warmup >= state.max_steps:
            self.report(
                f"{state.max_steps} steps are too few for a warm-up of {warmup}: the learning rate is not reached"
            )
        if state.is_world_process_zero and self.path.is_file():
            cut_lines(self.path, state.global_step, key="step")

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        """Is called by the trainer."""
        if not state.is_world_process_zero or not logs or "reward" not in logs:
            return
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": state.global_step, **logs}) + "\n")
        if state.global_step % max(state.max_steps // 10, 1) == 0:
            self.report(f"step {state.global_step} of {state.max_steps}: reward {float(logs['reward']):.3f}")
