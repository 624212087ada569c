"""`gas cache`, and what it was before it was a command of its own."""

import json

import pytest
from generate_any_scene.builders.explorer.index import FILES, make_index
from generate_any_scene.builders.folder.reading import find_split
from generate_any_scene.builders.structures.cache import find_structures

KINDS = ("structures", "captions")


@pytest.fixture
def caches(gas, tmp_path, monkeypatch):
    """The folder of caches that building and listing structures have filled: 2 tables of structures, 1 of captions."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    find_structures.cache_clear()
    assert gas("build", "multi_object", "--set", "splits={train: 20, validation: 0, test: 0}")[0] == 0
    assert gas("structures", "--complexity", "3")[0] == 0
    yield tmp_path / "cache/generate-any-scene"
    find_structures.cache_clear()


def test_info_measures(gas, caches):
    shown = json.loads(gas("cache", "info", "--json")[1])
    assert list(shown) == [*KINDS, "explorer", "replies", "datasets"]
    assert [shown[kind]["files"] for kind in KINDS] == [2, 1]
    for kind in KINDS:
        assert shown[kind]["folder"] == str(caches / kind)
        assert shown[kind]["bytes"] == sum(file.stat().st_size for file in (caches / kind).iterdir()) > 0
    status, out, err = gas("cache", "info")
    assert (status, err) == (0, "")
    assert all(str(caches / kind) in out for kind in KINDS)


def test_info_of_nothing(gas, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "none"))
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "none"))
    shown = json.loads(gas("cache", "info", "--json")[1])
    assert all((kind["files"], kind["bytes"]) == (0, 0) for kind in shown.values())


def test_rows_of_load_dataset_lie_where_info_says(gas):
    import datasets

    folder = json.loads(gas("cache", "info", "--json")[1])["datasets"]["folder"]
    assert folder == str(datasets.config.HF_DATASETS_CACHE / "gas")


def test_clear_removes_one_kind_or_both(gas, caches):
    assert gas("cache", "clear", "captions") == (0, f"removed 1 files from {caches / 'captions'}\n", "")
    assert len(list((caches / "structures").iterdir())) == 2
    removed = json.loads(gas("cache", "clear", "--json")[1])
    assert removed == {
        "structures": {"folder": str(caches / "structures"), "removed": 2},
        "captions": {"folder": str(caches / "captions"), "removed": 0},
        "explorer": {"folder": str(caches / "explorer"), "removed": 0},
    }
    assert not list(caches.iterdir())


def test_the_old_name_of_clear(gas, caches):
    status, out, err = gas("structures", "--clear")
    assert (status, err) == (0, "")
    assert f"removed 2 files from {caches / 'structures'}" in out
    assert f"removed 1 files from {caches / 'captions'}" in out
    assert "--clear" not in gas("structures", "--help")[1]


def test_what_is_not_kept_cannot_be_cleared(assert_refused):
    assert_refused(["cache", "clear", "rows"], "rows")


def test_an_index_of_the_explorer_is_measured_and_removed(gas, caches, built):
    folder = make_index(find_split(built, "video", "test"))
    shown = json.loads(gas("cache", "info", "--json")[1])["explorer"]
    assert (shown["folder"], shown["files"]) == (str(folder.parent), len(FILES))
    assert gas("cache", "clear", "explorer")[1] == f"removed {len(FILES)} files from {folder.parent}\n"
    assert not folder.exists()
