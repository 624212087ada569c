"""The reward of reinforcement learning: answers of a judge about pictures."""

import json
import re

import pytest
from generate_any_scene import rewards, scene
from generate_any_scene.errors import GasError
from generate_any_scene.training.decoders import CompletionDecoder, SandboxDecoder
from generate_any_scene.training.sandbox.judge import SandboxJudge
from generate_any_scene.training.sandbox.pictures import TOKENS, draw_scene, encode_shape
from PIL import Image
from transformers import TrainerState


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
KINDS = ("object", "count", "attribute", "relation")


PAPER = {"by": "words", "dependencies": False, "mean": "questions"}


def make(judge=None, offset=0, **rule):
    """A reward of the sandbox; the paper's unless it is told otherwise."""
    return rewards.answers(judge or SandboxJudge(), CompletionDecoder(SandboxDecoder(), offset), **(rule or PAPER))


def reward(grids, asked, offset=100, **rule):
    """What completions are worth, and what was logged, as TRL asks for it."""
    logged = {}
    ids = [[code + offset for code in grid] for grid in grids]
    texts = [json.dumps(one) for one in asked]
    more = {"prompts": ["?"] * len(ids), "completions": ["?"] * len(ids), "trainer_state": TrainerState(global_step=3)}
    function = make(offset=offset, **rule)
    return function(completion_ids=ids, questions=texts, log_metric=logged.__setitem__, **more), logged


def test_the_reward_is_the_share_of_right_answers():
    grids = [ABOVE, BLUE_BELOW, NO_RING, [0] * TOKENS]
    shares, logged = reward(grids, [ASKED] * 4, **PAPER)
    assert shares == [4 / 4, 2 / 4, 2 / 4, 0]
    # Where there is no circle or no ring, neither yes nor no is an answer to whether it is above it.
    assert logged == {
        **{"ids_out_of_range": 0, "answers_refused": 2 / 16, "distinct_pictures": 1, "said_yes": 4 / 6},
        **{f"by_kind/{kind}": share for kind, share in zip(KINDS, [3 / 4, 2 / 4, 2 / 4, 1 / 4], strict=True)},
    }


def test_each_picture_is_rewarded_for_its_own_questions():
    shares, _ = reward([ABOVE, ABOVE, ABOVE], [ASKED[:1], [{**ASKED[2], "answer": "blue"}], []])
    assert shares == [1, 0, None]


def test_kinds_count_as_far_as_the_judge_is_trusted_with_them():
    weights = {"object": 0.5, "count": 1.0, "attribute": 0.0, "relation": 0.0}
    function = make(**PAPER, weights=weights)
    questions = [json.dumps(ASKED)] * 3
    assert function([ABOVE, NO_RING, BLUE_BELOW], questions=questions) == [1, pytest.approx(0.5 / 1.5), 1]
    assert function([ABOVE], questions=[ASKED[2:]]) == [None]  # nothing that counts


def test_ids_that_are_no_codes_are_counted():
    """The nearest code stands for an id that is none, and code 0 for one that is missing."""
    shares, logged = reward([[-100, -100, *ABOVE[2:]], ABOVE[:1], ABOVE], [ASKED, ASKED, ASKED])
    assert shares == [1 / 4, 2 / 4, 1]
    assert logged["ids_out_of_range"] == pytest.approx((2 + 8) / (3 * TOKENS))


def test_questions_may_be_lists_or_text():
    function = make()
    assert function([ABOVE, ABOVE], questions=[ASKED, json.dumps(ASKED)]) == [1, 1]
    for wrong in ("Is it?", '"yes"', "{}", ["Is it?"], [{"question": "Is it?"}], None, 3, "[" * 100_000):
        with pytest.raises(GasError, match="`questions` .*(give a list|must be a list)") as error:
            function([ABOVE], questions=[wrong])
        assert len(str(error.value)) < 300


class Shy(SandboxJudge):
    """Says nothing about colors."""

    id = "shy"

    def answer(self, images, questions):
        replies = super().answer(images, questions)
        return [
            "I cannot tell." if "color" in question else reply
            for question, reply in zip(questions, replies, strict=True)
        ]


def test_refused_answers_are_counted_and_not_right():
    shares, logged = reward([ABOVE, BLUE_BELOW], [ASKED, ASKED[:2]], **PAPER, judge=Shy())
    assert shares == [3 / 4, 1]
    assert logged["answers_refused"] == pytest.approx(1 / 6)


# What goes beyond the plain share.


class Unsure(SandboxJudge):
    """Finds what it would say 0.8 probable, and another answer 0.1."""

    id = "unsure"

    def probability(self, images, questions, answers):
        return [0.1 + 0.7 * one for one in super().probability(images, questions, answers)]


def test_by_probability_a_question_is_worth_how_probable_its_answer_is():
    shares, _ = reward([ABOVE, NO_RING], [ASKED[:2]] * 2, judge=Unsure(), by="probability", dependencies=False)
    assert shares == [pytest.approx(0.8), pytest.approx((0.8 + 0.1) / 2)]
    shares, _ = reward([ABOVE], [ASKED[2:3]], judge=Unsure())  # open, which is asked in words
    assert shares == [1]


