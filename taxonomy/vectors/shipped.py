"""The vectors of the shipped concepts: whole numbers, so that what is nearest is the same on every machine."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
import pyarrow as pa

from ...arrow import find_rows, view_numbers

FILE = "minilm.arrow"
LENGTH = 127
"""Length of a vector, about: its numbers are rounded to int8."""


@dataclass(frozen=True)
class Vectors:
    """Texts and their vectors.

    Attributes:
        texts: The texts, sorted.
        matrix: Their vectors, int8, shape (texts, width).
        mean: What was subtracted from the model's vectors, float32, shape (width of the model,).
        projection: What they were multiplied with then, float32, shape (width of the model, width).
    """

    texts: pa.Array
    matrix: np.ndarray
    mean: np.ndarray
    projection: np.ndarray

    def find(self, texts: pa.Array) -> np.ndarray:
        """The row of each text, int64, -1 for one that is not there."""
        return find_rows(texts, self.texts).astype(np.int64)

    def reduce(self, vectors: np.ndarray) -> np.ndarray:
        """Turns vectors of the model into int8, shape (vectors, width)."""
        return round_vectors((vectors - self.mean) @ self.projection)


def round_vectors(vectors: np.ndarray) -> np.ndarray:
    """Scales vectors to `LENGTH` and rounds them, int8, of their shape."""
    lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return np.rint(vectors / lengths * LENGTH).astype(np.int8)


@lru_cache(maxsize=1)
def read_shipped() -> Vectors:
    """Reads the shipped vectors."""
    with pa.ipc.open_file(pa.BufferReader((files(__package__) / FILE).read_bytes())) as file:
        table, (width, reduced) = file.read_all(), _read_shape(file.schema)
    matrix = view_numbers(table["vector"].combine_chunks().flatten(), np.int8).reshape(-1, reduced)
    metadata = file.schema.metadata
    mean = np.frombuffer(metadata[b"mean"], dtype="<f4")
    projection = np.frombuffer(metadata[b"projection"], dtype="<f4").reshape(width, reduced)
    return Vectors(table["text"].combine_chunks(), matrix, mean, projection)


def write_vectors(vectors: Vectors) -> bytes:
    """The bytes of a file of vectors."""
    width = vectors.matrix.shape[1]
    columns = {
        "text": vectors.texts,
        "vector": pa.FixedSizeListArray.from_arrays(pa.array(vectors.matrix.reshape(-1)), width),
    }
    table = pa.table(columns).replace_schema_metadata(
        {"mean": vectors.mean.astype("<f4").tobytes(), "projection": vectors.projection.astype("<f4").tobytes()}
    )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as file:
        file.write_table(table)
    return sink.getvalue().to_pybytes()


def _read_shape(schema: pa.Schema) -> tuple[int, int]:
    return len(schema.metadata[b"mean"]) // 4, schema.field("vector").type.list_size
