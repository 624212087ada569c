"""Reinforcement learning of a flow model by DiffusionNFT, on diffusers and peft alone.

A step samples pictures of some captions with slowly following weights, has them rewarded, and learns from them with
noise of its own. What a step draws follows from the seed and the step's number, so what was stopped goes on from its
last checkpoint as if nothing had happened.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ....builders.foundation.counter_rng import deal, derive_key
from ....errors import GasError
from ...data import load_rows
from ...generate import JudgedPictures, MakePictures, compare_held_out, judge_rows
from ...json_lines import cut_lines, read_lines
from ...judges.marking import choose_questions
from ...judges.protocol import Judge
from ...judges.settings import open_judge
from ...models import limit_threads
from ...recipes.finetune import Finetune, Flow
from ...recipes.nft import Nft
from ...reports.curves import draw_curve
from ...rewards.opening import open_reward
from ...rewards.protocol import Reward
from ..finetune.card import write_card
from ..finetune.checkpoints import load_checkpoint, save_checkpoint
from ..finetune.families import Question
from ..finetune.loading import save_model
from ..finetune.losses import draw_time
from ..finetune.samples import encode_captions
from ..finetune.training_loop import Course, open_accelerator, open_course, read_finite
from .losses import compare_velocities, grade_rewards
from .policy import open_model, read_as_finetune, sample_pictures

COLUMNS = ("caption", "questions")
ALSO = ("scene_graph",)
SANDBOX_COLUMNS = ("caption", "scene_graph")
LOG = "rewards.jsonl"
FREE = {"name", "description", "output", "push", "gradient_checkpointing", "checkpoint_every", "batch_size"}
FREE |= {"held_out"}
"""Keys of a recipe that may change when a training goes on."""
PATIENCE = 10
"""Steps in which all pictures of each caption may be as good, before a training is stopped."""
LOGGED = ("reward", "distinct_pictures", "said_yes", "answers_refused")
"""Figures of which a run's record has the first and the last steps, with those by kind and predicate."""


@dataclass
class Weights:
    """Weights that take the place of those that are trained, for a while.

    Attributes:
        trained: Those that are trained, by name.
        kept: The others, by name.
    """

    trained: Mapping[str, Tensor]
    kept: dict[str, Tensor] = field(init=False)

    def __post_init__(self) -> None:
        self.kept = {name: weight.detach().clone() for name, weight in self.trained.items()}

    @torch.no_grad()
    def follow(self, share: float) -> None:
        """Keeps a share of what they are, and takes the rest from those that are trained."""
        for name, weight in self.trained.items():
            self.kept[name].lerp_(weight.detach(), 1 - share)

    @contextmanager
    def placed(self) -> Iterator[None]:
        """Puts them in place."""
        own = {name: weight.data for name, weight in self.trained.items()}
        for name, weight in self.trained.items():
            weight.data = self.kept[name]
        try:
            yield
        finally:
            for name, weight in self.trained.items():
                weight.data = own[name]

    def state_dict(self) -> dict[str, Tensor]:
        """For checkpoints."""
        return self.kept

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """From checkpoints."""
        for name, weight in state.items():
            self.kept[name].copy_(weight)


@dataclass(frozen=True)
class Policy:
    """A flow model under way.

    Attributes:
        recipe: Of the training.
        course: What trains it.
        old: The weights that pictures are sampled with.
        first: Those of the beginning; None where nothing is held against them.
        reward: What pictures are worth.
        rows: With `caption` and `questions`.
        order: The row of each caption of the training, int64, shape (steps * prompts,).
    """

    recipe: Nft
    course: Course
    old: Weights
    first: Weights | None
    reward: Reward
    rows: Any
    order: np.ndarray

    @property
    def stateful(self) -> dict[str, Any]:
        """What changes beside the weights, by name."""
        return {**self.course.stateful, "old": self.old}


@dataclass(frozen=True)
class Lesson:
    """What a step learns from: pictures, those of a caption beside each other.

    Attributes:
        step: Its number, from 1.
        latents: Of the pictures, (pictures, channels, height, width), on the CPU.
        texts: What encoders made of their captions.
        grades: How good they are, (pictures,).
    """

    step: int
    latents: Tensor
    texts: Sequence[Mapping[str, Tensor]]
    grades: Tensor


