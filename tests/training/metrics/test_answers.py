"""TIFA, Soft-TIFA and asking from both sides: which questions count, and how."""

import json
import math
import random

import pytest
from generate_any_scene.errors import GasError
from generate_any_scene.training.data import load_rows
from generate_any_scene.training.fields import Data
from generate_any_scene.training.judges.asking import Judged, judge_questions
from generate_any_scene.training.metrics import positive_and_negative, soft_tifa, tifa
from generate_any_scene.training.metrics.loading import open_metric
from generate_any_scene.training.sandbox.judge import SandboxJudge


def ask(form="yes_no", answer="yes", elements=("object/0",), choices=()):
    kind = elements[0].partition("/")[0]
    shared = {"question": "?", "choices": [*choices], "kind": kind, "elements": [*elements]}
    return {**shared, "form": form, "answer": answer}


def measure(metric, questions, marks, probabilities=None):
    judged = Judged([[""] * len(marks)], [marks], [probabilities or [None] * len(marks)])
    (found,) = metric.measure([questions], judged)
    return found


FORMS = [
    ask(),
    ask("count", "two"),
    ask("open", "red"),
    ask("multiple_choice", "red", choices=("red", "blue")),
]


# TIFA.


def test_tifa_has_no_open_questions():
    assert measure(tifa.Metric(), FORMS, [True, True, False, True]) == 1
    assert measure(tifa.Metric(), FORMS, [True, False, True, None]) == 0.5
    assert measure(tifa.Metric(), [FORMS[2]], [True]) is None
    assert measure(tifa.Metric(), [], []) is None


# Soft-TIFA.


@pytest.mark.parametrize("seed", range(10))
def test_soft_tifa_is_the_mean_of_probabilities(seed):
    """Against GenEval 2's `soft_tifa`, a sum over a number, and scipy's `gmean`, the root of a product."""
    draw = random.Random(seed)
    values = [draw.random() for _ in range(draw.randint(1, 8))]
    asked, marks = [ask()] * len(values), [value > 0.5 for value in values]
    arithmetic = measure(soft_tifa.Metric(), asked, marks, values)
    geometric = measure(soft_tifa.Metric("geometric"), asked, marks, values)
    assert arithmetic == pytest.approx(sum(values) / len(values))
    assert geometric == pytest.approx(math.prod(values) ** (1 / len(values)))


def test_one_answer_that_is_ruled_out_rules_out_the_geometric_mean():
    assert measure(soft_tifa.Metric("geometric"), [ask()] * 2, [False, True], [0.0, 1.0]) == 0
    assert measure(soft_tifa.Metric("arithmetic"), [ask()] * 2, [False, True], [0.0, 1.0]) == 0.5


def test_open_and_refused_questions_are_apart():
    found = measure(soft_tifa.Metric(), FORMS, [True, None, True, False], [0.9, 0.01, None, 0.3])
    assert found == pytest.approx(0.6)
    assert measure(soft_tifa.Metric(), [FORMS[2]], [True], [None]) is None
    assert measure(soft_tifa.Metric(), [ask()], [None], [0.02]) is None
    assert measure(soft_tifa.Metric(), [ask()] * 2, [None, True], [None, 0.7]) == 0.7  # the first could not be asked
    assert measure(soft_tifa.Metric(), [], []) is None


def test_replies_in_words_have_no_probabilities():
    with pytest.raises(GasError, match='soft_tifa needs the probabilities of answers; ask with by="probability"'):
        measure(soft_tifa.Metric(), [ask()], [True])


def test_the_means_have_names_of_their_own():
    assert [soft_tifa.Metric(mean).id for mean in ("arithmetic", "geometric")] == [
        "soft_tifa@arithmetic",
        "soft_tifa@geometric",
    ]
    with pytest.raises(GasError, match=r"soft_tifa: mean cannot be `gm`; choose from arithmetic, geometric"):
        soft_tifa.Metric("gm")


# From both sides.

SIDES = [ask(), ask(answer="no"), ask(elements=("attribute/0/0",)), ask(answer="no", elements=("attribute/0/0",))]


@pytest.mark.parametrize(
    ("marks", "share"),
    [
        ([True, True, True, True], 1),
        ([True, False, True, True], 1 / 2),
        ([True, False, False, True], 0),
        ([True, True, True, None], 1),
        ([True, True, False, None], 1),
        ([None, True, True, None], None),
    ],
)
def test_an_element_counts_where_both_sides_are_right(marks, share):
    assert measure(positive_and_negative.Metric(), SIDES, marks) == share


