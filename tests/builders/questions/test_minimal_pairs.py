"""Minimal pairs: what is edited, what the caption says then, and which answers change."""

import shutil
from collections import Counter

import networkx as nx
import pyarrow.parquet as pq
import pytest
from datasets import load_dataset
from generate_any_scene.builders.build.build import build_datasets
from generate_any_scene.builders.content.draw import draw_block
from generate_any_scene.builders.recipe.loading import dump_recipe, list_recipes, load_recipe
from generate_any_scene.builders.recipe.model import EDITS, json_schema
from generate_any_scene.builders.rows.fingerprint import compute_fingerprint
from generate_any_scene.builders.rows.schema import PAIR, SCHEMA, VIEWS, schema_of
from generate_any_scene.builders.rows.writer import create_writer
from generate_any_scene.builders.text.surface_forms import BlockWords
from generate_any_scene.errors import RecipeError
from pair_oracle import PairOracle, edit_row, order_mentions

ALL = "pairs=true"
TWINS = ("content.objects.under=[dog.n.01]", "content.objects.top=3", ALL)
CASES = {
    "general": ("general", (ALL,)),
    "multi_object": ("multi_object", (ALL,)),
    "spatial_relations": ("spatial_relations", (ALL,)),
    "attribute_binding": ("attribute_binding", (ALL,)),
    "crowd": ("multi_object", (*TWINS[:1], "content.objects.top=30", ALL)),
    "twins": ("multi_object", TWINS),
    "counting": ("counting", (ALL,)),
}


@pytest.fixture(scope="module")
def oracle(taxonomy):
    return PairOracle(taxonomy)


@pytest.fixture(scope="module", params=list(CASES))
def rows(request, write_rows, every_kind):
    recipe, overrides = CASES[request.param]
    return [row for row in write_rows(recipe, (*overrides, every_kind), 600) if row["pair"]]


def test_every_answer_about_the_edited_scene_follows_from_its_graph(rows, oracle):
    wrong, left = [], Counter()
    for row in rows:
        changed = {change["question"]: change["answer"] for change in row["pair"]["changed"]}
        edited = edit_row(row)
        for number, question in enumerate(row["questions"]):
            answers = oracle.list_answers(edited, question)
            answer = changed.get(number, question["answer"])
            left[answer is None] += 1
            is_right = answers == {answer} if answer is not None else len(answers) != 1 or "unsure" in str(answers)
            if not is_right:
                wrong.append((row["id"], row["pair"]["edit"], question["question"], answer, answers))
    assert not wrong[:5], len(wrong)
    assert left[True] and left[False] > 5 * left[True]


def test_the_order_of_mentions_is_that_of_captions(rows):
    for row in rows:
        elements = dict.fromkeys(mention["element"] for mention in row["mentions"])
        mentioned = [int(element.split("/")[1]) for element in elements if element.startswith("object/")]
        assert mentioned == order_mentions(row["scene_graph"])


@pytest.mark.parametrize("case", list(CASES))
def test_answers_about_a_scene_as_it_was_are_its_answers(case, open_writer, every_kind):
    recipe, overrides = CASES[case]
    writer = open_writer(recipe, *overrides, every_kind)
    scenes = draw_block(writer.plan, "train", 0).cut(0, 600)
    words, again = (BlockWords(scenes, writer.plan.taxonomy) for _ in range(2))
    questions = writer.questions.write(words, 5, None, again)
    assert (questions.answers == questions.edited_answers).all()


def list_differences(one, other):
    """Paths of what differs between two values, of lists as far as both go."""
    if isinstance(one, dict):
        return [(key, *path) for key in one for path in list_differences(one[key], other[key])]
    if isinstance(one, list):
        return [
            (number, *path)
            for number, both in enumerate(zip(one, other, strict=False))
            for path in list_differences(*both)
        ] + [("length",)] * (len(one) != len(other))
    return [()] if one != other else []


def test_the_graph_differs_as_the_edit_says(rows, taxonomy):
    kinds = {row["id"]: row["kinds"] for row in taxonomy.objects.to_pylist()}
    for row in rows:
        before, after, edit = row["scene_graph"], row["pair"]["scene_graph"], row["pair"]["edit"]
        paths = list_differences(before, after)
        if edit == "attribute":
            assert len({path[:4] for path in paths}) == 1
            assert {(*path[:1], path[2]) for path in paths} == {("objects", "attributes")}
        elif edit == "attributes_swapped":
            (_, i, _, j, _), (_, k, _, m, _) = paths
            one, other = before["objects"][i]["attributes"][j], before["objects"][k]["attributes"][m]
            assert i != k and one["kind"] == other["kind"]
            assert after["objects"][i]["attributes"][j] == other and after["objects"][k]["attributes"][m] == one
        elif edit == "object":
            assert len({path[:2] for path in paths}) == 1
            assert {path[2] for path in paths} == {"name", "concept"}
            number = paths[0][1]
            assert kinds[before["objects"][number]["concept"]] == kinds[after["objects"][number]["concept"]]
        elif edit == "count":
            ((_, number, field),) = paths
            one, other = (graph["objects"][number]["count"] for graph in (before, after))
            assert field == "count" and abs(one - other) == 1 and 1 <= other <= 6
        elif edit == "predicate":
            assert ("relations", paths[0][1], "predicate") in paths
            assert {path[2] for path in paths} <= {"predicate", "category"}
            assert len({path[:2] for path in paths}) == 1
        else:
            (_, number, end), (_, other, _) = paths
            one, turned = before["relations"][number], after["relations"][number]
            assert number == other and end in ("subject", "object")
            assert (one["subject"], one["object"]) == (turned["object"], turned["subject"])
            edges = [(relation["subject"], relation["object"]) for relation in after["relations"]]
            assert nx.is_directed_acyclic_graph(nx.DiGraph(edges))


