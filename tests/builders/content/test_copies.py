"""Copies: which objects stand for several things, how many, and how groups are put into words."""

import io
import re
from collections import Counter

import numpy as np
import pytest
from generate_any_scene.builders.content.copies import find_countable, find_grouping, list_numbers
from generate_any_scene.builders.content.draw import draw_block
from generate_any_scene.builders.content.scenes import Scenes
from generate_any_scene.builders.foundation.counter_rng import WINDOW
from generate_any_scene.builders.foundation.ragged import Ragged
from generate_any_scene.builders.inspection.preview import print_scene
from generate_any_scene.builders.inspection.row_difference import find_difference
from generate_any_scene.builders.recipe.content import Copies
from generate_any_scene.builders.recipe.loading import dump_recipe, list_recipes, load_recipe
from generate_any_scene.builders.text.surface_forms import BlockWords
from generate_any_scene.errors import RecipeError

NUMBERS = ["zero", "one", "two", "three", "four", "five", "six"]
SINGLE = {
    "spatial": ["twice as tall as", "half as tall as", "back to back with", "supporting", "covering", "enclosing"],
    "functional": ["wearing", "worn by", "attached to", "carrying", "full of"],
    "interactional": ["wearing", "riding", "eating", "playing", "jumping over"],
    "symbolic": ["a mirror image of", "a portrait of", "represent"],
    "social": ["a friend of", "kissing the cheek of", "playing chess against", "shaking hands with"],
}
"""Relations that no group is the subject of."""
ANY = {
    "spatial": ["above", "to the left of", "near", "in front of", "standing beside", "surrounded by", "on", "in"],
    "interactional": ["chasing", "looking at", "running past", "held by"],
    "social": ["greeting", "following"],
}
"""Relations that groups are the subject of."""
HELD = {
    "spatial": ["on", "in", "inside", "sitting on", "hanging from", "placed on"],
    "interactional": ["wearing", "riding", "eating", "entering"],
}
"""Relations that no group is the object of."""


def draw(open_writer, recipe, *overrides):
    writer = open_writer(recipe, *overrides)
    return writer.plan, draw_block(writer.plan, "train", 0)


def test_numbers_are_dealt_alike_often(open_writer):
    plan, scenes = draw(open_writer, "counting")
    able = scenes.objects.values[scenes.copies > 1]
    assert find_countable(plan.taxonomy)[able].all()
    # What cannot be several is one, whatever is dealt; of all others each number is as frequent.
    joined = np.zeros(len(scenes.copies), dtype=bool)
    for ends in (scenes.subjects, scenes.targets):
        joined[ends.values + scenes.objects.offsets[scenes.relations.owners]] = True
    counted = find_countable(plan.taxonomy)[scenes.objects.values] & ~joined
    counts = np.bincount(scenes.copies[counted])[1:]
    assert len(counts) == 6
    assert counts == pytest.approx(counts.mean(), rel=0.1)
    several = np.bincount(scenes.copies)[2:]
    assert several == pytest.approx(several.mean(), rel=0.1)


@pytest.mark.parametrize("recipe", ["multi_object", "general"])
def test_a_quarter_of_what_can_be_counted_are_several_at_most(recipe, open_writer):
    plan, scenes = draw(open_writer, recipe)
    countable = find_countable(plan.taxonomy)[scenes.objects.values]
    assert 0.15 < (scenes.copies[countable] > 1).mean() < 0.26


@pytest.mark.parametrize("recipe", sorted(set(list_recipes()) - {"counting", "edits", "multi_object", "general"}))
def test_without_the_key_objects_are_one(recipe, open_writer):
    _, scenes = draw(open_writer, recipe)
    assert (scenes.copies == 1).all()


