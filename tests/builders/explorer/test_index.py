"""The facet index says of every row what the row says."""

import json
from collections import Counter
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from generate_any_scene.builders.explorer.index import BLOCK, FILES, make_index, write_index
from generate_any_scene.builders.folder.reading import find_split
from generate_any_scene.errors import GasError
from pyarrow.parquet import read_table, write_table

READERS = {
    "complexity": lambda row: [row["structure"]["complexity"]],
    "objects": lambda row: [row["structure"]["objects"]],
    "attribute": lambda row: [one["kind"] for item in row["scene_graph"]["objects"] for one in item["attributes"]],
    "relation": lambda row: [one["category"] for one in row["scene_graph"]["relations"]],
    "scene": lambda row: [one["kind"] for one in row["scene_attributes"]],
    "form": lambda row: [one["form"] for one in row["questions"]],
    "kind": lambda row: [one["kind"] for one in row["questions"]],
    "edit": lambda row: [row["pair"]["edit"]] if row["pair"] else [],
}


def read_index(folder, rows):
    """(facet, value) of each bitmap with its rows, concepts with their rows, and captions."""
    described = json.loads((folder / FILES[0]).read_text(encoding="utf-8"))
    packed, codec = (folder / "facets.bin").read_bytes(), pa.Codec("zstd")
    width, found = -(-rows // 32) * 4, {}
    for facet in described["facets"]:
        frame = packed[facet["place"] : facet["place"] + facet["bytes"]]
        bits = np.frombuffer(codec.decompress(frame, width * len(facet["values"]), asbytes=True), dtype=np.uint8)
        flags = np.unpackbits(bits.reshape(-1, width), axis=1, bitorder="little").astype(bool)
        assert not flags[:, rows:].any()
        for value, count, row in zip(facet["values"], facet["counts"], flags, strict=True):
            found[facet["name"], value] = set(np.flatnonzero(row).tolist())
            assert len(found[facet["name"], value]) == count
    numbers, start, concepts = np.fromfile(folder / "concepts.bin", dtype="<u4"), 0, {}
    for concept, _, count in described["concepts"]:
        concepts[concept] = numbers[start : start + count].tolist()
        start += count
    texts, places = (folder / "captions.bin").read_bytes(), described["captions"]["places"]
    captions = []
    for begin, end in pairwise(places):
        with pa.CompressedInputStream(pa.BufferReader(texts[begin:end]), "zstd") as stream:
            captions += json.loads(stream.read())
    return found, concepts, captions


@pytest.mark.parametrize("config", ["pairs", "multi_object"])
def test_an_index_says_what_the_rows_say(config, pairs, tmp_path, monkeypatch):
    monkeypatch.setattr("generate_any_scene.builders.explorer.index.BATCH", 77)  # whose ends are within bytes
    monkeypatch.setattr("generate_any_scene.builders.explorer.index.BLOCK", 128)
    source = find_split(pairs, config, "train")
    done = Counter()
    write_index(source, tmp_path, lambda rows: done.update(rows=rows))
    rows = [row for file in source.files for row in read_table(file).to_pylist()]
    assert done["rows"] == len(rows) == source.rows
    wanted, concepts = {}, {}
    for number, row in enumerate(rows):
        for name, read in READERS.items():
            if name != "edit" or "pair" in row:
                for value in read(row):
                    wanted.setdefault((name, str(value)), set()).add(number)
        for item in {item["concept"] for item in row["scene_graph"]["objects"]}:
            concepts.setdefault(item, []).append(number)
    assert read_index(tmp_path, len(rows)) == (wanted, concepts, [row["caption"] for row in rows])
    assert ("edit", "object") in wanted or config != "pairs"


def test_what_has_no_concept_goes_by_its_name(rewrite, tmp_path):
    def change(row):
        row["scene_graph"]["objects"][0] |= {"concept": None, "name": "guy in hat"}

    write_index(find_split(rewrite("pairs", "test", change), "pairs", "test"), tmp_path)
    assert read_index(tmp_path, 20)[1]["guy in hat"] == list(range(20))


def test_a_difficulty_is_told_apart_by_its_whole_part(rewrite, tmp_path):
    source = find_split(rewrite("pairs", "test", lambda row: None), "pairs", "test")
    table, numbers = read_table(source.files[0]), [1 + number / 8 for number in range(20)]
    write_table(table.append_column("difficulty", pa.array(numbers)), source.files[0], store_schema=False)
    write_index(source, tmp_path)
    found, _, _ = read_index(tmp_path, 20)
    levels = {value: rows for (facet, value), rows in found.items() if facet == "difficulty"}
    assert levels == {"1": set(range(8)), "2": set(range(8, 16)), "3": set(range(16, 20))}


def test_an_index_is_made_once_for_the_same_files(pairs, rewrite, cache):
    source = find_split(pairs, "pairs", "test")
    made, made_again = Counter(), Counter()
    folder = make_index(source, lambda rows: made.update(rows=rows))
    assert folder.parent == cache
    assert make_index(source, lambda rows: made_again.update(rows=rows)) == folder
    assert (made["rows"], made_again["rows"]) == (source.rows, 0)

    other = find_split(rewrite("pairs", "test", lambda row: row.update(caption="other")), "pairs", "test")
    assert make_index(other) != folder
    assert {path.parent for path in cache.rglob("*.bin")} == {folder, make_index(other)}


def test_nothing_is_left_of_an_index_that_fails(rewrite, cache):
    source = find_split(rewrite("pairs", "test", lambda row: None), "pairs", "test")
    content = source.files[0].read_bytes()
    source.files[0].write_bytes(content[: len(content) // 2])
    with pytest.raises(GasError, match="is damaged"):
        make_index(source)
    assert list(cache.iterdir()) == []


def test_blocks_of_captions_are_as_the_page_reads_them(pairs, tmp_path):
    write_index(find_split(pairs, "pairs", "train"), tmp_path)
    described = json.loads((tmp_path / FILES[0]).read_text(encoding="utf-8"))
    assert described["captions"]["block"] == BLOCK
    assert described["captions"]["places"][-1] == (tmp_path / "captions.bin").stat().st_size
