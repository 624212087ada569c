"""A diffusion model of the sandbox: PRX's pixel pipeline in small, a token a cell, first trained on pictures.

It has no VAE: a patch is a cell of the picture, 24 x 24 pixels, and the transformer says the picture that a noisy one
came from. What is saved is a pipeline as plain diffusers loads it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import FlowMatchEulerDiscreteScheduler, PRXPixelPipeline, PRXTransformer2DModel
from transformers import Qwen2Config, Qwen2Model, get_scheduler

from ..models import limit_threads
from .model import FILLED, LOOKS, make_tokenizer
from .pictures import CELL, CODES, GRID, TOKENS, draw_cells, encode_scene
from .settings import SandboxFlow

SIDE = GRID * CELL
"""Width and height of a picture, in pixels."""
SHIFT = 8.0
"""How much more often pictures are nearly noise: what a cell of so many pixels shows is decided there."""
WORDS_BATCH, WORDS_RATE = 128, 3e-3
"""Captions of an update of the text encoder alone, and its highest learning rate."""
ROOM = 8
"""Words that a caption may have more than the longest one of the first training."""


def make_pipeline(texts: list[str], settings: SandboxFlow) -> PRXPixelPipeline:
    """Makes a pipeline that knows the words of some texts; weights by torch's seed."""
    tokenizer = make_tokenizer(texts)
    words = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=settings.hidden_size,
        intermediate_size=2 * settings.hidden_size,
        num_hidden_layers=2,
        num_attention_heads=settings.heads,
        num_key_value_heads=settings.heads,
        max_position_embeddings=256,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        bos_token_id=None,
    )
    side = settings.hidden_size // settings.heads // 2
    transformer = PRXTransformer2DModel(
        in_channels=3,
        patch_size=CELL,
        context_in_dim=settings.hidden_size,
        hidden_size=settings.hidden_size,
        mlp_ratio=2.0,
        num_heads=settings.heads,
        depth=settings.layers,
        axes_dim=[side, side],
        theta=100,
        bottleneck_size=settings.hidden_size,
    )
    start_at_cells(transformer)
    longest = max(map(len, tokenizer(texts)["input_ids"]))
    return PRXPixelPipeline(
        transformer=transformer,
        scheduler=FlowMatchEulerDiscreteScheduler(shift=SHIFT),
        text_encoder=Qwen2Model(words),
        tokenizer=tokenizer,
        default_sample_size=SIDE,
        prompt_max_tokens=longest + ROOM,
        noise_scale=1.0,
    )


@torch.no_grad()
def start_at_cells(transformer: PRXTransformer2DModel) -> None:
    """Sets the first and the last weights to the principal components of all cells that can be drawn.

    That is what a trained VAE is to other models: with random weights most of the first training would go into finding
    out what pixels go together.
    """
    drawn = torch.from_numpy(draw_cells().copy()).view(CODES, CELL * CELL, 3)
    cells = drawn.transpose(1, 2).reshape(CODES, -1) / 127.5 - 1  # channel by channel, as the transformer has patches
    mean = cells.mean(dim=0)
    _, sizes, components = torch.linalg.svd(cells - mean, full_matrices=False)
    first, last = transformer.img_in[0], transformer.final_layer.linear
    count = min(len(first.weight), CODES - 1)
    first.weight.zero_()
    first.weight[:count] = components[:count]
    first.bias.copy_(-first.weight @ mean)
    last.weight.zero_()
    last.weight[:, :count] = (components[:count] * sizes[:count, None] / math.sqrt(CODES)).T
    last.bias.copy_(mean)


def find_or_make_pipeline(
    settings: SandboxFlow, load: Callable[[], Any], folder: Path, seed: int, report: Callable[[str], None]
) -> None:
    """Makes a pipeline and trains it on pictures, unless that was done; the folder is there whole or not at all.

    Args:
        settings: Its sizes, and how long it is trained.
        load: Gives rows with `caption` and `scene_graph`.
        folder: Where it goes.
        seed: Of weights, pictures and the order of rows.
        report: Is told how far it is, every hundred updates.
    """
    if (folder / "model_index.json").is_file():
        return
    beside = folder.with_name(f"{folder.name}.part")
    with limit_threads(1):  # so small a model is slower on several
        train_pipeline(settings, load(), seed, report).save_pretrained(beside)
    beside.rename(folder)


