"""Filters of concepts: what each leaves out is counted again over the taxonomy's rows as Python dicts."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pytest
from generate_any_scene.builders.content.filter_report import count_filtered
from generate_any_scene.builders.content.filters import FILTERS, list_fixed_rows
from generate_any_scene.builders.content.pools import choose_pools
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.recipe.model import Recipe
from generate_any_scene.builders.recipe.validation import list_keys
from generate_any_scene.builders.structures.limits import read_limits
from generate_any_scene.errors import RecipeError
from generate_any_scene.taxonomy import TABLES, load_taxonomy
from generate_any_scene.taxonomy.schema import VISIBILITY
from generate_any_scene.taxonomy.usage import measure_frequency
from generate_any_scene.taxonomy.vocabularies import list_vocabularies, read_vocabulary
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

EXAMPLES = settings(max_examples=8, phases=[Phase.generate])
"""Without shrinking: an example takes a while, and shrinking takes hundreds of them."""
PLAIN = {"content.constraints": "none", "content.scene_attributes.count": [0, 1]}
"""With these no other key keeps concepts out of scenes."""
MOST_OBJECTS = read_limits(load_recipe("general").recipe).objects[1]
NO_FILTERS = {
    *("content.objects.distinct", "content.objects.copies"),
    *("content.plausibility.neighbours", "content.plausibility.temperature", "content.plausibility.model"),
    *("content.attributes.max_per_object", "content.attributes.only_on", "content.scene_attributes.count"),
    *(f"content.plausibility.{name}" for name in ("neighbours", "temperature", "model")),
}
"""Keys of concepts that leave none of them out."""


@dataclass(frozen=True)
class Recount:
    """How values of a filter's key are drawn, and what a value leaves of some rows: both are given rows as dicts."""

    draw: Callable[[list], st.SearchStrategy]
    keep: Callable[[Any, list], list]


def list_ancestors(id_):
    while id_:
        yield id_
        id_ = read_parents()[id_]


@lru_cache
def read_parents():
    table = load_taxonomy().objects
    return dict(zip(table["id"].to_pylist(), table["parent"].to_pylist(), strict=True))


@lru_cache
def read_rows(table):
    often = measure_frequency(load_taxonomy(), table)
    rows = getattr(load_taxonomy(), table).to_pylist()
    return [{"frequency": often[number], **row, "row": number} for number, row in enumerate(rows)]


def is_under(row, names):
    return not set(names).isdisjoint(list_ancestors(row["id"]))


def draw_concepts(rows):
    """Concepts that some of the rows are, or lie under."""
    one = st.sampled_from(rows).flatmap(lambda row: st.sampled_from(list(list_ancestors(row["id"]))))
    return st.lists(one, min_size=1, max_size=4, unique=True)


def draw_texts(column):
    return lambda rows: st.sets(st.sampled_from(sorted({row[column] for row in rows})), min_size=1).map(sorted)


def take_top(top, rows):
    most = max(1, round(float(top[:-1]) / 100 * len(rows))) if isinstance(top, str) else top
    return sorted(rows, key=lambda row: -row["frequency"])[:most]


def keep_where(test):
    return lambda value, rows: [row for row in rows if test(row, value)]


def tier_of(*tiers):
    return Recount(
        lambda rows: st.sampled_from(tiers),
        keep_where(lambda row, tier: row["tier"] in tiers[: tiers.index(tier) + 1]),
    )


def draw_ids(rows):
    """Ids of some rows, and sometimes a vocabulary of theirs."""
    ids = st.lists(st.sampled_from([row["id"] for row in rows]), min_size=1, max_size=40, unique=True)
    vocabularies = {"applies_to": "basic_colors", "predicate": "geneval2", "countability": "coco80"}
    (listed,) = [name for column, name in vocabularies.items() if column in rows[0]] or [None]
    return ids if listed is None else ids | ids.map(lambda some: [*some, listed])


def list_ids(names):
    """The ids that a list means, which has ids and vocabularies."""
    words = [read_vocabulary(name) for name in names if name in list_vocabularies()]
    return {*names, *(id_ for one in words for some in one.values() for ids in some.values() for id_ in ids)}


