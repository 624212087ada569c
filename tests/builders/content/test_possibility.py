"""Scenes can be shown: orders, places and postures are possible together, as another method finds, too.

The other method draws intervals: in each direction an object reaches from a low to a high end, what is left of another
ends before that begins, and what is in another begins and ends within it. A graph of these inequalities without a
negative circle has a solution (Bellman and Ford), and only then.
"""

import itertools

import networkx as nx
import numpy as np
import pytest
from generate_any_scene.builders.content.draw import draw_block
from generate_any_scene.builders.content.facts import mask_facts, read_sayings
from generate_any_scene.builders.content.possibility import find_impossible
from generate_any_scene.builders.content.scenes import BLOCK
from generate_any_scene.builders.recipe.loading import list_recipes, load_recipe
from generate_any_scene.builders.rows.writer import create_writer
from generate_any_scene.errors import RecipeError
from hypothesis import given
from hypothesis import strategies as st

DIRECTIONS = (("left", "right"), ("below", "above"), ("front", "behind"))
SIZES = (("smaller", "bigger"), ("shorter", "taller"), ("narrower", "wider"))
PLACES = (("in", "contains"), ("on", "bears"))
POSTURES = {"stands", "sits", "lies", "kneels", "crouches", "goes", "held"}
AWAKE = {"stands", "kneels", "crouches", "goes", "looks", "moves"}


class Words:
    """What relations and attributes say, in words, by their rows."""

    def __init__(self, taxonomy):
        rows = taxonomy.relations.to_pylist()
        says = {row["id"]: set(row["says"].split("|")) - {""} for row in rows}
        self.relations = [says[row["id"]] for row in rows]
        # Any row of a head tells the inverse of all.
        inverse = {row["head"]: row["inverse"] for row in rows if row["inverse"]}
        inverses = [row["inverse"] or inverse.get(row["head"]) for row in rows]
        self.targets = [
            says[row["id"]] if row["symmetric"] else says.get(other, set())
            for row, other in zip(rows, inverses, strict=True)
        ]
        self.attributes = [set(row["says"].split("|")) - {""} for row in taxonomy.attributes.to_pylist()]
        self.ids = [row["id"] for row in rows]


def list_pairs(edges, facts):
    """Pairs of objects that stand so, the first fact's subject first."""
    forth, back = facts
    pairs = [(subject, target) for subject, said, _, target in edges if forth in said]
    return pairs + [(target, subject) for subject, said, _, target in edges if back in said]


def can_be_shown(edges, bodies):
    """Whether a picture can show (subject, what is said of it, what is said of the target, target) of bodies."""
    places = nx.DiGraph(pair for facts in PLACES for pair in list_pairs(edges, facts))
    inside = nx.DiGraph(list_pairs(edges, PLACES[0]))
    if not nx.is_directed_acyclic_graph(places):
        return False
    for item in places:
        for one, other in itertools.combinations(places.successors(item), 2):
            if not (nx.has_path(places, one, other) or nx.has_path(places, other, one)):
                return False
    within = set(nx.transitive_closure(inside).edges)
    if not all(fits_intervals(list_pairs(edges, facts), within, len(bodies)) for facts in DIRECTIONS):
        return False
    if not all(nx.is_directed_acyclic_graph(nx.DiGraph(list_pairs(edges, facts))) for facts in SIZES):
        return False
    said = zip(list_said(edges, bodies), bodies, strict=True)
    return all(can_be_done([*statements, set(body)]) for statements, body in said)


def fits_intervals(pairs, within, count):
    """Whether intervals exist: the first of each pair ends before the other begins, and parts are within wholes."""
    graph = nx.DiGraph()
    # An edge (a, b) of weight w says that b - a <= w.
    for number in range(count):
        graph.add_edge((number, "high"), (number, "low"), weight=-1)
    for inner, outer in within:
        graph.add_edge((inner, "low"), (outer, "low"), weight=0)
        graph.add_edge((outer, "high"), (inner, "high"), weight=0)
    for before, after in pairs:
        # What a man holds may be in front of him.
        if (before, after) not in within and (after, before) not in within:
            graph.add_edge((after, "low"), (before, "high"), weight=-1)
    held = nx.DiGraph(pairs)
    return not nx.negative_edge_cycle(graph) and nx.is_directed_acyclic_graph(held)


def list_said(edges, bodies):
    said = [[] for _ in bodies]
    for subject, of_subject, of_target, target in edges:
        said[subject].append(of_subject)
        said[target].append(of_target)
    return said


