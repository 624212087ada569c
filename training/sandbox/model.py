"""The model of the sandbox: a small Qwen2 over words and grid tokens, first trained on pictures of scenes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers.pre_tokenizers import ByteLevel
from transformers import Qwen2Config, Qwen2ForCausalLM, Qwen2Tokenizer, get_scheduler

from .pictures import CODES, TOKENS, decode_shape, encode_scene, read_tokens
from .settings import SandboxModel

START = "<image>"
"""Begins the tokens of a picture."""
LOOKS = 8
"""Pictures that are drawn of each scene: what a caption leaves open differs in them."""
MOST_WORDS = 1024
"""Tokens of text: bytes, words and what they are merged from."""
FILLED = 3.0
"""What a cell with a shape weighs in the loss: most cells are empty, which is learned at once."""


def make_tokenizer(texts: list[str]) -> Qwen2Tokenizer:
    """Makes a tokenizer with a token for each word of some texts; visual tokens are not in it, as with SimpleAR's."""
    letters = Qwen2Tokenizer(vocab={letter: i for i, letter in enumerate(sorted(ByteLevel.alphabet()))}, merges=[])
    return letters.train_new_from_iterator(
        texts, vocab_size=MOST_WORDS, new_special_tokens=[START], show_progress=False
    )


def make_model(tokenizer: Qwen2Tokenizer, settings: SandboxModel) -> Qwen2ForCausalLM:
    """Makes a model whose vocabulary is the tokenizer's words and then the grid tokens; weights by torch's seed.

    The vector of a grid token begins as the sum of those of its words, as in models whose text and image encoders were
    aligned: with random ones, most of the first training would go into finding out that a red square is red.
    """
    config = Qwen2Config(
        vocab_size=len(tokenizer) + CODES,
        hidden_size=settings.hidden_size,
        intermediate_size=2 * settings.hidden_size,
        num_hidden_layers=settings.layers,
        num_attention_heads=settings.heads,
        num_key_value_heads=settings.heads,
        max_position_embeddings=256,
        tie_word_embeddings=False,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
    )
    model = Qwen2ForCausalLM(config)
    vectors, heads = model.get_input_embeddings().weight, model.get_output_embeddings().weight
    with torch.no_grad():
        for code in range(1, CODES):
            words = " ".join(word for word in decode_shape(code) or () if word)
            vectors[len(tokenizer) + code] = vectors[tokenizer(f" {words}")["input_ids"]].sum(dim=0)
        heads.copy_(vectors)
    return model


def find_or_make_model(
    settings: SandboxModel,
    prompt: str,
    load: Callable[[], Any],
    folder: Path,
    seed: int,
    report: Callable[[str], None],
) -> None:
    """Makes a model and trains it on pictures, unless that was done before; the folder is there whole or not at all.

    See `save_pretrained_model`; `load` gives its rows, and `report` is told how far it is, every hundred updates.
    """
    if (folder / "config.json").is_file():
        return

    def tell(step: int, loss: float) -> None:
        if step % 100 == 0 or step == 1:
            report(f"first training on pictures: update {step}, loss {loss:.3f}")

    beside = folder.with_name(f"{folder.name}.part")
    save_pretrained_model(settings, prompt, load(), beside, seed, tell)
    beside.rename(folder)


def save_pretrained_model(
    settings: SandboxModel, prompt: str, rows: Any, folder: Path, seed: int, report: Callable[[int, float], None]
) -> None:
    """Makes a model, trains it to continue prompts with pictures of their scenes, and saves both parts of it.

    Args:
        settings: Its sizes, and how long it is trained.
        prompt: The template of a prompt, with `{caption}`.
        rows: A dataset with `caption` and `scene_graph`.
        folder: Where model and tokenizer go, as `from_pretrained` reads them.
        seed: Of weights, pictures and the order of rows.
        report: Is told of each update and its loss.
    """
    torch.manual_seed(seed)
    prompts = [prompt.format(caption=caption) for caption in rows["caption"]]
    tokenizer = make_tokenizer([text.replace(START, " ") for text in prompts])
    model = make_model(tokenizer, settings)
    random = np.random.default_rng(seed)
    seeds = random.integers(2**62, size=(len(prompts), LOOKS)).tolist()
    pictures = [
        [encode_scene(graph, one) for one in some] for graph, some in zip(rows["scene_graph"], seeds, strict=True)
    ]
    texts = tokenizer(prompts, padding=True, padding_side="left", return_tensors="pt")
    examples = Examples(
        texts["input_ids"], texts["attention_mask"], torch.from_numpy(np.array(pictures)) + len(tokenizer)
    )
    weights = torch.ones(model.config.vocab_size)
    weights[len(tokenizer) + 1 :] = FILLED

    def tell(step: int, loss: float) -> None:
        report(step + settings.steps, loss)

    size, rate = settings.batch_size, settings.learning_rate
    train_model(model, examples, weights, settings.steps, size, rate, 0.0, random, report)
    if settings.mismatched_steps:
        train_model(model, examples, weights, settings.mismatched_steps, size, rate / 3, 1.0, random, tell)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


