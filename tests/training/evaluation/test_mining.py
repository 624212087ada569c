"""What a model is weak at, planted and found, and the recipe that leans on it."""

import json
from collections import Counter

import pytest
import yaml
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.rows.writer import create_writer
from generate_any_scene.errors import GasError
from generate_any_scene.training.evaluation.mining import describe_mined, mine_runs, write_recipe
from generate_any_scene.training.evaluation.tables import ANSWERS, Run
from planted import make_scenes, plant_run

RECORD = {"data": {"recipe": "multi_object"}}


@pytest.fixture(scope="module")
def scenes():
    return make_scenes("multi_object", 1500)


def list_concepts(scenes):
    return Counter(one["concept"] for graph in scenes["scene_graph"].to_pylist() for one in graph["objects"])


def plant_weak(concepts, extra):
    """More wrong answers to what is asked about things that are there, of some concepts."""

    def also(row, question):
        if question["foil"] or question["kind"] not in ("object", "attribute", "count"):
            return 0.0
        numbers = [int(one.split("/")[1]) for one in question["elements"] if not one.startswith("relation")]
        return extra * any(row["scene_graph"]["objects"][number]["concept"] in concepts for number in numbers)

    return also


def choose_weak(scenes):
    """Every fortieth of the concepts that are in three scenes or more."""
    return set(sorted(concept for concept, count in list_concepts(scenes).items() if count >= 3)[::40])


def measure(found, planted):
    names = {one.name for one in found}
    return len(names & planted) / max(1, len(names)), len(names & planted) / len(planted)


def test_planted_concepts_are_found(scenes):
    """Three scenes of each, two pictures of a scene: 60 of 100 answers are wrong where elsewhere few are."""
    planted = choose_weak(scenes)
    assert len(planted) > 10
    run = plant_run(scenes, also=plant_weak(planted, 0.5), pictures=2, spread=0.5, record=RECORD)
    precision, recall = measure(mine_runs(run).weak["concepts"], planted)
    assert precision >= 0.85
    assert recall >= 0.85


@pytest.mark.slow
@pytest.mark.parametrize(("extra", "least"), [(0.25, 0.65), (0.5, 0.95)])
def test_planted_concepts_of_more_scenes_are_found_more_surely(extra, least):
    """Six scenes and more of each, in 30 or 60 of 100 cases wrong."""
    scenes = make_scenes("multi_object", 4000, "train")
    planted = set(sorted(concept for concept, count in list_concepts(scenes).items() if count >= 6)[::40])
    run = plant_run(scenes, also=plant_weak(planted, extra), pictures=2, spread=0.5, record=RECORD)
    precision, recall = measure(mine_runs(run).weak["concepts"], planted)
    assert precision >= 0.9
    assert recall >= least


def test_where_nothing_is_planted_no_concept_is_weak(scenes):
    mined = mine_runs(plant_run(scenes, pictures=2, spread=0.5, record=RECORD))
    assert len(mined.weak["concepts"]) <= 2
    assert len(mined.weak["predicates"]) <= 1
    assert [one.name for one in mined.weak["kinds"]] == ["relation", "count"]


def test_behind_another_model_is_what_it_does_better(scenes):
    """Both find counts hard; only one finds some concepts so."""
    planted = choose_weak(scenes)
    run = plant_run(scenes, also=plant_weak(planted, 0.5), pictures=2, record=RECORD)
    mined = mine_runs(run, plant_run(scenes, model="other", seed=1, pictures=2))
    precision, recall = measure(mined.weak["concepts"], planted)
    assert precision >= 0.9
    assert recall >= 0.7
    assert not {"count", "relation"} & {one.name for one in mined.weak["kinds"]}
    described = json.loads(json.dumps(describe_mined(mined), allow_nan=False))
    assert described["other"] == "runs/other"
    first = described["weak"]["concepts"][0]
    assert first["low"] <= first["shrunken"] <= first["high"] < 0
    assert first["value"] < first["expected"]


def test_the_recipe_leans_on_weak_concepts_as_it_says(scenes, tmp_path):
    planted = choose_weak(scenes)
    run = plant_run(scenes, {}, also=plant_weak(planted, 0.6), pictures=2, record=RECORD)
    mined = mine_runs(run)
    path = write_recipe(mined, tmp_path / "weak.yaml")
    fields = yaml.safe_load(path.read_text())
    assert (fields["name"], fields["extends"], fields["splits"]) == (
        "multi_object_mined",
        "multi_object",
        {"train": 10_000},
    )
    comment = next(line for line in path.read_text().splitlines() if line.startswith("# content.objects.weights"))
    said = int(comment.split(" are ")[1].split(" %")[0]) / 100
    weights = fields["content"]["objects"]["weights"]
    assert set(weights) == {one.name for one in mined.weak["concepts"]}
    rows = create_writer(load_recipe(str(path))).write_block("train", 0, 500)
    counts = list_concepts(rows)
    assert sum(counts[name] for name in weights) / counts.total() == pytest.approx(said, abs=0.05)
    before = list_concepts(scenes)
    assert sum(before[name] for name in weights) / before.total() < 0.1
    weakest = max(weights, key=weights.get)
    assert f"concept {next(one.title for one in mined.weak['concepts'] if one.name == weakest)}:" in path.read_text()


