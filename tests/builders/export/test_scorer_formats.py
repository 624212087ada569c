"""Layouts of an export: the scorers of TIFA, DSG and GenEval 2 find in the files what they expect."""

import json
import math
from collections import Counter, defaultdict
from statistics import mean

import pandas as pd
import pyarrow.parquet as pq
import pytest
from generate_any_scene.builders.export.export import export_split
from generate_any_scene.builders.export.formats import load_format
from generate_any_scene.builders.export.formats.dsg import (
    convert_dsg,
)
from generate_any_scene.builders.export.formats.geneval2 import (
    convert_geneval2,
    count_atoms,
)
from generate_any_scene.builders.export.formats.tifa import (
    convert_tifa,
)
from generate_any_scene.builders.export.layout import DOMAINS, Tally
from generate_any_scene.builders.folder.reading import find_split
from generate_any_scene.builders.text.lexicon import NUMBERS
from generate_any_scene.taxonomy import find_object

TIFA_TYPES = {
    *("object", "animal/human", "food", "activity", "attribute", "counting"),
    *("color", "material", "spatial", "location", "shape", "other"),
}
"""`categories` in question_gen.py of TIFA, after it has joined `animal` and `human`."""

SKILLS = {"object", "count", "position", "verb", "attribute"}
"""All others end soft_tifa_analysis.py of GenEval 2 with an error."""


@pytest.fixture(scope="module", params=["multi_object", "video", "dogs"])
def exported(request, built_with_dogs, tmp_path_factory):
    """Writes a split into a file; gives the file and the rows that it was made of, as far as scorers know them."""
    source = find_split(built_with_dogs, request.param, "test")
    rows = pq.read_table([*source.files]).to_pylist()
    for row in rows:
        row["questions"] = [question for question in row["questions"] if question["kind"] in DOMAINS]
    folder = tmp_path_factory.mktemp("exported")

    def export(format_):
        out = folder / format_
        if not out.exists():
            export_split(source, format_, out)
        return out, rows

    return export


def count_questions(rows, *, form=None, answer=None):
    return sum(
        form in (None, question["form"]) and answer in (None, question["answer"])
        for row in rows
        for question in row["questions"]
    )


# TIFA


def score_tifa(path, answer_question):
    """As `tifa_score_benchmark` does: an answer that is no choice is replaced by the one that is nearest."""
    scores, types = defaultdict(list), defaultdict(list)
    for pair in json.loads(path.read_bytes()):
        answer = answer_question(pair)
        if answer not in pair["choices"]:
            answer = max(pair["choices"], key=lambda choice: len(set(choice) & set(answer)))
        scores[pair["id"]].append(int(answer == pair["answer"]))
        types[pair["element_type"]].append(scores[pair["id"]][-1])
    return mean(map(mean, scores.values())), {type_: mean(values) for type_, values in types.items()}, scores


def test_tifa_reads_every_question_that_has_choices(exported):
    path, rows = exported("tifa")
    score, types, scores = score_tifa(path, lambda pair: pair["answer"])
    assert score == 1
    assert set(types) <= TIFA_TYPES
    assert list(scores) == [row["id"] for row in rows]
    pairs = json.loads(path.read_bytes())
    assert [list(pair) for pair in pairs] == [
        ["id", "caption", "question", "choices", "answer", "element_type", "element"]
    ] * len(pairs)
    assert {pair["id"]: pair["caption"] for pair in pairs} == {row["id"]: row["caption"] for row in rows}
    assert all(pair["answer"] in pair["choices"] and len(set(pair["choices"])) > 1 for pair in pairs)
    yes_no = [pair for pair in pairs if pair["choices"] == ["yes", "no"]]
    assert len(yes_no) == count_questions(rows, form="yes_no")
    assert sum(pair["answer"] == "no" for pair in yes_no) == count_questions(rows, answer="no")
    asked = {
        (row["id"], question["question"]): question
        for row in rows
        for question in row["questions"][::-1]
        if question["form"] == "multiple_choice"
    }
    for pair in pairs:
        question = asked.get((pair["id"], pair["question"]))
        if question and question["kind"] != "count":
            assert (pair["choices"], pair["answer"]) == (question["choices"], question["answer"])


def test_tifa_asks_nothing_twice(exported):
    """The scorer keeps its log by the text of the question."""
    pairs = json.loads(exported("tifa")[0].read_bytes())
    assert len({(pair["id"], pair["question"]) for pair in pairs}) == len(pairs)


