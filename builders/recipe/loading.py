"""Find recipes, read them with what they extend and what overrides them, and write them out again."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from pathlib import Path
from posixpath import normpath
from typing import Any

import yaml

from ...errors import GasError, Problem, RecipeError, gather_problems, suggest
from ...recipes import SUFFIXES, list_files, list_recipes
from ...regular_files import find_obstacle, open_regular
from .content import WORD_LISTS
from .fields import show
from .model import Recipe
from .validation import list_keys, read_rest, validate
from .yaml_document import (
    LARGEST_FILE,
    Document,
    KeyPath,
    merge,
    raise_problems,
    read_value,
    read_yaml,
    wrap,
)

MOST_PARENTS = 10
REPLACED = {"splits"}
"""Mappings that a recipe states as a whole: it has those splits and no others."""
SHORT = {"questions": "kinds"}
"""Keys that may have the value of one of their own keys alone, and keep it when a mapping with others is laid over."""
# A concept's id holds dots, so what follows these keys is one key.
FREE_KEYS = ("content.objects.weights.",)
FILTER_KEY = re.compile(r"filters\.(structure\.[^.]+)(?:\.(.+))?")
NEEDED = {"name": "unnamed", "structure": {"complexity": 1}, "splits": {"train": 1}}
KEY_AND_ADDRESS = (("paraphrase", "api_key"), ("paraphrase", "url"))
EMPTY: tuple[Any, ...] = ("", (), [], {})


@dataclass(frozen=True)
class LoadedRecipe:
    """A recipe with where it came from.

    Attributes:
        recipe: The recipe, with what it extends and the overrides.
        folder: What all of its relative paths start from, those in its parents too. A shipped recipe has no paths,
            and None here.
        sources: The files it was made from, its own first, then its parents'.
        document: What they say, and where.
    """

    recipe: Recipe
    folder: Path | None
    sources: tuple[str, ...]
    document: Document = field(compare=False, repr=False)

    def locate(self, error: RecipeError) -> RecipeError:
        """The same problems, with the place in a file of each key that they name."""
        return self.document.locate(error.problems)


def load_recipe(name_or_path: str | Path, overrides: Iterable[str] | Mapping[str, Any] = ()) -> LoadedRecipe:
    """Load a recipe with what it extends, and lay overrides over it.

    Args:
        name_or_path: A shipped recipe's name, or a path: anything with a slash or that ends in .yaml or .yml.
        overrides: `dotted.key=value` texts with values in YAML, as `--set` takes them, or a mapping, nested or with
            dotted keys. A null gives a key its default again.

    Raises:
        RecipeError: With all of the recipe's mistakes.
        GasError: When there is no such recipe.
    """
    return _load_document(*read_document(name_or_path, overrides))


def load_keys(keys: Mapping[str, Any], extends: str | Path | LoadedRecipe | None = None) -> LoadedRecipe:
    """Load a recipe that stands in no file, as if a file in the working directory said it.

    Without a `name` of its own it has that of the recipe that it extends. Where that is a file, paths are looked up
    beside it.

    Args:
        keys: What the file would say, of plain values.
        extends: The recipe that this one changes: a name, a path, or one that is loaded.

    Raises:
        RecipeError: With all of the recipe's mistakes.
        GasError: There is no recipe to extend.
    """
    document, folder = wrap(dict(keys), (), "Recipe"), None
    document.sources = ()
    if extends is not None:
        if isinstance(extends, LoadedRecipe):
            parent, folder = extends.document, extends.folder
        else:
            parent, folder = read_document(extends)
        document = merge(parent, document, REPLACED, SHORT)
        if folder is None:
            document.inherited = set(document.sources)
    document.value = drop_nulls(document.value)
    return _load_document(document, folder or Path.cwd())


def _load_document(document: Document, folder: Path | None) -> LoadedRecipe:
    """Check a recipe's document, and all that its values name."""
    for words in WORD_LISTS:
        read_word_files(document, folder, words)
    try:
        recipe = validate(Recipe, document)
    except RecipeError as error:
        rest = read_rest(Recipe, document, NEEDED)
        raise RecipeError(error.problems, rest and LoadedRecipe(rest, folder, document.sources, document)) from error
    paths: list[tuple[KeyPath, str, str]] = []
    for name, captions in (recipe.caption_keys | recipe.wording_keys).items():
        place = tuple(int(part) if part.isdecimal() else part for part in name.split("."))
        paths.append((place if name in recipe.wording_keys else (*place, "template"), captions.template, ".jinja"))
    paths += [(("taxonomy", index), entry, "/") for index, entry in enumerate(recipe.taxonomy)]
    if recipe.questions.templates:
        paths.append((("questions", "templates"), recipe.questions.templates, ""))
    for key, text, suffix in paths:
        # `..` has no slash, but is no name either; a name may be that of a folder beside the recipe, too.
        if is_path(text, suffix) or set(text) == {"."} or (folder and os.path.islink(folder / text)):
            try:
                resolve_inside(folder, text, ".".join(map(str, key)))
                if ".." in text.split("/"):  # a copy of the recipe may not have the folder that it goes through
                    document.report(key, f"`{text}` goes up again", f"write `{normpath(text)}`")
            except RecipeError as error:
                document.report(key, error.problems[0].message, error.problems[0].hint)
    _refuse_key(recipe, document)
    raise_problems(document)
    return LoadedRecipe(recipe, folder, document.sources, document)


