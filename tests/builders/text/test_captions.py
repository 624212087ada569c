"""Captions: what they say of a scene, and where they say it."""

import re
from collections import Counter
from dataclasses import replace

import pytest
from generate_any_scene.builders.content.draw import draw_block
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.rows.writer import RowWriter, create_writer
from generate_any_scene.builders.text.templates import list_templates

ONE_OBJECT = "content.objects.under=[dog.n.01]"
TINY = (ONE_OBJECT, "content.objects.top=3")
PLAIN = "{template: default, frames: 1}"
COUNTED = "{template: default, count_alike: true, frames: 1}"
SENTENCES = {"default", "long", "verbose"}
TAGS = {"short", "terse"}
"""Templates without articles."""


@pytest.fixture(scope="module", params=list_templates("captions"))
def template(request):
    return request.param


@pytest.fixture(scope="module", params=["general", "video", "three_d", "twins"])
def rows(request, template, open_writer):
    recipe, overrides = ("multi_object", TINY) if request.param == "twins" else (request.param, ())
    plan = open_writer(recipe, *overrides, "questions=[]").plan
    return open_writer_by(plan, template, recipe, overrides).write_block("train", 0, 500).to_pylist()


def open_writer_by(plan, captions, recipe, overrides=()):
    """The writer of a plan, by another template."""
    overrides = (*overrides, "questions=[]", f"captions={captions}")
    return RowWriter(replace(plan, recipe=load_recipe(recipe, overrides).recipe))


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
            # What a sentence begins with has a capital.
            begins = mention["start"] == 0 or row["caption"][: mention["start"]].endswith(". ")
            words = words_of(row, mention["element"])
            assert said in words or (begins and said in {word[0].upper() + word[1:] for word in words})


def test_every_element_is_mentioned(rows):
    for row in rows:
        assert {mention["element"] for mention in row["mentions"]} == set(list_elements(row))


def test_each_relation_attribute_and_scene_attribute_is_said_once(rows):
    for row in rows:
        counts = Counter(mention["element"] for mention in row["mentions"])
        assert all(count == 1 for element, count in counts.items() if not element.startswith("object"))


FUNCTION_WORDS = re.compile(
    "a|an|some|another|more|the|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|and|"
    "there|is|are|also|scene|set|picture|video|3d|model|that|in|of|this|shows|shown|view|together|along|with|while|too|"
    "as|well|who|two|three|four|five|six"
)


def test_nothing_is_named_that_is_not_a_mention(rows, words_of):
    """What is left of a caption without its mentions are articles and the like, and what tells objects apart."""
    for row in rows:
        objects = row["scene_graph"]["objects"]
        known = {
            word
            for i, item in enumerate(objects)
            for j in range(len(item["attributes"]))
            for word in words_of(row, f"attribute/{i}/{j}")
        }
        caption, at = "", 0
        for mention in sorted(row["mentions"], key=lambda mention: mention["start"]):
            assert mention["start"] >= at
            caption += row["caption"][at : mention["start"]] + " "
            at = mention["end"]
        caption += row["caption"][at:]
        for word in sorted(known, key=len, reverse=True):
            caption = re.sub(rf"(?<![\w-]){re.escape(word)} ", "", caption)
        assert all(FUNCTION_WORDS.fullmatch(word) for word in re.findall(r"[^\s.,:]+", caption.lower())), row[
            "caption"
        ]


def test_sentences_are_well_formed(rows, template):
    for row in rows:
        caption = row["caption"]
        assert caption.endswith(".") == (template in SENTENCES)
        if template in SENTENCES:
            assert all(start == start.upper() for start in re.findall(r"(?:^|\. )(.)", caption))
        assert "  " not in caption
        assert caption == caption.strip()
        assert not re.search(r"\s[.,:]|[.,:][.,:]|[,:][^ ]|\bthe the\b", caption)


def test_articles_agree_with_the_word_that_follows(rows, template, taxonomy):
    if template in TAGS:
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
    structure = ("structure.objects=[3, 5]", "structure.attributes=0", "structure.relations=[1, 4]")
    overrides = (ONE_OBJECT, "content.objects.top=1", *structure)
    for row in write_rows("multi_object", (*overrides, f"captions={template}", "questions=[]"), 500):
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
                introduced = re.findall(r"\b(a|an|another)\b", before[:1] if template in TAGS else before)
                again = "another" in before.split(",")[-1] if template in TAGS else introduced[-1] == "another"
                assert again == (place > 0), row["caption"]
            seen.add(element)
    assert referred > 50


