"""What `gas validate` says of recipes that are right, but whose scenes cannot show what they ask for."""

import json
import random
from collections import Counter, defaultdict

import numpy as np
import pytest
from generate_any_scene.builders.content.draw import draw_block
from generate_any_scene.builders.inspection.recipe_check import SAMPLE, validate_recipe
from generate_any_scene.builders.inspection.weaknesses import FEWEST, FEWEST_ANSWERS, VARIED
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.rows.writer import create_writer
from generate_any_scene.errors import RecipeError
from generate_any_scene.recipes import list_recipes
from generate_any_scene.taxonomy.nearness import find_excluding_attributes

WEAK = [
    (
        "general",
        ["content.objects.under=[kitchen]"],
        {
            "content.objects": "% of scenes have two objects of one name: there are 1 names for up to 12 objects",
            "content.objects.copies": "25.0% of objects were to stand for several things, and 0.0% do",
            "questions": "`multiple_choice` are answered `kitchen` (100%)",
        },
    ),
    ("sandbox", ["questions=[comparison]"], {"questions": "no `comparison` question can be asked about any of 256"}),
    ("sandbox", ["structure.relations=[0, 40]"], {"structure.relations": "has fewer than 0 or more than 3"}),
    ("sandbox", ["structure.complexity=[1, 20]"], {"structure.complexity": "has fewer than 1 or more than 9"}),
    (
        "three_d",
        ["content.objects.under=[vehicle.n.01]", "content.attributes.kinds=[color, state, human]"],
        {"content.attributes.kinds": "none of the attributes of `human` goes with any object"},
    ),
    ("three_d", ["pairs=[count]", "content.objects.under=[building.n.01]"], {"pairs": "can be edited by `count`"}),
]


@pytest.mark.parametrize(("recipe", "changes", "told"), WEAK)
def test_what_scenes_cannot_show_is_told_with_its_number(recipe, changes, told):
    warnings = validate_recipe(load_recipe(recipe, changes)).warnings
    for key, message in told.items():
        (found,) = [warning for warning in warnings if message in warning]
        assert found.split(message)[0].startswith((f"--set {key}: ", f"recipes/datasets/{recipe}.yaml:"))


def test_warnings_are_on_stderr_and_in_json(gas):
    arguments = ("validate", "sandbox", "--set", "structure.relations=[0, 40]")
    status, out, err = gas(*arguments)
    assert (status, out.splitlines()[0].split(":")[0]) == (0, "sandbox 2.0.0 is valid")
    (report,) = json.loads(gas(*arguments, "--json")[1])
    assert err.splitlines() == [f"warning: {line}" for line in report["warnings"]] and len(report["warnings"]) == 1


@pytest.mark.parametrize("recipe", list_recipes())
def test_shipped_recipes_keep_what_they_say(recipe):
    assert not validate_recipe(load_recipe(recipe)).warnings


def test_what_a_seed_graph_or_a_parent_wants_is_no_weakness():
    seed = (
        "structure={objects: 2, complexity: [2, 4], seed_graph: {objects: [{concept: dog.n.01}, {concept: dog.n.01}]}}"
    )
    changes = [seed, "questions=object", "content.objects.copies=1"]
    assert not [one for one in validate_recipe(load_recipe("multi_object", changes)).warnings if "one name" in one]
    inherited = load_recipe("multi_object", ["structure.complexity=5", "structure.relations=[0, 2]"])
    assert validate_recipe(inherited).warnings == []


UNDER = ["kitchen", "furniture.n.01", "dog.n.01", "water.n.01", "vehicle.n.01", "food.n.01", "person.n.01"]
KINDS = ["color", "material", "state", "human", "texture", "size"]
CATEGORIES = ["spatial", "interactional", "emotional"]


def draw_changes(chance):
    """Overrides of a recipe: narrower or wider pools, ranges and questions."""
    changes = {
        "content.objects.under": chance.sample(UNDER, chance.randint(1, 3)),
        "content.objects.top": chance.choice([2, 5, 20, "10%"]),
        "content.attributes.kinds": chance.sample(KINDS, chance.randint(1, 3)),
        "content.relations.categories": ["spatial", *chance.sample(CATEGORIES[1:], chance.randint(0, 2))],
        "content.scene_attributes.count": chance.choice([0, 1, [0, 3]]),
        "content.objects.copies": chance.choice([1, [1, 4], {"count": [2, 6], "share": 0.25}]),
        "structure.objects": chance.choice([1, [1, 3], [2, 5], [1, 12]]),
        "structure.relations": chance.choice([0, [0, 2], [0, 30]]),
        "questions": chance.choice(["count", ["object", "attribute"], ["object", "relation", "count"]]),
    }
    return {key: changes[key] for key in chance.sample(sorted(changes), chance.randint(1, 5))}


@pytest.mark.parametrize("seed", [*range(3), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(3, 60))])
def test_what_is_not_warned_of_is_so(seed):
    """Of a recipe drawn at random, later scenes than those that were looked at show what nothing was said of."""
    chance = random.Random(seed)
    changes = draw_changes(chance)
    try:
        loaded = load_recipe(chance.choice(["multi_object", "spatial_relations"]), changes)
        warnings = validate_recipe(loaded).warnings
    except RecipeError as refused:
        assert refused.problems
        return
    told = "\n".join(warnings)
    writer = create_writer(loaded)
    scenes = draw_block(writer.plan, "train", 0, SAMPLE, 3 * SAMPLE)
    rows = writer.write(scenes, "train").select(["scene_graph", "questions"]).to_pylist()
    _check_objects(rows, told)
    _check_answers(rows, told)
    for key in ("objects", "relations"):
        if f"structure.{key}" in changes and f"structure.{key}: is" not in told:
            low, high = getattr(loaded.recipe.structure, key)
            assert {low, high} <= {len(row["scene_graph"][key]) for row in rows}
    _check_attributes(writer.plan, scenes)


def _check_objects(rows, told):
    names = [[item["name"].lower() for item in row["scene_graph"]["objects"]] for row in rows]
    repeating = sum(len(set(some)) < len(some) for some in names) / len(rows)
    assert ("have two objects of one name" in told) or repeating < 0.02


def _check_answers(rows, told):
    answers = defaultdict(Counter)
    for row in rows:
        for question in row["questions"]:
            answers[question["kind"], question["form"]][question["answer"]] += 1
    for (kind, form), counts in answers.items():
        if f"all `{kind}` questions" not in told and counts.total() > 3 * FEWEST:
            assert len(counts) >= FEWEST_ANSWERS.get(form, VARIED)


def _check_attributes(plan, scenes):
    """No two attributes of an object, and no two of a scene, exclude each other."""
    excluding = find_excluding_attributes(plan.taxonomy)
    for values in scenes.attributes.lists():
        assert not excluding[np.ix_(values, values)][~np.eye(len(values), dtype=bool)].any()
    place = {row: number for number, row in enumerate(plan.pools.scene_attributes.values.tolist())}
    for values in scenes.scene_attributes.lists():
        places = [place[row] for row in values.tolist()]
        assert not plan.pools.scene_clash[np.ix_(places, places)][~np.eye(len(places), dtype=bool)].any()


@pytest.mark.parametrize(("bounds", "warned"), [({"max": 1}, True), ({"min": 1}, False)])
def test_filters_that_keep_nothing_are_told(bounds, warned):
    loaded = load_recipe("multi_object", {"filters": {"caption_words": bounds}})
    found = [one for one in validate_recipe(loaded).warnings if "of the first 8,192 rows of train" in one]
    assert bool(found) == warned and all("filters: keep 0 of" in one for one in found)
