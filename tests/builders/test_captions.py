"""Captions: what they say, where they say it, and that the fast way says what the slow way says."""

import re
from collections import Counter

import pytest
from generate_any_scene.builders.fingerprint import compute_fingerprint
from generate_any_scene.builders.own_files import read_own_files
from generate_any_scene.builders.recipe_files import dump_recipe, load_recipe
from generate_any_scene.builders.rows import RowWriter, create_writer
from generate_any_scene.builders.templates import list_templates
from generate_any_scene.builders.validate import validate_recipe
from generate_any_scene.errors import GasError

ONE_OBJECT = "content.objects.under=[dog.n.01]"
TINY = (ONE_OBJECT, "content.objects.top=3")
COUNTED = "{template: default, count_alike: true}"
MIXED = f"captions=[{', '.join(list_templates('captions'))}, {COUNTED}]"
SENTENCES = {"default", "verbose"}


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
@pytest.mark.parametrize("overrides", [(), (*TINY, MIXED)], ids=["", "twins"])
def test_traced_templates_say_what_templates_say_row_by_row(recipe, overrides, open_writer):
    for row, reference in zip(*write_both_ways(open_writer(recipe, *overrides).plan), strict=True):
        assert row == reference


@pytest.fixture(scope="module", params=list_templates("captions"))
def template(request):
    return request.param


@pytest.fixture(scope="module", params=["general", "video", "three_d", "twins"])
def rows(request, template, write_rows):
    recipe, overrides = ("multi_object", TINY) if request.param == "twins" else (request.param, ())
    return write_rows(recipe, (*overrides, f"captions={template}"), rows=500)


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
            return {f"{be}{entry['predicate']}" for be in ("is ", "are ", "")}
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
    "there|is|are|also|scene|takes|place|picture|video|3d|model|it|that"
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


def test_sentences_are_well_formed(rows, template):
    for row in rows:
        caption = row["caption"]
        assert caption.endswith(".") == (template in SENTENCES)
        if template in SENTENCES:
            assert all(start == start.upper() for start in re.findall(r"(?:^|\. )(.)", caption))
        assert "  " not in caption
        assert caption == caption.strip()
        assert not re.search(r"\s[.,]|\.\.|,[^ ]|\bthe the\b", caption)


def test_articles_agree_with_the_word_that_follows(rows, template, taxonomy):
    if template == "terse":
        pytest.skip("has no articles")
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
    assert checked > 300


ORDINALS = ["first", "second", "third", "fourth", "fifth"]


def test_objects_of_one_name_are_told_apart_in_the_order_in_which_they_appear(template, write_rows):
    """`A dog is by another dog. The second dog ...`: no `another` comes first, and ordinals count what was read."""
    referred = 0
    overrides = (ONE_OBJECT, "content.objects.top=1", "structure.objects=[3, 5]", "structure.relations=[1, 4]")
    for row in write_rows("multi_object", (*overrides, f"captions={template}"), 500):
        objects = [mention for mention in row["mentions"] if mention["element"].startswith("object")]
        order = list(
            dict.fromkeys(mention["element"] for mention in sorted(objects, key=lambda mention: mention["start"]))
        )
        seen = set()
        for mention in objects:
            place, element = order.index(mention["element"]), mention["element"]
            before = row["caption"][: mention["start"]].lower()
            if element in seen:
                assert before.endswith(f"{ORDINALS[place]} "), row["caption"]
                referred += 1
            else:
                introduced = re.findall(r"\b(a|an|another)\b", before[:1] if template == "terse" else before)
                again = "another" in before.split(",")[-1] if template == "terse" else introduced[-1] == "another"
                assert again == (place > 0), row["caption"]
            seen.add(element)
    assert referred > 50


def write_captions(write_recipe, captions, seed_graph):
    """One caption by each of these templates of a scene that is nothing but this."""
    objects, relations = seed_graph
    path = write_recipe(
        f"structure: {{seed_graph: {{objects: [{objects}], relations: [{relations}]}}, complexity: "
        f"{objects.count('concept:') + objects.count('value:') + relations.count('predicate:')}}}"
    )
    overrides = [f"captions={one}" for one in captions]
    return [
        create_writer(load_recipe(path, [override])).write_block("train", 0, 1)["caption"][0].as_py()
        for override in overrides
    ]