def test_tifa_knows_what_elements_are(exported, taxonomy):
    path, rows = exported("tifa")
    by_id = {row["id"]: row for row in rows}
    seen = Counter()
    for pair in json.loads(path.read_bytes()):
        row = by_id[pair["id"]]
        objects = {one["name"]: one for one in row["scene_graph"]["objects"]}
        attributes = {a["value"]: a["kind"] for one in row["scene_graph"]["objects"] for a in one["attributes"]}
        predicates = {one["predicate"]: one["category"] for one in row["scene_graph"]["relations"]}
        settings = {one["value"]: one["kind"] for one in row["scene_attributes"]}
        kind, element = pair["element_type"], pair["element"]
        assert element in objects.keys() | attributes.keys() | predicates.keys() | settings.keys()
        if kind == "animal/human":
            index = find_object(taxonomy, objects[element]["concept"])
            assert {"person", "animal"} & set(taxonomy.objects["kinds"][index].as_py().split("|"))
        if kind in ("color", "material", "shape"):
            assert attributes[element] == kind
        if kind in ("spatial", "activity"):
            assert (predicates[element] == "spatial") == (kind == "spatial")
        if kind == "counting":
            assert pair["question"].startswith("How many") or pair["choices"] == ["yes", "no"]
        seen[kind] += 1
    assert seen["counting"] and seen["object"] + seen["animal/human"]


def test_tifa_counts_in_digits(built_with_dogs, tmp_path):
    source = find_split(built_with_dogs, "dogs")
    export_split(source, "tifa", tmp_path / "out")
    pairs = json.loads((tmp_path / "out").read_bytes())
    counts = [pair for pair in pairs if pair["question"].startswith("How many")]
    assert {pair["answer"] for pair in counts} >= {"0", "1", "2"}
    for pair in counts:
        least = "0" if pair["answer"] == "0" else "1"
        assert pair["choices"][0] == least
        assert pair["choices"][-1] == "4" or int(pair["choices"][-1]) > 4
    rows = pq.read_table([*source.files]).to_pylist()
    names = Counter(
        (row["id"], one["name"]) for row in rows for one in row["scene_graph"]["objects"] for _ in range(one["count"])
    )
    assert all(int(pair["answer"]) in (0, names[pair["id"], pair["element"]]) for pair in counts)


# DSG


def load_dsg(path):
    """As data_utils.py does: questions and dependencies of each item by the numbers of propositions."""
    questions, dependencies, tuples = defaultdict(dict), defaultdict(dict), defaultdict(dict)
    for _, line in pd.read_csv(path).iterrows():
        item, number, parents = line["item_id"], line["proposition_id"], line["dependency"]
        assert isinstance(parents, str)
        parents = [int(parent.strip()) for parent in parents.split(",")]
        questions[item][number] = line["question_natural_language"]
        dependencies[item][number] = parents
        tuples[item][number] = line["tuple"]
    return questions, dependencies, tuples


def score_dsg(answers, dependencies):
    """As `calc_vqa_score` does: yes is right, and nothing counts of which a parent was answered with no."""
    scores = {number: float(answer == "yes") for number, answer in answers.items()}
    counted = dict(scores)
    for number, parents in dependencies.items():
        if any(scores[parent] == 0 for parent in parents if parent != 0):
            counted[number] = 0.0
    return sum(counted.values()) / len(scores)


def test_dsg_reads_every_question_with_the_answer_yes(exported):
    path, rows = exported("dsg")
    questions, dependencies, tuples = load_dsg(path)
    assert list(questions) == [row["id"] for row in rows]
    for row in rows:
        expected = [q["question"] for q in row["questions"] if q["form"] == "yes_no" and q["answer"] == "yes"]
        assert questions[row["id"]] == dict(enumerate(expected, start=1))
        for number, parents in dependencies[row["id"]].items():
            assert set(parents) == {0} or all(1 <= parent < number for parent in parents)
        everything = dict.fromkeys(questions[row["id"]], "yes")
        assert score_dsg(everything, dependencies[row["id"]]) == 1
        assert {form.partition(" ")[0] for form in tuples[row["id"]].values()} <= {
            *("entity", "attribute", "relation", "global", "other")
        }


def list_asked_attributes(row):
    """The elements that are attributes and are asked about, as true."""
    asked = [question for question in row["questions"] if question["kind"] == "attribute"]
    return [question["elements"][0] for question in asked if question["answer"] == "yes"]


