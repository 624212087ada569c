"""Arrow columns and numpy arrays, each as the other; Arrow's own ways between them import pandas, which is slow.

So does every Arrow function that is given a string or a list of Python's. What is here does without.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def view_numbers(column: pa.Array | pa.ChunkedArray, dtype: type[np.generic]) -> np.ndarray:
    """Views an Arrow column of numbers as numpy's, under the nulls as well."""
    array = _join_chunks(column)
    return np.frombuffer(array.buffers()[1], dtype=dtype)[array.offset : array.offset + len(array)]


def read_truths(column: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """An Arrow column of bools as numpy's."""
    return view_numbers(pc.cast(column, pa.uint8()), np.uint8) == 1


def make_array(values: np.ndarray, valid: np.ndarray | None = None) -> pa.Array:
    """Makes an Arrow column over numpy's numbers or bools; null where they are not valid."""

    def make_buffer(values: np.ndarray) -> pa.Buffer:
        return pa.py_buffer(np.packbits(values, bitorder="little") if values.dtype == bool else values)

    buffers = [None if valid is None else make_buffer(valid), make_buffer(np.ascontiguousarray(values))]
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), buffers)


def make_texts(texts: Iterable[str]) -> pa.StringArray:
    """Makes an Arrow column of texts."""
    encoded = [text.encode() for text in texts]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    return pa.StringArray.from_buffers(len(encoded), pa.py_buffer(ends), pa.py_buffer(b"".join(encoded)))


def match_texts(column: pa.Array | pa.ChunkedArray, *texts: str) -> np.ndarray:
    """Which entries of a column are one of these texts, bool."""
    return read_truths(pc.is_in(column, value_set=make_texts(texts)))


def number_texts(column: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """Numbers of the texts in a column (int64): entries that read alike have the same."""
    return view_numbers(_join_chunks(column).dictionary_encode().indices, np.int32).astype(np.int64)


def choose_texts(where: np.ndarray, yes: pa.ChunkedArray | str, no: pa.ChunkedArray | str) -> pa.Array:
    """Takes entries of one column, or one text, where a bool holds, and of another one elsewhere."""
    return pc.if_else(make_array(where), *(_make_scalar(one) for one in (yes, no)))


def join_texts(*parts: pa.ChunkedArray | str) -> pa.Array:
    """Puts columns, and texts that are the same for all rows, one after the other."""
    return pc.binary_join_element_wise(*(_make_scalar(one) for one in (*parts, "")))


def _make_scalar(part: pa.ChunkedArray | str) -> pa.ChunkedArray | pa.Scalar:
    return make_texts([part])[0] if isinstance(part, str) else part


def find_rows(values: pa.Array | pa.ChunkedArray, ids: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """Finds the row of every value in `ids` (int32), -1 where there is none."""
    found = pc.index_in(_join_chunks(values), value_set=_join_chunks(ids))
    return np.where(read_truths(pc.is_null(found)), np.int32(-1), view_numbers(found, np.int32))


def _join_chunks(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
