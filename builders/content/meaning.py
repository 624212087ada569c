"""The vectors of a recipe's concepts: shipped, or made by a model and kept in the cache on disk."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...arrow import make_array, view_numbers
from ...errors import GasError
from ...taxonomy import Taxonomy
from ...taxonomy.vectors import encoders
from ...taxonomy.vectors.encoders import load_encoder
from ...taxonomy.vectors.shipped import read_shipped, round_vectors
from ...taxonomy.vectors.texts import list_texts
from ..foundation.disk_cache import find_folder, hash_code, keep_batch, read_batch
from ..recipe.content import Plausibility
from ..recipe.model import Recipe
from .filters import find_setting
from .nearness import Nearness
from .pools import Pools

KIND = "vectors"


def measure_nearness(recipe: Recipe, taxonomy: Taxonomy, pools: Pools) -> Nearness | None:
    """Gives the concepts of a recipe vectors, if it asks for what is near in meaning or what stands together.

    Raises:
        GasError: A concept has no vector, and what makes one is missing.
    """
    wanted, setting = recipe.content.plausibility, recipe.content.setting
    if wanted is None and setting is None:
        return make_all_near(taxonomy) if recipe.content.objects.together else None
    rows = {
        "objects": np.flatnonzero(pools.classes.of >= 0),
        "attributes": np.unique(np.concatenate([pools.attributes.rows, *(one.rows for one in pools.seed.attributes)])),
        "relations": np.unique(np.concatenate([pools.relations.rows, *(one.rows for one in pools.seed.relations)])),
        "scene_attributes": find_setting(taxonomy, setting),
    }
    texts = {table: list_texts(taxonomy, table).take(make_array(some)) for table, some in rows.items()}
    every = pa.array(sorted(set(pa.concat_arrays(list(texts.values())).to_pylist())), pa.string())
    vectors = embed_texts(every, wanted.model if wanted else None).astype(np.float32)
    tables = {}
    for table, some in rows.items():
        tables[table] = np.zeros((getattr(taxonomy, table).num_rows, vectors.shape[1]), dtype=np.float32)
        tables[table][some] = vectors[view_numbers(pc.index_in(texts[table], every), np.int32)]
    wanted = wanted or Plausibility()
    place = tables.pop("scene_attributes").sum(axis=0)
    return Nearness(**tables, setting=place, neighbours=wanted.neighbours, temperature=wanted.temperature)


def make_all_near(taxonomy: Taxonomy) -> Nearness:
    """Vectors that are all alike: everything is near."""
    tables = ("objects", "attributes", "relations")
    zeros = {table: np.zeros((getattr(taxonomy, table).num_rows, 1), dtype=np.float32) for table in tables}
    return Nearness(**zeros, setting=np.zeros(1, dtype=np.float32), neighbours=1, temperature=1.0)


def embed_texts(texts: pa.Array, model: str | None = None) -> np.ndarray:
    """Gives each text its vector, int8, shape (texts, width).

    Shipped vectors are taken where there are some. What is made by a model is kept on disk for the next time.

    Args:
        texts: Distinct texts.
        model: A model of sentence-transformers; without it the shipped vectors and the model that made them.

    Raises:
        GasError: Some text has no vector, and what makes one is missing.
    """
    if model is not None:
        return _embed(texts, model)
    shipped = read_shipped()
    rows = shipped.find(texts)
    vectors = shipped.matrix[rows]
    if len(lacking := np.flatnonzero(rows < 0)):
        vectors[lacking] = _embed(texts.take(make_array(lacking)), None)
    return vectors


def _embed(texts: pa.Array, model: str | None) -> np.ndarray:
    """Encodes texts, or reads what was made of the same ones before."""
    digest = hashlib.sha256(f"{hash_code(encoders.__package__)}\n{model}\n".encode())
    digest.update("\n".join(texts.to_pylist()).encode())
    path = find_folder(KIND) / f"{digest.hexdigest()}.arrow"
    # A folder may have another model in it tomorrow.
    kept = None if model is not None and Path(model).exists() else read_batch(path)
    if kept is None:
        kept = _make_batch(texts, model)
        keep_batch(path, kept)
    column = kept["vector"]
    return view_numbers(column.flatten(), np.int8).reshape(-1, column.type.list_size)


def _make_batch(texts: pa.Array, model: str | None) -> pa.RecordBatch:
    try:
        encoded = load_encoder(model)(texts.to_pylist())
    except GasError as error:
        some = f"concepts without a shipped vector: {len(texts):,}, such as {texts[0]}; " if model is None else ""
        raise GasError(f"content.plausibility: {some}{error}") from error
    vectors = round_vectors(encoded) if model is not None else read_shipped().reduce(encoded)
    columns = pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), vectors.shape[1])
    return pa.record_batch({"text": texts, "vector": columns})
