"""What the shipped tables promise."""

import hashlib
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from generate_any_scene.builders.content.unseen import HASH_BUCKETS
from generate_any_scene.taxonomy import COLUMNS, KINDS, Taxonomy, find_object, load_taxonomy, validate_taxonomy
from generate_any_scene.taxonomy.build.sources import read_review
from generate_any_scene.taxonomy.loader import load_all_shipped
from generate_any_scene.taxonomy.table_rules import check_paper_scale
from generate_any_scene.taxonomy.tables import __file__ as package_file

FOLDER = Path(package_file).parent


@pytest.fixture(scope="module")
def taxonomy() -> Taxonomy:
    return load_taxonomy()


def test_shipped_tables_are_sound(taxonomy: Taxonomy) -> None:
    assert validate_taxonomy(taxonomy) == []


def test_tables_are_as_large_as_the_papers(taxonomy: Taxonomy) -> None:
    assert check_paper_scale(load_all_shipped()) == []
    assert taxonomy.objects.num_rows >= 28_787
    assert taxonomy.attributes.num_rows >= 1_494
    assert taxonomy.relations.num_rows >= 10_492
    assert taxonomy.scene_attributes.num_rows >= 2_193


def test_what_lacks_of_the_papers_scale_is_said(taxonomy: Taxonomy) -> None:
    without = taxonomy.relations.filter(pc.not_equal(taxonomy.relations["category"], "symbolic"))
    assert "relations: 0 rows of symbolic, the paper has 131" in check_paper_scale(
        replace(taxonomy, relations=without)
    )


def test_night_leaves_no_sunshine(taxonomy: Taxonomy) -> None:
    excludes = dict(columns(taxonomy.scene_attributes, "id", "excludes"))
    assert {"weather.sunny_weather", "lighting.harsh_sunlight"} <= set(excludes["time_of_day.midnight"].split("|"))
    assert "weather" in excludes["location.kitchen"].split("|")
    assert {"weather", "time_of_day"} <= set(excludes["location.underwater"].split("|"))


def test_paper_names_are_those_of_its_rules() -> None:
    names = dict(columns(load_all_shipped().objects, "id", "paper_name"))
    assert sum(bool(name) for name in names.values()) == 28_867
    assert len(set(names.values()) - {""}) == 28_798
    assert names["corn_snake.n.01"] == "corn_snake"
    assert names["iconoclast.n.01"] == "iconoclast (destroyer)"
    # Senses that share lemma and parent cancel each other out; a dish is outside of the paper's root, as the root is.
    assert names["table.n.02"] == names["house.n.01"] == names["pizza.n.01"] == names["object.n.01"] == ""


def test_merged_rows_are_there_for_the_papers_rules_alone() -> None:
    rows = columns(load_all_shipped().objects, "tier", "flags", "paper_name")
    merged = [(tier, name) for tier, flags, name in rows if "merged" in flags]
    assert merged
    assert all(tier == "full" and name for tier, name in merged)


def test_files_are_plain_and_small() -> None:
    files = [FOLDER / f"{table}.tsv" for table in COLUMNS]
    assert sum(file.stat().st_size for file in files) < 14 * 1024 * 1024
    for file in files:
        content = file.read_bytes()
        assert b"\r" not in content
        assert content.endswith(b"\n")
        assert not content.endswith(b"\n\n")


def test_every_kind_has_everyday_objects(taxonomy: Taxonomy) -> None:
    common = [kinds for kinds, tier in columns(taxonomy.objects, "kinds", "tier") if tier == "common"]
    counts = Counter(kind for kinds in common for kind in kinds.split("|"))
    assert 2_000 <= len(common) <= 3_500
    # Nobody asks for a lone hand; few things are of no kind.
    assert {kind for kind in KINDS if counts[kind] < 5} <= {"body_part", "thing"}


def test_upper_nodes_are_not_everyday(taxonomy: Taxonomy) -> None:
    tiers = dict(columns(taxonomy.objects, "id", "tier"))
    for id_ in (
        "object.n.01",
        "whole.n.02",
        "artifact.n.01",
        "instrumentality.n.03",
        "organism.n.01",
        "living_thing.n.01",
    ):
        assert tiers[id_] == "full"


