"""Which pictures are chosen: the arithmetic of the paper's Appendix C.1.2, on numbers that can be checked by eye."""

import random

import pytest
from generate_any_scene.training.recipes.selection import Arm
from generate_any_scene.training.trainers.selection.choosing import Sample, choose_samples


def make_samples(scores):
    """Samples of scenes a, b, c ...: their scores."""
    return [
        Sample(scene, f"caption {scene}", f"{scene}/{number}.png", score)
        for scene, some in scores.items()
        for number, score in enumerate(some)
    ]


FOUR = make_samples({"a": [0.1, 0.9, 0.5], "b": [0.4, 0.2, 0.3], "c": [0.8, 0.7, 0.0], "d": [0.2, 0.6, 0.1]})


def choose(samples=FOUR, seed=0, **arm):
    return [one.image for one in choose_samples(samples, Arm(**arm), seed)]


def test_top_takes_the_best_picture_of_each_scene_and_the_best_quarter_of_these():
    assert choose() == ["a/1.png"]
    assert choose(share=0.5) == ["a/1.png", "c/0.png"]
    assert choose(share=1) == ["a/1.png", "b/0.png", "c/0.png", "d/1.png"]


def test_ten_thousand_captions_with_eight_pictures_leave_the_papers_2500():
    dice = random.Random(1)
    samples = make_samples({f"s{place}": [dice.random() for _ in range(8)] for place in range(10_000)})
    chosen = choose_samples(samples, Arm(), 0)
    best = {}
    for one in samples:
        best[one.id] = max(best.get(one.id, 0.0), one.score)
    assert len({one.id for one in chosen}) == len(chosen) == 2500
    assert sorted(one.score for one in chosen) == sorted(best.values())[-2500:]


def test_random_takes_any_picture_and_any_share_whatever_the_score():
    counts = {}
    for seed in range(400):
        (image,) = choose(select="random", seed=seed)
        counts[image] = counts.get(image, 0) + 1
    assert len(counts) == 12
    assert max(counts.values()) < 3 * min(counts.values())  # 33 each are to be expected


def test_threshold_takes_all_best_pictures_that_are_good_enough():
    assert choose(select="threshold", threshold=0.6) == ["a/1.png", "c/0.png", "d/1.png"]
    assert choose(select="threshold", threshold=0.95) == []


def test_what_has_no_score_is_not_chosen():
    samples = make_samples({"a": [None, 0.1], "b": [None, None], "c": [0.3, None]})
    assert choose(samples, share=1) == ["a/1.png", "c/0.png"]
    assert choose(samples, select="random", share=1) == ["a/1.png", "c/0.png"]
    assert choose([]) == []


def test_what_is_alike_is_told_apart_by_the_seed_and_not_by_the_order():
    alike = make_samples({name: [1.0, 1.0, 1.0] for name in "abcdefgh"})
    assert {tuple(choose(alike, seed=seed)) for seed in range(50)} != {tuple(choose(alike))}
    shuffled = random.Random(0).sample(alike, len(alike))
    assert set(choose(alike, seed=3)) == set(choose(shuffled, seed=3))


@pytest.mark.parametrize(
    ("arm", "message"),
    [
        ({"select": "threshold"}, "`threshold` and `select: threshold` go together"),
        ({"threshold": 0.5}, "`threshold` and `select: threshold` go together"),
        ({"share": 0}, "greater than 0"),
        ({"share": 2}, "less than or equal to 1"),
        ({"real": True}, "`real: true` needs `data` with images"),
        ({"mined": True, "data": {"path": "x"}}, "`mined: true` changes the recipe's own data"),
    ],
)
def test_arms_that_cannot_be_are_refused(arm, message):
    with pytest.raises(ValueError, match=message):
        Arm(**arm)
