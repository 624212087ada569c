"""What upstream would refuse, or train nothing with, is refused before any weight is loaded."""

import typing
from dataclasses import MISSING, fields

import pytest
import torch
from generate_any_scene.errors import GasError
from generate_any_scene.training.generate import SAMPLING
from generate_any_scene.training.judges.asking import check_refusals, judge_questions
from generate_any_scene.training.recipes.loading import load_training
from generate_any_scene.training.trainers.grpo import recipe_check
from generate_any_scene.training.trainers.grpo.lessons import PATIENCE, StopIdle
from generate_any_scene.training.trainers.grpo.training import OURS, list_doubts, make_arguments
from generate_any_scene.training.upstream import list_types, read_keys
from PIL import Image
from transformers import TrainerState, get_scheduler
from trl import GRPOConfig

FREE = {
    *("run_name", "project", "trackio_space_id", "trackio_bucket_id", "trackio_static_space_id", "length_column_name"),
    *("hub_token", "hub_model_id", "hub_revision", "metric_for_best_model", "label_names", "optim_target_modules"),
    *("resume_from_checkpoint", "vllm_structured_outputs_regex"),
    "torch_compile_backend",
}
"""Keys of text that may be any text: names, addresses, patterns."""
TEXTS = sorted(
    name
    for name, hint in typing.get_type_hints(GRPOConfig).items()
    if str in list_types(hint) and name in GRPOConfig.__dataclass_fields__ and name not in {*FREE, *OURS}
)


@pytest.fixture(scope="module")
def recipe():
    return load_training("sandbox_grpo", ["trainer.use_cpu=true"]).recipe


def list_problems(recipe, **keys):
    given = {**recipe.trainer, **keys}
    values, problems = read_keys(given, GRPOConfig, "trainer", OURS, recipe_check.PROSE_CHOICES)
    return problems or recipe_check._check_trainer(recipe, values)


@pytest.mark.slow
@pytest.mark.parametrize("name", TEXTS)
def test_a_wrong_value_of_every_key_of_text_is_refused(name, recipe):
    (problem,) = list_problems(recipe, **{name: "no-such-value"})
    assert problem.key in (f"trainer.{name}", "trainer")


@pytest.mark.parametrize(
    "keys",
    [
        {"loss_type": "grp"},
        {"report_to": ["tensorboard", "wandbb"]},
        {"optim": "adamm"},
        {"optim": "adamw_bnb_8bit"},
        {"num_generations": 1},
        {"log_level": "loud"},
        {"vllm_mode": "x"},
        {"use_vllm": True},
        {"lr_scheduler_kwargs": {"nonsense": 1}},
        {"lr_scheduler_kwargs": "nonsense"},
        {"mask_truncated_completions": True},
        {"learning_rate": 0},
        {"temperature": 0},
    ],
    ids=str,
)
def test_what_upstream_refuses_late_or_never_is_refused_at_its_key(keys, recipe):
    (problem,) = list_problems(recipe, **keys)
    assert problem.key == f"trainer.{next(iter(keys))}"
    assert "\n" not in str(problem) and len(str(problem)) < 1000


@pytest.mark.parametrize("steps", [-1, 1, 2, 10, 100])
@pytest.mark.parametrize("warmup", [0, 0.05, 0.95, 1, 9, 10, 99, 100, 101])
@pytest.mark.parametrize(
    "save", [{"save_strategy": "no"}, {"save_steps": 0.2}, {"save_steps": 10}, {"save_steps": 11}]
)
def test_a_training_too_short_for_its_schedule_says_so(save, warmup, steps, recipe, tmp_path):
    """Compared with the schedule itself: whether a step before the last has the whole learning rate."""
    values = {"max_steps": steps, "warmup_steps": warmup, "use_cpu": True, "lr_scheduler_type": "linear", **save}
    arguments = make_arguments(recipe, tmp_path, values)
    said = " ".join(list_doubts(arguments))
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = get_scheduler("linear", optimizer, arguments.get_warmup_steps(max(steps, 1)), max(steps, 1))
    reached = any(schedule.lr_lambdas[0](step) == 1 for step in range(max(steps, 1)))
    assert ("`warmup_steps: " in said) == (steps > 0 and not reached)
    kept = save.get("save_steps", 0)
    assert ("`save_steps: " in said) == (1 <= steps < kept)


@pytest.mark.slow
@pytest.mark.parametrize("beta", [0.0, 0.1])
@pytest.mark.parametrize("loss_type", ["grpo", "dr_grpo", "dapo", "bnpo"])
def test_what_is_taken_changes_a_weight(loss_type, beta, recipe):
    """The rehearsal itself refuses a step that changes none."""
    assert list_problems(recipe, loss_type=loss_type, beta=beta, scale_rewards="none") == []


def test_choices_that_upstream_names_in_prose_are_still_those():
    for name, choices in recipe_check.PROSE_CHOICES.items():
        told = GRPOConfig.__dataclass_fields__[name].metadata["help"] + GRPOConfig.__doc__
        assert [choice for choice in choices if choice not in told and name != "torch_compile_mode"] == [], name


# Runs that teach nothing, and judges that do not answer.


