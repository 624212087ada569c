"""Reinforcement learning of flow models: its loss, that it learns, goes on after a stop, and says what is wrong."""

import json

import datasets
import diffusers
import numpy as np
import pytest
import tiny
import torch
from generate_any_scene.errors import RecipeError
from generate_any_scene.training.json_lines import read_lines
from generate_any_scene.training.recipes.loading import load_training
from generate_any_scene.training.recipes.nft import Nft
from generate_any_scene.training.rewards.protocol import Reward
from generate_any_scene.training.run import check_training, run_training
from generate_any_scene.training.sandbox.flow import make_pipeline
from generate_any_scene.training.sandbox.settings import SandboxFlow
from generate_any_scene.training.trainers import nft
from generate_any_scene.training.trainers.nft import training_loop
from generate_any_scene.training.trainers.nft.losses import compare_velocities, grade_rewards
from generate_any_scene.training.trainers.nft.policy import (
    open_model,
    read_as_finetune,
    sample_pictures,
    split_captions,
)
from safetensors.torch import load_file

ADAPTER = "model/pytorch_lora_weights.safetensors"
SD3 = "StableDiffusion3Pipeline"


class Brightness(Reward):
    """Likes bright pictures, or dark ones where `liked` is -1."""

    def __init__(self, liked=1):
        super().__init__()
        self.liked = liked

    def reward_images(self, images, rows, step):
        return [self.liked * float(np.asarray(image, dtype=float).mean() / 255) for image in images], {}


@pytest.fixture
def bright(monkeypatch):
    monkeypatch.setattr(training_loop, "open_reward", lambda *given, **named: Brightness())


@pytest.fixture(scope="module")
def rows():
    asked = [
        {"question": "Is there a circle?", "answer": "yes", "choices": [], "form": "yes_no", "kind": "object",
         "elements": [], "depends_on": []}
    ]  # fmt: skip
    return datasets.Dataset.from_list(
        [{"caption": f"a {color} circle", "questions": asked} for color in ("red", "blue")]
    )


@pytest.fixture
def create_recipe(find_pipeline):
    def create(name=SD3, **keys):
        common = {
            "name": "tiny",
            "kind": "nft",
            "model": str(find_pipeline(name)),
            "data": {"path": "unused"},
            "lora": {"r": 2},
            "resolution": 32,
            "options": {"num_inference_steps": 2, "guidance_scale": 1.0},
            "steps": 3,
            "prompts": 2,
            "pictures": 4,
            "draws": 2,
            "updates": 2,
            "optimizer": {"lr": 1e-3},
            "judge": {"kind": "sandbox"},
            "reward": {"by": "words"},
            "checkpoint_every": 2,
        }
        return Nft.model_validate({**common, **keys})

    return create


def test_the_loss_is_that_of_the_paper():
    """Written out once more, by pictures and in numpy, with the paper's self-normalized errors of pictures."""
    random = np.random.RandomState(0)
    clean, noise, said, old = random.standard_normal((4, 3, 2, 4, 4)).astype(np.float32)
    sigmas, grades, beta = np.array([0.2, 0.7, 0.95], np.float32), np.array([0.1, 0.5, 0.9], np.float32), 0.3
    expected = []
    for x, e, v, v_old, t, r in zip(clean, noise, said, old, sigmas, grades, strict=True):
        noisy = (1 - t) * x + t * e
        implicit = {"+": (1 - beta) * v_old + beta * v, "-": (1 + beta) * v_old - beta * v}
        pictures = {sign: noisy - t * one for sign, one in implicit.items()}
        loss = {sign: np.mean((one - x) ** 2) / np.mean(np.abs(one - x)) for sign, one in pictures.items()}
        expected.append(r * loss["+"] + (1 - r) * loss["-"])
    tensors = [torch.from_numpy(one) for one in (said, old, noise - clean, sigmas, grades)]
    assert float(compare_velocities(*tensors, beta)) == pytest.approx(np.mean(expected), rel=1e-5)


def test_the_gradient_draws_to_good_pictures_and_away_from_bad_ones():
    flow, said = torch.ones(1, 1, 2, 2), torch.zeros(1, 1, 2, 2, requires_grad=True)
    for grade, way in ((1.0, -1), (0.0, 1)):
        loss = compare_velocities(said, torch.zeros_like(flow), flow, torch.ones(1), torch.tensor([grade]), 0.5)
        (gradient,) = torch.autograd.grad(loss, said)
        assert (gradient.sign() == way).all()


