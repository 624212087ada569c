"""Probabilities of answers, from the likeliest tokens along one reply."""

from math import log

import pytest
from generate_any_scene.training.judges.chat_replies import ChatReply, find_answers, weigh_answers
from pydantic import ValidationError

SCENES = ["giraffe", "zebra", "dark red", "dark blue", "red", "red kite"]


def write_reply(*steps):
    """Each step has the token that stands there first, and then others, with their probabilities."""
    content = [
        {
            "token": next(iter(step)),
            "logprob": log(next(iter(step.values()))),
            "top_logprobs": [{"token": token, "logprob": log(share)} for token, share in step.items()],
        }
        for step in steps
    ]
    return ChatReply.model_validate({"choices": [{"message": {"content": "?"}, "logprobs": {"content": content}}]})


def weigh(answers, *steps):
    return {key: pytest.approx(value) for key, value in weigh_answers(write_reply(*steps).steps, answers).items()}


def test_spellings_of_an_answer_are_added():
    step = {"Yes": 0.5, " yes": 0.2, "no": 0.1, " No": 0.05, "Y": 0.04, "YES": 0.03, "yes.": 0.02, "Not": 0.01}
    assert weigh(["yes", "no"], step) == {"yes": 0.7, "no": 0.15}
    assert weigh(["two", "twelve"], {"2": 0.5, "Two": 0.1, " two": 0.1, " 12": 0.1}) == {"two": 0.7, "twelve": 0.1}


def test_what_is_not_among_the_tokens_is_left_out():
    assert weigh(["yes", "no"], {"Yes": 0.9, "Maybe": 0.05}) == {"yes": 0.9, "no": 0.0}


def test_an_answer_of_several_tokens_is_followed_along_the_reply():
    steps = {"gir": 0.5, "dark": 0.3}, {"affe": 0.8, "l": 0.1}, {"<|im_end|>": 0.9, "s": 0.1}
    assert weigh(["giraffe"], *steps) == {"giraffe": 0.4}
    assert weigh(["girl"], *steps) == {"girl": 0.05}
    # It begins with that, however it goes on.
    assert weigh(["red", "red kite"], {"red": 0.5, "blue": 0.4}, {" kite": 0.2, "<|im_end|>": 0.1}) == {
        "red": 0.5,
        "red kite": 0.1,
    }


def test_a_number_is_not_the_beginning_of_another():
    steps = {"1": 0.8, "2": 0.1}, {"0": 0.75, "1": 0.125, "<|im_end|>": 0.1}, {"<|im_end|>": 0.9}
    numbers = ["one", "two", "ten", "eleven"]
    assert weigh(numbers, *steps) == {"one": 0.1, "two": 0.1, "ten": 0.6, "eleven": 0.1}
    assert weigh(["one", "100"], {"1": 0.8}, {"0": 0.75}, {"0": 0.5}) == {"one": 0.2, "100": 0.3}


def test_off_the_reply_a_beginning_that_no_other_answer_has_stands_for_the_answer():
    assert weigh(SCENES, {"red": 0.4, "z": 0.2, "dark": 0.2, "gir": 0.1}, {".": 0.9, " kite": 0.1}) == {
        "giraffe": 0.1,
        "zebra": 0.2,
        "dark red": 0,
        "dark blue": 0,
        "red": 0.4,
        "red kite": 0.04,
    }
    # A lone answer could be anything that begins so.
    assert weigh(["giraffe"], {"red": 0.5, "gir": 0.4}) == {"giraffe": 0.0}
    # And on the reply the next token tells.
    assert weigh(["dark red", "blue"], {"dark": 0.9, "blue": 0.1}, {" green": 0.9, " red": 0.1}) == {
        "dark red": 0.09,
        "blue": 0.1,
    }


def test_a_reply_that_begins_with_white_space_of_its_own():
    assert weigh(["yes", "no"], {"\n": 0.6, "Yes": 0.3}, {"No": 1.0}) == {"yes": 0.3, "no": 0.0}


def test_a_token_that_is_not_among_the_likeliest_counts_too():
    reply = write_reply({"No": 0.5})
    (step,) = reply.steps
    step.token, step.logprob = "Yes", log(0.25)
    assert weigh_answers([step], ["yes", "no"]) == {"yes": pytest.approx(0.25), "no": pytest.approx(0.5)}


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"choices": []},
        {"choices": [{}]},
        {"choices": [{"message": {"content": 3}}]},
        {"choices": [{"message": {}, "logprobs": {"content": []}}]},
        {"choices": [{"message": {}, "logprobs": {"content": [{"token": "Yes", "logprob": -1, "top_logprobs": []}]}}]},
        {"choices": [{"message": {}, "logprobs": {"content": [{"token": "Yes", "top_logprobs": [{"token": "No"}]}]}}]},
        [],
        "<html>",
        None,
    ],
)
def test_what_is_no_reply(value):
    with pytest.raises(ValidationError):
        ChatReply.model_validate(value)


@pytest.mark.parametrize("logprob", [float("nan"), 0.5, None, "high"])
def test_what_is_no_logprob(logprob):
    step = {"token": "Yes", "logprob": logprob, "top_logprobs": [{"token": "No", "logprob": -1.0}]}
    with pytest.raises(ValidationError):
        ChatReply.model_validate({"choices": [{"message": {}, "logprobs": {"content": [step]}}]})


def test_an_empty_reply():
    reply = ChatReply.model_validate({"choices": [{"message": {"content": None}}], "usage": None})
    assert (reply.text, reply.steps, reply.usage.prompt_tokens) == ("", [], None)


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        ("Yes.", {"yes"}),
        ("**No**, there is none", {"no"}),
        ("Nothing", set()),
        ("", set()),
        ("red kite", {"red", "red kite"}),
        ("3 dogs", {"three"}),
        ("30 dogs", set()),
    ],
)
def test_answers_of_a_reply_in_words(reply, found):
    answers = ["yes", "no", "red", "red kite", "three"]
    assert find_answers(reply, answers) == {answer: float(answer in found) for answer in answers}