def test_dsg_counts_nothing_of_an_object_that_is_not_there(exported):
    path, rows = exported("dsg")
    _, dependencies, tuples = load_dsg(path)
    hidden = 0
    for row in rows:
        graph = row["scene_graph"]
        name = graph["objects"][0]["name"]
        same = [number for number, one in enumerate(graph["objects"]) if one["name"] == name]
        of_it = 1 + sum(int(element.split("/")[1]) in same for element in list_asked_attributes(row))
        of_it += sum(one["subject"] in same or one["object"] in same for one in graph["relations"])
        there = f"entity - whole ({name})"
        answers = {number: "no" if form == there else "yes" for number, form in tuples[row["id"]].items()}
        lost = sum(form.startswith("other - count") and f"({name}, " in form for form in tuples[row["id"]].values())
        score = score_dsg(answers, dependencies[row["id"]])
        assert math.isclose(score, 1 - (of_it + lost) / len(answers), abs_tol=1e-9)
        hidden += of_it > 1
    assert hidden


def test_dsg_has_the_columns_of_its_own_file(exported):
    path, rows = exported("dsg")
    lines = pd.read_csv(path, dtype=str, keep_default_na=False)
    assert list(lines.columns) == [
        *("item_id", "text", "keywords", "proposition_id", "dependency"),
        *("category_broad", "category_detailed", "tuple", "question_natural_language"),
    ]
    assert dict(zip(lines["item_id"], lines["text"], strict=True)) == {row["id"]: row["caption"] for row in rows}
    forms = lines["category_broad"] + " - " + lines["category_detailed"] + " (" + lines["keywords"] + ")"
    assert list(lines["tuple"]) == list(forms)
    assert b"\r" not in path.read_bytes()


# GenEval 2


def score_geneval2(path, answer_question):
    """As evaluation.py does: a number after `How many`, else yes."""
    scores = []
    for line in path.read_text(encoding="ascii").splitlines():
        record = json.loads(line)
        assert list(record) == ["prompt", "atom_count", "vqa_list", "skills"]
        right = []
        for question, answer in record["vqa_list"]:
            wanted = {answer, answer.capitalize()} if question.startswith("How many") else {"Yes", "yes"}
            right.append(int(answer_question(question, answer) in wanted))
        assert len(record["skills"]) == len(right)
        scores.append((sum(right) / len(right), record))
    return scores


def test_geneval2_reads_one_question_an_atom(exported):
    path, rows = exported("geneval2")
    scores = score_geneval2(path, lambda question, answer: answer)
    rows = [row for row in rows if 3 <= count_atoms(row) <= 10]  # soft_tifa_analysis.py knows no others
    assert [record["prompt"] for _, record in scores] == [row["caption"] for row in rows]
    for (score, record), row in zip(scores, rows, strict=True):
        assert score == 1
        assert set(record["skills"]) <= SKILLS
        graph, skills = row["scene_graph"], Counter(record["skills"])
        of_objects = {
            element
            for question in row["questions"]
            if question["kind"] == "object"
            for element in question["elements"]
        }
        # What is seen in an image of it alone is no object of the scene.
        seen = [one["name"] for number, one in enumerate(graph["objects"]) if f"object/{number}" in of_objects]
        names = Counter(seen)
        assert skills["object"] == len(names)
        asked = {
            element for question in row["questions"] if question["answer"] == "yes" for element in question["elements"]
        }
        of_scene = sum(f"scene/{number}" in asked for number in range(len(row["scene_attributes"])))
        assert skills["attribute"] == len(list_asked_attributes(row)) + of_scene
        relations = [one for number, one in enumerate(graph["relations"]) if f"relation/{number}" in asked]
        spatial = sum(one["category"] == "spatial" for one in relations)
        assert (skills["position"], skills["verb"]) == (spatial, len(relations) - spatial)
        numbers = [
            answer for (question, answer) in record["vqa_list"] if question.startswith("How many") and answer != "Yes"
        ]
        assert set(numbers) <= set(NUMBERS[1:])
        if len(numbers) == len({one["name"] for one in graph["objects"]}):  # nothing that is not counted
            left_out = sum(len(one["attributes"]) for one in graph["objects"]) - len(list_asked_attributes(row))
            left_out += len(row["scene_attributes"]) - of_scene + len(graph["relations"]) - len(relations)
            assert record["atom_count"] == len(record["vqa_list"]) - numbers.count("one") + left_out


