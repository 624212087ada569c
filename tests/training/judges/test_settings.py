"""Whom to ask, as recipes and the command line say it."""

import pytest
import tiny
from generate_any_scene import judges
from generate_any_scene.errors import GasError, RecipeError
from generate_any_scene.training.judges.settings import JudgeSettings, RewardJudge, open_judge, read_judge
from generate_any_scene.training.judges.vision_language import MODEL, REWARD_MODEL
from generate_any_scene.training.recipes.loading import dump_training, load_training
from generate_any_scene.training.sandbox.judge import SandboxJudge


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sandbox", {"kind": "sandbox", "model": None}),
        ("Qwen/Qwen3-VL-2B-Instruct", {"kind": "model", "model": "Qwen/Qwen3-VL-2B-Instruct"}),
        ("./models/judge", {"kind": "model", "model": "./models/judge"}),
        ("http://localhost:8000/v1", {"kind": "endpoint", "url": "http://localhost:8000/v1", "model": None}),
        ("https://judges.example", {"kind": "endpoint", "url": "https://judges.example"}),
    ],
)
def test_a_judge_on_the_command_line(text, expected):
    settings = read_judge(text)
    assert {name: getattr(settings, name) for name in expected} == expected


def test_keys_are_overridden():
    settings = read_judge("some/judge", ["max_new_tokens=4", "chat_template.enable_thinking=false", "dtype=bfloat16"])
    assert (settings.max_new_tokens, settings.dtype) == (4, "bfloat16")
    assert settings.chat_template == {"enable_thinking": False}
    assert read_judge("some/judge", {"most_refused": 1}).most_refused == 1


def test_a_judge_in_a_file(tmp_path):
    path = tmp_path / "judge.yaml"
    path.write_text("kind: endpoint\nurl: http://localhost:1/v1\nsystem: Look twice.\nretries: 0\n")
    settings = read_judge(str(path), ["retries=2"])
    assert (settings.kind, settings.system, settings.retries) == ("endpoint", "Look twice.", 2)
    path.write_text("model: some/judge\nmax_pixel: 3\n")
    with pytest.raises(RecipeError, match=r"judge.yaml:2:1: .*unknown key `max_pixel`; did you mean `max_pixels`\?"):
        read_judge(str(path))


def test_a_folder_whose_name_ends_like_a_file(tmp_path):
    folder = tmp_path / "judge.yaml"
    folder.mkdir()
    (folder / "config.json").touch()
    assert read_judge(str(folder)).model == str(folder)


@pytest.mark.parametrize(
    ("text", "overrides", "words"),
    [
        ("no/such.yaml", [], "there is no file `no/such.yaml`"),
        ("some/judge", ["max_new_token=4"], "did you mean `max_new_tokens`?"),
        ("some/judge", ["dtype=float"], "did you mean `float32`?"),
        ("some/judge", ["max_new_tokens=0"], "max_new_tokens"),
        ("some/judge", ["url=http://localhost:1"], "`url` does not go with `kind: model`; write `kind: endpoint`"),
        ("some/judge", ["kind=endpoint"], "`kind: endpoint` needs `url`; write it as http://localhost:8000/v1"),
        ("some/judge", ["kind=endpoint", "url=localhost"], "`localhost` is no address"),
        ("", [], "must not be empty"),
    ],
)
def test_a_judge_that_cannot_be_meant(text, overrides, words):
    with pytest.raises(GasError) as caught:
        read_judge(text, overrides)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_rewards_have_a_smaller_judge_than_evaluations():
    assert (JudgeSettings().model, RewardJudge().model) == (MODEL, REWARD_MODEL)
    assert (JudgeSettings().most_refused, RewardJudge().most_refused) == (0.8, 0.5)
    assert JudgeSettings(kind="endpoint", url="http://localhost:1").model is None


def test_what_is_kept_of_a_training_names_the_judge(tmp_path):
    recipe = load_training("sandbox_grpo", {"judge": {"kind": "model"}}).recipe
    assert recipe.judge.model == REWARD_MODEL
    (tmp_path / "kept.yaml").write_text(dump_training(recipe))
    assert load_training(tmp_path / "kept.yaml").recipe == recipe
    assert f"model: {REWARD_MODEL}" in (tmp_path / "kept.yaml").read_text()


def test_the_papers_recipe_has_the_papers_judge():
    assert load_training("grpo_simplear").recipe.judge.model == "Qwen/Qwen2.5-VL-3B-Instruct"


def test_judges_are_opened(tmp_path):
    assert isinstance(open_judge(read_judge("sandbox")), SandboxJudge)
    folder = str(tiny.save_llava(tmp_path / "judge"))
    keys = {"max_new_tokens": 3, "system": "Look.", "instruction": "Say.", "grid": 3, "batch_size": 2}
    judge = open_judge(read_judge(folder, keys), device="cpu")
    assert {name: getattr(judge, name) for name in keys} == keys
    assert (judge.model, judge.device) == (folder, "cpu")


def test_a_judge_is_made_in_one_call(tmp_path):
    judge = judges.load(tiny.save_idefics3(tmp_path / "model"), device="cpu", max_new_tokens=4)
    assert (judge.model, judge.device, judge.max_new_tokens) == (str(tmp_path / "model"), "cpu", 4)
    assert judges.load("sandbox") == SandboxJudge()
    with pytest.raises(RecipeError, match="did you mean `max_new_tokens`"):
        judges.load("sandbox", max_new_token=4)
