"""The card of a built folder: what it says is so, what it shows is there, and no recipe can break it."""

import json
import re
import shutil
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise
from xml.etree import ElementTree

import pyarrow.parquet as pq
import pytest
from datasets import Features, load_dataset
from datasets.info import DatasetInfosDict
from generate_any_scene.builders.build.build import build_datasets
from generate_any_scene.builders.card import sample as card_counts
from generate_any_scene.builders.card.card import write_card
from generate_any_scene.builders.folder.manifest import ASSETS, read_built_manifest
from generate_any_scene.builders.inspection.recipe_check import validate_recipe
from generate_any_scene.builders.recipe.loading import dump_recipe, load_recipe
from generate_any_scene.builders.rows.schema import VIEWS
from huggingface_hub import DatasetCard, DatasetCardData
from markdown_it import MarkdownIt

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")
SVG = "{http://www.w3.org/2000/svg}"
SMALL = "splits={train: 60, validation: 20, test: 0}"
DESCRIPTION = "# a | b <b>c</b> ``` **d** [e](f) &amp; <!-- <img src=x onerror=g> \\ $$h$$"
TEMPLATE = """{% for object in scene.objects %}
</details><script>alert("{{ object.name }}")</script> | ``` ![i](j) *k* <!--
{% endfor %}"""


@pytest.fixture(scope="module")
def varied(tmp_path_factory):
    """A folder with `assets`, which has pairs and wordings, one without questions, and one of somebody malicious."""
    folder = tmp_path_factory.mktemp("recipes")
    (folder / "mine.jinja").write_text(TEMPLATE)
    lines = ["extends: base", "name: wild", f"description: {json.dumps(DESCRIPTION)}", "captions: mine.jinja"]
    lines += ["license: mit", "structure: {complexity: [2, 19], objects: [1, 5], relations: 0}"]
    lines += ["splits: {train: 40, validation: 0, test: 0}"]
    (folder / "wild.yaml").write_text("\n".join(lines) + "\n")
    out = folder / "gas"
    recipes = [
        load_recipe(
            "multi_object",
            (SMALL, "name=assets", "pairs=true", "wordings=[short, long]", "content.objects.under=[animal.n.01]"),
        ),
        load_recipe("three_d", (SMALL, "questions=[]")),
        load_recipe(folder / "wild.yaml"),
    ]
    build_datasets(recipes, out)
    return out


@pytest.fixture(params=["built", "varied"])
def folder(request):
    return request.getfixturevalue(request.param)


def read_card(folder):
    return (folder / "README.md").read_text(encoding="utf-8")


def read_section(folder, name):
    """What the card says of one config, as HTML."""
    text = read_card(folder).split(f"\n## {name}\n")[1]
    return MARKDOWN.render(re.split(r"\n## ", text)[0])


def read_tables(page):
    """Cells of every table of a page, without markup."""
    return [
        [[re.sub("<[^>]*>", "", cell) for cell in re.findall("<t[hd][^>]*>(.*?)</t[hd]>", row)] for row in rows]
        for rows in (
            re.findall("<tr>(.*?)</tr>", table, re.S) for table in re.findall("<table>.*?</table>", page, re.S)
        )
    ]


def find_table(page, *head):
    return next(table[1:] for table in read_tables(page) if table[0][: len(head)] == list(head))


def read_number(text):
    return int(text.replace(",", ""))


def read_rows(folder, config, split):
    return pq.read_table(sorted((folder / config).glob(f"{split}-*.parquet"))[0]).to_pylist()


def read_manifest(folder):
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


def read_chart(folder, config, title):
    """Texts of a chart: its title, then what stands there; None where there is no such chart."""
    path = folder / ASSETS / f"{config}-chart-{re.sub('[^a-z]+', '-', title)}.svg"
    if not path.exists():
        return None
    texts = [text.text for text in ElementTree.fromstring(path.read_bytes()).iter(f"{SVG}text")]
    assert texts[0] == title
    return texts[1:]