STATUE = (
    "{concept: statue.n.01, attributes: [{value: old}]}, {concept: dog.n.01}, {concept: hat.n.01}",
    "{subject: 0, predicate: a statue of, object: 1}, {subject: 0, predicate: below, object: 2}",
)
BOX = (
    "{concept: box.n.01}, {concept: scissors.n.01, attributes: [{value: old}, {value: red}]}",
    "{subject: 0, predicate: contain, object: 1}",
)


@pytest.mark.parametrize(
    ("seed_graph", "captions"),
    [
        (
            STATUE,
            (
                "An old statue is a statue of a dog and is below a hat.",
                "old statue, dog, hat, statue that is a statue of dog, statue below hat",
                "There is a statue. The statue is old. The statue is a statue of a dog. The statue is below a hat.",
                "an old statue that is a statue of a dog, the statue below a hat",
            ),
        ),
        (
            BOX,
            (
                "A box contains some old red scissors.",
                "box, old red scissors, box that contains scissors",
                "There is a box. The box contains some scissors. The scissors are old and red.",
                "a box that contains some old red scissors",
            ),
        ),
    ],
)
def test_each_template_says_a_scene_in_its_own_way(seed_graph, captions, write_recipe):
    names = ("default", "terse", "verbose", "prompt")
    assert tuple(write_captions(write_recipe, names, seed_graph)) == captions


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


# Several templates.


def open_several(write_recipe, captions):
    return create_writer(load_recipe(write_recipe(f"captions: {captions}\nstructure: {{complexity: [1, 6]}}")))


def test_each_template_of_a_list_writes_its_share_of_captions(write_recipe):
    path = write_recipe(
        "captions: [{template: a.jinja, weight: 2}, {template: b.jinja, weight: 0.5}]\nstructure: {complexity: 3}"
    )
    for name in "ab":
        path.with_name(f"{name}.jinja").write_text(f"{name} {{{{ scene.objects[0].name }}}}")
    writer = create_writer(load_recipe(path))
    captions = writer.write_block("train", 0, 3000)["caption"].to_pylist()
    for end in (320, 640, 3000):
        assert abs(sum(caption.startswith("a ") for caption in captions[:end]) - end * 0.8) <= 13


def test_which_template_a_scene_gets_does_not_depend_on_what_else_is_written(write_recipe):
    writer = open_several(write_recipe, "[default, {template: verbose, weight: 3}, terse]")
    chosen = writer.captions.choose_templates(7, 0, 2000)
    assert (writer.captions.choose_templates(7, 100, 900) == chosen[100:1000]).all()
    rows = writer.write_block("train", 1, 300)
    assert open_several(write_recipe, "[default, {template: verbose, weight: 3}, terse]").write_block(
        "train", 1, 100
    ) == rows.slice(0, 100)


def test_a_list_of_templates_writes_what_each_of_them_writes_alone(write_recipe):
    names = ["default", "terse", "verbose", "prompt"]
    writer = open_several(write_recipe, f"[{', '.join(names)}]")
    columns = ["caption", "mentions"]
    rows = writer.write_block("train", 0, 400).select(columns).to_pylist()
    tables = [open_several(write_recipe, name).write_block("train", 0, 400).select(columns) for name in names]
    alone = [table.to_pylist() for table in tables]
    assert all(row in choices for row, choices in zip(rows, zip(*alone, strict=True), strict=True))
    assert all(any(row == other for row, other in zip(rows, one, strict=True)) for one in alone)


# Words that say the same twice.


@pytest.mark.parametrize("recipe", ["attribute_binding", "general"])
def test_no_attribute_says_what_the_name_says(recipe, write_rows):
    """`A paper paper bag`."""
    for row in write_rows(recipe, rows=3000):
        assert not re.search(r"\b([\w-]+) \1\b", row["caption"], re.IGNORECASE), row["caption"]


