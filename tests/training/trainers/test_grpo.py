"""Reinforcement learning of an autoregressive image model, from recipe to files, with tiny models on a CPU."""

import json
import math
import os
import shutil
import subprocess
import sys

import datasets
import numpy as np
import pytest
import tiny
import torch
from generate_any_scene.errors import GasError, RecipeError
from generate_any_scene.training.data import load_rows
from generate_any_scene.training.generate import sample_tokens
from generate_any_scene.training.recipes.loading import dump_training, load_training
from generate_any_scene.training.run import describe_run, run_training
from generate_any_scene.training.trainers.grpo import RESULTS, mask_text
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer, Qwen2ForCausalLM
from trl.trainer.utils import add_fused_lm_head

CODES = 64
PROMPTS = ["a", "<|t2i|>A photo of a very long caption of many words<|soi|>", "<|t2i|>A photo of a cup<|soi|>", "bb"]


@pytest.fixture(scope="module")
def judge(tmp_path_factory):
    """A folder with a vision-language model, which replies yes to some pictures and no to others."""
    folder = tiny.save_idefics3(tmp_path_factory.mktemp("judge"))
    tokenizer, path = AutoTokenizer.from_pretrained(folder), folder / "model.safetensors"
    weights = load_file(path)
    head = weights["lm_head.weight"]
    yes, no = tokenizer.convert_tokens_to_ids(["Yes", "No"])
    torch.manual_seed(4)
    direction = torch.randn(head.shape[1])
    head.zero_()
    head[yes], head[no] = direction, -direction
    save_file(weights, path, {"format": "pt"})
    return folder


@pytest.fixture(scope="module")
def shrink(simplear, judge):
    """Paths, sizes and hardware that make the recipe `grpo_simplear` a matter of seconds."""

    def list_overrides(output, *more):
        splits = "splits={train: 8, validation: 0, test: 4}"
        return [
            f"model={simplear}",
            f"decoder.path={simplear / 'decoder.jit'}",
            f"decoder.codebook={CODES}",
            "decoder.grid=[4, 4]",
            "decoder.image_size=28",
            f"judge.model={judge}",
            "judge.dtype=float32",
            "judge.max_new_tokens=1",
            "judge.most_refused=1",
            f"data.overrides.{splits}",
            f"held_out.data.overrides.{splits}",
            "held_out.data.limit=3",
            "held_out.batch_size=2",
            "trainer.max_completion_length=16",
            "trainer.max_steps=2",
            "trainer.use_cpu=true",
            "trainer.bf16=false",
            "trainer.disable_tqdm=true",
            f"output={output}",
            *more,
        ]

    return list_overrides


def shrink_sandbox(output, *more):
    """Sizes that make the recipe `sandbox_grpo` a matter of seconds."""
    return [
        "sandbox_model.hidden_size=32",
        "sandbox_model.data.limit=300",
        "sandbox_model.steps=20",
        "sandbox_model.batch_size=32",
        "data.limit=200",
        "trainer.max_steps=4",
        "trainer.per_device_train_batch_size=32",
        "trainer.use_cpu=true",
        "held_out.data.limit=21",
        f"output={output}",
        *more,
    ]


def run(name, overrides):
    """Runs a training; gives recipe, record, folder and the lines that were said."""
    loaded, said = load_training(name, overrides), []
    record = run_training(loaded, report=said.append)
    return loaded.recipe, record, loaded.recipe.folder, said


@pytest.fixture(scope="module")
def trained(shrink, tmp_path_factory):
    """`grpo_simplear`, with tiny models."""
    return run("grpo_simplear", shrink(tmp_path_factory.mktemp("runs") / "simplear"))


@pytest.fixture(scope="module")
def trained_sandbox(tmp_path_factory):
    """`sandbox_grpo`, shortened."""
    return run("sandbox_grpo", shrink_sandbox(tmp_path_factory.mktemp("runs") / "sandbox"))


@pytest.fixture(scope="module", params=["trained", "trained_sandbox"])
def either(request):
    return request.getfixturevalue(request.param)


def read_lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


# Visual tokens alone.