def read_counts(folder, config, title):
    """Numbers of a chart by what stands before them."""
    texts = read_chart(folder, config, title)
    return texts and {
        label.replace(" ", "_"): read_number(text.split(" ")[0])
        for label, text in pairwise(texts)
        if re.match(r"[\d,]+ \(", text)
    }


def is_even(counts):
    return max(counts.values()) < 1.25 * min(counts.values())


def test_the_metadata_is_what_huggingface_hub_reads(folder):
    card = DatasetCard.load(folder / "README.md")
    data = card.data.to_dict()
    assert DatasetCardData(**data).to_dict() == data
    configs = read_manifest(folder)["configs"]
    names = {config + view for config in configs for view in ("", *(f"_{view}" for view in VIEWS))}
    assert {one["config_name"] for one in data["configs"]} == names
    assert [one["config_name"] for one in data["dataset_info"]] == list(configs)
    assert data["language"] == ["en"] and data["size_categories"] == ["n<1K"]
    assert data["pretty_name"].startswith("Generate Any Scene")
    assert {"scene-graph", "synthetic"} <= set(data["tags"])
    for config in data["configs"]:
        for files in config["data_files"]:
            assert list(folder.glob(files["path"]))


LOAD = """
import re
from pathlib import Path
REGISTER
code = re.search(r"```python\\n(from datasets .*?)```", Path("FOLDER/README.md").read_text(), re.S)[1]
names = {}
exec(code, names)
print(len(names["multi_object"]["train"]), names["multi_object"]["train"][0]["caption"])
"""


@pytest.mark.parametrize("register", ["", "import generate_any_scene"])
@pytest.mark.parametrize("name", ["gas", "my pets"])
def test_the_snippet_of_the_card_loads_what_was_built(name, register, varied, run_python, tmp_path):
    """With the package and without, whatever the folder is called."""
    out = tmp_path / name
    build_datasets([load_recipe("multi_object", (SMALL, "seed=9", "structure.complexity=3"))], out)
    first = pq.read_table(out / "multi_object/train-00000-of-00001.parquet")["caption"][0].as_py()
    printed = run_python(LOAD.replace("REGISTER", register).replace("FOLDER", name), tmp_path)
    assert printed.strip() == f"60 {first}"


def test_tasks_and_licenses_are_those_of_the_recipes(built, varied):
    data = DatasetCard.load(varied / "README.md").data
    assert data.task_categories == ["text-to-image", "text-to-3d", "visual-question-answering"]
    assert data.license == ["cc-by-4.0", "mit"]
    assert find_table(MARKDOWN.render(read_card(varied)), "config", "licence")[2] == ["wild", "mit"]
    data = DatasetCard.load(built / "README.md").data
    assert data.task_categories == ["text-to-image", "text-to-video", "visual-question-answering"]
    assert (data.license, "video" in data.tags) == ("cc-by-4.0", True)


SPECIFIED = {
    *("language", "license", "license_name", "license_link", "tags", "annotations_creators", "language_creators"),
    *("pretty_name", "size_categories", "source_datasets", "task_categories", "task_ids", "configs", "dataset_info"),
}
"""Keys of the Hub's specification of a dataset card."""