def test_a_value_that_the_seed_graph_names_is_taken_as_it_is(write_recipe):
    seed_graph = "{concept: paper_bag.x.01, attributes: [{value: paper}]}", ""
    assert write_captions(write_recipe, ["default"], seed_graph) == ["There is a paper paper bag."]


# Objects that share a name and are different things.

BATS = (
    "{concept: bat.n.01, attributes: [{value: large}]}, {concept: bat.n.05}, {concept: bat.n.05}",
    "{subject: 0, predicate: near, object: 1}, {subject: 1, predicate: below, object: 2}",
)
CRANES = ("{concept: crane.n.04, attributes: [{value: large}]}, {concept: crane.n.05}", "")


@pytest.mark.parametrize(
    ("seed_graph", "captions"),
    [
        (
            BATS,
            (
                "A large bat, the placental, is near a bat, the club. "
                "The first bat, the club, is below another bat, the club.",
                "large bat (placental), bat (club), another bat (club), "
                "bat (placental) near first bat (club), first bat (club) below second bat (club)",
                "There is a bat, the placental. The bat, the placental, is large. The bat, the placental, is near a "
                "bat, the club. The first bat, the club, is below another bat, the club.",
                "a large bat (placental) near a bat (club), the first bat (club) below another bat (club)",
            ),
        ),
        (
            CRANES,
            (
                "There is a large crane, the lifting device, and a crane, the wading bird.",
                "large crane (lifting device), crane (wading bird)",
                "There is a crane, the lifting device. The crane, the lifting device, is large. "
                "There is also a crane, the wading bird.",
                "a large crane (lifting device), a crane (wading bird)",
            ),
        ),
    ],
)
def test_different_things_of_one_name_are_told_apart_by_what_they_are(seed_graph, captions, write_recipe):
    names = ("default", "terse", "verbose", "prompt")
    assert tuple(write_captions(write_recipe, names, seed_graph)) == captions


def test_traced_templates_tell_senses_apart_as_templates_do_row_by_row(open_writer):
    filters = ("content.objects.tier=full", "content.objects.under=[bat.n.01, club.n.03]", MIXED)
    fast, slow = write_both_ways(open_writer("multi_object", *filters, "content.objects.weights.bat.n.01=900").plan)
    assert fast == slow


def test_questions_call_such_things_what_captions_call_them(open_writer):
    filters = ("content.objects.tier=full", "content.objects.under=[bat.n.01, club.n.03]")
    weights = ("content.objects.weights.bat.n.01=200", "content.objects.weights.bat.n.05=200")
    rows = open_writer("multi_object", *filters, *weights).write_block("train", 0, 300).to_pylist()
    told = [row for row in rows if "bat, the club" in row["caption"]]
    asked = [question["question"] for row in told for question in row["questions"]]
    asked = [question for question in asked if "bat, the club" in question]
    assert asked and all(re.search(r"bat, the club(, \w|\?)", question) for question in asked)
    assert all("bat, the placental" in row["caption"] for row in told)


# Objects that are counted.


def write_counted(write_recipe, seed_graph):
    return write_captions(write_recipe, [COUNTED, "{template: prompt, count_alike: true}"], seed_graph)


RED, BALL, CRATE = "{concept: ball.n.01, attributes: [{value: red}]}", "{concept: ball.n.01}", "{concept: box.n.01}"


