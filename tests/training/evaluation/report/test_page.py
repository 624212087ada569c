import copy
import hashlib
import re
import subprocess
from base64 import b64decode, b64encode
from html.parser import HTMLParser
from io import BytesIO
from shutil import which

import pytest
from generate_any_scene.training.evaluation.report.cards import MOST_BYTES, make_thumbnail
from generate_any_scene.training.evaluation.report.page import list_gone, render_page, write_page
from generate_any_scene.training.evaluation.report.sections import make_sections
from invented import GRAPH, invent_report, invent_runs
from PIL import Image

VOID = {"meta", "input", "img", "br", "link"}
LINKS = ("src", "href", "srcset", "action", "data", "poster", "xlink:href", "background")


class Reader(HTMLParser):
    """Checks that elements are closed in order, and keeps what a page could ask for."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open, self.links, self.tags, self.texts = [], [], [], []
        self.ids = []
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.links += [value for name, value in attributes if name in LINKS]
        self.ids += [value for name, value in attributes if name == "id"]
        assert not [name for name, _ in attributes if name.startswith("on")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, (tag, self.getpos())

    def handle_data(self, data):
        self.texts.append(data)

    @property
    def sections(self) -> list[str]:
        return [name for name in self.ids if name in SECTIONS]


SECTIONS = {
    "overall": ["overall", "runs.baselines"],
    "kinds": ["by.kind", "by.form", "by.kind_form", "by.statement"],
    "models": ["differences"],
    "wordings": ["wordings", "wording_orders"],
    "complexity": ["by.elements", "by.objects", "by.copies"],
    "captions": ["by.perplexity:openai-community/gpt2", "by.vera:liujch1998/vera"],
    "taxonomy": ["nodes"],
    "people": ["people", "bias"],
    "hardest": ["hardest"],
    "pictures": ["pictures"],
    "correlations": ["correlations", "people_agree"],
    "cost": ["runs.cost"],
}
"""Parts of the page, and the keys of the report that they are made of."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def report():
    return invent_report(models=3)


@pytest.fixture(scope="module")
def runs(report, folder):
    return invent_runs(report, folder)


@pytest.fixture(scope="module")
def page(report, runs):
    return render_page(report, runs)


def forget(report, *keys):
    """The report without what some keys hold."""
    left = copy.deepcopy(report)
    for key in keys:
        part, _, name = key.partition(".")
        for one in left["runs"] if part == "runs" else [left[part]] if name else []:
            del one[name]
        if not name:
            del left[part]
    return left


def test_page_is_well_formed_and_shows_everything(page):
    read = Reader(page)
    assert read.sections == list(SECTIONS)
    assert len(set(read.ids)) == len(read.ids)
    assert read.tags.count("article") == 24
    for words in ("Qwen-Image", "the judge&#39;s exam", "always yes", "Seed of intervals", "16 of 3,600 questions"):
        assert words in page


@pytest.mark.parametrize("section", SECTIONS)
def test_page_leaves_out_what_the_report_lacks(report, section):
    without = render_page(forget(report, *SECTIONS[section]), [])
    kept = [name for name in SECTIONS if name != section]
    if section == "overall":  # which is what says what the metrics are
        kept = ["kinds", "models", "wordings", "people", "hardest", "pictures", "correlations", "cost"]
    assert Reader(without).sections == kept


def test_page_of_next_to_nothing():
    read = Reader(render_page({"version": 1, "runs": [], "overall": []}, []))
    assert read.sections == []


def test_page_says_what_was_left_out(report, page):
    assert "3 scenes have no picture and are in no number (each model)." in page
    assert "In its exam the judge could not be trusted with questions of these kinds: relation." in page
    bare = copy.deepcopy(report)
    for run in bare["runs"]:
        run.update(exam=None, baselines=None, refused=0, left_out=None)
    bare = render_page(bare, [])
    assert "has sat no exam" in bare
    assert "No baselines were measured" in bare
    assert "gave no answer" not in bare
    assert "the judge&#39;s exam" not in bare


def test_page_says_that_judges_differ(report):
    other = copy.deepcopy(report)
    other["runs"][1]["judge"] = "another/judge"
    assert "judged by different judges" in render_page(other, [])
    assert "judged by different judges" not in render_page(report, [])


def test_page_asks_nothing_of_anywhere(page):
    read = Reader(page)
    assert {link[:10] for link in read.links if not link.startswith("#")} == {"data:image"}
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org/2000/svg)", page)
    assert "default-src 'none'" in page


def test_only_the_pages_own_script_may_run(page):
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    found = b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{found}'" in page


HOSTILE = [
    "<script>alert(1)</script>",
    "</style><b onclick=x>",
    '"><img src=x>',
    "{{ 7 * 7 }}",
    "a\x00\x1b[31m\x85\ud800b",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_page_escapes_what_others_wrote(report, runs, text):
    hostile = copy.deepcopy(report)
    for run in hostile["runs"]:
        run.update(name=text, dataset=text, judge=text, left_out={"unreadable": {text: text}})
    for group in hostile["overall"] + hostile["by"]["kind"] + hostile["nodes"]:
        group["group"] = text
    hostile["by"][text] = hostile["by"].pop("vera:liujch1998/vera")
    for one in hostile["pictures"]["worst"]:
        one.update(caption=text, scene=text, image=text, scene_graph=copy.deepcopy(GRAPH))
        one["scene_graph"]["objects"][0]["name"] = text
        one["answers"][0].update(question=text, reply=text, expected=text)
    page = render_page(hostile, runs)
    read = Reader(page)
    assert read.tags.count("script") == read.tags.count("style") == 1
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]", page)
    shown = re.sub("[^ -~]", "\ufffd", text)
    assert " ".join(read.texts).count(shown) > 10
    assert page.encode()


