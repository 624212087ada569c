"""Ambiguity: what can be read in two ways is found, by brute force over small vocabularies of made-up words."""

from collections import Counter
from dataclasses import replace
from itertools import product

import numpy as np
import pyarrow as pa
import pytest
from generate_any_scene.builders.content.ambiguity import (
    Segmenter,
    Words,
    find_ambiguous_pairs,
    find_contradicted_names,
    find_repeated_words,
    keep_unambiguous,
)
from hypothesis import given
from hypothesis import strategies as st

texts = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(tuple)
hyphenated = st.lists(st.sampled_from(["a", "b", "a-b", "b-a"]), min_size=1, max_size=2).map(tuple)


def vocabularies(text=texts):
    """Adjectives and names, several of which may read alike."""
    return st.tuples(st.lists(text, min_size=1, max_size=6), st.lists(text, min_size=1, max_size=5))


@pytest.fixture(scope="module")
def speak(taxonomy):
    """A taxonomy that has these adjectives (all of one rank) and names, and all of its rows."""

    def make(adjectives, names):
        spoken = replace(
            taxonomy,
            attributes=pa.table(
                {
                    "adjective": [" ".join(one) for one in adjectives],
                    "order": pa.array([0] * len(adjectives), pa.int8()),
                }
            ),
            objects=pa.table({"name": [" ".join(one) for one in names]}),
        )
        none = np.zeros(0, dtype=np.int64)
        return spoken, Words(np.arange(len(names)), np.arange(len(adjectives)), none, none)

    return make


def segment(text, units):
    """All ways to write a text as one unit after the other."""
    if not text:
        return [()]
    return [(one, *rest) for one in units if text[: len(one)] == one for rest in segment(text[len(one) :], units)]


def read(text, adjectives, names):
    """All ways to read a text as adjectives and a name."""
    return [
        (*before, name)
        for name in names
        if text[-len(name) :] == name
        for before in segment(text[: -len(name)], adjectives)
    ]


def crosses(before, middle, after, adjectives, names):
    """Whether a reading of a text, or of a beginning of it, has a word that begins in one part and ends in another.

    A name ends a text; after an adjective something must follow, here or later.
    """
    text, border = before + middle + after, len(before)
    for end in range(len(before + middle) + 1, len(text) + 1):
        for units, is_last in ((adjectives, False), (names, True)):
            if is_last and end < len(text):
                continue
            for unit in units:
                start = end - len(unit)
                if 0 <= start < border and text[start:end] == unit and segment(text[:start], adjectives):
                    yield is_last, end


@given(vocabularies(), texts)
def test_cuts_are_all_that_adjectives_leave(vocabulary, text):
    adjectives = set(vocabulary[0])
    cuts = list(Segmenter(adjectives).list_cuts(text))
    expected = [(end, text[end:]) for end in range(len(text)) if segment(text[:end], adjectives)]
    assert cuts == expected
    assert Segmenter(adjectives).is_list(text) == bool(segment(text, adjectives))
    assert Segmenter(adjectives).is_list(())


@given(vocabulary=vocabularies())
def test_pairs_that_can_be_read_in_two_ways_are_found(speak, vocabulary):
    adjectives, names = vocabulary
    on_objects, in_turn = find_ambiguous_pairs(*speak(adjectives, names))
    # A word of three letters spans one between two others, at most: nothing longer is one of these.
    between = [(), *(one for one in set(adjectives) if len(one) == 1)]
    expected = {
        (row, item)
        for (row, adjective), (item, name), middle in product(enumerate(adjectives), enumerate(names), between)
        for is_name, end in crosses(adjective, middle, name, set(adjectives), set(names))
        if is_name or end < len(adjective + middle + name)
    }
    assert set(map(tuple, on_objects.tolist())) == expected
    expected = {
        (row, other)
        for (row, adjective), (other, after), middle in product(enumerate(adjectives), enumerate(adjectives), between)
        if any(crosses(adjective, middle, after, set(adjectives), set()))
    }
    assert set(map(tuple, in_turn.tolist())) == expected


