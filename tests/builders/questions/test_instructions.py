"""Instructions of edits: what they say, which object they mean, and what proves that they were followed."""

import re
from collections import Counter

import pytest
from generate_any_scene.builders.build.build import build_datasets
from generate_any_scene.builders.content.draw import draw_block
from generate_any_scene.builders.inspection.weaknesses import find_weaknesses
from generate_any_scene.builders.questions.instructions import ARGUMENTS
from generate_any_scene.builders.recipe.loading import list_recipes, load_recipe
from generate_any_scene.builders.recipe.model import EDITS
from generate_any_scene.builders.rows.schema import EDIT, SCHEMA, schema_of
from generate_any_scene.builders.text.templates import list_macros, list_templates, load_template
from generate_any_scene.errors import RecipeError
from pair_oracle import PairOracle, edit_row

ALL = ("pairs=true", "edits=true")
TWINS = (
    *("content.objects.under=[dog.n.01]", "content.objects.top=3", "structure.attributes=[2,6]"),
    *("structure.objects=[2,4]", "structure.relations=[0,3]", *ALL),
)
CASES = {
    "edits": ("edits", ()),
    "multi_object": ("multi_object", ALL),
    "twins": ("multi_object", TWINS),
    "spatial_relations": ("spatial_relations", ALL),
    "everyday": ("everyday", ALL),
}
ORDINAL = re.compile(r"\b(first|second|third|fourth|fifth|sixth)\b")


@pytest.fixture(scope="module")
def oracle(taxonomy):
    return PairOracle(taxonomy)


@pytest.fixture(scope="module", params=list(CASES))
def rows(request, write_rows):
    recipe, overrides = CASES[request.param]
    return [row for row in write_rows(recipe, overrides, 150) if row["edit"]]


def list_wrong(oracle, row):
    """What the two lists of a row's edit say that does not follow from its two graphs, or leave out that does."""
    edited, edit = edit_row(row), row["edit"]
    change = {one["question"]: (one["before"], one["after"]) for one in edit["must_change"]}
    keep = {one["question"]: (one["answer"], one["answer"]) for one in edit["must_keep"]}
    wrong = [("in both lists", number) for number in change.keys() & keep.keys()]
    for number, question in enumerate(row["questions"]):
        before, after = oracle.list_answers(row, question), oracle.list_answers(edited, question)
        sure = len(after) == 1 and "unsure" not in str(after)
        said = (change | keep).get(number)
        if said is None:
            wrong += [("left out", number)] if sure else []
        elif ({said[0]}, {said[1]}) != (before, after):
            wrong.append(("not so", number))
    wrong += [("no change", number) for number, (before, after) in change.items() if before == after]
    return wrong


def check(oracle, rows):
    wrong = [(row["id"], row["edit"]["instruction"], one) for row in rows for one in list_wrong(oracle, row)]
    assert not wrong[:5], len(wrong)


def test_both_lists_follow_from_the_graphs(rows, oracle):
    check(oracle, rows)
    assert all(row["edit"]["must_change"] for row in rows)


@pytest.mark.slow
def test_both_lists_of_20000_edits_follow_from_the_graphs(open_writer, oracle):
    proved = Counter()
    for recipe, overrides in CASES.values():
        block = 0
        while proved[recipe, overrides] < 4000:
            rows = open_writer(recipe, *overrides).write_block("train", block).to_pylist()
            rows = [row for row in rows if row["edit"]]
            check(oracle, rows)
            proved[recipe, overrides] += len(rows)
            block += 1
    assert proved.total() >= 20000


def test_a_sabotaged_list_is_found(write_rows, oracle):
    row = next(row for row in write_rows("edits", (), 50) if row["edit"] and len(row["edit"]["must_keep"]) > 1)
    edit = row["edit"]
    moved = {**edit, "must_keep": edit["must_keep"][1:]}
    assert list_wrong(oracle, {**row, "edit": moved}) == [("left out", edit["must_keep"][0]["question"])]
    one = {**edit["must_change"][0], "after": edit["must_change"][0]["before"]}
    assert list_wrong(oracle, {**row, "edit": {**edit, "must_change": [one, *edit["must_change"][1:]]}})


