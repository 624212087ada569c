"""Jinja for templates that others wrote: what they do is bounded, and is a function of the scene alone.

All that a template can do is counted in steps (`spend`), and no value is larger than `MOST_SIZE` (`measure`). Three
hooks suffice: what computes (filters, tests, operators, methods) goes through `_operate`; what repeats (loops, macros,
blocks, whole templates) begins with a statement that spends what its body costs; what renders is joined by `concat`.
The second, and operators that Jinja gives no hook for, are put into the template's tree before it becomes code.

A template sees texts, numbers, lists and dicts of those, and views of the scene; none of them can be changed.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Iterable, Iterator, MappingView
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import islice
from typing import Any

from jinja2 import Template, TemplateRuntimeError, TemplateSyntaxError, Undefined, nodes, pass_context
from jinja2.environment import TemplateModule
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from .marks import MARK, Known, Placeholder, Slot, keep_text, mark

MOST_STEPS = 50_000
"""Steps of rendering once, which take a tenth of a second: operations, items that a loop goes through ..."""
SHARE = 5
"""... and so many characters, items that are looked at, or parts of a body that is run."""
MOST_SIZE = 20_000
"""Characters of a text, or items of a list and of the lists in it; also the largest number that a filter is given."""
LONGEST_MARK = 100
"""Characters of a mark at most, which is one word."""
MOST_WORK = 10_000_000
"""Sizes of what a filter or operator is given, multiplied: what `replace`, `indent` and `join` may come to."""
MOST_CALLS = 50
"""Calls of macros within calls, and lists within lists."""
MOST_DEPTH = 40
"""Statements and expressions within others; twice as many do not fit into Python's own parser."""
MOST_LOOPS = 15
"""Loops within loops."""

HIDDEN_FILTERS = {
    *("random", "pprint"),  # depend on more than the scene
    *("striptags", "tojson", "urlize", "wordwrap", "xmlattr"),  # markup, with expressions that take quadratic time
}
MARKING_FILTERS = {"listing", "capitalized", "starting", "default", "d"}
"""Filters that need not look at the words of the text that they are given."""
OPEN_TESTS = {"defined", "undefined", "none"}
"""Tests of what a name stands for, whatever that is."""
SPENT: Any = (Iterator, MappingView, range)
"""What filters and methods give where a list would do."""
OURS = ("mark", "names", "words")
"""What texts and views have that is not for templates."""
OPERATORS = frozenset(ImmutableSandboxedEnvironment.default_binop_table)
SURROGATE = re.compile("[\ud800-\udfff]")
FORMATS = ("%", "format", "format_map")
WIDTH = re.compile(r"[%:.<>=^)][-+#, 0]*([1-9]\d{3}|\*)|\{[^{}]+\{")
"""In a format: a width or precision of four digits, or one that is given beside it."""


class View:
    """What a template sees of a scene, and cannot print: it has the fields `names`."""

    @property
    def names(self) -> list[str]:
        """What a template can ask for."""
        raise NotImplementedError

    def __str__(self) -> str:
        raise TemplateRuntimeError(f"the {self!r} is no text; print one of its words")

    def __repr__(self) -> str:
        return type(self).__name__.removesuffix("View").lower()


@dataclass
class Meter:
    """The steps of rendering once, and how deep its calls are at the moment."""

    steps: int = 0
    calls: int = 0


_METER: ContextVar[Meter | None] = ContextVar("meter", default=None)


@contextmanager
def limit_work(meter: Meter | None = None) -> Iterator[None]:
    """Counts what templates do within from 0; without a meter, as while they are compiled, they can do nothing."""
    token = _METER.set(meter)
    try:
        yield
    finally:
        _METER.reset(token)


def spend(steps: int) -> Meter:
    """Counts steps.

    Raises:
        TemplateRuntimeError: There are more than `MOST_STEPS`.
    """
    meter = _METER.get()
    if meter is None:
        raise nodes.Impossible  # Jinja tries to evaluate constants while it compiles
    meter.steps += steps
    if meter.steps > MOST_STEPS:
        raise TemplateRuntimeError(f"the template takes more than {MOST_STEPS:,} steps; shorten or remove loops")
    return meter


def measure(value: Any, depth: int = 0) -> int:
    """The size of a value: characters of a text, items of a list and of the lists in it, and 1 for all else.

    Raises:
        TemplateRuntimeError: It is too large, or it is nothing that templates compute with.
    """
    size = 1
    if isinstance(value, str):
        size = len(value)
        if not value.isascii() and SURROGATE.search(value):
            raise TemplateRuntimeError("a text has half a character, a surrogate")
    elif isinstance(value, (list, tuple, dict)):
        if depth > MOST_CALLS:
            raise TemplateRuntimeError(f"lists are nested more than {MOST_CALLS} deep")
        items = (*value.keys(), *value.values()) if isinstance(value, dict) else value
        size += sum(measure(item, depth + 1) for item in items)
    elif not isinstance(value, (int, float, Undefined, View, Placeholder)) and value is not None:
        raise TemplateRuntimeError(f"a {type(value).__name__} is no text, number or list")
    elif isinstance(value, int) and value.bit_length() > 64:
        raise TemplateRuntimeError("a number has more than 64 bits")
    return _check_size(size)


