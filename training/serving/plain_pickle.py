"""Plain data out of pickled bytes: lists, mappings, texts, numbers, bytes, and numpy's rows of texts or numbers.

Python's own unpickler imports and calls what the bytes name. This one imports nothing: it reads operations one by one
(`pickletools.genops`), does those that build plain data, and refuses all others. What stands for a name is a `_Name`,
which only the few names of numpy's arrays may be, and these are built here, of bytes and a type of fixed size.
"""

from __future__ import annotations

import pickle
import pickletools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .requests import RequestError

MOST_OPERATIONS = 250_000
"""Of a request; 64 pictures with their metadata take a few thousand."""
KEYS = (str, int)
"""What keys of mappings are; tuples in tuples would take for ever to be hashed."""
ARRAY_TYPE = re.compile(r"[USbiuf]\d{1,6}")
ARRAY = "an array of numpy"
CONSTRUCTORS = {
    ("numpy.core.multiarray", "_reconstruct"): "array",
    ("numpy._core.multiarray", "_reconstruct"): "array",
    ("numpy.core.numeric", "_frombuffer"): "buffer",
    ("numpy._core.numeric", "_frombuffer"): "buffer",
    ("numpy", "ndarray"): "class",
    ("numpy", "dtype"): "dtype",
}
"""The names that arrays are pickled with, and what they stand for here."""
VALUES = {
    *("SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "SHORT_BINBYTES", "BINBYTES", "BINBYTES8", "BYTEARRAY8"),
    *("BININT", "BININT1", "BININT2", "LONG1", "LONG4", "BINFLOAT"),
}
"""Operations whose argument is the value."""
CONSTANTS: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_LIST": list,
    "EMPTY_DICT": dict,
    "EMPTY_TUPLE": tuple,
}


@dataclass(frozen=True)
class _Name:
    """Stands for a name of numpy's, which nothing looks up."""

    role: str


@dataclass
class _Type:
    """A type of an array, as far as it has been read."""

    text: str
    order: str = "<"

    def set_state(self, state: Any) -> None:
        if not isinstance(state, tuple) or len(state) < 2 or state[1] not in ("<", ">", "|", "="):
            raise ValueError(f"{ARRAY} has a type that is none")
        self.order = "<" if state[1] == "=" else state[1]

    def make(self) -> np.dtype:
        return np.dtype(self.order + self.text)


@dataclass
class _Array:
    """An array, which its state fills."""

    value: np.ndarray | None = None

    def set_state(self, state: Any) -> None:
        if not isinstance(state, tuple) or len(state) != 5:
            raise ValueError(f"{ARRAY} has no state")
        _, shape, kind, _, data = state
        self.value = _make_array(data, kind, shape)


_MARK = object()


def read_plain(data: bytes) -> Any:
    """Reads pickled bytes of plain data.

    Args:
        data: What `pickle.dumps` gives, of protocol 3 or later.

    Raises:
        RequestError: They are no pickle, are damaged, or hold anything but plain data.
    """
    try:
        return _Reader().read(data)
    except RequestError:
        raise
    except Exception as error:  # what strangers' bytes do wrong is told in a dozen types
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise RequestError(f"the body is no pickle of plain data: {reason}", 400) from error


def write_plain(value: Any) -> bytes:
    """Pickles plain data as Python 3.4 and later read it."""
    return pickle.dumps(value, protocol=4)


