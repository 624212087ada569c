"""Questions: every answer is worked out again from the scene graph and the question's own words."""

import re
from collections import Counter

import pytest
from generate_any_scene.builders.recipe_files import list_recipes

ORDINALS = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
]
NUMBERS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
OPEN = {
    "What color": "color",
    "What shape": "shape",
    "What size": "size",
    "What is the texture of": "texture",
    "What is the architectural style of": "architecture",
    "Where does the scene take place": "location",
    "What is the weather": "weather",
    "Which artist's style": "artist",
    "Which camera was": "camera_model",
    "What is the genre": "genre",
}
TWINS = ("content.objects.under=[dog.n.01]", "content.objects.top=3")


class Oracle:
    """Answers questions about a row from its scene graph, its scene attributes and the taxonomy, and nothing else."""

    def __init__(self, taxonomy):
        objects = taxonomy.objects.to_pylist()
        self.parents = {row["id"]: row["parent"] for row in objects}
        self.by_name, self.by_plural = {}, {}
        for row in objects:
            self.by_name.setdefault(row["name"], set()).add(row["id"])
            self.by_plural.setdefault(row["plural"], set()).add(row["id"])
        self.countability = {row["id"]: row["countability"] for row in objects}
        attributes = taxonomy.attributes.to_pylist()
        self.adjective = {(row["kind"], row["name"]): row["adjective"] for row in attributes}
        self.adjectives = set(self.adjective.values())
        self.relation_words = {
            (row["category"], row["predicate"]): row["finite_plural"] or row["predicate"]
            for row in taxonomy.relations.to_pylist()
        }
        self.phrase = {(row["kind"], row["name"]): row["phrase"] for row in taxonomy.scene_attributes.to_pylist()}
        self.phrases = set(self.phrase.values())

    def climb(self, concept):
        """A concept and all above it."""
        while concept:
            yield concept
            concept = self.parents[concept]

    def is_one_of(self, item, concepts):
        return any(concept in concepts for concept in self.climb(item["concept"]))

    def list_references(self, row):
        """How questions refer to each object: `the dog`, or `the second dog` in the order of the caption."""
        names = [item["name"] for item in row["scene_graph"]["objects"]]
        elements = dict.fromkeys(mention["element"] for mention in row["mentions"])
        mentioned = [int(element.split("/")[1]) for element in elements if element.startswith("object/")]
        for number, name in enumerate(names):
            alike = [other for other in mentioned if names[other] == name]
            yield f"the {ORDINALS[alike.index(number)]} {name}" if len(alike) > 1 else f"the {name}"

    def split_reference(self, row, text):
        """Every (object, rest of the text) that a text that begins with a reference can mean."""
        for item, reference in zip(row["scene_graph"]["objects"], self.list_references(row), strict=True):
            if text == reference or text.startswith(reference + " "):
                yield item, text[len(reference) + 1 :]

    def answer(self, row, question):
        text = question["question"]
        assert text.endswith("?") and text[0].isupper() and "  " not in text
        answers = set(getattr(self, f"answer_{question['kind']}")(row, text[:-1], question["form"]))
        assert len(answers) == 1, f"{text} means {answers or 'nothing'}"
        return answers.pop()

    def answer_object(self, row, text, form):
        found = re.fullmatch(r"(?:Is|Are) there (?:an?|any) (.+) in the (picture|video|3D model)", text)
        there = any(self.is_one_of(item, self.by_name[found[1]]) for item in row["scene_graph"]["objects"])
        yield "yes" if there else "no"

    def answer_count(self, row, text, form):
        plural = re.fullmatch(r"How many (.+) are there in the (?:picture|video|3D model)", text)[1]
        objects = row["scene_graph"]["objects"]
        yield NUMBERS[sum(self.is_one_of(item, self.by_plural[plural]) for item in objects)]

    def answer_attribute(self, row, text, form):
        if form == "yes_no":
            for item, adjective in self.split_reference(row, re.sub("^(Is|Are) ", "", text)):
                if adjective in self.adjectives:
                    held = {self.adjective[one["kind"], one["value"]] for one in item["attributes"]}
                    yield "yes" if adjective in held else "no"
            return
        made_of = re.fullmatch(r"What (?:is|are) (.+) made of", text)
        opening = next((opening for opening in OPEN if text.startswith(opening)), None)
        kind = "material" if made_of else OPEN[opening]
        reference = made_of[1] if made_of else re.sub("^ (is|are) ", " ", text.removeprefix(opening)).strip()
        for item, rest in self.split_reference(row, reference):
            if not rest:
                (value,) = (one["value"] for one in item["attributes"] if one["kind"] == kind)
                yield value

    def answer_relation(self, row, text, form):
        objects, relations = row["scene_graph"]["objects"], row["scene_graph"]["relations"]
        for subject, rest in self.split_reference(row, re.sub("^(Is|Are|Does|Do) ", "", text)):
            for relation in relations:
                words = self.relation_words[relation["category"], relation["predicate"]]
                if objects[relation["subject"]] is subject and rest.startswith(words + " "):
                    ends = rest[len(words) + 1 :]
                    targets = [
                        objects[other["object"]]
                        for other in relations
                        if objects[other["subject"]] is subject
                        and self.relation_words[other["category"], other["predicate"]] == words
                    ]
                    for item, left in self.split_reference(row, ends):
                        if not left:
                            yield "yes" if any(item is target for target in targets) else "no"
                    if found := re.fullmatch("(?:an?|any) (.+)", ends):
                        there = any(self.is_one_of(item, self.by_name[found[1]]) for item in targets)
                        yield "yes" if there else "no"

    def answer_scene(self, row, text, form):
        if form == "open":
            kind = next(kind for opening, kind in OPEN.items() if text.startswith(opening))
            (value,) = (one["value"] for one in row["scene_attributes"] if one["kind"] == kind)
            yield value
            return
        phrase = re.fullmatch(r"(?:Does the scene take place|Is the (?:picture|video|3D model)) (.+)", text)[1]
        assert phrase in self.phrases
        yield "yes" if phrase in {self.phrase[one["kind"], one["value"]] for one in row["scene_attributes"]} else "no"


