"""How often scenes use each concept and each structure that a recipe leaves: of a recipe or of a built folder.

Scenes of a recipe are drawn as numbers, without text; of a folder only the columns that name concepts are read. Both
are counted block by block, so memory does not grow with the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...arrow import find_rows, join_texts, make_array, number_texts
from ...errors import GasError, advise
from ...taxonomy import IDENTITY, TABLES
from ..content.draw import draw_block
from ..content.filters import list_fixed_rows
from ..content.plan import Plan
from ..content.scenes import BLOCK
from ..folder.reading import Source, read_batches
from ..recipe.fields import show
from ..recipe.loading import LoadedRecipe, load_recipe
from ..recipe.model import LARGEST_SPLIT
from ..rows.filtering import refuse_filters
from ..rows.writer import create_writer

OBJECTS, RELATIONS = "scene_graph.objects.list.element", "scene_graph.relations.list.element"
COLUMNS = [
    f"{OBJECTS}.concept",
    f"{OBJECTS}.attributes.list.element.kind",
    f"{OBJECTS}.attributes.list.element.value",
    f"{RELATIONS}.category",
    f"{RELATIONS}.predicate",
    "scene_attributes.list.element.kind",
    "scene_attributes.list.element.value",
    "structure.topology",
]
"""What is read of Parquet files."""
Report = Callable[[int], None]


@dataclass(frozen=True)
class Usage:
    """What some scenes use, by `objects`, `attributes`, `relations`, `scene_attributes` and `structures`.

    Attributes:
        name: `<config>/<split>`.
        start: Index of the first scene in its split.
        scenes: How many scenes there are.
        plan: The plan of their recipe.
        rows: All concepts that scenes may have, as rows of the taxonomy's tables; all structures, as rows of theirs.
            Of completions of a seed graph that are isomorphic one stands for all.
        uses: How often each of them is used.
    """

    name: str
    start: int
    scenes: int
    plan: Plan
    rows: dict[str, np.ndarray]
    uses: dict[str, np.ndarray]


def list_possible(plan: Plan) -> dict[str, np.ndarray]:
    """What a recipe leaves of each sort, as rows of the taxonomy's tables or of the table of structures."""
    pools, table = plan.pools, plan.structures.table
    most_scene_attributes = plan.recipe.content.scene_attributes.count.high
    fixed = list_fixed_rows(plan.recipe, plan.taxonomy)
    attributes = [deck.rows for deck in (pools.attributes, *pools.seed.attributes)] if table.attributes.any() else []
    relations = [deck.rows for deck in (pools.relations, *pools.seed.relations)] if table.relations.any() else []
    decks = {
        "objects": [pools.objects, *pools.seed.objects],
        "attributes": attributes,
        "relations": relations,
        "scene_attributes": [pools.scene_attributes.values[: None if most_scene_attributes else 0], fixed],
    }
    rows = {name: np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *decks[name]])) for name in TABLES}
    topologies = number_texts(table.topologies)
    rows["structures"] = np.unique(topologies, return_index=True)[1]
    if plan.room is not None:
        rows["structures"] = rows["structures"][np.unique(topologies[plan.room.rows])]
    return rows