@pytest.mark.parametrize(
    ("copies", "numbers"),
    [
        (None, {1: 1.0}),
        ({"count": [1, 6]}, dict.fromkeys(range(1, 7), 1 / 6)),
        ({"count": [3, 4]}, {3: 0.5, 4: 0.5}),
        ({"count": [2, 6], "share": 0.25}, {1: 0.75, **dict.fromkeys(range(2, 7), 0.05)}),
        ({"count": 2, "share": 0.3}, {1: 2 / 3, 2: 1 / 3}),
        ({"count": [1, 2], "share": 0.5}, {1: 0.75, 2: 0.25}),
    ],
)
def test_the_deck_holds_each_number_once_and_ones_for_the_rest(copies, numbers):
    deck = list_numbers(copies and Copies.model_validate(copies))
    assert {number: count / len(deck) for number, count in Counter(deck.tolist()).items()} == pytest.approx(numbers)


def test_a_group_has_a_name_of_its_own_and_relations_for_many(open_writer):
    for recipe in ("counting", "multi_object"):
        plan, scenes = draw(open_writer, recipe, "content.objects.copies=[2, 6]", "content.objects.top=200")
        of_subjects, of_targets = find_grouping(plan.taxonomy)
        names = np.array(plan.taxonomy.objects["name"].to_pylist())[scenes.objects.values]
        for scene, (first, last) in enumerate(
            zip(scenes.objects.offsets[:-1], scenes.objects.offsets[1:], strict=True)
        ):
            used = Counter(names[first:last].tolist())
            several = scenes.copies[first:last] > 1
            assert all(used[name] == 1 for name in names[first:last][several].tolist())
            relations, subjects, targets = (one[scene] for one in (scenes.relations, scenes.subjects, scenes.targets))
            assert (of_subjects[relations] | ~several[subjects]).all()
            assert (of_targets[relations] | ~several[targets]).all()


def test_relations_that_take_one_thing_have_no_groups(taxonomy):
    places = {(row["category"], row["predicate"]): i for i, row in enumerate(taxonomy.relations.to_pylist())}
    of_subjects, of_targets = find_grouping(taxonomy)

    def look_up(listed):
        return np.array(
            [
                places[category, word]
                for category, words in listed.items()
                for word in words
                if (category, word) in places
            ]
        )

    assert not of_subjects[look_up(SINGLE)].any()
    assert of_subjects[look_up(ANY)].all()
    assert not of_targets[look_up(HELD)].any()
    # What holds at one end holds at the other end of the inverse.
    ids = {row["id"]: i for i, row in enumerate(taxonomy.relations.to_pylist())}
    for i, row in enumerate(taxonomy.relations.to_pylist()):
        if row["inverse"]:
            other = ids[row["inverse"]]
            if taxonomy.relations["inverse"][other].as_py() == row["id"]:
                assert of_subjects[i] == of_targets[other], row["id"]


def make_groups(taxonomy, concepts, number):
    """A scene with each of these alone, so many of each."""
    none = {name: Ragged.from_lists([[]] * len(concepts)) for name in ("attributes", "relations", "scene_attributes")}
    ends = dict.fromkeys(("subjects", "targets"), none["relations"])
    objects = Ragged.from_lists([[concept] for concept in concepts])
    zeros = np.zeros(len(concepts), dtype=np.int64)
    return BlockWords(Scenes(0, zeros, objects, **none, **ends, copies=zeros + number), taxonomy)


def test_every_form_of_words_agrees_with_the_number(taxonomy):
    rows = taxonomy.objects.to_pylist()
    concepts = np.flatnonzero(find_countable(taxonomy) & np.array([row["tier"] == "common" for row in rows])).tolist()
    for number in range(1, 7):
        words = make_groups(taxonomy, concepts, number)
        said = {
            word: words.lexicon.words.take(words.find_column(f"object.{word}")).to_pylist()
            for word in ("article", "name_article", "bare_article", "again", "name", "be", "any", "ordinal", "plural")
        }
        for place, concept in enumerate(concepts):
            row, form = rows[concept], {word: column[place] for word, column in said.items()}
            several = number > 1
            article = NUMBERS[number] if several else row["article"]
            assert form["article"] == form["name_article"] == article
            assert form["bare_article"] == ("some" if several else row["article"])
            assert form["again"] == (f"{article} " if several else "")
            assert form["name"] == (row["plural"] if several else row["name"])
            assert form["plural"] == row["plural"] and form["ordinal"] == ""
            assert form["be"] == ("are" if several else "is")
            assert form["any"] == ("any" if several else row["article"])


