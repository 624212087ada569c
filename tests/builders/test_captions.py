"""Captions: what they say, where they say it, and that the fast way says what the slow way says."""

import re
from collections import Counter

import pytest
from generate_any_scene.builders.recipe_files import load_recipe
from generate_any_scene.builders.rows import RowWriter, create_writer
from generate_any_scene.errors import GasError

ONE_OBJECT = "content.objects.under=[dog.n.01]"
TINY = (ONE_OBJECT, "content.objects.top=3")


class Everything(set):
    """A set that holds whatever it is asked for."""

    def __contains__(self, _):
        return True


def write_both_ways(plan, folder=None, rows=400):
    """The same rows, by traced templates and with every template rendered for every row."""
    fast, slow = RowWriter(plan, folder), RowWriter(plan, folder)
    slow.captions.tracer.row_by_row = Everything({"captions"})
    slow.questions.tracer.row_by_row = Everything({"questions"})
    tables = fast.write_block("train", 0, rows), slow.write_block("train", 0, rows)
    assert not fast.captions.tracer.row_by_row
    return [table.to_pylist() for table in tables]


@pytest.mark.parametrize("recipe", ["general", "video", "three_d"])
@pytest.mark.parametrize("overrides", [(), TINY], ids=["", "twins"])
def test_traced_templates_say_what_templates_say_row_by_row(recipe, overrides, open_writer):
    for row, reference in zip(*write_both_ways(open_writer(recipe, *overrides).plan), strict=True):
        assert row == reference


@pytest.fixture(scope="module", params=["general", "video", "three_d", "twins"])
def rows(request, write_rows):
    return write_rows("multi_object", TINY, 1000) if request.param == "twins" else write_rows(request.param, rows=1000)


@pytest.fixture(scope="module")
def words_of(taxonomy):
    """Everything that a caption may write for an element of a row."""

    def list_words(table, *keys):
        return {tuple(row[key] for key in keys): row for row in getattr(taxonomy, table).to_pylist()}

    objects = list_words("objects", "id")
    attributes = list_words("attributes", "kind", "name")
    relations = list_words("relations", "category", "predicate")
    scenes = list_words("scene_attributes", "kind", "name")

    def find(row, element):
        domain, *numbers = element.split("/")
        numbers = [int(number) for number in numbers]
        graph = row["scene_graph"]
        if domain == "scene":
            attribute = row["scene_attributes"][numbers[0]]
            return {scenes[attribute["kind"], attribute["value"]]["phrase"]}
        if domain == "relation":
            relation = graph["relations"][numbers[0]]
            entry = relations[relation["category"], relation["predicate"]]
            if entry["finite"]:
                return {entry["finite"], entry["finite_plural"]}
            return {f"{be} {entry['predicate']}" for be in ("is", "are")}
        item = graph["objects"][numbers[0]]
        if domain == "object":
            return {item["name"], objects[item["concept"],]["plural"]}
        attribute = item["attributes"][numbers[1]]
        return {attributes[attribute["kind"], attribute["value"]]["adjective"]}

    return find


def list_elements(row):
    objects, relations = row["scene_graph"]["objects"], row["scene_graph"]["relations"]
    yield from (f"object/{i}" for i in range(len(objects)))
    yield from (f"attribute/{i}/{j}" for i, item in enumerate(objects) for j in range(len(item["attributes"])))
    yield from (f"relation/{k}" for k in range(len(relations)))
    yield from (f"scene/{k}" for k in range(len(row["scene_attributes"])))


def test_mentions_point_at_the_words_of_their_elements(rows, words_of):
    for row in rows:
        for mention in row["mentions"]:
            said = row["caption"][mention["start"] : mention["end"]]
            assert said in words_of(row, mention["element"])


def test_every_element_is_mentioned(rows):
    for row in rows:
        assert {mention["element"] for mention in row["mentions"]} == set(list_elements(row))


