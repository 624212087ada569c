"""Jinja templates and their partial evaluation: a template becomes a sequence of literal text and slots for words.

A template is rendered with placeholders (`Slot`) instead of words: what depends on the structure is evaluated, what
depends on words is left open. Printing a placeholder leaves a mark; anything that would look at the word raises
`WordInspected`, and such a template is rendered again for every row, with the words themselves. Both ways yield
pieces, so everything after this file treats them alike.

A mark is three characters of Unicode's private use area around a place and, where it is known, the word:

    OPEN object.name,object,0,object/0 MIDDLE CLOSE           word, role, number, element; `^` in front for a capital
    OPEN object/0 MIDDLE dog CLOSE                            a word that is known: its element alone
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import jinja2
import jinja2.meta
import jinja2.sandbox
from jinja2 import nodes

from ... import templates as shipped
from ...errors import GasError, advise, suggest
from ..recipe.fields import LARGEST_COUNT
from .columns import CAPITAL, ENDS_IN_COMMA, name_column

OPEN, MIDDLE, CLOSE = "\ue000", "\ue001", "\ue002"
START = "\ue003"
"""What `starting` sets before its text."""
MARK = re.compile(f"{OPEN}([^{MIDDLE}]*){MIDDLE}([^{CLOSE}]*){CLOSE}")
CLOSING = re.compile(r"\s*[.,;:?!]")


class WordInspected(Exception):  # noqa: N818 - it tells what a template does; nothing went wrong
    """The template branched on a word, changed or counted it: it must be rendered per row, where the word is known."""


class Piece(NamedTuple):
    """A piece of rendered text: literal `text`, or the word in a `slot`, which is (column, role, number).

    The word of a slot is entry `start + number` of the column, where `start` is where the row's own words of the role
    begin. `element` names the part of the scene that the piece mentions, or is empty.
    """

    text: str
    slot: tuple[str, str, int] | None = None
    element: str = ""


class Slot:
    """Placeholder for a word that is not known yet: an entry of a column, `role` and `number` say which."""

    def __init__(self, column: str, role: str, number: int, element: str) -> None:
        self.where = f"{column},{role},{number},{element}"
        self.mark = f"{OPEN}{self.where}{MIDDLE}{CLOSE}"

    def _refuse(self, *_: object) -> NoReturn:
        raise WordInspected(self.where)

    # Every way in which Jinja or a filter could learn something about a word; `finalize` alone prints the mark.
    __str__ = __eq__ = __ne__ = __hash__ = __bool__ = __len__ = __iter__ = __getitem__ = __contains__ = _refuse
    __add__ = __radd__ = __mul__ = __mod__ = __lt__ = __le__ = __gt__ = __ge__ = __format__ = __html__ = __int__ = (
        _refuse
    )


class Word(str):
    """A word that is known, with the part of the scene that it mentions."""

    element: str

    def __new__(cls, text: str, element: str) -> Word:
        word = super().__new__(cls, text)
        word.element = element
        return word


Leaf = Callable[[str, str, int, str], Slot | Word]
"""Makes the placeholder or the word for (column, role, number, element)."""


def _mark(value: Any) -> Any:
    if isinstance(value, Slot):
        return value.mark
    if isinstance(value, Word):
        return f"{OPEN}{value.element}{MIDDLE}{value}{CLOSE}"
    return value


def list_phrases(values: Any) -> str:
    """Filter `listing`: "a", "a and b", "a, b, and c"."""
    parts = [str(_mark(value)) for value in values]
    if len(parts) < 3:
        return " and ".join(parts)
    return ", ".join(parts[:-1]) + ", and " + parts[-1]


def capitalize(value: Any) -> str:
    """Filter `capitalized`: the first letter large, the others as they are."""
    # Text that begins with a mark begins with a word: its capital is made now if it is known, or asked of its column.
    text = str(_mark(value)).lstrip()
    if not text.startswith(OPEN):
        return text[:1].upper() + text[1:]
    where, word = text[1:].split(CLOSE)[0].split(MIDDLE)
    rest = text[text.index(CLOSE) + 1 :]
    if word:
        return f"{OPEN}{where}{MIDDLE}{word[0].upper()}{word[1:]}{CLOSE}{rest}"
    return f"{OPEN}{CAPITAL}{where}{MIDDLE}{CLOSE}{rest}"


def start(value: Any) -> str:
    """Filter `starting`: first in a block, with a capital unless an earlier block leaves off within a sentence."""
    return f"{START}{_mark(value)}"


def start_sentence(pieces: list[Piece], begins: bool) -> list[Piece]:
    """Pieces of a block that may be `starting`: with a capital if a sentence begins there."""
    if not pieces or not pieces[0].text.startswith(START):
        return pieces
    first, rest = pieces[0].text.removeprefix(START), pieces[1:]
    if first or not begins or not rest:
        text = first[:1].upper() + first[1:] if begins else first
        return [Piece(text), *rest] if text else rest
    word = rest[0]
    if word.slot is None:
        return [word._replace(text=word.text[:1].upper() + word.text[1:]), *rest[1:]]
    column, role, number = word.slot
    return [word._replace(slot=(column.removesuffix(CAPITAL) + CAPITAL, role, number)), *rest[1:]]


class Missing(jinja2.StrictUndefined):
    """What a template names that is not there; an error that says what is there when it is used."""

    @property
    def _undefined_message(self) -> str:
        names = getattr(self._undefined_obj, "names", None)
        if names is None or not isinstance(self._undefined_name, str):
            return super()._undefined_message
        return f"there is no `{self._undefined_name}` here; {advise(self._undefined_name, names)}"


@lru_cache(maxsize=16)
def create_environment(folder: Path | None) -> jinja2.Environment:
    """Jinja over the shipped templates; with a recipe's folder its sandbox, which finds that folder's templates first.

    The sandbox makes rendering three times as slow, so what we ship ourselves does without it.
    """
    shipped = jinja2.FunctionLoader(_read_shipped)
    kind = jinja2.sandbox.SandboxedEnvironment if folder else jinja2.Environment
    environment = kind(
        loader=jinja2.ChoiceLoader([jinja2.FileSystemLoader(folder), shipped]) if folder else shipped,
        undefined=Missing,
        finalize=_mark,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
    environment.filters.update(listing=list_phrases, capitalized=capitalize, starting=start)
    return environment


def _read_shipped(name: str) -> str | None:
    file = files(shipped).joinpath(*name.split("/"))
    return file.read_text(encoding="utf-8") if file.is_file() else None


def list_templates(kind: str) -> list[str]:
    """Names of the shipped templates of a kind, `captions` or `questions`."""
    folder = files(shipped) / kind
    return sorted(file.name.removesuffix(".jinja") for file in folder.iterdir() if file.name.endswith(".jinja"))


def load_template(kind: str, name: str, folder: Path | None) -> jinja2.Template:
    """Finds a shipped template by name, or one in the recipe's folder by path.

    Raises:
        GasError: There is no such template, or it is not valid Jinja.
    """
    own = "/" in name or name.endswith(".jinja")
    try:
        return create_environment(folder).get_template(name if own else f"{kind}/{name}.jinja")
    except jinja2.TemplateSyntaxError as error:
        raise GasError(f"{error.filename or error.name or name}:{error.lineno}: {error.message}") from error
    except jinja2.TemplateNotFound as error:
        if error.name not in (name, f"{kind}/{name}.jinja"):
            raise GasError(f"template {name}: it imports {error.name}, which does not exist") from error
        place = f"{folder or Path()}/{name} does not exist" if own else f"there is no template `{name}`"
        hint = (
            suggest(name, list_templates(kind))
            or f"choose from {', '.join(list_templates(kind))}, or write a path ending in .jinja"
        )
        raise GasError(f"{place}; {hint}") from error


def read_source(template: jinja2.Template) -> str:
    """The template's text."""
    environment = template.environment
    assert environment.loader is not None and template.name is not None
    return environment.loader.get_source(environment, template.name)[0]


