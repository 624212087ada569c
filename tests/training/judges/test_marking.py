"""How questions are put to a judge, and which replies are right."""

from collections import Counter

import pytest
from generate_any_scene.taxonomy import load_taxonomy
from generate_any_scene.taxonomy.english.numerals import write_number
from generate_any_scene.taxonomy.wordings import list_wordings
from generate_any_scene.training.judges.marking import (
    CHOOSE,
    choose_questions,
    mark_reply,
    word_question,
)

ROWS = {"general": 80, "video": 20, "three_d": 20}
FORMS = {"yes_no", "count", "multiple_choice", "open"}
REFUSALS = (
    "",
    "  ",
    "...",
    "I cannot tell.",
    "I can't tell.",
    "I can’t determine that from the image.",
    "I'm not sure.",
    "I am unable to determine this.",
    "I don't know.",
    "Unknown",
    "It is unclear.",
    "It is not clear from the picture.",
    "It is not possible to tell.",
    "Sorry, I cannot help with that.",
    "N/A",
)


def ask(form, answer, choices=(), kind="attribute", question="What is it?"):
    return {"question": question, "answer": answer, "choices": list(choices), "form": form, "kind": kind}


YES, NO = ask("yes_no", "yes"), ask("yes_no", "no")


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("Yes", True),
        ("yes.", True),
        ("**Yes**, there is.", True),
        ('"Yes"', True),
        (" YES!", True),
        ("Yes, but there is no dog.", True),
        ("No", False),
        ("No, yes is wrong.", False),
        ("no dog is there", False),
        ("There is a dog, yes.", None),
        ("The answer is no.", False),
        ("Yeah, there is.", True),
        ("Nope", False),
        ("It is.", True),
        ("It isn't.", False),
        ("Yes or no.", None),
        ("yes/no", None),
        ("Yesterday", None),
        ("Not at all", None),
        ("I see no dog.", None),
        *((reply, None) for reply in REFUSALS),
    ],
)
def test_yes_and_no(reply, said):
    assert mark_reply(reply, YES) is said
    assert mark_reply(reply, NO) is (None if said is None else not said)


@pytest.mark.parametrize(
    ("reply", "number"),
    [
        ("two", 2),
        ("2", 2),
        ("Two.", 2),
        ("**2**", 2),
        ("There are two.", 2),
        ("There are 2 dogs and one cat.", 2),
        ("No, there are two.", 2),
        ("two - one on the left, one on the right", 2),
        ("Two, one of which is red", 2),
        ("There are exactly 13 dogs.", 13),
        ("thirteen", 13),
        ("1,000 dogs", 1000),
        ("There are twelve three-legged stools.", 12),
        ("There are four four-leaf clovers.", 4),
        ("There is one four-leaf clover.", 1),
        ("There are three 3D printers.", 3),
        ("One.", 1),
        ("There is a single dog.", 1),
        ("zero", 0),
        ("0", 0),
        ("None", 0),
        ("None.", 0),
        ("There are no dogs.", 0),
        ("There are no dogs, only one cat.", 0),
        ("There aren't any dogs.", 0),
        ("There are not any.", 0),
        ("I do not see any dogs.", 0),
        ("I cannot see any dogs.", 0),
        ("There is not a single dog.", 0),
        ("Not one.", 0),
        ("No.", None),
        ("Several.", None),
        ("many dogs", None),
        ("two or three", None),
        ("2-3", None),
        ("2 – 3", None),
        ("2 to 3", None),
        ("four-leaf clovers", None),
        ("1.5", None),
        ("I cannot tell which one.", None),
        *((reply, None) for reply in REFUSALS),
    ],
)
def test_counts(reply, number):
    for value, answer in [*enumerate(map(write_number, range(15))), (1000, "1000")]:
        expected = None if number is None else value == number
        assert mark_reply(reply, ask("count", answer)) is expected


COLORS = ["red", "dark red", "light blue", "blue"]
PLACES = ["above", "not quite above", "below", "beside", "an aunt or uncle of", "a friend of"]


