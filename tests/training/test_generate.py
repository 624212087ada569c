"""Pictures of held-out scenes, and what is said of those before and after."""

import warnings

import numpy as np
import pytest
import torch
from generate_any_scene.training.generate import JudgedPictures, describe_gain, sample_tokens
from PIL import Image
from trl.trainer.utils import add_fused_lm_head

CODES = 64
PROMPTS = ["a", "<|t2i|>A photo of a very long caption of many words<|soi|>", "<|t2i|>A photo of a cup<|soi|>", "bb"]


def test_a_sample_depends_neither_on_the_batch_nor_on_its_place(open_policy, simplear):
    model, tokenizer = open_policy(simplear, scale=20)
    seeds = [5, 6, 7, 5]
    together = sample_tokens(model, tokenizer, PROMPTS, 16, 1.0, seeds)
    alone = [
        sample_tokens(model, tokenizer, [prompt], 16, 1.0, [seed])[0]
        for prompt, seed in zip(PROMPTS, seeds, strict=True)
    ]
    assert together == alone
    assert sample_tokens(model, tokenizer, PROMPTS[::-1], 16, 1.0, seeds[::-1]) == together[::-1]
    assert together[0] != together[3]  # of one seed: prompts do matter
    assert sample_tokens(model, tokenizer, PROMPTS[:1], 16, 1.0, [8])[0] != together[0]


def test_samples_are_those_that_transformers_would_draw(open_policy, simplear):
    """Almost no temperature leaves the likeliest tokens, which `generate` finds with its own cache and positions."""
    model, tokenizer = open_policy(simplear, scale=20)
    inputs = tokenizer(PROMPTS, padding=True, return_tensors="pt")
    expected = model.generate(**inputs, do_sample=False, max_new_tokens=16)[:, inputs["input_ids"].shape[1] :]
    assert sample_tokens(model, tokenizer, PROMPTS, 16, 1e-6, range(4)) == expected.tolist()


@pytest.mark.parametrize(
    "sampling",
    [{"top_k": 1}, {"top_p": 1e-6}, {"min_p": 1.0}, {"top_k": 1, "repetition_penalty": 3.0}],
    ids=str,
)
def test_each_key_of_sampling_does_what_it_does_in_training(sampling, open_policy, simplear):
    """These leave one token of all, which `generate` finds with the same keys."""
    model, tokenizer = open_policy(simplear, scale=20)
    inputs = tokenizer(PROMPTS, padding=True, return_tensors="pt")
    options = {"top_k": 0, "do_sample": True, "max_new_tokens": 16, **sampling}
    expected = model.generate(**inputs, **options)[:, inputs["input_ids"].shape[1] :]
    assert sample_tokens(model, tokenizer, PROMPTS, 16, 1.0, range(4), **sampling) == expected.tolist()


def test_no_package_warns_of_how_samples_are_drawn(open_policy, simplear):
    model, tokenizer = open_policy(simplear)
    add_fused_lm_head(model)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sample_tokens(model, tokenizer, PROMPTS, 2, 1.0, range(4))


@pytest.mark.parametrize("temperature", [0.5, 1.0])
def test_samples_are_as_frequent_as_probable(temperature, open_policy, simplear):
    model, tokenizer = open_policy(simplear, scale=4)
    drawn = sample_tokens(model, tokenizer, ["a cup"] * 4000, 1, temperature, range(4000))
    found = np.bincount(np.array(drawn)[:, 0], minlength=model.config.vocab_size) / 4000
    with torch.no_grad():
        logits = model(**tokenizer("a cup", return_tensors="pt")).logits[0, -1]
    expected = (logits / temperature).softmax(-1).numpy()
    assert abs(expected - 1 / CODES).max() > 0.02
    assert np.abs(found - expected).max() < 0.02


def test_what_is_said_of_pictures_before_and_after():
    images = [Image.new("RGB", (2, 2))] * 3
    before = JudgedPictures(["a", "b", "c"], images, [0.0, 0.25, 0.5], asked=12, refused=3, out_of_range=0.5)
    after = JudgedPictures(["a", "b", "c"], images, [0.5, 0.75, 1.0], asked=12, refused=0, out_of_range=0.0)
    described = describe_gain(before, after)
    assert list(described) == ["pictures", "questions", "before", "after", "gain"]
    assert (described["pictures"], described["questions"]) == (3, 12)
    assert described["gain"] == {"mean": 0.5, "interval": [0.5, 0.5]}
    assert (described["before"]["refused"], described["after"]["refused"]) == (0.25, 0)
    assert (described["before"]["out_of_range"], described["after"]["out_of_range"]) == (0.5, 0)
    assert str(before) == "accuracy 0.250 ± 0.283 (3 pictures, 12 questions)"