@pytest.mark.parametrize("licenses", [("other",), ("mit",), ("mit", "other")])
def test_the_metadata_keeps_to_the_specification_of_cards(licenses, tmp_path):
    """A license that the Hub does not know has a name; what there are several of is a list."""
    few, out = ("splits={train: 3, validation: 2, test: 0}", "structure.complexity=3"), tmp_path / "gas"
    recipes = [(f"name={letter}", *few, f"license={one}") for letter, one in zip("ab", licenses, strict=False)]
    build_datasets([load_recipe("multi_object", overrides) for overrides in recipes], out)
    data = DatasetCard.load(out / "README.md").data.to_dict()
    assert data.keys() <= SPECIFIED
    kinds = sorted(set(licenses))
    assert data["license"] == (kinds[0] if len(kinds) == 1 else kinds)
    assert ("license_name" in data) == ("other" in licenses)
    assert re.fullmatch("[a-z0-9][a-z0-9.-]*", data.get("license_name", "none"))
    lists = ("language", "tags", "task_categories", "size_categories", "annotations_creators", "source_datasets")
    assert all(isinstance(data[key], list) and all(isinstance(one, str) for one in data[key]) for key in lists)
    assert {key for config in data["configs"] for key in config} == {"config_name", "data_files", "columns", "default"}
    assert {key for config in data["configs"] for files in config["data_files"] for key in files} == {"split", "path"}
    sizes = {"config_name", "splits", "download_size", "dataset_size"}
    assert all(info.keys() == sizes for info in data["dataset_info"])
    assert {key for info in data["dataset_info"] for split in info["splits"] for key in split} == {
        *("name", "num_bytes", "num_examples")
    }


@pytest.mark.parametrize("config", ["assets", "three_d", "wild", "assets_questions"])
def test_datasets_loads_a_folder_that_has_pictures(config, varied, tmp_path):
    rows = load_dataset(str(varied), config, split="train", cache_dir=str(tmp_path))
    assert len(rows) == (40 if config == "wild" else 60)


def test_sizes_and_features_are_those_of_the_files(folder, tmp_path):
    """Sizes stand in the card, features in the files alone."""
    infos = DatasetInfosDict.from_directory(str(folder))
    for config in read_manifest(folder)["configs"]:
        path = next((folder / config).glob("train-*.parquet"))
        columns = pq.read_table(path)
        assert infos[config].splits["train"].num_examples == len(columns)
        assert infos[config].splits["train"].num_bytes == pytest.approx(columns.nbytes, rel=0.01)
        for view, some in {config: columns.column_names, **{f"{config}_{key}": VIEWS[key] for key in VIEWS}}.items():
            loaded = load_dataset(str(folder), view, split="train", cache_dir=str(tmp_path))
            assert loaded.features == Features.from_arrow_schema(columns.select(some).schema)
            assert len(loaded) == len(columns)


def test_the_yaml_is_short(built):
    """People see it before all else where they read the file."""
    lines = read_card(built).split("---\n")[1].splitlines()
    assert len(lines) < 12 + 30 * len(read_manifest(built)["configs"])
    assert not [line for line in lines if len(line) > 120]


def test_it_says_what_each_config_asks(folder):
    for config in read_manifest(folder)["configs"]:
        questions = load_recipe(folder / "recipes" / f"{config}.yaml").recipe.questions
        said = f"Questions of {config}: {', '.join(questions.kinds)} (visible: what anybody sees in a picture)."
        assert (said in read_section(folder, config)) == bool(questions.kinds)


class Images(HTMLParser):
    """Images of a page, as pairs of their attributes and the section that they stand in."""

    def __init__(self):
        super().__init__()
        self.found, self.section, self.heading = [], "", False

    def handle_starttag(self, tag, attrs):
        self.heading = tag == "h2"
        if tag == "img":
            self.found.append((dict(attrs), self.section))

    def handle_data(self, data):
        if self.heading:
            self.section, self.heading = data, False


def list_images(folder):
    parser = Images()
    parser.feed(MARKDOWN.render(read_card(folder).split("---\n", 2)[2]))
    return parser.found


def test_every_picture_is_there_well_formed_and_named(folder):
    images = [image for image, _ in list_images(folder) if image["src"].startswith(ASSETS)]
    assert {image["src"] for image in images} == {f"{ASSETS}/{path.name}" for path in (folder / ASSETS).iterdir()}
    for image in images:
        assert image["alt"]
        assert ElementTree.fromstring((folder / image["src"]).read_bytes()).tag == f"{SVG}svg"


