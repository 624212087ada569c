"""Reinforcement learning of an autoregressive image model (paper section 5 and Appendix E): TRL's GRPO as it is.

The policy continues a prompt with visual tokens. The reward decodes them, has a judge answer the scene's questions
about the picture, and is the share of right answers.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import PartialState
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedModel,
    PrinterCallback,
    TrainerCallback,
)
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
from trl import GRPOConfig, GRPOTrainer

from ...builders.folder.files import write_text
from ...errors import GasError, Problem, gather_problems
from ..data import load_rows
from ..decoders import SandboxDecoder, make_decoder
from ..generate import describe_gain, try_rows, write_comparison
from ..judges.marking import choose_questions
from ..judges.protocol import Judge
from ..judges.vision_language import VisionLanguageJudge
from ..recipes.grpo import Grpo
from ..reports.curves import draw_curve
from ..rewards import QuestionReward
from ..upstream import read_keys

REQUIRED = ("torch", "transformers", "accelerate", "trl", "PIL", "matplotlib")
COLUMNS = ("caption", "questions")
RESULTS = {
    "model": "the model",
    "held_out.png": "pictures before and after",
    "rewards.png": "the reward of each step",
}
SANDBOX_COLUMNS = ("caption", "scene_graph")
OURS = {
    "output_dir": "it is `output` of the recipe",
    "seed": "it is `seed` of the recipe",
    "remove_unused_columns": "the reward needs all columns",
}
MASKED = -1e4
"""Added to logits of text ids: no probability is left, but entropy and gradients stay finite."""


def check(recipe: Grpo, rows: Any) -> list[Problem]:
    """Finds what is wrong with keys, rows, the model's name and its vocabulary, before any weight is loaded."""
    values, problems = read_keys(recipe.trainer, GRPOConfig, "trainer", OURS)
    if not problems:
        try:
            _make_arguments(recipe, Path("unused"), values)
        except (ValueError, TypeError, ImportError, RuntimeError) as error:
            problems.append(Problem(" ".join(str(error).split()), key="trainer"))
    problems += _check_questions(recipe, rows, "data")
    if recipe.held_out:
        with gather_problems(problems):
            held_out = load_rows(recipe.held_out.data, COLUMNS, "held_out.data")
            problems += _check_questions(recipe, held_out, "held_out.data")
    if recipe.sandbox_model:
        with gather_problems(problems):
            load_rows(recipe.sandbox_model.data, SANDBOX_COLUMNS, "sandbox_model.data")
    if recipe.decoder.path and not Path(recipe.decoder.path).is_file():
        hint = "give the TorchScript file, such as Cosmos-1.0-Tokenizer-DV8x16x16/decoder.jit"
        problems.append(Problem(f"there is no file `{recipe.decoder.path}`", key="decoder.path", hint=hint))
    tokens = np.prod(recipe.decoder.grid) if recipe.decoder.grid else SandboxDecoder().tokens
    if values.get("max_completion_length") != tokens:
        what = f"must be {tokens}, since a picture of the decoder has {tokens} tokens"
        problems.append(Problem(what, key="trainer.max_completion_length", hint=f"set it to {tokens}"))
    if recipe.model and not problems:
        problems += _check_vocabulary(recipe, rows, int(tokens))
    return problems


def _check_questions(recipe: Grpo, rows: Any, key: str) -> list[Problem]:
    chosen = (choose_questions(asked, recipe.question_kinds) for asked in rows["questions"])
    empty = [place for place, asked in enumerate(chosen) if not asked]
    if not empty:
        return []
    what = f"{len(empty):,} of {rows.num_rows:,} rows have no questions, so nothing rewards them; the first is row"
    kinds = f" of the kinds {', '.join(recipe.question_kinds)}" if recipe.question_kinds else ""
    hint = "ask for other kinds in `question_kinds`, or leave these rows out"
    return [Problem(f"{what} {empty[0]}{kinds}", key=key, hint=hint)]


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
    prompts = [recipe.prompt.format(caption=caption) for caption in rows["caption"]]
    too_long = sum(len(ids) + tokens > room for ids in tokenizer(prompts)["input_ids"]) if room else 0
    if too_long:
        what = f"{too_long:,} of {len(prompts):,} prompts leave no room for {tokens} visual tokens in {room} positions"
        problems.append(Problem(what, key="data", hint="take a dataset with shorter captions"))
    return problems


