"""Policies: what is known of levels becomes shares of the stream."""

import pytest
from generate_any_scene.errors import GasError
from generate_any_scene.training.curriculum.policies import Level, open_policy, share_out
from generate_any_scene.training.curriculum.settings import CurriculumSettings

EASY = Level(1, 40, reward=1.0, spread=0.0, idle=1.0)
HALF = Level(2, 40, reward=0.5, spread=0.4)
HARD = Level(3, 40, reward=0.1, spread=0.2)


def share(policy, levels=(EASY, HALF, HARD), least=0.0, **settings):
    return share_out(open_policy(CurriculumSettings(policy=policy, **settings)), levels, least)


def test_uniform_shares_alike_whatever_is_known():
    assert share("uniform") == pytest.approx([1 / 3] * 3)


def test_spread_gives_a_level_as_much_as_its_rewards_differ():
    assert share("spread") == pytest.approx([0, 2 / 3, 1 / 3])


def test_target_gives_most_to_the_level_that_is_nearest_to_it():
    by_target = share("target", success=0.5, width=0.4)
    assert by_target[1] > by_target[2] > by_target[0]
    assert share("target", success=0.1, width=0.2).index(max(share("target", success=0.1, width=0.2))) == 2
    far = [Level(1, 9, reward=1.0), Level(2, 9, reward=0.999)]
    assert share("target", far, success=0.0, width=0.001)[1] == pytest.approx(1)


def test_what_is_not_known_is_tried_as_often_as_the_best():
    unknown = Level(1)
    assert share("spread", (unknown, HALF, HARD)) == pytest.approx([0.4, 0.4, 0.2])
    assert share("target", (unknown, HALF), success=0.5) == pytest.approx([0.5, 0.5])
    assert share("spread", (unknown, Level(2))) == pytest.approx([0.5, 0.5])


def test_every_level_has_its_least_share():
    assert share("spread", least=0.3) == pytest.approx([0.1, 0.1 + 0.7 * 2 / 3, 0.1 + 0.7 / 3])
    assert share("spread", (EASY, EASY)) == pytest.approx([0.5, 0.5])  # nothing teaches anything


@pytest.mark.parametrize("weights", [[1.0], [1.0, -1.0, 1.0], [1.0, float("nan"), 1.0]])
def test_weights_that_cannot_be_are_refused(weights):
    with pytest.raises(GasError, match="for 3 levels; give each a number from 0 on"):
        share_out(lambda levels: weights, (EASY, HALF, HARD), 0.1)


def test_figures_are_means_of_which_older_ones_fade():
    level = Level(1)
    for reward in (1.0, 0.0):
        level = level.add(reward, 0.0, memory=2)
    assert (level.scenes, level.reward, level.idle) == (2, 0.5, 1.0)
    level = level.add(0.0, 0.3, memory=2)
    assert (level.scenes, level.reward, level.spread, level.idle) == (3, 0.25, 0.15, 0.5)


def test_settings_of_another_policy_are_refused():
    with pytest.raises(ValueError, match="`success` does not go with `policy: spread`"):
        CurriculumSettings(policy="spread", success=0.6)
