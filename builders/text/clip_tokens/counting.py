"""Counts a text's tokens as CLIP's tokenizer makes them (byte-pair encoding, Sennrich et al. 2016), with no download.

The tokenizer lowers a text and cuts it into contractions, runs of letters, single digits and runs of other signs, none
of which goes over white space. So a text has the sum of the tokens of its words, and each word is counted once. The
vocabulary of CLIP of OpenAI is that of OpenCLIP, and of the text encoders of Stable Diffusion 1 to 3, SDXL and FLUX.1.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib.resources import files
from itertools import pairwise

SPECIAL = 2
"""The tokens before and after every text."""
CONTRACTIONS = ("'s", "'t", "'re", "'ve", "'m", "'ll", "'d")
END = "</w>"
"""The last symbol of a part ends in this."""


@cache
def count_tokens(word: str) -> int:
    """Counts the tokens of a word, or of any text without white space; `SPECIAL` are not among them."""
    return sum(map(_count_part, _split_parts(unicodedata.normalize("NFC", word).lower())))


def _split_parts(word: str) -> list[str]:
    parts, start = [], 0
    while start < len(word):
        found = next((one for one in CONTRACTIONS if word.startswith(one, start)), word[start])
        kind, end = _classify(word[start]), start + len(found)
        if len(found) == 1 and kind != "N":
            while end < len(word) and _classify(word[end]) == kind:
                end += 1
        parts.append(word[start:end])
        start = end
    return parts


def _classify(character: str) -> str:
    """L is a letter, N a number, anything else neither."""
    kind = unicodedata.category(character)[0]
    return kind if kind in "LN" else "-"


@cache
def _count_part(part: str) -> int:
    """Merges the two neighbours that rank first, again and again, as long as any two can be merged."""
    ranks, letters = _rank_merges(), _name_bytes()
    symbols = [letters[byte] for byte in part.encode()]
    symbols[-1] += END
    while len(symbols) > 1:
        pairs = list(pairwise(symbols))
        first = min(pairs, key=lambda pair: ranks.get(pair, len(ranks)))
        if first not in ranks:
            break
        merged: list[str] = []
        for symbol in symbols:
            # The pair to the left of a symbol is merged before the one to the right of it.
            if merged and (merged[-1], symbol) == first:
                merged[-1] = "".join(first)
            else:
                merged.append(symbol)
        symbols = merged
    return len(symbols)


@cache
def _rank_merges() -> dict[tuple[str, str], int]:
    """Two symbols, and how early they are merged."""
    text = files(__package__).joinpath("merges.tsv").read_text(encoding="utf-8")
    lines = (line.split("\t") for line in text.splitlines())
    return {(left, right): rank for rank, (left, right) in enumerate(lines)}


@cache
def _name_bytes() -> list[str]:
    """The character by which `merges.tsv` names each of the 256 bytes: printable ones by themselves."""
    printable = {*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)}
    others = iter(range(256, 512))
    return [chr(byte) if byte in printable else chr(next(others)) for byte in range(256)]
