"""The diffusion model of the sandbox: what it is made of, and that its first training tells words apart."""

import numpy as np
import pytest
import torch
from generate_any_scene.training.data import load_rows
from generate_any_scene.training.fields import Data
from generate_any_scene.training.sandbox.flow import (
    draw_looks,
    make_pipeline,
    paint,
    teach_words,
    train_pipeline,
)
from generate_any_scene.training.sandbox.pictures import CODES, TOKENS
from generate_any_scene.training.sandbox.settings import SandboxFlow

CONTENT = {"attributes": {"kinds": ["color"], "max_per_object": 1}}


@pytest.fixture(scope="module")
def rows():
    structure = {"objects": 1, "relations": 0, "attributes": 1}
    data = Data(recipe="sandbox", overrides={"structure": structure, "content": CONTENT}, split="train", limit=200)
    return load_rows(data, ("caption", "scene_graph"))


def test_the_first_and_the_last_weights_know_all_cells():
    """What the first make of a cell, and the last of that, is the cell again."""
    transformer = make_pipeline(["a red circle"], SandboxFlow(hidden_size=128, layers=1)).transformer
    drawn = paint(np.arange(CODES)[:, None].repeat(TOKENS, axis=1))[:, :, :24, :24]
    cells = drawn.reshape(CODES, -1)  # channel by channel, row by row
    first, last = transformer.img_in[0], transformer.final_layer.linear
    with torch.no_grad():
        said = first(cells)
        scale = last.weight.norm(dim=0).clamp(min=1e-6)
        again = last(said / scale)
    assert torch.allclose(again, cells, atol=1e-3)


def test_the_text_encoder_learns_words_before_pictures_and_then_stays(rows):
    torch.manual_seed(0)
    settings = SandboxFlow(hidden_size=32, layers=1, heads=2)
    pipeline, random = make_pipeline(list(rows["caption"]), settings), np.random.default_rng(0)
    ids, mask = pipeline._tokenize_prompts(list(rows["caption"]), torch.device("cpu"))
    said = []
    teach_words(pipeline, 200, draw_looks(rows["scene_graph"][:], random), ids, mask, random, said.append)
    losses = [float(line.rpartition(" ")[2]) for line in said]
    assert losses[-1] < losses[0] / 2
    assert not any(weight.requires_grad for weight in pipeline.text_encoder.parameters())
    with torch.no_grad():
        states = pipeline.text_encoder(input_ids=ids, attention_mask=mask).last_hidden_state
    last = states[torch.arange(len(ids)), mask.long().sum(dim=1) - 1]
    captions = sorted(set(rows["caption"]))
    assert len(captions) > 20  # shapes in colors
    means = torch.stack([last[[one == caption for one in rows["caption"]]].mean(dim=0) for caption in captions])
    apart = torch.cdist(means, means) + 1e9 * torch.eye(len(captions))
    assert apart.min() > 0.1 * apart[apart < 1e9].mean()


def test_steps_are_told_and_captions_of_other_pictures_spoil(rows):
    said = []
    keys = {"hidden_size": 16, "layers": 1, "heads": 2, "steps": 2, "batch_size": 2}
    one = train_pipeline(SandboxFlow(**keys), rows, 0, said.append)
    other = train_pipeline(SandboxFlow(**keys, mismatched_steps=1, words_steps=1), rows, 0, said.append)
    told = [line.partition(":")[0].removeprefix("first training on ") for line in said]
    assert told == ["pictures", "words", "pictures", "other pictures"]
    weights = [pipeline.transformer.final_layer.linear.weight for pipeline in (one, other)]
    assert not torch.equal(*weights)
