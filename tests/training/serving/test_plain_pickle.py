"""Pickled bytes of strangers: plain data comes out, and nothing else is done."""

import builtins
import os
import pickle
import pickletools
import struct
import sys
import time
import tracemalloc

import numpy as np
import pytest
from generate_any_scene.training.serving import plain_pickle
from generate_any_scene.training.serving.plain_pickle import read_plain, write_plain
from generate_any_scene.training.serving.requests import RequestError
from hypothesis import given
from hypothesis import strategies as st

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=20,
)


@given(PLAIN, st.integers(3, pickle.HIGHEST_PROTOCOL))
def test_plain_data_comes_out_as_it_went_in(value, protocol):
    assert read_plain(pickle.dumps(value, protocol)) == value


@given(PLAIN)
def test_what_is_written_is_what_python_reads(value):
    assert pickle.loads(write_plain(value)) == value


@pytest.mark.parametrize("protocol", range(3, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    "array",
    [
        np.array(["a cat", "two dogs", "ü"]),
        np.array([1, 2, 3]),
        np.arange(5, dtype=np.float32),
        np.array([True, False]),
        np.array(["a cat", "b"]).astype(">U8"),
        np.array_split(np.array(["a", "b", "c"]), 2)[0],
        np.array(["a", "b", "c"])[::-1],
    ],
)
def test_arrays_come_out_as_they_went_in(array, protocol):
    found = read_plain(pickle.dumps({"prompts": array, "again": [array, array]}, protocol))
    for one in (found["prompts"], *found["again"]):
        assert one.dtype == array.dtype
        assert one.tolist() == array.tolist()


def test_lists_that_stand_twice_are_one():
    shared = ["a"]
    found = read_plain(pickle.dumps([shared, shared]))
    assert found[0] is found[1]


class Calls:
    """Pickled as a call of a function."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


class WithState:
    def __setstate__(self, state):
        raise AssertionError("a class of a stranger was made")


def chain(*operations):
    return b"".join(operations) + b"."


HOSTILE = {
    "os.system": pickle.dumps(Calls(os.system, "touch owned")),
    "eval": pickle.dumps(Calls(eval, "open('owned', 'w')")),
    "exec": pickle.dumps(Calls(exec, "open('owned', 'w')")),
    "getattr": pickle.dumps(Calls(getattr, "x", "upper")),
    "import": pickle.dumps(Calls(__import__, "os")),
    "open": pickle.dumps(Calls(open, "owned", "w")),
    "nested": pickle.dumps({"images": [b"x"], "prompts": [{"a": (1, Calls(os.system, "touch owned"))}]}),
    "reduce of a reduce": pickle.dumps(Calls(Calls, Calls(os.system, "touch owned"))),
    "class": pickle.dumps(WithState()),
    "function": pickle.dumps(os.system),
    "set": pickle.dumps({1, 2}),
    "bytearray by name": pickle.dumps(bytearray(b"x"), 4),
    "protocol 0": pickle.dumps(Calls(os.system, "touch owned"), 0),
    "protocol 2": pickle.dumps(Calls(os.system, "touch owned"), 2),
    "array of objects": pickle.dumps(np.array([Calls(os.system, "touch owned")], dtype=object)),
    "array of mappings": pickle.dumps(np.array([{"a": 1}], dtype=object)),
    "array of two dimensions": pickle.dumps(np.zeros((2, 2))),
    "array of records": pickle.dumps(np.zeros(2, dtype=[("a", "<i4")])),
    "array with a wrong class": b"cnumpy._core.multiarray\n_reconstruct\n(cos\nsystem\nK\x00\x85C\x01btR.",
    "numpy's loader": b"cnumpy\nload\n(X\x05\x00\x00\x00ownedtR.",
    "numpy through a dot": b"\x80\x04\x8c\x05numpy\x8c\x0bcore.system\x93.",
    "module os": b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x0btouch owned\x85R.",
    "persistent id": b"\x80\x04\x8c\x01xQ.",
    "persistent id, text": b"Pid\n.",
    "extension": b"\x80\x02\x82\x01.",
    "inst": b"(X\x0b\x00\x00\x00touch ownedios\nsystem\n.",
    "obj": b"(cos\nsystem\nX\x0b\x00\x00\x00touch ownedo.",
    "newobj": b"\x80\x02cos\nsystem\nX\x0b\x00\x00\x00touch owned\x85\x81.",
    "newobj_ex": b"\x80\x04\x8c\x02os\x8c\x06system\x93)}\x92.",
    "build of a list": b"\x80\x04]}b.",
    "reduce of a list": b"\x80\x04])R.",
    "reduce of a name's place": b"\x80\x04\x8c\x05numpy\x8c\x07ndarray\x93)R.",
    "dup": b"\x80\x04]2\x86.",
    "out-of-band buffer": b"\x80\x05\x97.",
    "readonly buffer": b"\x80\x05]\x98.",
    "array without a state": b"\x80\x04\x8c\x16numpy._core.multiarray\x8c\x0c_reconstruct\x93"
    b"\x8c\x05numpy\x8c\x07ndarray\x93K\x00\x85C\x01b\x87R.",
    "mark as a value": b"\x80\x04(.",
    "empty": b"",
    "stop alone": b".",
    "no stop": pickle.dumps([1, 2])[:-1],
    "two values": b"\x80\x04K\x01K\x02.",
    "text": b"hello",
    "no such memo": b"\x80\x04h\x05.",
    "tuple of nothing": b"\x80\x04\x86.",
    "list into a mapping": b"\x80\x04}K\x01a.",
    "mapping with a list as key": b"\x80\x04}]K\x01s.",
    "mapping with an odd end": b"\x80\x04}(K\x01u.",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_plain_data_is_refused_and_not_run(name, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    before = set(sys.modules)
    with pytest.raises(RequestError) as caught:
        read_plain(HOSTILE[name])
    assert caught.value.status == 400
    assert not list(tmp_path.iterdir())
    assert set(sys.modules) == before


def test_hostile_ones_would_run_elsewhere(monkeypatch, tmp_path):
    """The bytes are what they say: Python's own reader obeys them."""
    monkeypatch.chdir(tmp_path)
    for name in ("os.system", "eval", "nested", "protocol 0", "module os", "inst"):
        pickle.loads(HOSTILE[name])
        assert (tmp_path / "owned").exists(), name
        (tmp_path / "owned").unlink()


def test_nothing_is_looked_up(monkeypatch):
    """Not even the names that stand for arrays: no import, no `find_class`."""

    def refuse(*names, **options):
        raise AssertionError(f"{names[0]} was asked for")

    data = pickle.dumps(np.array(["a", "b"]))
    with monkeypatch.context() as patched:
        patched.setattr(pickle, "Unpickler", refuse)
        patched.setattr(builtins, "__import__", refuse)  # last, since patching imports
        found = read_plain(data)
    assert found.tolist() == ["a", "b"]


def huge(opcode, kind, size):
    return b"\x80\x04" + opcode + struct.pack(kind, size) + b"short."


BUFFER = (
    b"\x80\x04\x8c\x13numpy._core.numeric\x8c\x0b_frombuffer\x93(C%b"
    b"\x8c\x05numpy\x8c\x05dtype\x93\x8c\x02u1\x89\x88\x87R"
)
"""The beginning of an array of bytes, up to its shape."""
BOMBS = {
    "bytes of 8 EB": huge(pickle.BINBYTES8, "<Q", 2**62),
    "bytes of 4 GB": huge(pickle.BINBYTES, "<I", 2**32 - 1),
    "text of 4 GB": huge(pickle.BINUNICODE, "<I", 2**32 - 1),
    "text of 8 EB": huge(pickle.BINUNICODE8, "<Q", 2**62),
    "bytearray of 8 EB": huge(pickle.BYTEARRAY8, "<Q", 2**62),
    "frame of 8 EB": huge(pickle.FRAME, "<Q", 2**62),
    "number of 2 GB": huge(pickle.LONG4, "<i", 2**31 - 1),
    "array of 8 EB": BUFFER % b"\x04abcd" + b"\x8a\x09" + (2**63).to_bytes(9, "little") + b"\x85\x8c\x01CtR.",
    "array of nothing, so often": BUFFER % b"\x00" + b"J\xff\xff\xff\x7fK\x00\x86\x8c\x01CtR.",
    "text of 4 MB each": b"\x80\x04\x8c\x05numpy\x8c\x05dtype\x93\x8c\x09U99999999\x89\x88\x87R.",
    "many operations": b"\x80\x04" + b"](" * 300_000 + b".",
    "many marks": b"\x80\x04" + b"(" * 400_000 + b"t.",
    "deep lists": b"\x80\x04" + b"](" * 100_000 + b"e" * 100_000 + b"x.",
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_take_neither_memory_nor_time(name):
    data = BOMBS[name]
    tracemalloc.start()
    began = time.perf_counter()
    try:
        with pytest.raises(RequestError):
            read_plain(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100_000_000 + 10 * len(data)
    assert time.perf_counter() - began < 60  # under the tracer, on a busy machine


def test_a_memo_of_a_high_number_costs_nothing():
    """Python's own reader makes a table of so many places."""
    data = b"\x80\x04K\x01r" + struct.pack("<I", 2**32 - 1) + b"0K\x02."
    assert "LONG_BINPUT" in {one.name for one, _, _ in pickletools.genops(data)}
    tracemalloc.start()
    try:
        with pytest.raises(RequestError, match="has the operation POP"):
            read_plain(data)
        assert read_plain(data.replace(b"0K\x02", b"")) == 1
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_lists_of_lists_that_stand_twice_are_not_gone_through():
    """40 levels, of which the last would hold 2**40 values, and as keys would take for ever to be hashed."""
    levels = b"".join(b"h" + bytes([place]) + b"h" + bytes([place]) + b"\x86\x94" for place in range(40))
    built = b"\x80\x04()\x94" + levels + b"t"
    assert len(read_plain(built + b".")) == 41
    with pytest.raises(RequestError, match="a key of a mapping is neither text nor a whole number"):
        read_plain(built + b"}h\x28K\x01s.")


def test_as_many_operations_as_pictures_need_are_read():
    sent = {
        "images": [os.urandom(100)] * 256,
        "meta_datas": [{f"key {place}": [place, str(place)] for place in range(60)} for _ in range(256)],
    }
    assert read_plain(pickle.dumps(sent)) == sent
    assert sum(1 for _ in pickletools.genops(pickle.dumps(sent))) < plain_pickle.MOST_OPERATIONS


@given(st.binary(max_size=200))
def test_any_bytes_are_plain_data_or_refused(data):
    try:
        read_plain(data)
    except RequestError as error:
        assert error.status in (400, 413)


@given(st.data())
def test_damaged_pickles_are_plain_data_or_refused(data):
    whole = pickle.dumps({"images": [b"abc"], "prompts": np.array(["a", "b"]), "n": [1.5, None, (1, 2, 3)]})
    place = data.draw(st.integers(0, len(whole) - 1))
    damaged = whole[:place] + bytes([data.draw(st.integers(0, 255))]) + whole[place + 1 :]
    try:
        read_plain(damaged)
    except RequestError as error:
        assert error.status in (400, 413)