def test_only_visual_ids_are_sampled(open_policy, simplear):
    for masked in (False, True):
        model, tokenizer = open_policy(simplear, masked=masked)
        inputs = tokenizer(PROMPTS, padding=True, return_tensors="pt")
        torch.manual_seed(0)
        generated = model.generate(**inputs, do_sample=True, max_new_tokens=16)[:, inputs["input_ids"].shape[1] :]
        drawn = torch.tensor(sample_tokens(model, tokenizer, PROMPTS, 16, 1.0, range(len(PROMPTS))))
        assert generated.shape == drawn.shape or not masked  # nothing ends a picture early
        for ids in (generated, drawn):
            assert bool((ids >= len(tokenizer)).all()) == masked


def test_text_ids_have_no_probability_in_the_loss(open_policy, simplear):
    """TRL's loss reads the output layer's weights itself: of each id that could come next, its probability."""
    shares = {}
    for masked in (False, True):
        model, tokenizer = open_policy(simplear, scale=3, masked=masked)
        add_fused_lm_head(model)
        prompt = tokenizer(PROMPTS[2], return_tensors="pt")["input_ids"]
        size = model.config.vocab_size
        ids = torch.cat([prompt.expand(size, -1), torch.arange(size)[:, None]], dim=1)
        with torch.no_grad():
            found = model(ids, labels=ids, fused_lm_head=True).log_probs[:, -1].exp()
            expected = model(prompt).logits[0, -1].softmax(-1)
        assert torch.allclose(found, expected, atol=1e-5)
        assert found.sum().item() == pytest.approx(1, abs=1e-4)
        shares[masked] = found[: len(tokenizer)].sum().item()
    assert shares[False] > 0.5
    assert shares[True] == 0


def test_an_offset_leaves_ids_on_both_sides_without_probability(open_policy, simplear):
    model, tokenizer = open_policy(simplear, masked=False)
    mask_text(model, 300, 8)
    drawn = sample_tokens(model, tokenizer, PROMPTS, 16, 1.0, range(4))
    assert {one for row in drawn for one in row} == set(range(300, 308))


def test_a_masked_model_is_saved_as_a_plain_one(open_policy, simplear, tmp_path):
    model, _ = open_policy(simplear)
    model.save_pretrained(tmp_path)
    saved, original = (load_file(folder / "model.safetensors") for folder in (tmp_path, simplear))
    assert saved.keys() == original.keys()
    assert all(torch.equal(saved[name], original[name]) for name in saved)


def test_a_head_with_a_bias_cannot_be_masked(open_policy, simplear):
    model, tokenizer = open_policy(simplear)
    with pytest.raises(GasError, match="Qwen2ForCausalLM has no output layer without a bias"):
        mask_text(model, len(tokenizer), CODES)


# Whole trainings.


def test_a_training_writes_its_files(either):
    _, _, folder, _ = either
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    results = {"recipe.yaml", "run.json", "rewards.jsonl", "rewards.png", "held_out.png", "held_out.jsonl"}
    assert results | {"model/config.json", "model/model.safetensors", "model/tokenizer.json"} <= files
    assert {name for name in RESULTS if not (folder / name).exists()} == {
        "table.md",
        "stages.jsonl",
        "curriculum.jsonl",
    }
    for name in ("rewards.png", "held_out.png"):
        with Image.open(folder / name) as image:
            image.load()


def test_its_recipe_can_be_run_again(either):
    recipe, _, folder, _ = either
    assert load_training(folder / "recipe.yaml").recipe == recipe


def test_its_record_says_what_was_trained_with_what(either):
    recipe, record, folder, _ = either
    assert json.loads((folder / "run.json").read_text()) == record
    assert {"torch", "transformers", "trl", "datasets"} <= set(record["packages"])
    assert record["data"]["rows"] == (recipe.data.limit or recipe.data.overrides["splits"]["train"])
    assert record["data"]["fingerprint"]
    assert record["data"]["recipe_fingerprint"]
    assert record["processes"] == 1
    assert record["results"]["steps"] == recipe.trainer["max_steps"]
    assert record["results"]["held_out"]["pictures"] == recipe.held_out.data.limit