def test_instructions_are_sentences(rows):
    for row in rows:
        text = row["edit"]["instruction"]
        assert text[0].isupper() and text.endswith(".") and "  " not in text and " ." not in text, text
        assert not ORDINAL.search(text), text


def find_elements(row):
    """The objects that the edited elements of a row are, are of, or join."""
    for element in row["edit"]["elements"]:
        kind, number = element.split("/")[:2]
        if kind == "relation":
            relation = row["scene_graph"]["relations"][int(number)]
            yield from (relation["subject"], relation["object"])
        else:
            yield int(number)


def test_every_object_that_is_meant_is_told_by_its_words(rows, oracle):
    """No other object of the name may pass for it: it lacks what the words before or after the name say."""
    for row in rows:
        text, objects = row["edit"]["instruction"].lower(), row["scene_graph"]["objects"]
        for number in find_elements(row):
            item = objects[number]
            name, others = (
                oracle.call(item).lower(),
                [one for one in objects if one["name"] == item["name"] and one is not item],
            )
            if not others:
                assert name in text or row["pair"]["edit"] == "count", text
                continue
            own = [oracle.adjective[one["kind"], one["value"]] for one in objects[number]["attributes"]]
            by_attribute = [
                adjective
                for adjective in own
                if f"the {adjective} {name}".lower() in text
                and all(oracle.judge_attribute(other, adjective) == "no" for other in others)
            ]
            relations = [one for one in row["scene_graph"]["relations"] if one["subject"] == number]
            by_relation = [
                relation
                for relation in relations
                if f"{relation['predicate']} the".lower() in text and relation["category"] != "spatial"
            ]
            assert by_attribute or by_relation, (text, row["caption"])


def test_instructions_say_what_is_new(rows, oracle):
    for row in rows:
        text, edit = row["edit"]["instruction"], row["pair"]["edit"]
        before, after = row["scene_graph"], row["pair"]["scene_graph"]
        (kind, *place), *_ = (element.split("/") for element in row["edit"]["elements"])
        place = list(map(int, place))
        assert (kind, len(row["edit"]["elements"])) == {
            **{"attribute": ("attribute", 1), "attributes_swapped": ("attribute", 2)},
            **{"object": ("object", 1), "count": ("object", 1)},
            **{"predicate": ("relation", 1), "relation_reversed": ("relation", 1)},
        }[edit]
        if edit == "object":
            assert oracle.call(after["objects"][place[0]]) in text
        elif edit == "predicate":
            assert after["relations"][place[0]]["predicate"].split()[-1] in text
        elif edit == "count":
            one, other = (graph["objects"][place[0]]["count"] for graph in (before, after))
            assert ("emove" in text or "Take" in text) <= (other < one)
            assert text.startswith("Add") <= (other > one)


def test_every_way_to_put_an_edit_is_used(write_rows):
    """Each macro begins or ends in words of its own; here by what nobody else says."""
    told = {
        "attribute": ("^Make", "instead of", "should be", "^Change the color of .* to", "^Change the color .* from"),
        "attributes_swapped": ("^Make", "so that", "^Swap the colors"),
        "object": ("^Replace", "^Swap", "^Put", "^Turn"),
        "count": ("^Change", "should be", "^Add one", "^Add another", "^Remove", "^Take"),
        "relation_reversed": ("Make it the", "^Change[^,]*$", "not the other"),
        "predicate": ("^Change the", "Change this", "^Move"),
    }
    rows = [row for row in write_rows("edits", (), 1000) if row["edit"]]
    assert told.keys() == {*EDITS} == ARGUMENTS.keys()
    assert {*list_templates("edits")} == {*EDITS, "named"}
    for edit, patterns in told.items():
        assert len(patterns) == len(list_macros(load_template("edits", edit, None)))
        texts = [row["edit"]["instruction"] for row in rows if row["pair"]["edit"] == edit]
        for pattern in patterns:
            assert any(re.search(pattern, text) for text in texts), (edit, pattern)