def test_geneval2_tells_a_constant_yes_from_the_truth(exported):
    path, _ = exported("geneval2")
    for score, record in score_geneval2(path, lambda question, answer: "Yes"):
        assert math.isclose(score, 1 - record["skills"].count("count") / len(record["skills"]))


# Questions of forms and kinds that a recipe may ask


def make_row(*questions):
    row = {
        "id": "mine/test/000000000",
        "caption": "Two dogs, one of them red, chase a cat at night.",
        "scene_graph": {
            "objects": [
                {"name": "dog", "concept": "dog.n.01", "attributes": [{"kind": "color", "value": "red"}]},
                {"name": "dog", "concept": "dog.n.01", "attributes": []},
                {"name": "cat", "concept": "cat.n.01", "attributes": []},
            ],
            "relations": [{"subject": 0, "predicate": "chasing", "category": "social", "object": 2}],
        },
        "scene_attributes": [{"kind": "time_of_day", "value": "night"}],
        "questions": [],
    }
    keys = ("kind", "form", "question", "answer", "elements", "choices", "depends_on")
    for question in questions:
        values = (*question, *([], [])[len(question) - 5 :])
        row["questions"].append({**dict(zip(keys, values, strict=True)), "foil": None})
    return row


DOGS = ("object", "yes_no", "Is there a dog?", "yes", ["object/0", "object/1"])
CAT = ("object", "yes_no", "Is there a cat?", "yes", ["object/2"])
NO_COW = ("object", "yes_no", "Is there a cow?", "no", ["object/2"])
TWO = ("count", "yes_no", "Are there two dogs?", "yes", ["object/0", "object/1"], [], [0])
HOW_MANY = ("count", "open", "How many dogs are there?", "two", ["object/0", "object/1"], [], [0])
WHICH_NUMBER = (*HOW_MANY[:1], "multiple_choice", *HOW_MANY[2:5], ["three", "two", "one"], [0])
COLOR = ("attribute", "open", "What color is the first dog?", "red", ["attribute/0/0"], [], [0])
RED = ("attribute", "yes_no", "Is the first dog red?", "yes", ["attribute/0/0"], [], [0])
WHAT = ("relation", "multiple_choice", "What does the dog chase?", "cat", ["relation/0"], ["cat", "cow"], [0, 1])
CHASE = ("relation", "yes_no", "Does the dog chase the cat?", "yes", ["relation/0"], [], [0, 1])
NIGHT = ("scene", "multiple_choice", "When is it?", "night", ["scene/0"], ["noon", "night"])


def test_tifa_takes_choices_of_any_kind():
    row, tally = make_row(DOGS, TWO, COLOR, WHAT, NIGHT), Tally()
    records = convert_tifa(row, tally, {"dog.n.01": "animal/human"})
    assert [(one["element_type"], one["element"], one["choices"], one["answer"]) for one in records] == [
        ("animal/human", "dog", ["yes", "no"], "yes"),
        ("counting", "dog", ["yes", "no"], "yes"),
        ("activity", "chasing", ["cat", "cow"], "cat"),
        ("attribute", "night", ["noon", "night"], "night"),
    ]
    assert tally.left_out == {"open": 1}


def test_tifa_asks_how_many_once():
    for questions, choices in (
        ([HOW_MANY], ["1", "2", "3", "4"]),
        ([HOW_MANY, WHICH_NUMBER], ["3", "2", "1"]),
        ([WHICH_NUMBER, HOW_MANY], ["3", "2", "1"]),
    ):
        (record,) = convert_tifa(make_row(*questions), Tally(), {})
        assert (record["answer"], record["choices"]) == ("2", choices)
    six = ("count", "count", "How many dogs are there?", "six", ["object/0"])
    (record,) = convert_tifa(make_row(six), Tally(), {})
    assert (record["answer"], record["choices"]) == ("6", ["1", "2", "3", "4", "5", "6"])


def test_dsg_depends_on_what_a_question_that_is_left_out_depends_on():
    on_color = (*RED[:6], [2])
    row, tally = make_row(NO_COW, DOGS, (*COLOR[:6], [1]), on_color, CAT, (*CHASE[:6], [0, 1, 4, 3])), Tally()
    lines = convert_dsg(row, tally)
    assert [line[4] for line in lines] == ["0,0", "1,1", "0,0", "1,2,3"]
    assert [line[3] for line in lines] == [1, 2, 3, 4]
    assert tally.left_out == {"open": 1, "yes/no with the answer no": 1}


