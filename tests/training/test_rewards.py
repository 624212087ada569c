"""The reward of reinforcement learning: answers of a judge about pictures."""

import json

import pytest
from generate_any_scene.errors import GasError
from generate_any_scene.training.decoders import SandboxDecoder
from generate_any_scene.training.rewards import QuestionReward
from generate_any_scene.training.sandbox.judge import SandboxJudge
from generate_any_scene.training.sandbox.pictures import TOKENS, encode_shape


def ask(question, answer, form="yes_no", kind="object"):
    return {"question": question, "answer": answer, "choices": [], "form": form, "kind": kind}


ASKED = [
    ask("Is there a circle in the picture?", "yes"),
    ask("How many rings are there in the picture?", "one", "count", "count"),
    ask("What color is the circle?", "red", "open", "attribute"),
    ask("Is the circle above the ring?", "yes", kind="relation"),
]
RING, RED, BLUE = (encode_shape(*one) for one in (("ring", "blue", ""), ("circle", "red", ""), ("circle", "blue", "")))
ABOVE = [RED, 0, 0, 0, 0, 0, 0, 0, RING]
BLUE_BELOW = [RING, 0, 0, 0, 0, 0, 0, 0, BLUE]
NO_RING = [RED, *[0] * 8]


def reward(grids, asked, offset=100, judge=None):
    logged = {}
    function = QuestionReward(SandboxDecoder(), judge or SandboxJudge(), offset)
    ids = [[code + offset for code in grid] for grid in grids]
    texts = [json.dumps(one) for one in asked]
    more = {"prompts": ["?"] * len(ids), "completions": ["?"] * len(ids), "trainer_state": None}
    return function(completion_ids=ids, questions=texts, log_metric=logged.__setitem__, **more), logged


def test_the_reward_is_the_share_of_right_answers():
    grids = [ABOVE, BLUE_BELOW, NO_RING, [0] * TOKENS]
    shares, logged = reward(grids, [ASKED] * 4)
    assert shares == [4 / 4, 2 / 4, 2 / 4, 0]
    # Where there is no circle or no ring, neither yes nor no is an answer to whether it is above it.
    assert logged == {"ids_out_of_range": 0, "answers_refused": 2 / 16, "distinct_pictures": 1}


def test_each_picture_is_rewarded_for_its_own_questions():
    shares, _ = reward([ABOVE, ABOVE, ABOVE], [ASKED[:1], [{**ASKED[2], "answer": "blue"}], []])
    assert shares == [1, 0, None]


def test_kinds_count_as_far_as_the_judge_is_trusted_with_them():
    weights = {"object": 0.5, "count": 1.0, "attribute": 0.0, "relation": 0.0}
    function = QuestionReward(SandboxDecoder(), SandboxJudge(), 0, weights=weights)
    assert function([ABOVE, NO_RING, BLUE_BELOW], [ASKED] * 3) == [1, pytest.approx(0.5 / 1.5), 1]
    assert function([ABOVE], [ASKED[2:]]) == [None]  # nothing that counts


def test_ids_that_are_no_codes_are_counted():
    """The nearest code stands for an id that is none, and code 0 for one that is missing."""
    shares, logged = reward([[-100, -100, *ABOVE[2:]], ABOVE[:1], ABOVE], [ASKED, ASKED, ASKED])
    assert shares == [1 / 4, 2 / 4, 1]
    assert logged["ids_out_of_range"] == pytest.approx((2 + 8) / (3 * TOKENS))


def test_questions_may_be_lists_or_text():
    function = QuestionReward(SandboxDecoder(), SandboxJudge(), 0)
    assert function([ABOVE, ABOVE], [ASKED, json.dumps(ASKED)]) == [1, 1]
    for wrong in ("Is it?", '"yes"', "{}", ["Is it?"], [{"question": "Is it?"}], None, 3, "[" * 100_000):
        with pytest.raises(GasError, match="`questions` .*(give a list|must be a list)") as error:
            function([ABOVE], [wrong])
        assert len(str(error.value)) < 300


def test_refused_answers_are_counted_and_not_right():
    class Shy(SandboxJudge):
        """Says nothing about colors."""

        def answer(self, images, questions):
            replies = super().answer(images, questions)
            return [
                "I cannot tell." if "color" in question else reply
                for question, reply in zip(questions, replies, strict=True)
            ]

    shares, logged = reward([ABOVE, BLUE_BELOW], [ASKED, ASKED[:2]], judge=Shy())
    assert shares == [3 / 4, 1]
    assert logged["answers_refused"] == pytest.approx(1 / 6)