@pytest.fixture(scope="module")
def oracle(taxonomy):
    return Oracle(taxonomy)


@pytest.fixture(scope="module", params=[*list_recipes(), "twins"])
def rows(request, write_rows):
    return (
        write_rows("multi_object", TWINS, 1500) if request.param == "twins" else write_rows(request.param, rows=1500)
    )


def list_questions(rows, **wanted):
    for row in rows:
        for question in row["questions"]:
            if all(question[key] == value for key, value in wanted.items()):
                yield row, question


@pytest.mark.parametrize("kind", ["object", "attribute", "relation", "count", "scene"])
def test_every_answer_follows_from_the_scene_graph(kind, rows, oracle):
    wrong = [
        (row["id"], question["question"], question["answer"])
        for row, question in list_questions(rows, kind=kind)
        if oracle.answer(row, question) != question["answer"]
    ]
    assert not wrong[:5], len(wrong)


def test_every_element_of_a_scene_is_asked_about(rows):
    for row in rows:
        graph = row["scene_graph"]
        asked = {element for question in row["questions"] for element in question["elements"]}
        objects = {f"object/{i}" for i in range(len(graph["objects"]))}
        attributes = {
            f"attribute/{i}/{j}" for i, item in enumerate(graph["objects"]) for j in range(len(item["attributes"]))
        }
        relations = {f"relation/{k}" for k in range(len(graph["relations"]))}
        assert asked == objects | attributes | relations | {f"scene/{k}" for k in range(len(row["scene_attributes"]))}


def test_questions_depend_on_earlier_ones_whether_their_objects_are_there(rows):
    for row in rows:
        relations = row["scene_graph"]["relations"]
        for number, question in enumerate(row["questions"]):
            needed = set()
            for element in question["elements"]:
                domain, *numbers = element.split("/")
                if domain == "attribute" or question["kind"] == "count":
                    needed.add(f"object/{numbers[0]}")
                if domain == "relation":
                    relation = relations[int(numbers[0])]
                    needed |= {f"object/{relation['subject']}"}
                    needed |= set() if question["foil"] else {f"object/{relation['object']}"}
            parents = [row["questions"][index] for index in question["depends_on"]]
            assert all(index < number for index in question["depends_on"])
            assert all(parent["kind"] == "object" and parent["answer"] == "yes" for parent in parents)
            assert needed <= {element for parent in parents for element in parent["elements"]}
            assert len(set(question["depends_on"])) == len(question["depends_on"])
            assert bool(parents) == bool(needed)


