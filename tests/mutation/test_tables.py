"""Tables of a user's own, drawn at random: every one is taken or refused in words, in bounded time and memory."""

import random
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from attempts import attempt, run_limited

SEED = 20_26
COLUMNS = {
    "objects": ("id", "name", "parent", "kinds", "countability", "plural", "article", "near", "tier"),
    "attributes": ("id", "kind", "name", "applies_to", "adjective", "excludes", "near", "order"),
    "relations": ("id", "category", "predicate", "finite", "finite_plural", "subject_kinds", "inverse", "symmetric"),
    "scene_attributes": ("id", "kind", "name", "phrase", "role", "modality", "needs"),
    "frequency": ("id", "zipf"),
}
REQUIRED = {"objects": 4, "attributes": 4, "relations": 3, "scene_attributes": 3, "frequency": 2}
SOUND = {
    "parent": ("animal.n.01", "artifact.n.01", "my.0", "my.1"),
    "kinds": ("animal", "artifact", "person|group"),
    "applies_to": ("any", "animal"),
    "category": ("spatial", "social"),
    "predicate": ("wears", "next to", "friends with", "hovering over", "wear"),
    "subject_kinds": ("any", "person"),
    "countability": ("count", "mass", "unique", ""),
    "article": ("a", "the", ""),
    "tier": ("common", "full"),
    "zipf": ("3", "0.5"),
    "order": ("1", "7"),
    "symmetric": ("0", "1"),
    "modality": ("image|video", "3d"),
    "role": ("light", "picture"),
}
KINDS = {"attributes": ("color", "material"), "scene_attributes": ("weather", "mood", "artist")}
WORDS = ("wug", "person holding a sign", "the Moon", "éclair", "old boots", "equipment", "NASA badge", "mother-in-law")
ODD: tuple[str, ...] = (
    *("", " ", "  ", "\x00", "\x1b[31m", "\u202e", "\ue000", "\ufffe", "{}", "{a}", "|", "||", "-", ".", "9" * 400),
    *("x" * 5_000, "wug\u00a0wug", "\u0301", "null", "NaN", "-1", "1e999", "[key]", "{{ 7 }}", "a|a", "\U0001f600"),
)


def draw_cell(draw: random.Random, table: str, column: str, row: int) -> str:
    if draw.random() < 0.04:
        return draw.choice(ODD)
    if column == "id":
        return f"my.{draw.randrange(8)}" if draw.random() < 0.1 else f"my.{row}"
    if column == "kind":
        return draw.choice(KINDS[table])
    if column == "phrase":
        return draw.choice(("in a {} mood", "with {a}", ""))
    return draw.choice(
        SOUND.get(column, (f"{draw.choice(WORDS)} {row}",) if column in ("name", "adjective") else ("",))
    )


def draw_table(draw: random.Random, table: str) -> bytes:
    """A file of drawn cells; few are damaged as a whole, too."""
    more = draw.sample(COLUMNS[table][REQUIRED[table] :], draw.randint(0, len(COLUMNS[table]) - REQUIRED[table]))
    columns = [*COLUMNS[table][: REQUIRED[table]], *more]
    rows = [
        [draw_cell(draw, table, column, row) for column in columns]
        for row in range(draw.choice((1, 3, 10, 10, 200, 3_000)))
    ]
    if table == "objects" and draw.random() < 0.3:
        # A chain, or a circle.
        for place, row in enumerate(rows):
            row[2] = f"my.{place - 1}" if place else draw.choice(("animal.n.01", f"my.{len(rows) - 1}"))
    lines = ["\t".join(columns), *("\t".join(row) for row in rows)]
    text = draw.choice(("\n", "\n", "\n", "\r\n", "\r")).join(lines)
    damage: Callable[[str], bytes] = draw.choice(
        (
            *(str.encode,) * 12,
            partial(str.encode, encoding="utf-8-sig"),
            partial(str.encode, encoding="utf-16"),
            partial(str.encode, encoding="latin-1", errors="replace"),
            lambda text: text.encode()[: draw.randrange(len(text))],
            lambda text: text.encode() + bytes(draw.randrange(256) for _ in range(20)),
            lambda text: text.replace("\t", ",").encode(),
        )
    )
    return damage(text)


def run_cases(folder: Path, seed: int, number: int) -> list[str]:
    """Runs commands on drawn tables; lists what went wrong."""
    faults = []
    for case in range(number):
        draw, place = random.Random(seed * 1_000_003 + case), folder / str(case)
        (place / "mine").mkdir(parents=True)
        for table in draw.sample(list(COLUMNS), draw.randint(1, 3)):
            (place / "mine" / f"{table}.tsv").write_bytes(draw_table(draw, table))
        recipe = "name: drawn\nextends: multi_object\ntaxonomy: [default, ./mine]\nsplits: {train: 20}\n"
        (place / "r.yaml").write_text(recipe)
        commands = (["validate", "r.yaml"], ["preview", "r.yaml", "--count", "1"], ["taxonomy", "validate", "./mine"])
        for command in draw.sample(commands, 1 if number < 100 else 2):
            outcome = attempt(command, place)
            if fault := outcome.find_fault():
                faults.append(f"case {case}: {fault}")
            elif outcome.status and (
                len(outcome.output) > 4_096 or not outcome.output.replace("\n", "").isprintable()
            ):
                faults.append(f"case {case}: {len(outcome.output)} letters, or some that are not printable")
    return faults


@pytest.mark.long
def test_drawn_tables_are_taken_or_refused(tmp_path: Path) -> None:
    assert run_limited(lambda: run_cases(tmp_path, SEED, 500)) == []


def test_a_few_drawn_tables_are_taken_or_refused(tmp_path: Path) -> None:
    assert run_limited(lambda: run_cases(tmp_path, SEED + 1, 5)) == []
