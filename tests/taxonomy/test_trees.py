"""Trees of a user's own: whatever the parents are, they load, or one message names a row."""

import random
import re
import time
from pathlib import Path

import pytest
from generate_any_scene.errors import GasError
from generate_any_scene.taxonomy import load_taxonomy


def write(folder: Path, parents: dict[str, str]) -> None:
    lines = [f"{id_}\tthing {place}\t{parent}\tanimal\n" for place, (id_, parent) in enumerate(parents.items())]
    folder.mkdir(exist_ok=True)
    (folder / "objects.tsv").write_text("id\tname\tparent\tkinds\n" + "".join(lines))


@pytest.mark.parametrize("seed", range(8))
def test_drawn_parents(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    ids = [f"my.{number}" for number in range(draw.randint(1, 40))] + draw.sample(["dog.n.01", "animal.n.01"], 1)
    parents = {id_: draw.choice([*ids, "animal.n.01", "dog.n.01", "poodle.n.01"]) for id_ in ids}
    write(tmp_path / "one", {id_: parent for id_, parent in parents.items() if draw.random() < 0.5} or parents)
    write(tmp_path / "two", parents)
    names = ["default", str(tmp_path / "one"), str(tmp_path / "two")]

    shipped = load_taxonomy().objects
    above = dict(zip(shipped["id"].to_pylist(), shipped["parent"].to_pylist(), strict=True)) | parents

    def goes_round(id_: str) -> bool:
        seen = set()
        while id_ and id_ not in seen:
            seen.add(id_)
            id_ = above[id_]
        return bool(id_)

    if any(map(goes_round, parents)):
        with pytest.raises(GasError, match=r"two/objects\.tsv:\d+: column 'parent': leads in a circle") as caught:
            load_taxonomy(names)
        row = int(re.search(r"tsv:(\d+)", str(caught.value))[1])
        assert goes_round(list(parents)[row - 2])
    else:
        assert load_taxonomy(names).objects.num_rows > len(parents)


def test_a_long_chain_is_refused_in_seconds(tmp_path: Path) -> None:
    write(tmp_path / "deep", {f"c{n}": f"c{n - 1}" if n else "animal.n.01" for n in range(20_000)})
    started = time.process_time()
    with pytest.raises(GasError, match=r"objects\.tsv:\d+: column 'parent': .* at most 64 levels"):
        load_taxonomy(["default", str(tmp_path / "deep")])
    assert time.process_time() - started < 10


@pytest.mark.parametrize("letter", ["\x00", "\x08", "\x1b", "\x7f", "\u202e", "\u2066", "\ufffe", "\ue000", "\u2028"])
@pytest.mark.parametrize("column", ["id", "name"])
def test_unprintable_letters_are_refused_by_row_and_column(tmp_path: Path, letter: str, column: str) -> None:
    cells = {"id": "my.a", "name": "wug", column: f"wu{letter}g"}
    text = (
        f"id\tname\tparent\tkinds\nmy.b\twig\tbird.n.01\tanimal\n{cells['id']}\t{cells['name']}\tbird.n.01\tanimal\n"
    )
    (tmp_path / "objects.tsv").write_text(text, encoding="utf-8")
    with pytest.raises(GasError, match=rf"objects\.tsv:3: column '{column}': .* is not printable") as caught:
        load_taxonomy(["default", str(tmp_path)])
    assert str(caught.value).isprintable()


def test_blank_names_and_long_ones_are_refused(tmp_path: Path) -> None:
    text = f"id\tname\tparent\tkinds\nmy.a\t   \tbird.n.01\tanimal\nmy.b\t{'x' * 5000}\tbird.n.01\tanimal\n"
    (tmp_path / "objects.tsv").write_text(text)
    with pytest.raises(GasError, match=r"objects\.tsv:2: column 'name': it holds blanks only\n.*:3: .*5,000 letters"):
        load_taxonomy(["default", str(tmp_path)])