def _refuse_key(recipe: Recipe, document: Document) -> None:
    """Refuses a file that has a key sent: files are from strangers, and so would the address be."""
    if recipe.paraphrase and recipe.paraphrase.api_key:
        stated = [path for path in KEY_AND_ADDRESS if document.find_place(path).file in document.sources]
        if stated:
            hint = "give both as you build: `--set paraphrase.api_key=VARIABLE --set paraphrase.url=ADDRESS`"
            document.report(stated[0], "no key is sent because a file says so, nor to where a file says", hint)


def read_word_files(document: Document, folder: Path | None, key: tuple[str, ...]) -> None:
    """Put the names that text files hold, one a line, in the place of the files that a list of names has in it.

    A recipe that is written out then needs no such file, and its fingerprint is that of the names.
    """
    part: Any = document.value
    for name in key[:-1]:
        part = part.get(name) if isinstance(part, dict) else None
    stated = part.get(key[-1]) if isinstance(part, dict) else None
    items = stated if isinstance(stated, list) else [stated]
    others = [item for item in items if not is_word_file(item)]
    problems: list[Problem] = []
    words: dict[str, None] = {}
    for item in filter(is_word_file, items):
        with gather_problems(problems), open_regular(resolve_inside(folder, item, ".".join(key)), item) as stream:
            words |= dict.fromkeys(list_words(stream.read(LARGEST_FILE + 1), item))
    for problem in problems:
        document.report(key, problem.message, problem.hint)
    if problems:
        del part[key[-1]]  # what cannot be read is no empty list
    elif words:
        stated = {item for item in others if isinstance(item, str)}
        part[key[-1]] = [*others, *(word for word in words if word not in stated)]


def is_word_file(item: Any) -> bool:
    """Tell a file of names from a name."""
    return isinstance(item, str) and item.endswith(".txt")


def list_words(content: bytes, name: str) -> list[str]:
    """List the lines of a file of names; empty ones and what follows `#` are left out.

    Raises:
        GasError: It is too large, not text, or holds no name.
    """
    if len(content) > LARGEST_FILE:
        raise GasError(f"`{name}` has more than {LARGEST_FILE:,} bytes")
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise GasError(f"`{name}` is not text in UTF-8; save it as that") from error
    words = [word for line in lines if (word := line.partition("#")[0].strip())]
    if not words:
        raise GasError(f"`{name}` holds no name; write one a line")
    return words


def find_inherited_splits(loaded: LoadedRecipe) -> dict[str, str]:
    """Find the splits that a file of the user's own does not name, with the file or the shipped recipe that does."""
    if loaded.folder is None:
        return {}
    files = {name: loaded.document.find_place(("splits", name)).file for name in loaded.recipe.splits}
    return {name: loaded.document.name_origin(file) for name, file in files.items() if file in loaded.sources[1:]}


