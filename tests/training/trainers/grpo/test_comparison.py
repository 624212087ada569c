"""Rewards compared, from a recipe to tables: the sandbox's recipe with everything small."""

import json

import numpy as np
import pytest
from generate_any_scene.errors import GasError, RecipeError
from generate_any_scene.training.recipes.loading import load_training
from generate_any_scene.training.run import describe_run, load_checked, run_training
from generate_any_scene.training.trainers.grpo import comparison
from PIL import Image

SMALL = {
    "sandbox_model": {"hidden_size": 32, "steps": 20, "batch_size": 32, "mismatched_steps": 0,
                      "data": {"recipe": "sandbox", "limit": 300}},
    "data.limit": 200,
    "trainer.max_steps": 3,
    "trainer.per_device_train_batch_size": 32,
    "trainer.use_cpu": True,
    "held_out.data.limit": 9,
    "held_out.shown": 2,
    "rewards.similarity.options": {"steps": 2, "data": {"recipe": "sandbox", "limit": 40}},
    "seeds": [7],
}  # fmt: skip


def start(folder, **changes):
    """Runs the recipe made small, and gives its record and the stages that were made."""
    lines = []
    loaded = load_training("sandbox_rewards", {**SMALL, "output": str(folder), **changes})
    record = run_training(loaded, report=lines.append)
    return record, [line.removesuffix(": done") for line in lines if line.endswith(": done")]


def read_lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compared") / "run"
    return folder, *start(folder)


def test_each_reward_trains_from_one_base_and_logs_all_others(finished):
    folder, _, made = finished
    assert made == ["seed_7/base", "seed_7/graph", "seed_7/similarity", "seed_7/paper"]
    logs = {name: read_lines(folder / "seed_7" / name / "rewards.jsonl") for name in ("graph", "similarity", "paper")}
    first = {name: lines[0] for name, lines in logs.items()}
    # The base's pictures are the same in the first step, whatever counts then.
    assert first["graph"]["reward"] == pytest.approx(first["similarity"]["rewards/graph/mean"])
    assert first["similarity"]["reward"] == pytest.approx(first["paper"]["rewards/similarity/mean"])
    assert first["paper"]["reward"] == pytest.approx(first["graph"]["rewards/paper/mean"])
    assert first["graph"]["by_kind/relation"] == pytest.approx(first["similarity"]["graph/by_kind/relation"])
    assert first["graph"]["reward"] != pytest.approx(first["paper"]["reward"])
    weights = {(folder / "seed_7" / name / "model" / "model.safetensors").read_bytes() for name in logs}
    assert len(weights) == 3


def test_models_are_compared_on_all_questions_and_on_each_kind(finished):
    folder, record, _ = finished
    results = record["results"]
    lines = read_lines(folder / "seed_7" / "graph" / "held_out.jsonl")
    shares = results["held_out_scores"]
    assert set(shares) == {"all", "attribute", "count", "object", "relation"}
    assert shares["all"][7]["graph"]["score"] == pytest.approx(np.mean([line["after"] for line in lines]))
    assert shares["all"][7]["base"]["score"] == pytest.approx(np.mean([line["before"] for line in lines]))
    own = [line["by_kind"]["relation"]["after"] for line in lines if "relation" in line["by_kind"]]
    assert 0 < len(own) < len(lines)
    assert shares["relation"][7]["graph"]["score"] == pytest.approx(np.mean(own))
    assert "graph - similarity" in results["differences"]["relation"]
    table = (folder / "table.md").read_text(encoding="utf-8")
    assert table.splitlines() == results["table"]
    assert "Held out, relation: differences (95 %)" in table and "| all in the top row |" in table


def test_pictures_and_curves_are_drawn(finished):
    folder, record, _ = finished
    told = "\n".join(describe_run(load_training(folder / "recipe.yaml").recipe, record))
    for name in ("held_out.png", "rewards.png"):
        with Image.open(folder / name) as image:
            image.load()
        assert str(folder / name) in told
    recipe = load_training(folder / "recipe.yaml").recipe
    panels = comparison.list_panels(recipe, folder)
    assert {"reward graph", "reward similarity", "questions: relation"} <= panels.keys()
    assert all(len(values) == 3 for some in panels.values() for seeds in some.values() for values in seeds)
    shown = comparison.list_groups(recipe, folder)
    assert [[words.partition(":")[0] for words, _ in pictures] for _, pictures in shown] == [
        ["base", "graph", "similarity", "paper"]
    ] * 2


def test_the_sheet_shows_the_pictures_that_were_judged(finished):
    """Of the base, those of the sheet that the first training drew before it began."""
    folder, _, _ = finished
    recipe = load_training(folder / "recipe.yaml").recipe
    (_, pictures), *_ = comparison.list_groups(recipe, folder)
    with Image.open(folder / "seed_7" / "graph" / "held_out.png") as sheet:
        drawn = np.asarray(sheet.convert("RGB"))[78:222, 12:156]
    assert np.array_equal(drawn, np.asarray(pictures[0][1].resize((144, 144), Image.Resampling.LANCZOS)))


@pytest.mark.slow
def test_a_run_that_was_killed_between_trainings_goes_on_after_the_last(finished, tmp_path, monkeypatch):
    whole, record, _ = finished
    folder, train, done = tmp_path / "run", comparison.train_policy, []

    def fail(recipe, *rest):
        if len(done) == 1:
            raise GasError("killed", exit_status=1)
        done.append(recipe.name)
        return train(recipe, *rest)

    monkeypatch.setattr(comparison, "train_policy", fail)
    with pytest.raises(GasError, match="killed"):
        start(folder)
    assert done == ["sandbox_rewards graph"]
    monkeypatch.setattr(comparison, "train_policy", train)
    again, made = start(folder)
    assert made == ["seed_7/similarity", "seed_7/paper"]
    assert again["results"]["held_out_scores"] == record["results"]["held_out_scores"]
    assert (folder / "table.md").read_text() == (whole / "table.md").read_text()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"reward": "paper"}, "`reward` and `rewards` do not go together"),
        ({"held_out": None}, "`rewards` are compared by `held_out`, which is missing"),
        ({"rewards": None}, "`seeds` go with `rewards`"),
        ({"rewards.base": "paper"}, "`base` names a folder"),
        ({"rewards.my reward": "paper"}, "`my reward` names a folder"),
        ({"rewards.graph.split": True}, "`split` of `rewards.graph` gives several rewards"),
        ({"rewards.similarity.of": "sandbox_similarty"}, "did you mean `sandbox_similarity`"),
        ({"rewards.similarity.options.step": 4}, "sandbox_similarity has no option step"),
        ({"rewards.graph.judges": [{"model": "/no/such/judge"}]}, "there is no folder `/no/such/judge`"),
        ({"seeds": [-1]}, "seeds"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(changes, told, tmp_path):
    folder = tmp_path / "run"
    with pytest.raises(RecipeError) as caught:
        run_training(load_checked("sandbox_rewards", {**SMALL, "output": str(folder), **changes}))
    (problem,) = caught.value.problems
    assert told in str(problem) and "\n" not in str(problem)
    assert not folder.exists()
