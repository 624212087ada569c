"""What is known of attributes: what excludes what, what is seen, and what else answers as well."""

from itertools import combinations

import numpy as np
import pytest
from generate_any_scene.taxonomy import Taxonomy, load_taxonomy
from generate_any_scene.taxonomy.nearness import (
    find_excluding_attributes,
    find_exclusive_attributes,
    find_near_attributes,
)
from generate_any_scene.taxonomy.schema import FACTS


@pytest.fixture(scope="module")
def taxonomy() -> Taxonomy:
    return load_taxonomy()


@pytest.fixture(scope="module")
def rows(taxonomy: Taxonomy) -> dict[str, dict]:
    return {row["id"]: row for row in taxonomy.attributes.to_pylist()}


@pytest.fixture(scope="module")
def excluding(taxonomy: Taxonomy) -> np.ndarray:
    return find_excluding_attributes(taxonomy)


def test_what_excludes_is_so_both_ways_and_not_near(taxonomy: Taxonomy, excluding: np.ndarray) -> None:
    assert (excluding == excluding.T).all()
    assert not excluding.diagonal().any()
    assert not (excluding & find_near_attributes(taxonomy)).any()


def test_the_table_is_what_the_cells_say(taxonomy: Taxonomy, rows: dict[str, dict], excluding: np.ndarray) -> None:
    said = {id_: set(row["excludes"].split("|")) for id_, row in rows.items()}
    near = {id_: set(row["near"].split("|")) for id_, row in rows.items()}
    for (i, one), (j, other) in combinations(enumerate(rows), 2):
        names, others = {other, rows[other]["group"]}, {one, rows[one]["group"]}
        wanted = bool(names & said[one] or others & said[other]) and other not in near[one]
        assert excluding[i, j] == wanted, (one, other)


EXCLUSIVE = """
color.red color.blue; color.black color.white; color.turquoise color.orange; material.wood material.glass
material.leather material.wool; texture.striped texture.polka_dotted
architecture.gothic architecture.futuristic; shape.round shape.triangular; human.young human.old
human.bald human.blond; human.barefoot human.booted; human.hooded human.bareheaded
human.tall human.short; adjective.old adjective.brand_new; adjective.skinny adjective.fat
adjective.happy adjective.sad; adjective.ornate adjective.plain; adjective.transparent adjective.opaque
adjective.crowded adjective.deserted; state.wilted state.blooming; state.sleeping state.wide_awake
state.sleeping state.standing; state.full state.empty; state.open state.closed; state.wet state.dry
state.clean state.dirty; state.smiling state.crying; state.parked state.moving
state.brightly_lit state.dimly_lit; state.sleeping adjective.curious; state.smiling adjective.sad
state.messy state.tidy; size.tiny size.huge; size.small size.large; material.gold color.blue
material.copper color.pink; adjective.tightly_packed adjective.scattered; state.intact state.broken
"""
COMPATIBLE = """
color.red color.crimson; color.red adjective.colorful; color.gray color.silver; material.wood material.oak
material.pewter material.tin; material.mohair material.cashmere; human.blond adjective.well_groomed
human.blond human.well_dressed; human.plump human.bald; human.young human.black_haired; human.young human.bald
human.red_haired human.freckled; adjective.charming adjective.lovely
adjective.charming adjective.strange_looking; adjective.full_grown adjective.lovely
adjective.luxurious adjective.shiny; state.tipped_over state.full; adjective.humble adjective.snow_dusted
adjective.inlaid adjective.lacquered; adjective.carved adjective.scuffed
adjective.uncomfortable_looking adjective.carved; state.broken state.scratched; size.huge size.giant
size.large size.huge; size.wide size.tall; adjective.sad adjective.tired; adjective.angry adjective.serious
state.snowy state.rocky; adjective.mossy adjective.frost_covered; texture.plaid texture.checkered
texture.embroidered texture.ruffled; human.masked human.bespectacled; state.torn state.patched
adjective.antique adjective.old; state.running state.jumping; state.sitting state.smiling
state.sleeping adjective.tired; material.gold color.yellow; color.gold material.plastic
state.wide_awake state.leaping; state.rusty state.broken
texture.zigzagged texture.striped; shape.cone_shaped shape.round; shape.bell_shaped shape.round
shape.conical shape.circular; state.abandoned state.moving; human.muscular human.plump
adjective.sunny adjective.mist_covered
"""


