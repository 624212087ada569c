"""A metric of pictures as a reward: the metric's own numbers, for TRL and for any loop."""

import pytest
from generate_any_scene import rewards
from generate_any_scene.errors import GasError
from generate_any_scene.training.metrics.loading import open_metric
from generate_any_scene.training.rewards.by_similarity import find_picture_metric
from tiny import draw_picture, save_clip

PICTURES = [draw_picture(0), draw_picture(1, 300, 500)]
ROWS = [{"caption": "a red cup"}, {"caption": "two dogs on a long table"}]


def test_the_reward_is_what_the_metric_measures(tmp_path):
    clip = save_clip(tmp_path / "clip")
    expected = open_metric("clip_score", model=clip, device="cpu").measure(PICTURES, ROWS)
    reward = rewards.similarity(decode=lambda ids: [PICTURES[one] for (one,) in ids], model=clip, device="cpu")
    assert reward.images(PICTURES, ROWS) == pytest.approx(expected, abs=1e-6)
    logged = {}
    found = reward(completion_ids=[[1], [0]], caption=["a red cup"] * 2, log_metric=logged.__setitem__)
    assert found[0] != found[1] and found[1] == pytest.approx(expected[0], abs=1e-6)
    assert logged == {"similarity": pytest.approx(sum(found) / 2), "distinct_pictures": 1}
    assert reward.has_contrast


def test_a_metric_of_ones_own_can_be_the_reward():
    class Width:
        def measure(self, pictures, rows):
            return [float(picture.width) for picture in pictures]

    assert rewards.similarity(Width()).images(PICTURES, ROWS) == [one.width for one in PICTURES]


@pytest.mark.parametrize(
    ("name", "options", "told"),
    [
        ("dsg", {}, "no metric dsg measures pictures"),
        ("clip_scor", {}, "did you mean `clip_score`"),
        ("clip_score", {"modle": "x"}, "clip_score has no option modle"),
    ],
)
def test_what_measures_no_pictures_is_refused(name, options, told):
    with pytest.raises(GasError, match=told):
        find_picture_metric(name, options)
