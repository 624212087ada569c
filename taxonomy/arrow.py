"""Arrow columns and numpy arrays, each as the other; Arrow's own ways between them import pandas, which is slow."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def view_numbers(column: pa.Array | pa.ChunkedArray, dtype: type[np.generic]) -> np.ndarray:
    """Views an Arrow column of numbers as numpy's, under the nulls as well."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return np.frombuffer(array.buffers()[1], dtype=dtype)[array.offset : array.offset + len(array)]


def make_array(numbers: np.ndarray, type_: pa.DataType) -> pa.Array:
    """Makes an Arrow column over numpy's numbers, which must be of the same width."""
    return pa.Array.from_buffers(type_, len(numbers), [None, pa.py_buffer(np.ascontiguousarray(numbers))])


def find_rows(values: pa.ChunkedArray, ids: pa.ChunkedArray) -> np.ndarray:
    """Finds the row of every value in `ids` (int32), -1 where there is none."""
    found = pc.index_in(values.combine_chunks(), value_set=ids.combine_chunks())
    missing = view_numbers(pc.cast(pc.is_null(found), pa.uint8()), np.uint8)
    return np.where(missing == 1, np.int32(-1), view_numbers(found, np.int32))
