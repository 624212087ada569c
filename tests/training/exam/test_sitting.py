"""An exam that a judge sits: the exact judge is always right, and flaws of others are found, as large as they are."""

from dataclasses import replace

import numpy as np
import pytest
from generate_any_scene.errors import GasError
from generate_any_scene.training.exam.judge import EXACT, find_things, reply
from generate_any_scene.training.exam.papers import Sheet, make_exam
from generate_any_scene.training.exam.shapes import SIDE
from generate_any_scene.training.exam.sitting import Sat, count_answers, sit_exam
from generate_any_scene.training.exam.truth import answer_question
from generate_any_scene.training.judges.marking import mark_reply
from generate_any_scene.training.sandbox.judge import SandboxJudge

# Judges with a flaw: they see all things of a picture, and then spoil what they see.


def mirror(things):
    return [replace(thing, x=SIDE - thing.x) for thing in things]


def see_one_color(things):
    return [replace(thing, color="red") for thing in things]


def see_two_at_most(things):
    seen = []
    for thing in sorted(things, key=lambda one: (one.x, one.y)):
        if sum(one.shape == thing.shape for one in seen) < 2:
            seen.append(thing)
    return seen


FLAWS = {"mirrors": mirror, "is blind to color": see_one_color, "cannot count past two": see_two_at_most}


def make_judge(spoil):
    """A judge that answers from what a flaw leaves of a picture's things."""
    return SandboxJudge(lambda picture: spoil(find_things(picture)), reply)


SAYS_YES = SandboxJudge(lambda picture: [], lambda text, things: "yes")


@pytest.fixture(scope="module")
def sheets():
    return make_exam(30)


def list_trusted(result):
    return {kind for kind, figures in result.kinds.items() if figures.is_trusted}


KINDS = {"attribute", "comparison", "count", "object", "relation"}


@pytest.mark.parametrize("by", ["words", "probability"])
def test_the_exact_judge_is_right_about_everything(sheets, by):
    sat = sit_exam(EXACT, sheets, by)
    result = count_answers(sat)
    assert all(sat.marks)
    assert list_trusted(result) == KINDS
    assert {"missing", "added", "swapped_color", "wrong_count", "mirrored", "moved"} == set(result.errors)
    for figures in (figures for part in vars(result).values() for figures in part.values()):
        assert figures.refused == 0
        assert {one.value for one in (figures.sensitivity, figures.specificity) if one} == {1.0}
    assert all(result.kinds[kind].weight == 1 for kind in KINDS)


def test_a_judge_that_mirrors_left_and_right_is_found_out(sheets):
    result = count_answers(sit_exam(make_judge(mirror), sheets))
    assert result.details["relation, left and right"].balanced_accuracy.high < 0.3
    assert result.details["relation, above and below"].balanced_accuracy.value == 1
    assert result.errors["mirrored"].balanced_accuracy.high < 0.75
    assert result.errors["swapped_color"].balanced_accuracy.value == 1
    assert list_trusted(result) == KINDS - {"relation"}


def test_a_judge_that_says_yes_is_found_out(sheets):
    result = count_answers(sit_exam(SAYS_YES, sheets))
    for name in ("attribute, yes_no", "object, yes_no", "relation, yes_no", "comparison, yes_no"):
        figures = result.details[name]
        assert (figures.sensitivity.value, figures.specificity.value) == (1, 0)
        assert figures.yes_rate.value == 1
        assert 0.3 < figures.yes_right < 0.6
    assert result.details["count, count"].refused == result.details["count, count"].asked
    assert not list_trusted(result)


def test_a_judge_that_cannot_count_past_two_is_found_out(sheets):
    result = count_answers(sit_exam(make_judge(see_two_at_most), sheets))
    assert list_trusted(result) & {"count", "object", "attribute"} == {"object", "attribute"}
    assert result.details["count, three and more"].balanced_accuracy.high < 0.5
    assert result.details["count, up to two"].sensitivity.value == 1
    assert result.levels["level 1"].balanced_accuracy.value > result.levels["level 3"].balanced_accuracy.high


