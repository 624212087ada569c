"""Other wordings of concepts: what they are, and that they never name anything else."""

import pytest
from generate_any_scene.taxonomy import TABLES, load_taxonomy
from generate_any_scene.taxonomy.wordings import list_wordings

NAMED = {"objects": ["name"], "attributes": ["name", "adjective"], "relations": ["predicate"]}
NAMED["scene_attributes"] = ["name", "phrase"]


def find_wordings(taxonomy, table):
    """Wordings by the rows' ids."""
    rows, texts = list_wordings(taxonomy, table)
    ids = getattr(taxonomy, table)["id"].to_pylist()
    found = {}
    for row, text in zip(rows.tolist(), texts.to_pylist(), strict=True):
        found.setdefault(ids[row], []).append(text)
    return found


@pytest.fixture(scope="module")
def wordings(taxonomy):
    return {table: find_wordings(taxonomy, table) for table in TABLES}


@pytest.mark.parametrize(
    ("table", "id_", "expected"),
    [
        ("objects", "mouse.n.01", ["mice"]),
        ("objects", "dog.n.01", ["dogs"]),
        ("objects", "theater.n.01", ["theaters", "theatre", "theatres"]),
        ("objects", "jersey.n.03", ["T-shirts", "T shirt"]),
        ("objects", "sand.n.01", []),
        ("attributes", "color.gray", ["grey"]),
        ("attributes", "color.gold", ["golden", "gold-colored", "gold-coloured"]),
        ("attributes", "material.wool", ["woolen", "fabric", "cloth", "woollen", "woolen fabric", "woollen fabric"]),
        ("attributes", "material.stained_glass", ["stained-glass", "glass", "colored glass", "coloured glass"]),
        ("attributes", "shape.heart_shaped", ["a heart", "heart shaped", "heart"]),
        ("relations", "symbolic.represent", ["represents"]),
        ("scene_attributes", "artist.claude_monet", ["Monet"]),
        ("scene_attributes", "artist.vincent_van_gogh", ["van Gogh"]),
        ("scene_attributes", "artist.pieter_bruegel_the_elder", ["Bruegel"]),
        ("scene_attributes", "artist.el_greco", []),
        ("scene_attributes", "weather.rainy_weather", ["rainy"]),
        ("scene_attributes", "view.aerial_view", ["aerial", "seen from the air"]),
        ("scene_attributes", "technique.oil_painting", ["painted in oils"]),
    ],
)
def test_what_a_concept_is_called_as_well(table, id_, expected, taxonomy, wordings):
    assert id_ in getattr(taxonomy, table)["id"].to_pylist()
    assert wordings[table].get(id_, []) == expected


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("names", [["default"], ["paper"], ["sandbox"]])
def test_no_wording_names_another_concept_of_its_kind_that_is_not_near(names, table):
    taxonomy = load_taxonomy(names)
    rows = {row["id"]: row for row in getattr(taxonomy, table).to_pylist()}
    called = {}
    for row in rows.values():
        for column in NAMED[table]:
            called.setdefault((row.get("kind"), row[column]), set()).add(row["id"])
    for id_, texts in find_wordings(taxonomy, table).items():
        row = rows[id_]
        assert len(set(texts)) == len(texts) and row[NAMED[table][0]] not in texts and "" not in texts
        for text in texts:
            for other in called.get((row.get("kind"), text), set()) - {id_}:
                assert other in row["near"].split("|") or id_ in rows[other]["near"].split("|"), (id_, text, other)


@pytest.mark.parametrize("table", TABLES)
def test_wordings_come_by_rows(table, taxonomy):
    rows, texts = list_wordings(taxonomy, table)
    assert (rows[1:] >= rows[:-1]).all()
    assert len(rows) == len(texts) > 0


def test_everything_that_can_be_counted_has_its_plural(taxonomy, wordings):
    names = set(taxonomy.objects["name"].to_pylist())
    for row in taxonomy.objects.to_pylist():
        if row["countability"] == "count" and row["plural"] not in names:
            assert row["plural"] in wordings["objects"][row["id"]]


def test_tables_of_a_user(tmp_path):
    (tmp_path / "objects.tsv").write_text(
        "id\tname\tparent\tkinds\tnear\n"
        "wine_glass.x.01\twine-glass\tthing\tcontainer\twineglass.x.01|goblet.x.01\n"
        "wineglass.x.01\twineglass\tthing\tcontainer\t\n"
        "goblet.x.01\tgoblet\tthing\tcontainer\t\n"
        "thing\tthing\t\tthing\t\n"
        "glass.x.01\tglass\tthing\tcontainer\t\n"
        "glasses.x.01\tglasses\tthing\tclothing\t\n"
    )
    (tmp_path / "attributes.tsv").write_text(
        "id\tkind\tname\tapplies_to\taliases\tnear\n"
        "material.maple\tmaterial\tmaple\tany\twood|wooden|steel\tmaterial.wood\n"
        "material.wood\tmaterial\twood\tany\t\t\n"
        "material.steel\tmaterial\tsteel\tany\tmetal\t\n"
        "color.maple\tcolor\tmaple\tany\tred\t\n"
    )
    taxonomy = load_taxonomy(["sandbox", str(tmp_path)])
    objects = find_wordings(taxonomy, "objects")
    assert objects["wine_glass.x.01"] == ["wine-glasses", "wineglass", "wine glass"]
    assert "glass.x.01" not in objects, "glasses are something else"
    assert objects["goblet.x.01"] == ["goblets"]
    attributes = find_wordings(taxonomy, "attributes")
    assert attributes["material.maple"] == ["wood", "wooden"], "steel is something else"
    assert attributes["material.steel"] == ["metal"]
    assert "color.maple" not in attributes, "red is another color"
