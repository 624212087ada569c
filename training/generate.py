"""Scenes that are not trained on: pictures of them, judged before and after a training."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import PartialState
from accelerate.utils import gather_object
from PIL import Image
from transformers import (
    DynamicCache,
    LogitsProcessorList,
    MinPLogitsWarper,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from ..builders.foundation.counter_rng import derive_key
from .decoders import Decoder, split_ids
from .judges.asking import check_refusals, judge_questions
from .judges.marking import choose_questions
from .judges.protocol import Judge
from .metrics.intervals import compare_means, measure_mean
from .recipes.grpo import Grpo
from .recipes.nft import Nft
from .reports.contact_sheet import paste_sheet

SAMPLING = ("temperature", "top_k", "top_p", "min_p", "repetition_penalty")
"""The keys of `trl.GRPOConfig` that say how tokens are sampled, in training and of held-out scenes alike."""


@dataclass(frozen=True)
class JudgedPictures:
    """What a judge made of pictures.

    Attributes:
        captions: What each picture should show.
        images: The pictures.
        shares: The share of each picture's questions that were answered right.
        asked, refused: Questions, and those that the judge did not answer.
        out_of_range: Share of token ids that are no code.
        marks: Of each picture and each of its questions, as `mark_reply` gives them.
    """

    captions: list[str]
    images: list[Image.Image]
    shares: list[float]
    asked: int
    refused: int
    out_of_range: float
    marks: list[list[bool | None]] = field(default_factory=list)

    def __str__(self) -> str:
        accuracy, margin = measure_mean(self.shares)
        return f"accuracy {accuracy:.3f} ± {margin:.3f} ({len(self.images)} pictures, {self.asked:,} questions)"


MakePictures = Callable[[Sequence[int], Sequence[str]], tuple[list[Image.Image], float]]
"""Makes the pictures of some rows, by their places and captions; gives them and the share of ids that are no code."""


def judge_rows(make: MakePictures, judge: Judge, recipe: Grpo | Nft, rows: Any) -> JudgedPictures:
    """Makes a picture of each caption and has its questions answered; every process does its share.

    Raises:
        GasError: The judge gives no answer to most of the first questions.
    """
    assert recipe.held_out
    size, state = recipe.held_out.batch_size, PartialState()
    found: list[tuple[int, Image.Image, float, list[bool | None], float]] = []
    with state.split_between_processes(list(range(rows.num_rows))) as own:
        for start in range(0, len(own), size):
            places = own[start : start + size]
            batch = rows[places]
            images, out_of_range = make(places, batch["caption"])
            asked = [choose_questions(some, recipe.question_kinds) for some in batch["questions"]]
            judged = judge_questions(judge, images, asked)
            if not start:
                check_refusals(judged, recipe.judge.most_refused)
            for place, image, share, marks in zip(places, images, judged.shares, judged.marks, strict=True):
                found.append((place, image, share or 0.0, marks, out_of_range))
    found = sorted(gather_object(found), key=lambda one: one[0])
    _, made, shares, all_marks, out = zip(*found, strict=True)
    return JudgedPictures(
        captions=rows["caption"][:],
        images=list(made),
        shares=list(shares),
        asked=sum(map(len, all_marks)),
        refused=sum(marks.count(None) for marks in all_marks),
        out_of_range=float(np.mean(out)),
        marks=list(all_marks),
    )


def make_sampler(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    decoder: Decoder,
    offset: int,
    recipe: Grpo,
    sampling: Mapping[str, Any],
) -> MakePictures:
    """Makes what samples pictures as in training, each by random numbers of its own.

    So pictures depend on the recipe's seed, and neither on batches nor on processes.

    Args:
        model: The policy.
        tokenizer: It pads on the left.
        decoder: Makes pictures of tokens.
        offset: The id of the decoder's code 0.
        recipe: Of the training.
        sampling: The keys of `SAMPLING`.
    """

    def make(places: Sequence[int], captions: Sequence[str]) -> tuple[list[Image.Image], float]:
        model.eval()
        prompts = [recipe.prompt.format(caption=caption) for caption in captions]
        seeds = [derive_key(recipe.seed, "held out", place) for place in places]
        ids = sample_tokens(model, tokenizer, prompts, decoder.tokens, seeds=seeds, **sampling)
        codes, out_of_range = split_ids(ids, offset, decoder)
        return decoder.decode(codes), out_of_range

    return make


def make_blank(decoder: Decoder) -> MakePictures:
    """Makes white pictures, of the size of the decoder's own: what they are judged to show needs no picture."""
    (picture,) = decoder.decode(np.zeros((1, decoder.tokens), dtype=np.int64))
    white = Image.new("RGB", picture.size, "white")
    return lambda places, captions: ([white] * len(places), 0.0)


