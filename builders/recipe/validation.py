"""Checks a document against a model, and says in our words what is wrong and which key was meant."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from itertools import pairwise
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from ...errors import suggest
from .fields import show
from .yaml_document import Document, KeyPath, Model, merge_values, raise_problems, split_place


def report_error(model: type[BaseModel], document: Document, details: Any) -> None:
    """Put one of Pydantic's errors into our words."""
    path, kind, context = tuple(details["loc"]), details["type"], details.get("ctx", {})
    wrong_key = path[-1:] == ("[key]",) and path not in document.places
    path = document.find_written(path[:-1] if wrong_key else path)
    value, hint = document.texts.get(path, details["input"]), ""
    choices = [choice.strip("'") for choice in context.get("expected", "").replace(" or ", ", ").split(", ")]
    if kind == "extra_forbidden":
        message, hint = f"unknown key {show(path[-1])}", advise_key(model, path)
    elif kind == "literal_error" and wrong_key:
        message = f"unknown key {show(path[-1])}"
        hint = suggest(str(path[-1]), choices) or f"the keys here are {', '.join(choices)}"
    elif kind == "literal_error":
        message, hint = f"{show(value)} is not one of {', '.join(choices)}", suggest(str(value), choices)
    elif kind == "missing":
        if any(problem.key == "extends" for problem in document.problems):
            return  # it may stand there
        message, hint = "is missing", f"add `{path[-1]}: ...`"
        if path == ("name",) and len(document.sources) > 1:
            hint += ": a recipe that extends another has a name of its own"
    elif kind == "greater_than_equal":
        message = f"must be at least {context['ge']}, not {show(value)}"
    elif kind == "greater_than":
        message = f"must be greater than {context['gt']:g}, not {show(value)}"
    elif kind == "less_than_equal":
        message = f"must be at most {context['le']}, not {show(value)}"
    elif kind in ("model_type", "dict_type"):
        message, hint = f"must be a mapping of keys to values, not {show(value)}", "write `{key: value}`"
        if kind == "model_type":
            hint = advise_key(model, (*path, ""))
    elif kind == "tuple_type":
        message, hint = f"must be a list, not {show(value)}", "write `[first, second]`"
    elif kind == "too_short":
        message, hint = "must name at least one", "leave the key out to get its default"
    else:
        message, hint = context.get("message", details["msg"]), context.get("hint", "")
        read = show(details["input"])
        if isinstance(details["input"], bool) and path in document.texts and show(value) != read:
            hint = f"YAML reads {show(value)} as {read[1:-1]}"
    document.report(path, message, hint)


def advise_key(model: type[BaseModel], path: KeyPath) -> str:
    """Name the key that was meant, or where it belongs, or else the keys that may stand in its place."""
    keys = [("extends",), *(key for key, _ in list_keys(model))]
    in_list = any(isinstance(part, int) for part in path)
    path = tuple(part for part in path if isinstance(part, str))  # without the places in lists
    # The names of splits are not among the keys, but what stands below them is.
    here = tuple(part for end, part in enumerate(path[:-1], 1) if path[:end] in keys)
    choices = [key[-1] for key in keys if key[:-1] == here]
    word = str(path[-1])
    elsewhere = [f"`{'.'.join(key)}`" for key in keys if key[-1] == word]
    if close := suggest(word, choices):
        return close
    if in_list:  # a key of one of several cannot stand elsewhere
        return f"the keys here are {', '.join(dict.fromkeys(choices))}"
    if (word,) in keys:
        return "move it to the top of the recipe"
    if elsewhere:
        return f"did you mean {' or '.join(elsewhere)}?"
    return f"the keys here are {', '.join(choices)}"


def list_keys(model: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], FieldInfo]]:
    """Yield the path of every key that a model has, without places in lists, and the key's field."""
    for name, info in model.model_fields.items():
        here = (*path, info.alias or name)
        yield here, info
        for inner in find_models(info.annotation):
            yield from list_keys(inner, here)


def find_models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in find_models(argument)]


MOST_PROBLEMS = 100
MOST_ROUNDS = 3


def validate(model: type[Model], document: Document) -> Model:
    """Make a model of a document, or raise all of its problems at once."""
    try:
        made = model.model_validate(document.value)
    except ValidationError as first:
        try:
            # What YAML read as a number or a boolean where text is wanted was meant as it is written.
            document.value = restore_texts(document.value, (), collect_texts(first, document))
            made = model.model_validate(document.value)
        except ValidationError as error:
            unread = [split_place(problem.key or "") for problem in document.problems]
            errors = error.errors()
            for details in errors[:MOST_PROBLEMS]:
                path = details["loc"]
                # What cannot be read is not missing, and what it stands in not too small without it.
                left_out = any(
                    one[: len(path)] == path and (one != path or details["type"] == "missing") for one in unread
                )
                # A list whose only item is wrong is not too short.
                inside = any(other["loc"][: len(path)] == path != other["loc"] for other in errors)
                if not left_out and (details["type"] != "too_short" or not inside):
                    report_error(model, document, details)
            if error.error_count() > MOST_PROBLEMS:
                document.report((), f"{error.error_count() - MOST_PROBLEMS} more problems")
    raise_problems(document)
    return made


def read_rest(model: type[Model], document: Document, needed: dict[str, Any]) -> Model | None:
    """Make a model of a document without its wrong values, or None where one of them cannot be left out.

    Args:
        model: What to make.
        document: What `validate` refuses.
        needed: What stands in for required keys.
    """
    value = deepcopy(document.value)
    for _ in range(MOST_ROUNDS):
        value = merge_values(needed, value, (), set())
        try:
            return model.model_validate(value)
        except ValidationError as error:
            for details in error.errors():
                drop_value(value, document.find_stated(document.find_written(details["loc"])))
    return None


def drop_value(value: dict[str, Any], path: KeyPath) -> None:
    """Remove what is at the end of a path; of a list, the whole list."""
    for part, after in pairwise((*path, None)):
        inner = value.get(str(part))
        if after is None or not isinstance(inner, dict):
            value.pop(str(part), None)
            return
        value = inner


def collect_texts(error: ValidationError, document: Document) -> dict[KeyPath, str]:
    """Find how the values that should be text are written."""
    errors = [details for details in error.errors() if details["type"] in ("recipe_text", "literal_error")]
    paths = [document.find_written(details["loc"]) for details in errors]
    # One name may stand for a list of one, whose item has no place in the file.
    paths += [path[:-1] for path in paths if path and path[-1] == 0]
    return {path: document.texts[path] for path in paths if path in document.texts}


def restore_texts(value: Any, path: KeyPath, texts: dict[KeyPath, str]) -> Any:
    if isinstance(value, dict):
        return {key: restore_texts(item, (*path, key), texts) for key, item in value.items()}
    if isinstance(value, list):
        return [restore_texts(item, (*path, index), texts) for index, item in enumerate(value)]
    return texts.get(path, value)
