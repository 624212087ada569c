"""Fills the columns that a user's own table leaves out: `id name parent kinds` is enough for objects."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

import pyarrow as pa

from .english.inflection import make_plural
from .english.scene_phrases import EXCLUDES, choose_modality, choose_role, fill_pattern, make_phrase, stands_alone
from .grammar import Noun, load_grammar
from .schema import COLUMNS, FILLED, SCENE_ATTRIBUTE_KINDS

Columns = dict[str, list[str]]
Derive = Callable[[Columns], list[str]]
Unclear = tuple[int, str]
NO_PHRASES: Mapping[str, str] = MappingProxyType({})

ORDERS: Mapping[str, int] = MappingProxyType(
    {
        "size": 2,
        "shape": 3,
        "adjective": 4,
        "state": 4,
        "human": 4,
        "color": 6,
        "texture": 7,
        "architecture": 8,
        "material": 9,
    }
)
"""The place of each kind of attribute before the noun: a small round wet red striped wooden box."""


def _always(value: str) -> Derive:
    return lambda columns: [value] * _count_rows(columns)


def _same(column: str) -> Derive:
    return lambda columns: columns[column]


def _each(derive: Callable[..., str], *names: str) -> Derive:
    return lambda columns: list(map(derive, *(columns[name] for name in names)))


def _learn(column: str, derive: Derive) -> Derive:
    """Derives a column, but where the shipped row of the same kind or category and name has it."""

    def fill(columns: Columns) -> list[str]:
        return [known.get(column, own) for known, own in zip(_find_known(columns), derive(columns), strict=True)]

    return fill


DEFAULTS: Mapping[str, Mapping[str, Derive]] = MappingProxyType(
    {
        "objects": {
            "offset": _always(""),
            "size": _always(""),
            "countability": _same("countability"),
            "plural": _same("plural"),
            "article": _same("article"),
            "tier": _always("common"),
            "flags": _always(""),
            "visible": _always("yes"),
            "part_of": _always(""),
            "near": _always(""),
            "paper_name": _always(""),
        },
        "attributes": {
            "adjective": _learn("adjective", _same("name")),
            "article": _each(lambda adjective: load_grammar().choose_article(adjective), "adjective"),
            "position": _learn("position", _always("before")),
            # Two of one kind never stand on one object: nothing here knows which of them go together.
            "group": _same("kind"),
            "order": _learn("order", _each(lambda kind: str(ORDERS.get(kind, 4)), "kind")),
            "tier": _always("common"),
            "visible": _always("yes"),
            "says": _always(""),
            "near": _always(""),
            "excludes": _same("group"),
            "bars": _always(""),
            "aliases": _always(""),
        },
        "relations": {
            "subtype": _same("category"),
            "finite": _learn("finite", _always("")),
            "finite_plural": _learn("finite_plural", _always("")),
            "subject_kinds": _always("any"),
            "object_kinds": _always("any"),
            "symmetric": _always("0"),
            "inverse": _always(""),
            "head": _same("predicate"),
            "modifier": _always(""),
            "tier": _always("common"),
            "visible": _always("yes"),
            "says": _always(""),
            "near": _always(""),
            "excludes": _always(""),
            "asymmetric": _always("0"),
        },
        "scene_attributes": {
            "phrase": _learn("phrase", _each(make_phrase, "kind", "name")),
            "role": _learn("role", _each(choose_role, "kind")),
            "modality": _learn("modality", _each(choose_modality, "kind")),
            "tier": _always("common"),
            "visible": _always("yes"),
            "near": _always(""),
            "excludes": _each(lambda kind: EXCLUDES.get(kind, ""), "kind"),
            "needs": _always(""),
            "bars": _always(""),
            "shows": _always(""),
        },
        "frequency": {},
    }
)
"""How to derive each column that a table may leave out, from the columns before it."""


def list_required(table: str) -> list[str]:
    """Lists the columns that every table of this sort must have."""
    return [column for column in COLUMNS[table] if column not in DEFAULTS[table]]


def complete_row(row: Mapping[str, str], table: str) -> dict[str, str]:
    """Adds the columns that a row leaves out; the columns come in the order of the format."""
    columns = _complete({column: [cell] for column, cell in row.items()}, table)
    return {column: columns[column][0] for column in COLUMNS[table]}


def complete_table(rows: pa.Table, table: str, phrases: Mapping[str, str] = NO_PHRASES) -> pa.Table:
    """Adds the columns that a table of strings leaves out, and fills the cells that it may leave empty.

    `phrases` are patterns of the phrases of kinds of scene attributes.
    """
    columns = _complete(rows.to_pydict(), table, phrases)
    return pa.table([pa.array(columns[name], pa.string()) for name in COLUMNS[table]], names=list(COLUMNS[table]))


def _complete(columns: Columns, table: str, phrases: Mapping[str, str] = NO_PHRASES) -> Columns:
    full = dict(columns)
    if phrases and table == "scene_attributes":
        given = full.get("phrase", [""] * _count_rows(full))
        full["phrase"] = [one or phrases.get(kind, "") for one, kind in zip(given, full["kind"], strict=True)]
    if table == "objects":
        _complete_nouns(full)
    elif table == "relations" and "finite" not in columns:
        _complete_verbs(full)
    for column in COLUMNS[table]:
        if column not in full:
            full[column] = DEFAULTS[table][column](full)
        elif column in FILLED.get(table, ()) and not all(full[column]):
            derived = DEFAULTS[table][column](full)
            full[column] = [cell or own for cell, own in zip(full[column], derived, strict=True)]
    if table == "scene_attributes":
        full["phrase"] = list(map(fill_pattern, full["phrase"], full["name"]))
    return full


def _complete_nouns(columns: Columns) -> None:
    """Fills how objects are said, from what the shipped table knows and what the rows themselves say."""
    empty = [""] * _count_rows(columns)
    given = [columns.get(column, empty) for column in FILLED["objects"]]
    if all(map(all, given)):
        return
    describe = load_grammar().describe
    nouns = map(describe, columns["name"], columns.get("parent", empty), columns.get("kinds", empty))
    settled = list(map(_settle, columns["name"], nouns, *given))
    for column, cells in zip(FILLED["objects"], zip(*settled, strict=True), strict=True):
        columns[column] = list(cells)


def _settle(name: str, noun: Noun, countability: str, plural: str, article: str) -> tuple[str, str, str]:
    """Says a noun as its row says it, and what that leaves open as the noun is known."""
    if not countability:
        by_article = {"": noun.countability, "the": "unique", "some": noun.countability}.get(article, "count")
        countability = "mass" if (by_article, article) == ("count", "some") else by_article
        countability = "count" if plural not in ("", name) and not article else countability
    if countability != "count":
        return countability, plural or name, article or ("the" if countability == "unique" else "some")
    counted = noun if noun.countability == "count" else noun._replace(plural=make_plural(name), article="")
    return "count", plural or counted.plural, article or counted.article or load_grammar().choose_article(name)


def _complete_verbs(columns: Columns) -> None:
    """Takes predicates that stand as after he, she, it ("wears") for what they are."""
    forms = list(map(load_grammar().find_finite, columns["predicate"]))
    known = [row.get("finite", "") for row in _find_known(columns)]
    plurals = [row.get("finite_plural", "") for row in _find_known(columns)]
    columns["finite"] = [one[0] if one else own for one, own in zip(forms, known, strict=True)]
    columns["finite_plural"] = [one[1] if one else own for one, own in zip(forms, plurals, strict=True)]
    columns["predicate"] = [one[1] if one else own for one, own in zip(forms, columns["predicate"], strict=True)]


REQUIRED = MappingProxyType(
    {
        "attributes": {"kind", "name", "applies_to"},
        "relations": {"category", "predicate"},
        "scene_attributes": {"kind", "name"},
    }
)


def _find_known(columns: Columns) -> Iterator[Mapping[str, str]]:
    """For each row of attributes, relations or scene attributes, what the shipped row of its name says."""
    table = (
        "relations" if "predicate" in columns else "scene_attributes" if "applies_to" not in columns else "attributes"
    )
    keys = ("category", "predicate") if table == "relations" else ("kind", "name")
    return map(lambda *key: load_grammar().learn(table, key), *(columns[key] for key in keys))


def _count_rows(columns: Columns) -> int:
    return len(next(iter(columns.values())))


def find_unclear(
    columns: Mapping[str, list[str]], table: str, patterns: Mapping[str, str] = NO_PHRASES
) -> Iterator[Unclear]:
    """Finds rows of which no rule makes good English: the row's number, and which column would help.

    Args:
        columns: The columns as the user has them.
        table: Which table they are of.
        patterns: Patterns of the phrases of kinds of scene attributes.
    """
    grammar = load_grammar()
    if table == "objects":
        for row, name in enumerate(columns["name"]):
            if (match := ARTICLE.match(name)) and not grammar.find(name, "", ""):
                help_ = " and `the` in the column 'article'" if match[1].lower() == "the" else ""
                yield row, f"column 'name': {name!r} begins with an article; write {name[match.end() :]!r}{help_}"
    elif table == "relations" and "finite" not in columns:
        for row, (category, predicate) in enumerate(zip(columns["category"], columns["predicate"], strict=True)):
            if grammar.learn(table, (category, predicate)):
                continue
            if not grammar.find_finite(predicate) and not grammar.can_say(predicate):
                yield row, f"column 'predicate': {predicate!r} {UNSAYABLE}"
    elif table == "scene_attributes" and not all(columns.get("phrase", [""])):
        phrases = columns.get("phrase", [""] * _count_rows(dict(columns)))
        for row, (kind, name, phrase) in enumerate(zip(columns["kind"], columns["name"], phrases, strict=True)):
            if not phrase and kind not in (*SCENE_ATTRIBUTE_KINDS, *patterns) and not stands_alone(name):
                yield row, f"column 'name': {name!r}: {UNPHRASED.format(kind)}"


def list_guesses(columns: Mapping[str, list[str]]) -> Iterator[tuple[str, Noun]]:
    """Lists the names of objects whose grammar was guessed, with what was made of each."""
    names = columns["name"]
    given = [columns.get(column, [""] * len(names)) for column in FILLED["objects"]]
    for name, parent, kinds, *said in zip(names, columns["parent"], columns["kinds"], *given, strict=True):
        if not all(said) and not (noun := load_grammar().describe(name, parent, kinds)).known:
            yield name, noun


ARTICLE = re.compile(r"(a|an|some|[Tt]he) ")
UNSAYABLE = (
    "does not follow `is`; write it with a verb in -ing (`holding`) or in -s (`holds`), or add the columns 'finite' "
    "and 'finite_plural'"
)
UNPHRASED = (
    "nothing is known of the kind `{}`; say it in a column 'phrase' as it follows `The picture is`, with `{{}}` for "
    "the name: `in a {{}} mood`; or for the whole kind, in taxonomy.toml beside the table"
)