@pytest.mark.parametrize(
    ("reply", "choices", "named"),
    [
        ("red", COLORS, "red"),
        ("Red.", COLORS, "red"),
        ("Dark red", COLORS, "dark red"),
        ("It is dark-red.", COLORS, "dark red"),
        ("- light blue", COLORS, "light blue"),
        ("The cup is a light blue.", COLORS, "light blue"),
        ("It is not red but dark red.", COLORS, "dark red"),
        ("It's blue, not light blue.", COLORS, "blue"),
        ("It isn't dark red.", COLORS, None),
        ("red and blue", COLORS, None),
        ("red or dark red", COLORS, None),
        ("neither red nor blue", COLORS, None),
        ("green", COLORS, None),
        ("reddish", COLORS, None),
        ("I'm not sure, but it looks red.", COLORS, "red"),
        ("I cannot tell whether it is red.", COLORS, None),
        ("Above", PLACES, "above"),
        ("not quite above", PLACES, "not quite above"),
        ("The cup is not quite above the plate.", PLACES, "not quite above"),
        ("aunt or uncle of", PLACES, "an aunt or uncle of"),
        ("The cup is the friend of the plate.", PLACES, "a friend of"),
        ("above below", PLACES, None),
        ("f/2", ["f/2", "f/22", "f/1.8", "f/18"], "f/2"),
        ("F/22.", ["f/2", "f/22", "f/1.8", "f/18"], "f/22"),
        ("It was f/1.8", ["f/2", "f/22", "f/1.8", "f/18"], "f/1.8"),
        ("f/2.8", ["f/2", "f/22", "f/1.8", "f/18"], None),
        ("50 mm", ["50mm", "500mm"], "50mm"),
        ("Noodles", ["noodle", "noodle soup", "cherry"], "noodle"),
        ("cherries", ["noodle", "noodle soup", "cherry"], "cherry"),
        ("glasses", ["glass", "glasses"], "glasses"),
        ("Olympus E-20, E-20N, E-20P", ["Olympus E-20, E-20N, E-20P", "Nikon F3"], "Olympus E-20, E-20N, E-20P"),
        ("Durer", ["Albrecht Dürer", "Édouard Manet"], None),
        ("Edouard Manet", ["Albrecht Dürer", "Édouard Manet"], "Édouard Manet"),
        ("Sony Alpha 7R IV", ["Sony Alpha 7R IV A", "Sony Alpha 7R IV"], "Sony Alpha 7R IV"),
        ("Sony Alpha 7R IV A.", ["Sony Alpha 7R IV A", "Sony Alpha 7R IV"], "Sony Alpha 7R IV A"),
        ("an over-the-shoulder view", ["over-the-shoulder view", "shoulder"], "over-the-shoulder view"),
        *((reply, COLORS, None) for reply in REFUSALS),
    ],
)
def test_choices(reply, choices, named):
    for choice in choices:
        expected = None if named is None else choice == named
        assert mark_reply(reply, ask("multiple_choice", choice, choices)) is expected


@pytest.mark.parametrize(
    ("answer", "reply", "expected"),
    [
        ("shepherd dog", "A shepherd dog.", True),
        ("shepherd dog", "The shepherd-dog is next to it.", True),
        ("shepherd dog", "Two shepherd dogs", True),
        ("shepherd dog", "a shepherd and a dog", False),
        ("shepherd dog", "dog", False),
        ("goggles", "A pair of goggles", True),
        ("goggles", "goggle", False),
        ("moss", "Some moss.", True),
        ("berry", "berries", True),
        ("the Barbizon School", "Barbizon School", True),
        ("the Barbizon School", "It is of the barbizon school.", True),
        ("jack-o'-lantern", "jack o’lantern", False),
        ("jack-o'-lantern", "A jack-o’-lantern.", True),
        ("papier-mâché", "Papier mache", True),
        ("bird's-eye view", "A birds-eye view", True),
        ("A battery", "A battery.", True),
        ("red", "It is not red.", False),
        ("red", "It isn't a red.", False),
        ("red", "not blue but red", True),
        ("red", "blue", False),
        ("red", "Predator", False),
        ("red", "I cannot tell, but it may be red.", True),
        ("red", "I cannot tell whether it is red.", None),
        ("unknown", "unknown", True),
        ("dog", "There is no dog.", False),
        *(("red", reply, None) for reply in REFUSALS),
    ],
)
def test_open_answers(answer, reply, expected):
    assert mark_reply(reply, ask("open", answer)) is expected