def test_a_judge_that_is_blind_to_color_is_found_out(sheets):
    result = count_answers(sit_exam(make_judge(see_one_color), sheets))
    assert not result.details["attribute, color"].is_trusted
    assert result.errors["swapped_color"].balanced_accuracy.high < 0.6
    assert list_trusted(result) == KINDS - {"attribute"}


def test_a_judge_that_answers_nothing_is_stopped_after_its_first_questions(sheets):
    asked = []

    def shrug(text, things):
        asked.append(text)
        return "I cannot tell."

    with pytest.raises(GasError, match="gives no answer to"):
        sit_exam(SandboxJudge(lambda picture: [], shrug), sheets)
    every = sum(len(sheet.items) for sheet in sheets)
    assert len(asked) < every / 3
    sat = sit_exam(SandboxJudge(lambda picture: [], shrug), sheets, most_refused=1.0)
    assert sat.marks == [None] * every


def test_tokens_are_those_of_the_exam_where_a_judge_counts_them(sheets):
    class Counting(SandboxJudge):
        asked = 0

        @property
        def record(self):
            return {"tokens_read": 1000 + 6 * self.asked, "tokens_written": self.asked}

        def answer(self, images, questions):
            type(self).asked += len(questions)
            return super().answer(images, questions)

    sat = sit_exam(Counting(EXACT.find, EXACT.reply), sheets[:7])
    assert sat.tokens == 7 * len(sat.marks)
    assert sit_exam(EXACT, sheets[:7]).tokens is None


# How sure the figures are.

SCENES, RUNS, RATE = 60, 400, 0.7


def find_chances(sheets, flaw):
    """Of each question how probable a right answer is, of a judge with a flaw that shows in so many of its answers."""
    chances = []
    for sheet in sheets:
        spoiled = FLAWS[flaw](sheet.scene.things)
        for item in sheet.items:
            said = answer_question(item.question["question"], spoiled, item.question["choices"])
            chances.append(1.0 if mark_reply(said or "blue", item.question) else 1 - RATE)
    return chances


def guess(sheets):
    return [0.8 if item.is_true else 0.6 for sheet in sheets for item in sheet.items]


def sit_by_chance(groups, chances, random):
    """An exam of scenes that are drawn from those that there are, answered right by chance."""
    drawn, marks = [], []
    for number, place in enumerate(random.integers(len(groups), size=SCENES)):
        for sheet in groups[place]:
            drawn.append(Sheet(replace(sheet.scene, id=str(number)), sheet.error, sheet.items))
        marks += (random.random(len(chances[place])) < chances[place]).tolist()
    return count_answers(Sat(drawn, [""] * len(marks), marks))


def measure_coverage(groups, chances, seed):
    """Of the intervals of all kinds of many exams, the share that holds the rate of all scenes that there are."""
    items = [item for group in groups for sheet in group for item in sheet.items]
    flat, is_true = np.concatenate(chances), np.array([item.is_true for item in items])
    kinds = np.array([item.question["kind"] for item in items])
    random = np.random.default_rng(seed)
    held = []
    for _ in range(RUNS):
        result = sit_by_chance(groups, chances, random)
        for kind, figures in result.kinds.items():
            rates = [flat[(kinds == kind) & side].mean() for side in (is_true, ~is_true)]
            estimates = (figures.sensitivity, figures.specificity, figures.balanced_accuracy)
            for rate, one in zip((*rates, np.mean(rates)), estimates, strict=True):
                if rate < 1:  # of what is always right the interval always holds 1
                    held.append(one.low <= rate <= one.high)
    return np.mean(held)


@pytest.mark.slow
@pytest.mark.parametrize("flaw", [*FLAWS, "guesses"])
def test_true_rates_lie_within_the_intervals_of_95_exams_of_100(flaw):
    groups = {}
    for sheet in make_exam(90):
        groups.setdefault(sheet.scene.id, []).append(sheet)
    groups = list(groups.values())
    chances = [np.array(find_chances(group, flaw) if flaw in FLAWS else guess(group)) for group in groups]
    assert 0.93 <= measure_coverage(groups, chances, seed=0) <= 0.97