def take_steps(gradient, has_contrast, steps, most=100):
    model, state = torch.nn.Linear(2, 2), TrainerState(max_steps=most)
    stop = StopIdle(lambda: has_contrast)
    for step in range(steps):
        state.global_step = step
        for weight in model.parameters():
            weight.grad = torch.full_like(weight, gradient)
        stop.on_pre_optimizer_step(None, state, None, model=model)


def test_a_run_without_gradients_or_without_contrast_stops():
    take_steps(1.0, True, 100)
    take_steps(0.0, True, PATIENCE - 1)
    with pytest.raises(GasError, match="nothing was learned in steps 1 to 10 of this run: all gradients are zero"):
        take_steps(0.0, True, PATIENCE)
    with pytest.raises(GasError, match="the judge gave all pictures of each prompt the same reward"):
        take_steps(1.0, False, PATIENCE)
    with pytest.raises(GasError, match="nothing was learned in steps 1 to 2 "):
        take_steps(0.0, True, 2, most=2)


ASKED = [
    {"question": "Is there a dog in the picture?", "answer": "yes", "choices": [], "form": "yes_no", "kind": "object"},
    {"question": "How many dogs are there?", "answer": "two", "choices": [], "form": "count", "kind": "count"},
    {
        "question": "Which is there?",
        "answer": "dog",
        "choices": ["dog", "cat"],
        "form": "multiple_choice",
        "kind": "object",
    },
]
REPLIES = {
    "refuses": "I am sorry, I cannot help with that.",
    "is cut off": "<think>\nOkay, the user wants me to look at",
    "says nothing": "",
    "speaks another language": "Oui, il y en a",
    "repeats": "picture picture picture picture",
}


@pytest.mark.parametrize("name", REPLIES)
def test_a_judge_that_does_not_answer_stops_the_run(name):
    class Judge:
        def answer(self, images, questions):
            return [REPLIES[name]] * len(questions)

    judged = judge_questions(Judge(), [Image.new("RGB", (8, 8))] * 2, [ASKED, ASKED])
    with pytest.raises(GasError, match="gives no answer to 6 of its first 6 questions") as caught:
        check_refusals(judged, 0.5)
    assert "\n" not in str(caught.value) and "judge.max_new_tokens" in str(caught.value)
    check_refusals(judged, 1.0)


# Upstream's defaults.

DEFAULTS = {
    "beta": 0.0, "num_iterations": 1, "epsilon": 0.2, "epsilon_high": None, "delta": None, "num_generations": 8,
    "importance_sampling_level": "token", "loss_type": "dapo", "scale_rewards": "group", "top_entropy_quantile": 1.0,
    "mask_truncated_completions": False, "use_bias_correction_kl": True, "sync_ref_model": False, "entropy_coef": 0.0,
    "off_policy_mask_threshold": None, "disable_dropout": False, "cast_lm_head_to_fp32": False, "top_k": 0,
    "temperature": 1.0, "top_p": 1.0, "min_p": None, "repetition_penalty": 1.0, "steps_per_generation": None,
    "shuffle_dataset": True, "reward_weights": None, "multi_objective_aggregation": "sum_then_normalize",
    "learning_rate": 1e-6, "weight_decay": 0.0, "adam_beta1": 0.9, "adam_beta2": 0.999, "adam_epsilon": 1e-8,
    "max_grad_norm": 1.0, "warmup_steps": 0, "num_train_epochs": 3.0, "gradient_accumulation_steps": 1,
    "per_device_train_batch_size": 8, "optim": "adamw_torch_fused", "lr_scheduler_type": "linear",
    "vllm_importance_sampling_correction": True, "vllm_importance_sampling_mode": "sequence_mask",
    "vllm_importance_sampling_clip_max": 3.0,
}  # fmt: skip
"""Upstream's defaults of what changes a training; one that moves is to be written out in the shipped recipes."""


def test_upstreams_defaults_are_those_that_the_recipes_were_written_for():
    there = {field.name: field.default for field in fields(GRPOConfig) if field.default is not MISSING}
    assert {name: there.get(name) for name in DEFAULTS} == DEFAULTS
    assert set(SAMPLING) <= set(DEFAULTS)


STATED = {
    *("loss_type", "scale_rewards", "beta", "importance_sampling_level", "disable_dropout", "temperature"),
    *("num_generations", "learning_rate", "lr_scheduler_type", "warmup_steps", "bf16", "gradient_checkpointing"),
}
"""What every shipped recipe says itself, so that another TRL trains the same."""
STATED_WITH = {
    "beta": {"use_bias_correction_kl"},
    "vllm_importance_sampling_correction": {"vllm_importance_sampling_mode"},
}
"""What goes with a key that is not 0."""


@pytest.mark.parametrize("name", ["sandbox_grpo", "grpo_simplear"])
def test_shipped_recipes_say_what_upstream_may_change(name):
    trainer = load_training(name).recipe.trainer
    wanted = STATED.union(*(keys for key, keys in STATED_WITH.items() if trainer.get(key)))
    assert wanted - trainer.keys() == set()
    assert wanted - {*("bf16", "gradient_checkpointing")} <= DEFAULTS.keys() <= GRPOConfig.__dataclass_fields__.keys()


def test_threads_are_as_they_were(recipe):
    from generate_any_scene.training.models import limit_threads

    before = torch.get_num_threads()
    with pytest.raises(GasError), limit_threads(before + 1):
        assert torch.get_num_threads() == before + 1
        raise GasError("stopped")
    assert torch.get_num_threads() == before
