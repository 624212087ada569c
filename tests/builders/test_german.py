"""The German example of the documentation: its German is right, and so are its answers.

What is right is written down here: genders, cases, verbs and what excludes what. Neither the package nor the tables of
the example are asked.
"""

import itertools
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest
import yaml
from generate_any_scene.builders.build.build import build_datasets
from generate_any_scene.builders.inspection.recipe_check import validate_recipe
from generate_any_scene.builders.inspection.verification import verify_folder
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.rows.writer import create_writer
from generate_any_scene.errors import GasError
from generate_any_scene.taxonomy.exchange.exporting import export_taxonomy

EXAMPLE = Path(__file__).parents[2] / "docs" / "german"
GOLDEN = Path(__file__).with_name("german.txt")
ROWS = 30
"""Scenes of which the caption and all questions were read, one by one."""

GENDERS = {
    "m": "Hund Hase Bär Mann Junge Tisch Stuhl Ball Korb Baum",
    "f": "Katze Kuh Frau Bank Puppe Vase Uhr Blume",
    "n": "Pferd Schaf Mädchen Bett Auto Fahrrad Boot Buch Haus",
}
GENDER = {name: gender for gender, names in GENDERS.items() for name in names.split()}
WEAK = {"Hase": "Hasen", "Bär": "Bären", "Junge": "Jungen"}
ARTICLES = {  # case: gender: definite, indefinite, ending of an adjective after the latter
    "nom": {"m": ("der", "ein", "er"), "f": ("die", "eine", "e"), "n": ("das", "ein", "es")},
    "akk": {"m": ("den", "einen", "en"), "f": ("die", "eine", "e"), "n": ("das", "ein", "es")},
    "dat": {"m": ("dem", "einem", "en"), "f": ("der", "einer", "en"), "n": ("dem", "einem", "en")},
}
VERBS = {  # predicate: verb, preposition, what of the verb comes last, case of the object
    "neben": ("ist", "neben ", "", "dat"),
    "hinter": ("ist", "hinter ", "", "dat"),
    "vor": ("ist", "vor ", "", "dat"),
    "auf": ("liegt", "auf ", "", "dat"),
    "jagt": ("jagt", "", "", "akk"),
    "reitet auf": ("reitet", "auf ", "", "dat"),
    "trägt": ("trägt", "", "", "akk"),
    "hält": ("hält", "", " fest", "akk"),
    "sieht an": ("sieht", "", " an", "akk"),
    "spielt mit": ("spielt", "mit ", "", "dat"),
    "hilft": ("hilft", "", "", "dat"),
}
SYMMETRIC, ONE_WAY = {"neben"}, {"hinter", "vor", "auf", "jagt", "reitet auf", "trägt", "hält"}
INVERSE = {"hinter": "vor", "vor": "hinter"}
EXCLUDES = [{"auf", "neben"}, {"auf", "hinter"}, {"auf", "vor"}, {"hinter", "vor"}, {"jagt", "reitet auf"}]
ALIKE = [{"Mann", "Junge"}, {"Frau", "Mädchen"}]
ADJECTIVES = {
    "color": "rot grün blau gelb weiß schwarz braun grau",
    "size": "groß klein",
    "state": "nass trocken",
    "adjective": "alt neu",
    "shape": "rund eckig",
}
SETTINGS = {
    "location": {
        "Garten": "in einem Garten",
        "Küche": "in einer Küche",
        "Wiese": "auf einer Wiese",
        "Strand": "am Strand",
    },
    "weather": {"Regen": "bei Regen", "Schneefall": "bei Schneefall", "Nebel": "bei Nebel"},
    "time_of_day": {"Morgen": "am Morgen", "Mittag": "am Mittag", "Abend": "am Abend", "Nacht": "in der Nacht"},
}
PICTURES = {"Aquarell": "als Aquarell gemalt", "Öl": "mit Ölfarben gemalt", "Bleistift": "mit Bleistift gezeichnet"}
MOODS = ("düster", "fröhlich", "friedlich", "angespannt")


def bend(name, case):
    """A noun in a case."""
    return WEAK.get(name, name) if case != "nom" else name


def name_it(name, case, attributes=(), definite=False):
    """ "der Hund", "einen kleinen roten Hasen" """
    the, a, ending = ARTICLES[case][GENDER[name]]
    return " ".join([the if definite else a, *(f"{one}{ending}" for one in attributes), bend(name, case)])


def capitalize(text):
    return text[0].upper() + text[1:]


