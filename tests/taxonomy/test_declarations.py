"""What `taxonomy.toml` declares: kinds and columns of tables of one's own, and what is wrong with such a file."""

import pytest
from generate_any_scene.errors import GasError
from generate_any_scene.taxonomy import load_taxonomy, validate_taxonomy
from generate_any_scene.taxonomy.declarations import read_declarations
from generate_any_scene.taxonomy.exchange.exporting import export_taxonomy
from generate_any_scene.taxonomy.exchange.importing import import_taxonomy

MOOD = 'phrase = "in a {} mood"\nsentence = "the mood is {}"\nyes_no = "Is the mood {}?"\n'
FILES = {
    "taxonomy.toml": f'[attributes.emotion]\n[scene_attributes.mood]\n{MOOD}[columns]\nattributes = ["stem", "end"]\n',
    "attributes.tsv": "id\tkind\tname\tapplies_to\tstem\nemotion.sad\temotion\tsad\tperson\tsadd\n",
    "scene_attributes.tsv": "id\tkind\tname\tphrase\nmood.tense\tmood\ttense\t\nmood.calm\tmood\tcalm\tin full calm\n",
}


@pytest.fixture
def data_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "mine"
    place.mkdir()
    for name, text in FILES.items():
        (place / name).write_text(text)
    return place


def find_row(table, id_):
    (row,) = (row for row in table.to_pylist() if row["id"] == id_)
    return row


def test_declared_kinds_are_kinds(folder):
    taxonomy = load_taxonomy(["default", str(folder)])
    assert find_row(taxonomy.attributes, "emotion.sad")["group"] == "emotion"
    tense, calm = (find_row(taxonomy.scene_attributes, f"mood.{name}") for name in ("tense", "calm"))
    assert (tense["phrase"], calm["phrase"]) == ("in a tense mood", "in full calm")
    assert {tense["role"], calm["role"]} == {"sentence"}
    assert find_row(taxonomy.scene_attributes, "location.kitchen")["role"] == "setting"
    assert not validate_taxonomy(taxonomy)


def test_declared_columns_are_columns_of_the_whole_table(folder):
    table = load_taxonomy(["default", str(folder)]).attributes
    assert find_row(table, "emotion.sad")["stem"] == "sadd"
    assert set(table["end"].to_pylist()) == {""}
    assert table["stem"].to_pylist().count("") == len(table) - 1


def test_a_later_folder_has_the_kinds_of_an_earlier_one(folder, tmp_path):
    later = tmp_path / "later"
    later.mkdir()
    (later / "attributes.tsv").write_text("id\tkind\tname\tapplies_to\nemotion.glad\temotion\tglad\tperson\n")
    table = load_taxonomy(["default", str(folder), str(later)]).attributes
    assert find_row(table, "emotion.glad")["stem"] == ""


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("attributes.tsv", "\temotion\t", "\temotoin\t", "attributes.tsv:2: .*'emotoin'.*did you mean `emotion`"),
        ("attributes.tsv", "\tstem", "\tstemm", "attributes.tsv:1: column 'stemm' is unknown; did you mean `stem`"),
        ("taxonomy.toml", "[attributes.emotion]", "", "attributes.tsv:2: .*taxonomy.toml.*\\[attributes.my_kind\\]"),
        (
            "taxonomy.toml",
            '"stem", ',
            "",
            "attributes.tsv:1: .*is unknown.*under \\[columns\\] in taxonomy.toml",
        ),
    ],
)
def test_what_is_not_declared_is_refused(folder, file, old, new, message):
    text = FILES[file]
    assert old in text
    (folder / file).write_text(text.replace(old, new))
    with pytest.raises(GasError, match=message):
        load_taxonomy(["default", str(folder)])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[attributes", "not TOML: "),
        ("[atributes.emotion]", r"\[atributes\] is unknown; did you mean `attributes`"),
        ("attributes = 1", r"`attributes` must be a table, such as \[attributes.mine\]"),
        ("[attributes.color]", r"\[attributes.color\]: this kind is shipped"),
        ("[attributes.Emotion]", "'Emotion' is no name of a kind"),
        ("[attributes]\nemotion = 1", r"\[attributes.emotion\]: must be a table of texts"),
        ("[attributes.emotion]\nquestoin = 'x {object}'", "`questoin` is unknown; did you mean `question`"),
        ("[attributes.emotion]\nquestion = ''", "`question` must be a text of one line"),
        ("[attributes.emotion]\nquestion = 'Which one?'", "`question`: it must have {object}"),
        ("[attributes.emotion]\nquestion = 'What {object}{%'", "a brace stands alone"),
        ("[scene_attributes.mood]\nphrase = 'in a {name} mood'", "{name} is unknown; it may have {}, {a}"),
        ("[scene_attributes.mood]\nsentence = 'it is {}'", "needs a `phrase`, for prompts, and `yes_no`"),
        ("[columns]\nthings = ['der']", r"\[columns\] things is no table; "),
        ("[columns]\nobjects = 'der'", "must be a list of names"),
        ("[columns]\nobjects = ['Der']", "'Der' is no name"),
        ("[columns]\nobjects = ['plural']", "every table has the column 'plural'"),
        ("[columns]\nobjects = ['der', 'der']", "'der' is named twice"),
    ],
)
def test_what_is_wrong_is_said(text, message):
    with pytest.raises(GasError, match=f"^mine/taxonomy.toml: .*{message}"):
        read_declarations(text.encode(), "mine/taxonomy.toml")


def test_all_mistakes_of_a_file_come_at_once():
    text = b"[attributes.color]\n[columns]\nobjects = ['Der', 'name']\n"
    with pytest.raises(GasError) as raised:
        read_declarations(text, "taxonomy.toml")
    assert len(str(raised.value).splitlines()) == 3


def test_import_and_export_keep_what_is_declared(folder, tmp_path, data_folder):
    import_taxonomy(folder, "mine")
    imported = load_taxonomy(["default", "mine"])
    assert find_row(imported.attributes, "emotion.sad")["stem"] == "sadd"
    assert find_row(imported.scene_attributes, "mood.tense")["role"] == "sentence"
    whole = tmp_path / "whole"
    export_taxonomy("default", whole, "tables")
    (whole / "taxonomy.toml").write_text(FILES["taxonomy.toml"])
    header, *rows = (whole / "attributes.tsv").read_text().splitlines()
    (whole / "attributes.tsv").write_text("".join([f"{header}\tstem\n", *(f"{row}\tx\n" for row in rows)]))
    import_taxonomy(whole, "whole")
    export_taxonomy("whole", tmp_path / "again", "tables")
    again = load_taxonomy([str(tmp_path / "again")])
    assert set(again.attributes["stem"].to_pylist()) == {"x"}
    assert again.declared == load_taxonomy([str(whole)]).declared
