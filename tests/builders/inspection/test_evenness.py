"""How evenly scenes use concepts: the measures themselves, and what decks make of the paper's experiment."""

import json
import math
import shutil
from dataclasses import asdict

import numpy as np
import pytest
from generate_any_scene.arrow import match_texts
from generate_any_scene.builders.build.build import build_datasets
from generate_any_scene.builders.folder.reading import find_split
from generate_any_scene.builders.inspection.evenness import find_nodes, group_uses, measure_evenness
from generate_any_scene.builders.inspection.usage import count_built, count_drawn
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.taxonomy import TABLES, find_object, mark_under
from hypothesis import given
from hypothesis import strategies as st

PAPER_COUNTS = {"objects": 2_591, "attributes": 551, "relations": 507}
"""The concepts of the paper's table 20, which are drawn without types into 10,000 scenes of complexity 3 to 12."""


@pytest.fixture(scope="module")
def paper_recipe(tmp_path_factory, taxonomy):
    """A recipe with as many concepts as the paper's. No filter leaves so many, so some are brought up to `common`."""
    folder = tmp_path_factory.mktemp("paper")
    (folder / "more").mkdir()
    categories = ("interactional", "social", "symbolic")  # with some 500 relations
    for name, wanted in (("attributes", 551), ("relations", 507)):
        table = getattr(taxonomy, name)
        if name == "relations":
            table = table.filter(match_texts(table["category"], *categories))
        rows = table.to_pylist()
        lacking = wanted - sum(row["tier"] == "common" for row in rows)
        more = [{**row, "tier": "common"} for row in rows if row["tier"] == "full"][:lacking]
        lines = ["\t".join(map(_write_cell, row.values())) for row in more]
        (folder / "more" / f"{name}.tsv").write_text("\n".join(["\t".join(more[0]), *lines]) + "\n", encoding="utf-8")
    recipe = folder / "evenness.yaml"
    recipe.write_text(
        "\n".join(
            [
                "extends: general",
                "name: evenness",
                "taxonomy: [default, ./more]",
                "content:",
                f"  objects: {{tier: visible, visible: 'no', top: {PAPER_COUNTS['objects']}}}",
                "  attributes: {visible: 'no'}",
                f"  relations: {{visible: 'no', categories: [{', '.join(categories)}]}}",
                "  scene_attributes: {count: 0}",
                "  constraints: none",
            ]
        )
        + "\n",
        encoding="utf-8",
    )
    return load_recipe(str(recipe))


def _write_cell(value):
    return str(int(value)) if isinstance(value, bool) else str(value)


@pytest.mark.parametrize("start", [0, 5_000, 1_000_017, 987_654_321])
def test_decks_use_concepts_more_evenly_than_independent_draws(paper_recipe, start):
    """The paper has Gini 0.14, 0.14 and 0.17, entropy 99.6, 99.3 and 99.3 %, top-tenth coverage 14.68 and 15.41 %."""
    usage = count_drawn(paper_recipe, "train", start, 10_000)
    for name, possible in PAPER_COUNTS.items():
        evenness = measure_evenness(usage.uses[name])
        assert evenness.possible == evenness.used == possible
        assert evenness.gini <= 0.03
        assert evenness.normalized_entropy >= 0.999
        assert evenness.top_tenth_coverage <= 0.108


@given(st.lists(st.integers(0, 50), min_size=1, max_size=60).filter(any))
def test_measures_are_what_their_definitions_say(uses):
    count, total = len(uses), sum(uses)
    evenness = measure_evenness(np.array(uses))
    differences = sum(abs(one - other) for one in uses for other in uses)
    assert evenness.gini == pytest.approx(differences / (2 * count * total), abs=1e-9)
    entropy = -sum(one / total * math.log(one / total) for one in uses if one)
    if count > 1:
        assert evenness.normalized_entropy == pytest.approx(entropy / math.log(count), abs=1e-9)
    whole, rest = divmod(count / 10, 1)
    most = sorted(uses, reverse=True)
    assert evenness.top_tenth_coverage == pytest.approx((sum(most[: int(whole)]) + rest * most[int(whole)]) / total)


def test_measures_of_all_alike_of_one_and_of_none():
    alike = measure_evenness(np.full(7, 3))
    assert (alike.gini, alike.normalized_entropy, alike.top_tenth_coverage) == pytest.approx((0, 1, 0.1))
    one = measure_evenness(np.array([0] * 99 + [5]))
    assert (one.gini, one.normalized_entropy, one.top_tenth_coverage) == pytest.approx((0.99, 0, 1))
    assert list(asdict(measure_evenness(np.zeros(3, dtype=int))).values()) == [3, 0, 0, None, None, None]


def test_runs_of_rows_add_up(paper_recipe):
    """Runs that begin and end within blocks use, together, what the whole run uses."""
    whole = count_drawn(paper_recipe, "train", 100, 20_000)
    parts = [
        count_drawn(paper_recipe, "train", start, rows) for start, rows in ((100, 1), (101, 9_000), (9_101, 10_999))
    ]
    for name, uses in whole.uses.items():
        assert (uses == sum(part.uses[name] for part in parts)).all()


