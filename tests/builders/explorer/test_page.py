"""The page, as a person uses it: in headless Chromium, by clicks and keys."""

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from generate_any_scene.builders.explorer.explore import serve_page
from generate_any_scene.builders.explorer.server import PAGE
from generate_any_scene.builders.folder.reading import find_split
from pyarrow.parquet import read_table

from .conftest import PHONE

CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")
HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script>&amp;{{7*7}}'


@pytest.fixture(scope="module")
def rows(pairs):
    """Rows of a split: `rows("pairs", "train")`."""
    return lambda config, split: read_table(find_split(pairs, config, split).files[0]).to_pylist()


def read_numbers(tab):
    """Numbers of the rows in the list."""
    return [int(item.get_attribute("data-row")) for item in tab.query_selector_all("#list li[data-row]")]


def wait_for_count(tab, count, of, noun="scenes"):
    tab.wait_for_selector(f"#count:text-is('{count} of {of} {noun}')")


def choose(tab, facet, value):
    if facet == "concept":
        tab.fill("#concept", value)
    tab.click(f"[data-facet={facet}] [data-value='{value}']")


def press(tab, key):
    """Presses a key outside of fields."""
    tab.keyboard.press(key)
    tab.wait_for_timeout(50)


def test_a_built_folder_opens_with_its_first_scene(explore, pairs, rows):
    tab = explore(pairs)
    row = rows("multi_object", "train")[0]
    assert tab.inner_text("#id") == row["id"]
    assert tab.inner_text("#row .caption") == row["caption"]
    assert tab.inner_text("#count") == "300 scenes"
    assert read_numbers(tab) == list(range(50))
    assert tab.inner_text(".code").endswith('"multi_object", split="train")[0]')


def test_a_scene_shows_all_that_its_row_has(explore, pairs, rows):
    number, row = next(
        (number, row)
        for number, row in enumerate(rows("pairs", "train"))
        if row["scene_graph"]["relations"]
        and row["scene_attributes"]
        and row["pair"]
        and any(one["attributes"] for one in row["scene_graph"]["objects"])
    )
    tab = explore(pairs, at=f"#split=pairs/train&row={number}")
    assert tab.inner_text("#row .caption") == row["caption"]

    letters = [(one["element"], row["caption"][one["start"] : one["end"]]) for one in row["mentions"]]
    marked = [(one.get_attribute("data-element"), one.inner_text()) for one in tab.query_selector_all(".caption mark")]
    assert marked and set(marked) <= set(letters)

    graph = tab.query_selector(".drawn svg")
    drawn = [one.text_content() for one in graph.query_selector_all("text")]
    objects, relations = row["scene_graph"]["objects"], row["scene_graph"]["relations"]
    assert len(graph.query_selector_all("g.object")) == len(objects)
    assert len(graph.query_selector_all("text.predicate")) == len(relations)
    for relation in relations:
        assert relation["predicate"] in drawn

    asked = tab.query_selector_all(".question")
    assert len(asked) == len(row["questions"])
    for number, question in enumerate(row["questions"]):
        shown = tab.query_selector(f"#question-{number}")
        assert shown.query_selector(".words").inner_text() == question["question"]
        assert shown.query_selector(".answer").inner_text() == question["answer"]
        said = shown.inner_text()
        assert not question["foil"] or f"foil: {question['foil']}" in said
        assert not question["choices"] or " / ".join(question["choices"]) in said
        assert [int(one.inner_text()) - 1 for one in shown.query_selector_all("[data-question]")] == question[
            "depends_on"
        ]

    after = "".join(part.inner_text() for part in tab.query_selector_all(".pair figure:nth-child(2) p"))
    assert after.split() == row["pair"]["caption"].split()
    changes = tab.query_selector_all(".changes li")
    assert len(changes) == len(row["pair"]["changed"])
    for shown, change in zip(changes, row["pair"]["changed"], strict=True):
        assert row["questions"][change["question"]]["question"] in shown.inner_text()
    (wording,) = row["wordings"]
    assert wording["caption"] in tab.inner_text(".wordings")


def test_filters_leave_the_rows_that_have_it(explore, pairs, rows):
    every = rows("pairs", "train")
    tab = explore(pairs, at="#split=pairs/train")
    choose(tab, "complexity", "5")
    choose(tab, "complexity", "7")
    choose(tab, "relation", "spatial")
    categories = [{one["category"] for one in row["scene_graph"]["relations"]} for row in every]
    spatial = {number for number, some in enumerate(categories) if "spatial" in some}
    wanted = [number for number in sorted(spatial) if every[number]["structure"]["complexity"] in (5, 7)]
    wait_for_count(tab, len(wanted), 300)
    assert read_numbers(tab) == wanted[:50]

    # What each other value would leave; of the filter's own values, what each would leave in its place.
    six = sum(every[number]["structure"]["complexity"] == 6 for number in spatial)
    told = tab.get_attribute("[data-facet=complexity] [data-value='6']", "title")
    assert told == f"6: {six} scene{'s' * (six != 1)}"

    choose(tab, "complexity", "5")
    wait_for_count(tab, len([number for number in wanted if every[number]["structure"]["complexity"] == 7]), 300)
    tab.click("#clear")
    tab.wait_for_selector("#count:text-is('300 scenes')")


