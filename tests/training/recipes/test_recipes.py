"""Recipes of trainings: what they may say, what is said about mistakes, and that they load as they were written."""

import pytest
from generate_any_scene.builders.recipe.loading import list_files, list_recipes
from generate_any_scene.errors import GasError, RecipeError
from generate_any_scene.training.recipes.finetune import Finetune
from generate_any_scene.training.recipes.loading import KINDS, dump_training, load_training

SHIPPED = list_recipes("training")
MINE = """
name: mine
kind: finetune
model: some/model
data: {path: ./images}
max_steps: 10
"""


@pytest.fixture
def write(tmp_path):
    """Writes a recipe of a training and gives its path."""

    def write_file(text, name="mine.yaml"):
        path = tmp_path / name
        path.write_text(text.lstrip("\n"), encoding="utf-8")
        return path

    return write_file


def load(*arguments):
    return load_training(*arguments).recipe


def list_problems(*arguments):
    with pytest.raises(RecipeError) as caught:
        load_training(*arguments)
    return str(caught.value).splitlines()


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_recipe_loads_and_its_first_line_is_its_command(name):
    assert load(name).name == name
    first = list_files("training")[name].read_text(encoding="utf-8").splitlines()[0]
    assert first.split(" --set ")[0] == f"# gas train {name}"


@pytest.mark.parametrize("name", SHIPPED)
def test_a_resolved_recipe_needs_no_other_and_loads_as_an_equal_one(name, write):
    recipe = load(name, ["seed=3"])
    text = dump_training(recipe)
    assert text.startswith(f"# gas train {name}\n") and "extends" not in text
    again = load(write(text))
    assert again == recipe
    assert dump_training(again) == text


def test_the_shipped_parent_is_extended_but_not_run(write):
    mine = write("name: mine\nextends: finetune\nmodel: some/model\ndata: {path: ./images}\nlora: {r: 4}")
    recipe = load(mine)
    assert (recipe.max_steps, recipe.lora["r"], recipe.lora["lora_alpha"]) == (2500, 4, 128)
    with pytest.raises(GasError, match="there is no recipe `_finetune`"):
        load("_finetune")
    child = write("name: child\nextends: ./mine.yaml\nmethod: full", "child.yaml")
    assert load(child) == recipe.model_copy(update={"name": "child", "method": "full"})


def test_the_settings_are_those_of_the_paper():
    recipe = load("finetune_sd15")
    assert (recipe.batch_size, recipe.gradient_accumulation_steps, recipe.max_steps) == (8, 2, 2500)
    assert (recipe.lora["r"], recipe.optimizer["lr"], recipe.lr_scheduler) == (128, 1e-4, "cosine")
    assert load("finetune_sd15_full") == recipe.model_copy(
        update={
            "name": "finetune_sd15_full",
            "method": "full",
            "description": load("finetune_sd15_full").description,
        }
    )


def test_the_learning_rate_is_never_that_of_torch(write):
    assert load(write(MINE)).optimizer == {"lr": 1e-4}
    assert load(write(f"{MINE}optimizer: {{weight_decay: 0.1}}")).optimizer == {"lr": 1e-4, "weight_decay": 0.1}
    assert load(write(f"{MINE}optimizer: {{lr: 1.0e-3}}")).optimizer == {"lr": 1e-3}
    assert load(write(f"{MINE}optimizer: {{lr: null}}")).optimizer == {"lr": 1e-4}
    assert Finetune.model_fields["optimizer"].default == {"lr": 1e-4}


