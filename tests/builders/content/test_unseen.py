"""Splits without leaks: what a split keeps unseen is in no other split, and no caption stands in two."""

from itertools import combinations

import numpy as np
import pytest
from generate_any_scene.builders.recipe.loading import list_recipes, load_recipe
from generate_any_scene.builders.rows.writer import create_writer
from generate_any_scene.errors import GasError
from hypothesis import given, settings
from hypothesis import strategies as st

KINDS = ("object_attribute", "object_relation_object", "object_pair", "structure", "concept")
SPLITS = ("train", "validation", "test")


def list_compositions(graph, scene_attributes, topology):
    """The compositions of a scene by kind, from its row alone."""
    objects = [one["concept"] for one in graph["objects"]]
    attributes = [(one["concept"], a["kind"], a["value"]) for one in graph["objects"] for a in one["attributes"]]
    relations = [(r["subject"], r["predicate"], r["category"], r["object"]) for r in graph["relations"]]
    return {
        "object_attribute": set(attributes),
        "object_relation_object": {(objects[s], p, c, objects[o]) for s, p, c, o in relations},
        "object_pair": {tuple(sorted(pair)) for pair in combinations(objects, 2) if pair[0] != pair[1]},
        "structure": {topology},
        "concept": {
            *objects,
            *(("attribute", *rest) for _, *rest in attributes),
            *(("relation", p, c) for _, p, c, _ in relations),
            *(("scene", one["kind"], one["value"]) for one in scene_attributes),
        },
    }


def draw(recipe, *overrides, blocks=(0,), rows=512):
    """Rows of each split of a recipe, without questions."""
    writer = create_writer(load_recipe(recipe, ("questions=[]", *overrides)))
    return {
        split: [row for block in blocks for row in writer.write_block(split, block, rows).to_pylist()]
        for split in writer.plan.recipe.splits
    }


def gather(rows):
    """All compositions of some rows by kind, and for each row those that it has."""
    each = [
        list_compositions(row["scene_graph"], row["scene_attributes"], row["structure"]["topology"]) for row in rows
    ]
    return {kind: set().union(*(one[kind] for one in each)) for kind in KINDS}, each


def check_leaks(drawn, unseen):
    """Nothing that a split keeps unseen is in another one, and each of its scenes has something of that."""
    found = {split: gather(rows) for split, rows in drawn.items()}
    for split, kinds in unseen.items():
        for other in set(found) - {split}:
            for kind in kinds:
                assert not found[split][0][kind] & found[other][0][kind], (split, other, kind)
        assert all(any(one[kind] for kind in kinds) for one in found[split][1])
    captions = {split: {row["caption"] for row in rows} for split, rows in drawn.items()}
    for one, other in combinations(captions, 2):
        assert not captions[one] & captions[other]
    return found


def set_splits(**unseen):
    parts = {split: f"{{size: 100, unseen: [{', '.join(unseen.get(split, ()))}]}}" for split in SPLITS}
    return f"splits={{{', '.join(f'{split}: {text}' for split, text in parts.items())}}}"


@pytest.mark.parametrize("name", list_recipes())
def test_no_caption_of_a_shipped_recipe_stands_in_two_splits(name):
    check_leaks(draw(name, blocks=(0, 3), rows=1024), {})


@pytest.mark.parametrize("name", ["multi_object", pytest.param("general", marks=pytest.mark.slow)])
@pytest.mark.parametrize("kinds", [*((kind,) for kind in KINDS), KINDS[:2], KINDS[:4]], ids=",".join)
def test_what_a_test_keeps_unseen_is_in_no_other_split(name, kinds):
    """Whichever blocks are looked at: the last of one split against the first of another."""
    found = check_leaks(draw(name, set_splits(test=kinds), blocks=(0, 1001)), {"test": kinds})
    if "concept" not in kinds:
        assert len(found["test"][0]["concept"]) > 500


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_scenes_of_unseen_concepts_have_as_many_scene_attributes_as_go_together(seed):
    splits = set_splits(validation=("concept",), test=("concept",))
    drawn = draw("general", splits, f"seed={seed}", "content.scene_attributes.count=[1, 5]", rows=1000)
    counts = {split: np.bincount([len(row["scene_attributes"]) for row in rows]) for split, rows in drawn.items()}
    for split, found in counts.items():
        # An eighth of the concepts: most of what was dealt is there, and no scene has fewer than it should.
        assert found[0] == 0 and len(found) == 6, split
        assert found @ np.arange(6) > 0.93 * 3 * 1000, split
    assert np.ptp(counts["train"][1:]) < 0.1 * 1000


def test_validation_and_test_keep_different_things_unseen():
    unseen = {"validation": ("object_attribute", "object_pair"), "test": ("object_attribute", "structure")}
    check_leaks(draw("multi_object", set_splits(**unseen)), unseen)


