"""Content of scenes: even coverage from decks, and only what goes together where a recipe says typed."""

from collections import Counter
from itertools import permutations

import numpy as np
import pytest
from generate_any_scene.builders.content.draw import draw_block
from generate_any_scene.builders.content.scenes import BLOCK
from generate_any_scene.errors import RecipeError
from generate_any_scene.taxonomy import find_object
from shipped_recipes import WIDE

BLOCKS = 2


@pytest.fixture(scope="module", params=WIDE)
def drawn(request, open_writer):
    """The plan of a shipped recipe and its first blocks."""
    plan = open_writer(request.param).plan
    return plan, [draw_block(plan, "train", block) for block in range(BLOCKS)]


@pytest.fixture
def typed(drawn):
    """The same where attributes and relations are only where they make sense."""
    if drawn[0].recipe.content.constraints == "none":
        pytest.skip("anything is said of anything")
    return drawn


def repeat_holders(ragged):
    return np.repeat(np.arange(len(ragged)), ragged.lengths)


def read_kinds(taxonomy, table, column, rows):
    """Sets of kinds, one a row."""
    cells = [set(cell.split("|")) for cell in getattr(taxonomy, table)[column].to_pylist()]
    return [cells[row] for row in rows.tolist()]


def goes_together(wanted, kinds):
    return "any" in wanted or wanted & kinds


def test_attributes_apply_to_their_objects(typed):
    plan, blocks = typed
    taxonomy = plan.taxonomy
    for scenes in blocks:
        holders = scenes.objects.values[repeat_holders(scenes.attributes)]
        wanted = read_kinds(taxonomy, "attributes", "applies_to", scenes.attributes.values)
        assert all(map(goes_together, wanted, read_kinds(taxonomy, "objects", "kinds", holders)))


def test_no_object_has_an_attribute_that_bars_it(typed):
    """Nothing is said of what lies under an object that it bars, either."""
    plan, blocks = typed
    objects, attributes = (getattr(plan.taxonomy, table).to_pylist() for table in ("objects", "attributes"))
    parents = {one["id"]: one["parent"] for one in objects}

    def list_names(one):
        names, above = {*one["kinds"].split("|")}, one["id"]
        while above:
            names.add(above)
            above = parents.get(above)
        return names

    barred = [set(filter(None, one["bars"].split("|"))) for one in attributes]
    barring = 0
    for scenes in blocks:
        held = np.stack([scenes.objects.values[scenes.attributes.owners], scenes.attributes.values], axis=1)
        for item, attribute in np.unique(held, axis=0).tolist():
            barring += bool(barred[attribute])
            assert not barred[attribute] & list_names(objects[item]), (objects[item]["name"], attributes[attribute])
    assert barring > 100 or not len(held) or not any(barred)


def test_relations_join_objects_of_their_kinds(typed):
    plan, blocks = typed
    taxonomy = plan.taxonomy
    for scenes in blocks:
        shift = scenes.objects.offsets[:-1][repeat_holders(scenes.relations)]
        for ends, column in ((scenes.subjects, "subject_kinds"), (scenes.targets, "object_kinds")):
            kinds = read_kinds(taxonomy, "objects", "kinds", scenes.objects.values[ends.values + shift])
            wanted = read_kinds(taxonomy, "relations", column, scenes.relations.values)
            assert all(map(goes_together, wanted, kinds))


def test_no_object_has_two_attributes_of_one_group(drawn):
    plan, blocks = drawn
    taxonomy = plan.taxonomy
    groups = np.array(taxonomy.attributes["group"].to_pylist())
    for scenes in blocks:
        held = list(zip(repeat_holders(scenes.attributes).tolist(), groups[scenes.attributes.values], strict=True))
        assert len(set(held)) == len(held)


def test_no_object_has_attributes_that_exclude_each_other(drawn):
    plan, blocks = drawn
    rows = plan.taxonomy.attributes.to_pylist()

    def excludes(one, other):
        names = {other["id"], other["group"]}
        return bool(names & set(one["excludes"].split("|"))) and other["id"] not in one["near"].split("|")

    for scenes in blocks:
        for held in {tuple(one.tolist()) for one in scenes.attributes.lists() if len(one) > 1}:
            assert not any(excludes(rows[one], rows[other]) for one, other in permutations(held, 2)), held


def test_only_what_can_be_counted_has_a_size_or_a_shape(typed):
    plan, blocks = typed
    kinds = np.array(plan.taxonomy.attributes["kind"].to_pylist())
    countability = np.array(plan.taxonomy.objects["countability"].to_pylist())
    for scenes in blocks:
        holders = scenes.objects.values[repeat_holders(scenes.attributes)]
        measured = np.isin(kinds[scenes.attributes.values], ["size", "shape"])
        assert set(countability[holders[measured]]) <= {"count"}


