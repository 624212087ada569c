"""What the filters of a recipe leave out: every concept once, and as many left as a build has."""

import numpy as np
import pytest
from generate_any_scene.builders.content.filter_report import count_filtered
from generate_any_scene.builders.inspection.recipe_check import validate_recipe
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.taxonomy import TABLES, load_taxonomy

ANIMALS = """content.objects={under: [animal.n.01, vehicle.n.01], exclude: [dog.n.01], min_frequency: 2.0, top: 50%,
    weights: {cat.n.01: 0, car.n.01: 3}}"""
RECIPES = {
    "plain": ("general",),
    "filtered": ("multi_object", ANIMALS, "content.attributes={kinds: [color, size], max_per_object: 2}"),
    "unambiguous": ("general", "captions={template: default, unambiguous: true}", "content.objects.tier=full"),
    "untyped": ("video", "content.constraints=none", "content.relations.categories=[spatial]"),
    "seeded": (
        "general",
        "content.objects.under=[furniture.n.01]",
        "structure={complexity: [4, 7], seed_graph: {objects: [{concept: dog.n.01}, {under: vehicle.n.01}]}}",
    ),
    "bare": ("multi_object", "structure.relations=0", "structure.attributes=0", "structure.objects=[3,6]"),
}


@pytest.fixture(scope="module", params=RECIPES)
def counted(request):
    name, *overrides = RECIPES[request.param]
    loaded = load_recipe(name, overrides)
    return loaded, count_filtered(loaded.recipe, load_taxonomy(loaded.recipe.taxonomy))


def test_what_is_left_and_what_is_left_out_is_all(counted):
    _, filtered = counted
    for table in TABLES:
        dropped = [drop.count for drop in filtered.drops if drop.table == table]
        assert min(dropped) >= 0
        assert filtered.total[table] - sum(dropped) + filtered.added[table] == len(filtered.left[table])


def test_what_is_left_is_what_a_build_has(counted):
    loaded, filtered = counted
    report = validate_recipe(loaded)
    drops = {(drop.table, drop.key or ""): drop.count for drop in filtered.drops}
    for table in TABLES:
        useless = drops.get((table, "content.constraints"), 0)
        useless += sum(count for (of, path), count in drops.items() if of == table and path.endswith(LATE))
        left = len(filtered.left[table]) - filtered.added[table]
        assert left + useless == getattr(report, table)


LATE = ("structure.attributes", "structure.relations", "scene_attributes.count")
"""What keeps all of a table out of scenes, though the filters leave some."""


def test_each_filter_by_hand():
    loaded = load_recipe("multi_object", [ANIMALS])
    taxonomy = load_taxonomy()
    filtered = count_filtered(loaded.recipe, taxonomy)
    rows = taxonomy.objects.to_pylist()
    parents = {row["id"]: row["parent"] for row in rows}

    def is_under(id_, *roots):
        while id_:
            if id_ in roots:
                return True
            id_ = parents.get(id_)
        return False

    steps = {
        None: lambda row: "offensive" not in row["flags"],
        "content.objects.tier": lambda row: row["tier"] == "common",
        "content.objects.visible": lambda row: row["visible"] == "yes",
        "content.objects.exclude": lambda row: not is_under(row["id"], "dog.n.01"),
        "content.objects.min_frequency": lambda row: np.float32(row["frequency"]) >= 2.0,
        "content.objects.under": lambda row: is_under(row["id"], "animal.n.01", "vehicle.n.01"),
    }
    counts = {}
    for path, keep in steps.items():
        kept = [row for row in rows if keep(row)]
        counts[path], rows = len(rows) - len(kept), kept
    half = len(rows) - round(0.5 * len(rows))
    found = {drop.key: drop.count for drop in filtered.drops if drop.table == "objects"}
    assert found == {**counts, "content.objects.top": half, "content.objects.weights": 1}


def test_what_always_applies_is_said_even_where_it_drops_nothing():
    loaded = load_recipe("general", ["content.objects.tier=full", "content.constraints=none"])
    filtered = count_filtered(loaded.recipe, load_taxonomy())
    drops = {drop.key: (drop.value, drop.count) for drop in filtered.drops}
    assert drops["content.objects.tier"] == ("full", 0)
    assert drops[None][0] is None and drops[None][1] > 0
    assert drops["modality"][0] == "image"
    assert "content.constraints" not in drops