def test_verbs_agree_with_the_number_of_the_subject(write_rows, taxonomy):
    plurals = {row["id"]: row["plural"] for row in taxonomy.objects.to_pylist()}
    verbs = {(row["category"], row["predicate"]): row for row in taxonomy.relations.to_pylist()}
    seen = Counter()
    for row in write_rows("multi_object", ("content.objects.copies=[1, 3]",), 600):
        objects = row["scene_graph"]["objects"]
        spans = {one["element"]: row["caption"][one["start"] : one["end"]] for one in row["mentions"][::-1]}
        for number, item in enumerate(objects):
            assert spans[f"object/{number}"] == (plurals[item["concept"]] if item["count"] > 1 else item["name"])
            if item["count"] > 1:
                assert re.search(rf"\b{NUMBERS[item['count']]}\b", row["caption"], re.IGNORECASE)
        for number, relation in enumerate(row["scene_graph"]["relations"]):
            verb, subject = verbs[relation["category"], relation["predicate"]], objects[relation["subject"]]
            several = subject["count"] > 1
            if several:
                seen[relation["category"]] += 1
                finite = verb["finite_plural"] or f"are {verb['predicate']}"
                assert spans[f"relation/{number}"] in (finite, verb["predicate"])
    assert seen["spatial"] > 20 and len(seen) > 2


@pytest.mark.parametrize("recipe", list_recipes())
def test_a_third_of_the_counts_are_zero_at_most(recipe, write_rows):
    rows = write_rows(recipe, (), 6 * WINDOW)
    for start in range(0, len(rows), WINDOW):
        answers = Counter(
            question["answer"]
            for row in rows[start : start + WINDOW]
            for question in row["questions"]
            if question["kind"] == "count"
        )
        assert answers["zero"] <= answers.total() / 3


def test_how_many_has_the_numbers_of_the_recipe_for_answers(write_rows):
    answers = Counter(
        question["answer"]
        for row in write_rows("counting", (), 3000)
        for question in row["questions"]
        if question["kind"] == "count"
    )
    assert set(answers) == set(NUMBERS)
    several = [answers[number] for number in NUMBERS[2:]]
    assert several == pytest.approx([sum(several) / 5] * 5, rel=0.15)
    # One also of what is one at the end of a relation.
    assert answers["one"] < 2 * max(several)


def test_counts_are_edited_up_and_down_within_the_numbers_of_the_recipe(write_rows):
    for overrides, low, high in (
        ((), 1, 6),
        (("content.objects.copies=[3, 5]",), 3, 5),
        (("content.objects.copies=4",), 4, 5),
    ):
        steps = Counter()
        for row in write_rows("counting", (*overrides, "pairs=count", "questions=[count]"), 1500):
            if row["pair"]:
                both = zip(row["scene_graph"]["objects"], row["pair"]["scene_graph"]["objects"], strict=True)
                ((before, after),) = [(one["count"], other["count"]) for one, other in both if one != other]
                assert abs(before - after) == 1 and low <= min(before, after) and max(before, after) <= high
                steps[after - before] += 1
                (change,) = row["pair"]["changed"]
                asked = row["questions"][change["question"]]
                assert (asked["answer"], change["answer"]) == (NUMBERS[before], NUMBERS[after])
        if high - low > 1:
            assert steps[1] == pytest.approx(steps[-1], rel=0.15)