def test_each_relation_attribute_and_scene_attribute_is_said_once(rows):
    for row in rows:
        counts = Counter(mention["element"] for mention in row["mentions"])
        assert all(count == 1 for element, count in counts.items() if not element.startswith("object"))


FUNCTION_WORDS = re.compile(
    "a|an|some|another|more|the|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|and|"
    "there|is|are|also|scene|takes|place|picture|video|3d|model"
)


def test_nothing_is_named_that_is_not_a_mention(rows):
    """What is left of a caption without its mentions are articles and the like."""
    for row in rows:
        caption, at = "", 0
        for mention in sorted(row["mentions"], key=lambda mention: mention["start"]):
            assert mention["start"] >= at
            caption += row["caption"][at : mention["start"]] + " "
            at = mention["end"]
        caption += row["caption"][at:]
        assert all(FUNCTION_WORDS.fullmatch(word) for word in re.findall(r"[^\s.,]+", caption.lower()))


def test_sentences_are_well_formed(rows):
    for row in rows:
        caption = row["caption"]
        assert caption[0] == caption[0].upper()
        assert caption.endswith(".")
        assert "  " not in caption
        assert caption == caption.strip()
        assert not re.search(r"\s[.,]|\.\.|,[^ ]|\bthe the\b", caption)


def test_articles_agree_with_the_word_that_follows(rows, taxonomy):
    articles = {
        "object": {(row["id"],): row["article"] for row in taxonomy.objects.to_pylist()},
        "attribute": {(row["kind"], row["name"]): row["article"] for row in taxonomy.attributes.to_pylist()},
    }
    checked = 0
    for row in rows:
        mentions = {mention["start"]: mention["element"].split("/") for mention in row["mentions"]}
        for article in re.finditer(r"\b(an?) ", row["caption"], re.IGNORECASE):
            if article.end() not in mentions:  # inside a name, such as "man in a hat"
                continue
            domain, number, *rest = mentions[article.end()]
            item = row["scene_graph"]["objects"][int(number)]
            if domain == "attribute":
                attribute = item["attributes"][int(rest[0])]
                key = (attribute["kind"], attribute["value"])
            else:
                key = (item["concept"],)
            assert article[1].lower() == articles[domain][key]
            checked += 1
    assert checked > 500


ORDINALS = ["first", "second", "third", "fourth", "fifth"]


def test_objects_of_one_name_are_told_apart_in_the_order_in_which_they_appear(write_rows):
    """`A dog is by another dog. The second dog ...`: no `another` comes first, and ordinals count what was read."""
    referred = 0
    for row in write_rows("multi_object", (ONE_OBJECT, "content.objects.top=1", "structure.objects=3"), 500):
        objects = [mention for mention in row["mentions"] if mention["element"].startswith("object")]
        order = list(
            dict.fromkeys(mention["element"] for mention in sorted(objects, key=lambda mention: mention["start"]))
        )
        seen = set()
        for mention in objects:
            place, element = order.index(mention["element"]), mention["element"]
            before = row["caption"][: mention["start"]].lower()
            if element in seen:
                assert before.endswith(f"the {ORDINALS[place]} "), row["caption"]
                referred += 1
            else:
                introduced = re.findall(r"\b(a|an|another)\b", before)
                assert (introduced[-1] == "another") == (place > 0), row["caption"]
            seen.add(element)
    assert referred > 50


