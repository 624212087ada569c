"""Seed graphs: in every scene, every completion once, and only words that go together."""

from collections import Counter
from itertools import combinations, product

import networkx as nx
import numpy as np
import pytest
from datasets import load_dataset
from generate_any_scene import to_networkx
from generate_any_scene.builders.foundation.disk_cache import clear_folder
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.recipe.model import Recipe
from generate_any_scene.builders.rows.writer import create_writer
from generate_any_scene.builders.structures.cache import find_structures
from generate_any_scene.builders.structures.enumeration import enumerate_structures
from generate_any_scene.builders.structures.limits import read_limits
from generate_any_scene.errors import RecipeError
from generate_any_scene.taxonomy import mark_under
from hypothesis import given, settings
from hypothesis import strategies as st
from networkx.algorithms.isomorphism import DiGraphMatcher

DOG_CHASES = {
    "objects": [{"concept": "dog.n.01", "attributes": [{"kind": "color"}]}, {"under": ["vehicle.n.01"]}],
    "relations": [{"subject": 0, "predicate": "chasing", "object": 1}],
}


def enumerate_for(seed, **structure):
    recipe = {"name": "r", "structure": {**structure, "seed_graph": seed}, "splits": {"train": 1}}
    return enumerate_structures(read_limits(Recipe.model_validate(recipe)))


# Trying all labelled graphs: an element of a graph is painted with what the seed graph says of it, or with None.


def describe_seed(seed):
    """The seed graph as networkx has it; what may be anything is None."""
    graph = nx.DiGraph()
    for i, item in enumerate(seed["objects"]):
        attributes = Counter((a.get("kind"), a.get("value")) if a else None for a in item.get("attributes", []))
        concept = item.get("concept") or (tuple(item["under"]) if "under" in item else None)
        graph.add_node(i, coloring=concept, attributes=attributes)
    for relation in seed.get("relations", []):
        coloring = (relation["predicate"],) if "predicate" in relation else None
        graph.add_edge(relation["subject"], relation["object"], coloring=coloring)
    return graph


def complete_by_trying(seed, complexity):
    """Every completion of a complexity: all labelled graphs on top of the seed graph, one of each painted class."""
    base = describe_seed(seed)
    found = []
    for size in range(len(base), complexity + 1):
        pairs = [pair for pair in product(range(size), repeat=2) if pair[0] != pair[1] and pair not in base.edges]
        room = complexity - size - base.number_of_edges() - sum(base.nodes[i]["attributes"].total() for i in base)
        for relations in range(min(room, len(pairs)) + 1):
            for edges in combinations(pairs, relations):
                graph = base.copy()
                graph.add_nodes_from((i, {"coloring": None, "attributes": Counter()}) for i in range(len(base), size))
                graph.add_edges_from(edges, coloring=None)
                if not nx.is_directed_acyclic_graph(graph):
                    continue
                for counts in product(range(room - relations + 1), repeat=size):
                    if sum(counts) == room - relations:
                        more = graph.copy()
                        for i, count in enumerate(counts):
                            more.nodes[i]["attributes"] = more.nodes[i]["attributes"] + Counter({None: count})
                        found.append(more)
    classes = {}
    for graph in found:
        for node in graph.nodes.values():
            node["label"] = str((node["coloring"], sorted(node["attributes"].items(), key=str)))
        for edge in graph.edges.values():
            edge["label"] = str(edge["coloring"])
        ends = ((graph.nodes[s]["label"], label, graph.nodes[o]["label"]) for s, o, label in graph.edges.data("label"))
        code = (*sorted(label for _, label in graph.nodes.data("label")), *sorted(ends))
        alike = classes.setdefault(code, [])
        if not any(is_same(graph, other) for other in alike):
            alike.append(graph)
    return [graph for alike in classes.values() for graph in alike]


def is_same(one, other):
    return nx.is_isomorphic(
        one,
        other,
        node_match=lambda a, b: a["label"] == b["label"],
        edge_match=lambda a, b: a["label"] == b["label"],
    )


concepts = st.sampled_from([{}, {"concept": "dog"}, {"under": ["vehicle"]}])
attributes = st.lists(st.sampled_from([{}, {"kind": "color"}]), max_size=2)
objects = st.builds(lambda item, held: {**item, "attributes": held}, concepts, attributes)


