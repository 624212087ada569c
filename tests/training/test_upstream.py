"""Keys of other packages: names are checked, and values read as their annotations want them."""

import shutil

import huggingface_hub
import pytest
from generate_any_scene.errors import GasError
from generate_any_scene.training.upstream import (
    PACKAGES,
    find_files,
    identify_files,
    list_versions,
    read_keys,
    require,
)
from peft import LoraConfig
from torch.optim import AdamW
from trl import GRPOConfig


@pytest.mark.parametrize(
    ("taker", "name", "close"),
    [(LoraConfig, "lora_alfa", "lora_alpha"), (AdamW, "weight_decy", "weight_decay"), (GRPOConfig, "bta", "beta")],
)
def test_an_unknown_key_is_told_with_the_closest_one(taker, name, close):
    values, (problem,) = read_keys({name: 1}, taker, "place")
    assert values == {}
    assert str(problem) == f"place.{name}: {taker.__name__} has no key `{name}`; did you mean `{close}`?"


@pytest.mark.parametrize(
    ("taker", "given", "read"),
    [
        (AdamW, {"lr": "1e-4", "eps": "1e-8"}, {"lr": 1e-4, "eps": 1e-8}),
        (AdamW, {"betas": ["9e-1", 0.99]}, {"betas": [0.9, 0.99]}),
        (LoraConfig, {"r": "8", "lora_dropout": "1e-1"}, {"r": 8, "lora_dropout": 0.1}),
        (GRPOConfig, {"learning_rate": "1e-6", "max_steps": "1e2"}, {"learning_rate": 1e-6, "max_steps": 100}),
        (GRPOConfig, {"lr_scheduler_kwargs": {"min_lr": "1e-7"}}, {"lr_scheduler_kwargs": {"min_lr": 1e-7}}),
    ],
)
def test_text_that_means_a_number_is_read_as_one(taker, given, read):
    values, problems = read_keys(given, taker, "place")
    assert problems == []
    assert values == read
    for name, value in values.items():
        assert type(value) is type(read[name])


@pytest.mark.parametrize(
    ("taker", "given"),
    [
        (LoraConfig, {"init_lora_weights": "gaussian", "bias": "none", "target_modules": "all-linear"}),
        (LoraConfig, {"init_lora_weights": False}),
        (GRPOConfig, {"run_name": "1e4", "report_to": "none", "save_strategy": "no", "scale_rewards": "group"}),
        (GRPOConfig, {"bf16": True, "beta": 0, "lr_scheduler_kwargs": {"name": "e1"}}),
    ],
)
def test_other_values_are_taken_as_they_are(taker, given):
    assert read_keys(given, taker, "place") == (given, [])


@pytest.mark.parametrize(
    ("taker", "given", "message"),
    [
        (AdamW, {"lr": "fast"}, "place.lr: must be a number, not `fast`"),
        (LoraConfig, {"r": "1.5"}, "place.r: must be a whole number, not `1.5`"),
        (GRPOConfig, {"save_strategy": False}, "place.save_strategy: must be text, not `false`; put it in quotes"),
    ],
)
def test_values_that_cannot_be_meant_are_told(taker, given, message):
    values, (problem,) = read_keys(given, taker, "place")
    assert values == {}
    assert str(problem).startswith(message)


def test_keys_that_the_recipe_states_elsewhere_are_refused():
    values, (problem,) = read_keys({"seed": 1, "beta": 0.1}, GRPOConfig, "trainer", {"seed": "it is `seed`"})
    assert values == {"beta": 0.1}
    assert str(problem) == "trainer.seed: `seed` stands elsewhere; it is `seed`"


def test_all_problems_are_told_at_once():
    _, problems = read_keys({"lrr": 1, "eps": "x", "lr": 1}, AdamW, "optimizer")
    assert [problem.key for problem in problems] == ["optimizer.lrr", "optimizer.eps"]


def test_what_is_missing_is_told_with_how_to_install_it():
    require("json", "torch")
    with pytest.raises(GasError) as caught:
        require("json", "no_such_package.part")
    assert str(caught.value) == "training needs no_such_package: pip install 'generate-any-scene[train]'"
    assert caught.value.exit_status == 1


def test_versions_are_those_of_what_is_installed():
    import torch

    versions = list_versions()
    assert set(versions) <= set(PACKAGES)
    assert torch.__version__.startswith(versions["torch"])  # which may add what it was built for


def test_models_are_told_apart_by_commit_or_content(tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(cache))
    for number, revision in enumerate(("main", "v1")):
        commit, place = str(number) * 40, cache / "models--me--model"
        (place / "snapshots" / commit).mkdir(parents=True)
        (place / "snapshots" / commit / "config.json").write_text("{}")
        (place / "refs").mkdir(exist_ok=True)
        (place / "refs" / revision).write_text(commit)
    assert [identify_files("me/model", one) for one in (None, "main", "v1")] == ["0" * 40, "0" * 40, "1" * 40]
    assert find_files("me/model", "v1").name == "1" * 40  # where the reference is loaded from, too
    folder, copy = tmp_path / "one", tmp_path / "two"
    (folder / "part").mkdir(parents=True)
    (folder / "part" / "weights").write_bytes(b"1")
    shutil.copytree(folder, copy)
    assert identify_files(str(folder)) == identify_files(str(copy))
    (copy / "part" / "weights").write_bytes(b"2")
    assert identify_files(str(folder)) != identify_files(str(copy))
    assert identify_files(str(folder / "part" / "weights")) != identify_files(str(copy / "part" / "weights"))