def test_all_mistakes_are_told_at_once_with_their_places(write):
    path = write(f"{MINE}modle: x\nresolution: 5.5\nseed: -1\nmethod: lorra\ndata: {{path: x}}\nlora: [4]\n")
    assert list_problems(path) == [
        f"{path}:6:1: modle: unknown key `modle`; did you mean `model`?",
        f"{path}:7:1: resolution: must be a whole number, not `5.5`",
        f"{path}:8:1: seed: must be at least 0, not `-1`",
        f"{path}:9:1: method: `lorra` is not one of lora, full; did you mean `lora`?",
        f"{path}:10:1: data: `data` stands here twice; remove it here or in line 4",
        f"{path}:11:1: lora: must be a mapping of keys to values, not `[4]`; write `{{key: value}}`",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "kind: finetun",
            f"kind: `finetun` is no kind of training; did you mean `finetune`? the kinds are {', '.join(KINDS)}",
        ),
        ("kind: [grpo]", "kind: `['grpo']` is no kind of training; "),
        ("name: mine", f"kind: is missing; the kinds are {', '.join(KINDS)}"),
        (MINE.replace("max_steps: 10", ""), "give `epochs`, `max_steps` or both; such as `max_steps: 1000`"),
        (MINE.replace("model: some/model", ""), "model: is missing; add `model: ...`"),
        (f"{MINE}method: full\nstart_from: x", "`start_from` names LoRA weights, which `method: full` has none of"),
        (MINE.replace("path: ./images", "pth: x"), "data.pth: unknown key `pth`; did you mean `path`?"),
        (MINE.replace("path: ./images", ""), "data: give either `recipe` or `path`; such as"),
        (MINE.replace("path: ./images", "path: x, recipe: y"), "data: give either `recipe` or `path`; such as"),
        (MINE.replace("path: ./images", "path: x, overrides: {seed: 1}"), "data: `overrides` does not go with `path`"),
        (MINE.replace("path: ./images", "recipe: x, name: y"), "data: `name` does not go with `recipe`"),
        (MINE.replace("path: ./images", "path: x, limit: 0"), "data.limit: must be at least 1, not `0`"),
        (f"{MINE}extends: fintune", "extends: there is no recipe `fintune`; did you mean `finetune`?"),
        (f"{MINE}max_grad_norm: 0", "max_grad_norm: must be greater than 0, not `0`"),
        (f"{MINE}gradient_checkpointing: maybe", "gradient_checkpointing: "),
    ],
)
def test_each_mistake_is_one_message_with_its_file(text, message, write):
    (problem,) = list_problems(write(text))
    assert "mine.yaml:" in problem
    assert message in problem


def test_mistakes_in_overrides_are_told_as_such():
    assert list_problems("finetune_sd15", ["resolution=x", "lorra.r=3"]) == [
        "--set resolution: must be a whole number, not `x`",
        "--set lorra: unknown key `lorra`; did you mean `lora`?",
    ]
    with pytest.raises(GasError, match=r"there is no recipe `finetune_sd1`; did you mean `finetune_sd15`?"):
        load("finetune_sd1")


def test_a_dataset_recipe_alone_may_stand_for_the_data(write):
    long = load(write(MINE.replace("{path: ./images}", "{recipe: sandbox}")))
    assert load(write(MINE.replace("{path: ./images}", "sandbox"))) == long
    assert load("finetune_sd15", ["data=sandbox"]).data.recipe == "sandbox"


def test_another_source_of_rows_replaces_the_one_before_with_what_went_with_it(write):
    drawn = load("finetune_sd15", ["data={recipe: sandbox, draw: sandbox, limit: 32}"]).data
    assert drawn.model_dump(exclude_defaults=True) == {"recipe": "sandbox", "draw": "sandbox", "limit": 32}
    there = load("sandbox_grpo", {"held_out.data.path": "json", "held_out.data.data_files": "x.json"}).held_out.data
    assert there.model_dump(exclude_defaults=True) == {
        "path": "json", "data_files": "x.json", "split": "test", "limit": 256,
    }  # fmt: skip
    parent = write(MINE.replace("path: ./images", "recipe: sandbox, draw: sandbox, overrides: {seed: 1}, limit: 9"))
    child = write(f"name: child\nextends: ./{parent.name}\ndata: {{path: x, data_dir: y}}", "child.yaml")
    assert load(child).data.model_dump(exclude_defaults=True) == {"path": "x", "data_dir": "y", "limit": 9}
    (problem,) = list_problems(child, ["data.path=x", "data.recipe=y"])
    assert "give either `recipe` or `path`" in problem


def test_numbers_and_words_that_yaml_reads_otherwise_are_read_as_meant(write):
    recipe = load(write(f"{MINE}mixed_precision: no\nmax_grad_norm: 1e-4\nresolution: 1e2\nrevision: 1.0"))
    assert (recipe.mixed_precision, recipe.max_grad_norm, recipe.resolution) == ("no", 1e-4, 100)
    assert recipe.revision == "1.0"
    assert load("finetune_sd15", ["mixed_precision=no"]).mixed_precision == "no"


def test_null_gives_a_key_its_default():
    recipe = load("finetune_sd15", ["mixed_precision=null", "lora.init_lora_weights=null", "max_steps=null"])
    assert (recipe.mixed_precision, recipe.max_steps) == ("no", None)
    assert sorted(recipe.lora) == ["lora_alpha", "r", "target_modules"]


def test_results_lie_under_the_name_unless_the_recipe_says_where():
    assert str(load("finetune_sd15").folder) == "runs/finetune_sd15"
    assert str(load("finetune_sd15", ["output=elsewhere"]).folder) == "elsewhere"