def read_sources(template: jinja2.Template) -> dict[str, str]:
    """The text of a template and of those that it imports, by name.

    Raises:
        GasError: One of them does not exist.
    """
    sources: dict[str, str] = {}

    def add(template: jinja2.Template) -> None:
        assert template.name is not None
        if template.name not in sources:
            sources[template.name] = read_source(template)
            for imported in jinja2.meta.find_referenced_templates(template.environment.parse(sources[template.name])):
                if imported:
                    add(template.environment.get_template(imported))

    try:
        add(template)
    except jinja2.TemplateNotFound as error:
        raise GasError(f"{template.filename}: it imports {error.name}, which does not exist") from error
    return sources


def read_frames(template: jinja2.Template) -> int:
    """In how many frames a template puts captions: what `{% set frames = 6 %}` at its top says, or 1.

    Raises:
        GasError: It says something else than a number of frames.
    """
    for node in template.environment.parse(read_source(template)).body:
        if _sets_frames(node):
            assert isinstance(node, nodes.Assign)
            frames = node.node.value if isinstance(node.node, nodes.Const) else None
            if type(frames) is not int or not 1 <= frames <= LARGEST_COUNT:
                place = f"{template.filename or template.name}:{node.lineno}"
                raise GasError(f"{place}: `frames` is how many frames there are: a number from 1 to {LARGEST_COUNT}")
            return frames
    return 1