def test_rewards_are_compared_with_those_of_the_same_caption():
    grades = grade_rewards([0.0, 1.0, 5.0, 5.0, None, 2.0], 2, 1.0)
    deviation = np.std([0, 1, 5, 5, 2])
    off = 0.5 / deviation / 2
    assert grades.tolist() == pytest.approx([0.5 - off, 0.5 + off, 0.5, 0.5, 0.5, 0.5])
    assert grade_rewards([0.0, 9.0], 2, 0.5).tolist() == [0.0, 1.0]
    assert grade_rewards([3.0, 3.0], 2, 1.0).tolist() == [0.5, 0.5]


def test_pipelines_that_pad_to_the_longest_caption_are_given_one_caption_at_a_time():
    captions = ["a", "a", "a", "b", "b", "b"]
    assert list(split_captions(captions, 4, together=True)) == [[0, 1, 2, 3], [4, 5]]
    assert list(split_captions(captions, 2, together=False)) == [[0, 1], [2], [3, 4], [5]]


@pytest.mark.parametrize("name", [SD3, "Flux2KleinPipeline", "ZImagePipeline"])
def test_what_is_learned_from_is_what_the_pipeline_has_made(name, create_recipe, find_pipeline):
    """Noise that is taken away by the flow to the sampled latents gives the pipeline's last step again."""
    recipe = create_recipe(name)
    model = open_model(read_as_finetune(recipe, recipe.model), False, torch.device("cpu"))
    images, latents = sample_pictures(model, ["red", "red", "blue"], [1, 2, 3], 2, recipe.options)
    assert latents.shape == (3, *model.latent_shape)
    whole = diffusers.DiffusionPipeline.from_pretrained(find_pipeline(name))
    whole.set_progress_bar_config(disable=True)
    generators = [torch.Generator().manual_seed(seed) for seed in (1, 2)]
    made = whole(prompt=["red", "red"], height=32, width=32, generator=generators, **recipe.options).images
    assert [one.tobytes() for one in images[:2]] == [one.tobytes() for one in made]
    zero = model.family.normalize(whole.vae, torch.zeros_like(latents[:1]))
    scale = model.family.normalize(whole.vae, torch.ones_like(latents[:1])) - zero
    decoded = whole.vae.decode((latents - zero) / scale, return_dict=False)[0].detach()
    again = whole.image_processor.postprocess(decoded, output_type="pil")
    off = [np.abs(np.asarray(a, float) - np.asarray(b, float)).max() for a, b in zip(images, again, strict=True)]
    assert max(off) <= 1


@pytest.mark.slow
@pytest.mark.parametrize("liked", [1, -1])
def test_pictures_become_what_is_rewarded(liked, create_recipe, rows, tmp_path, monkeypatch):
    """Brighter or darker, from a pipeline with random weights, whose pictures are its latents."""
    monkeypatch.setattr(training_loop, "open_reward", lambda *given, **named: Brightness(liked))
    torch.manual_seed(0)
    small = SandboxFlow(hidden_size=16, layers=1, heads=2)
    make_pipeline(list(rows["caption"]), small).save_pretrained(tmp_path / "base")
    recipe = create_recipe(
        model=None, sandbox_model=small, method="full", lora={}, resolution=72, sampled_at_once=32, batch_size=64,
        options={"num_inference_steps": 2, "guidance_scale": 1.0, "use_resolution_binning": False},
        steps=10, pictures=8, draws=4, updates=4, clip=0.5, optimizer={"lr": 1e-2}, checkpoint_every=0,
    )  # fmt: skip
    results = nft.train(recipe, rows, tmp_path, lambda line: None)
    entries = read_lines(tmp_path / "rewards.jsonl")
    rewards = [entry["reward"] for entry in entries]
    assert len(rewards) == 10
    # Before, pictures of a caption differ by 0.002.
    assert rewards[-1] > rewards[0] + 0.004
    assert results["reward"] == {"first": rewards[0], "last": rewards[-1]}
    assert (tmp_path / "rewards.png").is_file()


class StoppedError(Exception):
    pass


