"""Words that name concepts: what is read, what is hinted at, in what time."""

import random
import time

import numpy as np
import pytest
from generate_any_scene.errors import GasError
from generate_any_scene.taxonomy.naming import find_called, find_object, read_words


@pytest.mark.parametrize(
    ("word", "id_"),
    [
        ("people", "person.n.01"),
        ("kitchen_utensil", "kitchen_utensil.n.01"),
        ("Kitchen-Utensil", "kitchen_utensil.n.01"),
    ],
)
def test_other_forms_of_a_name_are_read(taxonomy, word, id_):
    assert taxonomy.objects["id"][find_object(taxonomy, word)].as_py() == id_


@pytest.mark.parametrize(
    ("table", "word", "id_"),
    [
        ("attributes", "wooden", "material.wood"),
        ("attributes", "grey", "color.gray"),
        ("relations", "contains", "functional.contain"),
    ],
)
def test_words_of_captions_are_read(taxonomy, table, word, id_):
    rows = getattr(taxonomy, table)
    meant, _ = find_called(taxonomy, table, word, np.ones(rows.num_rows, dtype=bool))
    assert rows["id"].filter(meant).to_pylist() == [id_]


def test_every_adjective_is_read_or_named(taxonomy):
    rows = taxonomy.attributes
    for kind, name, adjective in zip(*(rows[one].to_pylist() for one in ("kind", "name", "adjective")), strict=True):
        among = np.array(rows["kind"].to_pylist()) == kind if name != adjective else None
        if among is not None:
            meant, named = find_called(taxonomy, "attributes", adjective, among)
            assert name in [*rows["name"].filter(meant).to_pylist(), *named], adjective


def test_hints_are_known_words_that_nobody_minds(taxonomy):
    draw, words = random.Random(5), read_words(taxonomy, "objects")
    flags = dict(zip(taxonomy.objects["id"].to_pylist(), taxonomy.objects["flags"].to_pylist(), strict=True))
    names = draw.sample(taxonomy.objects["name"].to_pylist(), 60)
    for name in names:
        place = draw.randrange(len(name) + 1)
        spoiled = name[:place] + draw.choice("aeiourst") + name[place:]
        for hint in words.find(spoiled):
            assert hint != spoiled and not flags[hint]
            assert find_object(taxonomy, hint) >= 0


def test_common_concepts_come_before_rare_ones(taxonomy):
    assert read_words(taxonomy, "objects").find("doog") == ["dog.n.01"]
    assert read_words(taxonomy, "objects").find("cookware") == []
    with pytest.raises(GasError, match=r"tie\.n\.04.*necktie\.n\.01"):
        find_object(taxonomy, "tie")


def test_time_of_hints_does_not_grow_with_the_length_of_a_word(taxonomy):
    words = read_words(taxonomy, "objects")
    words.find("warm")
    started = time.process_time()
    words.find("x" * 100_000)
    assert time.process_time() - started < 1
