"""A user's own tables: what may be left out, what is said when they are wrong, profiles, names of taxonomies."""

from pathlib import Path

import numpy as np
import pytest
from generate_any_scene.errors import GasError
from generate_any_scene.taxonomy import find_object, load_taxonomy
from generate_any_scene.taxonomy.loader import load_all_shipped
from generate_any_scene.taxonomy.places import find_imports


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return find_imports()


def write(folder: Path, table: str, *lines: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{table}.tsv"
    file.write_text("\n".join(line.replace("|", "\t") for line in lines) + "\n", encoding="utf-8")
    return file


def find_row(table, id_: str) -> dict:
    return next(row for row in table.to_pylist() if row["id"] == id_)


@pytest.mark.parametrize(
    ("name", "article", "plural", "countability"),
    [
        ("wug", "a", "wugs", "count"),
        ("owl box", "an", "owl boxes", "count"),
        ("hour lamp", "an", "hour lamps", "count"),
        ("unicorn", "a", "unicorns", "count"),
        ("uninvited guest", "an", "uninvited guests", "count"),
        ("one-eyed snowman", "a", "one-eyed snowmen", "count"),
        ("eucalyptus fly", "a", "eucalyptus flies", "count"),
        ("bag of sand", "a", "bags of sand", "count"),
        ("swim trunks", "some", "swim trunks", "plural"),
    ],
)
def test_four_columns_are_enough(tmp_path: Path, name: str, article: str, plural: str, countability: str) -> None:
    write(tmp_path / "mine", "objects", "id|name|parent|kinds", f"wug.x.01|{name}|bird.n.01|animal")
    row = find_row(load_taxonomy(["default", "./mine"], tmp_path).objects, "wug.x.01")
    assert (row["article"], row["plural"], row["countability"]) == (article, plural, countability)
    assert (row["tier"], row["offset"], row["flags"], row["paper_name"]) == ("common", "", "", "")


def test_other_tables_need_few_columns_too(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    write(folder, "attributes", "id|kind|name|applies_to", "a.x|color|umber glow|any")
    write(folder, "relations", "id|category|predicate", "r.x|spatial|hovering wugly near")
    write(
        folder,
        "scene_attributes",
        "id|kind|name",
        "s.x|weather|wug storm",
        "s.y|aperture|f/4.7",
        "s.z|lighting|wug glow",
    )
    mine = load_taxonomy(["default", "mine"], tmp_path)
    color = find_row(mine.attributes, "a.x")
    assert (color["adjective"], color["article"], color["order"], color["group"]) == ("umber glow", "an", 6, "color")
    relation = find_row(mine.relations, "r.x")
    assert (relation["subject_kinds"], relation["symmetric"], relation["head"]) == (
        "any",
        False,
        relation["predicate"],
    )
    storm = find_row(mine.scene_attributes, "s.x")
    assert (storm["phrase"], storm["near"]) == ("in a wug storm", "")
    glow = find_row(mine.scene_attributes, "s.z")
    assert (glow["phrase"], glow["role"], glow["needs"], glow["bars"]) == ("in wug glow", "light", "", "")
    aperture = find_row(mine.scene_attributes, "s.y")
    assert (aperture["phrase"], aperture["role"], aperture["modality"]) == ("shot at f/4.7", "picture", "image|video")


def test_columns_stand_in_any_order_and_excel_may_have_written_them(tmp_path: Path) -> None:
    file = write(tmp_path / "mine", "objects", "kinds|name|id|parent", "animal|wug|wug.x.01|bird.n.01")
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    mine = load_taxonomy(["default", "mine"], tmp_path)
    assert find_row(mine.objects, "wug.x.01")["name"] == "wug"


@pytest.mark.parametrize("row", [b"a.\xff|color|red|any", b"a.y|color|\xc3|any", b"a.y|color|any\xc3", b"\xe9"])
def test_what_is_not_utf8_is_told_with_its_line(tmp_path: Path, row: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    rows = (b"id|kind|name|applies_to", b"a.x|color|umber glow|any", row)
    write(tmp_path / "mine", "attributes").write_bytes(b"\n".join(rows).replace(b"|", b"\t"))
    with pytest.raises(GasError, match=r"attributes\.tsv:3: not UTF-8 text; save"):
        load_taxonomy(["default", "./mine"], tmp_path)
    assert capfd.readouterr().err == ""


def test_missing_column_is_named(tmp_path: Path) -> None:
    write(tmp_path / "mine", "objects", "id|name|parent", "wug.x.01|wug|bird.n.01")
    with pytest.raises(GasError, match=r"objects\.tsv:1: column 'kinds' must be there once; the table needs id, name"):
        load_taxonomy(["default", "mine"], tmp_path)


def test_all_mistakes_come_at_once_with_their_lines(tmp_path: Path) -> None:
    lines = ["id|name|parent|kinds", "a|wug|bird.n.01|animla", "", "a||bird.n.01|animal", "b|blorf|bird.n.01|plnt"]
    write(tmp_path / "mine", "objects", *lines)
    with pytest.raises(GasError) as caught:
        load_taxonomy(["default", "mine"], tmp_path)
    problems = [line.partition("objects.tsv:")[2] for line in str(caught.value).splitlines()]
    assert [problem[:19] for problem in problems] == [
        "2: column 'kinds': ",
        "4: column 'id': 'a'",
        "4: column 'name': i",
        "5: column 'kinds': ",
    ]
    assert "is in line 2 already" in problems[1]


def test_no_more_than_ten_mistakes_are_shown(tmp_path: Path) -> None:
    rows = [f"x.{number}|wug|bird.n.01|animla{number}" for number in range(30)]
    write(tmp_path / "mine", "objects", "id|name|parent|kinds", *rows)
    with pytest.raises(GasError) as caught:
        load_taxonomy(["default", "mine"], tmp_path)
    lines = str(caught.value).splitlines()
    assert len(lines) == 11
    assert lines[-1] == "... and 20 more"


def test_every_unknown_parent_is_shown(tmp_path: Path) -> None:
    write(tmp_path / "mine", "objects", "id|name|parent|kinds", "a|a|birdd.n.01|animal", "b|b|nothing|animal")
    with pytest.raises(GasError) as caught:
        load_taxonomy(["default", "mine"], tmp_path)
    first, second = str(caught.value).splitlines()
    assert "objects.tsv:2: column 'parent': 'birdd.n.01' is not an id of objects; did you mean `bird.n.01`" in first
    assert "objects.tsv:3: column 'parent': 'nothing'" in second


def test_own_frequencies_may_be_any_counts(tmp_path: Path) -> None:
    write(tmp_path / "laion", "frequency", "id|zipf", "dog.n.01|123456789", "cat.n.01|1.5e6", "bird.n.01|0")
    counts = load_taxonomy(["default", "laion"], tmp_path)
    frequency = counts.objects["frequency"].to_numpy()
    assert frequency[find_object(counts, "dog.n.01")] == np.float32(123456789)
    assert frequency[find_object(counts, "cat.n.01")] == 1_500_000
    # The shipped numbers are of another scale, so none of them is left.
    assert np.count_nonzero(frequency) == 2


@pytest.mark.parametrize("number", ["-1", "often", "nan", "", "1e999", "inf"])
def test_frequencies_are_not_negative(tmp_path: Path, number: str) -> None:
    write(tmp_path / "laion", "frequency", "id|zipf", f"dog.n.01|{number}")
    with pytest.raises(GasError, match=r"frequency\.tsv:2: column 'zipf'"):
        load_taxonomy(["default", "laion"], tmp_path)


def test_paper_profile_has_the_papers_names_only() -> None:
    paper, default, everything = load_taxonomy(["paper"]), load_taxonomy(), load_all_shipped()
    names = paper.objects["paper_name"].to_pylist()
    assert all(names)
    assert len(names) == sum(map(bool, everything.objects["paper_name"].to_pylist()))
    # A few names of the paper mean two objects.
    assert len(set(names)) >= 28_787
    assert len({paper.version, default.version, everything.version}) == 3
    ids = set(paper.objects["id"].to_pylist())
    assert set(paper.objects["parent"].to_pylist()) - {""} <= ids


def test_dropped_parents_are_replaced_by_the_nearest_above() -> None:
    paper, everything = load_taxonomy(["paper"]), load_all_shipped()
    parent_of = dict(zip(everything.objects["id"].to_pylist(), everything.objects["parent"].to_pylist(), strict=True))
    kept = set(paper.objects["id"].to_pylist())
    for id_, parent in zip(paper.objects["id"].to_pylist(), paper.objects["parent"].to_pylist(), strict=True):
        above = parent_of[id_]
        while above and above not in kept:
            above = parent_of[above]
        assert above == parent


def test_default_leaves_out_merged_senses() -> None:
    flags = load_taxonomy().objects["flags"].to_pylist()
    assert not any("merged" in cell for cell in flags)


def test_imported_name_comes_before_a_folder_of_that_name(tmp_path: Path, data_folder: Path) -> None:
    write(data_folder / "mine", "objects", "id|name|parent|kinds", "wug.x.01|imported|bird.n.01|animal")
    write(tmp_path / "mine", "objects", "id|name|parent|kinds", "wug.x.01|beside|bird.n.01|animal")
    by_name, by_path = (load_taxonomy(["default", name], tmp_path) for name in ("mine", "./mine"))
    assert find_row(by_name.objects, "wug.x.01")["name"] == "imported"
    assert find_row(by_path.objects, "wug.x.01")["name"] == "beside"


def test_unknown_name_names_the_closest(tmp_path: Path, data_folder: Path) -> None:
    write(data_folder / "garden", "objects", "id|name|parent|kinds", "wug.x.01|wug|bird.n.01|animal")
    with pytest.raises(GasError, match="there is no taxonomy 'gardn'.* did you mean `garden`"):
        load_taxonomy(["gardn"], tmp_path)
    with pytest.raises(GasError, match="did you mean `paper`"):
        load_taxonomy(["papr"], tmp_path)


def test_supporting_rows_never_replace_others(tmp_path: Path) -> None:
    write(tmp_path / "mine", "supporting", "id|name|parent|kinds|tier", "bird.n.01|fowl||animal|full")
    mine = load_taxonomy(["mine", "default"], tmp_path)
    assert find_row(mine.objects, "bird.n.01")["name"] == "bird"
