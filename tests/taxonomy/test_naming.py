"""Words that name concepts: what is read, what is hinted at, in what time."""

import random
import re
import time
from collections import Counter

import generate_any_scene
import numpy as np
import pytest
from generate_any_scene.errors import GasError
from generate_any_scene.taxonomy.naming import find_called, find_concepts, find_object, read_words
from generate_any_scene.taxonomy.senses import define_object, read_senses


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


COLUMNS = {
    "attributes": ("kind", "value"),
    "relations": ("category", "predicate"),
    "scene_attributes": ("kind", "value"),
}


def list_mentioned(row):
    """What a caption says of each element of its scene: the table, the element, the words."""
    for mention in row["mentions"]:
        table, *place = mention["element"].split("/")
        text = row["caption"][mention["start"] : mention["end"]]
        if table == "object":
            yield "objects", row["scene_graph"]["objects"][int(place[0])], text
        elif table == "attribute":
            yield "attributes", row["scene_graph"]["objects"][int(place[0])]["attributes"][int(place[1])], text
        elif table == "relation":
            yield "relations", row["scene_graph"]["relations"][int(place[0])], text
        else:
            yield "scene_attributes", row["scene_attributes"][int(place[0])], text


@pytest.mark.parametrize("recipe", ["multi_object", pytest.param("general", marks=pytest.mark.slow)])
def test_all_that_a_caption_says_is_read_or_named(taxonomy, recipe):
    """The words of a caption, put into a recipe, mean the concept, or the message names it."""
    said = {}
    for index in range(20):
        for table, element, text in list_mentioned(generate_any_scene.scene(recipe, index)):
            said[table, text.casefold()] = element
    assert {table for table, _ in said} >= {"objects", "attributes"}
    for (table, text), element in said.items():
        if table == "objects":
            try:
                named = taxonomy.objects["id"][find_object(taxonomy, text)].as_py()
            except GasError as error:
                named = str(error)
            assert element["concept"] in named, text
        else:
            group, name = COLUMNS[table]
            rows = getattr(taxonomy, table)
            among = np.array(rows[group if group != "value" else "kind"].to_pylist()) == element[group]
            meant, named = find_called(taxonomy, table, text, among)
            names = rows["predicate" if table == "relations" else "name"]
            assert element[name] in [*names.filter(meant).to_pylist(), *named], text


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


def test_what_is_flagged_is_never_listed(taxonomy):
    rows = taxonomy.objects.select(["id", "name", "flags"]).to_pylist()
    flagged = {row["id"] for row in rows if row["flags"]}
    names = Counter(row["name"] for row in rows)
    several = sorted({row["name"] for row in rows if row["flags"] and names[row["name"]] > 1})
    for name in random.Random(4).sample(several, 40):
        try:
            find_object(taxonomy, name)
        except GasError as error:
            assert flagged.isdisjoint(re.findall(r"[^ ,]+\.[a-z]\.\d+", str(error))), name


def test_common_concepts_come_before_rare_ones(taxonomy):
    assert read_words(taxonomy, "objects").find("doog") == ["dog.n.01"]
    assert read_words(taxonomy, "objects").find("cookware") == []
    with pytest.raises(GasError, match=r"keyboard\.n\.01 \(device .*computer_keyboard\.n\.01"):
        find_object(taxonomy, "keyboard")


@pytest.mark.parametrize(
    ("word", "id_"),
    [
        ("tv", "television.n.01"),
        ("couch", "sofa.n.01"),
        ("hair_drier", "hand_blower.n.01"),
        ("Tie", "necktie.n.01"),
        ("sports balls", "ball.n.01"),
        ("dogs", "dog.n.01"),
    ],
)
def test_words_that_people_use_are_read(taxonomy, word, id_):
    assert taxonomy.objects["id"][find_object(taxonomy, word)].as_py() == id_


def test_a_word_of_several_objects_says_what_each_is(taxonomy):
    with pytest.raises(GasError) as error:
        find_object(taxonomy, "bike")
    assert re.search(r"bicycle\.n\.01 \(a wheeled vehicle .*\), motorcycle\.n\.01 \(a motor vehicle", str(error.value))


@pytest.mark.parametrize(
    ("table", "word", "ids"),
    [
        ("relations", "Wearing", ["functional.wearing", "interactional.wearing"]),
        ("attributes", "grey", ["color.gray"]),
        ("scene_attributes", "in a kitchen", ["location.kitchen"]),
        ("attributes", "color.red", ["color.red"]),
    ],
)
def test_a_word_means_all_of_a_table_that_are_called_so(taxonomy, table, word, ids):
    assert [getattr(taxonomy, table)["id"][row].as_py() for row in find_concepts(taxonomy, table, word)] == ids


def test_definitions_are_short_and_of_objects_that_there_are(taxonomy):
    senses = read_senses()
    assert senses.keys() <= set(taxonomy.objects["id"].to_pylist())
    assert max(len(definition) for definition, _ in senses.values()) <= 84
    assert define_object(taxonomy, find_object(taxonomy, "black_tie.n.02")) == "a kind of bow tie"


def test_time_of_hints_does_not_grow_with_the_length_of_a_word(taxonomy):
    words = read_words(taxonomy, "objects")
    words.find("warm")
    started = time.process_time()
    words.find("x" * 100_000)
    assert time.process_time() - started < 1
