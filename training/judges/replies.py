"""Replies as tokens: how an answer can be spelled, and replies that are forced on a model to read their probability.

A causal model that reads a question and then a reply gives, at each token of the reply, the probabilities of the next
one. So one pass over a forced beginning tells the probability of every reply that begins like it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from ...taxonomy.english.numerals import SPELLED_NUMBERS

if TYPE_CHECKING:
    from torch import Tensor

Tokens: TypeAlias = tuple[int, ...]
DIGITS = {word: str(number) for number, word in enumerate(SPELLED_NUMBERS)}
WORDS = {digits: word for word, digits in DIGITS.items()}


def spell_tokens(tokenizer: Any, answer: str) -> tuple[Tokens, ...]:
    """The spellings of an answer as tokens; no two are equal, and none is the beginning of another.

    A space in front is part of a spelling only where it takes no token of its own.

    Raises:
        ValueError: The answer is empty.
    """

    def encode(text: str) -> Tokens:
        return tuple(tokenizer.encode(text, add_special_tokens=False))

    line = encode("\n")
    found: dict[Tokens, None] = {}
    for text in list_spellings(answer):
        plain, spaced, after_line = encode(text), encode(f" {text}"), encode(f"\n{text}")
        found[plain] = None
        if len(spaced) <= len(plain):
            found[spaced] = None
        # Some tokenizers mark a text's first word as if a space stood before it; this is the word without the mark.
        if after_line[: len(line)] == line:
            found[after_line[len(line) :]] = None
    tokens = [one for one in found if one]
    if not tokens:
        raise ValueError(f"an answer must have words, but one is {answer!r}")
    # The probability of a beginning holds that of what goes on from it.
    return tuple(one for one in tokens if not _begins_with(one, found))


def find_others(spellings: Mapping[str, Collection[Tokens]]) -> dict[str, set[Tokens]]:
    """Of each answer, the replies that begin with its tokens and are another answer: of `1`, `10` of two tokens.

    What goes on with another word does begin with it: `red kite`, of `red`. Of replies that begin with each other only
    the shortest is told, whose probability holds that of the longer ones.
    """
    found = {}
    for answer, own in spellings.items():
        others = [other for other in spellings if not other.casefold().startswith(f"{answer.casefold()} ")]
        longer = {tokens for other in others for tokens in spellings[other] if _begins_with(tokens, own)}
        found[answer] = {tokens for tokens in longer if not _begins_with(tokens, longer)}
    return found


def _begins_with(tokens: Tokens, some: Collection[Tokens]) -> bool:
    """Whether a reply goes on from one of some others."""
    return any(tokens[:size] in some for size in range(1, len(tokens)))


def list_spellings(answer: str) -> list[str]:
    """The ways to write an answer that mean the same: `yes` and `Yes`; `two`, `Two` and `2`."""
    answer = answer.strip()
    others = (DIGITS.get(answer.casefold()), WORDS.get(answer))
    spellings: dict[str, None] = {}
    for text in (answer, *others):
        if text:
            small = text if text[1:2].isupper() else text[:1].lower() + text[1:]  # not `iSO 100`
            spellings |= dict.fromkeys((text, small, text[:1].upper() + text[1:]))
    return list(spellings)


def share_beginnings(replies: Iterable[Tokens]) -> dict[Tokens, tuple[Tokens, ...]]:
    """Which replies can be read off which forced beginning, with as few of these as there can be.

    Reading a beginning tells what each of its tokens' probability was, and that of every next one.
    """
    shared: dict[Tokens, list[Tokens]] = {}
    for reply in sorted(replies, key=lambda one: (-len(one), one)):
        beginning = reply[:-1]
        longer = next((one for one in shared if one[: len(beginning)] == beginning), beginning)
        shared.setdefault(longer, []).append(reply)
    return {beginning: tuple(some) for beginning, some in shared.items()}


def force_replies(inputs: dict[str, Tensor], lengths: Sequence[int], forced: Sequence[Tokens]) -> None:
    """Writes the beginnings of replies behind the rows of chats that are filled up on the right, in place."""
    import torch

    most = max(map(len, forced))
    if not most:
        return
    shape = inputs["input_ids"].shape
    for name, tensor in inputs.items():
        # Besides tokens and mask some models have a type of each token; 0 is that of text.
        if tensor.shape == shape:
            inputs[name] = torch.nn.functional.pad(tensor, (0, most))
    for row, (length, tokens) in enumerate(zip(lengths, forced, strict=True)):
        end = length + len(tokens)
        inputs["input_ids"][row, length:end] = inputs["input_ids"].new_tensor(tokens)
        inputs["attention_mask"][row, length:end] = 1


def fill_rows(rows: Sequence[Tokens], filling: int) -> Tensor:
    """Tokens of several lengths as one tensor, shape [rows, tokens of the longest], filled up on the right."""
    import torch

    longest = max(map(len, rows))
    return torch.tensor([[*row, *[filling] * (longest - len(row))] for row in rows])
