"""What follows from relations: held to brute force over small made-up vocabularies, and over those we ship."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from generate_any_scene.arrow import find_rows
from generate_any_scene.builders.content.scenes import Scenes
from generate_any_scene.builders.foils.relation_logic import find_facts, read_logic
from generate_any_scene.builders.foundation.ragged import Ragged
from hypothesis import given
from hypothesis import strategies as st

HEADS = "abcd"


@st.composite
def vocabularies(draw):
    """Rows of a table of relations: some share a head, and one predicate may have several heads."""
    size, names = draw(st.integers(1, 5)), st.sets(st.sampled_from(HEADS), max_size=2).map(sorted)
    rows = []
    for number in range(size):
        head = draw(st.sampled_from(HEADS))
        row = {
            "id": str(number),
            "predicate": draw(st.sampled_from([head, "shared"])),
            "head": head,
            "near": "|".join(draw(names)),
            "excludes": "|".join(draw(names)),
            "says": "",
            "inverse": draw(st.sampled_from(["", *map(str, range(size))])),
            "symmetric": draw(st.booleans()),
            "asymmetric": draw(st.booleans()),
            "modifier": draw(st.sampled_from(["", "nearly", "slowly"])),
        }
        rows.append(row)
    return rows


@st.composite
def scenes(draw, relations):
    """A few scenes with relations of a table of this size between their objects."""
    graphs = []
    for _ in range(draw(st.integers(1, 3))):
        objects = draw(st.integers(2, 4))
        edge = st.tuples(st.integers(0, objects - 1), st.integers(0, relations - 1), st.integers(0, objects - 1))
        graphs.append((objects, draw(st.lists(edge, max_size=4))))
    return graphs


def make_scenes(graphs):
    none = Ragged.from_lists([[]] * len(graphs))
    columns = [Ragged.from_lists([[edge[place] for edge in edges] for _, edges in graphs]) for place in (1, 0, 2)]
    objects = Ragged.from_lists([[0] * count for count, _ in graphs])
    attributes = Ragged.from_lists([[]] * sum(count for count, _ in graphs))
    ones = np.ones(len(attributes), dtype=np.int64)
    return Scenes(0, np.zeros(len(graphs), dtype=np.int64), objects, attributes, *columns, none, ones)


class Logic:
    """What rows of relations say of each other, in sets of pairs of heads."""

    def __init__(self, rows):
        self.rows, self.heads = rows, sorted({row["head"] for row in rows})
        self.number = {row["id"]: number for number, row in enumerate(rows)}
        listed = {(row["head"], other) for row in rows for other in row["near"].split("|") if other in self.heads}
        self.base = listed | {(b, a) for a, b in listed} | {(head, head) for head in self.heads}
        # What is symmetric is its own inverse.
        self.inverse = [row if row["symmetric"] else self.find(row["inverse"]) for row in rows]
        # A predicate that several heads have is read as any of them.
        of_predicate = {}
        for row in rows:
            of_predicate.setdefault(row["predicate"], set()).add(row["head"])
        self.as_one = {head: {head} for head in self.heads}
        for heads in of_predicate.values():
            for head in heads:
                self.as_one[head] |= heads

    def find(self, identity):
        return self.rows[self.number[identity]] if identity else None

    def are_near(self, one, other):
        return any((a, b) in self.base for a in self.as_one[one] for b in self.as_one[other])

    def says(self, other, relation):
        """Whether a relation says the same sort of thing as another, of its subject and target, and the other way."""
        head, row = self.rows[other]["head"], self.rows[relation]
        inverse, forward = self.inverse[relation], self.are_near(head, row["head"])
        return forward, inverse is not None and self.are_near(head, inverse["head"])


@pytest.fixture(scope="module")
def speak(taxonomy):
    return lambda rows: replace(taxonomy, relations=pa.Table.from_pylist(rows))


@given(rows=vocabularies())
def test_tables_are_what_the_rows_say(speak, rows):
    logic, brute = read_logic(speak(rows)), Logic(rows)
    assert [brute.heads[head] for head in logic.head] == [row["head"] for row in rows]
    for i, one in enumerate(brute.heads):
        for j, other in enumerate(brute.heads):
            assert logic.near[i, j] == brute.are_near(one, other)
            excluded = {(row["head"], name) for row in rows for name in row["excludes"].split("|")}
            assert logic.excludes[i, j] == bool({(one, other), (other, one)} & excluded)
    inverses = [inverse["head"] if inverse else "" for inverse in brute.inverse]
    assert [brute.heads[head] if head >= 0 else "" for head in logic.inverse] == inverses
    assert logic.symmetric.tolist() == [row["symmetric"] for row in rows]
    assert logic.asymmetric.tolist() == [row["asymmetric"] for row in rows]
    assert logic.hedged.tolist() == [row["modifier"] == "nearly" for row in rows]


@given(rows=vocabularies(), data=st.data())
def test_a_relation_has_one_end_unless_another_may_lead_elsewhere(speak, rows, data):
    """Another statement of its sort that starts, or ends, at either of its objects may add a further end."""
    graphs, brute = data.draw(scenes(len(rows))), Logic(rows)
    facts = find_facts(speak(rows), make_scenes(graphs))
    directions, targets, subjects = [], [], []
    for _, edges in graphs:
        for place, (subject, relation, target) in enumerate(edges):
            said = []  # (from, to) of all that the others state of the same sort
            for one, other, end in edges[:place] + edges[place + 1 :]:
                ways = brute.says(relation, other)
                directions.append(ways)
                said += [way for way, holds in zip(((one, end), (end, one)), ways, strict=True) if holds]
            targets.append(not any(start in (subject, target) for start, _ in said))
            subjects.append(not any(end in (subject, target) for _, end in said))
    assert list(zip(facts.forward.tolist(), facts.backward.tolist(), strict=True)) == directions
    assert facts.has_one_target().tolist() == targets
    assert facts.has_one_subject().tolist() == subjects


@given(rows=vocabularies(), data=st.data())
def test_facts_are_of_each_scene_alone(speak, rows, data):
    graphs, taxonomy = data.draw(scenes(len(rows))), speak(rows)
    together = find_facts(taxonomy, make_scenes(graphs))
    alone = [find_facts(taxonomy, make_scenes([graph])) for graph in graphs]
    for name in ("forward", "backward", "starts_there", "ends_there"):
        assert np.concatenate([getattr(one, name) for one in alone]).tolist() == getattr(together, name).tolist()
    assert together.others.lengths.tolist() == [len(edges) - 1 for _, edges in graphs for _ in edges]


def test_what_we_ship_holds_together(taxonomy):
    logic, inverses = read_logic(taxonomy), find_rows(taxonomy.relations["inverse"], taxonomy.relations["id"])
    assert np.array_equal(logic.near, logic.near.T) and logic.near.diagonal().all()
    assert np.array_equal(logic.excludes, logic.excludes.T)
    assert not (logic.near & logic.excludes).any()
    assert not (logic.symmetric & logic.asymmetric).any()
    # The inverse of an inverse may well hold along with the relation itself.
    has = np.flatnonzero(inverses >= 0)
    back = logic.inverse[inverses[has]]
    assert (logic.near[back, logic.head[has]] | (back < 0)).all()


def row_of(taxonomy, identity):
    return taxonomy.relations["id"].to_pylist().index(identity)


@pytest.mark.parametrize(
    ("edges", "one_target"),
    [
        ([(0, "left", 1)], True),
        ([(0, "left", 1), (1, "left", 2)], False),
        ([(0, "left", 1), (2, "right", 1)], False),
        ([(0, "left", 1), (1, "right", 2)], True),
        ([(0, "left", 1), (2, "left", 3)], True),
        ([(0, "chasing", 1), (2, "left", 0)], True),
        ([(0, "chasing", 1), (0, "chasing", 2)], False),
    ],
)
def test_left_and_right_lead_on(edges, one_target, taxonomy):
    names = {
        "left": "spatial.to_the_left_of",
        "right": "spatial.to_the_right_of",
        "chasing": "interactional.chasing",
    }
    graph = 4, [(subject, row_of(taxonomy, names[name]), target) for subject, name, target in edges]
    assert find_facts(taxonomy, make_scenes([graph])).has_one_target()[0] == one_target
