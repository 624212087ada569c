"""DSG: what depends on a wrong answer does not count, by three rules."""

import random

import pytest
from generate_any_scene.errors import GasError
from generate_any_scene.training.judges.asking import Judged
from generate_any_scene.training.metrics.dsg import Metric

RULES = ("transitive", "direct", "paper")


def ask(*above, form="yes_no", answer="yes"):
    return {"question": "?", "answer": answer, "choices": [], "form": form, "kind": "object", "depends_on": [*above]}


def measure(asked, marks, **options):
    (found,) = Metric(**options).measure([asked], Judged([[""] * len(marks)], [marks], [[None] * len(marks)]))
    return found


CHAIN = [ask(), ask(0), ask(1)]
"""A dog; its collar; the collar's color: each depends on the one before."""


@pytest.mark.parametrize(
    ("marks", "transitive", "direct", "paper"),
    [
        # The first is wrong: it takes the second, which takes the third only where what it has by then counts.
        ([False, True, True], 0, 1 / 3, (1 / 3 + 2 / 3) / 2),
        ([True, False, True], 1 / 3, 1 / 3, (1 / 3 + 2 / 3) / 2),
        ([True, True, False], 2 / 3, 2 / 3, 2 / 3),
        ([False, False, True], 0, 0, (0 + 1 / 3) / 2),
        ([False, True, False], 0, 0, (0 + 1 / 3) / 2),
        ([True, True, True], 1, 1, 1),
        # A reply that is no answer is apart, and takes nothing from others.
        ([None, True, True], 1, 1, 1),
        ([True, None, False], 1 / 2, 1 / 2, 1 / 2),
        # What a wrong answer takes is 0 even so, and takes on by the first rule.
        ([False, None, True], 0, 1 / 3, (1 / 3 + 1 / 2) / 2),
        ([None, None, None], None, None, None),
    ],
)
def test_a_chain_of_three(marks, transitive, direct, paper):
    found = [measure(CHAIN, marks, rule=rule) for rule in RULES]
    assert found == pytest.approx([transitive, direct, paper])


def score_as_dsg(answers, dependencies):
    """`calc_vqa_score` of DSG's dsg/vqa_utils.py, by its formula: with and without dependencies; ids count from 1."""
    scores = {number: float(answer == "yes") for number, answer in answers.items()}
    after = dict(scores)
    for number, parents in dependencies.items():
        if any(parent != 0 and scores[parent] == 0 for parent in parents):
            after[number] = 0.0
    return sum(after.values()) / len(scores), sum(scores.values()) / len(scores)


def score_as_readme(answers, dependencies):
    """The loop of DSG's README, which changes the scores that it reads."""
    scores = {number: float(answer == "yes") for number, answer in answers.items()}
    for number, parents in dependencies.items():
        for parent in parents:
            if parent and scores[parent] == 0:
                scores[number] = 0.0
    return sum(scores.values()) / len(scores)


@pytest.mark.parametrize("seed", range(40))
def test_numbers_are_those_of_the_original_on_any_questions(seed):
    draw = random.Random(seed)
    count = draw.randint(1, 12)
    questions = [ask(*sorted(draw.sample(range(place), min(place, draw.randint(0, 2))))) for place in range(count)]
    marks = [draw.random() < 0.7 for _ in questions]
    answers = {place + 1: "yes" if mark else "no" for place, mark in enumerate(marks)}
    dependencies = {
        place + 1: [parent + 1 for parent in one["depends_on"]] or [0] for place, one in enumerate(questions)
    }
    with_dependencies, without = score_as_dsg(answers, dependencies)
    assert measure(questions, marks, rule="direct") == pytest.approx(with_dependencies)
    assert measure(questions, marks, rule="paper") == pytest.approx((with_dependencies + without) / 2)
    assert measure(questions, marks, rule="transitive") == pytest.approx(score_as_readme(answers, dependencies))


def test_its_questions_are_those_with_yes():
    questions = [ask(), ask(answer="no"), ask(0, form="open", answer="red"), ask(0)]
    assert measure(questions, [True, False, False, True]) == 1
    assert measure(questions, [True, False, False, True], questions="all") == 0.5


def test_what_depends_on_a_question_that_is_left_out_depends_on_what_that_depends_on():
    questions = [ask(), ask(0, form="count", answer="two"), ask(1)]
    assert measure(questions, [False, True, True]) == 0
    assert measure(questions, [True, False, True]) == 1
    assert measure(questions, [True, False, True], questions="all") == pytest.approx(1 / 3)


def test_pictures_without_questions_have_no_number():
    assert measure([], []) is None
    assert measure([ask(answer="no")], [True]) is None
    assert Metric().measure([], Judged([], [], [])) == []


def test_each_rule_has_a_name_of_its_own():
    assert [Metric(rule=rule).id for rule in RULES] == ["dsg@transitive", "dsg@direct", "dsg@paper"]
    assert Metric(questions="all").id == "dsg@transitive,all"
    with pytest.raises(GasError, match=r"dsg: rule cannot be `transitiv`; did you mean `transitive`\?"):
        Metric(rule="transitiv")
