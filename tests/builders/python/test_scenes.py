"""A scene is the row that it was as a dictionary, and shows itself."""

import json
import pickle
from html.parser import HTMLParser
from xml.etree import ElementTree

import generate_any_scene as gas
import pytest
from datasets import Dataset, load_dataset
from generate_any_scene.builders.drawing.colors import DARK
from generate_any_scene.builders.drawing.notebooks import SHOWN
from generate_any_scene.errors import GasError

HOSTILE = '</style></svg><script>alert(1)</script><img src=x onerror="alert(2)">&amp;\x00'
VOID = {"img", "br", "hr", "input", "meta", "link"}


class Page(HTMLParser):
    """Elements and texts of a page, of which every element is closed where it should be."""

    def __init__(self, text):
        super().__init__()
        self.open, self.seen, self.texts = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))
        assert tag not in VOID
        self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))
        assert "svg" in self.open  # in HTML alone it would stay open

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1] != "style":
            self.texts.append(data)


@pytest.fixture(scope="module")
def scenes():
    recipe = gas.Recipe.load("general", pairs=True)
    return [recipe.scene(number) for number in range(30)]


def test_a_scene_is_a_dictionary(scenes):
    scene = scenes[0]
    row = next(iter(load_dataset("gas", "general", split="train", pairs=True, streaming=True)))
    assert scene == row
    assert row == scene
    assert json.loads(json.dumps(scene)) == scene
    assert pickle.loads(pickle.dumps(scene)) == scene
    assert (lambda **columns: columns)(**scene) == row
    assert Dataset.from_list([scene])[0] == Dataset.from_list([row])[0]


def test_it_has_its_parts_by_name(scenes):
    for scene in scenes:
        assert (scene.id, scene.caption) == (scene["id"], scene["caption"])
        assert (scene.graph, scene.questions, scene.pair) == (scene["scene_graph"], scene["questions"], scene["pair"])
        assert set(scene.to_networkx().nodes) == set(range(len(scene.graph["objects"])))
    assert gas.scene("sandbox", 0).pair is None


def test_its_picture_is_svg_with_every_object(scenes):
    for scene in scenes:
        text = " ".join(ElementTree.fromstring(scene.svg()).itertext())
        assert all(word in text for item in scene.graph["objects"] for word in item["name"].split())


def test_a_notebook_shows_all_of_it(scenes):
    for scene in scenes:
        page = Page(scene._repr_html_())
        assert scene.caption in "".join(page.texts)
        asked = [one["question"] for one in scene.questions]
        changed = [asked[one["question"]] for one in scene.pair["changed"]] if scene.pair else []
        there = [text for text in page.texts if text in set(asked)]
        assert sorted(there) == sorted([*asked, *changed])
        kinds = {mention["element"].split("/")[0] for mention in scene["mentions"]}
        underlined = {look["class"].rpartition("-")[2] for tag, look in page.seen if tag == "span" and "title" in look}
        assert underlined == kinds
        assert ("details" in dict(page.seen)) == (len(asked) > SHOWN)


def test_each_mention_underlines_its_words(scenes):
    scene = gas.Scene(scenes[0])
    for mention in scene["mentions"]:
        scene["mentions"] = [mention]
        underlined = scene._repr_html_().partition('title="')[2].partition(">")[2].partition("</span>")[0]
        assert underlined == scene.caption[mention["start"] : mention["end"]]


def test_every_color_has_one_for_dark_pages(scenes):
    html = scenes[0]._repr_html_()
    light, dark = html.partition("</style>")[0].split("@media (prefers-color-scheme: dark)")
    used = {color for color in DARK if color in light}
    assert len(used) > 9
    assert [color for color in used if DARK[color] not in dark] == []
    assert ".gas-scene" in light and all(
        line.startswith((".gas-scene", "  ")) for line in light.splitlines()[1:] if line
    )


def test_what_a_row_says_is_text(scenes):
    def spoil(value):
        if isinstance(value, dict):
            return {key: one if key in ("form", "element") else spoil(one) for key, one in value.items()}
        if isinstance(value, list):
            return [spoil(one) for one in value]
        return value + HOSTILE if isinstance(value, str) else value

    rows = [gas.Scene(spoil(scene)) for scene in scenes[:5]]
    for clean, spoiled in zip(scenes, rows, strict=False):
        tags = [tag for tag, _ in Page(clean._repr_html_()).seen if tag != "tspan"]
        found = [tag for tag, _ in Page(spoiled._repr_html_()).seen]
        assert set(found) <= {*tags, "text", "tspan", "span"}
        assert "script" not in found
        assert not any(name.startswith("on") for _, looks in Page(spoiled._repr_html_()).seen for name in looks)


def test_a_row_of_some_columns_shows_what_it_has(scenes):
    for view in ("captions", "questions", "scene_graphs"):
        row = next(iter(load_dataset("gas", f"multi_object_{view}", split="test", streaming=True)))
        assert Page(gas.Scene(row)._repr_html_())
    assert "an empty row" in gas.Scene()._repr_html_()
    with pytest.raises(GasError, match="no `scene_graph` to draw"):
        gas.Scene(caption="A dog.").svg()


def test_a_preview_is_a_list_of_scenes_for_notebooks_and_terminals():
    shown = gas.preview("multi_object", n=3, seed=5)
    assert shown == [gas.scene("multi_object", number, seed=5) for number in range(3)]
    assert gas.preview(gas.Recipe.load("multi_object", seed=5), n=3) == shown
    page = Page(shown._repr_html_())
    assert [tag for tag, _ in page.seen].count("style") == 1
    assert all(scene.caption in "".join(page.texts) for scene in shown)
    assert all(scene.id in repr(shown) and scene.questions[-1]["question"] in repr(shown) for scene in shown)
