"""Loading tables: the shipped ones, a user's own, and what is said when they are wrong."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from generate_any_scene.errors import GasError
from generate_any_scene.taxonomy import COLUMNS, KINDS, Taxonomy, find_object, load_taxonomy, mark_under

OBJECT = {
    "id": "wug.x.01",
    "offset": "",
    "name": "wug",
    "parent": "bird.n.01",
    "kinds": "animal",
    "countability": "count",
    "plural": "wugs",
    "article": "a",
    "size": "small|medium",
    "tier": "common",
    "flags": "",
    "visible": "yes",
    "part_of": "",
    "near": "",
    "paper_name": "",
}


@pytest.fixture(scope="module")
def shipped() -> Taxonomy:
    return load_taxonomy()


def write_table(folder: Path, table: str, *rows: dict[str, str]) -> Path:
    folder.mkdir(exist_ok=True)
    lines = ["\t".join(COLUMNS[table]), *("\t".join(row[column] for column in COLUMNS[table]) for row in rows)]
    file = folder / f"{table}.tsv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def test_columns_and_types(shipped: Taxonomy) -> None:
    assert shipped.objects.column_names == [*COLUMNS["objects"], "frequency"]
    assert shipped.objects.schema.field("frequency").type == pa.float32()
    assert shipped.attributes.schema.field("order").type == pa.int8()
    assert shipped.relations.schema.field("symmetric").type == pa.bool_()
    assert len(shipped.version) == 64


def test_same_tables_are_loaded_once(shipped: Taxonomy) -> None:
    assert load_taxonomy(("default",)) is shipped


def test_object_is_found_by_id_and_by_name(shipped: Taxonomy) -> None:
    assert find_object(shipped, "dog") == find_object(shipped, "dog.n.01")
    assert shipped.objects["name"][find_object(shipped, "polar bear")].as_py() == "polar bear"


def test_unknown_object_names_the_closest(shipped: Taxonomy) -> None:
    with pytest.raises(GasError, match=r"no object 'dogg'; did you mean `dog.n.01`"):
        find_object(shipped, "dogg")


def test_ambiguous_name_lists_the_ids(tmp_path: Path) -> None:
    write_table(tmp_path / "mine", "objects", OBJECT, {**OBJECT, "id": "wug.x.02"})
    with pytest.raises(GasError, match=r"'wug' names several objects: write one of wug\.x\.01 \(.*\), wug\.x\.02 \("):
        find_object(load_taxonomy(("default", "mine"), tmp_path), "wug")


def test_common_tier_wins_an_ambiguous_name(tmp_path: Path) -> None:
    write_table(tmp_path / "mine", "objects", {**OBJECT, "tier": "full"}, {**OBJECT, "id": "wug.x.02"})
    taxonomy = load_taxonomy(("default", "mine"), tmp_path)
    assert find_object(taxonomy, "wug") == find_object(taxonomy, "wug.x.02")


def test_is_under_follows_the_tree(shipped: Taxonomy) -> None:
    mask = mark_under(shipped, ["animal.n.01", "teapot"])
    assert mask[find_object(shipped, "animal.n.01")]
    assert mask[find_object(shipped, "dog.n.01")]
    assert mask[find_object(shipped, "teapot.n.01")]
    assert not mask[find_object(shipped, "table.n.02")]
    assert mark_under(shipped, [shipped.objects["id"][int(np.flatnonzero(shipped.parent_index < 0)[0])].as_py()]).all()


def test_kind_bits(shipped: Taxonomy) -> None:
    bits = shipped.kind_bits(pa.array(["animal", "any", "person|thing"]))
    assert bits.dtype == np.uint64
    assert bits[0] == 1 << KINDS.index("animal")
    assert bits[1] == (1 << len(KINDS)) - 1
    assert bits[2] == 1 << KINDS.index("person") | 1 << KINDS.index("thing")
    with pytest.raises(GasError, match="'animl' is not a kind of object; did you mean `animal`"):
        shipped.kind_bits(pa.array(["animl"]))


def test_user_folder_adds_and_replaces(shipped: Taxonomy, tmp_path: Path) -> None:
    dog = shipped.objects.slice(find_object(shipped, "dog.n.01"), 1).drop_columns("frequency").to_pylist()[0]
    write_table(tmp_path / "mine", "objects", OBJECT, {**dog, "name": "doggo", "plural": "doggos"})
    mine = load_taxonomy(("default", "mine"), tmp_path)
    assert mine.objects.num_rows == shipped.objects.num_rows + 1
    assert mine.objects["name"][find_object(mine, "dog.n.01")].as_py() == "doggo"
    assert mark_under(mine, ["bird.n.01"])[find_object(mine, "wug")]
    assert mine.objects["frequency"][find_object(mine, "wug")].as_py() == 0
    assert mine.objects["frequency"][find_object(mine, "doggo")].as_py() > 3
    assert mine.version != shipped.version
    assert mine.relations.equals(shipped.relations)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kinds": "animal|brid"}, r"objects\.tsv:2: column 'kinds': 'brid' is none of its words"),
        ({"article": "thee"}, r"objects\.tsv:2: column 'article': 'thee' is none of its words; did you mean `the`"),
        ({"tier": "comon"}, r"objects\.tsv:2: column 'tier': 'comon' .*did you mean `common`"),
        ({"name": ""}, r"objects\.tsv:2: column 'name': it must not be empty"),
        (
            {"parent": "birdd.n.01"},
            r"objects\.tsv:2: column 'parent': 'birdd\.n\.01' .*did you mean `bird\.n\.01`",
        ),
        ({"name": "wug\tx"}, r"objects\.tsv:2: the line has 16 fields, not 15"),
    ],
)
def test_broken_row_is_located(tmp_path: Path, change: dict[str, str], message: str) -> None:
    write_table(tmp_path / "mine", "objects", {**OBJECT, **change})
    with pytest.raises(GasError, match=message):
        load_taxonomy(("default", "mine"), tmp_path)


def test_same_id_twice_in_a_file(tmp_path: Path) -> None:
    write_table(tmp_path / "mine", "objects", OBJECT, OBJECT)
    with pytest.raises(GasError, match=r"objects\.tsv:3: column 'id': 'wug\.x\.01' is in line 2 already"):
        load_taxonomy(("default", "mine"), tmp_path)


def test_number_columns_hold_numbers(shipped: Taxonomy, tmp_path: Path) -> None:
    write_table(tmp_path / "mine", "frequency", {"id": "dog.n.01", "zipf": "often"})
    with pytest.raises(GasError, match=r"frequency\.tsv:2: column 'zipf': 'often'"):
        load_taxonomy(("default", "mine"), tmp_path)


def test_unknown_column_names_the_closest(tmp_path: Path) -> None:
    file = write_table(tmp_path / "mine", "objects", OBJECT)
    file.write_text(file.read_text(encoding="utf-8").replace("countability", "countable"), encoding="utf-8")
    with pytest.raises(GasError, match="column 'countable' is unknown; did you mean `countability`"):
        load_taxonomy(("default", "mine"), tmp_path)


def test_missing_folder_and_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(GasError, match="is not a folder"):
        load_taxonomy(("default", "nowhere"), tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(GasError, match=r"holds none of objects\.tsv"):
        load_taxonomy(("default", "empty"), tmp_path)


@pytest.mark.parametrize("table", [*COLUMNS, "supporting"])
@pytest.mark.parametrize(
    ("put", "said"),
    [
        (os.mkfifo, "is not a regular file"),
        (lambda place: socket.socket(socket.AF_UNIX).bind(str(place)), "is not a regular file"),
        (lambda place: place.symlink_to("/dev/zero"), "is not a regular file"),
        (Path.mkdir, "is a folder"),
        (lambda place: place.symlink_to("nowhere"), "is missing"),
    ],
    ids=["FIFO", "socket", "device", "folder", "dangling link"],
)
@pytest.mark.parametrize("beside", [False, True], ids=["alone", "beside others"])
def test_what_is_no_file_in_the_place_of_a_table_is_said(
    beside: bool, put: Callable[[Path], object], said: str, table: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if beside:
        write_table(tmp_path / "mine", "frequency" if table != "frequency" else "objects")
    (tmp_path / "mine").mkdir(exist_ok=True)
    monkeypatch.chdir(tmp_path)  # since the path of a socket has to be short
    put(Path("mine", f"{table}.tsv"))
    with pytest.raises(GasError, match=rf"{table}\.tsv.* {said}"):
        load_taxonomy(("default", "mine"), tmp_path)


def test_default_is_needed_for_missing_tables(tmp_path: Path) -> None:
    write_table(tmp_path / "mine", "objects", {**OBJECT, "parent": ""})
    with pytest.raises(GasError, match="begin the list with `default`"):
        load_taxonomy(("mine",), tmp_path)