def _check_size(size: int) -> int:
    if size > MOST_SIZE:
        raise TemplateRuntimeError(f"a text or list has more than {MOST_SIZE:,} characters or items")
    return size


def _settle(value: Any) -> Any:
    """A value as text, number, list or dict: what could be read but once is read."""
    if isinstance(value, str):
        return keep_text(value) if not isinstance(value, Known) else value
    return list(islice(value, MOST_SIZE + 1)) if isinstance(value, SPENT) else value


def _check_number(name: str, value: int) -> int:
    if abs(value) > MOST_SIZE:
        raise TemplateRuntimeError(f"`{name}` is given {value}; the largest number that it may have is {MOST_SIZE}")
    return abs(value)


def _operate(name: str, function: Callable[..., Any], subject: Any, *arguments: Any) -> Any:
    """Calls `function()`, which computes something from a subject and arguments, if they are not too much."""
    sizes = [measure(value) for value in (subject, *arguments)]
    if isinstance(subject, str) and name in FORMATS:
        if WIDTH.search(subject):
            raise TemplateRuntimeError("a format has a width of over 999, or one that is given beside it")
    else:
        sizes += [_check_number(name, value) for value in arguments if isinstance(value, int)]
    if math.prod(max(size, 1) for size in sizes) > MOST_WORK:
        raise TemplateRuntimeError(f"`{name}` is given too much text, or too large a number")
    spend(1 + sum(sizes) // SHARE)
    result = _settle(function())
    spend(measure(result) // SHARE)
    return result


def _see_words(values: Iterable[Any], within: bool = False) -> None:
    """Refuses text of which words are not known; `within` lists, too, for what takes no text but Python's own."""
    for value in values:
        if isinstance(value, Placeholder):
            value.refuse()
        elif within and isinstance(value, (list, tuple, dict)):
            _see_words(value.values() if isinstance(value, dict) else value, within)


def _bound(name: str, function: Any, marking: bool = False) -> Callable[..., Any]:
    """A filter or test of which what it is given, does and returns is bounded."""
    first = int(hasattr(function, "jinja_pass_arg"))

    @functools.wraps(function)
    def bounded(*arguments: Any, **named: Any) -> Any:
        values = [*arguments[first:], *named.values()]
        if not marking:
            _see_words(values)
        return _operate(name, lambda: function(*arguments, **named), *values)

    return bounded


def _join(values: Iterable[Any]) -> str | Placeholder:
    """What `~` makes of values, and what is rendered of a template in parts."""
    parts: list[str] = []
    size = 0
    for value in values:
        parts.append(str(mark(value)))
        size += len(parts[-1])
        _check_size(size // LONGEST_MARK)
        spend(1)
    text = "".join(parts)
    spend(_check_size(len(MARK.sub(" ", text))) // SHARE)
    return keep_text(text)


@pass_context
def _spend_here(context: Context, steps: int) -> None:
    spend(steps)


@pass_context
def _weigh(context: Context, value: Any) -> Any:
    """What is compared, and lists that are written out."""
    _see_words([value])
    spend(measure(value) // SHARE)
    return value


@pass_context
def _weigh_items(context: Context, value: Any) -> Any:
    """What a loop goes through."""
    _see_words([value])
    value = _settle(value)
    if isinstance(value, (str, list, tuple, dict)):
        spend(len(value))
    return value


@pass_context
def _concatenate(context: Context, values: tuple[Any, ...]) -> Any:
    for value in values:
        measure(value)
    return _join(values)


SPEND, WEIGH, ITEMS, CONCATENATE = " spend", " weigh", " items", " concatenate"
"""Filters that no template can name, for what it has no name for."""
HOOKS = {SPEND: _spend_here, WEIGH: _weigh, ITEMS: _weigh_items, CONCATENATE: _concatenate}


class _Hooking(NodeTransformer):
    """Puts the hooks into a template's tree."""

    def __init__(self, environment: Sandbox) -> None:
        self.environment = environment

    def _filter(self, name: str, value: nodes.Node) -> Any:
        node = nodes.Filter(value, name, [], [], None, None, lineno=value.lineno)
        return node.set_environment(self.environment)

    def _begin(self, node: Any) -> Any:
        """A body that spends, each time that it runs, as many steps as it has parts."""
        node = self.generic_visit(node)
        steps = nodes.Const(1 + sum(1 for body in node.body for _ in body.find_all(nodes.Node)) // SHARE)
        steps.set_lineno(node.lineno)
        statement = nodes.ExprStmt(self._filter(SPEND, steps), lineno=node.lineno)
        node.body.insert(0, statement.set_environment(self.environment))
        return node

    visit_Template = visit_Block = visit_Macro = visit_CallBlock = _begin  # noqa: N815

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802
        node = self._begin(node)
        node.iter = self._filter(ITEMS, node.iter)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        values = nodes.Tuple(node.nodes, "load", lineno=node.lineno)
        return self._filter(CONCATENATE, values.set_environment(self.environment))

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        sides: list[Any] = [node, *node.ops]
        for side in sides:
            side.expr = self._filter(WEIGH, side.expr)
        return node

    def _weigh(self, node: Any) -> Any:
        node = self.generic_visit(node)
        return node if getattr(node, "ctx", "load") == "store" else self._filter(WEIGH, node)

    visit_List = visit_Tuple = visit_Dict = _weigh  # noqa: N815

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return self._filter(WEIGH, node) if isinstance(node.arg, nodes.Slice) else node


def _find_mistake(node: nodes.Node, depth: int, loops: int) -> str:
    """What is wrong with a part of a template, or ""."""
    if depth > MOST_DEPTH:
        return f"it is nested more than {MOST_DEPTH} deep; keep parts with `set`"
    if loops > MOST_LOOPS:
        return f"loops are nested more than {MOST_LOOPS} deep"
    if isinstance(node, (nodes.ScopedEvalContextModifier, nodes.EvalContextModifier)):
        return "`autoescape` is for HTML, and captions are plain text"
    if isinstance(node, nodes.Const) and isinstance(node.value, str) and SURROGATE.search(node.value):
        return "a text has half a character, a surrogate"
    if isinstance(node, (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
        names = node.template.items if isinstance(node.template, (nodes.List, nodes.Tuple)) else [node.template]
        if not all(isinstance(name, nodes.Const) and isinstance(name.value, str) for name in names):
            return "write the name of the other template in quotes"
    return ""


def check_tree(tree: nodes.Template, name: str | None, filename: str | None) -> None:
    """Refuses what no template may have.

    Raises:
        TemplateSyntaxError: With the line.
    """
    waiting: list[tuple[nodes.Node, int, int]] = [(tree, 0, 0)]
    while waiting:
        node, depth, loops = waiting.pop()
        loops += isinstance(node, nodes.For)
        if mistake := _find_mistake(node, depth, loops):
            raise TemplateSyntaxError(mistake, node.lineno, name, filename)
        waiting += [(child, depth + 1, loops) for child in node.iter_child_nodes()]


class FreshTemplate(Template):
    """A template that is run anew wherever it is imported, so that nothing is left of earlier scenes."""

    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:
        return self.make_module()


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja for templates that others wrote."""

    template_class = FreshTemplate
    intercepted_binops = OPERATORS
    concat = staticmethod(_join)  # type: ignore[assignment]

    def __init__(self, filters: dict[str, Callable[..., Any]], **options: Any) -> None:
        super().__init__(finalize=_print, **options)
        del self.globals["lipsum"]
        for name in HIDDEN_FILTERS:
            del self.filters[name]
        del self.tests["sameas"]
        self.filters |= filters
        self.filters = {name: _bound(name, one, name in MARKING_FILTERS) for name, one in self.filters.items()} | HOOKS
        self.tests = {name: one if name in OPEN_TESTS else _bound(name, one) for name, one in self.tests.items()}

    def _generate(
        self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False
    ) -> str:
        check_tree(source, name, filename)
        with limit_work():
            return super()._generate(_Hooking(self).visit(source), name, filename, defer_init)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if isinstance(obj, Placeholder):
            obj.refuse()
        ours = isinstance(obj, (View, Known)) and attr in OURS
        return not ours and super().is_safe_attribute(obj, attr, value)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "+" and all(type(one) in (str, Known, Placeholder, Slot) for one in (left, right)):
            return _concatenate(context, (left, right))
        _see_words((left, right))
        compute = functools.partial(self.binop_table[operator], left, right)
        if not isinstance(left, (int, float)) or operator == "**":
            return _operate(operator, compute, left, right)
        return _operate(operator, compute, right, *([] if isinstance(right, (int, float)) else [left]))

    def call(self, context: Context, obj: Any, /, *arguments: Any, **named: Any) -> Any:
        values = [*arguments, *named.values()]
        owner = getattr(getattr(obj, "__wrapped__", obj), "__self__", None)
        run = functools.partial(super().call, context, obj, *arguments, **named)
        if isinstance(owner, (str, list, tuple, dict, int, float)):
            _see_words(values, within=True)
            return _operate(obj.__name__, run, owner, *values)
        if obj is self.globals["range"]:
            return _operate("range", run, 0, *values)
        meter = spend(1 + sum(len(value) for value in values if isinstance(value, (list, tuple, dict))))
        if meter.calls >= MOST_CALLS:
            raise TemplateRuntimeError(f"calls are nested more than {MOST_CALLS} deep")
        meter.calls += 1
        try:
            result = run()
        finally:
            meter.calls -= 1
        return _weigh(context, result) if isinstance(result, dict) else result


def _print(value: Any) -> Any:
    """What a template prints of a value: text, a number, or nothing."""
    if isinstance(value, (str, int, float, Undefined, Placeholder, View)) or value is None:
        return mark(value)
    raise TemplateRuntimeError(f"a {type(value).__name__} is no text or number; it cannot be printed")
