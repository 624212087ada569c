"""Models on the Hub, pushed when a training is done or later, against a Hub over HTTP with the real client."""

import json

import pytest
from generate_any_scene.builders.foundation import hub_requests
from generate_any_scene.errors import GasError
from generate_any_scene.training.cards import add_card
from generate_any_scene.training.publishing import check_push, push_model
from generate_any_scene.training.recipes.loading import load_training
from hub_server import READ_TOKEN, STRANGER_TOKEN, WRITE_TOKEN
from huggingface_hub import ModelCard
from tiny import save_stable_diffusion

REPO = "org/adapter"
ROWS = "{recipe: sandbox, draw: sandbox, limit: 4, overrides: {splits: {train: 8, validation: 0, test: 0}}}"
WEIGHTS = "pytorch_lora_weights.safetensors"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(hub_requests, "WAITS", (0.01,) * 4)


@pytest.fixture
def log_in(connect, monkeypatch):
    def log_in_as(token=WRITE_TOKEN):
        monkeypatch.setenv("HF_TOKEN", token)
        return connect(token)

    return log_in_as


@pytest.fixture
def folder(tmp_path):
    """What a training has left: a model with a card."""
    model = tmp_path / "runs/mine/model"
    model.mkdir(parents=True)
    (model / WEIGHTS).write_bytes(b"weights")
    (model / "training_args.bin").write_bytes(b"of this machine")
    (model / "README.md").write_text("# mine\n")
    return model.parent


@pytest.fixture
def small(tmp_path):
    """What makes a shipped recipe small, with held-out pictures, and pushes it."""
    settings = {
        "model": save_stable_diffusion(tmp_path / "sd"), "data": ROWS, "resolution": 64, "mixed_precision": "no",
        "batch_size": 2, "gradient_accumulation_steps": 1, "max_steps": 1, "push": REPO, "output": "there",
        "validation": f"{{data: {ROWS}, judge: {{kind: sandbox}}, options: {{num_inference_steps: 1}}}}",
    }  # fmt: skip
    return [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]


def list_pushed(hub):
    return {path for path in hub.list_files(REPO, type="model") if path != ".gitattributes"}


def test_a_training_pushes_its_model_with_card_figures_and_sheet(gas, small, hub, log_in, empty):
    log_in()
    status, out, err = gas("train", "finetune_sd15", *small)
    assert status == 0, err
    assert list_pushed(hub) == {WEIGHTS, "README.md", "validation.png"}
    assert hub.read(REPO, WEIGHTS, type="model") == (empty / "there/model" / WEIGHTS).read_bytes()
    card = ModelCard(hub.read(REPO, "README.md", type="model").decode())
    assert card.data.to_dict()["tags"] == ["diffusers", "text-to-image", "lora"]
    held_out = json.loads((empty / "there/run.json").read_text())["results"]["held_out"]
    assert f"| all | {held_out['before']['mean']:.3f} | {held_out['after']['mean']:.3f} |" in card.text
    assert "![Pictures before and after](validation.png)" in card.text and f"push: {REPO}" in card.text
    assert json.loads((empty / "there/run.json").read_text())["pushed"] in out
    assert len(hub.find("POST", "/commit/")) == 1
    # The same once more: nothing to do.
    status, out, _ = gas("push", "there", "--repo", REPO)
    assert (status, out.strip()) == (0, f"{REPO}: nothing to do")
    assert hub.outside == []


def test_a_push_that_fails_loses_nothing_and_says_how_to_push_later(gas, small, hub, log_in, empty):
    log_in()
    hub.fail("POST", "/commit/", 500, times=None)
    status, _, err = gas("train", "finetune_sd15", *small)
    assert status == 1
    message = err.splitlines()[-1]
    assert message.endswith(f"the command for that is gas push there --repo {REPO}")
    assert "results" in json.loads((empty / "there/run.json").read_text())
    hub.faults.clear()
    status, _, err = gas(*message.rpartition(" gas ")[2].split())
    assert status == 0, err
    assert WEIGHTS in list_pushed(hub)


@pytest.mark.parametrize(
    ("token", "message"),
    [
        (READ_TOKEN, "your token may"),
        (STRANGER_TOKEN, "it does not exist, and you may make repositories of .* alone; choose another name"),
    ],
)
def test_who_may_not_write_is_told_before_the_training(token, message, gas, small, hub, log_in, empty):
    log_in(token)
    status, _, err = gas("train", "finetune_sd15", *small)
    assert status == 1 and "Traceback" not in err
    with pytest.raises(GasError, match=message):
        check_push(REPO)
    assert not (empty / "there").exists()
    assert not hub.find("POST", "/api/repos/create")