def is_path(text: str, *suffixes: str) -> bool:
    """Tell a path from the name of something that the package ships."""
    return "/" in text or "\\" in text or text.endswith(suffixes)


def resolve_inside(folder: Path | None, path: str, key: str) -> Path:
    """Return the full path of a recipe's relative path; nothing need be there.

    Args:
        folder: `LoadedRecipe.folder`.
        path: As the recipe states it, with `/` between its parts.
        key: The key that states it, for the error.

    Raises:
        RecipeError: When the path leaves the folder, also through a symbolic link.
    """
    hint = "put the file beside the recipe, or below, and write the path from there"
    if folder is None:
        raise RecipeError(
            [Problem(f"`{path}` is a path, which a shipped recipe cannot have", key=key, hint="extend it in a file")]
        )
    if not path.isprintable():
        raise RecipeError([Problem(f"{show(path)} has characters that cannot be printed", key=key)])
    if "\\" in path:
        raise RecipeError([Problem(f"`{path}` has a backslash", key=key, hint="write / between folders")])
    # Unlike `Path.resolve`, it does not raise where links lead in a circle.
    root = Path(os.path.realpath(folder))
    full = Path(os.path.realpath(root / path))
    if Path(path).is_absolute() or not full.is_relative_to(root):
        raise RecipeError([Problem(f"`{path}` leaves the recipe's folder", key=key, hint=hint)])
    return full


def read_document(
    name_or_path: str | Path, overrides: Iterable[str] | Mapping[str, Any] = (), kind: str = "datasets"
) -> tuple[Document, Path | None]:
    """Read a recipe of any kind, with its parents and overrides, and the folder it lies in (None when shipped)."""
    text = str(name_or_path)
    folder = None
    if isinstance(name_or_path, Path) or is_path(text, *SUFFIXES):
        folder = Path(text).parent
        document = read_parents(read_file(Path(text), text, kind), folder, kind, [Path(os.path.realpath(text))])
    else:
        file = find_shipped(text, kind)
        document = read_parents(read_file(file, f"recipes/{kind}/{file.name}"), None, kind, [file])
    sources = document.sources
    changes = read_overrides(overrides)
    for override in changes:
        document = merge(document, override, short=SHORT)
    document.sources = sources
    if changes and folder is None:
        document.inherited = set(sources)
    document.value = drop_nulls(document.value)
    return document, folder.absolute() if folder else None


def read_file(file: Traversable | Path, name: str, kind: str = "datasets") -> Document:
    """Read one YAML file; `name` is what errors call it, `kind` the folder of shipped recipes that are its like."""
    hint = f"give the path of a .yaml file, or a name that `{name_listing(kind)}` shows"
    with open_regular(file, name, hint) as stream:
        return read_yaml(stream.read(LARGEST_FILE + 1), name)


def name_listing(kind: str) -> str:
    """Return the command that lists the shipped recipes of a kind."""
    return "gas list" if kind == "datasets" else f"gas list {kind}"


def find_shipped(name: str, kind: str) -> Traversable:
    """Return the file of a shipped recipe that can be built."""
    files = list_files(kind)
    if name not in files or name.startswith("_"):
        close = suggest(name, list_recipes(kind)) or "a path has a slash or ends in .yaml;"
        here = f", only a {'folder' if os.path.isdir(name) else 'file'}" if os.path.exists(name) else ""
        raise GasError(f"there is no recipe `{name}`{here}; {close} `{name_listing(kind)}` shows all of them")
    return files[name]