def test_no_object_is_what_its_name_excludes(drawn):
    """Where an object cannot have an attribute for its name's sake, it is put where none is needed."""
    plan, blocks = drawn
    for scenes in blocks:
        holders = scenes.objects.values[repeat_holders(scenes.attributes)]
        assert not plan.pools.object_clash.have(scenes.attributes.values, holders).any()


def test_attributes_stand_in_the_order_of_english(drawn):
    plan, blocks = drawn
    taxonomy = plan.taxonomy
    orders = taxonomy.attributes["order"].to_numpy()
    after = np.array(taxonomy.attributes["position"].to_pylist()) == "after"
    for scenes in blocks:
        rank = after[scenes.attributes.values] * 100 + orders[scenes.attributes.values]
        holder = repeat_holders(scenes.attributes)
        same = holder[1:] == holder[:-1]
        assert (rank[1:] >= rank[:-1])[same].all()


def test_scene_attributes_of_a_scene_do_not_exclude_each_other(drawn, taxonomy):
    plan, blocks = drawn
    table = taxonomy.scene_attributes.to_pylist()
    excluded = [set(row["excludes"].split("|")) - {""} for row in table]
    low, high = plan.recipe.content.scene_attributes.count
    for scenes in blocks:
        assert scenes.scene_attributes.lengths.min() >= low
        assert scenes.scene_attributes.lengths.max() <= high
        for scene in range(len(scenes)):
            rows = scenes.scene_attributes[scene].tolist()
            kinds = {table[row]["kind"] for row in rows}
            assert len(kinds) == len(rows)
            names = kinds | {table[row]["id"] for row in rows}
            assert not any(excluded[row] & names for row in rows)
            assert all(plan.recipe.modality in table[row]["modality"].split("|") for row in rows)


def test_scenes_have_the_shape_of_their_structures(drawn):
    plan, blocks = drawn
    table = plan.structures.table
    for scenes in blocks:
        assert len(scenes) == BLOCK
        assert (scenes.objects.lengths == table.objects[scenes.structures]).all()
        assert (scenes.relations.lengths == table.relations[scenes.structures]).all()
        assert (scenes.attributes.lengths == table.attribute_counts.take(scenes.structures).values).all()


def test_all_objects_that_a_recipe_leaves_are_used(drawn):
    plan, blocks = drawn
    used = np.concatenate([scenes.objects.values for scenes in blocks])
    assert len(used) > 3 * len(plan.pools.objects)
    assert set(used.tolist()) == set(plan.pools.objects.tolist())


@pytest.mark.parametrize("name", ["attributes", "relations"])
def test_no_concept_is_left_out_where_there_is_room_for_all_like_it(drawn, name):
    plan, blocks = drawn
    pools = plan.pools
    deck = getattr(pools, name)
    pool, classes, fits = deck.rows, deck.classes, deck.fits
    taken = np.concatenate([getattr(scenes, name).values for scenes in blocks])
    places = np.concatenate([classify_places(pools, scenes, name) for scenes in blocks])
    uses = np.bincount(taken, minlength=pool.max() + 1)
    assert set(taken.tolist()) <= set(pool.tolist())
    left_out = {}
    # Where something shall move, what says that nothing does has little room, and what says that one sleeps has less.
    said = [cell.split("|") for cell in getattr(plan.taxonomy, name)["says"].to_pylist()]
    still = [(name == "relations") * (("moves" not in one) + ("sleeps" in one)) for one in said]
    for card in np.flatnonzero(uses[pool] == 0).tolist():
        room, alike = fits[classes[card]][places].sum(), (classes == classes[card]).sum()
        room *= (1 - plan.recipe.content.dynamic) ** still[pool[card]]
        if room > 4 * BLOCKS * alike:
            left_out[int(pool[card])] = room / alike
    assert not left_out


def classify_places(pools, scenes, name):
    """The class of each place for an attribute or relation, as the columns of `Deck.fits`."""
    objects = pools.classes.of[scenes.objects.values]
    if name == "attributes":
        return np.repeat(objects, scenes.attributes.lengths)
    shift = np.repeat(scenes.objects.offsets[:-1], scenes.relations.lengths)
    return objects[scenes.subjects.values + shift] * len(pools.classes) + objects[scenes.targets.values + shift]


