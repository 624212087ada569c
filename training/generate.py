"""Scenes that are not trained on: pictures of them, judged before and after a training."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import PartialState
from accelerate.utils import gather_object
from PIL import Image
from transformers import DynamicCache, PreTrainedModel, PreTrainedTokenizerBase

from ..builders.foundation.counter_rng import derive_key
from .decoders import Decoder, split_ids
from .judges.marking import choose_questions, judge_questions
from .judges.protocol import Judge
from .metrics.answer_accuracy import compare_means, measure_mean
from .recipes.grpo import Grpo
from .reports.contact_sheet import paste_sheet


@dataclass(frozen=True)
class JudgedPictures:
    """What a judge made of pictures.

    Attributes:
        captions: What each picture should show.
        images: The pictures.
        shares: The share of each picture's questions that were answered right.
        asked, refused: Questions, and those that the judge did not answer.
        out_of_range: Share of token ids that are no code.
    """

    captions: list[str]
    images: list[Image.Image]
    shares: list[float]
    asked: int
    refused: int
    out_of_range: float

    def __str__(self) -> str:
        accuracy, margin = measure_mean(self.shares)
        return f"accuracy {accuracy:.3f} ± {margin:.3f} ({len(self.images)} pictures, {self.asked:,} questions)"


def try_rows(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    decoder: Decoder,
    judge: Judge,
    offset: int,
    recipe: Grpo,
    rows: Any,
) -> JudgedPictures:
    """Makes a picture of each caption and has its questions answered; every process does its share.

    Pictures are sampled as in training, each by random numbers of its own, so they depend on the recipe's seed, and
    neither on batches nor on processes.
    """
    assert recipe.held_out
    size, state = recipe.held_out.batch_size, PartialState()
    temperature = float(recipe.trainer.get("temperature", 1.0))
    model.eval()
    found: list[tuple[int, Image.Image, float, int, int, float]] = []
    with state.split_between_processes(list(range(rows.num_rows))) as own:
        for start in range(0, len(own), size):
            places = own[start : start + size]
            batch = rows[places]
            prompts = [recipe.prompt.format(caption=caption) for caption in batch["caption"]]
            seeds = [derive_key(recipe.seed, "held out", place) for place in places]
            ids = sample_tokens(model, tokenizer, prompts, decoder.tokens, temperature, seeds)
            codes, out_of_range = split_ids(ids, offset, decoder)
            images = decoder.decode(codes)
            asked = [choose_questions(some, recipe.question_kinds) for some in batch["questions"]]
            judged = judge_questions(judge, images, asked)
            for row, (place, share) in enumerate(zip(places, judged.shares, strict=True)):
                marks = judged.marks[row]
                found.append((place, images[row], share or 0.0, len(marks), marks.count(None), out_of_range))
    found = sorted(gather_object(found), key=lambda one: one[0])
    _, made, shares, asked_of, refused, out = zip(*found, strict=True)
    return JudgedPictures(
        captions=rows["caption"][:],
        images=list(made),
        shares=list(shares),
        asked=sum(asked_of),
        refused=sum(refused),
        out_of_range=float(np.mean(out)),
    )


@torch.no_grad()
def sample_tokens(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[str],
    count: int,
    temperature: float,
    seeds: Sequence[int],
) -> list[list[int]]:
    """Continues each prompt by so many tokens; a row depends on its prompt and its seed, not on the rows beside it."""
    inputs = tokenizer(list(prompts), padding=True, return_tensors="pt").to(model.device)
    tokens, mask = inputs["input_ids"], inputs["attention_mask"]
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    cache, drawn = DynamicCache(config=model.config), []
    for _ in range(count):
        positions = (mask.cumsum(dim=1) - 1).clamp(min=0)[:, -tokens.shape[1] :]
        logits = model(
            tokens,
            attention_mask=mask,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        ).logits[:, -1]
        # The largest of logits with Gumbel noise is a sample of their softmax.
        uniform = torch.stack([torch.rand(logits.shape[1], generator=generator) for generator in generators])
        noise = -(-uniform.clamp(min=1e-20).log()).log()
        tokens = (logits.float().cpu() / temperature + noise).argmax(dim=1, keepdim=True).to(model.device)
        drawn.append(tokens)
        mask = torch.cat([mask, torch.ones_like(tokens)], dim=1)
    return torch.cat(drawn, dim=1).tolist()


def describe_gain(before: JudgedPictures, after: JudgedPictures) -> dict[str, Any]:
    """Answer accuracy before and after with the gain, and what else was counted, as JSON can hold them."""
    compared = compare_means(before.shares, after.shares)
    for name, judged in (("before", before), ("after", after)):
        compared[name] |= {"refused": judged.refused / judged.asked, "out_of_range": judged.out_of_range}
    return {"pictures": len(after.images), "questions": after.asked, **compared}


def write_comparison(path: Path, before: JudgedPictures, after: JudgedPictures, shown: int) -> None:
    """Draws pictures before and after under their captions, and writes what was judged beside it (`.jsonl`)."""
    pairs = list(zip(before.captions, before.images, before.shares, after.images, after.shares, strict=True))
    paste_sheet(path, pairs[:shown])
    with path.with_suffix(".jsonl").open("w", encoding="utf-8") as file:
        for caption, _, one, _, other in pairs:
            file.write(json.dumps({"caption": caption, "before": one, "after": other}, ensure_ascii=False) + "\n")
