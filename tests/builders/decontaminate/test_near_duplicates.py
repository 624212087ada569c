"""Texts that are like one of many: none is missed, and similarities are exact."""

import math

import pytest
from generate_any_scene.builders.decontaminate.near_duplicates import (
    TextIndex,
    index_texts,
    list_ngrams,
    normalize_text,
)
from hypothesis import given
from hypothesis import strategies as st

WORDS = st.lists(st.sampled_from(["a", "red", "dog", "Cat,", "the", "sees"]), min_size=1, max_size=14).map(" ".join)


def measure(one, other):
    one, other = (frozenset(list_ngrams(normalize_text(text))) for text in (one, other))
    return len(one & other) / len(one | other)


@given(st.lists(WORDS, min_size=1, max_size=12), WORDS, st.sampled_from([0.1, 0.3, 0.5, 0.8, 1.0]))
def test_what_is_found_is_the_best_of_all_pairs(texts, text, threshold):
    index = index_texts(texts, threshold)
    found = index.find(text)
    best = max(measure(other, text) for other in texts)
    if normalize_text(text) in index.texts:
        assert (found.exact, found.similarity, index.texts[found.other]) == (True, 1, normalize_text(text))
    elif best < threshold and not math.isclose(best, threshold):
        assert found is None
    else:
        assert (found.exact, found.similarity) == (False, best)
        assert found.other == next(i for i, other in enumerate(index.texts) if measure(other, text) == best)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        (" A  dog,\ta CAT!\n", "a dog a cat"),
        ("The man\u2019s hat; the man's hat", "the mans hat the mans hat"),
        ("Caf\u00e9 Cafe\u0301 \uff23\uff41\uff46\u00e9", "caf\u00e9 caf\u00e9 caf\u00e9"),
        ("STRASSE stra\u00dfe", "strasse strasse"),
        ("a red-hot_stove", "a red hot stove"),
        ("\u72d7 2 \u00bd", "\u72d7 2 1 2"),
        ("... \u2014 !?", ""),
    ],
)
def test_normal_texts(text, normal):
    assert normalize_text(text) == normal


def test_case_and_punctuation_make_no_difference():
    index = index_texts(["A photo of a dog", "two cats."], 0.8)
    for text in ("a photo of a dog.", "A PHOTO OF A DOG", "a photo, of a dog"):
        assert (index.find(text).other, index.find(text).exact) == (0, True)
    assert index.find("Two  cats!").other == 1


def test_who_does_what_makes_a_difference():
    assert index_texts(["a dog chases a cat"], 0.5).find("a cat chases a dog") is None
    assert measure("a dog chases a cat", "a cat chases a dog") == 7 / 15


def test_texts_without_words_are_like_nothing():
    index = TextIndex(0.8)
    assert [index.add(text) for text in ("!", "a", "A.", "", "b")] == [None, 0, 0, None, 1]
    assert index.find("?!") is None
    assert TextIndex(0.8).find("a") is None


def test_texts_can_be_added_after_others_were_found():
    index = index_texts(["a dog in the rain with an umbrella"], 0.6)
    assert index.find("a cat on the roof with an umbrella") is None
    index.add("one cat on the roof with an umbrella")
    assert index.find("a cat on the roof with an umbrella").other == 1