def test_the_first_screen_has_three_scenes_and_how_to_load(folder):
    """Before the first heading of a section; scenes stand side by side, so those of a config are of one size."""
    first = [image for image, section in list_images(folder) if not section]
    assert len(first) == 3 and all(re.search(r"-graph-[0-9]\.svg$", image["src"]) for image in first)
    names = list(read_manifest(folder)["configs"])
    assert len({image["src"].split("/")[1].split("-")[0] for image in first}) == min(3, len(names))
    sizes, heights = set(), {}
    for image in first:
        page = ElementTree.fromstring((folder / image["src"]).read_bytes())
        sizes.add((page.get("width"), image["width"]))
        heights.setdefault(image["src"].split("-graph-")[0], set()).add(page.get("height"))
        id_ = re.search(r"[a-z_]+/train/[0-9]{9}", image["alt"])[0]
        config, _, index = id_.split("/")
        caption = read_rows(folder, config, "train")[int(index)]["caption"]
        assert image["alt"] == f"Scene graph of {id_}: {' '.join(caption.split())}"
        shown = " ".join("".join(text.itertext()) for text in page.findall(f"{SVG}text"))
        assert " ".join(shown.split()) == " ".join(caption.split())
    assert len(sizes) == 1 and all(len(some) == 1 for some in heights.values())
    assert "load_dataset(" in read_card(folder).split("\n## ")[0]


def test_counts_of_splits_are_those_of_the_rows(folder):
    overview = find_table(MARKDOWN.render(read_card(folder)), "config", "what it is for")
    for config, entry in read_manifest(folder)["configs"].items():
        total = 0
        for split, scenes, questions, occurring, possible, files, _ in find_table(
            read_section(folder, config), "split", "scenes"
        ):
            rows = read_rows(folder, config, split)
            asked = sum(len(row["questions"]) for row in rows)
            total += asked
            assert (read_number(scenes), read_number(questions), int(files)) == (len(rows), asked, 1)
            assert read_number(occurring) == len({row["structure"]["topology"] for row in rows})
            assert read_number(possible) == sum(pair[1] for pair in entry["splits"][split]["structures"].values())
        row = next(row for row in overview if row[0] == config)
        assert read_number(row[-1]) == total
        assert row[-2] == ", ".join(f"{len(read_rows(folder, config, split)):,} {split}" for split in entry["splits"])


@pytest.mark.parametrize("config", ["multi_object", "video"])
def test_charts_count_what_the_rows_have(config, built):
    rows = read_rows(built, config, "train")
    page = read_section(built, config)
    objects = [item for row in rows for item in row["scene_graph"]["objects"]]
    attributes = [one for item in objects for one in item["attributes"]]
    relations = [one for row in rows for one in row["scene_graph"]["relations"]]
    scene = [one for row in rows for one in row["scene_attributes"]]
    questions = [question for row in rows for question in row["questions"]]

    def count(values, most=12):
        return dict(sorted(Counter(values).items(), key=lambda pair: (-pair[1], pair[0]))[:most])

    counted = {
        "scenes by complexity": [str(row["structure"]["complexity"]) for row in rows],
        "attributes by kind": [one["kind"] for one in attributes],
        "relations by category": [one["category"] for one in relations],
        "scene attributes by kind": [one["kind"] for one in scene],
        "answers of counting questions": [question["answer"] for question in questions if question["form"] == "count"],
    }
    drawn = 0
    for title, values in counted.items():
        expected = Counter(values)
        shown = read_counts(built, config, title)
        if shown is None:
            low, high = min(expected.values(), default=0), max(expected.values(), default=0)
            assert not expected or is_even(expected)
            assert not expected or (str(low) if low == high else f"{low:,} to {high:,}") in page
        else:
            drawn += 1
            assert not is_even(expected)
            assert shown == (count(values) if title != "scenes by complexity" else dict(sorted(expected.items())))
    assert drawn > 1
    forms = read_chart(built, config, "questions by kind and form")
    for kind, asked in Counter(question["kind"] for question in questions).items():
        assert read_number(forms[len(forms) - forms[::-1].index(kind)]) == asked
    words = sorted(len(row["caption"].split()) for row in rows)
    assert f"A caption has {words[0]} to {words[-1]} words, {words[len(words) // 2]} in the median." in page