def test_a_question_is_worth_no_more_than_those_it_depends_on():
    """Computed by hand: there is no circle, so that what is below the ring counts for nothing."""
    asked = [
        ask("Is there a circle in the picture?", "yes"),
        {**ask("How many stars are there in the picture?", "zero", "count", "count"), "depends_on": [0]},
        {**ask("Is there a ring in the picture?", "yes"), "depends_on": [1]},
        ask("Is there a heart in the picture?", "no"),
    ]
    ring_only = [RING, *[0] * 8]
    assert reward([ring_only], [asked], **PAPER)[0] == [3 / 4]
    shares, logged = reward([ring_only], [asked], **{**PAPER, "dependencies": True})
    assert shares == [1 / 4]
    assert (logged["by_kind/object"], logged["by_kind/count"]) == (1 / 3, 0)


def test_the_mean_over_kinds_does_not_count_questions():
    asked = [*[ASKED[0]] * 9, ASKED[2]]
    for mean, share in (("questions", 0.9), ("kinds", 0.5)):
        assert reward([[BLUE, *[0] * 8]], [asked], **{**PAPER, "mean": mean})[0] == [pytest.approx(share)]


def test_of_several_judges_the_mean_or_the_least_counts():
    asked = [ASKED[:3]]
    both = (SandboxJudge(), Shy())
    for combine, share in (("mean", (1 + 1 + 1 / 2) / 3), ("least", 2 / 3)):
        assert reward([ABOVE], asked, **PAPER, judge=both, combine=combine)[0] == [pytest.approx(share)]
    trusted = [{}, {"attribute": 0.0}]  # the second is not trusted with colors, which then count by half
    for combine in ("mean", "least"):
        function = make(both, **PAPER, combine=combine, weights=trusted)
        assert function([BLUE_BELOW], questions=asked) == [pytest.approx(2 / 2.5)]


def test_predicates_are_logged_where_rows_have_scene_graphs():
    row = scene("sandbox", 0, structure={"objects": 2, "relations": 1})
    function = make()
    pictures = [draw_scene(row["scene_graph"], seed) for seed in range(4)] + [Image.new("RGB", (72, 72), "white")]
    shares = function.images(pictures, [row] * 5)
    assert shares[:4] == [1] * 4 and shares[4] < 0.5
    predicate = row["scene_graph"]["relations"][0]["predicate"]
    assert function.figures[f"by_predicate/{predicate}"] == function.figures["by_kind/relation"] == 4 / 5
    assert function.has_contrast


def test_pictures_that_differ_are_counted_among_those_of_a_scene():
    function = make()
    function([ABOVE, ABOVE, NO_RING, ABOVE, ABOVE], questions=[ASKED[:1]] * 3 + [ASKED[1:2]] * 2)
    assert function.figures["distinct_pictures"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert not make().has_contrast and not function.has_contrast


def test_a_function_a_kind_asks_the_judge_once():
    class Counting(SandboxJudge):
        asked = 0

        def answer(self, images, questions):
            Counting.asked += len(questions)
            return super().answer(images, questions)

    ids, logged = [ABOVE, BLUE_BELOW], []
    functions = make(Counting(), **PAPER).split(KINDS)
    columns = {"completion_ids": ids, "questions": [ASKED, ASKED[:2]], "log_metric": lambda *one: logged.append(one)}
    assert [function(**columns) for function in functions] == [[1, 1], [1, 1], [1, None], [1, None]]
    assert [function.__name__ for function in functions] == list(KINDS)
    assert Counting.asked == 6 and len(logged) == len(dict(logged))
    functions[0](**{**columns, "completion_ids": list(ids)})
    assert Counting.asked == 12


def test_completions_need_something_that_makes_pictures_of_them():
    with pytest.raises(GasError, match="cannot make pictures of token ids; give `decode`"):
        rewards.answers("sandbox")([ABOVE], questions=[ASKED])
    with pytest.raises(ValueError, match="1 images, but 2 rows"):
        rewards.answers("sandbox").images([Image.new("RGB", (72, 72))], [{"questions": ASKED}] * 2)


def test_questions_of_other_datasets_reward_pictures():
    row = {"question": "What color is the circle?", "answers": [{"answer": "red"}] * 6 + [{"answer": "pink"}] * 4}
    assert make()([ABOVE, BLUE_BELOW], **{name: [value] * 2 for name, value in row.items()}) == [1, 0]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"mean": "kind"}, "did you mean `kinds`"),
        ({"combine": "most"}, "combine='most'"),
        ({"questions": 0}, "questions=0: write how many are asked in a step, from 1 on"),
        ({"most_refused": 5}, "most_refused=5: write a share"),
        ({"weights": "judge.json"}, "weights: write a mapping"),
        ({"weights": [{"object": 1.0}, {}]}, "weights: write a mapping"),
    ],
)
def test_what_a_reward_cannot_be_is_said_at_once(given, said):
    with pytest.raises(GasError, match=re.escape(said)):
        rewards.answers(SandboxJudge(), **given)


def test_judges_may_be_names_and_are_judges():
    assert len(rewards.answers(["sandbox", SandboxJudge()]).judges) == 2
    for judge in ([], [None], 3):
        with pytest.raises(GasError, match="rewards.answers: "):
            rewards.answers(judge)