def test_an_edit_is_followed_to_what_it_changes(explore, pairs, rows):
    every = rows("pairs", "train")
    tab = explore(pairs, at="#split=pairs/train")
    choose(tab, "edit", "relation_reversed")
    wanted = [number for number, row in enumerate(every) if (row["pair"] or {}).get("edit") == "relation_reversed"]
    wait_for_count(tab, len(wanted), 300)
    tab.click("#list li:nth-child(2) a")
    tab.wait_for_selector(f"#id:text-is('{every[wanted[1]]['id']}')")
    assert tab.inner_text(".pair .chip.edit") == "relation reversed"
    changed = tab.query_selector_all(".pair figure:nth-child(2) svg .changed")
    assert [one.get_attribute("data-element").split("/")[0] for one in changed] == ["relation"]


def test_concepts_are_found_by_their_names_and_meet(explore, pairs, rows):
    every = rows("pairs", "train")
    graphs = [{item["concept"]: item["name"] for item in row["scene_graph"]["objects"]} for row in every]
    number = next(number for number, names in enumerate(graphs) if len(names) > 2)
    one, other = list(graphs[number])[:2]
    tab = explore(pairs, at="#split=pairs/train")
    tab.fill("#concept", graphs[number][one])
    tab.click(f"[data-facet=concept] [data-value='{one}']")
    wait_for_count(tab, sum(one in names for names in graphs), 300)
    choose(tab, "concept", other)
    both = [place for place, names in enumerate(graphs) if {one, other} <= set(names)]
    wait_for_count(tab, len(both), 300, "scenes")
    assert read_numbers(tab) == both
    tab.click(f"[data-facet=concept] [title='without {one}']")
    wait_for_count(tab, sum(other in names for names in graphs), 300)


def test_words_are_searched_from_their_beginnings(explore, pairs, rows):
    captions = [row["caption"].lower() for row in rows("pairs", "train")]
    tab = explore(pairs, at="#split=pairs/train")
    tab.fill("#q", "picture STYLE")
    wanted = [i for i, text in enumerate(captions) if re.search(r"\bpicture", text) and re.search(r"\bstyle", text)]
    wait_for_count(tab, len(wanted), 300)
    assert read_numbers(tab) == wanted[:50]
    tab.fill("#q", '"in the style"')
    wait_for_count(tab, sum("in the style" in text for text in captions), 300)
    tab.fill("#q", "icture")
    wait_for_count(tab, 0, 300)
    assert "No scene has all of that" in tab.inner_text("#list")


def test_an_address_is_shared_and_opened_again(explore, pairs, rows):
    every = rows("pairs", "train")
    tab = explore(pairs, at="#split=pairs/train")
    choose(tab, "objects", "3")
    tab.fill("#q", "picture")
    fits = [row["structure"]["objects"] == 3 and "picture" in row["caption"].lower() for row in every]
    wait_for_count(tab, sum(fits), 300)
    tab.click("#list li:nth-child(3) a")
    tab.wait_for_selector("#list li:nth-child(3).on")
    shared, count, number = tab.url, tab.inner_text("#count"), read_numbers(tab)[2]
    assert urlsplit(shared).fragment == f"split=pairs/train&objects=3&q=picture&row={number}"

    tab.reload()
    tab.wait_for_selector("body[data-state=ready]")
    tab.wait_for_selector(f"#count:text-is('{count}')")
    assert tab.inner_text("#id") == every[number]["id"]
    assert tab.input_value("#q") == "picture"
    assert tab.get_attribute("[data-facet=objects] [data-value='3']", "aria-pressed") == "true"
    assert "on" in tab.get_attribute("#list li:nth-child(3)", "class")

    tab.click("#list li:nth-child(1) a")
    tab.wait_for_selector("#list li:nth-child(1).on")
    tab.go_back()
    tab.wait_for_selector(f"#id:text-is('{every[number]['id']}')")