def test_its_log_has_each_step(either):
    recipe, record, folder, said = either
    lines = read_lines(folder / "rewards.jsonl")
    assert [line["step"] for line in lines] == list(range(1, recipe.trainer["max_steps"] + 1))
    assert record["results"]["reward"] == {"first": lines[0]["reward"], "last": lines[-1]["reward"]}
    for line in lines:
        assert 0 <= line["reward"] <= 1
        assert line["ids_out_of_range"] == 0
        assert (
            line["completions/min_length"] == line["completions/max_length"] == recipe.trainer["max_completion_length"]
        )
    assert sum("reward" in one for one in said) == len(lines)


def test_its_held_out_pictures_are_listed(either):
    recipe, record, folder, said = either
    lines, results = read_lines(folder / "held_out.jsonl"), record["results"]["held_out"]
    assert len(lines) == recipe.held_out.data.limit
    for name in ("before", "after"):
        assert np.mean([line[name] for line in lines]) == pytest.approx(results[name]["mean"])
        assert results[name]["out_of_range"] == 0
    for kind, shares in results["by_kind"].items():
        own = [line["by_kind"][kind] for line in lines if kind in line["by_kind"]]
        gain = np.mean([one["after"] - one["before"] for one in own])
        assert shares["gain"]["mean"] == pytest.approx(gain)
    assert results["gain"]["mean"] == pytest.approx(results["after"]["mean"] - results["before"]["mean"])
    assert sum(one.startswith("held out") for one in said) == 2
    told = "\n".join(describe_run(recipe, record))
    assert f"{results['gain']['mean']:.3f}" in told
    assert str(folder / "model") in told


def test_its_model_is_a_plain_one(either):
    _, _, folder, _ = either
    model, told = AutoModelForCausalLM.from_pretrained(folder / "model", output_loading_info=True)
    assert type(model) is Qwen2ForCausalLM
    assert model.get_output_embeddings().bias is None
    assert not any(told.values())
    assert AutoTokenizer.from_pretrained(folder / "model")("a circle")["input_ids"]


def test_the_loss_is_over_visual_ids_alone(trained):
    """The entropy is that of 64 ids and not of all 323, and the reference is masked as the policy is."""
    recipe, _, folder, _ = trained
    assert recipe.trainer["beta"] == 0.04
    for line in read_lines(folder / "rewards.jsonl"):
        assert math.log(CODES) - 0.1 < line["entropy"] <= math.log(CODES)
        assert abs(line["kl"]) < 1e-3


def test_the_shipped_recipe_is_that_of_the_paper():
    recipe = load_training("grpo_simplear").recipe
    assert recipe.reward == load_training("sandbox_grpo", ["reward=paper"]).recipe.reward
    assert (recipe.reward.by, recipe.reward.dependencies, recipe.reward.mean) == ("words", False, "questions")
    assert math.prod(recipe.decoder.grid) == recipe.trainer["max_completion_length"] == 4096
    assert recipe.prompt.format(caption="a cup") == "<|t2i|>A photo of a cup<|soi|>"


def test_other_rewards_train(shrink, judge, tmp_path):
    """Two judges, four questions a step, one function a kind; what is logged is in the record, too."""
    reward = f"reward={{questions: 4, split: true, combine: least, judges: [{{model: {judge}, max_new_tokens: 1}}]}}"
    more = ("judge.weights=null", "trainer.multi_objective_aggregation=normalize_then_sum", "held_out=null")
    _, record, folder, _ = run("grpo_simplear", shrink(tmp_path / "run", reward, *more))
    lines, results = read_lines(folder / "rewards.jsonl"), record["results"]
    kinds = {name.split("/")[1] for line in lines for name in line if name.startswith("by_kind/")}
    assert {"object", "attribute"} <= kinds
    for line in lines:
        assert {f"rewards/{kind}/mean" for kind in kinds if f"by_kind/{kind}" in line} <= line.keys()
        assert {"said_yes", "answers_refused", "distinct_pictures", "ids_out_of_range"} <= line.keys()
    assert set(results["by_kind/object"]) == {"first", "last"}


def test_a_similarity_trains(shrink, tmp_path):
    clip = tiny.save_clip(tmp_path / "clip")
    reward = f"reward={{of: clip_score, options: {{model: {clip}}}}}"
    _, record, folder, _ = run("grpo_simplear", shrink(tmp_path / "run", reward, "held_out=null"))
    for line in read_lines(folder / "rewards.jsonl"):
        assert line["similarity"] == pytest.approx(line["reward"], abs=1e-6)
    assert record["results"]["similarity"]["first"]