def test_edits_never_make_a_group_of_what_cannot_be_one(write_rows, taxonomy):
    countable = dict(zip(taxonomy.objects["id"].to_pylist(), find_countable(taxonomy).tolist(), strict=True))
    grouping = dict(
        zip(
            taxonomy.relations["id"].to_pylist(),
            zip(*(one.tolist() for one in find_grouping(taxonomy)), strict=True),
            strict=True,
        )
    )
    ids = {(row["category"], row["predicate"]): row["id"] for row in taxonomy.relations.to_pylist()}
    edits = Counter()
    for row in write_rows("multi_object", ("pairs=true", "questions=[]", "content.objects.copies=[2, 4]"), 1500):
        for graph in filter(None, (row["scene_graph"], row["pair"] and row["pair"]["scene_graph"])):
            for item in graph["objects"]:
                assert item["count"] == 1 or countable[item["concept"]]
            for relation in graph["relations"]:
                ends = (graph["objects"][relation[end]]["count"] for end in ("subject", "object"))
                allowed = grouping[ids[relation["category"], relation["predicate"]]]
                assert all(may or count == 1 for may, count in zip(allowed, ends, strict=True)), relation
        edits[row["pair"] and row["pair"]["edit"]] += 1
    assert min(edits[edit] for edit in ("object", "predicate", "relation_reversed", "count")) > 5


def test_objects_of_a_seed_graph_are_one_thing_each(write_rows):
    seed = "structure.seed_graph={objects: [{concept: dog.n.01}]}"
    rows = write_rows("counting", (seed, "structure.objects=[2, 4]"), 300)
    objects = [item for row in rows for item in row["scene_graph"]["objects"]]
    assert {item["count"] for item in objects if item["concept"] == "dog.n.01"} == {1}
    assert max(item["count"] for item in objects) == 6


@pytest.mark.parametrize("recipe", ["counting", "general"])
def test_a_scene_has_its_numbers_whichever_are_drawn_beside_it(recipe, open_writer):
    writer = open_writer(recipe)
    rows = writer.write_block("train", 1, 200).to_pylist()
    for place in (0, 63, 64, 199):
        assert writer.write_row("train", 8192 + place) == rows[place]


def test_rows_of_a_version_without_counts_differ_in_them(write_rows):
    row = write_rows("counting", (), 1)[0]
    graph = row["scene_graph"]
    old = [{key: value for key, value in item.items() if key != "count"} for item in graph["objects"]]
    place, found, made = find_difference({**row, "scene_graph": {**graph, "objects": old}}, row)
    assert (place, found) == ("scene_graph.objects[0].count", "null") and int(made) == graph["objects"][0]["count"]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("[1, 6]", [1, 6]),
        ("3", [3, 3]),
        ("{count: [2, 6]}", [2, 6]),
        ("{count: [2, 6], share: 0.25}", {"count": [2, 6], "share": 0.25}),
        ("null", None),
    ],
)
def test_the_key_is_a_number_a_range_or_a_mapping(value, written, write_recipe):
    recipe = load_recipe(
        write_recipe(f"content: {{objects: {{copies: {value}}}}}\nstructure: {{complexity: 3}}")
    ).recipe
    assert recipe.content_fields()["content"]["objects"].get("copies") == written
    again = write_recipe("", name="again")
    again.write_text(dump_recipe(recipe))
    assert load_recipe(again).recipe == recipe


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("[0, 3]", "copies.*must be between 1 and 1000"),
        ("[6, 2]", r"write \[2, 6\]"),
        ("{count: 2, share: 0.0001}", "copies.share"),
        ("{count: 2, share: 1.5}", "copies.share"),
        ("{share: 0.5}", "copies.count"),
        ("{counts: 2}", "did you mean `count`"),
        ("many", "copies"),
    ],
)
def test_mistakes_are_told(value, message, write_recipe):
    with pytest.raises(RecipeError, match=message):
        load_recipe(write_recipe(f"content: {{objects: {{copies: {value}}}}}\nstructure: {{complexity: 3}}"))


def test_pictures_in_a_terminal_say_the_number(write_rows):
    from rich.console import Console

    row = next(row for row in write_rows("counting", (), 20) if row["scene_graph"]["objects"][0]["count"] > 1)
    console = Console(record=True, width=200, file=io.StringIO())
    print_scene(row, console)
    item = row["scene_graph"]["objects"][0]
    assert f"{item['count']} × {item['name']}" in console.export_text()