class _Reader:
    """A stack and a memo, as pickle's virtual machine has them."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def read(self, data: bytes) -> Any:
        for count, (operation, argument, _) in enumerate(pickletools.genops(data)):
            if count >= MOST_OPERATIONS:
                raise RequestError(f"the pickle has more than {MOST_OPERATIONS:,} operations; send fewer", 413)
            if operation.name == "STOP":
                break
            self._do(operation.name, argument)
        value = _finish(self.stack.pop())
        if self.stack or value is _MARK:
            raise ValueError("it ends early")
        return value

    def _do(self, name: str, argument: Any) -> None:
        if name in VALUES:
            self.stack.append(argument)
        elif name in CONSTANTS:
            self.stack.append(CONSTANTS[name]())
        elif name in ("PROTO", "FRAME"):
            pass
        elif method := getattr(self, f"_do_{name.lower()}", None):
            method(argument)
        else:
            raise RequestError(_describe(name, argument), 400)

    def _pop_to_mark(self) -> list[Any]:
        place = len(self.stack) - 1
        while self.stack[place] is not _MARK:
            place -= 1
            if place < 0:
                raise ValueError("a mark is missing")
        found = [_finish(one) for one in self.stack[place + 1 :]]
        del self.stack[place:]
        return found

    def _pop(self) -> Any:
        if (value := _finish(self.stack.pop())) is _MARK:
            raise ValueError("a mark stands where a value should")
        return value

    def _top(self, kind: type) -> Any:
        if type(self.stack[-1]) is not kind:
            raise ValueError(f"something is put into what is no {kind.__name__}")
        return self.stack[-1]

    def _do_mark(self, _: Any) -> None:
        self.stack.append(_MARK)

    def _do_memoize(self, _: Any) -> None:
        self.memo[len(self.memo)] = self.stack[-1]

    def _do_binput(self, number: int) -> None:
        self.memo[number] = self.stack[-1]  # a mapping, so that a high number costs nothing

    _do_long_binput = _do_binput

    def _do_binget(self, number: int) -> None:
        self.stack.append(self.memo[number])

    _do_long_binget = _do_binget

    def _do_append(self, _: Any) -> None:
        value = self._pop()
        self._top(list).append(value)

    def _do_appends(self, _: Any) -> None:
        values = self._pop_to_mark()
        self._top(list).extend(values)

    def _do_setitem(self, _: Any) -> None:
        value, key = self._pop(), self._pop()
        self._set({key: value} if type(key) in KEYS else None)

    def _do_setitems(self, _: Any) -> None:
        self._set(_pair(self._pop_to_mark()))

    def _set(self, pairs: dict[Any, Any] | None) -> None:
        if pairs is None:
            raise ValueError("a key of a mapping is neither text nor a whole number")
        self._top(dict).update(pairs)

    def _do_tuple(self, _: Any) -> None:
        self.stack.append(tuple(self._pop_to_mark()))

    def _do_tuple1(self, _: Any) -> None:
        self._gather(1)

    def _do_tuple2(self, _: Any) -> None:
        self._gather(2)

    def _do_tuple3(self, _: Any) -> None:
        self._gather(3)

    def _gather(self, count: int) -> None:
        self.stack.append(tuple([self._pop() for _ in range(count)][::-1]))

    def _do_global(self, argument: str) -> None:
        self._name(*argument.split(" ", 1))

    def _do_stack_global(self, _: Any) -> None:
        name, module = self._pop(), self._pop()
        self._name(module, name)

    def _name(self, module: Any, name: Any) -> None:
        if type(module) is not str or type(name) is not str or (module, name) not in CONSTRUCTORS:
            raise RequestError(_describe("GLOBAL", f"{str(module)[:60]}.{str(name)[:60]}"), 400)
        self.stack.append(_Name(CONSTRUCTORS[module, name]))

    def _do_reduce(self, _: Any) -> None:
        arguments, made = self.stack.pop(), self.stack.pop()
        if type(arguments) is not tuple or not isinstance(made, _Name):
            raise ValueError("it calls what is no array's")
        self.stack.append(_construct(made.role, arguments))

    def _do_build(self, _: Any) -> None:
        state, made = self.stack.pop(), self.stack[-1]
        if not isinstance(made, _Type | _Array):
            raise ValueError("it changes what is no array")
        made.set_state(state)


def _finish(value: Any) -> Any:
    """What stands on the stack, without the shell of an array.

    Raises:
        ValueError: It is a part of one that is missing the rest.
    """
    if isinstance(value, _Array):
        if value.value is None:
            raise ValueError(f"{ARRAY} has no state")
        return value.value
    return value


def _pair(values: list[Any]) -> dict[Any, Any] | None:
    keys = values[::2]
    if len(values) % 2 or not all(type(key) in KEYS for key in keys):
        return None
    return dict(zip(keys, values[1::2], strict=True))


def _construct(role: str, arguments: tuple[Any, ...]) -> Any:
    """What one of the names makes of its arguments."""
    if role == "dtype" and type(arguments[0]) is str and ARRAY_TYPE.fullmatch(arguments[0]):
        return _Type(arguments[0])
    if role == "array" and arguments[:1] == (_Name("class"),):
        return _Array()  # its shape and bytes follow
    if role == "buffer" and len(arguments) == 4:
        data, kind, shape, _ = arguments
        return _Array(_make_array(data, kind, shape))
    raise ValueError(f"{ARRAY} is of no type of numbers or texts")


def _make_array(data: Any, kind: Any, shape: Any) -> np.ndarray:
    """An array of the bytes that are there; numpy checks that they are as many as its one dimension needs."""
    if not isinstance(data, bytes | bytearray) or not isinstance(kind, _Type):
        raise ValueError(f"{ARRAY} is damaged")
    if type(shape) is not tuple or len(shape) != 1:
        raise ValueError(f"{ARRAY} has another number of dimensions than one")
    return np.frombuffer(data, dtype=kind.make()).reshape(shape)


def _describe(name: str, argument: Any) -> str:
    """What is refused, and what to send."""
    what = f"names {argument}" if name == "GLOBAL" else f"has the operation {name}"
    return f"the pickle {what}, which is no plain data; send lists, mappings, texts, numbers and bytes"