def test_a_token_that_may_read_a_repository_may_not_push_to_it(hub, log_in):
    hub.create_repository(REPO, type="model")
    log_in(READ_TOKEN)
    with pytest.raises(GasError, match="your token may not do that"):
        check_push(REPO)


def test_without_a_token_nothing_is_asked(hub, connect):
    with pytest.raises(GasError, match="the Hub does not know who you are; log in with `hf auth login`"):
        check_push(REPO)
    assert hub.requests == []


def test_names_and_kinds_that_cannot_be_pushed_are_mistakes_of_the_recipe(gas, small):
    status, _, err = gas("train", "finetune_sd15", *small, "--set", "push=adapter")
    assert status == 2
    assert "--set push: `adapter` is no name of a repository; write it as OWNER/NAME, such as me/adapter" in err
    status, _, err = gas("train", "sandbox_selection", "--dry-run", "--set", "push=me/adapter")
    assert status == 2
    assert "a training of the kind selection leaves no `model/` to push; leave it out" in err
    for name in ("sandbox_detector", "sandbox_rewards"):
        status, _, err = gas("train", name, "--dry-run", "--set", "push=me/adapter")
        assert status == 2 and "push: each seed has its own `model/`, and one is pushed; leave it out" in err, err


def test_a_training_without_a_model_is_told_as_one(gas, empty):
    begun = empty / "begun"
    begun.mkdir()
    (begun / "run.json").write_text('{"kind": "nft"}')
    status, _, err = gas("push", "begun", "--repo", REPO)
    assert (status, err.count("\n")) == (2, 1)
    assert "begun has no model/README.md, so there is nothing to push: its training is not done" in err
    (begun / "run.json").write_text('{"kind": "grpo", "results": {}}')
    (begun / "seed_1/graph/model").mkdir(parents=True)
    (begun / "seed_1/graph/model/README.md").touch()
    assert "push the folder of one, such as gas push begun/seed_1/graph" in gas("push", "begun", "--repo", REPO)[2]
    (begun / "run.json").write_text("{}")
    assert "begun/run.json is no record of a training" in gas("push", "begun", "--repo", REPO)[2]


def test_a_repository_of_something_else_is_left_alone_and_known_before(folder, hub, log_in):
    log_in()
    hub.create_repository(REPO, type="model")
    hub.commit(REPO, {"other.safetensors": b"mine"}, type="model")
    for act in (lambda: check_push(REPO), lambda: push_model(folder, REPO)):
        with pytest.raises(GasError, match="holds what no push of a model wrote, such as other.safetensors"):
            act()


def test_another_push_replaces_weights_and_no_words_of_people(folder, hub, log_in):
    log_in()
    push_model(folder, REPO)
    assert list_pushed(hub) == {WEIGHTS, "README.md"}
    mine = {"notes.md": b"mine\n", "by_hand.safetensors": b"mine", "comfyui/model.safetensors": b"mine"}
    hub.commit(REPO, mine, type="model")
    (folder / "model" / WEIGHTS).rename(folder / "model/model.safetensors")
    assert push_model(folder, REPO).removed == (WEIGHTS,)
    assert list_pushed(hub) == {"model.safetensors", "README.md", *mine}
    card = hub.read(REPO, "README.md", type="model")
    hub.commit(REPO, {"README.md": card + b"More.\n"}, type="model")
    with pytest.raises(GasError, match="people wrote README.md, or changed it; add --overwrite"):
        push_model(folder, REPO)
    push_model(folder, REPO, overwrite=True)
    assert hub.read(REPO, "README.md", type="model") == card


def test_a_model_whose_trainer_wrote_no_card_gets_one(folder):
    card = folder / "model/README.md"
    card.unlink()
    (folder / "held_out.png").write_bytes(b"sheet")
    mean = {"mean": 0.5, "interval": [0.4, 0.6]}
    results = {"held_out": {"pictures": 8, "before": mean, "after": mean, "gain": mean}}
    add_card(load_training("sandbox_grpo").recipe, results, folder)
    text = card.read_text()
    assert "trained on the dataset recipe `sandbox`" in text and "| all | 0.500 | 0.500 |" in text
    assert (folder / "model/held_out.png").read_bytes() == b"sheet"
    card.write_text("mine")
    add_card(load_training("sandbox_grpo").recipe, results, folder)
    assert card.read_text() == "mine"
