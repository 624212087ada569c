"""Importing other people's folders, and exporting them again."""

import json
from pathlib import Path

import pytest
from generate_any_scene.errors import GasError
from generate_any_scene.taxonomy import find_object, load_taxonomy, validate_taxonomy
from generate_any_scene.taxonomy.exchange.exporting import export_taxonomy
from generate_any_scene.taxonomy.exchange.importing import import_taxonomy
from generate_any_scene.taxonomy.nearness import find_near_scene_attributes
from generate_any_scene.taxonomy.places import find_imports

# Made up for these tests.
METADATA = {
    "objects": [
        "dog",
        "glass_teapot",
        "space_corgi",
        "moon bread",
        "blorf",
        "zorgle",
        "snow boots",
        "dog",
        "cape (garment)",
    ],
    "attributes": {
        "adj-general": ["wet", "glimmerish"],
        "human-look": ["moon-eyed"],
        "color": ["red", "blorf green"],
        "material": ["wood", "unobtainium"],
        "architectural style": ["zorgish"],
    },
    "relations": {
        "spatial": ["is next to", "hovering wugly near the"],
        "functional": ["unbalances", "gives shelter to"],
        "emotional": ["expressing friendliness", "gently adoring", "smiling"],
    },
    "scene_attributes": {
        "style": {"artist": ["Jane Wug"], "genre": ["wug noir"]},
        "scene setting": {"weather": ["wuggy", "wug storm", "wuggy"], "location": ["attic", "wug hangar"]},
        "camera": {"a": ["f/4", "f/4.7"], "ISO": ["64000"], "camera model": ["Wugflex 8"]},
        "video": {"video editting style": ["wug cut"], "camera rig": ["wug crane"]},
        "3D": {"lighting": ["wug lamps"]},
    },
    "taxonomy": [["bird", "zorgle"], ["zorgle", "blorf"]],
}


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture
def metadata(tmp_path: Path) -> Path:
    return write_metadata(tmp_path / "metadata", METADATA)


def write_metadata(folder: Path, values: dict) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in values.items():
        text = value if isinstance(value, str) else json.dumps(value)
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
    return folder


def rows(table) -> dict[str, dict]:
    return {row["id"]: row for row in table.to_pylist()}


def test_report_counts_what_became_of_the_texts(metadata: Path) -> None:
    report = import_taxonomy(metadata, "mine")
    assert report.tables["objects"] == {"resolved": 1, "own": 7, "repaired": 0, "unusable": 0, "repeated": 1}
    assert report.tables["attributes"] == {"resolved": 3, "own": 5, "repaired": 0, "unusable": 0, "repeated": 0}
    assert report.tables["relations"] == {"resolved": 1, "own": 4, "repaired": 3, "unusable": 2, "repeated": 0}
    assert report.tables["scene_attributes"] == {"resolved": 2, "own": 11, "repaired": 1, "unusable": 0, "repeated": 1}
    assert {row["text"] for row in report.unusable} == {"expressing friendliness", "smiling"}
    assert report.supporting > 5


def test_objects(metadata: Path) -> None:
    import_taxonomy(metadata, "mine")
    mine = rows(load_taxonomy(["mine"]).objects)
    corgi, bread, boots = (mine[f"mine.{name}"] for name in ("space_corgi", "moon_bread", "snow_boots"))
    assert (corgi["name"], corgi["parent"], corgi["kinds"]) == ("space corgi", "corgi.n.01", "animal|mammal")
    assert (bread["countability"], bread["article"], bread["plural"]) == ("mass", "some", "moon bread")
    assert (boots["countability"], boots["plural"], boots["kinds"]) == ("plural", "snow boots", "clothing|artifact")
    assert mine["mine.zorgle"]["parent"] == "bird.n.01"
    # What its name does not tell, its parent in the user's own tree does.
    assert (mine["mine.blorf"]["parent"], mine["mine.blorf"]["kinds"]) == ("mine.zorgle", "animal")
    assert mine["mine.cape_garment"]["parent"] == "garment.n.01"
    assert mine["dog.n.01"]["tier"] == "common"
    assert mine["canine.n.02"]["tier"] == "full"


