"""Jinja templates: loading them, what they are made of, and rendering them as pieces of text.

`marks.py` has what they are rendered with, and `sandbox.py` what the templates of others may do.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
import jinja2.meta
from jinja2 import nodes
from jinja2.loaders import split_template_path
from jinja2.parser import Parser
from jinja2.utils import missing
from jinja2.visitor import NodeVisitor

from ... import templates as shipped
from ...errors import GasError, RecipeError, advise, describe_error, suggest
from ...regular_files import read_regular
from ..recipe.fields import LARGEST_COUNT
from ..recipe.loading import resolve_inside
from .marks import Piece, Unprintable, WordInspected, capitalize, list_phrases, mark, split_marks, start
from .sandbox import Meter, Sandbox, limit_work
from .views import SCENE_FIELDS

MOST_SOURCE = 100_000
"""Characters of a template of one's own."""
LONGEST = 500
"""Characters of what an error says beside its place."""
FILTERS = {"listing": list_phrases, "capitalized": capitalize, "starting": start}


class Missing(jinja2.StrictUndefined):
    """What a template names that is not there; an error that says what is there when it is used."""

    @property
    def _undefined_message(self) -> str:
        if self._undefined_obj is missing:
            return f"there is no `{self._undefined_name}`; {self._advise_field()}"
        names = getattr(self._undefined_obj, "names", None)
        if names is None or not isinstance(self._undefined_name, str):
            return super()._undefined_message
        return f"there is no `{self._undefined_name}` here; {advise(self._undefined_name, names)}"

    def _advise_field(self) -> str:
        """What to write for a name that stands alone: a field of the scene needs the scene."""
        if self._undefined_name in SCENE_FIELDS:
            return f"did you mean `scene.{self._undefined_name}`?"
        near = suggest(str(self._undefined_name), ["scene", "frame"])
        return near or (
            f"captions have `scene` ({', '.join(f'scene.{name}' for name in SCENE_FIELDS)}) and `frame`, macros of "
            "questions have their arguments and `medium`"
        )


@lru_cache(maxsize=16)
def create_environment(folder: Path | None) -> jinja2.Environment:
    """Jinja over the shipped templates; with a recipe's folder its sandbox, which finds that folder's templates first.

    The sandbox makes rendering three times as slow, so what we ship ourselves does without it.
    """
    shipped = jinja2.FunctionLoader(_read_shipped)
    options: dict[str, Any] = {
        "undefined": Missing,
        "trim_blocks": True,
        "lstrip_blocks": True,
        "autoescape": False,
    }
    if folder:
        return Sandbox(FILTERS, loader=jinja2.ChoiceLoader([RecipeLoader(folder), shipped]), **options)
    environment = jinja2.Environment(loader=shipped, finalize=mark, **options)
    environment.filters |= FILTERS
    return environment


class RecipeLoader(jinja2.FileSystemLoader):
    """Finds templates in the folder of a recipe."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.folder = folder

    def get_source(self, environment: jinja2.Environment, template: str) -> tuple[str, str, Any]:
        path = resolve_inside(self.folder, template, "template")
        if os.path.lexists(path):
            read_regular(path)  # Jinja takes what is no regular file for nothing, and reads a file of any size
        try:
            source, filename, is_same = super().get_source(environment, template)
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            raise GasError(f"{path}:{line}: it is not UTF-8; save it as UTF-8") from error
        if len(source) > MOST_SOURCE:
            raise GasError(f"{path}: it has more than {MOST_SOURCE:,} characters; make it shorter")
        return source, filename, is_same


def _read_shipped(name: str) -> str | None:
    file = files(shipped).joinpath(*split_template_path(name))
    try:
        return file.read_text(encoding="utf-8") if file.is_file() else None
    except (OSError, ValueError):  # the name is none that a file could have
        return None


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
        with _explain(f"{folder}/{name}" if own else name):
            return create_environment(folder).get_template(name if own else f"{kind}/{name}.jinja")
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


def parse_source(template: jinja2.Template) -> nodes.Template:
    """The template's tree."""
    with _explain(template.filename or str(template.name)):
        return _parse(template.environment, read_source(template), template.name, template.filename)


