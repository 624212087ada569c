"""What the tables say may be true together, and what never is."""

from itertools import product

import numpy as np
import pytest
from generate_any_scene.taxonomy import Taxonomy, load_taxonomy
from generate_any_scene.taxonomy.nearness import (
    find_near_attributes,
    find_near_scene_attributes,
    number_heads,
    relate_heads,
)


@pytest.fixture(scope="module")
def taxonomy() -> Taxonomy:
    return load_taxonomy()


@pytest.fixture(scope="module")
def near(taxonomy: Taxonomy) -> dict[str, np.ndarray]:
    ids = taxonomy.attributes["id"].to_pylist()
    return dict(zip(ids, find_near_attributes(taxonomy), strict=True))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("size.wide", "size.broad"),
        ("human.old", "human.elderly"),
        ("state.spotless", "state.clean"),
        ("color.crimson", "color.red"),
        ("color.navy_blue", "color.blue"),
        ("color.tan", "color.beige"),
        ("color.off_white", "color.white"),
        ("color.charcoal_gray", "color.dark_gray"),
        ("color.maroon", "color.burgundy"),
        ("material.oak", "material.wood"),
        ("material.denim", "material.cotton"),
        ("material.suede", "material.leather"),
        ("adjective.colorful", "color.red"),
        ("state.smiling", "adjective.happy"),
    ],
)
def test_near_attributes(taxonomy: Taxonomy, near: dict[str, np.ndarray], first: str, second: str) -> None:
    ids = taxonomy.attributes["id"].to_pylist()
    assert near[first][ids.index(second)]
    assert near[second][ids.index(first)]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("color.red", "color.green"),
        ("size.small", "size.large"),
        ("material.wood", "material.glass"),
        ("human.young", "human.old"),
        ("adjective.sad", "adjective.happy"),
        ("texture.striped", "texture.polka_dotted"),
    ],
)
def test_what_is_told_apart_is_not_near(
    taxonomy: Taxonomy, near: dict[str, np.ndarray], first: str, second: str
) -> None:
    assert not near[first][taxonomy.attributes["id"].to_pylist().index(second)]


def test_every_common_color_keeps_many_foils(taxonomy: Taxonomy, near: dict[str, np.ndarray]) -> None:
    rows = taxonomy.attributes.select(["id", "kind", "tier"]).to_pylist()
    colors = np.array([row["kind"] == "color" and row["tier"] == "common" for row in rows])
    for row in rows:
        if row["kind"] == "color" and row["tier"] == "common":
            assert (colors & ~near[row["id"]]).sum() > colors.sum() / 2


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("on", "touching"),
        ("on", "above"),
        ("chasing", "following"),
        ("holding", "touching"),
        ("holding", "carrying"),
        ("looking at", "watching"),
        ("beside", "next to"),
        ("beside", "near"),
        ("standing behind", "behind"),
        ("standing next to", "standing beside"),
        ("hugging", "near"),
        ("talking to", "chatting with"),
    ],
)
def test_near_heads(taxonomy: Taxonomy, first: str, second: str) -> None:
    heads = number_heads(taxonomy)[0]
    table = relate_heads(taxonomy, "near")
    assert table[heads.index(first), heads.index(second)]
    assert table[heads.index(second), heads.index(first)]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("to the left of", "to the right of"),
        ("above", "below"),
        ("on", "under"),
        ("in front of", "behind"),
        ("inside", "outside"),
        ("inside", "enclosing"),
        ("larger than", "smaller than"),
        ("lying on", "standing on"),
        ("sitting on", "standing on"),
        ("pushing", "pulling"),
        ("leading", "following"),
        ("standing behind", "in front of"),
    ],
)
def test_heads_that_exclude_each_other(taxonomy: Taxonomy, first: str, second: str) -> None:
    heads = number_heads(taxonomy)[0]
    near, excludes = relate_heads(taxonomy, "near"), relate_heads(taxonomy, "excludes")
    for one, other in ((first, second), (second, first)):
        assert excludes[heads.index(one), heads.index(other)]
        assert not near[heads.index(one), heads.index(other)]


@pytest.mark.parametrize(
    ("id_", "asymmetric"),
    [
        *product(
            (
                "spatial.to_the_left_of",
                "spatial.above",
                "spatial.inside",
                "spatial.on",
                "interactional.wearing",
                "interactional.riding",
                "interactional.holding",
                "interactional.chasing",
                "spatial.taller_than",
                "spatial.directly_under",
            ),
            (True,),
        ),
        *product(
            (
                "interactional.looking_at",
                "spatial.near",
                "spatial.touching",
                "social.hugging",
                "social.talking_to",
                "interactional.facing",
                "social.photographing",
                "spatial.partly_above",
            ),
            (False,),
        ),
    ],
)
def test_relations_that_hold_one_way(taxonomy: Taxonomy, id_: str, asymmetric: bool) -> None:
    rows = {row["id"]: row["asymmetric"] for row in taxonomy.relations.select(["id", "asymmetric"]).to_pylist()}
    assert rows[id_] is asymmetric


