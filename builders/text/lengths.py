"""How long captions are: in words, and in tokens of CLIP."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .clip_tokens.counting import SPECIAL, count_tokens


def count_words(texts: pa.StringArray) -> np.ndarray:
    """Words of each text, as white space parts them, int64."""
    return np.asarray(pc.list_value_length(pc.utf8_split_whitespace(texts))).astype(np.int64)


def count_clip_tokens(texts: pa.StringArray) -> np.ndarray:
    """Tokens that CLIP makes of each text, with the two around it, int64. Never fewer than there are.

    Where a tokenizer mends a text before (that of OpenAI: HTML entities, ligatures) there may be one or two fewer.
    """
    words = pc.utf8_split_whitespace(texts)
    encoded = words.flatten().dictionary_encode()
    counts = np.array([count_tokens(word) for word in encoded.dictionary.to_pylist()], dtype=np.int64)
    totals = np.concatenate([[0], np.cumsum(counts.take(np.asarray(encoded.indices)))])
    offsets = np.asarray(words.offsets)
    return totals[offsets[1:] - offsets[0]] - totals[offsets[:-1] - offsets[0]] + SPECIAL
