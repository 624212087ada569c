"""`gas taxonomy`: what each command prints, and its exit status."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from generate_any_scene import cli


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def gas(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    def run(*arguments: str, status: int = 0) -> tuple[str, str]:
        monkeypatch.setattr(sys, "argv", ["gas", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        assert (ended.value.code or 0) == status, (out, err)
        return out, err

    return run


@pytest.fixture
def tables(folder: Path) -> Path:
    place = folder / "mine"
    place.mkdir()
    (place / "objects.tsv").write_text(
        "id\tname\tparent\tkinds\nwug.x.01\twug\tbird.n.01\tanimal\nwugling.x.01\twugling\twug.x.01\tanimal\n"
    )
    return place


@pytest.fixture
def metadata(folder: Path) -> Path:
    place = folder / "metadata"
    place.mkdir()
    values = {
        "objects": ["dog", "wug", "wug tower", "moon bread"],
        "attributes": {"color": ["red", "wug green"], "adjective": ["wuggish"]},
        "relations": {"spatial": ["next to", "hovering wugly near", "is on"], "emotional": ["smiling"]},
        "scene_attributes": {"setting": {"weather": ["wug storm"]}},
    }
    for name, value in values.items():
        (place / f"{name}.json").write_text(json.dumps(value))
    return place


def write_recipe(folder: Path, taxonomy: str) -> str:
    recipe = folder / "wugs.yaml"
    recipe.write_text(
        f"extends: base\nname: wugs\ntaxonomy: {taxonomy}\nstructure: {{complexity: [2, 4]}}\n"
        "content: {attributes: {max_per_object: 1}}\nquestions: []\n"
        "splits: {train: 64, validation: 0, test: 0}\n"
    )
    return str(recipe)


def test_info(gas) -> None:
    out, _ = gas("taxonomy", "info")
    assert "taxonomy default" in out
    assert "scene attributes" in out
    assert "animal" in out


def test_info_json_has_totals(gas) -> None:
    counts = json.loads(gas("taxonomy", "info", "--json")[0])
    assert counts["objects"] >= 28_787
    assert counts["attributes"] >= 1_494
    assert counts["relations"] >= 9_900
    assert counts["scene_attributes"] >= 2_000
    for table, column in (("attributes", "kind"), ("relations", "category"), ("objects", "tier")):
        assert sum(counts[f"{table}_by_{column}"].values()) == counts[table]
    assert counts["objects_by_kind"]["animal"] > 1_000


def test_info_of_several_layers(gas, tables: Path) -> None:
    alone, both = (json.loads(gas("taxonomy", "info", *names, "--json")[0]) for names in ((), ("default", "./mine")))
    assert both["objects"] == alone["objects"] + 2


def test_info_of_an_unknown_name(gas) -> None:
    out, err = gas("taxonomy", "info", "defualt", status=2)
    assert out == ""
    assert "there is no taxonomy 'defualt'" in err
    assert "did you mean `default`" in err


def test_search(gas) -> None:
    lines = gas("taxonomy", "search", "dog")[0].splitlines()
    id_, name, *definition, parent, kinds, tier = lines[2].split()
    assert (id_, name, parent, kinds, tier) == ("dog.n.01", "dog", "canine.n.02", "animal|mammal", "common")
    assert " ".join(definition).startswith("a member of the genus Canis")
    assert "sofa.n.01" in gas("taxonomy", "search", "couch")[0].splitlines()[2]
    found = json.loads(gas("taxonomy", "search", "wood", "--json")[0])
    assert "material.wood" in [row["id"] for row in found["attributes"]]
    assert found["objects"]


def test_search_finds_relations_and_scene_attributes(gas) -> None:
    found = json.loads(gas("taxonomy", "search", "holding", "--json")[0])
    assert found["relations"][0]["id"] == "interactional.holding"
    assert "weather" in gas("taxonomy", "search", "thunderstorm")[0]


def test_search_without_a_match(gas) -> None:
    out, err = gas("taxonomy", "search", "zebrra", status=2)
    assert out == ""
    assert "did you mean `zebra.n.01`" in err


def test_tree(gas, tables: Path) -> None:
    lines = gas("taxonomy", "tree", "dog.n.01", "--depth", "1")[0].splitlines()
    assert lines[0].split()[0] == "dog.n.01"
    below = int(lines[0].split()[1])
    assert below > 100
    assert lines[1].startswith("├── hunting_dog.n.01")
    whole = json.loads(gas("taxonomy", "tree", "dog.n.01", "--depth", "30", "--json")[0])

    def count(branch: dict) -> int:
        return sum(1 + count(child) for child in branch["children"])

    assert whole["descendants"] == count(whole) == below
    assert "wug" in gas("taxonomy", "tree", "wug", "-t", "default", "-t", "./mine")[0]


def test_tree_of_an_unknown_object(gas) -> None:
    assert "did you mean `dog.n.01`" in gas("taxonomy", "tree", "dogg.n.01", status=2)[1]


def test_validate(gas, tables: Path) -> None:
    assert gas("taxonomy", "validate", "./mine")[0] == "./mine is valid over default\n"


@pytest.mark.slow
def test_validate_lists_what_is_wrong(gas, tables: Path) -> None:
    file = tables / "objects.tsv"
    file.write_text(file.read_text().replace("animal\nwugling", "anmal\nwugling"))
    err = gas("taxonomy", "validate", "mine", status=2)[1]
    assert "mine/objects.tsv:2: column 'kinds': 'anmal' is none of its words; did you mean `animal`" in err
    file.write_text("id\tname\tparent\tkinds\nwug.x.01\twug_bird\twug.x.01\tanimal\n")
    assert "leads in a circle" in gas("taxonomy", "validate", "mine", status=2)[1]
    file.write_text("id\tname\tparent\tkinds\nwug.x.01\twug_bird\t\tanimal\n")
    assert "stray spaces or underscores" in gas("taxonomy", "validate", "mine", status=2)[1]
    report = json.loads(gas("taxonomy", "validate", "mine", "--json", status=2)[0])
    assert not report["valid"]
    assert report["problems"]


def test_build_without_sources(gas, folder: Path) -> None:
    assert "is not a folder" in gas("taxonomy", "build", "--sources", "nowhere", status=2)[1]
    assert not (folder / "taxonomy-tables").exists()


def test_build_with_an_empty_folder_of_sources(gas, folder: Path) -> None:
    pytest.importorskip("nltk", reason="rebuilding needs the extra `taxonomy`, testing does not")
    (folder / "sources").mkdir()
    assert "must hold one" in gas("taxonomy", "build", "--sources", "sources", status=2)[1]
    assert not (folder / "taxonomy-tables").exists()


def test_build_without_the_extra(folder: Path) -> None:
    (folder / "sources").mkdir()
    # A Python that lacks one of the packages that rebuilding needs.
    code = (
        "import sys\nsys.modules['nltk'] = None\n"
        "sys.argv = ['gas', 'taxonomy', 'build', '--sources', 'sources']\n"
        "from generate_any_scene.taxonomy import rebuild\n"
        "import generate_any_scene.taxonomy.build.__main__ as main\n"
        "def build_table(table, sources):\n    import nltk\nmain.build_table = build_table\n"
        "from generate_any_scene.cli import main\nmain()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "pip install 'generate-any-scene[taxonomy]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_import_and_use_it_alone(gas, metadata: Path, folder: Path) -> None:
    out, err = gas("taxonomy", "import", "metadata", "--name", "mine")
    assert "imported as mine" in out
    assert "left out: relations: emotional: 'smiling'" in out
    assert err == ""
    rows = [
        json.loads(line)
        for line in gas("preview", write_recipe(folder, "[mine]"), "-n", "64", "--json")[0].splitlines()
    ]
    concepts = {thing["concept"] for row in rows for thing in row["scene_graph"]["objects"]}
    assert concepts == {"dog.n.01", "mine.wug", "mine.wug_tower", "mine.moon_bread"}
    assert any("moon bread" in row["caption"] for row in rows)


def test_import_and_use_it_with_default(gas, metadata: Path, folder: Path) -> None:
    report = json.loads(gas("taxonomy", "import", "metadata", "--name", "mine", "--json")[0])
    assert report["tables"]["objects"]["own"] == 3
    recipe = write_recipe(folder, "[default, mine]")
    out = gas("preview", recipe, "--set", "content.objects.under=[mine.wug_tower]", "-n", "1")[0]
    assert "wug tower" in out
    assert "bird" in gas("preview", recipe, "--set", "content.objects.under=[bird.n.01]", "-n", "9")[0]
    assert "replaced an earlier import" in gas("taxonomy", "import", "metadata", "--name", "mine")[1]


def test_folder_beside_the_recipe(gas, tables: Path, folder: Path) -> None:
    recipe = write_recipe(folder, "[default, ./mine]")
    out = gas("preview", recipe, "--set", "content.objects.under=[wug]", "-n", "2")[0]
    assert "wug" in out
    file = tables / "objects.tsv"
    file.write_text(file.read_text().replace("bird.n.01", "birdd.n.01"))
    err = gas("preview", recipe, status=2)[1]
    assert "wugs.yaml:3:1: taxonomy:" in err
    assert "mine/objects.tsv:2: column 'parent': 'birdd.n.01' is not an id of objects; did you mean `bird.n.01`" in err


@pytest.mark.parametrize("name", ["../mine", "..", "/etc"])
def test_a_recipe_names_no_folder_outside_its_own(gas, folder: Path, name: str) -> None:
    assert "leaves the recipe's folder" in gas("preview", write_recipe(folder, f"[default, {name}]"), status=2)[1]


def test_import_of_nothing(gas) -> None:
    out, err = gas("taxonomy", "import", "nowhere", "--name", "mine", status=2)
    assert out == ""
    assert "nowhere is not a folder" in err


GUESSED = "words that no shipped table has are said by rule: "


@pytest.fixture
def guessed(tables: Path) -> Path:
    """Tables with eight words that nobody knows, and some that are known by their heads."""
    words = ("blorf", "owl blorf", "tove", "old snarks", "zorp", "quib", "grelt", "florn", "oak bench", "equipment")
    rows = [f"my.{place}\t{word}\tartifact.n.01\tartifact\n" for place, word in enumerate(words)]
    (tables / "objects.tsv").write_text("id\tname\tparent\tkinds\n" + "".join(rows))
    return tables


def test_validate_tells_what_was_guessed(gas, guessed: Path) -> None:
    out, err = gas("taxonomy", "validate", "./mine")
    assert out == "./mine is valid over default\n"
    said = "a blorf, two blorfs; an owl blorf, two owl blorfs; a tove, two toves; some old snarks; a zorp, two zorps"
    help_ = "columns `countability`, `plural`, `article` say it otherwise"
    assert err == f"mine/objects.tsv: {GUESSED}{said} and 3 more; {help_}\n"
    assert json.loads(gas("taxonomy", "validate", "./mine", "--json")[0])["guessed"] == [
        f"mine/objects.tsv: {GUESSED}{said} and 3 more"
    ]


def test_what_tables_say_is_not_guessed(gas, guessed: Path) -> None:
    """The columns that the message names, filled for the words that it names, leave nothing to guess."""
    header, *rows = (guessed / "objects.tsv").read_text().splitlines()
    more = [f"{row}\tcount\t{row.split(chr(9))[1]}en\ta" for row in rows[:8]] + [f"{row}\t\t\t" for row in rows[8:]]
    (guessed / "objects.tsv").write_text("\n".join([f"{header}\tcountability\tplural\tarticle", *more]) + "\n")
    assert gas("taxonomy", "validate", "./mine") == ("./mine is valid over default\n", "")


def test_recipes_tell_what_was_guessed(gas, guessed: Path, folder: Path) -> None:
    recipe = write_recipe(folder, "[default, ./mine]")
    line = f"  guessed: {folder / 'mine' / 'objects.tsv'}: {GUESSED}a blorf, two blorfs; "
    assert line in gas("validate", recipe)[0]
    (report,) = json.loads(gas("validate", recipe, "--json")[0])
    assert report["guessed"][0].startswith(line.partition(": ")[2])
    out, err = gas("preview", recipe, "-n", "1")
    assert err.startswith(line.strip()) and GUESSED not in out
    shipped = write_recipe(folder, "[default]")
    assert "guessed" not in gas("validate", shipped)[0] + gas("preview", shipped, "-n", "1")[1]


def test_of_a_long_table_the_first_rows_are_looked_at(gas, guessed: Path) -> None:
    with (guessed / "objects.tsv").open("a") as file:
        file.writelines(f"my.more.{place}\tblorf {place}\tartifact.n.01\tartifact\n" for place in range(20_000))
    err = gas("taxonomy", "validate", "./mine")[1]
    assert "and 19,993 more, in the first 20,000 rows; columns" in err


@pytest.mark.parametrize("source", ["mine", "metadata"])
def test_advice_after_an_import_is_followed(gas, tables: Path, metadata: Path, folder: Path, source: str) -> None:
    """What is printed between backticks is a line of a recipe that validates and shows scenes; the folder is one."""
    out, _ = gas("taxonomy", "import", source, "--name", "kept")
    place, advice = re.search(r"\nkept in (\S+)\nuse it in a recipe with (.*)\n$", out).groups()
    assert gas("taxonomy", "validate", "kept")[0].startswith("kept is valid")
    assert (Path(place) / "objects.tsv").is_file()
    lines = re.findall(r"`([^`]+)`", advice)
    assert lines == ["taxonomy: [default, kept]", "taxonomy: [kept]"][: 2 if source == "metadata" else 1]
    for line in lines:
        recipe = write_recipe(folder, line.removeprefix("taxonomy: "))
        assert "wugs 1.0.0 is valid" in gas("validate", recipe)[0]
        assert gas("preview", recipe, "-n", "2")[0]
    (folder / "shipped.yaml").write_text(f"extends: multi_object\nname: shipped\n{lines[0]}\n")
    assert "is valid" in gas("validate", "shipped.yaml")[0]


def test_export(gas, metadata: Path, folder: Path) -> None:
    gas("taxonomy", "import", "metadata", "--name", "mine")
    assert "out/objects.json: 4" in gas("taxonomy", "export", "mine", "--out", "out", "--format", "gas")[0]
    assert json.loads((folder / "out" / "objects.json").read_text()) == [
        "dog (canine)",
        "moon bread",
        "wug",
        "wug tower",
    ]
    assert "tables/objects.tsv: 4" in gas("taxonomy", "export", "mine", "--out", "tables")[0]
    assert gas("taxonomy", "validate", "./tables")[0] == "./tables is valid over default\n"


def test_export_refuses(gas, tables: Path, folder: Path) -> None:
    assert "choose tables or gas" in gas("taxonomy", "export", "default", "-o", "out", "-f", "gsa", status=2)[1]
    assert "there is no taxonomy" in gas("taxonomy", "export", "nothing", "-o", "out", status=2)[1]
    assert "only adds to others" in gas("taxonomy", "export", "mine", "-o", "out", status=2)[1]
    (folder / "full").mkdir()
    (folder / "full" / "thesis.txt").write_text("mine")
    assert "thesis.txt, which is no table" in gas("taxonomy", "export", "default", "-o", "full", status=2)[1]
    assert (folder / "full" / "thesis.txt").read_text() == "mine"


def test_help_needs_no_tables() -> None:
    code = (
        "import sys\nsys.argv = ['gas', 'taxonomy', '--help']\nfrom generate_any_scene.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    assert not {'pyarrow', 'numpy'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Look into the concepts" in done.stdout