def draw_excluded(table):
    """A few concepts, and a kind or category, so that something is left."""
    column = GROUP[table]

    def draw_around(rows, spared):
        others = [row["id"] for row in read_rows(table)[:2] if row["id"] != spared["id"]]
        ids = [row["id"] for row in rows if row is not spared] or others
        groups = sorted({row[column] for row in rows} - {spared[column]})
        some = st.lists(st.sampled_from(ids), min_size=1, max_size=4, unique=True)
        one = st.sampled_from(groups).map(lambda group: [group]) if groups else st.just([])
        return st.tuples(some, one).map(lambda parts: [*parts[0], *parts[1]])

    return lambda rows: st.sampled_from(rows).flatmap(lambda spared: draw_around(rows, spared))


def goes_with(places):
    """Whether a row of any table goes with all of some scene attributes."""
    bars = {name for one in places for name in one["bars"].split("|")} - {""}
    excluded = {name for one in places for name in (one["kind"], *one["excludes"].split("|"))} - {""}
    called = {name for one in places for name in (one["id"], one["kind"])}

    def test(row, _=None):
        if "countability" in row:
            return not is_under(row, bars) and bars.isdisjoint(row["kinds"].split("|"))
        if "modality" in row:
            clashes = {row["kind"], row["id"]} & excluded
            return not clashes and called.isdisjoint(row["excludes"].split("|"))
        return bars.isdisjoint({row["id"], row.get("kind", row.get("head"))})

    return test


def draw_groups(rows):
    """Groups of objects by letters, some of them too small for the largest scenes."""
    ids = st.lists(st.sampled_from([row["id"] for row in rows]), min_size=1, max_size=2 * MOST_OBJECTS, unique=True)
    return st.dictionaries(st.sampled_from("abc"), ids, min_size=1)


def keep_groups(groups, rows):
    names = {row["id"]: row["name"].lower() for row in rows}
    large = [ids for ids in groups.values() if len({names[id_] for id_ in ids if id_ in names}) >= MOST_OBJECTS]
    return [row for row in rows if any(row["id"] in ids for ids in large)]


def find_places(kind, names):
    return [row for row in read_rows("scene_attributes") if row["kind"] == kind and row["name"] in names]


def keep_with(fixed, rows):
    places = [place for kind, names in fixed.items() for place in find_places(kind, names)]
    test = goes_with(places)
    return [row for row in rows if test(row) and not ("modality" in row and row["kind"] in fixed)]


GROUP = {"attributes": "kind", "relations": "category", "scene_attributes": "kind"}
EXCLUDE = {
    table: Recount(
        draw_excluded(table),
        keep_where(lambda row, names, column=column: row["id"] not in names and row[column] not in names),
    )
    for table, column in GROUP.items()
}
EXACT = Recount(draw_ids, keep_where(lambda row, names: row["id"] in list_ids(names)))
SETTING = Recount(
    lambda rows: st.sampled_from(["kitchen", "beach", "library"]),
    lambda place, rows: list(filter(goes_with(find_places("location", [place])), rows)),
)
FIXED = Recount(
    # Values are not made for every modality.
    lambda rows: st.sampled_from([{"artist": "none"}, {"lighting": "none", "genre": "none"}]),
    keep_with,
)
FREQUENT = Recount(
    lambda rows: st.sampled_from([1.0, 2.25, 3.5]), keep_where(lambda row, least: row["frequency"] >= least)
)
TOP = Recount(lambda rows: st.integers(1, 300) | st.integers(1, 100).map(lambda share: f"{share}%"), take_top)
KINDS = Recount(draw_texts("kind"), keep_where(lambda row, kinds: row["kind"] in kinds))
VISIBLE = Recount(
    lambda rows: st.sampled_from(VISIBILITY),
    keep_where(lambda row, least: VISIBILITY.index(row["visible"]) <= VISIBILITY.index(least)),
)
FREQUENT = Recount(
    lambda rows: st.sampled_from([1.0, 2.25, 3.5]), keep_where(lambda row, least: row["frequency"] >= least)
)
TOP = Recount(lambda rows: st.integers(1, 300) | st.integers(1, 100).map(lambda share: f"{share}%"), take_top)
ONLY = Recount(
    lambda rows: st.lists(st.sampled_from([row["id"] for row in rows]), min_size=1, max_size=9, unique=True),
    keep_where(lambda row, ids: row["id"] in ids),
)