def test_every_common_relation_keeps_many_foils(taxonomy: Taxonomy) -> None:
    """Nearness in the everyday tier is the exception: most heads are near few of the others."""
    heads, number = number_heads(taxonomy)
    tiers = np.array(taxonomy.relations["tier"].to_pylist())
    common = np.unique(number[tiers == "common"])
    table = relate_heads(taxonomy, "near")[np.ix_(common, common)]
    assert table.mean() < 0.08
    assert len(heads) > len(common) > 900


@pytest.fixture(scope="module")
def near_scenes(taxonomy: Taxonomy) -> dict[str, np.ndarray]:
    ids = taxonomy.scene_attributes["id"].to_pylist()
    return dict(zip(ids, find_near_scene_attributes(taxonomy), strict=True))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("weather.drizzle", "weather.overcast_weather"),
        ("weather.torrential_rain", "weather.heavy_rain"),
        ("time_of_day.dusk", "time_of_day.twilight"),
        ("lighting.golden_rim_light", "lighting.rim_lighting"),
        ("view.dutch_angle", "view.front_view"),
        ("location.forest", "location.mountain_path"),
        ("location.indoor_tennis_court", "location.tennis_court"),
        ("genre.nature_documentary", "genre.wildlife_photography"),
        ("editing_style.black_and_white", "editing_style.slow_motion"),
        ("location.kitchen", "location.kitchen"),
        ("artist.claude_monet", "artist.claude_monet"),
    ],
)
def test_near_scene_attributes(
    taxonomy: Taxonomy, near_scenes: dict[str, np.ndarray], first: str, second: str
) -> None:
    ids = taxonomy.scene_attributes["id"].to_pylist()
    assert near_scenes[first][ids.index(second)]
    assert near_scenes[second][ids.index(first)]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("weather.blizzard", "weather.heat_wave"),
        ("time_of_day.noon", "time_of_day.midnight"),
        ("lighting.high_key_lighting", "lighting.low_key_lighting"),
        ("view.high_angle", "view.low_angle"),
        ("view.front_view", "view.back_view"),
        ("camera_movement.pan_to_the_left", "camera_movement.pan_to_the_right"),
        ("camera_movement.zoom_in", "camera_movement.zoom_out"),
        ("depth_of_field.shallow_depth_of_field", "depth_of_field.deep_depth_of_field"),
        ("editing_style.slow_motion", "editing_style.fast_motion"),
        ("location.kitchen", "location.beach"),
        ("technique.oil_painting", "technique.pencil_drawing"),
        ("artist.claude_monet", "artist.vincent_van_gogh"),
    ],
)
def test_scene_attributes_that_are_told_apart_are_not_near(
    taxonomy: Taxonomy, near_scenes: dict[str, np.ndarray], first: str, second: str
) -> None:
    assert not near_scenes[first][taxonomy.scene_attributes["id"].to_pylist().index(second)]


def test_nearness_of_scene_attributes_is_mutual(taxonomy: Taxonomy) -> None:
    kinds = np.array(taxonomy.scene_attributes["kind"].to_pylist())
    table = find_near_scene_attributes(taxonomy)
    assert (table == table.T).all()
    alone = np.isin(kinds, ["camera_model", "aperture", "focal_length", "iso"])
    assert (table[alone].sum(axis=1) == 1).all()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("time_of_day.midnight", "lighting.moonlight"),
        ("time_of_day.starry_night", "weather.clear_weather"),
        ("location.nightclub", "lighting.disco_lights"),
        ("location.church", "lighting.candlelight"),
    ],
)
def test_what_one_kind_makes_likely_of_another_is_near(
    taxonomy: Taxonomy, near_scenes: dict[str, np.ndarray], first: str, second: str
) -> None:
    assert near_scenes[first][taxonomy.scene_attributes["id"].to_pylist().index(second)]


def test_most_scene_attributes_that_are_seen_keep_foils(
    taxonomy: Taxonomy, near_scenes: dict[str, np.ndarray]
) -> None:
    rows = taxonomy.scene_attributes.select(["id", "kind", "tier", "visible"]).to_pylist()
    kinds = np.array([row["kind"] for row in rows])
    seen = np.array([row["tier"] == "common" and row["visible"] == "yes" for row in rows])
    foils = np.array([(seen & (kinds == row["kind"]) & ~near_scenes[row["id"]]).sum() for row in rows])
    share = {kind: (foils[seen & (kinds == kind)] > 0).mean() for kind in np.unique(kinds[seen])}
    assert {kind: round(part, 2) for kind, part in share.items() if part < 0.5} == {}