@pytest.mark.parametrize(
    ("seed_graph", "captions"),
    [
        (
            (", ".join([RED, CRATE, RED]), ""),
            ["There are two red balls and a box.", "two red balls, a box"],
        ),
        (
            (", ".join([BALL, CRATE, RED, RED]), "{subject: 0, predicate: near, object: 1}"),
            ["A ball is near a box. There are also two other red balls.", "a ball near a box, two other red balls"],
        ),
        (
            (", ".join([RED, BALL]), ""),
            ["There is a red ball and another ball.", "a red ball, another ball"],
        ),
        (
            ("{concept: scissors.n.01}, {concept: scissors.n.01}, {concept: sand.n.01}, {concept: sand.n.01}", ""),
            None,
        ),
    ],
)
def test_lone_objects_that_are_alike_are_counted_where_the_recipe_asks_for_it(seed_graph, captions, write_recipe):
    written = write_counted(write_recipe, seed_graph)
    if captions:
        orders = {tuple(sorted(re.findall(r"\w+", caption.lower()))) for caption in captions[:1]}
        assert tuple(sorted(re.findall(r"\w+", written[0].lower()))) in orders
        assert sorted(written[1].split(", ")) == sorted(captions[1].split(", "))
    else:
        assert not any("two" in caption for caption in written)


def test_all_that_is_counted_is_mentioned_by_the_words_that_count_it(write_rows):
    overrides = ("content.objects.under=[dog.n.01]", "content.objects.top=1", "content.attributes.kinds=[size]")
    counted = 0
    for row in write_rows(
        "multi_object", (*overrides, "content.attributes.max_per_object=1", f"captions={COUNTED}"), 500
    ):
        assert {mention["element"] for mention in row["mentions"]} == set(list_elements(row)), row["caption"]
        spans = {}
        for mention in row["mentions"]:
            spans.setdefault((mention["start"], mention["end"]), []).append(mention["element"])
        for (start, end), elements in spans.items():
            if len(elements) > 1 and elements[0].startswith("object"):
                assert row["caption"][start:end] == "dogs"
                objects = [row["scene_graph"]["objects"][int(element.split("/")[1])] for element in elements]
                assert all(one == objects[0] for one in objects)
                counted += 1
    assert counted > 50


def test_a_template_that_counts_nothing_is_not_asked_to(write_recipe):
    path = write_recipe("captions:\n  template: terse\n  count_alike: true\nstructure: {complexity: 3}")
    with pytest.raises(GasError, match=r"mine\.yaml:6:3: captions\.count_alike: `terse` counts no objects"):
        create_writer(load_recipe(path))


def test_a_list_of_ones_own_templates_is_copied_checked_and_fingerprinted(write_recipe):
    path = write_recipe("captions: [a.jinja, {template: b.jinja, weight: 3}]\nstructure: {complexity: 3}")
    path.with_name("a.jinja").write_text("{% include 'c.jinja' %}{{ scene.objects[0].name }}")
    path.with_name("b.jinja").write_text("{{ scene.objects[0].name | upper }}")
    path.with_name("c.jinja").write_text("A picture of ")
    loaded = load_recipe(path)
    writer = create_writer(loaded)
    before = compute_fingerprint(writer)
    assert set(read_own_files(loaded, writer)) == {"a.jinja", "b.jinja", "c.jinja"}
    assert validate_recipe(loaded).row_by_row == ["captions.1"]
    path.with_name("c.jinja").write_text("A view of ")
    assert compute_fingerprint(create_writer(loaded)) != before
    path.with_name("again.yaml").write_text(dump_recipe(loaded.recipe))
    assert load_recipe(path.with_name("again.yaml")).recipe == loaded.recipe


@pytest.mark.parametrize(
    ("captions", "message"),
    [
        ("[]", "captions: must name at least one"),
        ("[default, ../b.jinja]", r"captions\.1\.template: `\.\./b\.jinja` leaves the recipe's folder"),
        ("[default, {template: terse, wieght: 2}]", r"captions\.1\.wieght: unknown key `wieght`; did you"),
        ("[default, {template: terse, weight: 0}]", r"captions\.1\.weight: must be greater than 0"),
        ("[default, tersse]", r"mine\.yaml:4:21: captions\.1: there is no template `tersse`; did you mean `terse`"),
    ],
)
def test_mistakes_in_a_list_of_templates_are_told_with_their_place(captions, message, write_recipe):
    path = write_recipe(f"captions: {captions}\nstructure: {{complexity: 3}}")
    with pytest.raises(GasError, match=message):
        create_writer(load_recipe(path))
