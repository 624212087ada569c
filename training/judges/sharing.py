"""What the chats about a picture have in common is read once: the picture, and all text up to where they differ.

The network keeps what it has read in a cache. This is repeated, a row a chat, and the network goes on from there with
the rests of the chats. So many questions about a picture cost little more than to read the picture once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from .replies import Tokens


@dataclass(frozen=True)
class Opening:
    """What chats about pictures begin with, and how each goes on.

    Attributes:
        inputs: What the network reads of the beginnings, a row a picture, all of one length.
        rests: Of each picture's chats, the tokens after the beginning; none is empty.
    """

    inputs: dict[str, Any]
    rests: list[list[Tokens]]


@lru_cache(maxsize=4)
def _list_signs(tokenizer: Any) -> tuple[dict[str, int], frozenset[int]]:
    """Special tokens, and the ids of all that were added to the words: there tokenizers part a text."""
    added = tokenizer.added_tokens_decoder
    return {token.content: number for number, token in added.items() if token.special}, frozenset(added)


def count_common(every: Sequence[str] | Sequence[Tokens]) -> int:
    """How many letters, or tokens, all begin with."""
    first, last = min(every), max(every)  # sorted, these differ as early as any two
    return next(
        (place for place, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first)
    )


def split_chats(tokenizer: Any, texts: Sequence[Sequence[str]], inputs: dict[str, Any]) -> Opening | None:
    """Parts chats where they begin to differ.

    What follows a picture is made tokens by itself here, from a special token on. That this gives the tokens which the
    processor gave the first chat about each picture is looked at, not taken for granted.

    Args:
        tokenizer: That of the model.
        texts: The chats about each picture, each with a sign in place of the picture.
        inputs: The first chat about each picture as the network reads it, filled up on the right.

    Returns: None where the beginnings are not of one length, or nothing tells where the pictures end.
    """
    specials, added = _list_signs(tokenizer)
    every = [text for some in texts for text in some]
    common = every[0][: count_common(every)]
    sign = max((one for one in specials if one in common), key=lambda one: common.rfind(one) + len(one), default="")
    start = common.rfind(sign)
    tails = [[text[start:] for text in some] for some in texts]
    encoded = iter(tokenizer([one for some in tails for one in some], add_special_tokens=False)["input_ids"])
    rests = [[tuple(next(encoded)[1:]) for _ in some] for some in tails]
    lengths = inputs["attention_mask"].sum(dim=1).tolist()
    heads = {length - len(some[0]) for length, some in zip(lengths, rests, strict=True)}
    head = heads.pop()
    if not sign or heads or head < 1:
        return None
    loose = any(one[len(sign) : len(sign) + 1].isspace() for some in tails for one in some)
    for row, some in zip(inputs["input_ids"].tolist(), rests, strict=True):
        # A picture may end with line breaks, which those that follow would become one token with.
        parted = row[head - 1] in (specials.values() if loose else added)
        if not parted or tuple(row[head : head + len(some[0])]) != some[0]:
            return None
    return _cut(inputs, head, rests)


def _cut(inputs: dict[str, Any], head: int, rests: list[list[Tokens]]) -> Opening:
    every = [one for some in rests for one in some]
    # The probabilities of what comes next are read at the last token.
    shared = min(count_common(every), min(map(len, every)) - 1)
    shape = inputs["input_ids"].shape
    beginning = {
        # Besides tokens and mask some models have a type of each token.
        name: tensor[:, : head + shared] if tensor.shape == shape else tensor
        for name, tensor in inputs.items()
    }
    return Opening(beginning, [[one[shared:] for one in some] for some in rests])
