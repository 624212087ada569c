"""Graphs -> rows: a recipe's captions and questions about scenes that somebody has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import yaml

from ...arrow import make_texts
from ...errors import GasError
from ...taxonomy import Taxonomy
from ..content.compatibility import classify_objects, make_attribute_deck, make_relation_deck
from ..content.given import Given
from ..content.plan import Plan, plan_scenes
from ..content.pools import Pools
from ..content.scenes import Scenes
from ..content.seed_content import SeedDecks
from ..foundation.counter_rng import WINDOW
from ..foundation.ragged import Ragged
from ..questions.majority_baseline import Tallies
from ..recipe.loading import LoadedRecipe, is_path, load_recipe
from ..recipe.model import Recipe
from ..recipe.validation import validate
from ..recipe.yaml_document import read_yaml
from ..rows.writer import Own, RowWriter
from ..text.clauses import ClauseWriter
from ..text.views import Shape
from .layout import SORTS, Named
from .nouns import list_named
from .structures import write_structures

OWN = ".own_"
"""In ids of words that the taxonomy does not have; those of objects begin with the rest of it."""
MOST_PAIRS = 1 << 21
"""Pairs of relations, or of attributes, of scenes that are asked about at once."""
MOST_SHAPES = 1 << 15
"""Structures of which captions are kept."""


@dataclass
class GraphWriter:
    """Writes rows about graphs of any structure.

    Attributes:
        plan: The plan of the recipe, with the words of all graphs.
        folder: Where the recipe's own templates are, if it has any.
        complexities: Of each complexity, the structures that were written, as numbers.
    """

    plan: Plan
    folder: Path | None = None
    complexities: dict[int, set[int]] = field(default_factory=dict)
    rows: RowWriter = field(init=False)

    def __post_init__(self) -> None:
        self.rows = RowWriter(self.plan, self.folder)
        self._open_captions()

    def _open_captions(self) -> None:
        self.captions = ClauseWriter(self.plan, self.folder)
        self.rows.captions = self.captions
        self._known: dict[Shape, int] | None = None

    def write(
        self, scenes: Scenes, ids: list[str], split: str, tallies: Tallies | None = None, encoded: bool = False
    ) -> Iterator[pa.Table]:
        """Yields rows of scenes, as many at once as is good."""
        for first, last in cut_runs(scenes):
            some = scenes.cut(first, last)
            structures, complexity, codes = write_structures(some)
            for one, code in set(zip(complexity.tolist(), codes.tolist(), strict=True)):
                self.complexities.setdefault(one, set()).add(code)
            if not self.captions.goes_by_clauses:
                some = replace(some, structures=self._number_structures(some))
            own = Own(make_texts(ids[first:last]), structures)
            yield self.rows.write(some, split, tallies, encoded=encoded, own=own)

    def _number_structures(self, scenes: Scenes) -> np.ndarray:
        """The number of each scene's structure: a row of the recipe's, or one of those beyond."""
        if len(self.captions.shapes) > MOST_SHAPES:
            self._open_captions()
        table = self.plan.structures.table
        if self._known is None:
            columns = (table.attribute_counts, table.subjects, table.targets)
            shapes = zip(*(map(tuple, map(np.ndarray.tolist, one.lists())) for one in columns), strict=True)
            self._known = {Shape(*shape): number for number, shape in enumerate(shapes)}
        counts, objects = scenes.attributes.lengths.tolist(), scenes.objects.offsets.tolist()
        ends = [one.values.tolist() for one in (scenes.subjects, scenes.targets)]
        relations = scenes.relations.offsets.tolist()
        numbers = []
        for scene in range(len(scenes)):
            first, last = relations[scene : scene + 2]
            shape = Shape(
                tuple(counts[objects[scene] : objects[scene + 1]]), *(tuple(some[first:last]) for some in ends)
            )
            number = self._known.get(shape)
            numbers.append(self.captions.number_shape(shape) if number is None else number)
        return np.array(numbers, dtype=np.int64)


def cut_runs(scenes: Scenes) -> Iterator[tuple[int, int]]:
    """Cuts scenes into runs of whole windows that are not too much at once."""
    attributes = np.diff(scenes.attributes.offsets[scenes.objects.offsets])
    work = np.cumsum(scenes.relations.lengths**2 + attributes**2)
    first, count = 0, len(scenes)
    while first < count:
        done = work[first - 1] if first else 0
        last = int(np.searchsorted(work, done + MOST_PAIRS, side="right"))
        # To the end of a window, if there is one between.
        end = (scenes.start + last) // WINDOW * WINDOW - scenes.start
        if last < count and end > first:
            last = end
        elif last <= first:
            last = first + 1
        last = min(last, count)
        yield first, last
        first = last


def plan_graphs(recipe: Recipe, taxonomy: Taxonomy, named: Named) -> Plan:
    """Plans a recipe for scenes with these words, which may be none that it deals."""
    plan = plan_scenes(recipe, taxonomy)
    used = {sort: np.unique(rows[rows >= 0]) for sort in SORTS if (rows := getattr(named, sort)) is not None}
    pools, given = plan.pools, find_given(taxonomy)
    deals = {"objects": pools.objects, "attributes": pools.attributes.rows, "relations": pools.relations.rows}
    if any(len(np.setdiff1d(used[sort], dealt)) for sort, dealt in deals.items()):
        pools = widen_pools(pools, taxonomy, used)
    return replace(plan, pools=pools, given=given)


def widen_pools(pools: Pools, taxonomy: Taxonomy, used: Mapping[str, np.ndarray]) -> Pools:
    """Pools that know these concepts, too; what nobody reviewed is never named in a false statement."""
    classes = classify_objects(taxonomy, np.union1d(pools.objects, used["objects"]), pools.classes.typed)
    ids = taxonomy.attributes["id"].to_pylist()
    known = np.array([row for row in used["attributes"].tolist() if OWN not in ids[row]], dtype=np.int64)
    return replace(
        pools,
        classes=classes,
        attributes=make_attribute_deck(taxonomy, pools.attributes.rows, classes),
        relations=make_relation_deck(taxonomy, pools.relations.rows, classes),
        foil_attributes=make_attribute_deck(taxonomy, np.union1d(pools.foil_attributes.rows, known), classes),
        seed=SeedDecks(
            objects=(used["objects"],),
            attributes=(make_attribute_deck(taxonomy, used["attributes"], classes),),
            relations=(make_relation_deck(taxonomy, used["relations"], classes),),
            shares=(False,),
        ),
    )


def find_given(taxonomy: Taxonomy) -> Given:
    """What words that nobody reviewed show: what they lie under and are near; and things that they name."""
    objects, place = taxonomy.objects, taxonomy.rows_of_ids
    lists: dict[str, list[list[int]]] = {"objects": [[]] * objects.num_rows}
    own = [row for row, id_ in enumerate(objects["id"].to_pylist()) if id_.startswith(OWN[1:-1])]
    for row in own:
        one = objects.slice(row, 1).to_pylist()[0]
        parent = place[one["parent"]]
        above = [parent] if taxonomy.parent_index[parent] >= 0 else []
        lists["objects"][row] = [*above, *(place[near] for near in one["near"].split("|") if near in place)]
    for sort, column in (("attributes", "name"), ("relations", "predicate")):
        table: pa.Table = getattr(taxonomy, sort)
        cells = zip(table["id"].to_pylist(), table[column].to_pylist(), strict=True)
        lists[sort] = [list(list_named(taxonomy, text)) if OWN in id_ else [] for id_, text in cells]
    return Given(**{sort: Ragged.from_lists(some) for sort, some in lists.items()})


def make_recipe(
    given: Mapping[str, Any], recipe: str | Path | None = None, template: str | None = None
) -> LoadedRecipe:
    """The recipe by which graphs are described: one that is named, or a plain one.

    Args:
        given: What is laid over it.
        recipe: Its name or path.
        template: A template of captions in its place: a name, or the path of a file.

    Raises:
        RecipeError: The recipe, or what is laid over it, is wrong.
        GasError: The recipe has what graphs of others cannot have.
    """
    if recipe is None:
        folder = None
        if template is not None and is_path(template, ".jinja"):
            folder, template = Path(template).absolute().parent, f"./{Path(template).name}"
        plain = {"name": "described", "structure": {"complexity": 1}, **given}
        if template is not None:
            plain["captions"] = {"template": template}
        document = read_yaml(yaml.safe_dump(plain, sort_keys=False).encode(), "the options")
        return LoadedRecipe(validate(Recipe, document), folder, document.sources, document)
    loaded = load_recipe(recipe, {**given, **({"captions": {"template": template}} if template else {})})
    for key in ("pairs", "edits", "wordings", "paraphrase", "filters"):
        if getattr(loaded.recipe, key):
            raise GasError(
                f"{recipe} has `{key}`, which scene graphs of one's own cannot have; write a recipe that extends it, "
                f"with `{key}: null`"
            )
    return loaded
