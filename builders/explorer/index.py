"""The facet index of a split: which rows have what, so that the page filters a million of them without reading them.

index.json      rows, facets with their values and counts, concepts with their counts, places of blocks of captions
facets.bin      for each facet one frame of Zstandard: a bitmap a value, one after the other, a bit a row (the lowest
                bit of a byte first), each filled up to a multiple of 4 bytes
concepts.bin    for each concept the numbers of the rows that have it, uint32, little-endian, ascending
captions.bin    for each BLOCK rows one frame of Zstandard: a JSON list of their captions

An index is made when it is asked for, and kept in the user's cache folder by the SHA-256 of the files.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..folder.manifest import File
from ..folder.reading import Source, open_rows
from ..foundation.disk_cache import find_folder, hash_code

KIND = "explorer"
"""The name of the folder in the cache."""
VERSION = 1
"""Of the layout, which the page checks."""
BLOCK = 1024
"""Captions that are kept together."""
BATCH = 8192
"""Rows that are read at once."""
FILES = ("index.json", "facets.bin", "concepts.bin", "captions.bin")
LIST = "list.element"
CONCEPT, NAME = (f"scene_graph.objects.{LIST}.{one}" for one in ("concept", "name"))
FACETS = {
    "complexity": "structure.complexity",
    "objects": "structure.objects",
    "attribute": f"scene_graph.objects.{LIST}.attributes.{LIST}.kind",
    "relation": f"scene_graph.relations.{LIST}.category",
    "scene": f"scene_attributes.{LIST}.kind",
    "form": f"questions.{LIST}.form",
    "kind": f"questions.{LIST}.kind",
    "edit": "pair.edit",
    "difficulty": "difficulty",
}
"""Facets, in the order in which they are shown, and the columns that they are read from; not all splits have all."""
ZSTD = pa.Codec("zstd", 3)
Report = Callable[[int], None]


@dataclass
class Bitmaps:
    """Which rows have which value of a facet: a bitmap of `bytes` bytes for each."""

    bytes: int
    values: dict[str, np.ndarray] = field(default_factory=dict)

    def add(self, owners: np.ndarray, values: pa.Array, start: int) -> None:
        """Adds the values of rows from `start` on, of which `owners` are the numbers from there."""
        encoded = values.dictionary_encode()
        codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        skip = start % 8  # bits of the byte before, which the batch shares
        for code, value in enumerate(encoded.dictionary.to_pylist()):
            rows = owners[codes == code] + skip
            flags = np.zeros(int(rows.max(initial=0)) + 1, dtype=bool)
            flags[rows] = True
            packed = np.packbits(flags, bitorder="little")
            bits = self.values.setdefault(str(value), np.zeros(self.bytes, dtype=np.uint8))
            bits[start // 8 : start // 8 + len(packed)] |= packed


def find_index(source: Source) -> Path:
    """The folder of a split's index, made or not."""
    digests = [file.sha256 for file in source.entry.splits[source.split].files]
    code = hash_code(__package__)
    return find_folder(KIND) / hashlib.sha256(json.dumps([code, VERSION, digests]).encode()).hexdigest()