@torch.no_grad()
def sample_tokens(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[str],
    count: int,
    temperature: float,
    seeds: Sequence[int],
    **sampling: Any,
) -> list[list[int]]:
    """Continues each prompt by so many tokens; a row depends on its prompt and its seed, not on the rows beside it.

    Args:
        model: What continues.
        tokenizer: It pads on the left.
        prompts: What is continued.
        count: How many tokens are drawn for each.
        temperature: Logits are divided by it.
        seeds: Of each prompt.
        sampling: The other keys of `SAMPLING`, as `transformers.GenerationConfig` has them.
    """
    inputs = tokenizer(list(prompts), padding=True, return_tensors="pt").to(model.device)
    tokens, mask = inputs["input_ids"], inputs["attention_mask"]
    seen, process = tokens.cpu(), _make_processors(temperature, **sampling)
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    cache = DynamicCache(config=model.config)
    # Transformers has given the cache another name.
    named = "cache" if "cache" in inspect.signature(type(model).forward).parameters else "past_key_values"
    for _ in range(count):
        positions = (mask.cumsum(dim=1) - 1).clamp(min=0)[:, -tokens.shape[1] :]
        logits = model(
            tokens, attention_mask=mask, position_ids=positions, use_cache=True, logits_to_keep=1, **{named: cache}
        ).logits[:, -1]
        # The largest of logits with Gumbel noise is a sample of their softmax.
        uniform = torch.stack([torch.rand(logits.shape[1], generator=generator) for generator in generators])
        noise = -(-uniform.clamp(min=1e-20).log()).log()
        drawn = (process(seen, logits.float().cpu()) + noise).argmax(dim=1, keepdim=True)
        seen, tokens = torch.cat([seen, drawn], dim=1), drawn.to(model.device)
        mask = torch.cat([mask, torch.ones_like(tokens)], dim=1)
    return seen[:, -count:].tolist()


def _make_processors(
    temperature: float,
    top_k: int | None = 0,
    top_p: float | None = 1.0,
    min_p: float | None = None,
    repetition_penalty: float | None = 1.0,
) -> LogitsProcessorList:
    """What `generate` does with logits before it samples, in its order."""
    processors = LogitsProcessorList()
    if repetition_penalty not in (None, 1.0):
        processors.append(RepetitionPenaltyLogitsProcessor(repetition_penalty))
    processors.append(TemperatureLogitsWarper(float(temperature)))
    if top_k:
        processors.append(TopKLogitsWarper(top_k))
    if top_p is not None and top_p < 1:
        processors.append(TopPLogitsWarper(top_p))
    if min_p is not None:
        processors.append(MinPLogitsWarper(min_p))
    return processors


def describe_gain(before: JudgedPictures, after: JudgedPictures) -> dict[str, Any]:
    """Answer accuracy before and after with the gain, and what else was counted, as JSON can hold them."""
    compared = compare_means(before.shares, after.shares)
    for name, judged in (("before", before), ("after", after)):
        compared[name] |= {"refused": judged.refused / judged.asked, "out_of_range": judged.out_of_range}
    return {"pictures": len(after.images), "questions": after.asked, **compared}


def write_comparison(
    path: Path,
    before: JudgedPictures,
    after: JudgedPictures,
    kinds: Sequence[Mapping[str, Mapping[str, float]]],
    shown: int,
) -> None:
    """Draws pictures before and after under their captions, and writes what was judged beside it (`.jsonl`).

    Of each picture, `kinds` has the shares of right answers by kind of question, before and after.
    """
    pairs = list(zip(before.captions, before.images, before.shares, after.images, after.shares, strict=True))
    paste_sheet(path, pairs[:shown])
    with path.with_suffix(".jsonl").open("w", encoding="utf-8") as file:
        for (caption, _, one, _, other), some in zip(pairs, kinds, strict=True):
            line = {"caption": caption, "before": one, "after": other, "by_kind": some}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