def test_no_slur_is_dealt(taxonomy: Taxonomy) -> None:
    # The list holds digests, so that nobody has to read the words.
    slurs = set((Path(__file__).parent / "slurs.sha256").read_text(encoding="ascii").split())
    assert len(slurs) > 100
    for name, tier, flags in columns(taxonomy.objects, "name", "tier", "flags"):
        if "offensive" in flags:
            assert tier == "full"
            continue
        words = {name.lower(), *(re.split(r"[ -]", name.lower()) if tier == "common" else ())}
        assert not {digest(word) for word in words} & slurs
    for table in (taxonomy.attributes["adjective"], taxonomy.relations["predicate"]):
        for text in table.to_pylist():
            assert not {digest(word) for word in text.lower().split()} & slurs


@pytest.mark.parametrize(
    ("text", "article"),
    [
        ("umbrella", "an"),
        ("uniform", "a"),
        ("unicycle", "a"),
        ("ukulele", "a"),
        ("hourglass", "an"),
        ("house", "a"),
        ("eucalyptus", "a"),
        ("ewer", "a"),
        ("heirloom", "an"),
        ("usher", "an"),
        ("X-ray machine", "an"),
        ("X chromosome", "an"),
        ("A battery", "an"),
        ("S wrench", "an"),
        ("B battery", "a"),
        ("egg", "an"),
    ],
)
def test_articles_follow_the_sound(taxonomy: Taxonomy, text: str, article: str) -> None:
    assert {art for name, art in columns(taxonomy.objects, "name", "article") if name == text} <= {article}


@pytest.mark.parametrize(
    ("name", "plural"),
    [("dog", "dogs"), ("sheep", "sheep"), ("knife", "knives"), ("person", "people"), ("thermos", "thermoses")],
)
def test_plurals(taxonomy: Taxonomy, name: str, plural: str) -> None:
    assert taxonomy.objects["plural"][find_object(taxonomy, name)].as_py() == plural


@pytest.mark.parametrize(
    ("id_", "countability"),
    [
        ("dog.n.01", "count"),
        ("water.n.06", "mass"),
        ("bread.n.01", "mass"),
        ("scissors.n.01", "plural"),
        ("jean.n.01", "plural"),
        ("sandwich.n.01", "count"),
        ("furniture.n.01", "mass"),
        ("monkey_bars.x.01", "plural"),
        ("aurora_borealis.n.01", "plural"),
    ],
)
def test_countability(taxonomy: Taxonomy, id_: str, countability: str) -> None:
    assert taxonomy.objects["countability"][find_object(taxonomy, id_)].as_py() == countability


def test_no_plural_has_an_s_too_many(taxonomy: Taxonomy) -> None:
    for name, plural in columns(taxonomy.objects, "name", "plural"):
        assert not (re.search(r"[^s]s$", name) and plural == f"{name}s"), plural


def test_attributes_stay_with_what_can_have_them(taxonomy: Taxonomy) -> None:
    living = taxonomy.kind_bits(pa.array(["person|animal|food|plant"]))[0]
    kinds = taxonomy.attributes["kind"].to_pylist()
    bits = taxonomy.kind_bits(taxonomy.attributes["applies_to"])
    building, person = (np.uint64(1 << KINDS.index(kind)) for kind in ("building", "person"))
    for kind, mask in zip(kinds, bits, strict=True):
        if kind == "material":
            assert not mask & living
        if kind == "architecture":
            assert mask == building
        if kind == "human":
            assert mask == person


def test_only_what_shows_its_age_is_young(taxonomy: Taxonomy) -> None:
    mammals = taxonomy.kind_bits(pa.array(["mammal|person"]))[0]
    names, bits = taxonomy.attributes["name"].to_pylist(), taxonomy.kind_bits(taxonomy.attributes["applies_to"])
    assert all(not mask & ~mammals for name, mask in zip(names, bits, strict=True) if name == "young")