@pytest.mark.parametrize("config", ["multi_object", "video"])
def test_concepts_are_charted_only_if_bars_differ(config, built):
    """The most frequent ones where they stand out; how many are how frequent where they do not; else a sentence."""
    rows = read_rows(built, config, "train")
    page = read_section(built, config)
    objects = [item for row in rows for item in row["scene_graph"]["objects"]]
    names = {item["concept"]: item["name"] for item in objects}
    relations = [one for row in rows for one in row["scene_graph"]["relations"]]
    for sort, uses in {
        "objects": Counter(item["concept"] for item in objects),
        "relations": Counter((one["category"], one["predicate"]) for one in relations),
    }.items():
        first = sorted(uses.items(), key=lambda pair: (-pair[1], str(pair[0])))[:10]
        most, spread = (
            read_chart(built, config, title) for title in (f"most frequent {sort}", f"{sort} by number of uses")
        )
        low, high = min(uses.values()), max(uses.values())
        said = f"{len(uses):,} different ones, used {low if low == high else f'{low} to {high}'} times each." in page
        if is_even(uses):
            assert said and not most and not spread
        elif is_even(dict(first)):
            assert spread and not said and not most
            assert sum(read_number(text) for text in spread[1:-1:2]) == len(uses)
        else:
            assert most and not said and not spread
            labels = [names[key] if sort == "objects" else key[-1] for key, _ in first]
            assert most[:20] == [text for label, (_, n) in zip(labels, first, strict=True) for text in (label, str(n))]


def test_many_complexities_are_shown_in_steps(varied):
    complexity = [row["structure"]["complexity"] for row in read_rows(varied, "wild", "train")]
    texts = read_chart(varied, "wild", "scenes by complexity")
    shown = {label: text for label, text in pairwise(texts) if "(" in text}
    assert 6 < len(shown) <= 12
    for label, text in shown.items():
        low, _, high = label.partition(" to ")
        assert int(high or low) <= max(complexity)
        within = sum(int(low) <= number <= int(high or low) for number in complexity)
        assert text == f"{within} ({within / 40:.1%})"


@pytest.mark.parametrize("config", ["multi_object", "video"])
def test_shares_of_answers_are_said_or_drawn(config, built):
    questions = [question for row in read_rows(built, config, "train") for question in row["questions"]]
    page = read_section(built, config)
    kinds = {}
    for question in questions:
        if question["form"] == "yes_no":
            kinds.setdefault(question["kind"], Counter())[question["answer"]] += 1
    drawn = read_chart(built, config, "answers of yes/no questions")
    assert (drawn is None) == all(map(is_even, kinds.values()))
    shares = sorted(some["yes"] / some.total() for some in kinds.values())
    low, high = f"{shares[0]:.1%}", f"{shares[-1]:.1%}"
    said = f"Yes/no questions: {low if low == high else f'{low} to {high}'} are answered by yes"
    assert (said in page) == (drawn is None)


def test_answers_are_counted_by_place_and_kind(built):
    """Shares in pictures have no numbers, so they are compared where they are counted."""
    sample = card_counts.sample_config(built, read_built_manifest(built).configs["video"], 3)
    questions = [question for row in read_rows(built, "video", "train") for question in row["questions"]]
    yes_no, places = {}, {}
    for question in questions:
        if question["form"] == "yes_no":
            yes_no.setdefault(question["kind"], Counter())[question["answer"]] += 1
        if question["form"] == "multiple_choice":
            place = question["choices"].index(question["answer"]) + 1
            places.setdefault(str(len(question["choices"])), Counter())[place] += 1
    assert sample.answers["yes_no"] == yes_no
    assert sample.answers["multiple_choice"] == places
    forms = Counter((question["kind"], question["form"]) for question in questions)
    assert {(kind, form): n for kind, some in sample.forms.items() for form, n in some.items()} == forms
    assert (sample.split, sample.rows, sample.whole, len(sample.scenes)) == ("train", 200, True, 3)