def test_weak_categories_and_kinds_and_structures(scenes, tmp_path):
    """Spatial relations are wrong in half of the cases, and so are colors."""

    def also(row, question):
        graph, found = row["scene_graph"], False
        for element in question["elements"]:
            sort, *numbers = element.split("/")
            numbers = [int(one) for one in numbers]
            if sort == "relation":
                found |= graph["relations"][numbers[0]]["category"] == "spatial"
            elif sort == "attribute":
                found |= graph["objects"][numbers[0]]["attributes"][numbers[1]]["kind"] == "color"
        return 0.5 * found

    mined = mine_runs(plant_run(scenes, {"object": 0.1, "count": 0.1}, also=also, pictures=2, record=RECORD))
    assert [one.name for one in mined.weak["categories"]] == ["spatial"]
    assert [one.name for one in mined.weak["attribute_kinds"]] == ["color"]
    assert {one.name for one in mined.weak["kinds"]} >= {"relation"}
    path = write_recipe(mined, tmp_path / "weak.yaml")
    recipe = load_recipe(str(path)).recipe
    assert recipe.content.relations.categories == ("spatial",)
    assert recipe.content.attributes.kinds == ("color",)
    assert recipe.structure.relations.low == 1
    graphs = create_writer(load_recipe(str(path))).write_block("train", 0, 200)["scene_graph"].to_pylist()
    assert {one["category"] for graph in graphs for one in graph["relations"]} == {"spatial"}
    assert all(graph["relations"] for graph in graphs)


def test_weak_counts_and_large_scenes(scenes, tmp_path):
    """Scenes of seven elements and more are wrong in a third of the cases, and counts always are."""

    def also(row, question):
        return 0.33 * (row["structure"]["complexity"] >= 7)

    mined = mine_runs(plant_run(scenes, {"count": 0.9}, also=also, pictures=2, record=RECORD))
    assert {one.name for one in mined.weak["elements"]} == {"7", "8", "9"}
    recipe = load_recipe(str(write_recipe(mined, tmp_path / "weak.yaml"))).recipe
    assert recipe.structure.complexity == (6, 9)  # half of 3 to 9
    assert recipe.content.objects.copies.share == 0.5


def test_a_recipe_of_ones_own_is_written_whole(scenes, tmp_path):
    """Beside the recipe that it changes, or where what that extends cannot be named."""
    own = tmp_path / "pets.yaml"
    own.write_text(
        "name: pets\nextends: multi_object\ncontent: {objects: {under: [animal.n.01]}}\nsplits: {test: 10}\n"
    )
    rows = create_writer(load_recipe(str(own))).write_block("test", 0, 600)
    planted = choose_weak(rows)
    record = {"data": {"recipe": str(own), "overrides": {"structure": {"objects": [2, 4]}}}}
    run = plant_run(rows, {}, also=plant_weak(planted, 0.6), pictures=2, record=record)
    path = write_recipe(mine_runs(run), tmp_path / "elsewhere" / "mined.yaml")
    recipe = load_recipe(str(path)).recipe
    assert recipe.name == "pets_mined"
    assert recipe.content.objects.under == ("animal.n.01",)
    assert recipe.structure.objects == (2, 4)
    assert set(recipe.splits) == {"train"}
    assert create_writer(load_recipe(str(path))).write_block("train", 0, 10).num_rows == 10


def test_a_built_folder_has_its_recipe(scenes, tmp_path):
    folder = tmp_path / "gas" / "recipes"
    folder.mkdir(parents=True)
    (folder / "multi_object.yaml").write_text("name: multi_object\nextends: multi_object\nseed: 5\n")
    record = {"data": {"path": str(tmp_path / "gas"), "name": "multi_object"}}
    run = plant_run(scenes, {}, also=plant_weak(choose_weak(scenes), 0.6), record=record)
    assert load_recipe(str(write_recipe(mine_runs(run), tmp_path / "mined.yaml"))).recipe.seed == 5


def test_what_cannot_be_mined_is_refused(scenes, tmp_path):
    run = plant_run(scenes.slice(0, 60), {}, record=RECORD)
    with pytest.raises(GasError, match="nothing weak that a recipe can lean on"):
        write_recipe(mine_runs(run), tmp_path / "none.yaml")
    with pytest.raises(GasError, match="has no answers"):
        mine_runs(Run(run.folder, ANSWERS.empty_table(), run.scores, run.scenes, {}))
    with pytest.raises(GasError, match="no scene in common"):
        mine_runs(run, plant_run(scenes.slice(100, 60), model="other"))
    foreign = scenes.set_column(0, "id", [[f"elsewhere/{number}" for number in range(scenes.num_rows)]])
    weak = mine_runs(plant_run(foreign, {}, also=plant_weak(choose_weak(scenes), 0.6)))
    with pytest.raises(GasError, match="does not say by which recipe"):
        write_recipe(weak, tmp_path / "none.yaml")
    assert not list(tmp_path.iterdir())