def can_be_done(statements):
    every = set().union(*statements)
    for group in (POSTURES, {"goes", "stays"}, {"glad", "upset"}):
        told = [one & group for one in statements if one & group]
        if told and not set.intersection(*told):
            return False
    return not ("sleeps" in every and every & AWAKE)


@pytest.fixture(scope="module")
def words(taxonomy):
    return Words(taxonomy)


@pytest.fixture(scope="module")
def examples(words):
    """One relation for everything that relations say, so that rare facts are drawn as often as others."""
    found = {}
    for row, (said, of_target) in enumerate(zip(words.relations, words.targets, strict=True)):
        found.setdefault((frozenset(said), frozenset(of_target)), row)
    return sorted(found.values())


@given(data=st.data())
def test_what_is_impossible_is_what_no_arrangement_fits(data, taxonomy, words, examples):
    count = data.draw(st.integers(2, 5))
    ends = data.draw(st.lists(st.sampled_from([*itertools.combinations(range(count), 2)]), unique=True, max_size=7))
    edges = [
        (*(pair if data.draw(st.booleans()) else pair[::-1]), data.draw(st.sampled_from(examples))) for pair in ends
    ]
    bodies = [
        data.draw(st.sampled_from([set(), set(), {"sits"}, {"sleeps"}, {"goes", "moves"}, {"upset"}]))
        for _ in range(count)
    ]
    bits = np.array([mask_facts(*body) for body in bodies], dtype=np.int64)
    subjects, targets, rows = (np.array([edge[place] for edge in edges], dtype=np.int64) for place in range(3))
    blamed = find_impossible(read_sayings(taxonomy), rows, subjects, targets, bits)
    said = [(subject, words.relations[row], words.targets[row], target) for subject, target, row in edges]
    # What attributes alone make impossible is no relation's fault.
    if all(can_be_done([body]) for body in bodies):
        assert blamed.any() != bool(can_be_shown(said, bodies)), [(*edge[:2], words.ids[edge[2]]) for edge in edges]


@pytest.fixture(scope="module", params=list_recipes())
def drawn(request, open_writer):
    """The plan of a shipped recipe and its first block."""
    plan = open_writer(request.param).plan
    return plan, draw_block(plan, "train", 0)


def find_lost(plan, scenes, numbers):
    """Scenes that cannot be shown, by the other method."""
    words = Words(plan.taxonomy)
    for number in numbers:
        first, last = scenes.objects.offsets[number : number + 2]
        bodies = [
            set().union(*(words.attributes[row] for row in scenes.attributes[holder])) for holder in range(first, last)
        ]
        parts = (scenes.subjects[number], scenes.relations[number], scenes.targets[number])
        edges = [
            (subject, words.relations[row], words.targets[row], target)
            for subject, row, target in zip(*(part.tolist() for part in parts), strict=True)
        ]
        if not can_be_shown(edges, bodies):
            yield number, [words.ids[row] for row in parts[1]]


def test_scenes_of_shipped_recipes_can_be_shown(drawn):
    plan, scenes = drawn
    # Those with most relations are the hardest.
    numbers = np.argsort(-scenes.relations.lengths, kind="stable")[:400]
    assert list(find_lost(plan, scenes, numbers.tolist())) == []


@pytest.mark.slow
def test_all_scenes_of_shipped_recipes_can_be_shown(drawn):
    plan, scenes = drawn
    assert list(find_lost(plan, scenes, range(BLOCK))) == []


CROWDED = {"structure": {"complexity": [8, 12], "objects": [4, 6], "attributes": 0, "relations": [4, 6]}}


@pytest.mark.parametrize(
    "overrides",
    [
        CROWDED,
        {**CROWDED, "content.relations.categories": ["spatial"], "content.objects.under": ["person.n.01"]},
        {**CROWDED, "splits.test": {"size": 100, "unseen": ["object_relation_object"]}},
        {**CROWDED, "content.constraints": "none"},
        {**CROWDED, "taxonomy": ["sandbox"]},
    ],
    ids=["crowded", "people", "unseen", "none", "sandbox"],
)
def test_crowded_scenes_can_be_shown(overrides):
    """Of the four directions of the sandbox none says nothing, so that there redrawing alone gets there."""
    plan = create_writer(load_recipe("multi_object", overrides)).plan
    split = "test" if plan.splits else "train"
    scenes = draw_block(plan, split, 0)
    assert list(find_lost(plan.splits.get(split, plan), scenes, range(300))) == []