def test_phrases(metadata: Path) -> None:
    import_taxonomy(metadata, "mine")
    mine = load_taxonomy(["mine"])
    attributes, relations = rows(mine.attributes), rows(mine.relations)
    assert attributes["mine.architecture.zorgish"]["applies_to"] == "building"
    assert attributes["mine.human.moon_eyed"]["applies_to"] == "person"
    assert attributes["mine.material.unobtainium"]["article"] == "an"
    assert relations["mine.functional.unbalances"]["finite_plural"] == "unbalance"
    assert relations["mine.functional.giving_shelter_to"]["predicate"] == "giving shelter to"
    assert "spatial.next_to" in relations
    phrases = {
        row["kind"]: row["phrase"] for row in mine.scene_attributes.to_pylist() if row["id"].startswith("mine.")
    }
    assert phrases == {
        "artist": "in the style of Jane Wug",
        "genre": "done in the wug noir genre",
        "weather": "in wuggy weather",
        "location": "in a wug hangar",
        "aperture": "shot at f/4.7",
        "iso": "shot at ISO 64000",
        "camera_model": "taken with a Wugflex 8",
        "editing_style": "edited in the style of wug cut",
        "camera_rig": "filmed with a wug crane",
        "three_d_lighting": "rendered with wug lamps",
    }


def test_laid_over_default_nothing_is_lost(metadata: Path) -> None:
    import_taxonomy(metadata, "mine")
    default, both = load_taxonomy(), load_taxonomy(["default", "mine"])
    before, after = rows(default.objects), rows(both.objects)
    assert {id_: after[id_] for id_ in before} == before
    assert rows(default.relations).items() <= rows(both.relations).items()
    assert validate_taxonomy(both) == validate_taxonomy(default)


@pytest.mark.parametrize("format_", ["gas", "tables"])
def test_export_and_import_give_the_same(metadata: Path, tmp_path: Path, format_: str) -> None:
    import_taxonomy(metadata, "mine")
    before = {file.name: file.read_text() for file in (find_imports() / "mine").iterdir()}
    export_taxonomy("mine", tmp_path / "out", format_)
    import_taxonomy(tmp_path / "out", "mine")
    after = {file.name: file.read_text() for file in (find_imports() / "mine").iterdir()}
    # A folder of tables brings no texts that had to be left out.
    assert {name: text for name, text in before.items() if format_ == "gas" or name != "unusable.tsv"} == after


@pytest.mark.slow
def test_the_shipped_taxonomy_survives_the_public_layout(tmp_path: Path) -> None:
    counts = export_taxonomy("default", tmp_path / "out", "gas")
    report = import_taxonomy(tmp_path / "out", "copy")
    for table, numbers in report.tables.items():
        if table != "frequency":
            assert numbers == {
                "resolved": counts[f"{table}.json"], "own": 0, "repaired": 0, "unusable": 0, "repeated": 0
            }  # fmt: skip
    copy, default = load_taxonomy(["copy"]), load_taxonomy()
    for table in ("objects", "attributes", "relations", "scene_attributes"):
        assert getattr(copy, table).equals(getattr(default, table))


def test_public_spellings(metadata: Path, tmp_path: Path) -> None:
    import_taxonomy(metadata, "mine")
    export_taxonomy("mine", tmp_path / "out", "gas")
    scenes = json.loads((tmp_path / "out" / "scene_attributes.json").read_text())
    assert scenes["camera"]["a"] == ["f/4", "f/4.7"]
    assert scenes["video"]["video editting style"] == ["wug cut"]
    objects = json.loads((tmp_path / "out" / "objects.json").read_text())
    assert {"space_corgi", "moon bread", "cape (garment)"} <= set(objects)
    assert json.loads((tmp_path / "out" / "relations.json").read_text())["emotional"][-1] == "smiling"


@pytest.mark.parametrize(
    ("file", "value", "message"),
    [
        ("objects", '["dog",\n "cat"', r"objects\.json:2:7: this is not JSON"),
        ("objects", {"dog": 1}, r"objects\.json: must be a list of strings, not a mapping"),
        ("objects", ["dog", 3, ""], r"item 2 must be a string .*, not a number\n.*item 3 .* not an empty string"),
        ("attributes", ["red"], r"attributes\.json: must be a mapping of categories to lists, not a list"),
        ("relations", {"spatial": "on"}, r"relations\.json: spatial: must be a list of strings, not a string"),
        (
            "scene_attributes",
            {"a": {"b": {}}},
            r"scene_attributes\.json: a > b: must be a list of strings, not an empty",
        ),
        ("taxonomy", [["a"]], r"taxonomy\.json: edge 1 must be \[parent, child\]"),
    ],
)
def test_wrong_files(metadata: Path, file: str, value, message: str) -> None:
    write_metadata(metadata, {file: value})
    with pytest.raises(GasError, match=message):
        import_taxonomy(metadata, "mine")
    assert not (find_imports() / "mine").exists()