def train(recipe: Nft, rows: Any, folder: Path, report: Callable[[str], None] = print) -> dict[str, Any]:
    """Trains a flow model, or goes on, and judges held-out scenes before and after.

    Writes `model/` (an adapter for `load_lora_weights`, or a pipeline for `from_pretrained`), `rewards.jsonl` and
    `rewards.png`, and with held-out rows `held_out.png` and `held_out.jsonl`. Seeds torch's global generators.

    Args:
        recipe: One that `recipe_check.check` finds nothing wrong with.
        rows: A dataset with `caption` and `questions`.
        folder: Where the results go, and where checkpoints are.
        report: Is told what happens, in a line.

    Returns: Rewards and accuracies, as JSON can hold them.

    Raises:
        GasError: Nothing tells pictures of a caption apart, or the loss is not finite.
    """
    # So small a model as the sandbox's is slower on several threads.
    with limit_threads(1 if recipe.sandbox_model else torch.get_num_threads()):
        return _train(recipe, rows, folder, report)


def _train(recipe: Nft, rows: Any, folder: Path, report: Callable[[str], None]) -> dict[str, Any]:
    base = recipe.model or _make_sandbox_model(recipe, folder, report)
    finetune = read_as_finetune(recipe, base)
    accelerator = open_accelerator(finetune, folder)
    model = open_model(finetune, recipe.sandbox_model is not None, accelerator.device)
    course = open_course(finetune, model, accelerator, rows.num_rows, report)
    judge = open_judge(recipe.judge, str(accelerator.device))
    has_words = recipe.sandbox_model is None
    reward = open_reward(recipe, judge, str(accelerator.device), recipe.reward, has_words=has_words)
    held_out = load_rows(recipe.held_out.data, COLUMNS, "held_out.data", also=ALSO) if recipe.held_out else None
    before = _judge_held_out(recipe, course, judge, held_out)
    if before:
        report(f"held out, before: {before}")
    policy = Policy(
        recipe, course, Weights(course.trained), Weights(course.trained) if recipe.kl else None, reward, rows,
        deal(derive_key("nft order", recipe.seed), rows.num_rows, 0, recipe.steps * recipe.prompts),
    )  # fmt: skip
    take_steps(policy, folder, report)
    results = _describe_steps(policy, read_lines(folder / LOG), folder)
    after = _judge_held_out(recipe, course, judge, held_out)
    if before and after and recipe.held_out and held_out:
        report(f"held out, after:  {after}")
        white = Image.new("RGB", (recipe.resolution, recipe.resolution), "white")
        blank = judge_rows(lambda places, captions: ([white] * len(places), 0.0), judge, recipe, held_out)
        results["held_out"] = compare_held_out(recipe, held_out, before, after, blank, folder)
    card = write_card(cast(Finetune, recipe.model_copy(update={"model": base})), results, _name_sheet(recipe))
    save_model(model, folder / "model", card, folder / "held_out.png")
    return results


def _name_sheet(recipe: Nft) -> str | None:
    return "held_out.png" if recipe.held_out else None


def _make_sandbox_model(recipe: Nft, folder: Path, report: Callable[[str], None]) -> str:
    """Makes the sandbox's model, unless an earlier run has, and names its folder."""
    from ...sandbox.flow import find_or_make_pipeline

    settings = recipe.sandbox_model
    assert settings

    def load() -> Any:
        return load_rows(settings.data, SANDBOX_COLUMNS, "sandbox_model.data")

    find_or_make_pipeline(settings, load, folder / "base", recipe.seed, report)
    return str(folder / "base")


def _judge_held_out(recipe: Nft, course: Course, judge: Judge, rows: Any) -> JudgedPictures | None:
    if not recipe.held_out:
        return None
    return judge_rows(make_held_out(recipe, course), judge, recipe, rows)


def make_held_out(recipe: Nft, course: Course) -> MakePictures:
    """Makes what samples held-out pictures as in training, each from a seed of its own."""

    def make(places: Sequence[int], captions: Sequence[str]) -> tuple[list[Image.Image], float]:
        seeds = [derive_key("nft held out", recipe.seed, place) for place in places]
        return _sample(recipe, course, captions, seeds)[0], 0.0

    return make


