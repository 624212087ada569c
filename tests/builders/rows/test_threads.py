"""Rows made by threads, by streams side by side and after a fork are those made alone."""

import subprocess
import sys
import threading
from itertools import islice

import pytest
from datasets import load_dataset
from generate_any_scene import scene
from generate_any_scene.builders.rows import single

THREADS = 8
RECIPES = ("sandbox", "multi_object", "video")
INDEXES = (63, 700)
FORK = """
import os, threading
from generate_any_scene import scene

alone, go_on = [scene("sandbox", index) for index in range(8)], True

def write():
    while go_on:
        scene("multi_object", 5)

threading.Thread(target=write).start()
for _ in range(5):
    if child := os.fork():
        assert os.waitpid(child, 0)[1] == 0
    else:
        os._exit([scene("sandbox", index) for index in range(8)] != alone)
go_on = False
"""


@pytest.fixture(scope="module")
def alone():
    """Rows made one after the other, each recipe's by a writer of its own."""
    single._create_writer.cache_clear()
    return {(recipe, index): scene(recipe, index) for recipe in RECIPES for index in INDEXES}


def run_threads(work):
    """What each of some calls returns, all at once in threads of their own; an exception as itself."""
    results, ready = [None] * len(work), threading.Barrier(len(work))

    def run(place):
        ready.wait()
        try:
            results[place] = work[place]()
        except Exception as error:
            results[place] = error

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(work))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def make_rows(alone, turn):
    """Makes all rows, beginning elsewhere in each turn, and returns those that are others than alone."""
    keys = [*list(alone)[turn:], *list(alone)[:turn]]
    return [key for key in keys if scene(*key) != alone[key]]


@pytest.mark.parametrize("rounds", [1, pytest.param(10, marks=pytest.mark.slow)])
def test_rows_made_by_threads_are_those_made_alone(alone, rounds):
    for _ in range(rounds):
        single._create_writer.cache_clear()
        wrong = run_threads([lambda turn=turn: make_rows(alone, turn) for turn in range(THREADS)])
        assert wrong == [[]] * THREADS
        # Nor is anything broken for those that come after.
        assert make_rows(alone, 0) == []


def test_streams_side_by_side_are_those_made_alone():
    def stream(recipe, captions):
        rows = load_dataset("gas", recipe, split="train", streaming=True, captions=captions)
        return [row["caption"] for row in islice(rows, 200)]

    wanted = [(recipe, captions) for recipe in RECIPES[:2] for captions in ("default", "prompt")]
    alone = [stream(*one) for one in wanted]
    single._create_writer.cache_clear()
    assert run_threads([lambda one=one: stream(*one) for one in wanted]) == alone


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_a_child_has_what_its_parent_was_writing_as_a_whole():
    subprocess.run([sys.executable, "-W", "ignore", "-c", FORK], check=True, timeout=120)