def test_weights_change(trained_sandbox):
    _, _, folder, _ = trained_sandbox
    before, after = (load_file(folder / name / "model.safetensors") for name in ("base", "model"))
    assert before.keys() == after.keys()
    assert all(not torch.equal(before[name], after[name]) for name in before if name.endswith("proj.weight"))


KEPT = ("trainer.save_strategy=steps", "trainer.save_steps=2", "held_out.batch_size=4")
"""Checkpoints to go on from."""


@pytest.fixture(scope="module")
def trained_again(tmp_path_factory):
    """The same, but for checkpoints and batches of held-out scenes."""
    return run("sandbox_grpo", shrink_sandbox(tmp_path_factory.mktemp("runs") / "again", *KEPT))


def test_a_seed_gives_a_run_again(trained_sandbox, trained_again):
    _, record, folder, _ = trained_sandbox
    _, again, other, _ = trained_again
    assert again["results"] == record["results"]
    assert (other / "held_out.jsonl").read_text() == (folder / "held_out.jsonl").read_text()
    for name in ("base", "model"):
        one, two = (load_file(path / name / "model.safetensors") for path in (folder, other))
        assert all(torch.equal(one[key], two[key]) for key in one)


def test_a_stopped_training_goes_on(trained_sandbox, trained_again, tmp_path):
    """One that was stopped after its second step makes the last two, and says the same of held-out scenes before."""
    record, (_, whole, finished, _) = trained_sandbox[1], trained_again
    folder = tmp_path / "run"
    overrides = shrink_sandbox(folder, *KEPT)
    shutil.copytree(finished, folder)
    shutil.rmtree(folder / "model")
    shutil.rmtree(folder / "checkpoints" / "checkpoint-4")
    begun = {name: value for name, value in whole.items() if name not in ("seconds", "results")}
    (folder / "run.json").write_text(json.dumps(begun))
    (folder / "recipe.yaml").write_text(dump_training(load_training("sandbox_grpo", overrides).recipe))
    with (folder / "rewards.jsonl").open("a", encoding="utf-8") as log:
        log.write('{"step": 5, "rew')  # as one leaves it that is killed while it writes
    resumed = run_training(load_training("sandbox_grpo", overrides), report=lambda _: None)
    assert resumed["results"]["steps"] == 4
    assert resumed["results"]["held_out"]["before"] == record["results"]["held_out"]["before"]
    assert [line["step"] for line in read_lines(folder / "rewards.jsonl")] == [1, 2, 3, 4]
    assert (folder / "model" / "model.safetensors").is_file()


def test_a_training_that_is_done_is_not_overwritten(trained_sandbox):
    _, _, folder, _ = trained_sandbox
    with pytest.raises(GasError, match="holds a training that is done; give another folder"):
        run_training(load_training("sandbox_grpo", shrink_sandbox(folder)))


def test_a_dry_run_writes_nothing(shrink, tmp_path):
    record = run_training(load_training("grpo_simplear", shrink(tmp_path / "run")), dry_run=True)
    assert record["data"]["rows"] == 8
    assert "results" not in record
    assert not (tmp_path / "run").exists()


# What is wrong is said before any weight is loaded.


@pytest.fixture(scope="module")
def weightless(tmp_path_factory):
    """A model's config and tokenizer, with positions for few letters before a picture; its weights cannot be read."""
    folder = tiny.save_simplear(tmp_path_factory.mktemp("weightless"), CODES, positions=100)
    (folder / "model.safetensors").write_bytes(b"not weights")
    return folder


ASKED = [
    {"question": question, "answer": answer, "choices": [], "form": form, "kind": kind}
    for question, answer, form, kind in (
        ("Is there a circle in the picture?", "yes", "yes_no", "object"),
        ("How many rings are there in the picture?", "one", "count", "count"),
        ("What color is the circle?", "red", "open", "attribute"),
        ("Is the circle above the ring?", "yes", "yes_no", "relation"),
    )
]