def keep_in_place(setting, rows):
    """What a place does not bar, by ids, kinds, heads, and what lies under objects; of scene attributes no place."""
    place = next(row for row in read_rows("scene_attributes") if row["id"] == setting)
    barred, excluded = set(place["bars"].split("|")), set(place["excludes"].split("|"))

    def keeps(row):
        if "modality" in row:
            own = {row["id"], row["kind"]}
            others = set(row["excludes"].split("|"))
            return row["kind"] != "location" and own.isdisjoint(excluded) and others.isdisjoint({setting, "location"})
        if "parent" in row:
            return not is_under(row, barred) and barred.isdisjoint(row["kinds"].split("|"))
        return row["id"] not in barred and row.get("kind", row.get("head")) not in barred

    return [row for row in rows if keeps(row)]


PLACE = Recount(lambda rows: st.just("location.kitchen"), keep_in_place)  # one key of all tables, so one value
RECOUNTS = {
    **{(table, f"content.{table}.visible"): VISIBLE for table in TABLES},
    **{(table, "content.setting"): SETTING for table in TABLES},
    **{(table, "content.scene_attributes.fixed"): FIXED for table in TABLES},
    **{(table, f"content.{table}.exclude"): recount for table, recount in EXCLUDE.items()},
    ("objects", "content.objects.only"): EXACT,
    ("attributes", "content.attributes.values"): EXACT,
    ("relations", "content.relations.predicates"): EXACT,
    ("scene_attributes", "content.scene_attributes.values"): EXACT,
    **{(table, f"content.{table}.min_frequency"): FREQUENT for table in ("attributes", "relations")},
    **{(table, f"content.{table}.top"): TOP for table in ("attributes", "relations")},
    ("objects", None): Recount(lambda rows: st.none(), keep_where(lambda row, _: "offensive" not in row["flags"])),
    ("objects", "content.objects.tier"): tier_of("common", "visible", "full"),
    ("objects", "content.objects.exclude"): Recount(
        draw_concepts, keep_where(lambda row, names: not is_under(row, names))
    ),
    ("objects", "content.objects.min_frequency"): Recount(
        lambda rows: st.sampled_from([1.0, 2.25, 3.5, 4.75]), keep_where(lambda row, least: row["frequency"] >= least)
    ),
    ("objects", "content.objects.under"): Recount(draw_concepts, keep_where(is_under)),
    ("objects", "content.objects.top"): Recount(
        lambda rows: st.integers(1, 300) | st.integers(1, 100).map(lambda share: f"{share}%"), take_top
    ),
    ("objects", "content.objects.together"): Recount(draw_groups, keep_groups),
    ("objects", "content.objects.weights"): Recount(
        lambda rows: st.dictionaries(
            st.sampled_from([row["id"] for row in rows]), st.integers(0, 2), min_size=1, max_size=9
        ),
        keep_where(lambda row, weights: weights.get(row["id"]) != 0),
    ),
    ("attributes", "content.attributes.tier"): tier_of("common", "full"),
    ("attributes", "content.attributes.kinds"): KINDS,
    ("relations", "content.relations.tier"): tier_of("common", "full"),
    ("relations", "content.relations.categories"): Recount(
        draw_texts("category"), keep_where(lambda row, categories: row["category"] in categories)
    ),
    ("scene_attributes", "modality"): Recount(
        lambda rows: st.sampled_from(["image", "video", "3d"]),
        keep_where(lambda row, modality: modality in row["modality"].split("|")),
    ),
    ("scene_attributes", "content.scene_attributes.tier"): tier_of("common", "full"),
    ("scene_attributes", "content.scene_attributes.kinds"): KINDS,
}


def find_recount(table, key):
    if (table, key) not in RECOUNTS:
        pytest.fail(
            f"the filter {key} of {table} is counted by nobody else: give RECOUNTS in {__file__} an entry ({table!r}, "
            f"{key!r}) that says how its values are drawn, and what a value leaves of rows"
        )
    return RECOUNTS[table, key]