def test_a_template_may_compare_words(write_recipe):
    path = write_recipe(
        "captions: mine.jinja\nstructure: {complexity: [1, 5]}\ncontent: {objects: {under: [dog.n.01, cat.n.01]}}"
    )
    path.with_name("mine.jinja").write_text(
        "{% for object in scene.objects %}"
        '{% if object.name == "dog" %}Our dog {{ object.name | upper }}'
        "{% else %}{{ object.name | capitalized }}{% endif %}"
        ". {% endfor %}\n"
    )
    writer = create_writer(load_recipe(path))
    rows = writer.write_block("train", 0, 3000).to_pylist()
    assert writer.captions.tracer.row_by_row
    seen = set()
    for row in rows:
        names = [item["name"] for item in row["scene_graph"]["objects"]]
        seen.update(names)
        said = [f"Our dog {name.upper()}." if name == "dog" else f"{name[0].upper()}{name[1:]}." for name in names]
        assert row["caption"] == " ".join(said)
    assert "dog" in seen and len(seen) > 2


def test_a_template_of_ones_own_is_as_fast_when_it_only_prints_words(write_recipe):
    path = write_recipe("captions: mine.jinja\nstructure: {complexity: [1, 5]}")
    path.with_name("mine.jinja").write_text(
        '{% from "phrases.jinja" import introduce %}A picture of {% for object in scene.objects %}'
        "{{ introduce(object) }}{{ ', ' if not loop.last }}{% endfor %}."
    )
    writer = create_writer(load_recipe(path))
    rows = writer.write_block("train", 0, 200).to_pylist()
    assert not writer.captions.tracer.row_by_row
    slow = write_both_ways(writer.plan, path.parent, 200)[1]
    assert rows == slow
    assert all(row["caption"].startswith("A picture of ") for row in rows)


def test_the_same_template_gives_the_same_rows_after_other_blocks(write_recipe):
    """A template that is rendered row by row keeps nothing of an earlier block."""
    path = write_recipe("captions: mine.jinja\nstructure: {complexity: [1, 3]}")
    path.with_name("mine.jinja").write_text("{% for object in scene.objects %}{{ object.name | upper }} {% endfor %}")
    writer = create_writer(load_recipe(path))
    writer.write_block("train", 1, 50)
    again = writer.write_block("train", 0, 50)
    assert again == create_writer(load_recipe(path)).write_block("train", 0, 50)


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("First line.\n{{ scene.colour }}\n", r"mine\.jinja:2: .*colour"),
        ("{% for it in scene.objects %}\n\n{{ it.nmae }}{% endfor %}", r"mine\.jinja:3: .*nmae.*did you mean `name`"),
        ("A {{ caption }}", r"mine\.jinja:1: .*caption"),
        ("A\n{{ scene.objects[0].name }\n", r"mine\.jinja:2: "),
        ("{{ 1 / 0 }}", r"mine\.jinja:1: division by zero"),
        ('{% from "other.jinja" import x %}{{ x() }}', r"other\.jinja"),
    ],
)
def test_mistakes_in_a_template_are_told_with_their_place(template, message, write_recipe):
    path = write_recipe("captions: mine.jinja\nstructure: {complexity: [2, 3]}")
    path.with_name("mine.jinja").write_text(template)
    with pytest.raises(GasError, match=message):
        create_writer(load_recipe(path)).write_block("train", 0, 10)


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ scene.__class__.__init__.__globals__ }}",
        "{{ scene.objects[0].words.__class__.__subclasses__() }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        '{% include "../secret.jinja" %}',
        '{% include "/etc/hostname" %}',
        '{% from "nested/../../secret.jinja" import x %}',
    ],
)
def test_a_template_cannot_leave_its_sandbox(template, write_recipe, tmp_path):
    path = write_recipe("captions: mine.jinja\nstructure: {complexity: [2, 3]}")
    (tmp_path / "secret.jinja").write_text("secret")
    path.with_name("mine.jinja").write_text(template)
    with pytest.raises(GasError, match=r"mine\.jinja"):
        create_writer(load_recipe(path)).write_block("train", 0, 10)


def test_a_template_that_is_not_there_is_named_with_the_closest(write_recipe):
    with pytest.raises(GasError, match=r"there is no template `defualt`; did you mean `default`\?"):
        create_writer(load_recipe(write_recipe("captions: defualt\nstructure: {complexity: 3}")))