@dataclass(frozen=True)
class Examples:
    """Prompts, and pictures of the scene of each.

    Attributes:
        tokens, mask: Of prompts, padded on the left, shape (prompts, length).
        pictures: Ids of visual tokens, shape (prompts, LOOKS, TOKENS).
    """

    tokens: torch.Tensor
    mask: torch.Tensor
    pictures: torch.Tensor


def train_model(
    model: Qwen2ForCausalLM,
    examples: Examples,
    weights: torch.Tensor,
    steps: int,
    size: int,
    rate: float,
    mismatched: float,
    random: np.random.Generator,
    report: Callable[[int, float], None],
) -> None:
    """Trains a model to continue prompts with pictures, a share of which (`mismatched`) belongs to another prompt.

    Args:
        model: The model.
        examples: What to draw batches from.
        weights: Of each token in the loss.
        steps: Updates.
        size: Pictures of an update.
        rate: The highest learning rate.
        mismatched: Share of pictures that belong to another prompt.
        random: What draws.
        report: Is told of each update and its loss.
    """
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, betas=(0.9, 0.98), weight_decay=0.01)
    schedule = get_scheduler("cosine", optimizer, math.ceil(steps / 5), steps)
    model.train()
    for step in range(steps):
        chosen, others = random.integers(len(examples.tokens), size=(2, size))
        shown = np.where(random.random(size) < mismatched, others, chosen)
        pictures = examples.pictures[shown, random.integers(LOOKS, size=size)]
        tokens = torch.cat([examples.tokens[chosen], pictures], dim=1)
        mask = torch.cat([examples.mask[chosen], torch.ones_like(pictures)], dim=1)
        positions = (mask.cumsum(dim=1) - 1).clamp(min=0)
        logits = model(tokens, attention_mask=mask, position_ids=positions, logits_to_keep=TOKENS + 1).logits
        loss = torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), pictures.flatten(), weights)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        report(step + 1, loss.item())


def save_trained_model(
    model: Path, rows: Any, prompt: str, steps: int, size: int, rate: float, seed: int, folder: Path
) -> None:
    """Trains a model of the sandbox further, to continue prompts with pictures, and saves both parts of it.

    Args:
        model: The folder of the one to begin with.
        rows: A dataset with `caption` and `image`, pictures of the sandbox.
        prompt: The template of a prompt, with `{caption}`.
        steps: Updates.
        size: Pictures of an update.
        rate: The highest learning rate.
        seed: Of the order of rows.
        folder: Where model and tokenizer go, as `from_pretrained` reads them.

    Raises:
        GasError: A picture is none of the sandbox's.
    """
    tokenizer = Qwen2Tokenizer.from_pretrained(model, padding_side="left")
    network = Qwen2ForCausalLM.from_pretrained(model, dtype=torch.float32)
    prompts = [prompt.format(caption=caption) for caption in rows["caption"]]
    texts = tokenizer(prompts, padding=True, return_tensors="pt")
    tokens = torch.from_numpy(np.stack([read_tokens(image) for image in rows["image"]])) + len(tokenizer)
    examples = Examples(texts["input_ids"], texts["attention_mask"], tokens[:, None].expand(-1, LOOKS, -1))
    weights = torch.ones(network.config.vocab_size)
    weights[len(tokenizer) + 1 :] = FILLED
    random = np.random.default_rng(seed)
    train_model(network, examples, weights, steps, size, rate, 0.0, random, lambda step, loss: None)
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