def test_the_caption_differs_and_some_answer_changes(rows):
    for row in rows:
        pair = row["pair"]
        assert pair["caption"] != row["caption"]
        assert pair["caption"][0].isupper() and pair["caption"].endswith(".") and "  " not in pair["caption"]
        numbers = [change["question"] for change in pair["changed"]]
        assert numbers == sorted(set(numbers)) and numbers
        for change in pair["changed"]:
            assert change["answer"] != row["questions"][change["question"]]["answer"]
            choices = row["questions"][change["question"]]["choices"]
            assert not choices or change["answer"] in (None, *choices)
        assert any(change["answer"] is not None for change in pair["changed"]) or pair["edit"] in (
            "predicate",
            "relation_reversed",
        )


@pytest.mark.parametrize("case", ["general", "spatial_relations", "twins"])
def test_captions_of_pairs_are_those_of_the_template_row_by_row(case, open_writer, open_both_ways):
    recipe, overrides = CASES[case]
    plan = open_writer(recipe, *overrides, "questions=[]").plan
    fast, slow = open_both_ways(plan)
    for block in (0, 1):  # numbers of shapes go on from block to block
        scenes = draw_block(plan, "train", block).cut(0, 120)
        assert fast.write(scenes, "train") == slow.write(scenes, "train")
    assert fast.captions.shapes


def test_every_edit_is_made_and_as_often_as_it_can_be(write_rows):
    alone = {
        edit: {row["id"] for row in write_rows("multi_object", (f"pairs={edit}", "questions=[]"), 600) if row["pair"]}
        for edit in EDITS
    }
    rows = write_rows("multi_object", (ALL,), 600)
    chances = Counter()
    for row in rows:
        able = [edit for edit in EDITS if row["id"] in alone[edit]]
        assert (row["pair"]["edit"] in able) if able else row["pair"] is None
        # Half of the scenes whose attributes can be swapped have that edit whatever is dealt.
        seldom = 0.5 if "attributes_swapped" in able else 0
        chances.update({edit: (1 - seldom) / len(able) + seldom * (edit == "attributes_swapped") for edit in able})
    made = Counter(row["pair"]["edit"] for row in rows if row["pair"])
    for edit in EDITS:
        assert made[edit] == pytest.approx(chances[edit], abs=4 * chances[edit] ** 0.5), edit


def test_only_the_edits_of_the_recipe_are_made(write_rows):
    rows = write_rows("multi_object", ("pairs=[count, relation_reversed]", "questions=[]"), 500)
    assert {row["pair"] and row["pair"]["edit"] for row in rows} == {"count", "relation_reversed", None}


def test_without_the_key_there_is_no_column(open_writer):
    plain, off, on = (open_writer("multi_object", *overrides) for overrides in ((), ("pairs=false",), (ALL,)))
    table = on.write_block("train", 0, 200)
    assert table.schema == schema_of(on.plan.recipe) and table.column_names == [*SCHEMA.names, "pair"]
    assert table.drop_columns("pair") == plain.write_block("train", 0, 200) == off.write_block("train", 0, 200)
    assert compute_fingerprint(plain) == compute_fingerprint(off) != compute_fingerprint(on)
    table.validate(full=True)


@pytest.mark.parametrize("case", ["multi_object", "spatial_relations", "twins"])
def test_fewer_rows_are_the_first_of_more(case, open_writer, every_kind):
    recipe, overrides = CASES[case][0], (*CASES[case][1], every_kind)
    rows = open_writer(recipe, *overrides).write_block("train", 0, 300).to_pylist()
    for count in (1, 101):
        assert open_writer(recipe, *overrides).write_block("train", 0, count).to_pylist() == rows[:count]


def test_rows_do_not_depend_on_what_was_written_before(open_writer, every_kind):
    used = open_writer("spatial_relations", ALL, every_kind)
    used.write_block("train", 1, 64)
    fresh = create_writer(load_recipe("spatial_relations", (ALL, every_kind)))
    assert fresh.write_block("train", 2, 300) == used.write_block("train", 2, 300)