def read_parents(document: Document, folder: Path | None, kind: str, chain: list[Any]) -> Document:
    """Lay a document over the recipe that its `extends` names, and that one over its own.

    Args:
        document: A recipe as its file states it.
        folder: The folder of the recipe asked for, which paths may not leave; None for shipped recipes.
        kind: The folder of shipped recipes where names are looked up.
        chain: The files read so far, to notice a circle.
    """
    name = document.value.pop("extends", None)
    if name is None:
        return document
    files = list_files(kind)
    # `base` lies in `_base.yaml`, since it is a parent only.
    file: Any = files.get(f"_{name}") or files.get(str(name))
    label = f"recipes/{kind}/{file.name}" if file else ""
    if not isinstance(name, str):
        document.report(("extends",), "must be one name or path", "a recipe has one parent")
        return document
    if is_path(name, *SUFFIXES):
        try:
            file = resolve_inside(folder, name, "extends")
        except RecipeError as error:
            document.report(("extends",), error.problems[0].message, error.problems[0].hint)
            return document
        label = str(folder / name) if folder else name
        if obstacle := find_obstacle(file):
            document.report(("extends",), f"`{label}` {obstacle}")
            return document
    elif not file:
        choices = [choice.removeprefix("_") for choice in files]
        hint = suggest(name, choices) or f"the shipped ones are {', '.join(choices)}"
        document.report(("extends",), f"there is no recipe `{name}`", hint)
        return document
    else:
        folder = None
    if file in chain or len(chain) > MOST_PARENTS:
        what = "extends itself, through its parents" if file in chain else f"has more than {MOST_PARENTS} parents"
        document.report(("extends",), f"the recipe {what}", "remove one `extends`")
        return document
    parent = read_parents(read_file(file, label), folder, kind, [*chain, file])
    if folder is None:
        parent.inherited = set(parent.sources)
    if kind == "datasets":  # or rows of one recipe would replace those of another, unasked
        parent.value.pop("name", None)
        parent.places.pop(("name",), None)
    return merge(parent, document, REPLACED, SHORT)


def read_overrides(overrides: Iterable[str] | Mapping[str, Any]) -> list[Document]:
    """Read overrides as documents, each to be laid over those before."""
    if isinstance(overrides, str):
        overrides = [overrides]
    if isinstance(overrides, Mapping):
        documents = []
        for key, value in overrides.items():
            documents.append(wrap(value, split_key(str(key)), "override"))
    else:
        documents = []
        for text in overrides:
            key, equals, value = text.partition("=")
            if not equals or not key.strip():
                hint = "write `--set key=value`, such as `--set structure.complexity=[3,5]`"
                raise RecipeError([Problem(f"`{text}` sets nothing", "--set", hint=hint)])
            documents.append(read_value(value, split_key(key.strip()), "--set"))
    for document in documents:
        if "extends" in document.value:
            document.report(("extends",), "cannot be overridden", "write a recipe that extends another one")
            del document.value["extends"]
    return documents


def split_key(key: str) -> KeyPath:
    """Split a dotted key, but not the ids at the end of some, nor names of filters."""
    for prefix in FREE_KEYS:
        if key.startswith(prefix):
            return (*prefix.rstrip(".").split("."), key[len(prefix) :])
    if found := FILTER_KEY.fullmatch(key):
        return ("filters", *filter(None, found.groups()))
    return tuple(key.split("."))


def drop_nulls(value: Any) -> Any:
    """Remove keys without a value: they take their default."""
    if isinstance(value, dict):
        return {key: drop_nulls(item) for key, item in value.items() if item is not None}
    return value


class Dumper(yaml.SafeDumper):
    """Writes lists in one line: `[3, 9]`."""


Dumper.add_representer(
    list, lambda dumper, values: dumper.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=True)
)


def drop_unset(value: Any, empty: Set[KeyPath], path: KeyPath = ()) -> Any:
    """Remove the empty values of these keys, whose paths are without places in lists."""
    if isinstance(value, list):
        return [drop_unset(item, empty, path) for item in value]
    if not isinstance(value, dict):
        return value
    places = {key: (*path, key) for key in value}
    return {
        key: drop_unset(item, empty, places[key])
        for key, item in value.items()
        if places[key] not in empty or item not in EMPTY
    }


def dump_recipe(recipe: Recipe) -> str:
    """Write a recipe as YAML that needs no other file and loads as an equal recipe, but for the name of a key.

    What is empty because nobody said otherwise is not written; an empty list of questions or kinds means none.
    """
    empty = {key for key, info in list_keys(Recipe) if info.default in EMPTY}
    values = drop_unset(recipe.model_dump(mode="json", exclude_none=True, exclude={"paraphrase": {"api_key"}}), empty)
    text = yaml.dump(values, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=119)
    return f"# gas build {recipe.name}\n{text}"
