"""The macros that questions are asked with: those of templates, and those that `taxonomy.toml` makes of its texts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache

import jinja2

from ...errors import GasError
from ...taxonomy.declarations import PLACEHOLDER, Declarations
from ...taxonomy.places import DECLARATIONS
from ..text.templates import create_environment, list_macros
from .batches import OPEN_MACRO
from .kinds.scene import CHOOSE_MACRO, YES_NO_MACRO

Macros = dict[str, jinja2.Template]
"""Macros by their names, each with the template that defines it."""

IMPORTS = '{% from "phrases.jinja" import refer_in_turn %}\n'

OBJECT = {
    "object": "refer_in_turn(object)",
    "be": "object.be",
    "do": "object.do",
    "medium": "medium",
}
SCENE = {"": "attribute.name", "phrase": "attribute.phrase", "medium": "medium"}
"""What stands for each placeholder of a text."""


def collect_macros(
    templates: Mapping[str, jinja2.Template], declared: Declarations, are_own: bool = False
) -> dict[str, Macros]:
    """Collects the macros of each kind of questions; those of a recipe's own template come before declared ones.

    Args:
        templates: The template of each kind.
        declared: What the taxonomy has of its own.
        are_own: Whether the templates are the recipe's own.

    Raises:
        GasError: A declared kind has the macro of a shipped group of attributes.
    """
    macros = {}
    for kind, template in templates.items():
        own = dict.fromkeys(sorted(list_macros(template)), template)
        further = _list_declared(kind, declared)
        if not are_own and (taken := sorted(further.keys() & own.keys())):
            name = taken[0].removeprefix(OPEN_MACRO)
            raise GasError(f"{DECLARATIONS}: [attributes.{name}]: shipped attributes have this group; rename it")
        macros[kind] = {**further, **own}
    return macros


def _list_declared(kind: str, declared: Declarations) -> Macros:
    """The macros of one kind of questions that texts of declared kinds make."""
    source = "".join(_write_macros(kind, declared))
    if not source:
        return {}
    template = _compile(source)
    return dict.fromkeys(list_macros(template), template)


def _write_macros(kind: str, declared: Declarations) -> Iterator[str]:
    if kind == "attribute":
        for name, text in declared.say("attributes", "question").items():
            yield _write_macro(f"{OPEN_MACRO}{name}(object)", text, OBJECT)
    elif kind == "scene":
        for name, text in declared.say("scene_attributes", "yes_no").items():
            yield _write_macro(f"{YES_NO_MACRO}{name}(attribute)", text, SCENE)
        for name, text in declared.say("scene_attributes", "question").items():
            yield _write_macro(f"{CHOOSE_MACRO}{name}()", text, SCENE)


def _write_macro(call: str, text: str, placeholders: Mapping[str, str]) -> str:
    """A macro that prints a text: what is between placeholders is a constant, so nothing in it is a statement."""
    parts = PLACEHOLDER.split(text)
    printed = [
        placeholders[part] if number % 2 else json.dumps(part, ensure_ascii=False) for number, part in enumerate(parts)
    ]
    said = "".join(f"{{{{ {one} }}}}" for one in printed[1 if not parts[0] else 0 :])
    return f"{{% macro {call} %}}{said.replace(' }}', ' | capitalized }}', 1)}{{% endmacro %}}\n"


@lru_cache(maxsize=8)
def _compile(source: str) -> jinja2.Template:
    shipped = create_environment(None)
    assert shipped.loader is not None
    written = jinja2.DictLoader({DECLARATIONS: IMPORTS + source})
    environment = shipped.overlay(loader=jinja2.ChoiceLoader([written, shipped.loader]))
    return environment.get_template(DECLARATIONS)
