"""The sandbox's generators: each makes a picture like the one given, with artefacts, and the same ones of a seed."""

from typing import get_args

import numpy as np
import pytest
from generate_any_scene.training.data import load_rows
from generate_any_scene.training.fields import Data
from generate_any_scene.training.sandbox import generators
from generate_any_scene.training.sandbox.pictures import draw_tokens, photograph
from generate_any_scene.training.sandbox.settings import Remake


@pytest.fixture(scope="module")
def pictures():
    random = np.random.default_rng(0)
    return np.stack([np.asarray(photograph(draw_tokens(random.integers(0, 97, 9)), seed)) for seed in range(4)])


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Generators that learn little are enough to be told apart."""
    monkeypatch.setattr(generators, "EXAMPLES", 24)
    monkeypatch.setattr(generators, "STEPS", 150)
    for learned in (generators._draw_examples, generators._learn_codebook, generators._learn_autoencoder):
        learned.cache_clear()
    yield
    for learned in (generators._draw_examples, generators._learn_codebook, generators._learn_autoencoder):
        learned.cache_clear()


@pytest.mark.parametrize("name", get_args(Remake))
def test_a_picture_is_made_anew(name, pictures):
    made = generators.remake(pictures, name, seed=1)
    assert made.shape == pictures.shape and made.dtype == np.uint8
    assert (made != pictures).any()
    gray, others = made.mean(axis=3).ravel(), pictures.mean(axis=3).ravel()
    assert np.corrcoef(gray, others)[0, 1] > 0.5
    np.testing.assert_array_equal(generators.remake(pictures[:2], name, seed=1)[0], made[0])


def test_generators_differ_and_follow_their_seed(pictures):
    made = {name: generators.remake(pictures, name, 1) for name in get_args(Remake)}
    assert len({one.tobytes() for one in made.values()}) == len(made)
    for name in ("mosaic", "autoencoder", "transposed"):
        assert (generators.remake(pictures, name, 2) != made[name]).any()
    with pytest.raises(ValueError, match="the sandbox has no generator `dream`"):
        generators.remake(pictures, "dream", 1)


def test_a_camera_sees_a_scene_a_little_otherwise_each_time():
    drawn = draw_tokens([5, 0, 0, 0, 17, 0, 0, 0, 40])
    one, other = (np.asarray(photograph(drawn, seed), dtype=int) for seed in (1, 2))
    assert one.shape == (72, 72, 3) and (one != other).any()
    assert np.corrcoef(one.ravel(), np.asarray(drawn).ravel())[0, 1] > 0.7
    np.testing.assert_array_equal(one, np.asarray(photograph(drawn, 1)))


def test_rows_of_a_recipe_come_from_a_camera():
    drawn, seen = (
        load_rows(Data(recipe="sandbox", draw=draw, limit=2), ("caption", "image")) for draw in ("sandbox", "camera")
    )
    assert drawn["caption"] == seen["caption"]
    assert np.asarray(drawn[0]["image"]).max() == 255 and (np.asarray(drawn[0]["image"]) != seen[0]["image"]).any()
    made = generators.remake_rows(seen, "blur", 0)
    assert made.column_names == seen.column_names and made["caption"] == seen["caption"]
    assert (np.asarray(made[0]["image"]) != np.asarray(seen[0]["image"])).any()
