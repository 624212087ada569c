"""A user's script from a recipe to a report and a reward, each line as the design of the Python API has it."""

import generate_any_scene as gas
from datasets import load_dataset
from generate_any_scene.training.decoders import CompletionDecoder, SandboxDecoder
from generate_any_scene.training.sandbox.pictures import draw_scene

KITCHEN = """\
name: kitchen
extends: sandbox
splits: {train: 40, test: 20}
"""


def test_a_script_runs_from_a_recipe_to_a_report_and_a_reward(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kitchen.yaml").write_text(KITCHEN)
    scenes = load_dataset("gas", "multi_object", split="train", streaming=True)
    assert next(iter(scenes)) == gas.scene("multi_object", index=0)

    recipe = gas.Recipe.load("kitchen.yaml", seed=7)
    assert recipe.validate().warnings == []
    recipe.to_yaml("mine.yaml")
    built = gas.build(recipe, out="kitchen", workers=2)
    rows = recipe.dataset(split="train", rows=1000)
    assert rows[:40] == built.dataset("train")[:]
    scene = gas.scene("general", index=123456789)
    assert scene.caption in scene._repr_html_()
    assert scene.svg().startswith("<svg ") and "<svg " in scene._repr_html_()

    for row in built.dataset("test"):
        path = tmp_path / "out" / f"{row['id']}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        draw_scene(row["scene_graph"], 0).save(path)
    judge = gas.judges.load("sandbox")
    report = gas.evaluate(images="out/", dataset="kitchen", judge=judge, by=["kind", "complexity"])
    assert report.figures["overall"][0]["value"] == 1
    assert {row["group"] for row in report.table("kind").to_dict("records")} >= {"object", "attribute"}
    sizes = {str(row["structure"]["complexity"]) for row in built.dataset("test")}
    assert {row["group"] for row in report.table("complexity").to_dict("records")} == sizes

    reward = gas.rewards.answers(judge, decode=CompletionDecoder(SandboxDecoder(), 0))
    drawn = [draw_scene(row["scene_graph"], 0) for row in list(rows)[:3]]
    assert reward.images(drawn, list(rows)[:3]) == [1, 1, 1]