@pytest.mark.parametrize(
    ("question", "answer", "reply", "expected"),
    [
        ("At what ISO was the picture taken?", "ISO 100", "100", True),
        ("At what ISO was the picture taken?", "ISO 100", "1000", False),
        ("At what ISO was the picture taken?", "ISO 100", "ISO 400, not ISO 100", False),
        ("What is the depth of field of the picture?", "shallow depth of field", "Shallow.", True),
        ("What is the depth of field of the picture?", "shallow depth of field", "Deep.", False),
        ("From what view is the scene shown?", "view from below", "below", True),
        ("Where does the scene take place?", "locker room", "room", False),
    ],
)
def test_answers_about_the_scene_without_what_the_question_says(question, answer, reply, expected):
    assert mark_reply(reply, ask("open", answer, kind="scene", question=question)) is expected


def test_answers_about_objects_are_whole():
    question = ask("open", "shepherd dog", question="What is next to the dog house?")
    assert mark_reply("shepherd", question) is False


WOOD, OAK = ["wood", "wooden"], ["oak", "steel", "glass", "wood chip"]
THEATRES = ["movie theatre", "movie theatres"]


def test_what_captions_say_of_a_scene_answers_questions_about_it():
    taxonomy = load_taxonomy(["default"])
    aliases = {}
    for row, text in zip(*(one.tolist() for one in list_wordings(taxonomy, "scene_attributes")), strict=True):
        aliases.setdefault(row, []).append(text)
    for number, row in enumerate(taxonomy.scene_attributes.to_pylist()):
        asked = {**ask("open", row["name"]), "kind": "scene", "aliases": aliases.get(number)}
        assert mark_reply(row["phrase"], asked) is True, row["id"]


@pytest.mark.parametrize(
    ("answer", "aliases", "reply", "expected"),
    [
        ("maple", WOOD, "It is wooden.", True),
        ("maple", WOOD, "Wood", True),
        ("maple", WOOD, "It is not wood.", False),
        ("maple", WOOD, "metal", False),
        ("maple", WOOD, "I cannot tell, but it may be wood.", True),
        ("maple", WOOD, "I cannot tell whether it is wood.", None),
        ("Claude Monet", ["Monet"], "Monet.", True),
        ("Claude Monet", ["Monet"], "Not Claude Monet.", False),
        ("Claude Monet", ["Monet"], "It is not Claude Monet but Monet.", True),
        ("mouse", ["mice"], "Two mice.", True),
        ("movie theater", THEATRES, "the movie theatres", True),
        ("movie theater", THEATRES, "theatre", False),
        ("maple", None, "wood", False),
    ],
)
def test_aliases_are_as_right(answer, aliases, reply, expected):
    assert mark_reply(reply, {**ask("open", answer), "aliases": aliases}) is expected


@pytest.mark.parametrize(
    ("answer", "aliases", "choices", "reply", "expected"),
    [
        ("oak", ["wood"], OAK, "wood", True),
        ("oak", ["wood"], OAK, "It is wood, not steel.", True),
        ("oak", ["wood"], OAK, "It is not wood.", None),
        ("oak", ["wood"], OAK, "a wood chip", False),
        ("oak", ["wood"], OAK, "wood and steel", False),
        ("oak", ["wood"], OAK, "oak wood", True),
        ("oak", [], OAK, "wood", None),
        ("mouse", ["mice"], ["mouse", "cat"], "mice", True),
        ("mouse", ["mice"], ["mouse", "cat"], "mice and cats", None),
        ("movie theater", THEATRES, ["movie", "movie theater"], "a movie theatre", True),
        ("gray", ["grey"], ["gray", "light gray"], "grey", True),
        ("gray", ["grey"], ["gray", "red"], "grey or red", False),
    ],
)
def test_aliases_name_a_choice_where_none_is_named(answer, aliases, choices, reply, expected):
    assert mark_reply(reply, {**ask("multiple_choice", answer, choices), "aliases": aliases}) is expected


def test_questions_of_older_datasets_have_no_aliases(questions):
    for one in questions:
        older = {key: value for key, value in one.items() if key != "aliases"}
        for reply in (one["answer"], "I cannot tell.", *one["choices"]):
            assert mark_reply(reply, older) is mark_reply(reply, {**one, "aliases": []})


def test_aliases_of_real_questions_are_right(questions):
    assert sum(len(one["aliases"]) for one in questions) > 1000
    for one in questions:
        for alias in one["aliases"]:
            for reply in (alias, f"{alias.capitalize()}.", f"It is the {alias}."):
                assert mark_reply(reply, one) is True, (reply, one)