def _sets_frames(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Assign) and isinstance(node.target, nodes.Name) and node.target.name == "frames"


def split_blocks(template: jinja2.Template) -> dict[str, frozenset[str]]:
    """What each of the template's blocks uses; one unnamed block when it prints outside of blocks.

    Blocks are rendered apart, each once for every combination of what it uses: fields of `scene`, and `frame`. An
    empty set means that it uses all of them.
    """
    # White space and comments between blocks print nothing that matters.
    tree = template.environment.parse(read_source(template))
    outside = [
        node
        for node in tree.body
        if not isinstance(node, nodes.Block)
        and not _sets_frames(node)
        and not (
            isinstance(node, nodes.Output)
            and all(isinstance(part, nodes.TemplateData) and not part.data.strip() for part in node.nodes)
        )
    ]
    if outside:
        return {"": frozenset()}
    return {block.name: _find_uses(block) for block in tree.body if isinstance(block, nodes.Block)}


def _find_uses(block: nodes.Block) -> frozenset[str]:
    # `scene.objects` counts as a use of `objects`; a bare `scene` (an argument, a filter) may use all of it.
    uses = [
        node.attr
        for node in block.find_all(nodes.Getattr)
        if isinstance(node.node, nodes.Name) and node.node.name == "scene"
    ]
    names = [node.name for node in block.find_all(nodes.Name) if node.name in ("scene", "frame")]
    if len(uses) != names.count("scene"):
        return frozenset()
    return frozenset(uses) | (frozenset(names) - {"scene"})


def render_block(template: jinja2.Template, block: str, variables: dict[str, Any]) -> list[Piece]:
    """Renders one block, or the whole template when `block` is empty."""
    context = template.new_context(variables)
    run = template.blocks[block] if block else template.root_render_func
    return split_marks(_guard(template, lambda: "".join(run(context))))


def render_macro(
    template: jinja2.Template, macro: str, arguments: list[Any], variables: dict[str, Any]
) -> list[Piece]:
    """Calls a macro of the template; `variables` are what all of its macros see."""
    return split_marks(_guard(template, lambda: str(getattr(template.make_module(variables), macro)(*arguments))))


@lru_cache(maxsize=64)
def list_macros(template: jinja2.Template) -> frozenset[str]:
    """Names of the macros that the template itself defines."""
    tree = template.environment.parse(read_source(template))
    return frozenset(node.name for node in tree.body if isinstance(node, nodes.Macro))


def _guard(template: jinja2.Template, render: Callable[[], str]) -> str:
    try:
        return render()
    except WordInspected:
        raise
    except Exception as error:  # a template may raise anything; it is the user's input, so say where
        place = template.filename or template.name
        trace = error.__traceback__
        while trace:
            if trace.tb_frame.f_code.co_filename == template.filename:
                place = f"{template.filename}:{template.get_corresponding_lineno(trace.tb_lineno)}"
            trace = trace.tb_next
        raise GasError(f"{place}: {error}") from error


def split_marks(text: str) -> list[Piece]:
    """Splits rendered text at its marks. White space in fixed text becomes one space, and none at either end.

    A word that ends in a comma (`a plane, the tool,`) loses it before other punctuation and at the end.
    """
    text = text.strip()
    # Only what a block begins with may be `starting`.
    text = text[:1] + text[1:].replace(START, "")
    # `split` with two groups gives text, then (place, word, text) for each mark.
    fixed, *marked = MARK.split(text)
    pieces = [_make_piece(fixed)]
    # The end of the text closes it as punctuation does.
    follows = [*marked[2:-1:3], marked[-1] or "."] if marked else []
    for where, word, after, following in zip(marked[::3], marked[1::3], marked[2::3], follows, strict=True):
        ends = CLOSING.match(following) is not None
        # The place of a known word is its element alone, without commas; the word itself may be empty.
        if word or "," not in where:
            pieces.append(Piece(word.removesuffix(",") if ends and not where else word, element=where))
        else:
            pieces.append(_read_slot(where, ends))
        pieces.append(_make_piece(after))
    return [piece for piece in pieces if piece.text or piece.slot]


@lru_cache(maxsize=1 << 14)
def _make_piece(fixed: str) -> Piece:
    return Piece(re.sub(r"\s+", " ", fixed))


@lru_cache(maxsize=1 << 14)
def _read_slot(where: str, ends: bool) -> Piece:
    word, role, number, element = where.removeprefix(CAPITAL).split(",")
    column = name_column(word, where.startswith(CAPITAL), ends and word in ENDS_IN_COMMA)
    return Piece("", (column, role, int(number)), element)