@pytest.mark.parametrize("recipe", list_recipes())
def test_yes_is_right_as_often_as_no(recipe, write_rows):
    """Whoever always says yes is right half of the time, about each kind."""
    for kind in ("object", "attribute", "relation", "scene"):
        asked = list_questions(write_rows(recipe, rows=1500), kind=kind, form="yes_no")
        answers = Counter(question["answer"] for _, question in asked)
        assert answers["no"] == pytest.approx(answers["yes"], rel=0.03), kind


def test_a_question_has_a_foil_exactly_when_the_answer_is_no(rows):
    for _, question in list_questions(rows):
        assert (question["foil"] is not None) == (question["answer"] == "no")


def test_forms_hold_what_their_names_say(rows):
    for _, question in list_questions(rows):
        assert (question["form"] == "yes_no") == (question["answer"] in ("yes", "no"))
        assert (question["form"] == "count") == (question["kind"] == "count")
        assert bool(question["choices"]) == (question["form"] == "multiple_choice")


def test_choices_hold_the_answer_once_and_nothing_twice(rows):
    for row, question in list_questions(rows, form="multiple_choice"):
        assert len(question["choices"]) >= 2
        assert question["choices"].count(question["answer"]) == 1
        assert len(set(question["choices"])) == len(question["choices"])
        _, holder, _ = question["elements"][0].split("/")
        held = {one["value"] for one in row["scene_graph"]["objects"][int(holder)]["attributes"]}
        assert held & set(question["choices"]) == {question["answer"]}


def test_the_answer_is_at_every_place_of_the_choices_equally_often(rows):
    full = [question for _, question in list_questions(rows, form="multiple_choice") if len(question["choices"]) == 4]
    if len(full) < 40:
        pytest.skip("this recipe has few choices to make")
    places = Counter(question["choices"].index(question["answer"]) for question in full)
    even = len(full) / 4
    # Chi-square with 3 degrees of freedom: above 16.3 once in a thousand.
    assert sum((places[place] - even) ** 2 / even for place in range(4)) < 16.3


def test_foils_are_not_in_the_scene(rows):
    for row, question in list_questions(rows):
        objects = row["scene_graph"]["objects"]
        if question["foil"] is None:
            continue
        if question["kind"] in ("object", "relation"):
            assert question["foil"] not in {item["name"] for item in objects}
        elif question["kind"] == "attribute":
            held = objects[int(question["elements"][0].split("/")[1])]["attributes"]
            assert question["foil"] not in {one["value"] for one in held}
        else:
            assert question["foil"] not in {one["value"] for one in row["scene_attributes"]}


def test_foils_of_attributes_apply_to_the_object(rows, taxonomy):
    """A foil that nobody would ask of such an object would give the answer away."""
    applies = {}
    for one in taxonomy.attributes.to_pylist():
        applies.setdefault(one["name"], set()).update(one["applies_to"].split("|"))
    kinds = {row["id"]: set(row["kinds"].split("|")) for row in taxonomy.objects.to_pylist()}
    for row, question in list_questions(rows, kind="attribute", answer="no"):
        holder = row["scene_graph"]["objects"][int(question["elements"][0].split("/")[1])]
        assert applies[question["foil"]] & (kinds[holder["concept"]] | {"any"})


def test_no_question_is_asked_twice(rows):
    for row in rows:
        asked = [(question["question"], question["form"]) for question in row["questions"]]
        assert len(set(asked)) == len(asked)


def test_only_the_kinds_that_a_recipe_names_are_asked(write_rows):
    rows = write_rows("general", ("questions=[count, relation]",), 200)
    kinds = {question["kind"] for _, question in list_questions(rows)}
    assert kinds == {"count", "relation"}
    assert not any(question["depends_on"] for _, question in list_questions(rows))
    assert all(not row["questions"] for row in write_rows("general", ("questions=[]",), 20))


def test_other_kinds_of_questions_do_not_change_those_that_stay(write_rows):
    every, some = (write_rows("general", overrides, 200) for overrides in ((), ("questions=[object, attribute]",)))
    for row, other in zip(every, some, strict=True):
        assert [question for question in row["questions"] if question["kind"] in ("object", "attribute")] == other[
            "questions"
        ]