def _sample(
    recipe: Nft, course: Course, captions: Sequence[str], seeds: Sequence[int]
) -> tuple[list[Image.Image], Tensor]:
    course.denoiser.eval()
    with course.accelerator.autocast():
        return sample_pictures(course.model, captions, seeds, recipe.sampled_at_once, recipe.options)


def take_steps(policy: Policy, folder: Path, tell: Callable[[str], None]) -> None:
    """Takes all steps that are left, and writes down what came of each.

    Raises:
        GasError: Nothing tells pictures of a caption apart, or the loss is not finite.
    """
    recipe, course = policy.recipe, policy.course
    identity = {**recipe.model_dump(mode="json", exclude=FREE), "rows": policy.rows.num_rows}
    done = load_checkpoint(folder / "checkpoints", identity, course.trained, policy.stateful)
    if done:
        tell(f"goes on after step {done} of {recipe.steps}")
    cut_lines(folder / LOG, done)
    with (folder / LOG).open("a", encoding="utf-8", buffering=1) as log:
        for step in range(done + 1, recipe.steps + 1):
            lesson, entry = gather_lesson(policy, step)
            entry |= learn(policy, lesson)
            policy.old.follow(min(recipe.sampler.rise * (step - 1), recipe.sampler.most))
            log.write(json.dumps(entry) + "\n")
            if step - done == PATIENCE and not policy.reward.has_contrast:
                what = f"nothing was learned in steps {done + 1} to {step}: all pictures of each caption were worth"
                raise GasError(f"{what} the same; see whether the judge or the pictures make it so", exit_status=1)
            if step % max(recipe.steps // 10, 1) == 0:
                tell(f"step {step} of {recipe.steps}: reward {entry['reward']:.3f}")
            if recipe.checkpoint_every and step % recipe.checkpoint_every == 0:
                save_checkpoint(folder / "checkpoints", step, identity, course.trained, policy.stateful)


def gather_lesson(policy: Policy, step: int) -> tuple[Lesson, dict[str, Any]]:
    """Samples the pictures of a step and has them rewarded.

    Returns: What is to be learned; and for the log the step as `update`, `reward` and the figures of the reward.
    """
    recipe, size = policy.recipe, policy.recipe.pictures
    places = policy.order[(step - 1) * recipe.prompts : step * recipe.prompts].tolist()
    chosen = [_read_row(policy.rows[place], recipe) for place in places]
    rows = [row for row in chosen for _ in range(size)]
    seeds = [derive_key("nft picture", recipe.seed, step, place) for place in range(len(rows))]
    with policy.old.placed():
        images, latents = _sample(recipe, policy.course, [row["caption"] for row in rows], seeds)
    values = policy.reward.images(images, rows, step=step)
    encoded = encode_captions(policy.course.model, [row["caption"] for row in chosen])
    texts = [text for text in encoded for _ in range(size)]
    grades = grade_rewards(values, size, recipe.clip)
    known = [one for one in values if one is not None]
    mean = sum(known) / len(known) if known else 0.0
    return Lesson(step, latents, texts, grades), {"update": step, "reward": mean, **policy.reward.figures}


def _read_row(row: Mapping[str, Any], recipe: Nft) -> dict[str, Any]:
    return {**row, "questions": choose_questions(row["questions"], recipe.question_kinds)}


def learn(policy: Policy, lesson: Lesson) -> dict[str, Any]:
    """Takes the updates of a step.

    Returns: For the log: `loss`, `grad_norm` and `lr`, means over the updates.

    Raises:
        GasError: The loss or a gradient is not finite.
    """
    recipe, course, random = policy.recipe, policy.course, np.random.default_rng
    count = len(lesson.grades) * recipe.draws
    order = random(derive_key("nft draws", recipe.seed, lesson.step)).permutation(count)
    course.denoiser.train()
    losses, norms = [], []
    for share in np.array_split(order, recipe.updates):
        total = 0.0
        for start in range(0, len(share), recipe.batch_size):
            some = share[start : start + recipe.batch_size]
            # What is dropped out follows from the step, too, or could not go on as it was.
            torch.manual_seed(derive_key("nft dropout", recipe.seed, lesson.step, int(some[0])))
            loss = compute_loss(policy, lesson, some) * (len(some) / len(share))
            course.accelerator.backward(loss)
            total += float(loss.detach())
        norms.append(float(course.accelerator.clip_grad_norm_(course.trained.values(), recipe.max_grad_norm)))
        losses.append(total)
        course.optimizer.step()
        course.optimizer.zero_grad()
        if not course.optimizer.step_was_skipped:
            course.schedule.step()
    means = {name: read_finite(torch.tensor(some).mean()) for name, some in (("loss", losses), ("grad_norm", norms))}
    if None in means.values() and not course.accelerator.scaler:  # which leaves out updates that overflow
        what = f"the loss or the gradient of step {lesson.step} is not finite"
        raise GasError(f"{what}; take a smaller `optimizer.lr`", exit_status=1)
    return {**means, "lr": course.schedule.get_last_lr()[0]}


def compute_loss(policy: Policy, lesson: Lesson, draws: np.ndarray) -> Tensor:
    """The loss of some draws of a step, numbered by picture and draw; shape ()."""
    recipe, model, device = policy.recipe, policy.course.model, policy.course.accelerator.device
    pictures = [int(draw) // recipe.draws for draw in draws]
    times, noise = zip(*(_draw_noise(policy, lesson.step, int(draw)) for draw in draws), strict=True)
    latents, noises = lesson.latents[pictures].to(device), torch.stack(noise).to(device)
    scheduler = model.scheduler
    last = scheduler.config.num_train_timesteps - 1
    chosen = (torch.stack(times) * scheduler.config.num_train_timesteps).long().clamp(max=last)
    timesteps, sigmas = (values[chosen].to(device) for values in (scheduler.timesteps, scheduler.sigmas))
    part = sigmas.view(-1, 1, 1, 1)
    noisy = (1 - part) * latents + part * noises
    texts = [{name: one.to(device) for name, one in lesson.texts[place].items()} for place in pictures]
    guidance = None
    if model.flow and getattr(model.denoiser.config, "guidance_embeds", False):
        guidance = torch.full_like(sigmas, model.flow.guidance_scale)
    sizes = torch.zeros(len(pictures), 6)
    asked = Question(noisy.to(texts[0]["states"].dtype), timesteps, texts, sizes, guidance)

    def ask() -> Tensor:
        return model.family.predict(policy.course.denoiser, asked).float()

    with torch.no_grad(), policy.old.placed():
        old = ask()
    first = None
    if policy.first:
        with torch.no_grad(), policy.first.placed():
            first = ask()
    said = ask()
    grades = lesson.grades[pictures].to(device)
    loss = compare_velocities(said, old, noises - latents, sigmas, grades, recipe.beta)
    return loss if first is None else loss + recipe.kl * ((said - first) ** 2).mean()


def _draw_noise(policy: Policy, step: int, draw: int) -> tuple[Tensor, Tensor]:
    """How far from noise a picture is, and its noise; on the CPU, since another device would draw other numbers."""
    recipe = policy.recipe
    chance = torch.Generator().manual_seed(derive_key("nft noise", recipe.seed, step, draw))
    flow = Flow(weighting_scheme="none" if recipe.times == "uniform" else "logit_normal")
    return draw_time(flow, chance), torch.randn(policy.course.model.latent_shape, generator=chance)


def _describe_steps(policy: Policy, entries: Sequence[Mapping[str, Any]], folder: Path) -> dict[str, Any]:
    """What `train` returns of all steps, and a curve of the rewards."""
    recipe, tenth = policy.recipe, max(len(entries) // 10, 1)
    draw_curve(folder / "rewards.png", [entry["reward"] for entry in entries], recipe.name)
    names = dict.fromkeys(name for entry in entries for name in entry)
    compared = {}
    for name in names:
        if name in LOGGED or name.startswith("by_"):
            logged = [entry[name] for entry in entries if name in entry]
            compared[name] = {"first": float(np.mean(logged[:tenth])), "last": float(np.mean(logged[-tenth:]))}
    seen = recipe.steps * recipe.prompts
    return {
        "steps": recipe.steps,
        "updates": recipe.steps * recipe.updates,
        "images_per_update": math.ceil(recipe.prompts * recipe.pictures * recipe.draws / recipe.updates),
        "epochs": round(seen / policy.rows.num_rows, 3),
        "trainable_parameters": sum(weight.numel() for weight in policy.course.trained.values()),
        **compared,
    }