@pytest.mark.parametrize("recipe", ["general", "multi_object"])
@pytest.mark.parametrize("blocks", [1, BLOCKS])
def test_without_constraints_no_concept_is_used_twice_before_every_other_once(recipe, blocks, open_writer):
    plan = open_writer(recipe, "content.constraints=none").plan
    drawn = [draw_block(plan, "train", block) for block in range(blocks)]
    for name in ("objects", "attributes", "relations"):
        pool = plan.pools.objects if name == "objects" else getattr(plan.pools, name).rows
        used = Counter(np.concatenate([getattr(scenes, name).values for scenes in drawn]).tolist())
        counts = [used[row] for row in pool.tolist()]
        assert sum(counts) == used.total()
        # A few relations are drawn again, where no exchange makes a scene possible.
        assert max(counts) - min(counts) <= (4 if name == "relations" else 1)


def test_typed_objects_are_used_evenly_where_every_object_fits(open_writer):
    plan = open_writer("multi_object", "structure.attributes=0").plan
    used = np.bincount(draw_block(plan, "train", 0).objects.values)[plan.pools.objects]
    assert used.max() - used.min() <= 1


def test_weights_are_cards(open_writer):
    weights = "content.objects.weights={dog.n.01: 5, cat.n.01: 0}"
    plan = open_writer("multi_object", "content.constraints=none", weights).plan
    taxonomy = plan.taxonomy
    used = np.bincount(draw_block(plan, "train", 0).objects.values, minlength=taxonomy.objects.num_rows)
    usual = np.median(used[plan.pools.objects])
    assert used[find_object(taxonomy, "dog.n.01")] == pytest.approx(5 * usual, abs=5)
    assert used[find_object(taxonomy, "cat.n.01")] == 0


def test_kinds_of_scene_attributes_are_used_evenly(open_writer, taxonomy):
    plan = open_writer("general", "content.scene_attributes={kinds: [weather, genre], count: [0, 1]}").plan
    scenes = draw_block(plan, "train", 0)
    kinds = np.array(taxonomy.scene_attributes["kind"].to_pylist())[scenes.scene_attributes.values]
    assert abs((scenes.scene_attributes.lengths == 1).mean() - 0.5) <= 1 / BLOCK
    assert abs((kinds == "weather").mean() - 0.5) <= 1 / len(kinds)


def test_a_block_does_not_depend_on_those_before_it(drawn, open_writer):
    plan, blocks = drawn
    alone = draw_block(open_writer(plan.recipe.name, "description=another text").plan, "train", 1)
    for name in ("structures", "objects", "attributes", "relations", "scene_attributes"):
        one, other = (getattr(getattr(scenes, name), "values", getattr(scenes, name)) for scenes in (blocks[1], alone))
        assert (one == other).all()


def test_scenes_drawn_without_those_beside_them_are_the_same(open_writer):
    for name in ("general", "attribute_binding"):
        plan = open_writer(name).plan
        block = draw_block(plan, "train", 5)
        for first, last in ((0, 1), (64, 120), (8000, BLOCK)):
            part, whole = draw_block(plan, "train", 5, first, last), block.cut(first, last)
            assert part.start == whole.start
            for column in ("structures", "objects", "attributes", "relations", "subjects", "scene_attributes"):
                one, other = (
                    getattr(getattr(scenes, column), "values", getattr(scenes, column)) for scenes in (part, whole)
                )
                assert (one == other).all()


def test_splits_seeds_and_names_give_other_scenes(open_writer):
    plan = open_writer("multi_object").plan
    objects = draw_block(plan, "train", 0).objects.values[:100]
    others = [
        draw_block(plan, "test", 0),
        draw_block(plan, "train", 1),
        draw_block(open_writer("multi_object", "seed=1").plan, "train", 0),
        draw_block(open_writer("multi_object", "name=other").plan, "train", 0),
    ]
    assert all((scenes.objects.values[:100] != objects).any() for scenes in others)


def test_more_attributes_than_an_object_can_hold_are_refused(write_recipe, open_writer):
    path = write_recipe(
        "structure: {complexity: [5, 6], objects: 1}\ncontent: {attributes: {kinds: [color], max_per_object: 9}}"
    )
    with pytest.raises(
        RecipeError, match=r"structures have up to 5 attributes on one object, but an object here can hold"
    ):
        open_writer(str(path))


def test_relations_that_join_nothing_are_refused(write_recipe, open_writer):
    text = """
structure: {complexity: 3, objects: 2, relations: 1}
content: {objects: {under: [rock.n.01]}, relations: {categories: [emotional]}}
"""
    with pytest.raises(RecipeError, match=r"no relation that is left fits from some objects to others"):
        open_writer(str(write_recipe(text)))