@lru_cache(maxsize=16)
def _parse(environment: jinja2.Environment, source: str, name: str | None, filename: str | None) -> nodes.Template:
    """The tree of a text, which nobody changes: what is asked of one template is asked in a row."""
    return environment.parse(source, name, filename)


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
            for imported in jinja2.meta.find_referenced_templates(parse_source(template)):
                if imported:
                    add(_load_imported(template, imported))

    add(template)
    return sources


def _load_imported(template: jinja2.Template, name: str) -> jinja2.Template:
    try:
        with _explain(f"{template.filename}: {_shorten(name)}"):
            return template.environment.get_template(name)
    except jinja2.TemplateNotFound as error:
        raise GasError(f"{template.filename}: it imports {_shorten(name)}, which does not exist") from error
    except RecipeError as error:
        raise GasError(f"{template.filename}: {_shorten(error.problems[0].message)}") from error


def read_frames(template: jinja2.Template) -> int:
    """In how many frames a template puts captions: what `{% set frames = 6 %}` at its top says, or 1.

    Raises:
        GasError: It says something else than a number of frames.
    """
    for node in parse_source(template).body:
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
    tree = parse_source(template)
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
    run = template.blocks[block] if block else template.root_render_func
    with limit_work(Meter()), _explain(template.filename or str(template.name)):
        text = template.environment.concat(run(template.new_context(variables)))
        return _split(template, text)


def render_text(template: jinja2.Template, variables: dict[str, Any]) -> str:
    """Renders a template whose variables are plain texts."""
    with limit_work(Meter()), _explain(template.filename or str(template.name)):
        return template.render(variables)


def render_macro(
    template: jinja2.Template, macro: str, arguments: list[Any], variables: dict[str, Any]
) -> list[Piece]:
    """Calls a macro of the template; `variables` are what all of its macros see."""
    with limit_work(Meter()), _explain(template.filename or str(template.name)):
        return _split(template, getattr(template.make_module(variables), macro)(*arguments))


def _split(template: jinja2.Template, text: Any) -> list[Piece]:
    try:
        return split_marks(mark(text))
    except Unprintable as error:
        place = f"{template.filename or template.name}{_find_character(template, error.character)}"
        raise GasError(f"{place}: {error}; remove it") from error


def _find_character(template: jinja2.Template, character: str) -> str:
    """The line on which a template has a character, as an error's place tells it; "" where another one has it."""
    tree = parse_source(template)
    for data in tree.find_all(nodes.TemplateData):
        before, found, _ = data.data.partition(character)
        if found:
            return f":{data.lineno + before.count(chr(10))}"
    for constant in tree.find_all(nodes.Const):
        if character in str(constant.value):
            return f":{constant.lineno}"
    return ""


@lru_cache(maxsize=64)
def list_macros(template: jinja2.Template) -> frozenset[str]:
    """Names of the macros that the template itself defines."""
    return frozenset(node.name for node in parse_source(template).body if isinstance(node, nodes.Macro))


@contextmanager
def _explain(place: str) -> Iterator[None]:
    """Makes a message of whatever a template raises: it is the user's input, so it says where."""
    try:
        yield
    except (WordInspected, GasError, jinja2.TemplateNotFound):
        raise
    except jinja2.TemplateSyntaxError as error:
        raise GasError(f"{error.filename or place}:{error.lineno}: {_describe(error)}") from error
    except Exception as error:
        raise GasError(f"{_find_line(error, place)}: {_describe(error)}") from error


def _describe(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deep; keep parts with `set`"
    return _shorten(describe_error(error))


def _shorten(text: str) -> str:
    return text if len(text) < LONGEST else f"{text[:LONGEST]} ..."


def _find_line(error: Exception, place: str) -> str:
    """The line that was run, in a template of the recipe before one of ours, or the line of `place` that was read."""
    own, ours, line = "", "", 1
    for frame, number in traceback.walk_tb(error.__traceback__):
        template, reader = frame.f_globals.get("__jinja_template__"), frame.f_locals.get("self")
        if template is not None:
            where = f"{template.filename or template.name}:{template.get_corresponding_lineno(number)}"
            own, ours = (where, ours) if template.filename else (own, where)
        elif isinstance(reader, Parser):
            line = reader.stream.current.lineno
        elif isinstance(reader, NodeVisitor):
            line = getattr(frame.f_locals.get("node"), "lineno", line)
    return own or ours or f"{place}:{line}"