def train(recipe: Grpo, rows: Any, folder: Path, report: Callable[[str], None] = print) -> dict[str, Any]:
    """Trains a policy, and judges held-out scenes before and after.

    Writes `model/` (what plain transformers loads), `checkpoints/` (the trainer's), `rewards.jsonl` and `rewards.png`,
    and with held-out rows `held_out.png`, pictures before and after, and `held_out.jsonl`.

    Args:
        recipe: What to train.
        rows: A dataset with `caption` and `questions`.
        folder: Where the results go.
        report: Is told what happens, in a line.

    Returns: Rewards and accuracies, as JSON can hold them.
    """
    values, _ = read_keys(recipe.trainer, GRPOConfig, "trainer", OURS)
    arguments = _make_arguments(recipe, folder, values)
    state = PartialState()
    if recipe.sandbox_model:
        torch.set_num_threads(1)  # so small a model is slower on several
    name = _make_sandbox_model(recipe, folder, state, report) if recipe.sandbox_model else recipe.model
    tokenizer = AutoTokenizer.from_pretrained(name, revision=recipe.revision, padding_side="left")
    policy = AutoModelForCausalLM.from_pretrained(name, revision=recipe.revision, dtype=torch.float32)
    policy = policy.to(arguments.device)
    decoder = make_decoder(recipe.decoder, arguments.device)
    offset = len(tokenizer) if recipe.decoder.offset is None else recipe.decoder.offset
    mask_text(policy, offset, decoder.codebook)
    reward = QuestionReward(decoder, make_judge(recipe, arguments.device), offset)
    prompts = rows.map(lambda row: _make_prompt(row, recipe), remove_columns=rows.column_names)
    trainer = GRPOTrainer(
        model=policy, reward_funcs=reward, args=arguments, train_dataset=prompts, processing_class=tokenizer
    )
    if trainer.ref_model is not None:
        mask_text(trainer.ref_model, offset, decoder.codebook)
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(RewardLog(folder / "rewards.jsonl", report))
    held_out = load_rows(recipe.held_out.data, COLUMNS, "held_out.data") if recipe.held_out else None

    def judge_held_out() -> Any:
        assert recipe.held_out
        model = trainer.accelerator.unwrap_model(trainer.model)
        return try_rows(model, tokenizer, decoder, reward.judge, offset, recipe, held_out)

    results: dict[str, Any] = {}
    before = judge_held_out() if recipe.held_out else None
    if before:
        report(f"held out, before: {before}")
    trainer.train(resume_from_checkpoint=any((folder / "checkpoints").glob("checkpoint-*")))
    trainer.save_model(str(folder / "model"))
    rewards = [line["reward"] for line in trainer.state.log_history if "reward" in line]
    results["steps"] = trainer.state.global_step
    if rewards:
        tenth = max(len(rewards) // 10, 1)
        results["reward"] = {"first": float(np.mean(rewards[:tenth])), "last": float(np.mean(rewards[-tenth:]))}
    if before and recipe.held_out:
        after = judge_held_out()
        report(f"held out, after:  {after}")
        results["held_out"] = describe_gain(before, after)
        if state.is_main_process:
            write_comparison(folder / "held_out.png", before, after, recipe.held_out.shown)
    if state.is_main_process and rewards:
        draw_curve(folder / "rewards.png", rewards, recipe.name)
    return results


def _make_prompt(row: Mapping[str, Any], recipe: Grpo) -> dict[str, str]:
    """A row as the trainer gets it: questions as text, since it would send each value in them to the device."""
    questions = choose_questions(row["questions"], recipe.question_kinds)
    return {"prompt": recipe.prompt.format(caption=row["caption"]), "questions": json.dumps(questions)}


def _make_arguments(recipe: Grpo, folder: Path, values: Mapping[str, Any]) -> GRPOConfig:
    return GRPOConfig(
        **{"report_to": "none", "disable_tqdm": not sys.stderr.isatty(), **values},
        output_dir=str(folder / "checkpoints"),
        seed=recipe.seed,
    )


def _make_sandbox_model(recipe: Grpo, folder: Path, state: PartialState, report: Callable[[str], None]) -> str:
    """Makes the sandbox's model, unless an earlier run has, and names its folder."""
    base = folder / "base"
    if state.is_main_process and not (base / "config.json").is_file():
        from ..sandbox.model import save_pretrained_model

        assert recipe.sandbox_model
        rows = load_rows(recipe.sandbox_model.data, SANDBOX_COLUMNS, "sandbox_model.data")

        def tell(step: int, loss: float) -> None:
            if step % 100 == 0 or step == 1:
                report(f"first training on pictures: update {step}, loss {loss:.3f}")

        beside = folder / "base.part"
        save_pretrained_model(recipe.sandbox_model, recipe.prompt, rows, beside, recipe.seed, tell)
        beside.rename(base)
    state.wait_for_everyone()
    return str(base)


def make_judge(recipe: Grpo, device: torch.device | str) -> Judge:
    """Makes the judge that a recipe asks for.

    Raises:
        GasError: Its model cannot be loaded.
    """
    settings = recipe.judge
    if settings.kind == "sandbox":
        from ..sandbox.judge import SandboxJudge

        return SandboxJudge()
    return VisionLanguageJudge(**settings.model_dump(exclude={"kind"}), device=str(device))


def mask_text(model: PreTrainedModel, offset: int, codebook: int) -> None:
    """Leaves a model's visual tokens all of the probability, in sampling and in the loss alike.

    A bias of the output layer does it, since TRL's loss reads the layer's weight and bias and calls no module. It is
    a buffer that is not saved: what is saved is a plain model.

    Raises:
        GasError: The output layer has a bias of its own.
    """
    head = model.get_output_embeddings()
    if head is None or getattr(head, "bias", None) is not None:
        raise GasError(f"{type(model).__name__} has no output layer without a bias, so its text ids cannot be masked")
    bias = torch.full((head.weight.shape[0],), MASKED, dtype=head.weight.dtype, device=head.weight.device)
    bias[offset : offset + codebook] = 0
    del head.bias
    head.register_buffer("bias", bias, persistent=False)


class RewardLog(TrainerCallback):
    """Writes what the trainer logs, one JSON object a line, and reports some of it."""

    def __init__(self, path: Path, report: Callable[[str], None]) -> None:
        self.path, self.report = path, report

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Is called by the trainer; what a stopped training logged after its last checkpoint is made again."""
        if state.is_world_process_zero and self.path.is_file():
            lines = self.path.read_text(encoding="utf-8").splitlines(keepends=True)
            write_text(self.path, "".join(line for line in lines if json.loads(line)["step"] <= state.global_step))

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        """Is called by the trainer."""
        if not state.is_world_process_zero or not logs or "reward" not in logs:
            return
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": state.global_step, **logs}) + "\n")
        if state.global_step % max(state.max_steps // 10, 1) == 0:
            self.report(f"step {state.global_step} of {state.max_steps}: reward {float(logs['reward']):.3f}")