def train_pipeline(settings: SandboxFlow, rows: Any, seed: int, report: Callable[[str], None]) -> PRXPixelPipeline:
    """Makes a pipeline, and trains it and its text encoder on pictures of scenes; see `find_or_make_pipeline`."""
    torch.manual_seed(seed)
    captions = list(rows["caption"])
    pipeline = make_pipeline(captions, settings)
    random = np.random.default_rng(seed)
    looks = draw_looks(rows["scene_graph"][:], random)
    ids, mask = pipeline._tokenize_prompts(captions, torch.device("cpu"))
    parts: list[torch.nn.Module] = [pipeline.transformer, pipeline.text_encoder]
    if settings.words_steps:
        teach_words(pipeline, settings.words_steps, looks, ids, mask, random, report)
        parts = [pipeline.transformer]
    steps, size = settings.steps, settings.batch_size

    def compute() -> torch.Tensor:
        chosen = random.integers(len(captions), size=size)
        pixels = paint(looks[chosen, random.integers(LOOKS, size=size)])
        return compute_loss(pipeline, pixels, ids[chosen], mask[chosen])

    def compute_mismatched() -> torch.Tensor:
        chosen, others = random.integers(len(captions), size=(2, size))
        pixels = paint(looks[others, random.integers(LOOKS, size=size)])
        return compute_loss(pipeline, pixels, ids[chosen], mask[chosen])

    take_updates(parts, steps, math.ceil(steps / 10), settings.learning_rate, compute, "pictures", report)
    if wrong := settings.mismatched_steps:
        rate = settings.learning_rate / 3
        take_updates(parts, wrong, math.ceil(wrong / 5), rate, compute_mismatched, "other pictures", report)
    return pipeline


def teach_words(
    pipeline: PRXPixelPipeline,
    steps: int,
    looks: np.ndarray,
    ids: torch.Tensor,
    mask: torch.Tensor,
    random: np.random.Generator,
    report: Callable[[str], None],
) -> None:
    """Trains the text encoder alone: of a caption's last state a linear head says which token each cell has.

    So its states bind colors to shapes and shapes to places before there is noise, as those of the trained encoders
    do that large pipelines are made with. From pictures alone a small model learns that slowly: what a caption says
    of one cell of nine is a small part of the error in pixels.

    Args:
        pipeline: Its text encoder is trained, and left as it is from then on.
        steps: Updates.
        looks: Grids of tokens of each caption's scene, as `draw_looks` gives them.
        ids: Of the captions' words, padded on the right, shape (captions, length).
        mask: Which of them are no padding, of the same shape.
        random: What draws.
        report: Is told how far it is.
    """
    encoder = pipeline.text_encoder
    head = torch.nn.Linear(encoder.config.hidden_size, TOKENS * CODES)
    last = mask.long().sum(dim=1) - 1
    weights = torch.ones(CODES)
    weights[1:] = FILLED
    grids = torch.from_numpy(looks)

    def compute() -> torch.Tensor:
        chosen = random.integers(len(ids), size=WORDS_BATCH)
        states = encoder(input_ids=ids[chosen], attention_mask=mask[chosen]).last_hidden_state
        said = head(states[torch.arange(WORDS_BATCH), last[chosen]])
        tokens = grids[chosen, random.integers(LOOKS, size=WORDS_BATCH)]
        return torch.nn.functional.cross_entropy(said.view(-1, CODES), tokens.flatten(), weights)

    take_updates([encoder, head], steps, math.ceil(steps / 10), WORDS_RATE, compute, "words", report)
    encoder.requires_grad_(False)


def take_updates(
    parts: list[torch.nn.Module],
    steps: int,
    warmup: int,
    rate: float,
    compute: Callable[[], torch.Tensor],
    what: str,
    report: Callable[[str], None],
) -> None:
    """Trains modules, which are in training while it lasts, to make a loss small; `report` is told every hundredth."""
    weights = [weight for part in parts for weight in part.parameters()]
    optimizer = torch.optim.AdamW(weights, lr=rate, betas=(0.9, 0.98), weight_decay=0.01)
    schedule = get_scheduler("cosine", optimizer, warmup, steps)
    for part in parts:
        part.train()
    for step in range(1, steps + 1):
        loss = compute()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        if step % 100 == 0 or step == 1:
            report(f"first training on {what}: update {step}, loss {loss.item():.4f}")
    for part in parts:
        part.eval()


def draw_looks(graphs: list[Any], random: np.random.Generator) -> np.ndarray:
    """Grids of tokens of each scene: int64, shape (scenes, LOOKS, TOKENS)."""
    seeds = random.integers(2**62, size=(len(graphs), LOOKS)).tolist()
    return np.array([[encode_scene(graph, one) for one in some] for graph, some in zip(graphs, seeds, strict=True)])


def paint(tokens: np.ndarray) -> torch.Tensor:
    """Pictures of grids of tokens: from -1 to 1, shape (pictures, 3, SIDE, SIDE)."""
    cells = torch.from_numpy(draw_cells()[tokens]).view(-1, GRID, GRID, CELL, CELL, 3)
    return cells.permute(0, 5, 1, 3, 2, 4).reshape(-1, 3, SIDE, SIDE) / 127.5 - 1


def compute_loss(
    pipeline: PRXPixelPipeline, pixels: torch.Tensor, ids: torch.Tensor, mask: torch.Tensor
) -> torch.Tensor:
    """How far pictures are from what the transformer says of them with noise, over the scheduler's times."""
    states = pipeline.text_encoder(input_ids=ids, attention_mask=mask).last_hidden_state
    sigmas = pipeline.scheduler.sigmas[torch.randint(len(pipeline.scheduler.timesteps), (len(pixels),))]
    part = sigmas.view(-1, 1, 1, 1)
    noisy = (1 - part) * pixels + part * torch.randn_like(pixels)
    said = pipeline.transformer(noisy, sigmas, states, mask, return_dict=False)[0]
    return torch.nn.functional.mse_loss(said, pixels)