def draw_filters(data, is_chosen):
    """Draws values of the chosen filters; gives these, how many each leaves out, and the rows that are left."""
    values, dropped, left, chosen = {}, {}, {}, {}
    for table in TABLES:
        rows = read_rows(table)
        for one in FILTERS[table]:
            recount = find_recount(table, one.key)
            if one.key not in chosen:
                chosen[one.key] = is_chosen(one)
            if rows and chosen[one.key]:
                # What is said once may be a filter of several tables.
                value = values.get(one.key) or data.draw(recount.draw(rows), label=f"{table} {one.key}")
                kept = recount.keep(value, rows)
                values |= {one.key: value} if one.key else {}
                dropped[table, one.key, one.reason] = len(rows) - len(kept)
                rows = kept
        left[table] = {row["row"] for row in rows}
    return values, dropped, left


def check_counts(values, dropped, left):
    """What is left and what each filter drops is what was counted again; together they are what there was."""
    recipe = load_recipe("general", {**PLAIN, **values}).recipe
    if not left["objects"]:
        with pytest.raises(RecipeError, match="content.objects: the filters leave no object; widen one of "):
            count_filtered(recipe, load_taxonomy())
        return
    if recipe.content.setting and recipe.modality == "3d":
        with pytest.raises(RecipeError, match=r"content.setting: the modality has no place"):
            count_filtered(recipe, load_taxonomy())
        return
    filtered = count_filtered(recipe, load_taxonomy())
    assert {(drop.table, drop.key, drop.reason): drop.count for drop in filtered.drops} == dropped
    fixed = set(list_fixed_rows(recipe, load_taxonomy()).tolist())
    for table in TABLES:
        added = fixed if table == "scene_attributes" else set()
        assert set(filtered.left[table].tolist()) - added == left[table]
        drops = sum(drop.count for drop in filtered.drops if drop.table == table)
        assert drops + len(filtered.left[table]) - len(added) == filtered.total[table] == len(read_rows(table))


@EXAMPLES
@given(st.data())
def test_all_filters_at_once(data):
    check_counts(*draw_filters(data, lambda one: True))


@EXAMPLES
@given(st.data())
def test_some_filters(data):
    def is_chosen(one):
        always = one.is_set(load_recipe("general").recipe)
        return always or data.draw(st.booleans(), label=f"{one.key} is set")

    check_counts(*draw_filters(data, is_chosen))


def test_each_key_of_content_is_a_filter_or_known_to_be_none():
    keys = {".".join(key) for key, _ in list_keys(Recipe) if key[0] == "content" and len(key) == 3}
    filters = {one.key for filters in FILTERS.values() for one in filters}
    assert keys - filters == NO_FILTERS, "a key of content does nothing without an entry in FILTERS of filters.py"
    assert {key for key in filters if key} - keys == {"modality", "content.setting"}, (
        "an entry in FILTERS has no key in recipe/model.py"
    )


def test_what_looks_at_what_others_leave_comes_last():
    last = [f"content.objects.{name}" for name in ("top", "together", "weights")]
    assert [one.key for one in FILTERS["objects"]][-3:] == last


def test_recounts_are_of_filters_that_there_are():
    assert set(RECOUNTS) == {(table, one.key) for table, filters in FILTERS.items() for one in filters}


def find_problems(**values):
    loaded = load_recipe("general", {key.replace("__", "."): value for key, value in values.items()})
    with pytest.raises(RecipeError) as error:
        choose_pools(loaded.recipe, load_taxonomy())
    return str(error.value).splitlines()


def test_all_that_is_wrong_is_said_at_its_key():
    problems = find_problems(
        content__objects={"exclude": ["dgo.n.01"], "under": ["catt.n.01"], "weights": {"xyz.n.01": 2}},
        content__attributes__kinds=["colour", "color"],
        content__relations__categories="spacial",
    )
    starts = [
        "content.objects.exclude: the taxonomy has no object 'dgo.n.01'",
        "content.objects.under: the taxonomy has no object 'catt.n.01'",
        "content.objects.weights: the taxonomy has no object 'xyz.n.01'",
        "content.attributes.kinds: there is no kind `colour`; did you mean `color`?",
        "content.relations.categories: there is no category `spacial`; did you mean `spatial`?",
    ]
    assert [text.startswith(start) for text, start in zip(problems, starts, strict=True)] == [True] * 5, problems