def test_best_guesses_are_those_of_the_manifest(built):
    table = find_table(read_section(built, "video"), "kind", "form", "questions")
    found = {(kind, form): (read_number(asked), guess) for kind, form, asked, guess in table}
    expected = {
        (kind, form.replace("yes_no", "yes/no").replace("_", " ")): (info["questions"], f"{info['best_guess']:.1%}")
        for kind, forms in read_manifest(built)["configs"]["video"]["splits"]["train"]["questions"].items()
        for form, info in forms.items()
    }
    assert found == expected


def test_concepts_that_are_left_out_add_up(folder):
    for config in read_manifest(folder)["configs"]:
        page = read_section(folder, config)
        report = validate_recipe(load_recipe(folder / "recipes" / f"{config}.yaml"))
        dropped = Counter()
        for sort, count, by, _ in find_table(page, "concepts", "left out"):
            dropped[sort] += read_number(count)
            assert by
        for sort, total, left, used in find_table(page, "", "in the taxonomy"):
            assert read_number(total) - dropped[sort] == read_number(left)
            assert read_number(left) <= getattr(report, sort.replace(" ", "_"))
            assert read_number(used.split(" ")[0] or "0") <= read_number(left)
        objects = {
            item["concept"] for row in read_rows(folder, config, "train") for item in row["scene_graph"]["objects"]
        }
        assert read_number(find_table(page, "", "in the taxonomy")[0][3].split(" ")[0]) == len(objects)


def test_the_recipe_in_the_card_is_the_recipe(folder, tmp_path):
    for config, entry in read_manifest(folder)["configs"].items():
        text = read_card(folder).split(f"\n## {config}\n")[1]
        blocks = [token.content for token in MARKDOWN.parse(text) if token.type == "fence" and token.info == "yaml"]
        path = tmp_path / f"{config}.yaml"
        path.write_text(blocks[0], encoding="utf-8")
        original = load_recipe(folder / entry["recipe"]).recipe
        assert load_recipe(path).recipe == original
        assert blocks[0] == dump_recipe(original)
        assert entry["fingerprint"] in text and entry["taxonomy"] in text
        assert f"gas build {entry['recipe']} --out again" in text


def test_a_row_is_shown_whole_as_json(folder):
    blocks = [token.content for token in MARKDOWN.parse(read_card(folder)) if token.info == "json"]
    (row,) = map(json.loads, blocks)
    config, split, index = row["id"].split("/")
    whole = read_rows(folder, config, split)[int(index)]
    assert all(question in whole["questions"] for question in row["questions"])
    assert {**whole, "questions": []} == {**row, "questions": []}


def test_scenes_are_shown_with_their_questions(varied):
    page = read_section(varied, "assets")
    rows = {row["id"]: row for row in read_rows(varied, "assets", "train")}
    shown = [rows[id_] for id_ in re.findall("<code>(assets/train/[0-9]{9})</code>", page)]
    assert len(shown) == 3
    assert [row["structure"]["complexity"] for row in shown] == sorted(row["structure"]["complexity"] for row in shown)
    for row in shown:
        assert row["caption"] in page
        assert row["pair"]["caption"] in page
        assert all(wording["caption"] in page for wording in row["wordings"])
        asked = {question["question"] for question in row["questions"]}
        assert any(table[1][0] in asked for table in read_tables(page) if table[0][0] == "question")
    edits = {edit: read_number(count) for edit, count in find_table(page, "what the pair changes")}
    assert edits == Counter((row["pair"] or {"edit": "nothing can be changed"})["edit"] for row in rows.values())