def test_what_has_one_side_is_apart():
    one_side = [*SIDES[:2], ask(elements=("relation/0",)), ask("count", "two"), ask("open", "dog")]
    assert measure(positive_and_negative.Metric(), one_side, [True, True, False, False, False]) == 1
    assert measure(positive_and_negative.Metric(), [ask()], [True]) is None
    assert measure(positive_and_negative.Metric(), [], []) is None


def test_all_questions_of_an_element_count():
    thrice = [ask(), ask(answer="no"), ask(answer="no")]
    assert measure(positive_and_negative.Metric(), thrice, [True, True, False]) == 0


class Planted(SandboxJudge):
    """Says one word to whatever is asked."""

    def __init__(self, word):
        object.__setattr__(self, "word", word)

    def answer(self, images, questions):
        return [self.word] * len(questions)


@pytest.fixture(scope="module")
def rows():
    overrides = {"splits": {"train": 12, "validation": 0, "test": 0}}
    found = load_rows(Data(recipe="sandbox", draw="sandbox", overrides=overrides), ["caption", "questions", "image"])
    return found["questions"][:], found["image"][:]


@pytest.mark.parametrize("word", ["yes", "no"])
def test_who_says_one_word_gets_nothing_from_both_sides_of_real_rows(word, rows):
    questions, images = rows
    found = positive_and_negative.Metric().measure(questions, judge_questions(Planted(word), images, questions))
    assert set(found) == {0}


def test_who_sees_all_gets_all(rows):
    questions, images = rows
    judged = judge_questions(SandboxJudge(), images, questions, by="probability")
    metrics = (positive_and_negative.Metric(), tifa.Metric(), soft_tifa.Metric(), soft_tifa.Metric("geometric"))
    for metric in metrics:
        assert set(metric.measure(questions, judged)) == {1}


# What all of them take.


NAMES = ["answer_accuracy", "dsg", "positive_and_negative", "soft_tifa", "tifa"]


@pytest.mark.parametrize("name", NAMES)
def test_questions_may_be_json_and_their_answers_in_other_words(name):
    asked = [ask(), ask(answer="no", elements=("object/0",)), ask("count", "two")]
    judged = Judged([["", "", ""]], [[True, True, False]], [[0.9, 0.8, 0.3]])
    others = [ask(answer="Yes"), ask(answer=" NO "), ask("count", "2")]
    found = [open_metric(name).measure([some], judged) for some in (asked, json.dumps(asked), others)]
    assert found[0] == found[1] == found[2] != [None]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("questions", "error", "message"),
    [
        ([[ask()], [ask()]], ValueError, "questions about 2 pictures, but answers about 1"),
        ([], ValueError, "questions about 0 pictures"),
        ([[ask(), ask()]], ValueError, "2 questions about picture 1, but 1 answers"),
        (["[]"], ValueError, "0 questions about picture 1"),
        (["yes"], GasError, "is text, but no JSON"),
        ([[None]], GasError, "must be a list, of which each has"),
        ([[{**ask(), "answer": None}]], GasError, "question 1, `[?]`: `answer` must be text, not `null`"),
        ([[{**ask(), "question": 7}]], GasError, "question 1, `7`: `question` must be text"),
        ([[{**ask(), "choices": "red"}]], GasError, "`choices` must be a list of texts"),
        ([[{**ask(), "choices": [None]}]], GasError, "`choices` must be a list of texts"),
        ([[{**ask(), "form": "yes-no"}]], GasError, "did you mean `yes_no`"),
        ([[ask(answer="true")]], GasError, "its answer cannot be `true`; it must be yes or no"),
        ([[ask("count", "many")]], GasError, "it must be a number"),
        ([[ask("multiple_choice", "red", choices=("blue",))]], GasError, "it must be one of its choices"),
    ],
)
def test_what_are_no_questions_is_said_in_one_line(name, questions, error, message):
    with pytest.raises(error, match=message) as raised:
        open_metric(name).measure(questions, Judged([[""]], [[True]], [[0.9]]))
    assert "\n" not in str(raised.value)


def test_answers_in_other_words_are_as_probable():
    class Sure:
        id = "sure"

        def probability(self, images, questions, answers):
            return [{"yes": 0.9, "no": 0.05, "two": 0.8}.get(answer, 0.01) for answer in answers]

    asked = [ask(answer="Yes"), ask("count", "2"), ask("count", "02")]
    judged = judge_questions(Sure(), ["picture"], [asked], "probability")
    assert (judged.marks, judged.replies) == ([[True] * 3], [["yes", "two", "two"]])
    assert judged.probabilities == [[0.9, 0.8, 0.8]]