def test_two_of_a_name_are_told_by_an_attribute_or_a_relation(open_writer):
    rows = open_writer("multi_object", *TWINS, "questions=[attribute]").write_block("train", 0, 1500).to_pylist()
    texts = [row["edit"]["instruction"] for row in rows if row["edit"] and row["pair"]["edit"] == "attribute"]
    assert any(re.search(r"the (?!\w+ing)\w+ (bulldog|husky|dog)s? (is|are|should|to|from)", text) for text in texts)
    assert any(re.search(r"the (bulldog|husky|dog)s? \w+ing (\w+ )*the", text) for text in texts)


def test_an_edit_is_there_where_a_pair_is(write_rows):
    rows = write_rows("edits", (), 1000)
    assert all(row["pair"] for row in rows if row["edit"])
    assert sum(row["edit"] is None for row in rows) <= 1.02 * sum(row["pair"] is None for row in rows) + 5


def test_the_key_adds_a_column_and_nothing_else(open_writer):
    """Scenes that only ordinals tell apart have another edit, or none; all others have the same."""
    plain, told = (open_writer("edits", *some).write_block("train", 0, 300) for some in (("edits=false",), ()))
    assert told.schema.names == [*SCHEMA.names, "pair", "edit"]
    assert told.schema.field("edit").type == EDIT
    assert told.drop_columns(["pair", "edit"]) == plain.drop_columns("pair")
    told.validate(full=True)


def test_fewer_rows_are_the_first_of_more_and_any_row_stands_alone(open_writer):
    writer = open_writer("edits")
    rows = writer.write_block("train", 0, 200).to_pylist()
    assert writer.write_block("train", 0, 90).to_pylist() == rows[:90]
    assert writer.write_row("train", 150) == rows[150]


@pytest.mark.slow
def test_processes_do_not_change_the_bytes(tmp_path):
    recipe = load_recipe("edits", ("splits={train: 9000, validation: 0, test: 0}", "questions=[attribute, count]"))
    for workers in (1, 2):
        build_datasets([recipe], tmp_path / str(workers), workers)
    one, two = (sorted((tmp_path / str(workers)).rglob("*.parquet")) for workers in (1, 2))
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two] and one


@pytest.mark.slow
@pytest.mark.parametrize("recipe", list_recipes())
def test_any_recipe_can_have_edits(recipe, open_writer):
    writer = open_writer(recipe, *ALL)
    table = writer.write_block("train", 0, 60)
    table.validate(full=True)
    assert table.schema == schema_of(writer.plan.recipe)
    assert table["edit"].null_count < 60


def test_edits_need_pairs(write_recipe):
    with pytest.raises(
        RecipeError, match=r"mine\.yaml:4:1: .*`edits` has nothing to instruct without `pairs`.*pairs: true"
    ):
        load_recipe(write_recipe("edits: true\nstructure: {complexity: 3}"))
    for value in ("false", "null"):
        recipe = load_recipe(write_recipe(f"edits: {value}\nstructure: {{complexity: 3}}")).recipe
        assert recipe.edits is None and "edits" not in recipe.content_fields()
    with pytest.raises(RecipeError, match="edits"):
        load_recipe(write_recipe("edits: often\npairs: true\nstructure: {complexity: 3}"))


def list_problems(path, overrides=()):
    loaded = load_recipe(path, overrides)
    from generate_any_scene.builders.rows.writer import create_writer

    writer = create_writer(loaded)
    scenes = draw_block(writer.plan, "train", 0).cut(0, 200)
    return "\n".join(map(str, find_weaknesses(loaded, writer.plan, scenes, writer.write(scenes, "train"))))


def test_a_recipe_of_which_no_scene_can_be_edited_is_told(write_recipe):
    text = "content: {objects: {only: [dog]}}\nstructure: {complexity: 2, objects: 2, attributes: 0, relations: 0}\n"
    told = list_problems(write_recipe(f"{text}pairs: [object, attribute]\nedits: true"))
    assert "none of 200 scenes can be edited by `object`" in told and "tell apart" in told
    assert "none of 200 scenes can be edited by `attribute`" in told


def test_edits_that_no_question_proves_are_told(write_recipe):
    path = write_recipe(
        "pairs: [attribute]\nedits: true\nquestions: [count]\nstructure: {complexity: 4, attributes: 2}"
    )
    assert re.search(r"\d+ of \d+ edits change no answer", list_problems(path))