@st.composite
def seed_graphs(draw):
    size = draw(st.integers(1, 3))
    seed = {"objects": [draw(objects) for _ in range(size)], "relations": []}
    for s, o in combinations(range(size), 2):
        if draw(st.booleans()):
            coloring = draw(st.sampled_from([{}, {"predicate": "chasing"}]))
            seed["relations"].append({"subject": s, "object": o, **coloring})
    return seed


@settings(max_examples=40, deadline=None)
@given(seed_graphs(), st.integers(0, 2))
def test_completions_are_those_that_trying_all_graphs_gives(seed, more):
    least = len(seed["objects"]) + len(seed["relations"]) + sum(len(item["attributes"]) for item in seed["objects"])
    table = enumerate_for(seed, complexity=least + more)
    expected = complete_by_trying(seed, least + more)
    assert len(table) == len(expected)
    bare = Counter(describe_topology(graph) for graph in expected)
    assert Counter(table.topologies.to_pylist()) == bare


def describe_topology(graph):
    """Finds the graph among all structures of its size."""
    counts = [graph.nodes[i]["attributes"].total() for i in graph]
    table = find_structures(
        read_limits(
            Recipe.model_validate(
                {
                    "name": "r",
                    "structure": {
                        "complexity": len(graph) + graph.number_of_edges() + sum(counts),
                        "objects": len(graph),
                        "relations": graph.number_of_edges(),
                    },
                    "splits": {"train": 1},
                }
            )
        )
    )
    for row, topology in enumerate(table.topologies.to_pylist()):
        other = nx.DiGraph()
        other.add_nodes_from((i, {"n": int(count)}) for i, count in enumerate(table.attribute_counts[row]))
        other.add_edges_from(zip(table.subjects[row].tolist(), table.targets[row].tolist(), strict=True))
        one = nx.DiGraph(graph.edges)
        one.add_nodes_from((i, {"n": count}) for i, count in enumerate(counts))
        if nx.is_isomorphic(one, other, node_match=lambda a, b: a["n"] == b["n"]):
            return topology
    raise AssertionError("no such structure")


@pytest.mark.parametrize(
    ("seed", "complexity", "count"),
    [
        # By hand. One object that may be anything leaves all 83 structures of complexity 7.
        ({"objects": [{}]}, 7, 83),
        # A dog and one more thing: an attribute of the dog, or another object.
        ({"objects": [{"concept": "dog"}]}, 2, 2),
        # Of the structures of complexity 3: {2 attributes}, {1 attribute, object}, {object with an attribute},
        # {object, object}, and a relation from the dog or to it.
        ({"objects": [{"concept": "dog"}]}, 3, 6),
        # Two dogs: it does not matter which of them gets the attribute.
        ({"objects": [{"concept": "dog"}, {"concept": "dog"}]}, 3, 3),
        # Two different things: it does. And a relation has two directions.
        ({"objects": [{"concept": "dog"}, {"concept": "cat"}]}, 3, 5),
    ],
)
def test_number_of_completions(seed, complexity, count):
    assert len(enumerate_for(seed, complexity=complexity)) == count


def test_completions_keep_other_constraints():
    table = enumerate_for(DOG_CHASES, complexity=[4, 8], relations=[1, 2], components=1, objects=[2, 3])
    assert set(table.components.tolist()) == {1}
    assert set(table.relations.tolist()) == {1, 2}
    assert set(table.objects.tolist()) == {2, 3}
    for row in range(len(table)):
        dog, vehicle = table.seed_objects[row]
        relation = table.seed_relations[row, 0]
        assert (table.subjects[row][relation], table.targets[row][relation]) == (dog, vehicle)


def test_what_is_added_may_join_the_components_of_a_seed_graph():
    table = enumerate_for({"objects": [{}, {}]}, complexity=3, components=1)
    assert table.topologies.to_pylist() == ["0.0:0>1"]


def test_a_part_that_may_be_anything_looks_like_what_is_added():
    """Beside a relation between two objects it is one completion, whichever of the others is the seed graph's."""
    table = enumerate_for({"objects": [{}, {"attributes": [{"kind": "color"}]}]}, complexity=5, objects=3, relations=1)
    rows = zip(table.topologies.to_pylist(), table.seed_attributes.tolist(), strict=True)
    assert len(table) == len({(topology, *places) for topology, places in rows}) == 3


