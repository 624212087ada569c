"""Other wordings of scenes: right ones are kept, and none with an error."""

import random
from itertools import cycle, islice
from pathlib import Path

import pytest
from generate_any_scene import scene
from generate_any_scene.builders.text.paraphrases.check import check_text
from generate_any_scene.taxonomy import load_taxonomy
from planting import ERRORS, Worder

BY_HAND = [line.split("\t") for line in Path(__file__).with_name("by_hand.tsv").read_text().splitlines()]
MOST_REFUSED = 0.02
ROWS = 60
"""Of each recipe, that are worded by rules."""
PLANTED = 1000


@pytest.fixture(scope="module")
def taxonomy():
    return load_taxonomy()


@pytest.fixture(scope="module")
def rows():
    return {name: [scene(name, index) for index in range(ROWS)] for name in ("general", "multi_object")}


@pytest.fixture
def worder(taxonomy):
    return Worder(taxonomy, random.Random(5))


def say(faults):
    return [f"{fault.reason}: {fault.message}" for fault in faults]


def test_right_paraphrases_are_kept(rows, taxonomy, worder):
    texts = [(rows[recipe][int(index)], text) for recipe, index, text in BY_HAND]
    assert len(texts) >= 40
    some = [row for pair in zip(*rows.values(), strict=True) for row in pair]
    by_rule = [(row, worder.word(row)) for row in islice(cycle(some), 200)]
    for kind in (texts, by_rule):
        refused = {text: say(faults) for row, text in kind if (faults := check_text(row, text, taxonomy))}
        assert len(refused) <= MOST_REFUSED * max(len(kind), 100), refused


def test_captions_of_the_templates_are_kept(rows, taxonomy):
    refused = {
        row["caption"]: say(check_text(row, row["caption"], taxonomy)) for some in rows.values() for row in some
    }
    assert {text: faults for text, faults in refused.items() if faults} == {}


def plant_errors(rows, worder, number):
    """Rows, texts of other scenes, and what is wrong with these."""
    some, found = cycle([row for pair in zip(*rows.values(), strict=True) for row in pair]), 0
    for error in cycle(ERRORS):
        row = next(some)
        if planted := worder.plant(row, error):
            yield row, worder.word(planted), error
            found += 1
            if found == number:
                return


def test_no_planted_error_is_kept(rows, taxonomy, worder):
    planted = list(plant_errors(rows, worder, PLANTED))
    assert {error for _, _, error in planted} == set(ERRORS)
    kept = [(error, row["caption"], text) for row, text, error in planted if not check_text(row, text, taxonomy)]
    assert kept == []
