"""What words of others become: concepts where the taxonomy has them, readable words of their own where not."""

import pytest
from generate_any_scene.builders.describe.modifiers import read_attribute, read_predicate
from generate_any_scene.builders.describe.nouns import read_noun
from generate_any_scene.taxonomy import load_taxonomy


@pytest.fixture(scope="module")
def taxonomy():
    return load_taxonomy()


@pytest.mark.parametrize(
    ("name", "concept"),
    [
        ("man", "man.n.01"),
        (" Man.", "man.n.01"),
        ("T-shirt", "jersey.n.03"),
        ("the sky", "sky.n.01"),
        ("cell phone.", "cellular_telephone.n.01"),
        ("fire_hydrant", "fireplug.n.01"),
    ],
)
def test_known_names_are_concepts(name, concept, taxonomy):
    meaning = read_noun(taxonomy, name, "")
    assert (meaning.id, meaning.row) == (concept, {})


@pytest.mark.parametrize(
    ("name", "said", "parent", "article"),
    [
        ("trees", "trees", "tree.n.01", "some"),
        ("couch", "couch", "sofa.n.01", "a"),
        ("TV", "TV", "television.n.01", "a"),
        ("guy in hat", "guy in a hat", "guy.n.01", "a"),
        ("man with umbrella", "man with an umbrella", "man.n.01", "a"),
        ("side of road", "side of the road", "side.n.05", "a"),
        ("people in background", "people in the background", "person.n.01", "some"),
        ("side walk", "side walk", "sidewalk.n.01", "a"),
        ("zorb", "zorb", "object.n.01", "a"),
    ],
)
def test_other_names_lie_under_what_is_known(name, said, parent, article, taxonomy):
    row = read_noun(taxonomy, name, "").row
    assert (row["name"], row["parent"], row["article"]) == (said, parent, article)


def test_a_name_is_near_what_it_names(taxonomy):
    assert "hat.n.01" in read_noun(taxonomy, "guy in hat", "").row["near"].split("|")


def test_numbers_before_plurals_are_counts(taxonomy):
    assert (read_noun(taxonomy, "two men", "").id, read_noun(taxonomy, "two men", "").copies) == ("man.n.01", 2)


def test_a_synset_decides_between_senses(taxonomy):
    assert read_noun(taxonomy, "crane", "crane.n.05").id == "crane.n.05"
    assert read_noun(taxonomy, "guy", "man.n.01").row["parent"] == "man.n.01"


@pytest.mark.parametrize("name", ["", " ", "...", "2", "on", "a", "#5", "the", "a" * 80])
def test_names_that_say_nothing_are_left_out(name, taxonomy):
    assert read_noun(taxonomy, name, "") is None


@pytest.mark.parametrize(
    ("value", "said", "position"),
    [
        ("wood", "wooden", "before"),
        ("White", "white", "before"),
        ("grey", "grey", "before"),
        ("is standing", "standing", "before"),
        ("white/black", "white and black", "before"),
        ("red, white and blue", "red, white, and blue", "before"),
        ("in background", "in the background", "after"),
        ("holding umbrella", "holding an umbrella", "after"),
        ("made of wood", "made of wood", "after"),
        ("lying down", "lying down", "after"),
        ("very tall", "very tall", "before"),
    ],
)
def test_attributes_stand_where_english_puts_them(value, said, position, taxonomy):
    meaning = read_attribute(taxonomy, "", value)
    row = meaning.row or next(one for one in taxonomy.attributes.to_pylist() if one["id"] == meaning.id)
    assert (row["adjective"], row["position"]) == (said, position)


@pytest.mark.parametrize("value", ["", ".", "on", "has a hat", "2", "the", "a lot", "trees"])
def test_attributes_that_cannot_be_read_are_left_out(value, taxonomy):
    assert read_attribute(taxonomy, "", value) is None


@pytest.mark.parametrize(
    ("predicate", "said"),
    [
        ("on", "is on"),
        ("ON a", "is on"),
        ("is wearing", "is wearing"),
        ("wear", "is wearing"),
        ("wears a", "wears"),
        ("have", "has"),
        ("to left of", "is to the left of"),
        ("on side of", "is on the side of"),
        ("walking on the", "is walking on"),
        ("with", "has"),
        ("for", "is meant for"),
    ],
)
def test_predicates_are_said_in_a_sentence(predicate, said, taxonomy):
    meaning = read_predicate(taxonomy, predicate, "")[0]
    row = meaning.row or next(one for one in taxonomy.relations.to_pylist() if one["id"] == meaning.id)
    assert (row["finite"] or f"is {row['predicate']}") == said


@pytest.mark.parametrize("predicate", ["", ".", "and", "a", "is", "sitting", "covered", "man", "to"])
def test_predicates_that_cannot_be_said_are_left_out(predicate, taxonomy):
    assert read_predicate(taxonomy, predicate, "") == []


@pytest.mark.parametrize(
    ("name", "concept", "copies"),
    [
        ("21 dogs", "dog.n.01", 21),
        ("2 dog", "dog.n.01", 2),
        ("1 dog", "dog.n.01", 1),
        ("one dog", "dog.n.01", 1),
        ("dog's", "dog.n.01", 1),
        ("do\x00g", "", 1),
    ],
)
def test_numbers_and_signs_are_no_part_of_a_name(name, concept, copies, taxonomy):
    meaning = read_noun(taxonomy, name, "")
    assert meaning.copies == copies
    assert meaning.id == concept if concept else meaning.row["name"] == "do g"


@pytest.mark.parametrize("name", ["four poster", "one way sign", "no parking sign"])
def test_a_number_may_be_a_part_of_a_name(name, taxonomy):
    meaning = read_noun(taxonomy, name, "")
    assert (meaning.row["name"], meaning.copies) == (name, 1)


@pytest.mark.parametrize("word", ["no tail", "not red", "not visible"])
def test_what_a_thing_is_not_is_no_attribute(word, taxonomy):
    assert read_attribute(taxonomy, "", word) is None


def test_nothing_of_something_is_no_thing(taxonomy):
    assert read_noun(taxonomy, "0 dogs", "") is None
    assert read_noun(taxonomy, "skiis", "").row["article"] == "some"


def test_two_wordings_of_a_place_are_one_attribute(taxonomy):
    ids = {read_attribute(taxonomy, "", word).id for word in ("in background", "in the background")}
    assert len(ids) == 1