@pytest.mark.slow
@pytest.mark.parametrize("keys", [{"kl": 0.1}, {"method": "full", "lora": {}}])
def test_a_training_that_was_stopped_goes_on_to_the_same_weights(keys, create_recipe, rows, tmp_path, bright):
    recipe = create_recipe(**keys, steps=4, draws=1, sampler={"rise": 0.2, "most": 0.5})

    def stop(line):
        if line.startswith("step 3 "):
            raise StoppedError

    nft.train(recipe, rows, tmp_path / "whole", lambda line: None)
    with pytest.raises(StoppedError):
        nft.train(recipe, rows, tmp_path / "stopped", stop)
    nft.train(recipe, rows, tmp_path / "stopped", lambda line: None)
    folders = [tmp_path / name for name in ("whole", "stopped")]
    assert (folders[0] / "rewards.jsonl").read_text() == (folders[1] / "rewards.jsonl").read_text()
    file = ADAPTER if recipe.method == "lora" else "model/transformer/diffusion_pytorch_model.safetensors"
    assert (folders[0] / file).read_bytes() == (folders[1] / file).read_bytes()
    trained = load_file(folders[0] / file)
    first = recipe.model if recipe.method == "full" else None
    begun = load_file(f"{first}/transformer/diffusion_pytorch_model.safetensors") if first else {}
    learned = {name: weight for name, weight in trained.items() if "lora_A" not in name}  # which begin with chance
    assert any(not torch.equal(weight, begun.get(name, torch.zeros_like(weight))) for name, weight in learned.items())


def test_pictures_that_are_all_as_good_teach_nothing_and_stop(create_recipe, rows, tmp_path, monkeypatch):
    class Indifferent(Reward):
        def reward_images(self, images, rows, step):
            return [1.0] * len(images), {}

    monkeypatch.setattr(training_loop, "open_reward", lambda *given, **named: Indifferent())
    recipe = create_recipe(steps=12, prompts=1, pictures=2, draws=1, updates=1, options={"num_inference_steps": 1})
    with pytest.raises(Exception, match="nothing was learned in steps 1 to 10: all pictures of each caption"):
        nft.train(recipe, rows, tmp_path, lambda line: None)


@pytest.fixture
def load(find_pipeline, rows, tmp_path):
    """Loads a shipped recipe on a tiny pipeline."""
    rows.to_json(tmp_path / "rows.jsonl")
    data = f"{{path: json, data_files: {tmp_path / 'rows.jsonl'}}}"

    def load_one(*overrides, name=SD3, recipe="nft_sd35_medium"):
        paths = [
            f"model={find_pipeline(name)}", "judge={kind: sandbox}", f"data={data}", f"held_out.data={data}",
            f"output={tmp_path / 'run'}", "resolution=32", "mixed_precision=no",
        ]  # fmt: skip
        return load_training(recipe, [*paths, *overrides])

    return load_one


@pytest.mark.parametrize(
    ("overrides", "name", "message"),
    [
        (["options={steps: 4}"], SD3, "options"),
        (["options={prompt: x}"], SD3, "the rows say it"),
        (["resolution=33"], SD3, "no multiple of"),
        (["question_kinds=[objct]"], SD3, "did you mean `object`"),
        (["optimizer={lr: -1}"], SD3, "Invalid learning rate"),
        (["reward.of=clip_scor", "reward.by=null", "reward.dependencies=null", "reward.mean=null"], SD3, "clip_score"),
        (["lora.target_modules=[nothing]"], SD3, "nothing"),
        ([], "StableDiffusionPipeline", "predicts noise"),
    ],
)  # fmt: skip
def test_mistakes_are_told_in_a_line_before_anything_is_loaded(overrides, name, message, load):
    loaded = load(*overrides, name=name)
    _, _, problems = check_training(loaded)
    told = [str(problem) for problem in problems]
    assert any(message in one for one in told), told
    assert all("\n" not in one for one in told)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"model": None}, "give either `model` or `sandbox_model`"),
        ({"model": None, "sandbox_model": {}}, "`sandbox_model` takes no adapters"),
        ({"method": "full", "start_from": "x"}, "`start_from` names LoRA weights"),
        ({"reward": {"split": True}}, "`reward.split` is for TRL's trainer"),
        ({"updates": 17}, "17 updates of a step have only 16 draws"),
    ],
)
def test_keys_that_do_not_go_together_are_refused(keys, message, create_recipe):
    with pytest.raises(ValueError, match=message):
        create_recipe(**keys)


