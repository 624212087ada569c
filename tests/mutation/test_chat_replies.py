"""Replies of servers with parts that are missing, twice there, or something else: each is refused, or gives shares."""

import copy
import json
import random

import pytest
from generate_any_scene.training.judges.chat_replies import ChatReply, find_answers, weigh_answers
from pydantic import ValidationError

STEP = {
    "token": "dark",
    "logprob": -0.5,
    "bytes": [100],
    "top_logprobs": [{"token": "dark", "logprob": -0.5}, {"token": " Yes", "logprob": -1.5}],
}
REPLY = {
    "id": "1",
    "choices": [{"message": {"role": "assistant", "content": "dark red"}, "logprobs": {"content": [STEP, STEP]}}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 2},
}
ANSWERS = ["yes", "no", "dark red", "dark blue", "2", "?", "é"]
VALUES = [None, "", " ", "\n", "Yes", "\ud800", "\0", -1, 0, 3, 10**400, -1e308, float("-inf"), float("nan"), True, []]
VALUES += [{}, [None], {"token": "no"}, [[]], [STEP], "dark red" * 1000]


def list_places(value, path=()):
    """The way to every part of a value."""
    yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from list_places(part, (*path, key))


def mutate(draw):
    reply = copy.deepcopy(REPLY)
    for _ in range(draw.randint(1, 3)):
        *path, key = draw.choice([place for place in list_places(reply) if place])
        holder = reply
        for one in path:
            holder = holder[one]
        match draw.randrange(3):
            case 0:
                del holder[key]
            case 1 if isinstance(holder, list):
                holder.insert(key, copy.deepcopy(holder[key]))
            case _:
                holder[key] = copy.deepcopy(draw.choice(VALUES))
    return reply


@pytest.mark.parametrize("seed", range(4))
def test_drawn_replies(seed):
    draw, read = random.Random(seed), 0
    for _ in range(250):
        value = mutate(draw)
        try:
            reply = ChatReply.model_validate(value)
        except ValidationError:
            continue
        read += 1
        for shares in (weigh_answers(reply.steps, ANSWERS), find_answers(reply.text, ANSWERS)):
            assert list(shares) == ANSWERS
            assert all(0 <= share <= 1 for share in shares.values()), json.dumps(value)
    assert 25 < read < 225