@given(vocabulary=vocabularies())
def test_an_adjective_and_a_name_that_are_left_have_one_reading(speak, vocabulary):
    taxonomy, words = speak(*vocabulary)
    kept = keep_unambiguous(taxonomy, words)
    bad = {tuple(pair) for pair in find_ambiguous_pairs(taxonomy, kept)[0].tolist()}
    adjectives = {row: vocabulary[0][row] for row in kept.attributes.tolist()}
    names = {item: vocabulary[1][item] for item in kept.objects.tolist()}
    assert len(set(adjectives.values())) == len(adjectives) and len(set(names.values())) == len(names)
    for item, name in names.items():
        assert read(name, set(adjectives.values()), set(names.values())) == [(name,)]
        for row, adjective in adjectives.items():
            if (row, item) not in bad:
                readings = read(adjective + name, set(adjectives.values()), set(names.values()))
                assert readings == [(adjective, name)]


@given(vocabulary=vocabularies())
def test_what_is_kept_is_as_much_as_was_there_where_nothing_is_ambiguous(speak, vocabulary):
    taxonomy, words = speak(*vocabulary)
    once = keep_unambiguous(taxonomy, words)
    twice = keep_unambiguous(taxonomy, once)
    for column in ("objects", "attributes"):
        assert getattr(once, column).tolist() == getattr(twice, column).tolist()


@given(vocabulary=vocabularies())
def test_the_first_of_those_that_read_alike_is_kept(speak, vocabulary):
    adjectives, names = vocabulary
    kept = keep_unambiguous(*speak(adjectives, names))
    assert all(names.index(names[item]) == item for item in kept.objects.tolist())
    assert all(adjectives.index(adjectives[row]) == row for row in kept.attributes.tolist())


@given(vocabulary=vocabularies())
def test_no_adjective_that_is_kept_names_an_object(speak, vocabulary):
    taxonomy, words = speak(*vocabulary)
    kept = keep_unambiguous(taxonomy, words)
    adjectives, names = vocabulary
    assert {adjectives[row] for row in kept.attributes.tolist()}.isdisjoint(names)


def test_no_object_is_what_its_name_excludes(taxonomy):
    """A red carpet is of no other color, a paper cup of nothing but paper."""
    objects, attributes = taxonomy.objects["name"].to_pylist(), taxonomy.attributes.to_pylist()
    everyday = [item for item, tier in enumerate(taxonomy.objects["tier"].to_pylist()) if tier == "common"]
    colors = [row for row, one in enumerate(attributes) if one["kind"] == "color" and one["tier"] == "common"]
    none = np.zeros(0, dtype=np.int64)
    pairs = find_contradicted_names(taxonomy, Words(np.array(everyday), np.array(colors), none, none))
    assert all(attributes[row]["name"] not in objects[item].split() for row, item in pairs.tolist())
    found = {(attributes[row]["name"], objects[item]) for row, item in pairs.tolist()}
    for item in ("white wine", "red carpet", "brown bear"):
        assert {("green", item), ("blue", item)} <= found
    assert not any(name in ("rose", "orange", "dog") for _, name in found)


def test_no_color_stands_before_another_one(write_rows):
    """Neither a material nor a name begins with a color after one: "beige gold ring", "turquoise green bean"."""
    rows, found = write_rows("attribute_binding", (), 1_500), Counter()
    for row in rows:
        for item in row["scene_graph"]["objects"]:
            kinds = {one["kind"]: one["value"] for one in item["attributes"]}
            found["color" in kinds] += 1
            if "color" in kinds:
                assert kinds.get("material") not in ("gold", "bronze", "copper")
                assert item["name"].split()[0] not in ("green", "red", "white", "brown", "gold", "lavender", "orange")
    assert found[True] > 500


@given(vocabulary=vocabularies(hyphenated))
def test_words_that_would_be_said_twice_are_found(speak, vocabulary):
    adjectives, names = vocabulary
    on_objects, in_turn = find_repeated_words(*speak(adjectives, names))

    def ends(text):
        return text[0].split("-")[0], text[-1].split("-")[-1]

    assert set(map(tuple, on_objects.tolist())) == {
        (row, item)
        for (row, adjective), (item, name) in product(enumerate(adjectives), enumerate(names))
        if ends(adjective)[1] == ends(name)[0]
        or any(name[start : start + len(adjective)] == adjective for start in range(len(name)))
    }
    assert set(map(tuple, in_turn.tolist())) == {
        (row, other)
        for (row, adjective), (other, after) in product(enumerate(adjectives), enumerate(adjectives))
        if row != other and ends(adjective)[1] == ends(after)[0]
    }
