"""Tables of structures on disk."""

import numpy as np
import pytest
from generate_any_scene.builders.foundation.disk_cache import clear_folder
from generate_any_scene.builders.structures import cache as structure_cache
from generate_any_scene.builders.structures.bounds import bound_limits
from generate_any_scene.builders.structures.cache import (
    find_file,
    find_structures,
    keep_table,
    read_table,
)
from generate_any_scene.builders.structures.enumeration import enumerate_structures

LIMITS = bound_limits((3, 6), relations=(0, 2))


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    find_structures.cache_clear()
    yield tmp_path / "generate-any-scene/structures"
    find_structures.cache_clear()


def test_a_table_read_from_disk_is_the_one_that_was_enumerated(cache):
    assert read_table(LIMITS) is None
    made = find_structures(LIMITS)
    read = read_table(LIMITS)
    assert read is not None
    assert (
        read.topologies.to_pylist()
        == made.topologies.to_pylist()
        == enumerate_structures(LIMITS).topologies.to_pylist()
    )
    for name in ("objects", "attributes", "relations", "components"):
        assert np.array_equal(getattr(read, name), getattr(made, name))
    for name in ("attribute_counts", "subjects", "targets"):
        assert np.array_equal(getattr(read, name).values, getattr(made, name).values)
        assert np.array_equal(getattr(read, name).offsets, getattr(made, name).offsets)


@pytest.mark.parametrize(
    "damage",
    [lambda b: b[:-100], lambda b: b[:200] + b"\0" + b[201:] if b[200] else b[:200] + b"\1" + b[201:], lambda b: b""],
)
def test_a_damaged_table_is_noticed_and_made_again(cache, damage):
    whole = find_structures(LIMITS)
    file = find_file(LIMITS)
    file.write_bytes(damage(file.read_bytes()))
    assert read_table(LIMITS) is None
    find_structures.cache_clear()
    assert find_structures(LIMITS).topologies.to_pylist() == whole.topologies.to_pylist()
    assert read_table(LIMITS) is not None


def test_other_limits_and_other_code_have_other_files(cache, monkeypatch):
    file = find_file(LIMITS)
    assert find_file(bound_limits((3, 6), relations=(0, 3))) != file
    monkeypatch.setattr(structure_cache, "hash_code", lambda *names: "other code")
    assert find_file(LIMITS) != file


def test_a_folder_that_cannot_be_written_is_said_once_and_does_no_harm(cache):
    cache.parent.mkdir()
    cache.write_text("a file where the folder would be")
    with pytest.warns(UserWarning, match="structures are not kept"):
        keep_table(LIMITS, enumerate_structures(LIMITS))


def test_clearing_removes_what_was_kept(cache):
    find_structures(LIMITS)
    assert clear_folder("structures") == 1
    assert clear_folder("structures") == 0
    assert read_table(LIMITS) is None