def test_what_lies_on_a_plate_does_not_grow(taxonomy: Taxonomy) -> None:
    """Everyday fruit, nuts and vegetables are food, whatever plant WordNet has of the name; herbs may be either."""
    rows = {row["id"]: row for row in taxonomy.objects.to_pylist()}
    roots = {"fruit.n.01", "edible_fruit.n.01", "vegetable.n.01", "edible_nut.n.01", "nut_tree.n.01"}
    for row in rows.values():
        if row["tier"] == "common" and row["parent"] in roots:
            assert "plant" not in row["kinds"].split("|"), row["id"]


def test_no_name_that_is_not_everyday_is_in_the_common_tier(taxonomy: Taxonomy) -> None:
    """Of what has no sense in WordNet, too; the list names senses and words, of which another sense may be common."""
    listed = set(read_review("not_common.txt"))
    own = [row for row in taxonomy.objects.to_pylist() if ".x." in row["id"] and row["name"] in listed]
    assert own and all(row["tier"] != "common" for row in own)


def test_any_two_objects_can_stand_in_a_relation_of_every_bucket(taxonomy: Taxonomy) -> None:
    """Splits that keep compositions unseen share out the relations of one sort; four of them are enough for all."""
    rows = columns(taxonomy.relations, "category", "tier", "visible", "subject_kinds", "object_kinds")
    sorts = Counter(row[3:] for row in rows if row[:3] == ("spatial", "common", "yes"))
    joined = [kinds for kinds, count in sorts.items() if count >= HASH_BUCKETS]
    subjects, targets = (taxonomy.kind_bits(pa.array(one)) for one in zip(*joined, strict=True))
    objects = np.unique(taxonomy.kind_bits(taxonomy.objects["kinds"]))
    fits = (objects[:, None] & subjects != 0)[:, None] & (objects[:, None] & targets != 0)
    assert fits.any(axis=2).all()


def test_people_and_animals_alone_look_at_each_other(taxonomy: Taxonomy) -> None:
    for subtype, subject, object_ in columns(taxonomy.relations, "subtype", "subject_kinds", "object_kinds"):
        if subtype == "attentional":
            assert set(f"{subject}|{object_}".split("|")) <= {"person", "animal"}


@pytest.mark.parametrize(
    ("id_", "inverse"),
    [
        ("spatial.above", "spatial.below"),
        ("spatial.to_the_left_of", "spatial.to_the_right_of"),
        ("spatial.in_front_of", "spatial.behind"),
        ("spatial.on", "spatial.supporting"),
        ("interactional.holding", "interactional.held_by"),
        ("spatial.next_to", "spatial.next_to"),
    ],
)
def test_inverses(taxonomy: Taxonomy, id_: str, inverse: str) -> None:
    assert dict(columns(taxonomy.relations, "id", "inverse"))[id_] == inverse


def test_predicates_leave_the_verb_to_the_caption(taxonomy: Taxonomy) -> None:
    for predicate, finite in columns(taxonomy.relations, "predicate", "finite"):
        assert not re.match(r"(is|are|was|were|the|to be)\b", predicate) or predicate.startswith("the same")
        assert finite == "" or finite.split()[0].endswith("s")


def test_scene_phrases_complete_their_sentence(taxonomy: Taxonomy) -> None:
    for phrase in taxonomy.scene_attributes["phrase"].to_pylist():
        assert not phrase.endswith(".")
        assert re.match(r"[a-z]", phrase)
        assert not re.search(r"\ba [aeio]|\ban [bcdfgjkpqtvwz]", phrase), phrase


def test_paintings_have_no_camera(taxonomy: Taxonomy) -> None:
    rows = columns(taxonomy.scene_attributes, "kind", "excludes")
    for kind, excludes in rows:
        if kind in ("painting_style", "technique", "artist"):
            assert {"camera_model", "aperture", "iso", "focal_length"} <= set(excludes.split("|"))


def test_every_modality_has_scene_attributes_of_its_own(taxonomy: Taxonomy) -> None:
    rows = columns(taxonomy.scene_attributes, "kind", "modality")
    assert {"camera_movement", "camera_rig", "editing_style", "time_span"} <= {
        kind for kind, m in rows if m == "video"
    }
    assert any(modality == "3d" for _, modality in rows)


def columns(table, *names: str) -> list[tuple]:
    return list(zip(*(table[name].to_pylist() for name in names), strict=True))


def digest(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()[:16]