GROUPS = {
    "content.attributes.kinds": ("attributes", "kind", ("name", "adjective")),
    "content.relations.categories": ("relations", "category", ("predicate", "finite")),
    "content.scene_attributes.kinds": ("scene_attributes", "kind", ("name", "phrase")),
}
RESPELL = (
    str.upper,
    str.title,
    lambda text: text.replace("_", " "),
    lambda text: text.replace("_", "-"),
    "{}s".format,
)


def find_hint(key, word):
    """What the message on a word of a filter says after its semicolon; None where the filter takes the word."""
    recipe = load_recipe("general", {key: [word]}).recipe
    try:
        choose_pools(recipe, load_taxonomy())
    except RecipeError as error:
        problems = [str(problem) for problem in error.problems if "there is no" in str(problem)]
        return problems[0].partition("; ")[2] if problems else None
    return None


@pytest.mark.parametrize("key", GROUPS)
def test_kinds_in_another_spelling_are_named(key):
    table, column, _ = GROUPS[key]
    for name in sorted({row[column] for row in read_rows(table)})[:: 2 if table == "scene_attributes" else 1]:
        for respell in RESPELL:
            word = respell(name)
            assert word == name or find_hint(key, word) == f"did you mean `{name}`?"


@pytest.mark.parametrize("key", GROUPS)
def test_words_of_concepts_are_told_their_kind(key):
    table, column, called = GROUPS[key]
    rows = [row for row in read_rows(table) if row["tier"] == "common"]
    groups = {row[column] for row in read_rows(table)}
    for row in random.Random(table).sample(rows, 25):
        for word in {row[one] for one in called} - groups - {""}:
            hint = find_hint(key, word)
            assert hint.startswith((f"`{word}` is of the {column} `", "did you mean `"))
            assert f"`{row[column]}`" in hint or word in {
                other[one] for other in rows for one in called if other != row
            }


def test_words_of_other_tables_are_told_from_objects():
    (problem,) = find_problems(content__objects__exclude=["red"])
    assert problem.endswith("has no object 'red'; `red` is of the kind `color` of attributes")


def test_a_mistake_in_one_filter_is_not_one_in_others():
    """A dog would not be among the cats; whether it is among what was meant is not known."""
    objects = {"under": ["cat.n.01", "dgo.n.01"], "weights": {"dog.n.01": 2}}
    assert [text.split(":")[0] for text in find_problems(content__objects=objects)] == ["content.objects.under"]


def test_a_weight_for_what_is_not_left_is_refused():
    objects = {"under": ["cat.n.01"], "weights": {"dog.n.01": 0}}
    (problem,) = find_problems(content__objects=objects)
    assert problem.startswith("content.objects.weights: dog.n.01 is not among the ")
    assert problem.endswith(" objects that the other filters leave; widen the filters or leave it out")


def test_filters_that_leave_no_object_are_named():
    (problem,) = find_problems(content__objects={"under": ["cat.n.01"], "min_frequency": 9, "top": 5})
    filters = "tier (common), visible (yes), min_frequency (9.0)"
    assert problem == f"content.objects: the filters leave no object; widen one of {filters}"


def test_a_seed_graph_may_have_what_some_filters_leave_out():
    """`under` and `top` choose what is dealt to the rest of a scene; `exclude` is for a seed graph, too."""
    structure = {"complexity": [1, 4], "seed_graph": {"objects": [{"under": ["vehicle.n.01"]}]}}
    objects = {"under": ["cat.n.01"], "exclude": ["car.n.01"]}
    recipe = load_recipe("general", {"structure": structure, "content.objects": objects}).recipe
    (seed,) = choose_pools(recipe, load_taxonomy()).seed.objects
    rows, objects = read_rows("objects"), {"exclude": ["vehicle.n.01"]}
    assert len(seed) and all(
        is_under(rows[row], ["vehicle.n.01"]) and not is_under(rows[row], ["car.n.01"]) for row in seed.tolist()
    )
    (problem,) = find_problems(structure=structure, content__objects=objects)
    place = "structure.seed_graph.objects.0.under: content.objects leaves nothing under vehicle.n.01"
    assert problem.startswith(f"{place}; widen its tier, visible or exclude") and "top" not in problem