@pytest.mark.slow
def test_single_concepts_of_a_test_occur_in_train():
    kinds = ("object_attribute", "object_relation_object")
    drawn = draw("multi_object", set_splits(test=kinds), blocks=range(3), rows=8192)
    train, test = (gather(drawn[split])[0]["concept"] for split in ("train", "test"))
    assert not [one for one in test - train if isinstance(one, str) or one[0] == "attribute"]
    assert len(test - train) < 0.01 * len(test)


def test_splits_that_keep_nothing_unseen_share_compositions():
    found = {split: gather(rows)[0] for split, rows in draw("multi_object", blocks=range(2)).items()}
    for kind in ("object_attribute", "structure", "concept"):
        assert found["test"][kind] & found["train"][kind]


def test_recipes_of_one_seed_agree_on_what_is_unseen():
    """A model that is trained on one recipe can be tested on another."""
    kinds = ("object_attribute", "object_relation_object")
    train = gather(draw("general", set_splits(test=kinds))["train"])[0]
    test = gather(draw("multi_object", set_splits(test=kinds))["test"])[0]
    assert not any(train[kind] & test[kind] for kind in kinds)
    other = gather(draw("multi_object", set_splits(test=kinds), "seed=5")["test"])[0]
    assert train["object_attribute"] & other["object_attribute"]


@pytest.mark.parametrize("kinds", [(kind,) for kind in KINDS], ids=",".join)
def test_edited_scenes_of_pairs_do_not_leak(kinds):
    drawn = draw("multi_object", set_splits(test=kinds), "pairs=true", rows=2048)
    found = {}
    for split, rows in drawn.items():
        edited = [row for row in rows if row["pair"] and row["pair"]["edit"] != "count"]
        assert len(edited) > 200
        graphs = [row["pair"]["scene_graph"] for row in edited]
        each = [
            list_compositions(graph, row["scene_attributes"], row["structure"]["topology"])
            for row, graph in zip(edited, graphs, strict=True)
        ]
        found[split] = set().union(*(one[kinds[0]] for one in each))
        found[split] |= gather(rows)[0][kinds[0]]
    assert not found["test"] & (found["train"] | found["validation"])


TREES = ("dog.n.01", "vehicle.n.01", "fruit.n.01", "furniture.n.01")


@settings(max_examples=12)
@given(
    kinds=st.lists(st.sampled_from(KINDS), min_size=1, max_size=3, unique=True),
    validation=st.lists(st.sampled_from(KINDS), max_size=1),
    under=st.lists(st.sampled_from(TREES), min_size=2, max_size=4, unique=True),
    complexity=st.tuples(st.integers(1, 3), st.integers(3, 6)),
    objects=st.integers(2, 4),
    seed=st.integers(0, 99),
)
def test_small_recipes_do_not_leak(kinds, validation, under, complexity, objects, seed):
    """Those for which there is too little are refused with a reason."""
    overrides = (
        set_splits(test=kinds, validation=validation),
        f"content.objects.under=[{', '.join(under)}]",
        f"structure.complexity=[{complexity[0]}, {complexity[1]}]",
        f"structure.objects=[1, {objects}]",
        f"seed={seed}",
    )
    try:
        drawn = draw("multi_object", *overrides, rows=256)
    except GasError as error:
        assert "splits." in str(error) or "content." in str(error)
        return
    check_leaks(drawn, {split: some for split, some in (("test", kinds), ("validation", validation)) if some})


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["splits.train={size: 9, unseen: [structure]}"], "train cannot be unseen"),
        (["splits.test={size: 9, unseen: [structures]}"], "structure"),
        ([set_splits(test=["structure"]), "structure={complexity: 1, objects: 1}"], "structures is left"),
        (
            [set_splits(test=["object_pair"]), "content.objects={under: [dog.n.01], top: 9}"],
            "9 objects are too few to keep pairs of them unseen",
        ),
        (
            [set_splits(test=["object_attribute"]), "structure.attributes=0"],
            "no structure has what object_attribute is about",
        ),
        (
            [
                set_splits(test=["object_relation_object"]),
                "content.objects.only=geneval2",
                "content.relations.predicates=[on, under]",
            ],
            "no relation that is left fits some pairs of objects",
        ),
        (
            [set_splits(test=["concept"]), "structure.seed_graph={objects: [{concept: dog.n.01}]}"],
            "`unseen` does not go with a seed graph",
        ),
    ],
)
def test_what_cannot_be_is_refused(overrides, message, gas):
    arguments = [part for override in overrides for part in ("--set", override)]
    status, _, err = gas("validate", "multi_object", *arguments)
    assert status == 2
    assert message in err
