"""`questions.ask`: what is hard to see may be in a scene, but is asked about only where a recipe says so."""

import pytest
from generate_any_scene.builders.recipe.loading import list_recipes, load_recipe
from generate_any_scene.builders.rows.writer import create_writer
from generate_any_scene.taxonomy import IDENTITY, TABLES
from generate_any_scene.taxonomy.schema import COLUMNS
from question_oracle import list_pictured

DOMAINS = {"object": "objects", "attribute": "attributes", "relation": "relations", "scene": "scene_attributes"}


def find_concept(row, element):
    """The table of an element, and what identifies its concept there."""
    domain, *numbers = element.split("/")
    first, *rest = map(int, numbers)
    graph = row["scene_graph"]
    if domain == "scene":
        return DOMAINS[domain], tuple(row["scene_attributes"][first][key] for key in ("kind", "value"))
    if domain == "relation":
        return DOMAINS[domain], tuple(graph["relations"][first][key] for key in ("category", "predicate"))
    item = graph["objects"][first]
    if domain == "object":
        return DOMAINS[domain], (item["concept"],)
    return DOMAINS[domain], tuple(item["attributes"][rest[0]][key] for key in ("kind", "value"))


def lay_over(taxonomy, folder):
    """Writes tables in which every second common concept is hard to see, and returns what identifies these."""
    folder.mkdir()
    hard = {}
    for table in TABLES:
        every = getattr(taxonomy, table).to_pylist()
        rows = [row for row in every if row["tier"] == "common" and row["visible"] == "yes"][::2]
        unseen = [*rows, *(row for row in every if row["visible"] != "yes")]
        hard[table] = {tuple(row[column] for column in IDENTITY[table]) for row in unseen}
        lines = [COLUMNS[table], *(write_cells({**row, "visible": "hard"}, table) for row in rows)]
        (folder / f"{table}.tsv").write_text("".join("\t".join(line) + "\n" for line in lines), encoding="utf-8")
    return hard


@pytest.fixture(scope="module", params=[("general", "sandbox"), pytest.param(list_recipes(), marks=pytest.mark.slow)])
def scenes(request, taxonomy_of, tmp_path_factory):
    """Rows of recipes with `ask: visible` and with `ask: all`, and what in them is hard to see."""
    folder = tmp_path_factory.mktemp("recipes")
    filters = ", ".join(f"{table}: {{visible: hard}}" for table in TABLES)
    hard, scenes = {}, {}
    for recipe in request.param:
        names = load_recipe(recipe).recipe.taxonomy
        mine = "-".join(("mine", *names))
        if names not in hard:
            hard[names] = lay_over(taxonomy_of(recipe), folder / mine)
        written = {}
        for ask in ("visible", "all"):
            lines = [f"extends: {recipe}", f"taxonomy: [{', '.join([*names, f'./{mine}'])}]"]
            lines += [f"content: {{{filters}}}", f"questions: {{ask: {ask}}}", "name: mine"]
            path = folder / f"{recipe}-{ask}.yaml"
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
            written[ask] = create_writer(load_recipe(path)).write_block("train", 0, 120).to_pylist()
        scenes[recipe] = written, hard[names]
    return scenes


def write_cells(row, table):
    return [{True: "1", False: "0"}.get(row[column], str(row[column])) for column in COLUMNS[table]]


def list_asked(rows, table, hard):
    """Questions that are about a concept of a table that is hard to see."""
    return [
        (row["id"], question["question"])
        for row in rows
        for question in row["questions"]
        for found, concept in (find_concept(row, element) for element in question["elements"])
        if found == table and concept in hard[table]
    ]


def has_hard(rows, table, hard):
    graphs = [row["scene_graph"] for row in rows]
    items = {
        "objects": [item for graph in graphs for item in graph["objects"]],
        "attributes": [one for graph in graphs for item in graph["objects"] for one in item["attributes"]],
        "relations": [relation for graph in graphs for relation in graph["relations"]],
        "scene_attributes": [one for row in rows for one in row["scene_attributes"]],
    }[table]
    keys = {"objects": ("concept",), "relations": ("category", "predicate")}.get(table, ("kind", "value"))
    return any(tuple(item[key] for key in keys) in hard[table] for item in items)


@pytest.mark.parametrize("table", TABLES)
def test_only_what_is_visible_is_asked_about(table, scenes):
    for written, hard in scenes.values():
        assert not list_asked(written["visible"], table, hard)[:5]


@pytest.mark.parametrize("table", TABLES)
def test_all_is_asked_about_on_request(table, scenes):
    asked = []
    for written, hard in scenes.values():
        asked.append(bool(list_asked(written["all"], table, hard)))
        assert asked[-1] == has_hard(written["all"], table, hard)
    assert any(asked)


def test_the_scenes_are_the_same_whatever_is_asked(scenes):
    for written, _ in scenes.values():
        for one, other in zip(written["visible"], written["all"], strict=True):
            assert drop_questions(one) == drop_questions(other)


def drop_questions(row):
    """The row without its questions, and without its pair and edit: these are such that questions show them."""
    return {**row, "questions": [], "pair": None, "edit": None}


def test_questions_depend_on_those_that_are_asked(scenes):
    """Whether an object is there, where that is asked."""
    for written, hard in scenes.values():
        for row in written["visible"]:
            check_dependence(row, hard)


def check_dependence(row, hard):
    there = {
        int(element.split("/")[1]): number
        for number, question in enumerate(row["questions"])
        if question["kind"] == "object" and question["answer"] == "yes"
        for element in question["elements"]
    }
    for number, question in enumerate(row["questions"]):
        assert all(parent in there.values() and parent < number for parent in question["depends_on"])
        for domain, first, *_ in (element.split("/") for element in question["elements"]):
            if domain == "attribute":
                # Of two things of one name a question cannot mean the one that is not hard to see.
                objects = row["scene_graph"]["objects"]
                alike = [item for item in objects if item["name"] == objects[int(first)]["name"]]
                is_hard = any((item["concept"],) in hard["objects"] for item in alike)
                is_left_out = is_hard or f"object/{first}" in list_pictured(row)
                assert is_left_out or there[int(first)] in question["depends_on"]


def test_yes_is_right_as_often_as_no(scenes):
    for written, _ in scenes.values():
        for kind in ("object", "attribute", "relation", "scene"):
            answers = [
                question["answer"]
                for row in written["visible"]
                for question in row["questions"]
                if question["kind"] == kind and question["form"] == "yes_no"
            ]
            assert abs(answers.count("yes") - answers.count("no")) <= 2 + 0.01 * len(answers), kind