def test_keys_lead_through_the_scenes(explore, pairs, rows):
    every = rows("multi_object", "train")
    tab = explore(pairs)
    for key, number in (("j", 0), ("j", 1), ("ArrowDown", 2), ("k", 1), ("ArrowUp", 0), ("k", 0)):
        press(tab, key)
        tab.wait_for_selector(f"#list li[data-row='{number}'].on")
        tab.wait_for_selector(f"#id:text-is('{every[number]['id']}')")
    press(tab, "n")
    tab.wait_for_selector("#list li[data-row='50']")
    press(tab, "g")
    tab.keyboard.type("299")
    tab.keyboard.press("Enter")
    tab.wait_for_selector(f"#id:text-is('{every[299]['id']}')")
    tab.wait_for_selector("#list li[data-row='299'].on")
    press(tab, "Escape")
    press(tab, "/")
    tab.keyboard.type("j")  # a letter in a field is a letter
    assert tab.input_value("#q") == "j"
    assert tab.inner_text("#id") == every[299]["id"]
    tab.keyboard.press("Escape")
    press(tab, "?")
    tab.wait_for_selector("#help[open]")


def test_a_question_lights_up_what_it_rests_on(explore, pairs):
    tab = explore(pairs, at="#split=pairs/train&row=1")
    question = tab.query_selector(".question:has([data-question])") or tab.query_selector(".question")
    elements = question.get_attribute("data-elements").split()
    question.hover()
    lit = {one.get_attribute("data-element") for one in tab.query_selector_all(".drawn .lit, .caption .lit")}
    assert lit and lit <= set(elements)


def test_a_strangers_text_stays_text(explore, rewrite):
    def change(row):
        row["caption"] = f"😀 {HOSTILE} dog"
        place = len("😀 " + HOSTILE) + 1
        row["mentions"] = [{"element": "object/0", "start": place, "end": place + 3}]
        for item in row["scene_graph"]["objects"]:
            item["name"] = item["concept"] = HOSTILE
            item["attributes"] = [{"kind": HOSTILE, "value": HOSTILE}]
        for one in row["scene_graph"]["relations"]:
            one["predicate"] = one["category"] = HOSTILE
        row["scene_attributes"] = [{"kind": HOSTILE, "value": HOSTILE}]
        for question in row["questions"]:
            question |= dict.fromkeys(("question", "answer", "foil", "form", "kind"), HOSTILE)
            question |= {"choices": [HOSTILE], "aliases": [HOSTILE], "elements": [HOSTILE]}
        row["structure"]["topology"] = HOSTILE
        if row["pair"]:
            row["pair"] |= {"edit": HOSTILE, "caption": HOSTILE}
        row["wordings"] = [{"caption": HOSTILE, "template": HOSTILE, "mentions": []}]

    tab = explore(rewrite("pairs", "test", change), at="#split=pairs/test")
    for number in range(20):
        tab.goto(f"{tab.url.split('#')[0]}#split=pairs/test&row={number}")
        tab.wait_for_selector(f"#id:text-is('pairs/test/{number:09}')")
        if tab.query_selector(".pair"):
            break
    assert tab.inner_text("#row .caption") == f"😀 {HOSTILE} dog"
    assert tab.inner_text(".caption mark") == "dog"  # places count characters, not UTF-16
    for place in (".question .words", ".answer", ".chip.scene", ".pair", ".wordings", "#filters", "#list"):
        assert HOSTILE in tab.text_content(place)
    assert HOSTILE[:10] in tab.text_content(".drawn svg")
    for facet in ("attribute", "edit", "kind"):
        tab.click(f"[data-facet={facet}] .value")
    assert tab.query_selector_all("#row img, #row script, #list img, #list script, #filters img") == []
    assert "alert" in urlsplit(tab.url).fragment  # the filters are in the address, and it opens
    tab.reload()
    tab.wait_for_selector("body[data-state=ready]")
    assert tab.query_selector_all("#row img, #list img, script:not(:last-of-type)") == []


def test_a_strange_address_shows_what_there_is(explore, pairs):
    tab = explore(pairs, at="#split=nothing&row=99999&kind=<b>&sort=x&__proto__=1&q=%00")
    assert tab.inner_text("#id") == "multi_object/train/000000299"
    tab = explore(pairs, at="#row=-1&complexity=99")
    assert tab.inner_text("#count") == "0 of 300 scenes"