def test_same_report_same_bytes(report, runs, page, folder):
    assert render_page(copy.deepcopy(report), runs) == page
    write_page(report, runs, folder / "report.html")
    assert (folder / "report.html").read_text(encoding="utf-8") == page


def test_page_of_ten_thousand_scenes_stays_small(tmp_path):
    report = invent_report(models=2, scenes=10_000, pictures=1000)
    node = report["nodes"][-1]
    report["nodes"] += [{**node, "concept": f"c{n}", "group": f"concept {n}", "count": 1} for n in range(5000)]
    hard = report["hardest"]["concepts"][0]
    report["hardest"]["concepts"] += [{**hard, "group": f"concept {n}"} for n in range(5000)]
    report["by"]["kind_form"] += [{**report["by"]["kind"][0], "group": f"kind {n}"} for n in range(5000)]
    page = render_page(report, invent_runs(report, tmp_path, drawn=False))
    assert len(page.encode()) < 1_000_000
    assert Reader(page).tags.count("article") == 24
    assert "The 400 of" in page


def test_pictures_are_bounded(tmp_path):
    noise = Image.effect_noise((1500, 1000), 120).convert("RGB")
    noise.save(tmp_path / "noise.png")
    thumbnail = make_thumbnail(tmp_path / "noise.png")
    head, _, content = thumbnail.address.partition(",")
    image = Image.open(BytesIO(b64decode(content)))
    assert head == "data:image/webp;base64"
    assert image.size == (thumbnail.width, thumbnail.height) == (384, 256)
    assert len(b64decode(content)) <= MOST_BYTES


def test_frames_are_laid_in_a_grid(tmp_path):
    (tmp_path / "video").mkdir()
    for number, color in enumerate(("red", "green", "blue", "white")):
        Image.new("RGB", (300, 200), color).save(tmp_path / "video" / f"{number}.png")
    content = make_thumbnail(tmp_path / "video").address.partition(",")[2]
    image = Image.open(BytesIO(b64decode(content))).convert("RGB")
    assert image.size == (384, 256)
    assert [max(range(3), key=image.getpixel(place).__getitem__) for place in ((90, 60), (290, 60), (90, 190))] == [
        0,
        1,
        2,
    ]


def test_picture_that_is_gone_or_spoiled_leaves_its_answers(report, tmp_path):
    runs = invent_runs(report, tmp_path)
    pictures = runs[0].pictures
    (pictures / "worst-0.png").unlink()
    (pictures / "worst-1.png").write_bytes(b"no picture")
    page = render_page(report, runs)
    assert page.count("The picture is not where it was") == 1
    assert page.count("The picture cannot be read") == 1
    assert page.count("<article") == 24


@pytest.mark.slow
@pytest.mark.skipif(which("chromium") is None, reason="needs chromium")
@pytest.mark.parametrize("width", [390, 1280])
def test_browser_runs_the_page_as_it_is(page, tmp_path, width):
    """Nothing is wider than the window, the script runs under the page's policy, and a click sorts a table."""
    probe = """
addEventListener("load", () => {
  const head = document.querySelector("#kinds thead th:last-child button, #kinds thead th button");
  head.click();
  const said = [document.documentElement.scrollWidth <= innerWidth, document.querySelectorAll(".tools").length > 5,
                document.querySelectorAll("th[aria-sort]").length];
  document.title = said.join(" ");
});
"""
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    both = script + probe
    old, new = (b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (script, both))
    (tmp_path / "page.html").write_text(page.replace(script, both).replace(old, new), encoding="utf-8")
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    command += [
        f"--window-size={width},900",
        "--virtual-time-budget=3000",
        "--dump-dom",
        f"file://{tmp_path}/page.html",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert re.search("<title>(.*?)</title>", done.stdout)[1] == "true true 1"


def test_what_stands_beside_right_answers_is_counted_as_they_are():
    report = invent_report()
    baselines = report["runs"][0]["baselines"]
    baselines["blank"]["answers"]["value"], baselines["blank"]["kinds"]["count"] = 0.123456, None
    sections = {section.key: section for section in make_sections(report)}
    first, *_, table = sections["overall"].tables
    assert first.rows[0].marks["blank"] == 0.123456
    assert next(row for row in table.rows if row.label == "a white picture").values[0].value == 0.123456
    kinds = {row.label: row.marks for row in sections["kinds"].tables[0].rows}
    assert "blank" in kinds["object"] and "blank" not in kinds["count"]


def test_numbers_stand_before_what_is_drawn_of_them(page):
    """So that a small window shows them first."""
    rows = re.findall(r'<th scope="row">.*?</th>\s*<td class="(\w+)', page)
    assert len(rows) > 50 and "strip" not in rows
    assert re.search(r'<td class="estimate" data-value="[^>]*>(?:(?!<td).)*</td>\s*<td class="strip"', page)


def test_pictures_that_are_gone_are_told_at_the_top(report, tmp_path):
    runs = invent_runs(report, tmp_path)
    assert list_gone(report, runs) == []
    (runs[0].pictures / "worst-0.png").unlink()
    runs[1].pictures.rename(tmp_path / "elsewhere")
    said = list_gone(report, runs)
    number = len(list(runs[0].pictures.iterdir())) + 1
    assert said == [
        f"1 of {number} pictures of Qwen-Image to be shown are gone from {runs[0].pictures}.",
        f"The pictures of SD 3.5 medium to be shown are gone from {runs[1].pictures}.",
    ]
    page = render_page(report, runs)
    assert all(line in page.partition("<nav")[0] for line in said)