@pytest.mark.parametrize("template", ["default", "prompt"])
def test_objects_of_one_name_are_told_apart_by_what_they_alone_are_said_to_be(template, write_rows, words_of):
    apart = 0
    structure = ("structure.objects=[2, 4]", "structure.attributes=[1, 4]", "structure.relations=[2, 4]")
    for row in write_rows(
        "multi_object", (ONE_OBJECT, "content.objects.top=1", *structure, f"captions={template}"), 500
    ):
        objects = row["scene_graph"]["objects"]
        said = [
            {word for j in range(len(item["attributes"])) for word in words_of(row, f"attribute/{i}/{j}")}
            for i, item in enumerate(objects)
        ]
        seen = set()
        for mention in sorted(row["mentions"], key=lambda mention: mention["start"]):
            if not mention["element"].startswith("object"):
                continue
            number, before = int(mention["element"].split("/")[1]), row["caption"][: mention["start"]]
            others = set().union(*(some for i, some in enumerate(said) if i != number))
            own = {word for word in said[number] if re.search(rf"\bthe {re.escape(word)} $", before, re.IGNORECASE)}
            if number in seen:
                assert own or any(before.endswith(f"{ordinal} ") for ordinal in ORDINALS), row["caption"]
                assert not own & others, row["caption"]
                apart += bool(own)
            elif before.endswith("another "):
                assert seen, row["caption"]
            seen.add(number)
        for question in row["questions"]:
            if question["kind"] == "attribute":
                assert not any(f"the {word} " in question["question"] for some in said for word in some)
    assert apart > 50


def write_captions(write_recipe, captions, seed_graph):
    """One caption by each of these templates of a scene that is nothing but this."""
    objects, relations = seed_graph
    path = write_recipe(
        f"structure: {{seed_graph: {{objects: [{objects}], relations: [{relations}]}}, complexity: "
        f"{objects.count('concept:') + objects.count('value:') + relations.count('predicate:')}}}\nquestions: []"
    )
    plan = create_writer(load_recipe(path)).plan
    scene = draw_block(plan, "train", 0).cut(0, 1)
    return [open_writer_by(plan, one, path).write(scene, "train")["caption"][0].as_py() for one in captions]


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
                "A statue is a statue of a dog and is below a hat. The statue is old.",
                "an old statue that is a statue of a dog, the statue below a hat",
            ),
        ),
        (
            BOX,
            (
                "A box contains some old red scissors.",
                "box, old red scissors, box that contains scissors",
                "A box contains some scissors. The scissors are old and red.",
                "a box that contains some old red scissors",
            ),
        ),
    ],
)
def test_each_template_says_a_scene_in_its_own_way(seed_graph, captions, write_recipe):
    names = (PLAIN, "terse", "verbose", "prompt")
    assert tuple(write_captions(write_recipe, names, seed_graph)) == captions


# Words that say the same twice.


@pytest.mark.parametrize("recipe", ["attribute_binding", "general"])
def test_no_attribute_says_what_the_name_says(recipe, write_rows):
    """`A paper paper bag`."""
    for row in write_rows(recipe, rows=600):
        assert not re.search(r"\b([\w-]+) \1\b(?!-)", row["caption"], re.IGNORECASE), row["caption"]


def test_a_value_that_the_seed_graph_names_is_taken_as_it_is(write_recipe):
    seed_graph = "{concept: paper_bag.x.01, attributes: [{value: paper}]}", ""
    assert write_captions(write_recipe, [PLAIN], seed_graph) == ["There is a paper paper bag."]


# Objects that share a name and are different things.

BATS = (
    "{concept: bat.n.01, attributes: [{value: large}]}, {concept: bat.n.05}, {concept: bat.n.05}",
    "{subject: 0, predicate: near, object: 1}, {subject: 1, predicate: below, object: 2}",
)
DRILLS = ("{concept: drill.n.01, attributes: [{value: rusty}]}, {concept: drill.n.02}", "")


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
                "A bat, the placental, is near a bat, the club. The bat, the placental, is large. "
                "The first bat, the club, is below another bat, the club.",
                "a large bat (placental) near a bat (club), the first bat (club) below another bat (club)",
            ),
        ),
        (
            DRILLS,
            (
                "There is a rusty drill, the tool, and a drill, the baboon.",
                "rusty drill (tool), drill (baboon)",
                "A drill, the tool, and a drill, the baboon, are in view. The drill, the tool, is rusty.",
                "a rusty drill (tool), a drill (baboon)",
            ),
        ),
    ],
)
def test_different_things_of_one_name_are_told_apart_by_what_they_are(seed_graph, captions, write_recipe):
    names = (PLAIN, "terse", "verbose", "prompt")
    assert tuple(write_captions(write_recipe, names, seed_graph)) == captions


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
        "multi_object", (*overrides, "content.attributes.max_per_object=1", f"captions={COUNTED}", "questions=[]"), 500
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
