"""All questions about images, asked in words or by probabilities."""

import pytest
from generate_any_scene.errors import GasError
from generate_any_scene.training.judges.asking import (
    INSTRUCTIONS,
    Judged,
    check_refusals,
    judge_questions,
    list_answers,
)
from generate_any_scene.training.judges.marking import word_question

COLORS = ["red", "blue", "dark red"]


def ask(form, answer, choices=()):
    return {"question": "What is it?", "answer": answer, "choices": list(choices), "form": form, "kind": "attribute"}


YES, NO = ask("yes_no", "yes"), ask("yes_no", "no")
COLOR, THREE = ask("multiple_choice", "red", COLORS), ask("count", "three")


class Scripted:
    """A judge that says what it is told to, and keeps what it was asked."""

    def __init__(self, *replies):
        self.replies, self.calls = list(replies), []

    def answer(self, images, questions):
        self.calls.append((list(images), list(questions)))
        return self.replies

    def probability(self, images, questions, answers):
        raise NotImplementedError("it was told to reply in words")


def test_questions_about_images_are_asked_in_one_call():
    judge = Scripted("Yes.", "green", "I cannot tell.", "dark red")
    judged = judge_questions(judge, ["first", "second", "third"], [[YES, COLOR], [], [NO, ask("open", "red")]])
    assert judge.calls == [
        (["first", "first", "third", "third"], ["What is it?", word_question(COLOR), "What is it?", "What is it?"])
    ]
    assert judged == Judged(
        replies=[["Yes.", "green"], [], ["I cannot tell.", "dark red"]],
        marks=[[True, None], [], [None, True]],
        probabilities=[[None, None], [], [None, None]],
    )
    assert judged.shares == [0.5, None, 0.5]
    assert (judged.asked, judged.right, judged.refused) == (4, 2, 2)


def test_a_judge_is_not_asked_nothing():
    judge = Scripted("never")
    judged = judge_questions(judge, ["first"], [[]])
    assert judge.calls == []
    assert (judged.shares, judged.asked, judged.right, judged.refused) == ([None], 0, 0, 0)


def test_lists_of_different_lengths():
    with pytest.raises(ValueError, match="2 images, but questions about 1"):
        judge_questions(Scripted(), ["first", "second"], [[YES]])


def test_a_judge_that_leaves_replies_out():
    with pytest.raises(GasError, match="1 replies to 2 questions"):
        judge_questions(Scripted("yes"), ["first"], [[YES, NO]])


class Weighing:
    """A judge that finds answers as probable as it is told, and whose words are always the same."""

    def __init__(self, **shares):
        self.shares, self.asked = shares, []

    def answer(self, images, questions):
        return ["red"] * len(questions)

    def probability(self, images, questions, answers):
        self.asked += zip(images, questions, answers, strict=True)
        return [self.shares.get(answer.replace(" ", "_"), 0.0) for answer in answers]


class Unreachable(Weighing):
    """A judge that could not be asked the first question."""

    def probability(self, images, questions, answers):
        return [None, None, *super().probability(images[2:], questions[2:], answers[2:])]


def test_what_could_not_be_asked_is_refused_and_has_no_probability():
    judged = judge_questions(Unreachable(yes=0.6, no=0.3), ["first"], [[YES, NO]], by="probability")
    assert judged == Judged(replies=[["", "yes"]], marks=[[None, False]], probabilities=[[None, 0.3]])
    assert (judged.refused, judged.shares) == (1, [0.0])


def test_the_likeliest_answer_is_the_reply():
    judge = Weighing(yes=0.6, no=0.3, three=0.2, four=0.5)
    judged = judge_questions(judge, ["first", "second"], [[YES, NO, THREE], [ask("open", "red")]], "probability")
    assert judged == Judged(
        [["yes", "yes", "four"], ["red"]], [[True, False, False], [True]], [[0.6, 0.3, 0.2], [None]]
    )