def test_a_config_without_questions_has_none_on_the_card(varied):
    page = read_section(varied, "three_d")
    assert "without a picture" not in page and "questions-by-kind" not in page
    assert all(table[0][0] not in ("question", "kind") for table in read_tables(page))
    assert not (varied / ASSETS / "three_d-chart-questions-by-kind-and-form.svg").exists()


def test_what_strangers_write_neither_breaks_the_page_nor_gets_into_it(varied):
    page = MARKDOWN.render(read_card(varied).split("---\n", 2)[2])
    tags = set(re.findall(r"<\s*/?(\w+)", page))
    allowed = "h1 h2 h3 p strong em a code pre table thead tbody tr th td ul li img details summary"
    assert tags <= set(allowed.split())
    assert page.count("<details>") == page.count("</details>") == len(re.findall("<summary>", page))
    assert "<!--" not in page
    cells = next(row for row in find_table(page, "config", "what it is for") if row[0] == "wild")
    assert cells[1] == DESCRIPTION.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for table in read_tables(page):
        assert {len(row) for row in table} == {len(table[0])}
    assert re.findall("<h2>(.*?)</h2>", page) == [
        *("Configs", "Columns", "assets", "three_d", "wild"),
        *("Uses", "Limits and biases", "Licence and sources", "Citation"),
    ]


def test_links_lead_to_headings(folder):
    text = read_card(folder)
    heads = {head.lower().replace(" ", "-") for head in re.findall(r"^#+ (.*)$", text, re.M)}
    assert set(re.findall(r"\]\(#([^)]*)\)", text)) <= heads


def test_the_card_made_again_has_the_same_bytes(varied):
    def read():
        return {path: path.read_bytes() for path in varied.rglob("*") if path.is_file()}

    before = read()
    write_card(varied, read_built_manifest(varied))
    assert read() == before


def test_pictures_that_are_no_longer_shown_go(tmp_path):
    build_datasets([load_recipe("multi_object", (SMALL,)), load_recipe("three_d", (SMALL,))], tmp_path / "gas")
    assert (tmp_path / "gas" / ASSETS / "three_d-chart-questions-by-kind-and-form.svg").exists()
    build_datasets([load_recipe("three_d", (SMALL, "questions=[]"))], tmp_path / "gas")
    assert not (tmp_path / "gas" / ASSETS / "three_d-chart-questions-by-kind-and-form.svg").exists()


def test_only_the_first_rows_are_counted_and_the_card_says_so(built, tmp_path, monkeypatch):
    monkeypatch.setattr(card_counts, "SAMPLE", 50)
    sample = card_counts.sample_config(built, read_built_manifest(built).configs["video"], 3)
    assert (sample.rows, sample.whole, sample.complexity.total()) == (50, False, 50)
    page = write_again(built, tmp_path / "gas")
    assert "Counted over the first 50 rows of `train`, except structures" in page
    assert "of these in the first 50 rows of `train`" in page


def write_again(folder, out, manifest=None):
    """The card of a copy of a folder, written anew."""
    shutil.copytree(folder, out)
    write_card(out, manifest or read_built_manifest(out))
    return read_card(out)


def test_concepts_of_another_taxonomy_are_not_counted(built, tmp_path):
    manifest = read_built_manifest(built)
    other = manifest.configs["video"].replace(taxonomy="0" * 64)
    manifest = manifest.replace_configs({**manifest.configs, "video": other})
    page = write_again(built, tmp_path / "gas", manifest)
    video = page.split("\n## video\n")[1]
    assert "was not counted" in video and "What leaves the others out" not in video
    assert "was not counted" not in page.split("\n## video\n")[0]


def test_of_many_configs_one_scene_each_is_drawn(tmp_path):
    recipes = [load_recipe("three_d", (SMALL, "questions=[]", f"name=c{number}")) for number in range(4)]
    build_datasets(recipes, tmp_path / "gas")
    assert len(list((tmp_path / "gas" / ASSETS).glob("*-graph-*.svg"))) == 4
    assert DatasetCard.load(tmp_path / "gas" / "README.md").data.pretty_name == "Generate Any Scene"
