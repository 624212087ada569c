"""Kinds of one's own, emotion and mood, in captions and questions: nothing here asks the package what is right."""

import re
from collections import Counter
from pathlib import Path

import pytest
from generate_any_scene.builders.inspection.recipe_check import validate_recipe
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.rows.writer import create_writer
from generate_any_scene.builders.text.templates import list_templates
from generate_any_scene.errors import GasError
from question_oracle import Oracle

EMOTIONS = ("joyful", "sad", "angry", "frightened", "surprised", "calm")
MOODS = ("gloomy", "tense", "cheerful", "dreamy")
DECLARED = """
[attributes.emotion]
takes_from = ["human", "adjective", "state"]
question = "What emotion {do} {object} show?"

[scene_attributes.mood]
phrase = "in a {} mood"
sentence = "the mood of the picture is {}"
yes_no = "Is the mood {}?"
question = "What is the mood of the {medium}?"
"""
RECIPE = """
taxonomy: [default, mine]
structure: {complexity: [3, 7], objects: [2, 4], attributes: [1, 3], relations: [0, 2]}
content:
  objects: {under: [person.n.01]}
  attributes: {kinds: [emotion], max_per_object: 1}
  scene_attributes: {count: 1, kinds: [mood]}
"""


class FeelingOracle(Oracle):
    """Reads the two questions that DECLARED adds for emotions and for moods, too."""

    def answer_attribute(self, row, text, form, choices):
        found = re.fullmatch("What emotion (does|do) (.+) show", text)
        if not found:
            yield from super().answer_attribute(row, text, form, choices)
            return
        for item, rest in self.split_reference(row, found[2]):
            if not rest:
                assert (found[1] == "do") == (item["count"] > 1 or self.countability[item["concept"]] == "plural")
                yield from (one["value"] for one in item["attributes"] if one["kind"] == "emotion")

    def answer_scene(self, row, text, form, choices):
        (mood,) = (one["value"] for one in row["scene_attributes"])
        if form == "multiple_choice":
            assert text == "What is the mood of the picture" and set(choices) <= set(MOODS)
            yield mood
        else:
            yield "yes" if re.fullmatch("Is the mood (.+)", text)[1] == mood else "no"


def write_folder(path, declared=DECLARED):
    folder = path.parent / "mine"
    folder.mkdir()
    (folder / "taxonomy.toml").write_text(declared)
    rows = "".join(f"emotion.{name}\temotion\t{name}\tperson\n" for name in EMOTIONS)
    (folder / "attributes.tsv").write_text(f"id\tkind\tname\tapplies_to\n{rows}")
    rows = "".join(f"mood.{name}\tmood\t{name}\n" for name in MOODS)
    (folder / "scene_attributes.tsv").write_text(f"id\tkind\tname\n{rows}")


@pytest.fixture
def write_feelings(write_recipe):
    def write(text="", declared=DECLARED):
        path = write_recipe(RECIPE + text, splits="{train: 600}")
        write_folder(path, declared)
        return create_writer(load_recipe(path))

    return write


def test_answers_are_right(write_feelings):
    writer = write_feelings()
    oracle, asked = FeelingOracle(writer.plan.taxonomy), Counter()
    for row in writer.write_block("train", 0, 300).to_pylist():
        for question in row["questions"]:
            if question["kind"] in ("attribute", "scene"):
                assert oracle.answer(row, question) == question["answer"], question["question"]
                asked[question["question"].split()[0], question["kind"], question["form"]] += 1
    assert {("What", "attribute", "open"), ("What", "attribute", "multiple_choice")} <= asked.keys()
    assert {("Is", "attribute", "yes_no"), ("Who", "attribute", "open")} <= asked.keys()
    assert {("Is", "scene", "yes_no"), ("What", "scene", "multiple_choice")} <= asked.keys()
    assert not writer.questions.tracer.row_by_row


def test_foils_are_of_the_kind_and_answers_are_balanced(write_feelings):
    rows = write_feelings().write_block("train", 0, 600).to_pylist()
    for kind, words in (("attribute", EMOTIONS), ("scene", MOODS)):
        asked = [one for row in rows for one in row["questions"] if (one["kind"], one["form"]) == (kind, "yes_no")]
        answers, foils = (Counter(one[column] for one in asked) for column in ("answer", "foil"))
        assert abs(answers["yes"] - answers["no"]) <= len(asked) / 50
        del foils[None]
        assert foils.keys() == set(words)
        assert max(foils.values()) < 2 * min(foils.values())


def test_concepts_are_dealt_evenly(write_feelings):
    rows = write_feelings("questions: []").write_block("train", 0, 600).to_pylist()
    moods = Counter(one["value"] for row in rows for one in row["scene_attributes"])
    assert moods.keys() == set(MOODS) and max(moods.values()) - min(moods.values()) <= 2
    emotions = Counter(
        one["value"] for row in rows for item in row["scene_graph"]["objects"] for one in item["attributes"]
    )
    assert emotions.keys() == set(EMOTIONS) and max(emotions.values()) < 1.2 * min(emotions.values())