def say(row):
    """The caption of a row, made anew."""
    objects, sentences, known = row["scene_graph"]["objects"], [], set()

    def name(number, case):
        item, first = objects[number], number not in known
        known.add(number)
        return name_it(item["name"], case, [one["value"] for one in item["attributes"]] if first else (), not first)

    relations = sorted(row["scene_graph"]["relations"], key=lambda one: one["subject"])
    for relation in relations:
        verb, preposition, last, case = VERBS[relation["predicate"]]
        subject = capitalize(name(relation["subject"], "nom"))
        sentences.append(f"{subject} {verb} {preposition}{name(relation['object'], case)}{last}.")
    ends = {end for one in relations for end in (one["subject"], one["object"])}
    if alone := [name(number, "nom") for number in range(len(objects)) if number not in ends]:
        listed = " und ".join([", ".join(alone[:-1]), alone[-1]] if len(alone) > 1 else alone)
        also = "auch " if relations else ""
        sentences.append(f"Auf dem Bild {'ist' if len(alone) == 1 else 'sind'} {also}{listed}.")
    said = [(one["kind"], one["value"]) for one in row["scene_attributes"]]
    settings = [SETTINGS[kind][value] for kind, value in said if kind in SETTINGS]
    sentences += [f"Die Szene spielt {', '.join(settings)}."] if settings else []
    sentences += [f"Das Bild ist {PICTURES[value]}." for kind, value in said if kind == "technique"]
    sentences += [f"Die Stimmung ist {value}." for kind, value in said if kind == "stimmung"]
    return " ".join(sentences)


def answer_all(row):
    """Every question that may be asked about a row, with its answer: of what nobody knows there is none."""
    graph, said = row["scene_graph"], {one["kind"]: one["value"] for one in row["scene_attributes"]}
    names = [item["name"] for item in graph["objects"]]
    answers = {}
    for name in GENDER:
        if name in names or not any({name, other} in ALIKE for other in names):
            answers[f"Ist {name_it(name, 'nom')} auf dem Bild?"] = name in names
    for item in graph["objects"]:
        for one in item["attributes"]:
            for word in ADJECTIVES[one["kind"]].split():
                reference = name_it(item["name"], "nom", definite=True)
                answers[f"Ist {reference} {word}?"] = word == one["value"]
    for kind, value in said.items():
        if kind in SETTINGS:
            answers |= {f"Spielt die Szene {phrase}?": one == value for one, phrase in SETTINGS[kind].items()}
        elif kind == "technique":
            answers |= {f"Ist das Bild {phrase}?": one == value for one, phrase in PICTURES.items()}
        else:
            answers |= {f"Ist die Stimmung {mood}?": mood == value for mood in MOODS}
    return answers | answer_relations(graph["relations"], names)


def answer_relations(relations, names):
    """The same of relations: between two objects of the scene, and to something that may not be there."""
    stated = {(one["subject"], one["predicate"], one["object"]) for one in relations}
    true = set(stated)
    for subject, predicate, target in stated:
        true |= {(target, predicate, subject)} if predicate in SYMMETRIC else set()
        true |= {(target, INVERSE[predicate], subject)} if predicate in INVERSE else set()
    false = {(target, predicate, subject) for subject, predicate, target in true if predicate in ONE_WAY}
    false |= {
        (subject, other, target)
        for subject, predicate, target in true
        for other in VERBS
        if {predicate, other} in EXCLUDES
    }
    answers = {}
    for predicate, subject in itertools.product(VERBS, range(len(names))):
        verb, preposition, last, case = VERBS[predicate]
        opening = f"{capitalize(verb)} {name_it(names[subject], 'nom', definite=True)} {preposition}"
        for target, name in enumerate(names):
            if (subject, predicate, target) in true | false:
                answer = (subject, predicate, target) in true
                answers[f"{opening}{name_it(name, case, definite=True)}{last}?"] = answer
        for name in GENDER:
            reached = [number for number, other in enumerate(names) if name == other]
            if any((subject, predicate, number) in true for number in reached):
                answers[f"{opening}{name_it(name, case)}{last}?"] = True
            elif not reached and not any({name, other} in ALIKE for other in names):
                answers[f"{opening}{name_it(name, case)}{last}?"] = False
    return answers


@pytest.fixture(scope="module")
def rows():
    return create_writer(load_recipe(EXAMPLE / "german.yaml")).write_block("train", 0, 700).to_pylist()


def test_captions_are_german(rows):
    for row in rows:
        assert row["caption"] == say(row)
    forms = Counter(word for row in rows for word in re.findall(r"\w+", row["caption"]))
    assert {"einem", "einer", "einen", "den", "dem", "das", "Hasen", "Jungen", "Hase", "Junge"} <= forms.keys()


def test_every_answer_is_right(rows):
    kinds = Counter()
    for row in rows:
        answers = answer_all(row)
        for question in row["questions"]:
            assert question["form"] == "yes_no"
            expected = {True: "yes", False: "no", None: "unsure"}[answers.get(question["question"])]
            assert question["answer"] == expected, (question["question"], row["caption"])
            kinds[question["kind"], question["answer"]] += 1
    assert {kind for kind, _ in kinds} == {"object", "attribute", "relation", "scene"}
    for kind in ("object", "attribute", "relation", "scene"):
        assert abs(kinds[kind, "yes"] - kinds[kind, "no"]) <= kinds[kind, "yes"] / 20


def test_what_was_read_stays(rows):
    """To write it anew, after reading it: `python tests/builders/test_german.py`."""
    assert write_golden(rows) == GOLDEN.read_text(encoding="utf-8")


