"""Shows scenes: in a terminal, and as pictures of their graphs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import GasError, suggest
from .recipe_files import LoadedRecipe
from .rows import create_writer
from .scenes import BLOCK

if TYPE_CHECKING:
    from rich.console import Console

Row = dict[str, Any]


def preview_rows(loaded: LoadedRecipe, split: str, count: int) -> list[Row]:
    """The first rows of a split, as the build would write them.

    Raises:
        GasError: The recipe is wrong or has no such split.
    """
    splits = loaded.recipe.splits
    if split not in splits:
        raise GasError(f"{loaded.recipe.name} has no split `{split}`; {suggest(split, splits) or 'choose from ' + ', '.join(splits)}")
    return create_writer(loaded).write_block(split, 0, min(count, BLOCK)).to_pylist()


def print_scene(row: Row, console: Console) -> None:
    """Prints a row: the caption, its graph as a tree, and its questions."""
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    console.rule(Text(row["id"]), align="left")
    console.print(Text(row["caption"], style="bold"))
    console.print()
    console.print(Padding(_draw_tree(row), (0, 2)))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("", "question", "answer"):
        table.add_column(column, justify="right" if not column else "left", header_style="dim")
    for number, question in enumerate(row["questions"]):
        text = question["question"] + (f"  ({' / '.join(question['choices'])})" if question["choices"] else "")
        table.add_row(Text(str(number), style="dim"), Text(text), Text(question["answer"], style="green" if question["answer"] != "no" else "red"))
    console.print(Padding(table, (1, 2)))


def _draw_tree(row: Row) -> Any:
    """Every object with its attributes; relations are branches from their subject."""
    from rich.console import Group
    from rich.text import Text
    from rich.tree import Tree

    graph = row["scene_graph"]
    labels = [_label_object(row, number) for number in range(len(graph["objects"]))]
    trees = []
    for number, item in enumerate(graph["objects"]):
        label = Text(f"[{number}] ", style="dim").append(item["name"], style="bold cyan")
        if item["attributes"]:
            label.append(" " + ", ".join(attribute["value"] for attribute in item["attributes"]), style="yellow")
        tree = Tree(label, guide_style="dim")
        for relation in graph["relations"]:
            if relation["subject"] == number:
                tree.add(Text(relation["predicate"], style="magenta").append(" → ", style="dim").append(labels[relation["object"]], style="cyan"))
        trees.append(tree)
    scene = [Text(f"{item['kind'].replace('_', ' ')}: {item['value']}", style="blue") for item in row["scene_attributes"]]
    return Group(*trees, *scene)


def _label_object(row: Row, number: int) -> str:
    return f"[{number}] {row['scene_graph']['objects'][number]['name']}"


def draw_scenes(rows: list[Row], path: Path) -> None:
    """Draws the scene graphs of rows into one PNG, one below the other.

    Raises:
        GasError: matplotlib is not installed, or the file cannot be written.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise GasError("drawing needs matplotlib: pip install 'generate-any-scene[plots]'", exit_status=1) from error
    import textwrap

    figure = Figure(figsize=(9, 4.6 * len(rows)), layout="constrained")
    for axes, row in zip(figure.subplots(len(rows), squeeze=False)[:, 0], rows, strict=True):
        axes.set_title("\n".join(textwrap.wrap(row["caption"], 95)), fontsize=10, loc="left")
        axes.axis("off")
        _draw_graph(axes, row)
    try:
        figure.savefig(path, format="png", dpi=130)
    except OSError as error:
        raise GasError(f"{path}: cannot be written: {error.strerror}") from error


def _draw_graph(axes: Any, row: Row) -> None:
    import networkx

    graph: networkx.DiGraph = networkx.DiGraph()
    graph.add_nodes_from(range(len(row["scene_graph"]["objects"])))
    graph.add_edges_from((relation["subject"], relation["object"]) for relation in row["scene_graph"]["relations"])
    for layer, nodes in enumerate(networkx.topological_generations(graph)):
        for node in nodes:
            graph.nodes[node]["layer"] = layer
    places = networkx.multipartite_layout(graph, subset_key="layer", align="horizontal", scale=1.0)
    # Top to bottom: relations go down from their subject.
    places = {node: (x, -y) for node, (x, y) in places.items()}
    for node, (x, y) in places.items():
        item = row["scene_graph"]["objects"][node]
        text = "\n".join([item["name"], *(attribute["value"] for attribute in item["attributes"])])
        style = {"boxstyle": "round,pad=0.5", "facecolor": "#e8f1fb", "edgecolor": "#3b6ea5"}
        axes.text(x, y, text, ha="center", va="center", fontsize=9, bbox=style, zorder=3)
    for relation in row["scene_graph"]["relations"]:
        start, end = places[relation["subject"]], places[relation["object"]]
        arrow = {"arrowstyle": "-|>", "color": "#777777", "shrinkA": 22, "shrinkB": 26, "connectionstyle": "arc3,rad=0.08"}
        axes.annotate("", xy=end, xytext=start, arrowprops=arrow, zorder=1)
        # Nearer to the subject, where arrows that meet in one object are still apart.
        x, y = (0.58 * a + 0.42 * b for a, b in zip(start, end, strict=True))
        white = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
        axes.text(x, y, relation["predicate"], ha="center", va="center", fontsize=8, color="#8a2f8a", bbox=white, zorder=2)
    scene = "   ".join(f"{item['kind'].replace('_', ' ')}: {item['value']}" for item in row["scene_attributes"])
    axes.text(0.0, -0.02, scene, transform=axes.transAxes, fontsize=8, color="#3b6ea5", va="top")
    axes.margins(0.25)