@pytest.mark.parametrize(
    "edges",
    [
        {"bird": ["zorgle"], "zorgle": ["blorf"]},
        {"bird": {"zorgle": {"blorf": []}}},
        {"edges": [["bird", "zorgle"], ["zorgle", "blorf"]]},
        [{"parent": "bird", "child": "zorgle"}, {"parent": "zorgle", "child": "blorf"}],
    ],
)
def test_edges_come_in_several_shapes(metadata: Path, edges) -> None:
    write_metadata(metadata, {"taxonomy": edges})
    import_taxonomy(metadata, "mine")
    assert rows(load_taxonomy(["mine"]).objects)["mine.blorf"]["parent"] == "mine.zorgle"


def test_edges_in_a_circle_are_left_out(metadata: Path) -> None:
    write_metadata(metadata, {"taxonomy": [["blorf", "zorgle"], ["zorgle", "blorf"]]})
    import_taxonomy(metadata, "mine")
    assert not any("circle" in problem for problem in validate_taxonomy(load_taxonomy(["default", "mine"])))


def test_folder_of_tables(tmp_path: Path) -> None:
    folder = tmp_path / "tables"
    folder.mkdir()
    (folder / "objects.tsv").write_text("id\tname\tparent\tkinds\nwug.x.01\twug\tbird.n.01\tanimal\n")
    report = import_taxonomy(folder, "mine")
    assert report.tables["objects"]["own"] == 1
    assert find_object(load_taxonomy(["default", "mine"]), "wug") >= 0
    with pytest.raises(GasError, match=r"no layer holds attributes\.tsv; begin the list with `default`"):
        load_taxonomy(["mine"])


def test_near_scene_attributes_survive(tmp_path: Path) -> None:
    folder = tmp_path / "tables"
    folder.mkdir()
    text = "id\tkind\tname\tnear\ns.x\tweather\twug storm\ts.y\ns.y\tweather\twug shower\ts.x\n"
    (folder / "scene_attributes.tsv").write_text(text)
    import_taxonomy(folder, "mine")
    mine = load_taxonomy(["default", "mine"])
    assert [rows(mine.scene_attributes)[id_]["near"] for id_ in ("s.x", "s.y")] == ["s.y", "s.x"]
    ids = mine.scene_attributes["id"].to_pylist()
    assert find_near_scene_attributes(mine)[ids.index("s.x"), ids.index("s.y")]
    assert not any("s.x" in problem for problem in validate_taxonomy(mine))


def test_broken_tables_are_not_imported(tmp_path: Path) -> None:
    folder = tmp_path / "tables"
    folder.mkdir()
    (folder / "objects.tsv").write_text("id\tname\tparent\tkinds\nwug.x.01\twug\tbirdd.n.01\tanimal\n")
    with pytest.raises(GasError, match=r"tables/objects\.tsv:2: column 'parent': 'birdd\.n\.01' .*did you mean `bird"):
        import_taxonomy(folder, "mine")
    assert not find_imports().exists()


@pytest.mark.parametrize(
    ("name", "message"), [("default", "shipped taxonomy"), ("../x", "lower-case"), ("A b", "lower-case")]
)
def test_names_that_are_not_free(metadata: Path, name: str, message: str) -> None:
    with pytest.raises(GasError, match=message):
        import_taxonomy(metadata, name)


def test_empty_folder_and_no_folder(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(GasError, match="holds neither sort of files"):
        import_taxonomy(tmp_path / "empty", "mine")
    with pytest.raises(GasError, match="is not a folder"):
        import_taxonomy(tmp_path / "nowhere", "mine")


def test_slurs_stay_hidden(metadata: Path) -> None:
    """Own objects whose last word is an offensive object of ours are offensive, too."""
    offensive = next(
        row for row in load_taxonomy().objects.to_pylist() if "offensive" in row["flags"] and " " not in row["name"]
        and load_taxonomy().objects["name"].to_pylist().count(row["name"]) == 1
    )  # fmt: skip
    write_metadata(metadata, {"objects": [f"wuggish {offensive['name']}"]})
    import_taxonomy(metadata, "mine")
    own = next(row for row in load_taxonomy(["mine"]).objects.to_pylist() if row["id"].startswith("mine."))
    assert (own["tier"], own["flags"]) == ("full", "offensive")