@pytest.mark.parametrize("recipe", list_recipes())
def test_any_recipe_can_have_pairs_and_any_block_one_row(recipe, open_writer, every_kind):
    writer = open_writer(recipe, ALL, every_kind)
    scenes = draw_block(writer.plan, "train", 0)
    for scene in range(4):
        writer.write(scenes.cut(scene, scene + 1), "train").validate(full=True)


@pytest.mark.parametrize(
    "overrides",
    [
        ("questions=[]",),
        ("questions=[relation]",),
        ("structure.relations=0", "structure.attributes=0"),
        ("structure.objects=1",),
        ("content.constraints=none",),
        ("content.objects.tier=full",),
    ],
)
def test_pairs_need_nothing_that_a_recipe_can_leave_out(overrides, open_writer):
    writer = open_writer("general", "structure.complexity=[1, 5]", ALL, *overrides)
    rows = writer.write_block("train", 0, 100).to_pylist()
    assert any(row["pair"] for row in rows)


def build_with_pairs(built, out, workers=1):
    """A folder with a config that has pairs beside one without."""
    shutil.copytree(built, out)
    splits = {"train": 200, "validation": 50, "test": 0}
    build_datasets([load_recipe("multi_object", {"splits": splits, "pairs": True})], out, workers)
    return out


@pytest.fixture(scope="module")
def built_with_pairs(built, tmp_path_factory):
    return build_with_pairs(built, tmp_path_factory.mktemp("pairs") / "gas")


@pytest.mark.slow
def test_processes_do_not_change_the_bytes(built, built_with_pairs, tmp_path):
    again = build_with_pairs(built, tmp_path / "gas", workers=2)
    for path in built_with_pairs.rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (again / path.relative_to(built_with_pairs)).read_bytes(), path


def test_a_built_folder_has_the_column_where_a_recipe_asks_for_it(built_with_pairs, tmp_path):
    folder = built_with_pairs

    def load(name):
        return load_dataset(str(folder), name, split="train", cache_dir=str(tmp_path / "cache"))

    scenes, plain = load("multi_object"), load("video")
    assert scenes.features.arrow_schema.field("pair").type == PAIR
    assert "pair" not in plain.column_names
    path = folder / "multi_object" / "train-00000-of-00001.parquet"
    assert scenes.to_list() == pq.read_table(path).to_pylist()
    for view, columns in VIEWS.items():
        assert load(f"multi_object_{view}").column_names == list(columns)
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "`pair`" in card


def test_datasets_made_from_recipes_have_it_too(built_with_pairs, tmp_path):
    import generate_any_scene  # noqa: F401

    splits = {"train": 200, "validation": 0, "test": 0}
    options = {"splits": splits, "pairs": True, "split": "train", "cache_dir": str(tmp_path)}
    scenes = load_dataset("gas", "multi_object", **options)
    path = built_with_pairs / "multi_object" / "train-00000-of-00001.parquet"
    assert scenes.to_list() == pq.read_table(path).to_pylist()
    assert load_dataset("gas", "multi_object_captions", **options).column_names == ["id", "caption"]


@pytest.mark.parametrize(
    ("value", "edits"),
    [
        ("true", EDITS),
        ("false", None),
        ("[]", None),
        ("null", None),
        ("count", ("count",)),
        ("[object, count]", ("object", "count")),
    ],
)
def test_the_key_is_a_name_a_list_or_a_switch(value, edits, write_recipe):
    recipe = load_recipe(write_recipe(f"pairs: {value}\nstructure: {{complexity: 3}}")).recipe
    assert recipe.pairs == edits
    again = write_recipe("", name="again")
    again.write_text(dump_recipe(recipe))
    assert load_recipe(again).recipe == recipe
    assert ("pairs" in recipe.content_fields()) == (edits is not None)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("[count, atribute]", r"mine\.yaml:4:16: .*pairs.*did you mean `attribute`"),
        ("relation_reverse", r"mine\.yaml:4:1: .*did you mean `relation_reversed`"),
        ("[count, count]", r"mine\.yaml:4:1: .*`count` is named twice"),
        ("{count: 2}", r"mine\.yaml:4:1: .*must be a list of names"),
    ],
)
def test_mistakes_are_told_with_their_place(value, message, write_recipe):
    with pytest.raises(RecipeError, match=message):
        load_recipe(write_recipe(f"pairs: {value}\nstructure: {{complexity: 3}}"))


def test_the_schema_has_the_key():
    jsonschema = pytest.importorskip("jsonschema")
    checker = jsonschema.Draft202012Validator(json_schema())
    for value in (True, False, "count", ["count", "object"]):
        assert checker.is_valid({"pairs": value}), value
    for wrong in ("counts", ["counts"], 3, {"count": 1}):
        assert not checker.is_valid({"pairs": wrong}), wrong
    assert json_schema()["properties"]["pairs"]["description"]