@pytest.fixture(scope="module")
def captions(tmp_path_factory):
    """Datasets: of captions alone, with a row without questions, with one without some kinds, and a good one."""
    folder = tmp_path_factory.mktemp("captions")
    datasets.Dataset.from_dict({"caption": ["a cup", "a dog"]}).save_to_disk(folder / "alone")
    rows = {"caption": ["a ring", "a circle"], "questions": [[], ASKED]}
    datasets.Dataset.from_dict(rows).save_to_disk(folder / "silent")
    datasets.Dataset.from_dict({**rows, "questions": [ASKED, ASKED]}).save_to_disk(folder / "good")
    datasets.Dataset.from_dict({**rows, "questions": [ASKED, ASKED[2:]]}).save_to_disk(folder / "kinds")
    return folder


def replace_data(path):
    """Another source takes the place of the recipe's, with all of its keys."""
    return [text for key in ("data", "held_out.data") for text in (f"{key}=null", f"{key}.path={path}")]


def complain(overrides):
    loaded = load_training("grpo_simplear", overrides)
    with pytest.raises(RecipeError) as caught:
        run_training(loaded, report=lambda _: None)
    assert not loaded.recipe.folder.exists()
    (problem,) = caught.value.problems
    assert "\n" not in str(problem)
    return problem


@pytest.mark.parametrize(
    ("overrides", "key", "words"),
    [
        (["data.path={captions}/alone"], "data", ["no column `questions`", "name it with"]),
        (["data.path={captions}/silent"], "data", ["1 of 2 rows have no questions", "the first is row 0"]),
        (["held_out.data.path={captions}/silent"], "held_out.data", ["1 of 2 rows have no questions"]),
        (["held_out.data.path={captions}/alone"], "held_out.data", ["no column `questions`"]),
        (["question_kinds=[count, object]", "data.path={captions}/kinds"], "data", ["of the kinds count, object"]),
        (["question_kinds=[count, atribute]"], "question_kinds", ["kind `atribute`", "did you mean `attribute`?"]),
        (["judge.model=/no/such/judge"], "judge.model", ["there is no folder `/no/such/judge`", "give a folder"]),
        (["judge.model={weightless}"], "judge.model", ["answers no questions about images in a chat"]),
        (["model=/no/such/model"], "model", ["there is no folder `/no/such/model`", "give a folder"]),
        (["model={judge}"], "model", ["type idefics3", "no causal language model"]),
        (
            ["decoder.codebook=65"],
            "decoder.codebook",
            ["visual ids 259 to 323 are out of range", "the model has 323 ids", "room for 64 codes"],
        ),
        (["decoder.offset=300"], "decoder.codebook", ["visual ids 300 to 363", "room for 23 codes"]),
        (
            ["trainer.max_completion_length=15"],
            "trainer.max_completion_length",
            ["must be 16", "a picture of the decoder has 16 tokens"],
        ),
        (["decoder.grid=[4, 5]"], "trainer.max_completion_length", ["must be 20"]),
        (["trainer.learning_rat=1"], "trainer.learning_rat", ["did you mean `learning_rate`?"]),
        (["trainer.output_dir=here"], "trainer.output_dir", ["`output` of the recipe"]),
        (["trainer.seed=1"], "trainer.seed", ["`seed` of the recipe"]),
        (["trainer.learning_rate=fast"], "trainer.learning_rate", ["fast"]),
        (["trainer.num_generations=3"], "trainer.num_generations", ["num_generations"]),
        (["reward.of=clip_scor"], "reward.of", ["no metric clip_scor measures pictures", "`clip_score`"]),
        (
            ["reward.of=clip_score", "reward.options.modle=x"],
            "reward.options",
            ["clip_score has no option modle", "did you mean `model`?"],
        ),
        (
            ["reward.judges=[{{kind: sandbox}}, {{model: /no/such/judge}}]"],
            "reward.judges.1.model",
            ["there is no folder `/no/such/judge`"],
        ),
        (
            ["reward.judges=[{{kind: sandbox, weights: no.json}}]"],
            "reward.judges.0.weights",
            ["no.json cannot be read"],
        ),
        (["decoder.path=/no/decoder.jit"], "decoder.path", ["no file `/no/decoder.jit`", "TorchScript file"]),
    ],
)
def test_what_is_wrong_is_said_at_once(overrides, key, words, shrink, judge, captions, weightless, tmp_path):
    overrides = [text.format(captions=captions, judge=judge, weightless=weightless) for text in overrides]
    kept = [text for text in shrink(tmp_path / "run", f"model={weightless}") if "data." not in text]
    problem = complain([*kept, *replace_data(captions / "good"), *overrides])
    assert problem.key == key
    assert [word for word in words if word not in str(problem)] == []


