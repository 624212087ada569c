"""Keeps questions from giving their answers away: as many are false as are true, and no place of a choice is better.

Both hold in every window of scenes (see `QuestionContext.find_windows`), so that any run of rows is balanced.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ..content.scenes import IDS_PER_SCENE
from ..foundation.counter_rng import WINDOW, derive_key, shuffle_rows
from ..foundation.ragged import Ragged, offsets_of

CHOICES = 4
"""Choices of a multiple-choice question, fewer where the taxonomy has not enough that are false."""
FEWEST_CHOICES = 3
"""Choices below which a question is not asked as multiple choice: of two, chance finds the right one too often."""
CLOSING = 8
"""Scenes at the end of a window in which no question without a foil is asked."""


def find_more(foils: np.ndarray, others: np.ndarray, windows: np.ndarray) -> np.ndarray:
    """Which questions are asked with a second foil, one for each that has none, so that as many are false as are true.

    The one after the question without a foil that has a second one makes up for it, in the same window: so the
    beginning of a window does not depend on its end, nor a window on others.

    Args:
        foils: First foil of each question, -1 where there is none, shape (questions,).
        others: Second foil of each question, or -1.
        windows: Window of each question, ascending.

    Returns:
        Numbers of questions, each at most once.
    """
    lacking, able = np.flatnonzero(foils < 0), np.flatnonzero((foils >= 0) & (others >= 0))
    window = windows[lacking]
    # How many of the same window lack a foil before each one that does.
    step = np.arange(len(lacking)) - np.searchsorted(window, window)
    # Each takes the next one of `able` that is not yet taken: it goes to `place`, one further for each before it. A
    # running maximum of (place - step) says so, if every window begins anew, which `apart` sees to.
    apart = (window - window[:1]) * (len(able) + 1)
    place = np.maximum.accumulate(np.searchsorted(able, lacking) - step + apart) + step - apart
    found = place < len(able)
    found[found] = windows[able[place[found]]] == window[found]
    return able[place[found]]


def pair_off(foils: np.ndarray, others: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which questions are asked where many lack a foil, and which with a second one, so that truths do not prevail.

    In every window those without a foil and those with two take turns, the former first; what comes out of turn is
    left. So the beginning of a window does not depend on its end, and at any place at most one question waits for
    another to make up for it. None begins to wait in the last scenes of a window.

    Args:
        foils: First foil of each question, -1 where there is none, shape (questions,).
        others: Second foil of each question, or -1.
        places: Index of each question's scene in its split, ascending.

    Returns:
        Whether each question is asked, bool, shape (questions,), and numbers of those that get a second foil.
    """
    lacks = foils < 0
    rows = np.flatnonzero((lacks & (places % WINDOW < WINDOW - CLOSING)) | (others >= 0))
    lacking = lacks[rows]
    before = np.roll(lacking, 1)
    before[np.diff(places[rows] // WINDOW, prepend=-1) > 0] = False
    in_turn = lacking != before
    asked = ~lacks
    asked[rows[lacking & in_turn]] = True
    return asked, rows[~lacking & in_turn]


def shuffle_choices(key: int, windows: np.ndarray, answers: np.ndarray, foils: list[np.ndarray]) -> Ragged:
    """The answer among its foils, in each window at every place equally often, for each number of choices.

    Args:
        key: Key of the block and of the purpose.
        windows: Window of each question, ascending.
        answers: What is right, a row of the taxonomy, shape (questions,).
        foils: First foils, second foils and so on: rows of the taxonomy, or -1 where there is none.

    Returns:
        Rows of the taxonomy, one list a question; a list of one where there is no foil.
    """
    columns = np.stack([answers, *foils], axis=1)  # shape (questions, width), the answer first
    width = columns.shape[1]
    # Bit i tells whether a question has something in column i; `turns` is looked up by it.
    pattern = (columns >= 0) @ (1 << np.arange(width))
    sizes = np.bitwise_count(pattern).astype(np.int64)
    place = np.zeros(len(columns), dtype=np.int64)  # where the answer comes to stand
    for size in range(2, width + 1):
        some = np.flatnonzero(sizes == size)
        place[some] = _deal_places(derive_key(key, size), windows.take(some), size)
    turned = _list_turns(width).take(pattern * width + place, axis=0)  # column at each place, -1 at the end
    there = (turned >= 0).reshape(-1)
    turned += np.arange(0, columns.size, width)[:, None]  # from columns to places in the flattened table
    return Ragged(columns.reshape(-1).take(turned.reshape(-1).compress(there)), offsets_of(sizes))


@lru_cache(maxsize=4)
def _list_turns(width: int) -> np.ndarray:
    """Which choice stands at each place, -1 for none: a row for each set of choices (bits) and place of the first."""
    turns = np.full((1 << width, width, width), -1)
    for pattern in range(1 << width):
        there = [choice for choice in range(width) if pattern >> choice & 1]
        for place in range(len(there)):
            turns[pattern, place, : len(there)] = np.roll(there, place)
    return turns.reshape(-1, width)


def rank_in_windows(windows: np.ndarray) -> np.ndarray:
    """How many questions of its window come before each, int64; windows are ascending."""
    begins = np.flatnonzero(np.diff(windows, prepend=-1))
    return np.arange(len(windows)) - np.repeat(begins, np.diff(begins, append=len(windows)))


def _deal_places(key: int, windows: np.ndarray, size: int) -> np.ndarray:
    """Deals places from decks of `size` cards, in each window (ascending) from decks of its own."""
    within = rank_in_windows(windows)
    turn = within % size
    new = turn == 0  # a new deck begins
    # A number of its own for every deck of every window.
    decks = windows[new] * (IDS_PER_SCENE * WINDOW) + within[new] // size
    return shuffle_rows(key, decks, size).reshape(-1).take((np.cumsum(new) - 1) * size + turn)
