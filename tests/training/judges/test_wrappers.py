"""What judges put around an answer changes no verdict, whatever the form of the question and the answer."""

import pytest
from generate_any_scene.builders.export.layout import find_element
from generate_any_scene.training.judges.marking import mark_reply
from generate_any_scene.training.judges.wrappers import unwrap_reply

LABELS = [
    *("Answer: {}", "**Answer:** {}", "Final answer: {}", "A: {}", "Response: {}", "Answer - {}", "Answer\uff1a{}"),
    *("The answer is {}.", "The correct answer is: {}", "My answer would be {}.", "Therefore, the answer is {}."),
    "The picture shows five zebras, so yes and no.\nAnswer: {}",
    "It may be five. No, a red zebra, yes. So the answer is: **{}**",
]
TAGS = [
    *("<answer>{}</answer>", "<answer>{}", "<b>{}</b>", "<|begin_of_box|>{}<|end_of_box|>", "$\\boxed{{{}}}$"),
    *("\\boxed{{\\text{{{}}}}}", '{{"answer": "{}"}}', '```json\n{{"answer": "{}", "sure": 5}}\n```'),
]
MARKS = [
    "{}.",
    "{}\u3002",
    "**{}**",
    "_{}_",
    "`{}`",
    '"{}"',
    "\u201c{}\u201d",
    "({})",
    "# {}",
    "\u2022 {}",
    "- {}",
    "1. {}",
]
MARKS += ["1) {}", "(B) {}", "b) {}", "[A] {}", "B. {}"]
THOUGHTS = [
    "<think>Is it no? Or yes, five red zebras?</think>\n{}",
    "Is it no, or five red zebras?</think>\n\n{}",
    "[THINK]Five zebras. No.[/THINK]{}",
    "<think>Yes.</think><answer>{}</answer>",
]
EXPLAINED = [
    "{}, because there are not five zebras.",
    "{}\n\nThere are five zebras.",
    "{}\nExplanation: there are five red zebras.",
    "Let me look at the picture closely:\n\n{}",
]
WRAPPERS = [*LABELS, *TAGS, *MARKS, *THOUGHTS, *EXPLAINED]


def ask(form, question, answer, choices=(), kind="object", aliases=()):
    return {"form": form, "question": question, "answer": answer, "choices": choices, "kind": kind, "aliases": aliases}


DOG = "Is there a dog in the picture?"
DOGS = "How many dogs are there in the picture?"


def list_wrong(question):
    """Wrong answers to a question of a row."""
    if question["form"] == "yes_no":
        return ["no" if question["answer"] == "yes" else "yes"]
    if question["form"] == "count":
        return [one for one in ("zero", "one", "2", "eleven") if one not in (question["answer"], *question["aliases"])]
    return [one for one in question["choices"] if one != question["answer"]] or ["quokka"]


@pytest.fixture(scope="module")
def questions(write_rows):
    """Four questions of each kind and form, and of each answer of short ones."""
    taken = {}
    for recipe in ("general", "counting"):
        for row in write_rows(recipe, rows=60):
            for one in row["questions"]:
                short = one["answer"] if one["form"] in ("yes_no", "count") else ""
                taken.setdefault((one["kind"], one["form"], short), []).append(one)
    assert {form for _, form, _ in taken} == {"yes_no", "count", "multiple_choice", "open"}
    return [one for some in taken.values() for one in some[:4]]


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_the_verdict_depends_on_the_answer_alone(wrapper, questions):
    for one in questions:
        for reply, verdict in [
            *((reply, True) for reply in (one["answer"], *one["aliases"])),
            *((reply, False) for reply in list_wrong(one)),
            ("I cannot tell.", None),
        ]:
            assert mark_reply(wrapper.format(reply), one) is verdict, (reply, one)
            assert mark_reply(wrapper.format(reply.capitalize()), one) is verdict, (reply, one)