def list_pairs(text: str) -> list[tuple[str, str]]:
    return [tuple(pair.split()) for line in text.strip().splitlines() for pair in line.split(";")]


@pytest.mark.parametrize(("one", "other"), list_pairs(EXCLUSIVE))
def test_one_is_false_of_what_has_the_other(excluding, rows, one: str, other: str) -> None:
    ids = list(rows)
    assert excluding[ids.index(one), ids.index(other)]


@pytest.mark.parametrize(("one", "other"), list_pairs(COMPATIBLE))
def test_both_may_be_true(excluding, rows, one: str, other: str) -> None:
    ids = list(rows)
    assert not excluding[ids.index(one), ids.index(other)]


def test_an_object_is_one_thing_of_an_exclusive_group(taxonomy: Taxonomy, rows: dict[str, dict]) -> None:
    exclusive = dict(zip(rows, find_exclusive_attributes(taxonomy), strict=True))
    assert all(exclusive[id_] for id_, row in rows.items() if row["kind"] in ("color", "material", "shape"))
    assert not any(exclusive[id_] for id_, row in rows.items() if row["group"] in ("opinion", "body", "mood", "size"))


@pytest.mark.parametrize(
    ("visible", "ids"),
    [
        (
            "yes",
            "color.red color.orange color.navy_blue material.wood material.glass state.wet human.bald shape.round",
        ),
        ("hard", "color.crimson color.scarlet color.salmon material.pewter material.mohair adjective.lovely"),
        ("hard", "adjective.humble adjective.elegant adjective.beautiful adjective.charming human.blue_eyed"),
        ("no", "state.rust_free state.untouched state.stale adjective.cultivated adjective.unused_looking"),
    ],
)
def test_how_well_attributes_are_seen(rows: dict[str, dict], visible: str, ids: str) -> None:
    assert {rows[id_]["visible"] for id_ in ids.split()} == {visible}


def test_colors_that_are_seen_are_few_and_told_apart(rows: dict[str, dict], excluding: np.ndarray) -> None:
    seen = [row for row, one in enumerate(rows.values()) if one["kind"] == "color" and one["visible"] == "yes"]
    assert 15 <= len(seen) <= 25
    # Each one is told from most of the others.
    assert (excluding[np.ix_(seen, seen)].sum(axis=1) > len(seen) / 2).all()


def test_every_color_is_one(rows: dict[str, dict]) -> None:
    hues = {"red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white", "gray", "lilac"}
    for row in rows.values():
        if row["kind"] == "color":
            assert len(hues & set(row["name"].split())) < 3, row["name"]
            assert len(row["name"].split()) <= 3, row["name"]


@pytest.mark.parametrize(
    ("id_", "alias"),
    [
        ("material.maple", "wood"),
        ("material.wood", "wooden"),
        ("material.pewter", "metal"),
        ("material.marble", "stone"),
        ("material.cashmere", "wool"),
        ("color.gray", "grey"),
        ("color.navy_blue", "navy"),
        ("color.crimson", "red"),
    ],
)
def test_what_answers_as_well(rows: dict[str, dict], id_: str, alias: str) -> None:
    assert alias in rows[id_]["aliases"].split("|")


def test_an_alias_is_no_answer_that_is_excluded(rows: dict[str, dict], excluding: np.ndarray) -> None:
    """Who may say "wood" for maple is not asked to tell maple from wood."""
    ids = list(rows)
    named = {(row["kind"], row["name"]): place for place, row in enumerate(rows.values())}
    for id_, row in rows.items():
        for alias in row["aliases"].split("|"):
            assert alias != row["name"]
            if (place := named.get((row["kind"], alias))) is not None:
                assert not excluding[ids.index(id_), place], (id_, alias)


def test_postures_say_what_they_are(rows: dict[str, dict]) -> None:
    assert all(set(filter(None, row["says"].split("|"))) <= set(FACTS) for row in rows.values())
    assert rows["state.sleeping"]["says"] == "lies|sleeps"
    assert rows["state.running"]["says"] == "goes|moves"
    assert rows["state.sitting"]["says"] == "sits"