def test_exchanges_leave_relations_as_frequent_as_they_were_dealt(open_writer, monkeypatch):
    """Nearly all that is possible together was dealt so, or swapped; few relations are drawn again."""
    plan = open_writer("spatial_relations").plan
    from generate_any_scene.builders.content import relations

    mended = draw_block(plan, "train", 0).relations.values
    monkeypatch.setattr(relations, "make_possible", lambda key, taxonomy, dealt, *_: (dealt, []))
    dealt = draw_block(plan, "train", 0).relations.values
    assert (mended != dealt).any()
    uses = [np.bincount(one, minlength=plan.taxonomy.relations.num_rows) for one in (mended, dealt)]
    assert np.abs(uses[0] - uses[1]).sum() < 0.035 * len(dealt)


# Seed graphs


def make_seed(*relations, attributes=()):
    objects = [{"under": ["dog.n.01"], "attributes": [{"value": one} for one in attributes]}, {}, {}]
    return {
        "objects": objects,
        "relations": [{"subject": one, "predicate": name, "object": other} for one, name, other in relations],
    }


@pytest.mark.parametrize(
    "relations",
    [
        [(0, "to the left of", 1), (1, "to the left of", 2), (0, "to the right of", 2)],
        [(0, "taller than", 1), (1, "taller than", 2), (0, "shorter than", 2)],
        [(0, "sitting on", 1), (0, "standing beside", 2)],
        [(0, "asleep beside", 1), (0, "walking toward", 2)],
        [(0, "sitting on", 1), (0, "standing on", 2)],
        [(0, "on", 1), (1, "on", 2), (0, "bearing the weight of", 2)],
    ],
    ids=lambda relations: " and ".join(name for _, name, _ in relations),
)
def test_a_seed_graph_that_no_picture_shows_is_refused(relations):
    overrides = {"structure": {"complexity": [6, 9], "seed_graph": make_seed(*relations)}}
    with pytest.raises(RecipeError, match="no picture shows all of this: ") as caught:
        create_writer(load_recipe("multi_object", overrides))
    said = str(caught.value)
    assert "structure.seed_graph.relations." in said and "leave one of them out" in said
    assert all(f"object {one} `{name}` object {other}" in said for one, name, other in relations)


def test_what_is_drawn_fits_a_seed_graph():
    seed = make_seed((0, "sitting on", 1), (1, "to the left of", 2))
    overrides = {"structure": {"complexity": [6, 9], "objects": [3, 4], "relations": [3, 5], "seed_graph": seed}}
    plan = create_writer(load_recipe("multi_object", overrides)).plan
    scenes = draw_block(plan, "train", 0)
    assert list(find_lost(plan, scenes, range(400))) == []
    names = np.array(plan.taxonomy.relations["predicate"].to_pylist())
    for number in range(400):
        assert {"sitting on", "to the left of"} <= set(names[scenes.relations[number]])


# What moves


def measure_moving(plan, scenes):
    """Whether each scene has a relation in which something moves, bool."""
    moves = np.array(["moves" in cell.split("|") for cell in plan.taxonomy.relations["says"].to_pylist()])
    return np.array([moves[rows].any() for rows in scenes.relations.lists()])


@pytest.mark.parametrize("share", [0.3, 0.8, 1.0])
def test_so_many_scenes_move(share):
    plan = create_writer(load_recipe("video", {"content.dynamic": share})).plan
    moving = measure_moving(plan, draw_block(plan, "train", 1))
    assert moving.mean() >= share - 0.005
    # Wherever a run of scenes is cut off, as decks of a hundred have it.
    assert all(moving[start : start + 500].mean() > share - 0.03 for start in range(0, BLOCK - 500, 500))


def test_fewer_scenes_move_where_a_split_has_no_such_relation_for_a_pair():
    plan = create_writer(load_recipe("video", {"splits.test": {"size": 9, "unseen": ["object_relation_object"]}})).plan
    assert measure_moving(plan, draw_block(plan, "test", 0)).mean() > 0.6
    assert measure_moving(plan, draw_block(plan, "train", 0)).mean() >= 0.8


def test_four_of_five_videos_move(open_writer):
    plan = open_writer("video").plan
    assert measure_moving(plan, draw_block(plan, "train", 0)).mean() >= 0.8


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"structure.relations": [0, 4]}, "content.dynamic: some structures have no relation"),
        ({"content.objects.under": ["building.n.01"]}, "content.dynamic: there is no object that moves"),
        ({"structure.seed_graph": {"objects": [{}]}}, "content.dynamic: does not go with a seed graph"),
        ({"content.dynamic": 80}, "content.dynamic: must be at most 1"),
    ],
)
def test_what_keeps_scenes_from_moving_is_said(overrides, message):
    with pytest.raises(RecipeError, match=message):
        create_writer(load_recipe("video", overrides))
