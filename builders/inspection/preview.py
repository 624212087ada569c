"""Shows scenes in a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from ..drawing.scene_graphs import label_object
from ..folder.reading import Source, read_file_rows
from ..recipe.loading import LoadedRecipe
from ..rows.schema import PARAPHRASES
from ..rows.single import check_split
from ..rows.splits import write_split
from ..rows.writer import create_writer

if TYPE_CHECKING:
    from rich.console import Console

Row = dict[str, Any]


def preview_rows(loaded: LoadedRecipe, split: str, count: int) -> list[Row]:
    """The first rows of a split, as the build would write them.

    Raises:
        GasError: The recipe is wrong or has no such split, or its filters cannot be asked here.
    """
    check_split(loaded.recipe, split)
    return [row for table in write_split(create_writer(loaded), split, count) for row in table.to_pylist()]


def read_rows(source: Source, count: int) -> list[Row]:
    """The first rows of a split of a built folder, as they lie there.

    Raises:
        GasError: A file is missing or damaged, or has not the columns of rows.
    """
    files = source.entry.splits[source.split].files
    batches = chain.from_iterable(read_file_rows(source.folder, file, None, count) for file in files)
    rows = [row for batch in islice(batches, 1) for row in batch.to_pylist()]
    return rows[:count]


def print_scene(row: Row, console: Console, questions: int | None = None) -> None:
    """Prints a row: its texts, its graph as a tree, and its questions, the first so many or all."""
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    console.rule(Text(row["id"]), align="left")
    console.print(Text(row["caption"], style="bold"))
    for label, text in _list_other_texts(row):
        console.print(Text(f"{label}: ", style="dim").append(text, style="default"))
    console.print()
    arrow = "->" if console.options.ascii_only else "→"
    console.print(Padding(_draw_tree(row, arrow), (0, 2)))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    pair = row.get("pair")
    changed = {one["question"]: one["answer"] for one in pair["changed"]} if pair else {}
    for column in ("", "question", "answer", *(["of the pair"] if pair else ())):
        table.add_column(column, justify="right" if not column else "left", header_style="dim")
    shown = row["questions"][:questions]
    for number, question in enumerate(shown):
        text = question["question"] + (f"  ({' / '.join(question['choices'])})" if question["choices"] else "")
        answers = [question["answer"], *([changed[number] or "none"] if number in changed else ())]
        table.add_row(
            Text(str(number), style="dim"),
            Text(text),
            *(Text(answer, style="green" if answer != "no" else "red") for answer in answers),
        )
    if more := len(row["questions"]) - len(shown):
        table.add_row("", Text(f"and {more} more", style="dim"), "")
    console.print(Padding(table, (1, 2)))


def _list_other_texts(row: Row) -> Iterator[tuple[str, str]]:
    """What is said of the scene beside its caption, and of its pair."""
    for wording in row.get("wordings") or ():
        yield wording["template"], wording["caption"]
    for paraphrase in row.get(PARAPHRASES) or ():
        yield "paraphrase", paraphrase["text"]
    if pair := row.get("pair"):
        yield f"pair, {pair['edit'].replace('_', ' ')}", pair["caption"]
    if edit := row.get("edit"):
        yield "edit", edit["instruction"]


def _draw_tree(row: Row, arrow: str) -> Any:
    """Every object with its attributes; relations are branches from their subject."""
    from rich.console import Group
    from rich.text import Text
    from rich.tree import Tree

    graph = row["scene_graph"]
    labels = [_label_object(row, number) for number in range(len(graph["objects"]))]
    trees = []
    for number, item in enumerate(graph["objects"]):
        label = Text(f"[{number}] ", style="dim").append(label_object(item), style="bold cyan")
        if item["attributes"]:
            label.append(" " + ", ".join(attribute["value"] for attribute in item["attributes"]), style="yellow")
        tree = Tree(label, guide_style="dim")
        for relation in graph["relations"]:
            if relation["subject"] == number:
                tree.add(
                    Text(relation["predicate"], style="magenta")
                    .append(f" {arrow} ", style="dim")
                    .append(labels[relation["object"]], style="cyan")
                )
        trees.append(tree)
    scene = [
        Text(f"{item['kind'].replace('_', ' ')}: {item['value']}", style="blue") for item in row["scene_attributes"]
    ]
    return Group(*trees, *scene)


def _label_object(row: Row, number: int) -> str:
    return f"[{number}] {label_object(row['scene_graph']['objects'][number])}"