def test_every_answer_is_weighed_with_an_instruction():
    judge = Weighing(yes=1.0)
    judge_questions(judge, ["first"], [[YES, COLOR, THREE]], "probability")
    wanted = [(one, answer) for one in (YES, COLOR, THREE) for answer in list_answers(one)]
    assert judge.asked == [
        ("first", f"{word_question(one)}\n{INSTRUCTIONS[one['form']]}", answer) for one, answer in wanted
    ]
    assert list_answers(THREE)[:4] == ["zero", "one", "two", "three"]


@pytest.mark.parametrize(("shares", "reply"), [({"red": 0.9, "red_brick": 0.6}, "red brick"), ({"red": 0.9}, "red")])
def test_the_beginning_of_a_longer_answer_is_not_the_shorter_one(shares, reply):
    asked = ask("multiple_choice", "red", ["red", "red brick", "redwood"])
    assert judge_questions(Weighing(**shares), ["first"], [[asked]], "probability").replies == [[reply]]


def test_answers_that_begin_with_each_other_count_once():
    asked = ask("multiple_choice", "red", ["red", "red brick", "red brick wall"])
    judge = Weighing(red=0.9, red_brick=0.35, red_brick_wall=0.25)
    judged = judge_questions(judge, ["first"], [[asked]], "probability")
    assert (judged.replies, judged.marks) == ([["red"]], [[True]])
    assert judged.probabilities == [[pytest.approx(0.55)]]


def test_choices_that_are_there_twice_or_empty_are_asked_once_or_not_at_all():
    assert list_answers(ask("multiple_choice", "red", ["red", "blue", "red", ""])) == ["red", "blue"]


def test_another_way_to_ask_is_refused():
    with pytest.raises(ValueError, match="by 'probabilities'; choose from words, probability"):
        judge_questions(Weighing(yes=1.0), ["first"], [[YES]], "probabilities")


def test_what_says_something_else_gives_no_answer():
    judged = judge_questions(Weighing(yes=0.01, no=0.02), ["first"], [[YES, NO]], "probability")
    assert (judged.replies, judged.marks, judged.probabilities) == ([["", ""]], [[None, None]], [[0.01, 0.02]])
    with pytest.raises(GasError, match="no answer to 2 of its first 2 questions"):
        check_refusals(judged, 0.9)


def test_a_judge_that_leaves_probabilities_out():
    judge = Weighing()
    judge.probability = lambda *lists: [1.0]
    with pytest.raises(GasError, match="1 probabilities of 2 answers"):
        judge_questions(judge, ["first"], [[YES]], "probability")


def test_a_question_without_words_is_not_asked():
    silent = {**YES, "question": " "}
    judge = Scripted("yes")
    judged = judge_questions(judge, ["first", "second"], [[silent, YES], [silent]])
    assert judge.calls == [(["first"], ["What is it?"])]
    assert (judged.replies, judged.marks, judged.refused) == ([["", "yes"], [""]], [[None, True], [None]], 2)
    assert judge_questions(Weighing(yes=1.0), ["first"], [[silent, YES]], "probability").probabilities == [[None, 1.0]]


@pytest.mark.parametrize("reply", ["Oui.", "はい", "Нет, не вижу.", "sí", "Es gibt drei Katzen.", "", "<think>Is it"])
@pytest.mark.parametrize("question", [YES, NO, THREE, COLOR])
def test_what_is_no_answer_is_refused_and_not_wrong(question, reply):
    judged = judge_questions(Scripted(reply), ["first"], [[question]])
    assert (judged.marks, judged.refused, judged.right) == ([[None]], 1, 0)


@pytest.mark.parametrize(
    ("replies", "shown"),
    [
        (["<think>Let me look"] * 9 + ["yes"], "`<think>Let me look`"),
        ([""] * 9 + ["yes"], "it says nothing, or something else"),
    ],
)
def test_a_judge_that_is_refused_nine_times_of_ten(replies, shown):
    judged = judge_questions(Scripted(*replies), ["first"], [[YES] * 10])
    with pytest.raises(GasError) as caught:
        check_refusals(judged, 0.8)
    message = str(caught.value)
    assert f"no answer to 9 of its first 10 questions: {shown}; " in message
    assert "{enable_thinking: false}" in message and "`judge.max_new_tokens`" in message
    assert caught.value.exit_status == 1
    check_refusals(judged, 0.9)
