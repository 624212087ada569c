"""The kinds of questions that the folder `kinds` holds: what each has, and the order in which a row has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import jinja2
import numpy as np

from ...errors import GasError, Problem, RecipeError, gather_problems
from ..recipe.loading import resolve_inside
from ..recipe.questions import Questions
from ..text.templates import list_templates, load_template
from . import kinds
from .batches import Batch, QuestionContext
from .edited_scenes import EditedScenes

ROW_ORDER = ("object", "count", "attribute", "relation", "scene")
"""Kinds in the order in which a row has their questions: what others depend on comes first. Kinds that are not named
here come after these, by name, so that a new one leaves the questions before it at their places."""


@dataclass(frozen=True)
class Kind:
    """A kind of questions.

    Attributes:
        ask: Asks about a block of scenes.
        answer_edited: Answers a batch of these questions about edited scenes: tokens, or NONE, shape (questions,).
        template: The macros that it asks with.
        forms: The forms in which it asks.
    """

    ask: Callable[[QuestionContext], list[Batch]]
    answer_edited: Callable[[EditedScenes, Batch], np.ndarray]
    template: jinja2.Template
    forms: tuple[str, ...]


def choose_kinds(questions: Questions) -> dict[str, Kind]:
    """Loads the kinds that a recipe asks in one of its forms, in the order of rows, with the shipped templates.

    Raises:
        RecipeError: None of its kinds is asked in a form that it names.
        GasError: A kind lacks a part.
    """
    kinds = load_kinds(questions.kinds)
    known = dict.fromkeys(form for kind in kinds.values() for form in kind.forms)
    wrong = [form for form in questions.forms or () if form not in known] if kinds else []
    if wrong:
        message = f"none of the kinds {', '.join(kinds)} is asked as {' or '.join(wrong)}"
        hint = f"they are asked as {', '.join(known)}; or ask other `kinds`"
        raise RecipeError([Problem(message, key="questions.forms", hint=hint)])
    return {name: kind for name, kind in kinds.items() if any(map(questions.asks, kind.forms))}


def load_templates(kinds: Mapping[str, Kind], questions: Questions, folder: Path | None) -> dict[str, jinja2.Template]:
    """Loads the template of each kind: from the recipe's folder, where the recipe names one for questions.

    Args:
        kinds: The kinds, with the shipped templates.
        questions: What the recipe says of questions.
        folder: Where the recipe's own templates are, if it has any.

    Raises:
        RecipeError: A template of its own is missing or wrong; all such mistakes at once.
    """
    if questions.templates is None:
        return {name: kind.template for name, kind in kinds.items()}
    problems, templates = list[Problem](), dict[str, jinja2.Template]()
    for name in kinds:
        with gather_problems(problems, "questions.templates"):
            templates[name] = _load_own(f"{questions.templates}/{name}.jinja", name, folder)
    if problems:
        raise RecipeError(problems)
    return templates


def _load_own(path: str, kind: str, folder: Path | None) -> jinja2.Template:
    """Loads the template of a kind from the recipe's folder.

    Raises:
        GasError: There is none, or it is not valid Jinja.
    """
    file = resolve_inside(folder, path, "questions.templates")
    if not file.is_file():  # or the shipped one would be taken if the folder has its name
        raise GasError(
            f"{folder}/{path} does not exist; write it, with a macro for each form of question that the kind `{kind}` "
            f"asks, as templates/questions/{kind}.jinja has them, or leave `{kind}` out of `questions.kinds`"
        )
    return load_template("questions", path, folder)


def load_kinds(names: Iterable[str]) -> dict[str, Kind]:
    """Loads kinds of questions, in the order of rows.

    Raises:
        GasError: A kind lacks a part.
    """
    place = {name: number for number, name in enumerate(ROW_ORDER)}
    return {name: load_kind(name) for name in sorted(names, key=lambda name: (place.get(name, len(place)), name))}


def load_kind(name: str) -> Kind:
    """Loads a kind of questions by the name of its file.

    Raises:
        GasError: Its file lacks a part, or it has no template.
    """
    module = import_module(f"{kinds.__name__}.{name}")
    for part in ("ask", "answer_edited"):
        if not callable(getattr(module, part, None)):
            raise GasError(
                f"questions of the kind `{name}`: {module.__file__} has no function `{part}`; "
                "a kind has `ask(context)` and `answer_edited(scenes, batch)`, as object.py beside it"
            )
    if not getattr(module, "FORMS", ()):
        raise GasError(f"questions of the kind `{name}`: {module.__file__} does not say in which `FORMS` it asks")
    if name not in list_templates("questions"):
        raise GasError(
            f"questions of the kind `{name}`: templates/questions/{name}.jinja does not exist; "
            "write it with a macro for each form of question that the kind asks"
        )
    return Kind(module.ask, module.answer_edited, load_template("questions", name, None), module.FORMS)
