"""What OpenAI-compatible servers reply in a chat, and how probable that makes answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp
from typing import Any

from pydantic import BaseModel, Field, field_validator

from .replies import list_spellings


class Likely(BaseModel):
    """A token that could stand at a place of a reply, with the natural logarithm of its probability."""

    token: str
    logprob: float = Field(le=1e-3)  # some servers round up


class Step(Likely):
    """The token that stands at a place, and the likeliest ones there."""

    top_logprobs: list[Likely] = Field(min_length=1)


class Logprobs(BaseModel):
    """The places of a reply from its beginning."""

    content: list[Step] = Field(min_length=1)


class Message(BaseModel):
    """What is said."""

    content: str | None = None


class Choice(BaseModel):
    """A reply; servers give several where they are asked for several."""

    message: Message
    logprobs: Logprobs | None = None


class Usage(BaseModel):
    """What a reply cost, in tokens."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class ChatReply(BaseModel):
    """What a server replies to a chat. What it says beyond that does not matter here."""

    choices: list[Choice] = Field(min_length=1)
    usage: Usage = Usage()

    @field_validator("usage", mode="before")
    @classmethod
    def fill_usage(cls, value: Any) -> Any:
        """Some servers have the key and do not count."""
        return value or {}

    @property
    def text(self) -> str:
        """What is said, without white space around it."""
        return (self.choices[0].message.content or "").strip()

    @property
    def steps(self) -> list[Step]:
        """The places of the reply, of which there are none where no log-probabilities were given."""
        logprobs = self.choices[0].logprobs
        return logprobs.content if logprobs else []


@dataclass(frozen=True)
class _Beginning:
    """A text that a reply could begin with, how probable that is, and whether more is known of how it goes on.

    Attributes:
        past: The text without its last token.
    """

    text: str
    past: str
    share: float
    goes_on: bool


def weigh_answers(steps: Sequence[Step], answers: Iterable[str]) -> dict[str, float]:
    """How probable each answer is, as far as the likeliest tokens along one reply tell.

    Args:
        steps: The places of the reply that the server made, each token the likeliest.
        answers: All the answers that there are to the question.

    Returns: The probability that the reply begins with a spelling of the answer, as far as such beginnings are among
        the tokens that are known; or else that it begins in a way that no other answer does, if that is more. The
        second is about answers of several tokens that the reply did not take. Nothing is found of a lone answer so.
    """
    spellings = {answer: list_spellings(answer) for answer in answers}
    beginnings = _list_beginnings(steps)
    whole, begun = dict.fromkeys(spellings, 0.0), dict.fromkeys(spellings, 0.0)
    for one in beginnings:
        like = [answer for answer, texts in spellings.items() if any(text.startswith(one.text) for text in texts)]
        if ends := [answer for answer in like if one.text in spellings[answer]]:
            whole |= {answer: whole[answer] + one.share for answer in ends}
        elif len(like) == 1 < len(spellings) and not one.goes_on:
            begun[like[0]] += one.share
        # `10` does not begin with the answer `1`; `red kite` does, with `red`.
        if like and not one.text[len(one.past) :].startswith(" "):
            for answer in (answer for answer, texts in spellings.items() if answer not in like and one.past in texts):
                whole[answer] -= one.share
    return {answer: min(1.0, max(0.0, whole[answer], begun[answer])) for answer in spellings}


def _list_beginnings(steps: Sequence[Step]) -> list[_Beginning]:
    """Along the reply, and one token off it; a space before the first word does not count."""
    found: list[_Beginning] = []
    path, share = "", 1.0
    for number, step in enumerate(steps):
        likely: list[Likely] = list(step.top_logprobs)
        if all(one.token != step.token for one in likely):
            likely.append(step)
        for one in likely:
            if one.token.strip():
                goes_on = one.token == step.token and number + 1 < len(steps)
                text, past = (path + one.token).removeprefix(" "), path.removeprefix(" ")
                found.append(_Beginning(text, past, share * exp(one.logprob), goes_on))
        if not step.token.strip() and not path:
            break
        path, share = path + step.token, share * exp(step.logprob)
    return found


def find_answers(reply: str, answers: Iterable[str]) -> dict[str, float]:
    """1 for each answer that a reply begins with, in any of its spellings, and 0 for all others."""

    def begins(text: str) -> bool:
        return re.match(rf"\W*{re.escape(text)}(?!\w)", reply, re.IGNORECASE) is not None

    return {answer: float(any(map(begins, list_spellings(answer)))) for answer in answers}