def test_questions_of_some_kinds():
    asked = [ask("yes_no", "yes", kind=kind) for kind in ("object", "count", "attribute", "relation")]
    assert choose_questions(asked, None) == asked
    assert choose_questions(asked, ["relation", "object"]) == [asked[0], asked[3]]
    assert choose_questions(asked, ["scene"]) == []


def test_other_forms_are_asked_as_they_are():
    for form in FORMS - {"multiple_choice"}:
        assert word_question(ask(form, "yes")) == "What is it?"


def test_choices_are_asked_one_a_line():
    text = word_question(ask("multiple_choice", "above", PLACES))
    assert text.startswith(f"What is it?\n{CHOOSE}\n- above\n- not quite above\n")
    assert text.split("\n- ")[1:] == PLACES


@pytest.fixture(scope="module")
def questions(write_rows):
    return [
        question
        for recipe, rows in ROWS.items()
        for row in write_rows(recipe, rows=rows)
        for question in row["questions"]
    ]


@pytest.fixture(scope="module")
def others(questions):
    """An answer to an open question of the same kind whose words are not among those of the first."""
    answers = sorted({one["answer"] for one in questions if one["form"] == "open"})

    def choose(answer):
        words = {word.rstrip("s") for word in answer.lower().replace("-", " ").split()}
        return next(
            one for one in answers if not words & {w.rstrip("s") for w in one.lower().replace("-", " ").split()}
        )

    return choose


def test_there_are_questions_of_every_form(questions):
    counts = Counter(one["form"] for one in questions)
    assert counts.keys() == FORMS
    assert min(counts.values()) > 150


def test_the_answers_themselves_are_right(questions):
    for one in questions:
        answer = one["answer"]
        replies = [answer, answer.upper(), f"{answer}.", f" {answer[:1].upper()}{answer[1:]}.\n", f"**{answer}**"]
        if one["form"] == "yes_no":
            replies += [f"{answer.capitalize()}, that is so.", f"{answer}, there is no other cup."]
        elif one["form"] == "count":
            replies += [f"There are {answer}.", f"The picture shows {answer} of them, beside a wall."]
            replies += ["None", "There are no such things."] if answer == "zero" else []
        else:
            replies += [f"It is {answer}.", f"The answer is the {answer}, I think.", f'It is called "{answer}"']
            replies += [f"- {answer}", f"It is not whatever but {answer}."]
        assert [reply for reply in replies if mark_reply(reply, one) is not True] == [], one


def test_other_answers_are_wrong(questions, others):
    for one in questions:
        answer = one["answer"]
        if one["form"] == "yes_no":
            other = {"yes": "no", "no": "yes"}[answer]
            replies = [other, f"{other.capitalize()}, not {answer}.", f"{other} - {one['foil']}"]
        elif one["form"] == "count":
            other = "three" if answer != "three" else "4"
            replies = [other, f"There are {other}, not {answer}."]
        elif one["form"] == "multiple_choice":
            wrong = [choice for choice in one["choices"] if choice != answer]
            replies = [*wrong, *(f"It is {choice}, not {answer}." for choice in wrong)]
        else:
            other = others(answer)
            replies = [other, f"It is the {other}.", f"It is {other}, not {answer}."]
        assert [reply for reply in replies if mark_reply(reply, one) is not False] == [], one


@pytest.mark.parametrize("reply", [reply for reply in REFUSALS if reply.strip()])
def test_no_answer_is_refused(questions, reply):
    assert [one for one in questions[::7] if mark_reply(reply, one) is not None] == []


def test_several_choices_are_refused(questions):
    asked = [one for one in questions if one["form"] == "multiple_choice"]
    assert len(asked) > 400
    for one in asked:
        assert mark_reply(" and ".join(one["choices"]), one) is None


def test_choices_of_real_questions_can_be_read_again(questions):
    for one in questions:
        if one["choices"]:
            assert word_question(one).split("\n- ")[1:] == one["choices"]


def test_no_concept_reads_as_a_refusal(taxonomy):
    """But for what is never asked openly as it is, as it has a word of a refusal for a name."""
    names = {
        name
        for table in ("objects", "attributes", "scene_attributes")
        for name in getattr(taxonomy, table)["name"].to_pylist()
    }
    names |= set(taxonomy.relations["predicate"].to_pylist())
    refused = {name for name in names if mark_reply(f"It is {name}!", ask("open", name)) is not True}
    assert refused <= {"don't-know"}