def count_drawn(
    loaded: LoadedRecipe, split: str, start: int, scenes: int, report: Report = lambda rows: None
) -> Usage:
    """Draws scenes of a recipe and counts what they use.

    Args:
        loaded: The recipe.
        split: One of its splits.
        start: Index of the first scene; it may lie beyond the size that the recipe gives the split.
        scenes: How many.
        report: Called with the number of scenes that were just finished.

    Raises:
        GasError: The recipe is wrong or has no such split, or there are no such rows.
    """
    recipe, last = loaded.recipe, start + scenes
    if split not in recipe.splits:
        raise GasError(f"{recipe.name} has no split `{split}`; {advise(split, recipe.splits)}")
    if last > LARGEST_SPLIT:
        raise GasError(
            f"rows {start:,} to {last - 1:,} are beyond what a split can hold; end before row {LARGEST_SPLIT:,}"
        )
    refuse_filters(recipe, "count the folder")
    plan = create_writer(loaded).plan
    topology = number_texts(plan.structures.table.topologies)
    rows = list_possible(plan)
    totals = {name: np.zeros(getattr(plan.taxonomy, name).num_rows, dtype=np.int64) for name in TABLES}
    totals["structures"] = np.zeros(int(topology.max()) + 1, dtype=np.int64)
    for block in range(start // BLOCK, -(-last // BLOCK)):
        begin = block * BLOCK
        some = draw_block(plan, split, block, max(start - begin, 0), min(last - begin, BLOCK))
        for name in TABLES:
            totals[name] += np.bincount(getattr(some, name).values, minlength=len(totals[name]))
        totals["structures"] += np.bincount(topology[some.structures], minlength=len(totals["structures"]))
        report(len(some))
    possible = rows | {"structures": topology[rows["structures"]]}
    uses = {name: total[possible[name]] for name, total in totals.items()}
    return Usage(f"{recipe.name}/{split}", start, scenes, plan, rows, uses)


def count_built(source: Source, report: Report = lambda rows: None) -> Usage:
    """Reads a split of a built folder and counts what its scenes use.

    Raises:
        GasError: A file is missing or damaged, or holds what the folder's recipe does not leave here.
    """
    if source.entry.described:
        raise GasError(
            f"{source.name} describes scene graphs of somebody's own, and no recipe says what those may use; "
            "`gas stats` compares them with the scenes of a recipe"
        )
    counter = create_counter(source.name, create_writer(load_recipe(source.recipe)).plan)
    for batch in read_batches(source, COLUMNS, BLOCK):
        counter.add(batch)
        report(len(batch))
    return Usage(source.name, 0, source.rows, counter.plan, counter.rows, counter.uses)


@dataclass(frozen=True)
class UseCounter:
    """Counts what rows use, batch by batch.

    Attributes:
        name: `<config>/<split>`.
        plan: The plan of their recipe.
        rows: All concepts and structures that scenes may have, as in `Usage`.
        names: What those are called in a dataset.
        uses: How often each of them was used so far.
    """

    name: str
    plan: Plan
    rows: dict[str, np.ndarray]
    names: dict[str, pa.Array]
    uses: dict[str, np.ndarray]

    def add(self, batch: pa.RecordBatch) -> None:
        """Counts rows, of which it needs `COLUMNS`.

        Raises:
            GasError: They have what the recipe does not leave.
        """
        for name, used in _flatten(batch).items():
            found = find_rows(used, self.names[name])
            if (found < 0).any():
                stranger = show(used[int(np.argmax(found < 0))].as_py().replace("\t", " "))
                raise GasError(
                    f"{self.name} has {stranger} among its {name.replace('_', ' ')}, which its recipe does not "
                    "leave with the concepts that are installed; build it again, or use the version that built it"
                )
            self.uses[name] += np.bincount(found, minlength=len(self.uses[name]))


def create_counter(name: str, plan: Plan) -> UseCounter:
    """A counter that has counted nothing yet."""
    rows = list_possible(plan)
    names = {
        sort: join_columns(getattr(plan.taxonomy, sort).select(IDENTITY[sort]).take(make_array(rows[sort])).columns)
        for sort in TABLES
    }
    names["structures"] = plan.structures.table.topologies.take(make_array(rows["structures"]))
    return UseCounter(name, plan, rows, names, {sort: np.zeros(len(rows[sort]), dtype=np.int64) for sort in rows})


def join_columns(columns: Iterable[pa.ChunkedArray | pa.Array]) -> pa.Array:
    """One text a row, with tabs between the columns: no concept has one."""
    first, *others = columns
    return join_texts(first, *(part for column in others for part in ("\t", column)))


def _flatten(batch: pa.RecordBatch) -> dict[str, pa.Array]:
    """What is used in a batch, one text a use."""
    graph = batch["scene_graph"]
    objects, relations = (_flatten_field(graph, name) for name in ("objects", "relations"))
    parts = {
        "attributes": (_flatten_field(objects, "attributes"), "kind", "value"),
        "relations": (relations, "category", "predicate"),
        "scene_attributes": (pc.list_flatten(batch["scene_attributes"]), "kind", "value"),
    }
    joined = {
        name: join_columns(pc.struct_field(items, column) for column in columns)
        for name, (items, *columns) in parts.items()
    }
    return {
        "objects": pc.struct_field(objects, "concept"),
        **joined,
        "structures": pc.struct_field(batch["structure"], "topology"),
    }


def _flatten_field(items: pa.StructArray, name: str) -> pa.Array:
    return pc.list_flatten(pc.struct_field(items, name))