@pytest.mark.slow
def test_a_shipped_recipe_runs_from_end_to_end_and_plain_diffusers_loads_its_adapter(find_pipeline, tmp_path, bright):
    """With nothing overridden but paths, sizes and the precision that needs a GPU.

    A judge of random weights refuses to answer, so brightness is rewarded; held-out pictures are judged all the same.
    """
    judge = tiny.save_idefics3(tmp_path / "judge")
    splits = "{train: 4, validation: 0, test: 2}"
    overrides = [
        f"model={find_pipeline(SD3)}", f"judge.model={judge}", "judge.dtype=float32", "judge.most_refused=1",
        "judge.max_new_tokens=1", "resolution=32", "options.num_inference_steps=2", "steps=2", "prompts=2",
        "pictures=2", "draws=2", "batch_size=4", "mixed_precision=no", f"data.overrides.splits={splits}",
        f"held_out.data.overrides.splits={splits}", f"output={tmp_path / 'run'}",
    ]  # fmt: skip
    record = run_training(load_training("nft_sd35_medium", overrides), report=lambda line: None)
    results = record["results"]
    assert results["updates"] == results["steps"] == 2
    assert results["held_out"]["pictures"] == 2
    assert set(results["held_out"]["by_kind"]) <= {"object", "attribute", "relation", "count", "scene_attribute"}
    lines = read_lines(tmp_path / "run" / "rewards.jsonl")
    assert {"update", "reward", "loss", "grad_norm", "distinct_pictures"} <= lines[0].keys()
    pipeline = diffusers.DiffusionPipeline.from_pretrained(find_pipeline(SD3))
    pipeline.load_lora_weights(tmp_path / "run" / "model", adapter_name="gas")
    loaded = {name: weight for name, weight in pipeline.transformer.named_parameters() if "lora_B" in name}
    assert loaded and any(weight.any() for weight in loaded.values())
    assert "# nft_sd35_medium" in (tmp_path / "run" / "model" / "README.md").read_text()


def shrink_sandbox(output, *more):
    """Sizes that make the recipe `sandbox_nft` a matter of seconds."""
    splits = "overrides.splits={train: 100, validation: 0, test: 4}"
    return [
        *(f"{place}.{splits}" for place in ("sandbox_model.data", "data", "held_out.data")),
        "sandbox_model.hidden_size=32", "sandbox_model.layers=1", "sandbox_model.words_steps=2",
        "sandbox_model.steps=4", "steps=2", "prompts=2",
        "draws=1", "updates=1", "options.num_inference_steps=2", f"output={output}", *more,
    ]  # fmt: skip


@pytest.mark.slow
def test_the_sandbox_runs_from_end_to_end_and_plain_diffusers_loads_its_pipelines(tmp_path):
    loaded = load_training("sandbox_nft", shrink_sandbox(tmp_path / "run"))
    record = run_training(loaded, report=lambda line: None)
    assert record["results"]["held_out"]["pictures"] == 4
    assert json.loads((tmp_path / "run" / "run.json").read_text())["results"]["steps"] == 2
    for part in ("base", "model"):
        pipeline = diffusers.DiffusionPipeline.from_pretrained(tmp_path / "run" / part)
        pipeline.set_progress_bar_config(disable=True)
        (picture,) = pipeline(prompt=["a red circle"], height=72, width=72, **loaded.recipe.options).images
        assert picture.size == (72, 72)


def test_a_model_of_the_sandbox_is_made_once(tmp_path):
    said = []
    for steps in (1, 2):
        loaded = load_training("sandbox_nft", shrink_sandbox(tmp_path / "run", f"steps={steps}"))
        recipe = loaded.recipe
        training_loop._make_sandbox_model(recipe, tmp_path / "run", said.append)
    assert len(said) == len(set(said)) == 2  # its words and its pictures


def test_sources_that_are_not_there_are_told(tmp_path):
    with pytest.raises(RecipeError, match="data"):
        run_training(load_training("sandbox_nft", shrink_sandbox(tmp_path, "data.recipe=sandbx")), dry_run=True)