def test_dsg_writes_tuples_as_its_own_file_does():
    night = ("scene", "yes_no", "Is it night?", "yes", ["scene/0"])
    lines = convert_dsg(make_row(DOGS, CAT, TWO, RED, CHASE, night), Tally())
    assert [line[7] for line in lines] == [
        "entity - whole (dog)",
        "entity - whole (cat)",
        "other - count (dog, ==2)",
        "attribute - color (dog, red)",
        "relation - action (dog, cat, chasing)",
        "global - - (night)",
    ]


def test_an_object_may_stand_for_several():
    row = make_row((*TWO[:4], ["object/2"]), (*HOW_MANY[:3], "three", ["object/2"]))
    row["scene_graph"]["objects"][2]["count"] = 3
    assert [line[7] for line in convert_dsg(row, Tally())] == ["other - count (cat, ==3)"]
    assert count_atoms(row) == 7  # three, besides


def test_geneval2_asks_once_about_an_atom():
    row, tally = make_row(DOGS, CAT, NO_COW, TWO, WHICH_NUMBER, HOW_MANY, COLOR, RED, RED, WHAT, CHASE), Tally()
    (record,) = convert_geneval2(row, tally)
    assert record == {
        "prompt": row["caption"],
        "atom_count": 6,  # dog, two, red, cat, chasing, night
        "vqa_list": [
            ["Is there a dog?", "Yes"],
            ["Is there a cat?", "Yes"],
            ["How many dogs are there?", "two"],
            ["Is the first dog red?", "Yes"],
            ["Does the dog chase the cat?", "Yes"],
        ],
        "skills": ["object", "object", "count", "attribute", "verb"],
    }
    assert tally.questions == 5
    assert sum(tally.left_out.values()) + tally.questions == len(row["questions"])


@pytest.mark.parametrize("more", [-4, 5, 6])
def test_geneval2_holds_what_its_analysis_counts(more):
    row, tally = make_row(DOGS, CAT), Tally()
    cat = row["scene_graph"]["objects"][2]
    cat["attributes"] = [{"kind": "size", "value": f"{number}"} for number in range(more)]
    if more < 0:
        row["scene_graph"] = {"objects": [cat, cat], "relations": []}
        row["scene_attributes"] = []
    atoms = count_atoms(row)
    assert len(convert_geneval2(row, tally)) == (3 <= atoms <= 10)
    assert bool(tally.left_out["whole scenes of less than 3 or more than 10 atoms"]) == (atoms not in range(3, 11))


def test_geneval2_asks_for_no_number_that_its_scorer_knows_in_words_alone():
    row, tally = make_row(DOGS, (*HOW_MANY[:3], "eleven", ["object/2"])), Tally()
    assert convert_geneval2(row, tally)[0]["skills"] == ["object"]
    assert sum(tally.left_out.values()) == 1


STORY = ("story", "yes_no", "Is it a story?", "yes", ["object/2"], [], [0])
ON_STORY = (*CHASE[:6], [1, 2])


@pytest.mark.parametrize("format_", ["dsg", "geneval2", "tifa"])
def test_kinds_that_are_not_known_are_left_out_and_counted(format_, built):
    """What depends on such a question depends on what that depends on."""
    layout = load_format(format_)(find_split(built, "video", "test").recipe)
    tally, without = Tally(), Tally()
    mixed = make_row(DOGS, STORY, CAT, ON_STORY, STORY, NIGHT)
    row = make_row(DOGS, CAT, (*CHASE[:6], [0, 1]), NIGHT)
    assert layout.convert_known(mixed, tally) == layout.convert_known(row, without) == layout.convert(row, Tally())
    assert tally.questions == without.questions > 2
    assert tally.left_out == {**without.left_out, "questions of the kind `story`": 2}
    assert layout.convert_known(make_row(STORY[:5]), tally) == []


def test_atoms_are_those_of_the_benchmark():
    """README.md of GenEval 2: four white bicycles in front of three plastic cows have 7."""
    white, plastic = ([{"kind": "color", "value": word}] for word in ("white", "plastic"))
    bicycles = [{"name": "bicycle", "attributes": white if number == 0 else []} for number in range(4)]
    cows = [{"name": "cow", "attributes": plastic if number == 0 else []} for number in range(3)]
    relations = [{"subject": 0, "predicate": "in front of", "category": "spatial", "object": 4}]
    graph = {"objects": bicycles + cows, "relations": relations}
    assert count_atoms({"scene_graph": graph, "scene_attributes": []}) == 7