def test_prompts_that_are_too_long(shrink, weightless, tmp_path):
    """Tokens of text are single bytes here, as many as a prompt has."""
    recipe = load_training("grpo_simplear", shrink(tmp_path / "run")).recipe
    lengths = [len(recipe.prompt.format(caption=one)) - 10 for one in load_rows(recipe.data, ["caption"])["caption"]]
    too_long = sum(length + 16 > 100 for length in lengths)
    assert 0 < too_long < 8
    problem = complain(shrink(tmp_path / "run", f"model={weightless}"))
    assert problem.key == "data"
    assert f"{too_long} of 8 prompts leave no room for 16 visual tokens in 100 positions" in str(problem)


def test_questions_that_the_judge_cannot_answer(shrink, tmp_path):
    loaded = load_training("grpo_simplear", shrink(tmp_path / "run", "judge.kind=sandbox"))
    with pytest.raises(RecipeError) as caught:
        run_training(loaded, dry_run=True)
    assert [problem.key for problem in caught.value.problems] == ["data", "held_out.data"]
    assert "8 of 8 rows ask what the judge cannot answer; row 0: the sandbox's judge" in str(caught.value)


def test_a_sandbox_without_scenes(captions, tmp_path):
    overrides = [text for text in shrink_sandbox(tmp_path / "run") if not text.startswith("sandbox_model.data")]
    source = ("sandbox_model.data=null", f"sandbox_model.data.path={captions}/good")
    loaded = load_training("sandbox_grpo", [*overrides, *source])
    with pytest.raises(RecipeError, match="no column `scene_graph`"):
        run_training(loaded)
    assert not loaded.recipe.folder.exists()


# What takes longer.


def start(overrides, folder, processes=None):
    """Runs `gas train sandbox_grpo` in a Python of its own, or in several."""
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(processes)]
    settings = [word for text in overrides for word in ("--set", text)]
    command = [sys.executable, *(launch if processes else []), "-m", "generate_any_scene", "train", "sandbox_grpo"]
    done = subprocess.run(
        [*command, *settings],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.mark.slow
def test_two_processes(tmp_path):
    """They share held-out pictures and each batch; what is said and written is said and written once."""
    records = {}
    for name, processes, batch in (("one", None, 32), ("two", 2, 16)):
        overrides = shrink_sandbox(tmp_path / name, f"trainer.per_device_train_batch_size={batch}")
        printed = start(overrides, tmp_path, processes)
        assert printed.count("held out, before") == 1
        assert len(read_lines(tmp_path / name / "rewards.jsonl")) == 4
        records[name] = json.loads((tmp_path / name / "run.json").read_text())
    assert [records[name]["processes"] for name in ("one", "two")] == [1, 2]
    one, two = (records[name]["results"] for name in ("one", "two"))
    assert two["held_out"]["pictures"] == 21
    assert two["held_out"]["questions"] == one["held_out"]["questions"]
    assert two["held_out"]["before"] == one["held_out"]["before"]
    assert two["steps"] == one["steps"] == 4
    shares = [[line["before"] for line in read_lines(tmp_path / name / "held_out.jsonl")] for name in records]
    assert shares[0] == shares[1]
    assert len(shares[1]) == 21


@pytest.mark.slow
def test_the_sandbox_is_learned(tmp_path):
    """The whole of the shipped recipe, with a seed of the docs: places are learned, and pictures still differ."""
    record = run_training(
        load_training("sandbox_grpo", ["seed=1", f"output={tmp_path / 'run'}"]), report=lambda _: None
    )
    results = record["results"]
    held_out = results["held_out"]
    assert held_out["gain"]["interval"][0] > 0
    assert held_out["by_kind"]["relation"]["before"] < 0.75 < 0.85 < held_out["by_kind"]["relation"]["after"]
    assert held_out["by_kind"]["relation"]["gain"]["interval"][0] > 0
    assert 8 * results["distinct_pictures"]["last"] >= 5