@pytest.mark.parametrize(("config", "split"), [("multi_object", "train"), ("video", "test")])
def test_a_built_folder_has_what_its_recipe_draws(built, config, split):
    source = find_split(built, config, split)
    read, drawn = count_built(source), count_drawn(load_recipe(config), split, 0, source.rows)
    for name in (*TABLES, "structures"):
        assert (read.rows[name] == drawn.rows[name]).all()
        assert (read.uses[name] == drawn.uses[name]).all()
    assert drawn.uses["structures"].sum() == source.rows


def test_what_a_seed_graph_names_is_counted(tmp_path):
    """Of a folder, too, though the filters leave neither the concept nor the value."""
    seed = "structure.seed_graph={objects: [{concept: dog.n.01, attributes: [{kind: color, value: red}]}, {}]}"
    filters = ("content.objects.under=[furniture.n.01]", "content.attributes={kinds: [material], max_per_object: 1}")
    settings = (seed, *filters, "structure.complexity=[4,6]", "splits={train: 100, validation: 0, test: 0}")
    loaded = load_recipe("multi_object", ("name=dogs", "questions=[]", *settings))
    drawn = count_drawn(loaded, "train", 0, 100)
    taxonomy = drawn.plan.taxonomy
    dog = np.flatnonzero(drawn.rows["objects"] == find_object(taxonomy, "dog.n.01"))
    assert drawn.uses["objects"][dog] == 100
    red = [row for row in drawn.rows["attributes"].tolist() if taxonomy.attributes["id"][row].as_py() == "color.red"]
    assert drawn.uses["attributes"][drawn.rows["attributes"] == red] == 100
    build_datasets([loaded], tmp_path / "gas")
    read = count_built(find_split(tmp_path / "gas"))
    assert all((read.uses[name] == drawn.uses[name]).all() for name in drawn.uses)


def test_a_folder_that_does_not_fit_its_recipe_is_refused(gas, built, tmp_path):
    """As one whose taxonomy has changed since: its rows have what should not be there."""
    folder = tmp_path / "gas"
    shutil.copytree(built, folder)
    recipe = folder / "recipes" / "multi_object.yaml"
    recipe.write_text(recipe.read_text().replace("tier: common", "tier: common\n    under: [dog.n.01]", 1))
    status, _, err = gas("stats", folder, "--config", "multi_object")
    assert status == 2
    assert "among its objects, which its recipe does not leave" in err


def test_groups_split_up_the_whole():
    usage = count_drawn(load_recipe("general"), "train", 0, 500)
    for by in ("node", "kind", "category", "structure"):
        for sort, groups in group_uses(usage, by).items():
            whole = measure_evenness(usage.uses[sort])
            for count in ("possible", "used", "uses"):
                assert sum(getattr(one, count) for one in groups.values()) == getattr(whole, count), (by, sort)


def test_nodes_are_children_of_what_is_asked_for(taxonomy):
    ids = np.append(np.array(taxonomy.objects["id"].to_pylist()), "")
    nodes = find_nodes(taxonomy, "carnivore.n.01")
    rows = {name: find_object(taxonomy, name) for name in ("beagle.n.01", "carnivore.n.01", "table.n.02")}
    assert ids[nodes[rows["beagle.n.01"]]] == "canine.n.02"
    assert ids[nodes[rows["carnivore.n.01"]]] == "carnivore.n.01"
    assert nodes[rows["table.n.02"]] == -1
    assert (nodes >= 0).sum() == mark_under(taxonomy, ["carnivore.n.01"]).sum()
    assert (find_nodes(taxonomy) >= 0).all()


def test_stats_prints_tables_json_and_pictures(gas, built, tmp_path):
    png = tmp_path / "uses.png"
    options = ["--config", "video", "--split", "test", "--by", "category", "--by", "structure"]
    status, out, err = gas("stats", built, *options, "--json", "--png", png)
    assert status == 0, err
    described = json.loads(out)
    assert (described["name"], described["scenes"]) == ("video/test", 40)
    assert list(described["overall"]) == ["objects", "attributes", "relations", "scene_attributes", "structures"]
    assert set(described["by"]["structure"]["structures"]) == {str(complexity) for complexity in range(3, 10)}
    assert png.read_bytes().startswith(b"\x89PNG")
    text = gas("stats", "video", "--split", "test", "--rows", 40, *options[4:])[1]
    assert "video/test: 40 scenes from row 0" in text
    for name, one in described["by"]["category"]["relations"].items():
        line = next(line for line in text.splitlines() if line.startswith(name))
        assert line.split()[1:4] == [f"{one[count]:,}" for count in ("possible", "used", "uses")]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["multi_object", "--split", "tset"], "did you mean `test`"),
        (["multi_object", "--by", "nod"], "did you mean `node`"),
        (["multi_object", "--under", "dog.n.01"], "add --by node"),
        (["multi_object", "--rows", "10", "--by", "node", "--under", "dgo"], "no object 'dgo'"),
        (["multi_object", "--config", "video"], "is a recipe; leave --config out"),
        (["multi_object", "--start", "99999999999"], "end before row 100,000,000,000"),
        (["{built}", "--config", "video", "--rows", "5", "--set", "seed=1"], "leave --set and --rows out"),
        (["{built}", "--config", "vidoe"], "did you mean `video`"),
        (["."], "has no manifest.json"),
        (["mutli_object"], "did you mean `multi_object`"),
    ],
)
def test_mistakes_are_explained(gas, built, arguments, message):
    status, _, err = gas("stats", *(argument.format(built=built) for argument in arguments))
    assert status == 2
    assert message in " ".join(err.split())
