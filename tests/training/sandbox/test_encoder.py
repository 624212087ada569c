"""The encoder of the sandbox, and the metric that it is: pictures find their captions."""

import numpy as np
import pytest
import torch
from generate_any_scene.errors import GasError
from generate_any_scene.training.data import load_rows
from generate_any_scene.training.fields import Data
from generate_any_scene.training.metrics.loading import open_metric
from generate_any_scene.training.rewards.by_similarity import open_picture_metric
from generate_any_scene.training.sandbox.encoder import LIKE, contradict, cut_pictures, split_words, train_encoder
from generate_any_scene.training.sandbox.pictures import draw_cells, draw_scene, encode_scene
from PIL import Image

TINY = {"steps": 2, "data": {"recipe": "sandbox", "limit": 20}}


@pytest.fixture(scope="module")
def rows():
    overrides = {"structure": {"objects": 2, "relations": 0}}
    return load_rows(Data(recipe="sandbox", overrides=overrides, limit=364), ("caption", "scene_graph"))


def find_captions(encoder, rows):
    """The share of pictures whose own caption is the nearest of all."""
    pictures = [draw_scene(graph, place) for place, graph in enumerate(rows["scene_graph"])]
    captions = [split_words(caption) for caption in rows["caption"]]
    with torch.no_grad():
        near = encoder.place_pictures(cut_pictures(pictures)) @ encoder.place_captions(encoder.read(captions)).T
    assert near.diag().tolist() == pytest.approx(encoder.compare(pictures, rows["caption"]), abs=1e-5)
    return np.mean(near.argmax(dim=1).numpy() == np.arange(len(pictures)))


@pytest.mark.parametrize("hard_negatives", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_it_learns_to_find_captions_that_it_has_not_seen(hard_negatives, rows):
    """By chance one of the 64 pictures finds its caption."""
    encoder = train_encoder(rows.select(range(300)), 20, hard_negatives, 3)
    assert find_captions(encoder, rows.select(range(300, 364))) > 0.2


def test_a_seed_gives_an_encoder_again(rows):
    few = rows.select(range(30))
    one, again, other = (train_encoder(few, 2, True, seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(one[key], again[key]) for key in one)
    assert not torch.equal(one["pictures.where"], other["pictures.where"])


def test_a_hard_negative_has_one_other_word_of_its_group():
    random, groups = np.random.default_rng(0), [set(group) for group in LIKE]
    words = split_words("A small red star is to the left of a cross.")
    found = [contradict(words, random) for _ in range(200)]
    changed = {pair for other in found for pair in zip(words, other, strict=True) if pair[0] != pair[1]}
    assert all(sum(map(str.__ne__, words, other)) == 1 for other in found)
    assert all(any({*pair} <= group for group in groups) for pair in changed)
    assert {one for one, _ in changed} == {"small", "red", "star", "left", "cross"}
    assert contradict(["nothing"], random) == ["nothing"]


def test_cells_of_a_picture_are_those_of_its_tokens(rows):
    tokens = encode_scene(rows[0]["scene_graph"], 5)
    cells = cut_pictures([draw_scene(rows[0]["scene_graph"], 5)])
    assert np.allclose(cells[0].numpy(), 1 - draw_cells()[tokens] / 255)


def test_another_picture_is_refused():
    with pytest.raises(GasError, match=r"a picture of \(80, 72\) pixels is none of the sandbox's, which are 72 wide"):
        open_metric("sandbox_similarity", **TINY).measure([Image.new("RGB", (80, 72))], [{"caption": "a"}])


def test_the_metric_is_the_cosine_of_its_encoder(rows):
    pictures, captions = [draw_scene(rows[0]["scene_graph"], 1)] * 2, [{"caption": "A ring."}, {"caption": "zebra"}]
    metric = open_metric("sandbox_similarity", seed=4, **TINY)
    learned = load_rows(Data(**TINY["data"]), ("caption", "scene_graph"))
    expected = train_encoder(learned, TINY["steps"], False, 4).compare(pictures, ["A ring.", "zebra"])
    assert metric.measure(pictures, captions) == pytest.approx(expected, abs=1e-6)
    assert metric.id == "sandbox_similarity@2 steps,seed 4"


def test_a_training_gives_it_its_seed_unless_the_recipe_does():
    assert open_picture_metric("sandbox_similarity", {}, "cpu", seed=7).seed == 7
    assert open_picture_metric("sandbox_similarity", {"seed": 2}, seed=7).seed == 2


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"steps": 0}, "steps must be a whole number from 1 on, not `0`"),
        ({"seed": "x"}, "seed must be a whole number from 0 on, not `x`"),
        ({"hard_negatives": "maybe"}, "hard_negatives must be true or false, not `maybe`"),
        ({"data": {"recpe": "sandbox"}}, "data says no rows"),
    ],
)
def test_wrong_options_are_told_in_one_line(options, told):
    with pytest.raises(GasError) as caught:
        open_metric("sandbox_similarity", **options)
    assert told in str(caught.value) and "\n" not in str(caught.value)