def make_index(source: Source, report: Report = lambda rows: None) -> Path:
    """Makes the index of a split, unless it is there, and gives its folder.

    Raises:
        GasError: A file is missing or damaged.
        OSError: The cache folder cannot be written.
    """
    folder = find_index(source)
    if (folder / FILES[0]).is_file():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    try:
        write_index(source, beside, report)
        if not folder.exists():  # another process may have been quicker
            os.rename(beside, folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return folder


def write_index(source: Source, folder: Path, report: Report = lambda rows: None) -> None:
    """Writes the index of a split into a folder that is there.

    Raises:
        GasError: A file is missing or damaged.
    """
    rows, start = source.rows, 0
    width = -(-rows // 32) * 4
    facets: dict[str, Bitmaps] = {}
    concepts: dict[str, int] = {}
    names: dict[str, str] = {}
    postings: list[np.ndarray] = []
    captions, places = list[str](), [0]
    with open(folder / "captions.bin", "wb") as texts:
        for file in source.entry.splits[source.split].files:
            for batch in _read_columns(source.folder, file):
                for name, path in FACETS.items():
                    if (found := _find_leaves(batch, path)) is not None:
                        facets.setdefault(name, Bitmaps(width)).add(*found, start)
                postings.append(_list_concepts(batch, start, concepts, names))
                captions += batch["caption"].to_pylist()
                while len(captions) >= BLOCK:
                    places.append(places[-1] + texts.write(_pack_texts(captions[:BLOCK])))
                    del captions[:BLOCK]
                start += len(batch)
                report(len(batch))
        if captions:
            places.append(places[-1] + texts.write(_pack_texts(captions)))
    pairs = np.concatenate(postings) if postings else np.zeros(0, dtype=np.uint64)
    pairs.sort()
    (pairs & 0xFFFFFFFF).astype("<u4").tofile(folder / "concepts.bin")
    counts = np.bincount((pairs >> np.uint64(32)).astype(np.int64), minlength=len(concepts))
    described = {
        "version": VERSION,
        "rows": rows,
        "facets": _write_facets(facets, folder / "facets.bin"),
        "concepts": [[concept, names[concept], int(counts[code])] for concept, code in concepts.items()],
        "captions": {"block": BLOCK, "places": places},
    }
    (folder / FILES[0]).write_text(json.dumps(described, ensure_ascii=False), encoding="utf-8")


def _read_columns(folder: Path, file: File) -> Iterator[pa.RecordBatch]:
    """The columns that an index is made of, as far as the file has them."""
    with open_rows(folder, file, ["caption", CONCEPT, NAME]) as parquet:
        there = [parquet.schema.column(number).path for number in range(len(parquet.schema))]
        wanted = ["caption", CONCEPT, NAME, *(path for path in FACETS.values() if path in there)]
        yield from parquet.iter_batches(BATCH, columns=wanted)


def _find_leaves(batch: pa.RecordBatch, path: str) -> tuple[np.ndarray, pa.Array] | None:
    """The values of a nested column, each with the number of its row in the batch; None if there is no such column."""
    name, *steps = path.replace(f".{LIST}", ".[]").split(".")
    if batch.schema.get_field_index(name) < 0:
        return None
    values, owners = batch[name], np.arange(len(batch))
    for step in steps:
        if step == "[]":
            owners = owners[pc.list_parent_indices(values).to_numpy()]
            values = pc.list_flatten(values)
        elif not pa.types.is_struct(values.type) or values.type.get_field_index(step) < 0:
            return None
        else:
            values = pc.struct_field(values, step)
    # Of a number that is not whole, such as a difficulty of 2.53, the whole part is told apart.
    return owners, pc.floor(values).cast(pa.int64()) if pa.types.is_floating(values.type) else values


def _list_concepts(batch: pa.RecordBatch, start: int, codes: dict[str, int], names: dict[str, str]) -> np.ndarray:
    """Pairs of concept and row, each once: uint64, the concept's code above the row's number; new codes are noted."""
    found, called = _find_leaves(batch, CONCEPT), _find_leaves(batch, NAME)
    assert found is not None and called is not None  # every build writes both
    # What no taxonomy knows has no concept, and goes by its name.
    owners, concepts = found[0], pc.coalesce(found[1], called[1], "")
    encoded = concepts.dictionary_encode()
    indices = encoded.indices.to_numpy(zero_copy_only=False)
    _, first = np.unique(indices, return_index=True)
    for concept, name in zip(concepts.take(first).to_pylist(), called[1].take(first).to_pylist(), strict=True):
        codes.setdefault(concept, len(codes))
        names.setdefault(concept, name or concept)
    known = np.array([codes[concept] for concept in encoded.dictionary.to_pylist()], dtype=np.uint64)
    if not len(indices):
        return np.zeros(0, dtype=np.uint64)
    return np.unique(known[indices] << np.uint64(32) | (owners + start).astype(np.uint64))


def _pack_texts(texts: list[str]) -> bytes:
    return bytes(ZSTD.compress(json.dumps(texts, ensure_ascii=False).encode(), asbytes=True))


def _write_facets(facets: dict[str, Bitmaps], file: Path) -> list[dict[str, Any]]:
    """Writes the bitmaps of all facets, and says where each is and how many rows each value has."""
    described = []
    with open(file, "wb") as stream:
        for name in (name for name in FACETS if name in facets and facets[name].values):
            values = facets[name].values
            ordered = sorted(values, key=lambda value: (not value.isdecimal(), int(value) if value.isdecimal() else 0))
            place = stream.tell()
            size = stream.write(ZSTD.compress(b"".join(values[value].tobytes() for value in ordered), asbytes=True))
            counts = [int(np.bitwise_count(values[value]).sum(dtype=np.int64)) for value in ordered]
            described.append({"name": name, "values": ordered, "counts": counts, "place": place, "bytes": size})
    return described