@pytest.mark.parametrize("template", list_templates("captions"))
def test_every_template_says_the_mood_once(template, write_feelings):
    for row in write_feelings(f"captions: {template}\nquestions: []").write_block("train", 0, 200).to_pylist():
        mood, caption = row["scene_attributes"][0]["value"], row["caption"]
        said = f"in a {mood} mood" if template in ("prompt", "short", "terse") else f"he mood of the picture is {mood}"
        assert caption.count(said) == 1
        (span,) = (one for one in row["mentions"] if one["element"] == "scene/0")
        assert caption[span["start"] : span["end"]].endswith(said)
        assert re.search(r"(^|\. )The mood of the picture is \w+\.", caption) or said.startswith("in")
        assert "  " not in caption and ".." not in caption


def test_traced_templates_say_what_row_by_row_says(write_feelings, open_both_ways):
    writer = write_feelings()
    fast, slow = open_both_ways(writer.plan)
    assert fast.write_block("train", 0, 60) == slow.write_block("train", 0, 60)


def test_texts_are_texts_and_no_templates(write_feelings):
    declared = DECLARED.replace("What emotion", "\\\\ 'n' \\\" What # emotion")
    texts = {
        question["question"]
        for row in write_feelings(declared=declared).write_block("train", 0, 60).to_pylist()
        for question in row["questions"]
        if "emotion" in question["question"]
    }
    assert texts and all(text.startswith("\\ 'n' \" What # emotion does the ") for text in texts)


def test_what_begins_a_question_has_a_capital(write_feelings):
    writer = write_feelings(declared=DECLARED.replace("What emotion {do} {object} show?", "{object} {be} what?"))
    questions = [one for row in writer.write_block("train", 0, 60).to_pylist() for one in row["questions"]]
    assert any(re.fullmatch(r"The .+ is what\?", one["question"]) for one in questions)


def test_a_kind_without_texts_is_asked_by_its_role(write_feelings):
    declared = '[attributes.emotion]\n[scene_attributes.mood]\nphrase = "in a {} mood"'
    rows = write_feelings(declared=declared).write_block("train", 0, 100).to_pylist()
    texts = [one["question"] for row in rows for one in row["questions"] if one["kind"] == "scene"]
    assert texts and all(re.fullmatch(r"Is the picture in a \w+ mood\?", text) for text in texts)


def test_validate_names_words_that_two_kinds_share(write_recipe):
    path = write_recipe(RECIPE)
    write_folder(path, DECLARED.replace('takes_from = ["human", "adjective", "state"]', ""))
    (warning,) = (one for one in validate_recipe(load_recipe(path)).warnings if "emotion" in one)
    assert re.search(r"sad \(adjective\).*write `takes_from = \[.*\]` under \[attributes.emotion\]", warning)


def test_validate_says_what_stays_english(write_recipe):
    path = write_recipe("structure: {complexity: 3}\nlanguage: de\nwordings: [short]")
    (warning,) = (one for one in validate_recipe(load_recipe(path)).warnings if "English" in one)
    assert re.search(
        "language: `de`, but .* `default` .* `short` .* questions by the shipped templates; name", warning
    )


def test_a_group_of_shipped_attributes_keeps_its_question(write_recipe):
    path = write_recipe("taxonomy: [default, mine]\nstructure: {complexity: 3}")
    (path.parent / "mine").mkdir()
    (path.parent / "mine" / "taxonomy.toml").write_text('[attributes.pattern]\nquestion = "What {object}?"')
    (path.parent / "mine" / "attributes.tsv").write_text("id\tkind\tname\tapplies_to\nx.y\tpattern\twavy\tany\n")
    with pytest.raises(GasError, match=r"taxonomy.toml: \[attributes.pattern\]: .* rename it"):
        create_writer(load_recipe(path))


def test_the_page_does_what_it_says(write_recipe):
    """The files that docs/own_words.md shows, put where it says, make the texts that it shows."""
    page = (Path(__file__).parents[3] / "docs" / "own_words.md").read_text(encoding="utf-8")
    emotion, mood, columns = re.findall(r"^```toml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    attributes, scene_attributes = re.findall(r"^```\n(id\t.*?)^```$", page, re.MULTILINE | re.DOTALL)
    path = write_recipe(RECIPE)
    folder = path.parent / "mine"
    folder.mkdir()
    (folder / "attributes.tsv").write_text(attributes)
    (folder / "scene_attributes.tsv").write_text(scene_attributes)
    (folder / "taxonomy.toml").write_text(emotion + mood + columns)
    rows = create_writer(load_recipe(path)).write_block("train", 0, 64).to_pylist()
    said = " ".join(text for row in rows for text in (row["caption"], *(one["question"] for one in row["questions"])))
    for text in ("The mood of the picture is gloomy.", "Is the mood tense?", "What is the mood of the picture?"):
        assert text in said and text in page
    assert re.search(r"Is the [\w ]+ joyful\?", said) and re.search(r"What emotion does the [\w ]+ show\?", said)
    assert re.search(r"\b[Aa] joyful \w", said)
