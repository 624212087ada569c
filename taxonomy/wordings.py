"""Other wordings of concepts that are as right as their names: "mice" for mouse, "wooden" for wood, "gray" for grey.

What is only above a concept, as a dog is above a poodle, is no wording of it. Nor is what names another concept, for
then nobody knows which of them is meant.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..arrow import find_rows, make_array, make_texts, match_texts, number_texts, read_truths, view_numbers
from .english.spelling import RESPELLED, respell
from .loader import Taxonomy

CALLED = {
    "objects": ("name",),
    "attributes": ("name", "adjective"),
    "relations": ("predicate",),
    "scene_attributes": ("name", "phrase"),
}
"""The columns of each table that say what a concept is called; the first one is its name."""

UNSAID = {
    "weather": " weather",
    "lighting": " lighting",
    "three_d_lighting": " lighting",
    "depth_of_field": " depth of field",
    "painting_style": " painting",
    "shot_size": " shot",
    "view": " view",
    "three_d_view": " view",
}
"""Ends of names of scene attributes that questions about them say already: an aerial view is aerial."""
SHAPE_OR_SIZE = re.compile(r"-(shaped|sized)$")
ARTICLE = re.compile(r"^(an?|the) ")
LAST_NAME = re.compile(r"(?<= )(?<!El )((af|da|van|von) )?[^ ]+(?= the [^ ]+$|$)")
"""Of an artist: Monet, da Vinci, Bruegel (the Elder)."""

Wordings = tuple[np.ndarray, pa.Array]
"""Rows of a table, and a wording of each; a row comes as often as it has wordings."""


def list_wordings(taxonomy: Taxonomy, table: str) -> Wordings:
    """Lists the other wordings of the concepts of a table, by rows in ascending order, each once.

    None is the row's own name, nor what another row of its kind is called that is not near it.
    """
    rows: pa.Table = getattr(taxonomy, table)
    names = rows[CALLED[table][0]].combine_chunks()
    list_own = {
        "objects": _list_objects,
        "attributes": _list_attributes,
        "relations": _list_relations,
        "scene_attributes": _list_scene_attributes,
    }[table]
    own = _join(
        [*list_own(rows), _change(names, "-", lambda name: [name.replace("-", " "), SHAPE_OR_SIZE.sub("", name)])]
    )
    every = _join([(np.arange(len(names)), names), own])
    changed, respelled = _change(every[1], RESPELLED, lambda text: [respell(text)])
    found, texts = _join([own, (every[0][changed], respelled)])
    keep = ~read_truths(pc.equal(texts, names.take(make_array(found))))
    keep[list(_find_names_of_others(rows, CALLED[table], found, texts))] = False
    codes = found * (len(texts) + 1) + number_texts(texts)
    keep[np.setdiff1d(np.arange(len(codes)), np.unique(codes, return_index=True)[1])] = False
    order = np.flatnonzero(keep)[np.argsort(found[keep], kind="stable")]
    return found[order], texts.take(make_array(order))


def _list_objects(rows: pa.Table) -> list[Wordings]:
    """Plurals of what can be counted, and names of near objects that differ in spaces and hyphens alone."""
    names, plurals = (rows[column].combine_chunks() for column in ("name", "plural"))
    countable = np.flatnonzero(match_texts(rows["countability"], "count"))
    owners, near = _split(rows["near"])
    others = find_rows(near, rows["id"])
    owners, others = owners[others >= 0], names.take(make_array(others[others >= 0]))
    letters = [
        pc.replace_substring_regex(pc.utf8_lower(some), pattern="[ -]", replacement="")
        for some in (names.take(make_array(owners)), others)
    ]
    alike = pc.equal(*letters)
    return [(countable, plurals.take(make_array(countable))), (owners[read_truths(alike)], others.filter(alike))]


def _list_attributes(rows: pa.Table) -> list[Wordings]:
    return [(np.arange(rows.num_rows), rows["adjective"].combine_chunks()), _split(rows["aliases"])]


def _list_relations(rows: pa.Table) -> list[Wordings]:
    finite = rows["finite"].combine_chunks()
    some = np.flatnonzero(~match_texts(finite, ""))
    return [(some, finite.take(make_array(some)))]


def _list_scene_attributes(rows: pa.Table) -> list[Wordings]:
    """Names without what goes without saying: an article, what questions say already, the first names of artists.

    Where what captions say has none of these in it, it is one itself.
    """
    pairs: list[tuple[int, str]] = []
    columns = (rows[column].to_pylist() for column in ("kind", "name", "phrase"))
    for row, (kind, name, phrase) in enumerate(zip(*columns, strict=True)):
        called = [ARTICLE.sub("", name), name.removesuffix(UNSAID.get(kind, ""))]
        if kind == "artist" and (last := LAST_NAME.search(name)):
            called.append(last.group())
        if not any(f" {one} ".casefold() in f" {phrase} ".casefold() for one in called):
            called.append(phrase)
        pairs += [(row, one) for one in called]
    return [(np.array([row for row, _ in pairs], dtype=np.int64), make_texts(text for _, text in pairs))]


def _change(texts: pa.Array, pattern: str, change: Callable[[str], list[str]]) -> Wordings:
    """Changes the texts that a pattern (RE2) occurs in; returns their places and what became of them."""
    places = np.flatnonzero(read_truths(pc.match_substring_regex(texts, pattern)))
    changed = [change(text) for text in texts.take(make_array(places)).to_pylist()]
    return np.repeat(places, [len(one) for one in changed]), make_texts(text for one in changed for text in one)


def _split(cells: pa.ChunkedArray) -> Wordings:
    """What cells hold, separated by `|`, and the row of each."""
    lists = pc.split_pattern(cells.combine_chunks(), "|")
    texts = pc.list_flatten(lists)
    owners = np.repeat(np.arange(len(lists)), view_numbers(pc.list_value_length(lists), np.int32))
    filled = ~match_texts(texts, "")
    return owners[filled], texts.filter(make_array(filled))


def _join(parts: list[Wordings]) -> Wordings:
    return np.concatenate([rows for rows, _ in parts]), pa.concat_arrays([texts for _, texts in parts])


def _find_names_of_others(
    rows: pa.Table, columns: tuple[str, ...], found: np.ndarray, texts: pa.Array
) -> Iterator[int]:
    """Yields places of wordings that name another row of the same kind, which is not near."""
    # Few wordings are what anything is called, so those are looked at one by one.
    names = [rows[column].combine_chunks() for column in columns]
    places = np.flatnonzero(read_truths(pc.is_in(texts, value_set=pa.concat_arrays(names))))
    wordings = texts.take(make_array(places))
    called = defaultdict[str, list[int]](list)
    for column in names:
        some = np.flatnonzero(read_truths(pc.is_in(column, value_set=wordings)))
        for row, text in zip(some.tolist(), column.take(make_array(some)).to_pylist(), strict=True):
            called[text].append(row)
    ids, near = rows["id"].to_pylist(), rows["near"].to_pylist()
    kinds = rows["kind"].to_pylist() if "kind" in rows.column_names else []

    def is_other(row: int, other: int) -> bool:
        return (
            other != row
            and (not kinds or kinds[other] == kinds[row])
            and ids[other] not in near[row].split("|")
            and ids[row] not in near[other].split("|")
        )

    for place, row, text in zip(places.tolist(), found[places].tolist(), wordings.to_pylist(), strict=True):
        if any(is_other(row, other) for other in called[text]):
            yield place