def test_results_show_pictures_replies_and_scores(explore, evaluations):
    tab = explore(*evaluations)
    names = [(row.query_selector("th"), row) for row in tab.query_selector_all(".scores tr")]
    scores = {name.inner_text(): row for name, row in names if name}
    assert {"count", "object"} <= scores.keys()
    assert scores["count"].query_selector(".numbers").inner_text().startswith("0 %")
    assert len(tab.query_selector_all(".bar .whisker")) > 8

    tab.click("#list li:nth-child(1) a")
    tab.wait_for_selector(".pictures img")
    assert len(tab.query_selector_all(".pictures figure")) == 2
    for picture in tab.query_selector_all(".pictures img"):
        assert picture.evaluate("one => one.decode().then(() => one.naturalWidth)") == 64
    replies = tab.query_selector_all(".question .reply")
    assert len(replies) == 2 * len(tab.query_selector_all(".question"))
    for shown in tab.query_selector_all(".question"):
        first, second = shown.query_selector_all(".reply")
        count = "count" in shown.evaluate("one => one.closest('ol').previousElementSibling.textContent").split(",")[0]
        assert first.get_attribute("data-how") == ("wrong" if count else "right")
        assert second.get_attribute("data-how") == "wrong"  # of the first four scenes
        assert "something else" in second.inner_text()

    choose(tab, "wrong_B", "object")
    wait_for_count(tab, 4, 12)
    tab.click("#clear")
    tab.select_option("#sort", "right_B")
    tab.wait_for_selector("#list li:nth-child(1)[data-row='0']")
    assert sorted(read_numbers(tab)[:4]) == [0, 1, 2, 3]
    tab.select_option("#sort", "-right_B")
    tab.wait_for_selector("#list li:nth-child(1)[data-row='4']")
    tab.select_option("#sort", "-gap_B")
    tab.wait_for_selector("#list li:nth-child(1):not([data-row='4'])")
    assert set(read_numbers(tab)[:4]) == {0, 1, 2, 3}  # where the first model is better
    tab.click("#back")
    tab.wait_for_selector(".overview")
    assert "sort=-gap_B" in tab.url


def test_a_strangers_results_stay_text(explore, write_evaluation, tmp_path):
    folder = write_evaluation(tmp_path / "run", HOSTILE, lambda *_: False, scenes=2)
    report = (folder / "report.json").read_text()
    (folder / "report.json").write_text(report.replace('"group": "object"', f'"group": {json.dumps(HOSTILE)}'))
    tab = explore(folder)
    assert HOSTILE in tab.inner_text(".overview h2")
    assert HOSTILE in tab.inner_text(".scores >> nth=1")
    tab.click("#list li:nth-child(1) a")
    tab.wait_for_selector(".pictures img")
    assert HOSTILE in tab.inner_text(".pictures figcaption")
    assert tab.query_selector_all("#row script") == []


def test_a_file_of_the_disk_shows_the_same(open_tab, explore, pairs, tmp_path):
    """Without a server: the page reads the facets off the rows, and finds what the index has."""
    place = tmp_path / PAGE
    with serve_page(pairs) as url:
        served = open_tab()
        place.write_bytes(served.request.get(url).body())
    tab = open_tab()
    tab.goto(place.as_uri())
    tab.wait_for_selector("#pick:not([hidden])")
    tab.set_input_files("#file", find_split(pairs, "pairs", "train").files[0])
    tab.wait_for_selector("body[data-state=ready]")
    indexed = explore(pairs, at="#split=pairs/train&row=0")
    for part in ("#filters", "#list", "#id", "#row .scene .caption", ".questions"):
        assert tab.inner_text(part) == indexed.inner_text(part), part
    for one in (tab, indexed):
        one.click("[data-facet=form] [data-value=open]")
        one.wait_for_selector("#count:has-text('of 300')")
    assert tab.inner_text("#count") == indexed.inner_text("#count")
    assert read_numbers(tab) == read_numbers(indexed)


def test_a_file_that_is_none_is_told(open_tab, pairs, tmp_path):
    with serve_page(pairs) as url:
        tab = open_tab()
        tab.route("**/source.json", lambda route: route.fulfill(status=200, body="{", content_type="application/json"))
        tab.goto(url)
        tab.wait_for_selector("#pick:not([hidden])")
        tab.set_input_files("#file", {"name": "a.txt", "mimeType": "text/plain", "buffer": b"x"})
        tab.wait_for_selector("#message:has-text('That is no .parquet file')")


def test_a_damaged_file_is_told(pairs, rewrite, browser):
    folder = rewrite("pairs", "test", lambda row: None)
    file = find_split(folder, "pairs", "test").files[0]
    file.write_bytes(file.read_bytes()[:2000])
    with serve_page(folder) as url:
        context = browser.new_context()
        tab = context.new_page()
        tab.goto(f"{url}#split=pairs/test")
        tab.wait_for_selector("#message:not([hidden])", timeout=60_000)
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", ["desk", "phone"])
def test_nothing_runs_over_the_edge_and_text_is_readable(scheme, width, explore, pairs, evaluations):
    """The page is as wide as the window, and ink stands out from paper as WCAG 2.1 asks: 4.5 to 1."""
    options = {"color_scheme": scheme, **({"viewport": PHONE} if width == "phone" else {})}
    for names, at in (([pairs], "#split=pairs/train&row=3"), ([pairs], "#split=pairs/train"), (evaluations, "#row=0")):
        tab = explore(*names, at=at, **options)
        over = tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert over <= 0
        worst = tab.evaluate(CONTRAST)
        assert worst["ratio"] >= 4.5, worst
