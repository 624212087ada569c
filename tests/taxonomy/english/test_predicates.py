"""The grammatical form of predicates."""

import pytest
from generate_any_scene.taxonomy.english.predicates import ACTIVE, FINITE, NOUN, PASSIVE, PLACE, find_form


@pytest.mark.parametrize(
    ("predicate", "form"),
    [
        ("sitting on", ACTIVE),
        ("lovingly holding", ACTIVE),
        ("being slowly lifted by", PASSIVE),
        ("held by", PASSIVE),
        ("firmly attached to", PASSIVE),
        ("worn by", PASSIVE),
        ("placed on", PASSIVE),
        ("a friend of", NOUN),
        ("the same size as", NOUN),
        ("to the left of", PLACE),
        ("slightly above", PLACE),
        ("on top of", PLACE),
        ("bigger than", PLACE),
    ],
)
def test_forms(predicate, form):
    assert find_form(predicate) == form


def test_what_needs_no_is_is_finite():
    assert find_form("contains", is_finite=True) == FINITE


def test_each_shipped_passive_has_the_form_of_a_passive(taxonomy):
    rows = taxonomy.relations.to_pylist()
    by_id = {row["id"]: row for row in rows}
    pairs = [row for row in rows if row["predicate"].endswith(" by") and row["inverse"]]
    passives = [row["predicate"] for row in pairs if by_id[row["inverse"]]["predicate"].split()[-1] != "by"]
    assert len(passives) > 500
    assert [predicate for predicate in passives if find_form(predicate) != PASSIVE] == []
