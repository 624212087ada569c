"""Two spellings of one word."""

import re

import pytest
from generate_any_scene.taxonomy.english.inflection import make_plural
from generate_any_scene.taxonomy.english.spelling import RESPELLED, SPELLINGS, respell

PAIRS = [tuple(pair.split("/")) for pair in SPELLINGS.split()]


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_each_spelling_leads_to_the_other(one, other):
    assert one != other and one.isalpha() and other.isalpha()
    for some, others in ((one, other), (other, one)):
        assert respell(some) == others
        assert respell(f"a {some}-like {make_plural(some)}") == f"a {others}-like {make_plural(others)}"
        assert respell(some.capitalize()) == others.capitalize()
        assert re.search(RESPELLED, f"old {some}") and not re.search(RESPELLED, f"un{some}x")


def test_no_word_has_three_spellings():
    words = [word for pair in PAIRS for word in pair]
    assert len(set(words)) == len(words)


def test_other_words_stay():
    for text in ("axes", "", "dog", "tired", "parking meter", "story", "discolored"):
        assert respell(text) == text


def test_accents_are_left_out():
    assert respell("Édouard Manet") == "Edouard Manet"
    assert re.search(RESPELLED, "Édouard Manet")