def write_golden(rows):
    lines = []
    for row in rows[:ROWS]:
        lines += [row["caption"], *(f"  {one['question']} {one['answer']}" for one in row["questions"]), ""]
    return "\n".join(lines)


def test_mentions_are_words_of_the_scene(rows):
    for row in rows[:200]:
        found = {}
        for one in row["mentions"]:
            found.setdefault(one["element"], []).append(row["caption"][one["start"] : one["end"]])
        for number, item in enumerate(row["scene_graph"]["objects"]):
            assert {*found[f"object/{number}"]} <= {item["name"], bend(item["name"], "akk")}
            for place, one in enumerate(item["attributes"]):
                assert found[f"attribute/{number}/{place}"] == [one["value"]]
        for number in range(len(row["scene_attributes"])):
            assert len(found[f"scene/{number}"]) == 1


def test_built_validated_and_verified(tmp_path):
    folder = shutil.copytree(EXAMPLE, tmp_path / "german")
    report = validate_recipe(load_recipe(folder / "german.yaml"))
    assert not report.guessed and not report.warnings
    assert all("objects" in part or part.startswith("relation.") for part in report.row_by_row)
    build_datasets([load_recipe(folder / "german.yaml")], tmp_path / "out")
    card = yaml.safe_load((tmp_path / "out" / "README.md").read_text(encoding="utf-8").split("---")[1])
    assert card["language"] == ["de"]
    own = {path.relative_to(EXAMPLE).as_posix() for path in EXAMPLE.rglob("*") if path.suffix != ".md"}
    recipes = tmp_path / "out" / "recipes"
    built = {path.relative_to(recipes).as_posix() for path in recipes.rglob("*")}
    assert built == own
    shutil.rmtree(folder)  # the built folder needs nothing else
    result = verify_folder(tmp_path / "out", sample=None)
    assert not result.findings and result.remade == result.rows == 1200
    template = tmp_path / "out" / "recipes" / "fragen" / "object.jinja"
    template.write_text(template.read_text(encoding="utf-8").replace("auf dem Bild", "zu sehen"), encoding="utf-8")
    assert [one.path for one in verify_folder(tmp_path / "out").findings] == ["recipes/fragen/object.jinja"]


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (
            "german.yaml",
            "templates: fragen",
            "templates: ../fragen",
            "leaves the recipe's folder",
        ),
        (
            "german.yaml",
            "templates: fragen",
            "templates: frgen",
            "frgen/object.jinja does not exist; write it, with a",
        ),
        ("german.yaml", "forms: [yes_no]", "forms: [yes_no, open]", "no macro `holder"),
        ("german.yaml", "language: de", "language: German", "language: `German` is no language; write"),
        (
            "fragen/object.jinja",
            "object.ein ",
            "object.einn ",
            r"object.jinja:2: there is no `einn` here; did you mean",
        ),
        ("fragen/object.jinja", "macro yes_no", "macro yes_or_no", r"no macro `yes_no\(object\)`.*`yes_or_no`"),
        (
            "worte/taxonomy.toml",
            '"der", ',
            "",
            r"objects.tsv:1: column 'der' is unknown; .*\[columns\] in taxonomy.toml",
        ),
        ("worte/taxonomy.toml", '"wo"', '"verb"', "column 'wo' is unknown"),
    ],
)
def test_mistakes_are_told_with_their_place(file, old, new, message, tmp_path):
    folder = shutil.copytree(EXAMPLE, tmp_path / "german")
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(GasError, match=message):
        create_writer(load_recipe(folder / "german.yaml")).write_block("train", 0, 20)


def test_a_column_is_no_word_that_templates_have(tmp_path):
    folder = shutil.copytree(EXAMPLE, tmp_path / "german")
    for file in ("worte/taxonomy.toml", "worte/relations.tsv"):
        text = (folder / file).read_text(encoding="utf-8").replace('"tut"', '"verb"').replace("\ttut\t", "\tverb\t")
        (folder / file).write_text(text, encoding="utf-8")
    with pytest.raises(
        GasError, match=r"\[columns\] relations: 'verb' is a word or field that templates have already"
    ):
        create_writer(load_recipe(folder / "german.yaml"))


def test_tables_that_were_exported_give_the_same_rows(rows, tmp_path):
    folder = shutil.copytree(EXAMPLE, tmp_path / "german")
    export_taxonomy(str(EXAMPLE / "worte"), tmp_path / "exported", "tables")
    shutil.rmtree(folder / "worte")
    shutil.copytree(tmp_path / "exported", folder / "worte")
    again = create_writer(load_recipe(folder / "german.yaml")).write_block("train", 0, len(rows)).to_pylist()
    assert any(one["kind"] == "stimmung" for row in rows for one in row["scene_attributes"])
    assert again == rows


if __name__ == "__main__":
    made = create_writer(load_recipe(EXAMPLE / "german.yaml")).write_block("train", 0, ROWS).to_pylist()
    GOLDEN.write_text(write_golden(made), encoding="utf-8")