@pytest.mark.parametrize(
    "reply", ["<think>Yes, two", "<think>", "yes</think>", "Answer:", "The correct answer is:", "<answer></answer>"]
)
def test_a_reply_that_is_cut_off_is_no_answer(reply, questions):
    assert {mark_reply(reply, one) for one in questions} == {None}


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        ("<think>Two? No.</think>\n\n**Final answer:** Two, because", "Two,"),
        ("plain", "plain"),
        ("", ""),
        ("1.", "1."),
    ],
)
def test_what_is_left(reply, answer):
    assert unwrap_reply(reply) == answer


def test_words_of_captions_are_right(write_rows):
    """What a caption calls an attribute or object answers questions about it."""
    asked = 0
    for row in (row for recipe in ("general", "counting") for row in write_rows(recipe, rows=60)):
        for one in (one for one in row["questions"] if one["form"] in ("open", "multiple_choice")):
            for said in (said for said in row["mentions"] if said["element"] in one["elements"]):
                element = find_element(row, said["element"])
                if element.word == one["answer"] and element.domain in ("object", "attribute"):
                    words = row["caption"][said["start"] : said["end"]]
                    assert mark_reply(f"It is {words}.", one) is True, (words, one)
                    asked += 1
    assert asked > 300


@pytest.mark.parametrize(
    ("question", "reply", "said"),
    [
        (DOG, "There is a dog.", True),
        (DOG, "There is a dog in the image.", True),
        (DOG, "There is no dog in the picture.", False),
        (DOG, "There isn't a dog.", False),
        (DOG, "There isn't any dog.", False),
        (DOG, "There isn't.", False),
        (DOG, "There is a cat.", None),
        (DOG, "There is a dog house.", None),
        (DOG, "There is not no dog.", None),
        ("Are there any dogs in the 3D model?", "There are dogs.", True),
        ("Are there any dogs in the 3D model?", "There are no dogs.", False),
        ("Is the dog red?", "The dog is red.", True),
        ("Is the dog red?", "The dog is not red.", False),
        ("Is the dog red?", "The dog is dark red.", None),
        ("Is the dog not quite above the cat?", "The dog is above the cat.", None),
        ("Is the dog above the cat?", "The cat is above the dog.", None),
    ],
)
def test_a_sentence_in_the_words_of_the_question_answers_it(question, reply, said):
    for answer in ("yes", "no"):
        expected = None if said is None else said == (answer == "yes")
        assert mark_reply(reply, ask("yes_no", question, answer)) is expected


@pytest.mark.parametrize(
    ("question", "reply", "number"),
    [
        (DOGS, "There is one cat and two dogs.", 2),
        (DOGS, "One cat, two dogs, and three birds.", 2),
        (DOGS, "There are two dogs and one cat.", 2),
        (DOGS, "There are three cats and no dogs.", 0),
        (DOGS, "One cat and one small brown dog.", 1),
        (DOGS, "I count 4 birds; dogs: 2", 2),
        (DOGS, "There are two: one dog on the left, one dog on the right.", 2),
        (DOGS, "Two puppies.", 2),
        (DOGS, "one cat and one bird", None),
        (DOGS, "There are no cats.", None),
        (DOGS, "There are no dogs.", 0),
        ("How many mice are there in the picture?", "one cat and two mice", 2),
        ("How many mice are there in the picture?", "two cats and one mouse", 1),
        ("How many glasses of milk are there in the picture?", "one plate and two glasses", 2),
        ("How many old ladies are there in the picture?", "one man and one lady", 1),
    ],
)
def test_the_number_of_what_is_asked_for(question, reply, number):
    for value, answer in enumerate(("zero", "one", "two", "three", "four")):
        assert mark_reply(reply, ask("count", question, answer)) is (None if number is None else value == number)


def test_numbers_to_choose_from_may_be_in_digits():
    one = ask("multiple_choice", DOGS, "two", ("one", "two", "three"), "count")
    assert [mark_reply(reply, one) for reply in ("2", "(B) 2", "two", "3", "There are two dogs.", "7")] == [
        *(True, True, True, False, True, None)
    ]