def test_completions_are_kept_on_disk_as_any_structures_are(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    limits = read_limits(
        Recipe.model_validate(
            {"name": "r", "structure": {"complexity": [4, 7], "seed_graph": DOG_CHASES}, "splits": {"train": 1}}
        )
    )
    find_structures.cache_clear()
    made = find_structures(limits)
    find_structures.cache_clear()
    kept = find_structures(limits)
    for name in ("seed_objects", "seed_attributes", "seed_relations"):
        assert getattr(made, name).shape[1] > 0
        assert (getattr(made, name) == getattr(kept, name)).all()
    assert kept.topologies.equals(made.topologies)
    assert clear_folder("structures") == 1


# Content


@pytest.fixture(scope="module")
def chase(taxonomy):
    structure = {"complexity": [4, 8], "objects": [2, 5], "seed_graph": DOG_CHASES}
    content = {"constraints": "none"}
    loaded = load_recipe("multi_object", {"structure": structure, "content": content, "questions": []})
    writer = create_writer(loaded)
    return writer, writer.write_block("train", 0, 2000).to_pylist()


def test_every_scene_contains_the_seed_graph(chase, taxonomy):
    vehicles = set(taxonomy.objects.filter(mark_under(taxonomy, ["vehicle.n.01"]))["id"].to_pylist())
    wanted = nx.DiGraph()
    wanted.add_node("dog", fits=lambda node: node["concept"] == "dog.n.01" and has_color(node))
    wanted.add_node("vehicle", fits=lambda node: node["concept"] in vehicles)
    wanted.add_edge("dog", "vehicle", fits=lambda edge: edge["predicate"] == "chasing")
    for row in chase[1]:
        matcher = DiGraphMatcher(
            to_networkx(row),
            wanted,
            node_match=lambda node, spec: spec["fits"](node),
            edge_match=lambda edge, spec: spec["fits"](edge),
        )
        assert matcher.subgraph_is_monomorphic()


def has_color(node):
    return any(kind == "color" for kind, _ in node["attributes"])


def test_every_completion_occurs(chase):
    writer, rows = chase
    assert {row["structure"]["topology"] for row in rows} == set(writer.plan.structures.table.topologies.to_pylist())


def test_what_a_seed_graph_leaves_open_is_used_evenly(chase):
    """Every vehicle once before any twice, whatever else the scene has."""
    writer, rows = chase
    vehicles = set(writer.plan.taxonomy.objects["id"].take(writer.plan.pools.seed.objects[1]).to_pylist())
    chased = Counter(
        row["scene_graph"]["objects"][relation["object"]]["concept"]
        for row in rows
        for relation in row["scene_graph"]["relations"]
        if relation["predicate"] == "chasing"
        and row["scene_graph"]["objects"][relation["subject"]]["concept"] == "dog.n.01"
    )
    used = {concept: count for concept, count in chased.items() if concept in vehicles}  # a dog may chase a toy, too
    assert len(used) == len(vehicles) > 50
    assert max(used.values()) - min(used.values()) <= 3  # a dealt "chasing" may add to those of the seed graph


def test_objects_that_are_added_come_from_the_recipe(taxonomy):
    overrides = {
        "questions": [],
        "structure": {"complexity": [4, 8], "objects": [3, 5], "seed_graph": DOG_CHASES},
        "content.objects.under": ["plant.n.02"],
        "content.attributes.kinds": ["texture", "state", "size"],
    }
    rows = create_writer(load_recipe("multi_object", overrides)).write_block("train", 0, 500).to_pylist()
    plants = set(taxonomy.objects.filter(mark_under(taxonomy, ["plant.n.02"]))["id"].to_pylist())
    for row in rows:
        objects = row["scene_graph"]["objects"]
        assert sum(item["concept"] not in plants for item in objects) == 2
        kinds = Counter(attribute["kind"] for item in objects for attribute in item["attributes"])
        assert kinds["color"] == 1
        assert set(kinds) <= {"color", "texture", "state", "size"}


def test_types_choose_among_what_is_left_open(taxonomy):
    """A category is not a predicate: what does not go together is not put together."""
    seed = {
        "objects": [{}, {"under": ["artifact.n.01"], "attributes": [{"kind": "material"}]}],
        "relations": [{"subject": 0, "category": "interactional", "object": 1}],
    }
    overrides = {"structure": {"complexity": [4, 7], "objects": [2, 4], "seed_graph": seed}, "questions": []}
    writer = create_writer(load_recipe("multi_object", overrides))
    rows = writer.write_block("train", 0, 2000).to_pylist()
    bits = taxonomy.kind_bits
    kinds = dict(zip(taxonomy.objects["id"].to_pylist(), bits(taxonomy.objects["kinds"]).tolist(), strict=True))
    relations = taxonomy.relations
    ends = {
        (predicate, category): (subject, target)
        for predicate, category, subject, target in zip(
            relations["predicate"].to_pylist(),
            relations["category"].to_pylist(),
            bits(relations["subject_kinds"]).tolist(),
            bits(relations["object_kinds"]).tolist(),
            strict=True,
        )
    }
    for row in rows:
        objects = row["scene_graph"]["objects"]
        assert any(relation["category"] == "interactional" for relation in row["scene_graph"]["relations"])
        for relation in row["scene_graph"]["relations"]:
            subject, target = ends[relation["predicate"], relation["category"]]
            assert kinds[objects[relation["subject"]]["concept"]] & subject
            assert kinds[objects[relation["object"]]["concept"]] & target


def test_named_things_are_taken_as_they_are():
    """A baked car is nothing that types would let happen."""
    seed = {"objects": [{"concept": "car.n.01", "attributes": [{"value": "baked"}]}]}
    overrides = {"structure": {"complexity": [2, 6], "seed_graph": seed}, "questions": []}
    rows = create_writer(load_recipe("general", overrides)).write_block("train", 0, 200).to_pylist()
    for row in rows:
        cars = [item for item in row["scene_graph"]["objects"] if item["concept"] == "car.n.01"]
        assert any("baked" in [attribute["value"] for attribute in item["attributes"]] for item in cars)


def test_both_of_two_alike_are_used_alike():
    """Two vehicles of the seed graph: neither of them has a smaller share of the vehicles."""
    seed = {"objects": [{"under": ["vehicle.n.01"]}, {"under": ["vehicle.n.01"]}]}
    overrides = {"structure": {"complexity": 3, "objects": 2, "relations": 1, "seed_graph": seed}, "questions": []}
    writer = create_writer(load_recipe("multi_object", overrides))
    rows = writer.write_block("train", 0, 1000).to_pylist()
    for end in (0, 1):
        used = Counter(row["scene_graph"]["objects"][end]["concept"] for row in rows)
        assert len(used) == len(writer.plan.pools.seed.objects[0])
        assert max(used.values()) - min(used.values()) <= 1


def test_a_block_is_drawn_without_those_before_it_and_goes_on_with_the_decks():
    overrides = {"structure": {"complexity": [4, 8], "seed_graph": DOG_CHASES}}
    writer = create_writer(load_recipe("multi_object", overrides))
    from generate_any_scene.builders.content.draw import draw_block

    free = []
    for block in (0, 1):
        scenes = draw_block(writer.plan, "train", block)
        table = writer.plan.structures.table
        places = scenes.objects.offsets[:-1, None] + table.seed_objects[scenes.structures]
        free.append(np.delete(scenes.objects.values, places.reshape(-1)))
    used = np.bincount(np.concatenate(free))[np.unique(writer.plan.pools.objects)]
    assert used.min() > 0.8 * used.mean()


# From Python


def test_a_networkx_graph_is_a_seed_graph():
    graph = nx.DiGraph()
    graph.add_node("dog", concept="dog.n.01", attributes=[{"kind": "color"}])
    graph.add_node("car", under=["vehicle.n.01"])
    graph.add_edge("dog", "car", predicate="chasing")
    recipe = load_recipe("general", {"structure.seed_graph": graph}).recipe
    assert (
        recipe.structure.seed_graph
        == load_recipe("general", {"structure.seed_graph": DOG_CHASES}).recipe.structure.seed_graph
    )


def test_a_row_is_the_seed_of_others(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scene = next(iter(load_dataset("gas", "attribute_binding", split="train", streaming=True, questions=[])))
    structure = {"seed_graph": to_networkx(scene), "complexity": [scene["structure"]["complexity"] + 1] * 2}
    others = load_dataset("gas", "general", structure=structure, split="train", streaming=True, questions=[])
    for other in others.take(20):
        matcher = DiGraphMatcher(
            to_networkx(other),
            to_networkx(scene),
            node_match=lambda node, spec: (
                node["concept"] == spec["concept"] and set(spec["attributes"]) <= set(node["attributes"])
            ),
            edge_match=lambda edge, spec: edge["predicate"] == spec["predicate"],
        )
        assert matcher.subgraph_is_monomorphic()


@pytest.mark.parametrize("kind", [nx.Graph, nx.MultiDiGraph])
def test_other_graphs_are_refused(kind):
    with pytest.raises(
        RecipeError, match=rf"structure\.seed_graph: .*must be a networkx\.DiGraph, not a {kind.__name__}"
    ):
        load_recipe("general", {"structure.seed_graph": kind([(0, 1)])})


# Wrong input


@pytest.mark.parametrize(
    ("seed", "message"),
    [
        ({"objects": []}, r"seed_graph\.objects: must name at least one"),
        ({"objects": [{"concept": "doog.n.01"}]}, r"seed_graph\.objects\.0\.concept: .*did you mean `dog.n.01`"),
        ({"objects": [{"under": ["vehicl"]}]}, r"seed_graph\.objects\.0\.under: .*did you mean"),
        ({"objects": [{"concpt": "dog"}]}, r"unknown key `concpt`; did you mean `concept`\?"),
        ({"objects": [{"concept": "dog", "under": ["cat"]}]}, "exclude each other; keep one of them"),
        ({"objects": [{"attributes": [{"kind": "colour"}]}]}, r"there is no kind `colour`; did you mean `color`\?"),
        ({"objects": [{"attributes": [{"value": "redd"}]}]}, r"there is no value `redd`; did you mean `red`\?"),
        (
            {"objects": [{"attributes": [{"value": "qqqq"}]}]},
            r"no value `qqqq`; none of 1,7\d\d is close",
        ),
        ({"objects": [{}], "relations": [{"subject": 0, "object": 1}]}, "names object 1; there are 1 objects"),
        ({"objects": [{}], "relations": [{"subject": 0, "object": 0}]}, "joins object 0 with itself"),
        (
            {"objects": [{}, {}], "relations": [{"subject": 0, "object": 1}, {"subject": 1, "object": 0}]},
            "lead in a circle through objects 0, 1",
        ),
        (
            {"objects": [{}, {}], "relations": [{"subject": 0, "object": 1, "predicate": "chasin"}]},
            r"seed_graph\.relations\.0\.predicate: there is no predicate `chasin`; did you mean `chasing`\?",
        ),
        (
            {"objects": [{"concept": "car", "attributes": [{"kind": "human"}]}]},
            r"nothing that object 0 may be goes with `human`",
        ),
        (
            {"objects": [{"concept": "car", "attributes": [{"value": "red"}, {"value": "blue"}]}]},
            "`red` and `blue` exclude each other on one object",
        ),
        ({"objects": [{"concept": "car"}] * 51}, r"seed_graph\.objects: "),
    ],
)
def test_wrong_seed_graphs(seed, message):
    with pytest.raises(RecipeError, match=message):
        create_writer(load_recipe("general", {"structure.seed_graph": seed}))


@pytest.mark.parametrize(
    ("structure", "other"),
    [
        ({"complexity": 3}, "structure.complexity: 3 and"),
        ({"complexity": [3, 9], "objects": 1}, "structure.objects: 1 and"),
        ({"complexity": [3, 9], "attributes": 0}, "structure.attributes: 0 and"),
        ({"complexity": [3, 9], "relations": 0}, "structure.relations: 0 and"),
        ({"complexity": [3, 9], "degree": {"out": 0}}, "structure.degree.out: 0 and"),
        ({"complexity": [3, 9], "average_degree": [0, 0.2]}, "structure.average_degree: [0.0, 0.2] and"),
    ],
)
def test_constraints_that_exclude_the_seed_graph_are_named_with_it(structure, other):
    with pytest.raises(RecipeError) as caught:
        enumerate_for(DOG_CHASES, **structure)
    words = "structure.seed_graph: 2 objects, 1 attribute, 1 relation exclude each other"
    assert f"{other} {words}" in str(caught.value)


def test_an_object_that_cannot_hold_so_many_attributes_is_told(open_writer):
    graph = "{objects: [{concept: wine.n.01}]}"
    writer = open_writer("general", f"structure={{complexity: [3, 6], seed_graph: {graph}}}", "questions=[]")
    with pytest.raises(RecipeError, match=r"content\.attributes\.max_per_object.*object of the seed graph.*lower it"):
        writer.write_block("train", 0, 100)
