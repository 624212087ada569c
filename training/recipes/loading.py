"""What a recipe of a training may say, as Pydantic models. Nothing here needs the packages that train.

Keys of upstream's own, such as those of TRL's `GRPOConfig`, are taken as they are; `upstream` checks them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BeforeValidator, Field, field_validator, model_validator

from ...builders.recipe.fields import Names, Part, Text, expand, read_number, read_whole, refuse, show
from ...builders.recipe.loading import Dumper, read_document
from ...builders.recipe.yaml_document import Document, raise_problems, validate
from ...errors import suggest
from ..judges.vision_language import MODEL

Whole = Annotated[int, Field(ge=1), BeforeValidator(read_whole)]
WholeOrZero = Annotated[int, Field(ge=0), BeforeValidator(read_whole)]
Positive = Annotated[float, Field(gt=0), BeforeValidator(read_number)]
Verbatim = dict[str, Any]
"""Keys and values of upstream's own."""
LEARNING_RATE = 1e-4
"""Of fine-tuning, unless the recipe gives another; torch's own, 1e-3, is far too high for it."""


class Data(Part):
    """Rows to train on: those of a dataset recipe, or whatever `datasets.load_dataset` opens."""

    recipe: Text | None = Field(
        default=None, description="A dataset recipe, by its name or path; its rows are made when they are asked for."
    )
    overrides: Verbatim = Field(
        default={}, description="Keys of the dataset recipe to override, such as {seed: 1, splits: {train: 100}}."
    )
    draw: Literal["sandbox"] | None = Field(
        default=None, description="sandbox: add the column `image`, a picture of each scene of the sandbox."
    )
    path: Text | None = Field(
        default=None, description="What `load_dataset` opens: a folder, a dataset on the Hub, or a format."
    )
    name: Text | None = Field(default=None, description="Its config.")
    data_dir: Text | None = Field(default=None, description="A folder in it.")
    data_files: Text | tuple[Text, ...] | dict[Text, Any] | None = Field(default=None, description="Files in it.")
    revision: Text | None = Field(default=None, description="Its branch, tag or commit on the Hub.")
    split: Text = Field(default="train", description="The split, also a part of one: `train[:10%]`.")
    columns: dict[Text, Text] = Field(
        default={}, description="What its columns are called where that differs, such as {caption: text}."
    )
    limit: Whole | None = Field(default=None, description="Take only the first rows.")

    @model_validator(mode="after")
    def check_source(self) -> Data:
        """One source, and nothing that belongs to the other."""
        if (self.recipe is None) == (self.path is None):
            raise refuse("give either `recipe` or `path`", "such as `data: {recipe: multi_object}`")
        others = {"name", "data_dir", "data_files", "revision"} if self.recipe else {"overrides"}
        if others := {key for key in others if getattr(self, key)}:
            raise refuse(f"`{min(others)}` does not go with `{'recipe' if self.recipe else 'path'}`", "leave it out")
        return self


Rows = Annotated[Data, expand("recipe", str | Data)]
SOURCES: Mapping[str, set[str]] = {
    "recipe": {"recipe", "overrides", "draw"},
    "path": {"path", "name", "data_dir", "data_files", "revision"},
}
"""Keys of `Data` that say where rows are from, and those that go with them."""
PLACES = (("data",), ("held_out", "data"), ("sandbox_model", "data"))
"""Where a recipe may have such keys."""


class Training(Part):
    """What all trainings have in common."""

    name: Text = Field(description="The name of the training.")
    description: str = Field(default="", description="One paragraph: what it is for.")
    kind: Literal["finetune", "grpo"] = Field(description="What is trained how.")
    data: Rows = Field(description="Rows to train on.")
    output: Text | None = Field(
        default=None, description="The folder for results; `runs/` and the name when left out."
    )
    seed: WholeOrZero = Field(default=0, description="Another seed gives another run.")

    @property
    def folder(self) -> Path:
        """Where the results go."""
        return Path(self.output or f"runs/{self.name}")


class Finetune(Training):
    """Images with captions into a text-to-image pipeline of diffusers, by LoRA or in full."""

    kind: Literal["finetune"]
    model: Text = Field(description="A Stable Diffusion 1.x or 2.x pipeline: a folder, or its name on the Hub.")
    revision: Text | None = Field(default=None, description="Its branch, tag or commit on the Hub.")
    data: Rows = Field(description="Rows with the columns `caption` and `image`.")
    method: Literal["lora", "full"] = Field(default="lora", description="Train an adapter, or the whole denoiser.")
    lora: Verbatim = Field(default={}, description="Keys of `peft.LoraConfig`, as they are.")
    start_from: Text | None = Field(
        default=None, description="A folder or file of LoRA weights to go on from; `lora` is then theirs."
    )
    resolution: Whole = Field(default=512, description="Width and height of the images, in pixels.")
    batch_size: Whole = Field(default=8, description="Images of a step, on each process.")
    gradient_accumulation_steps: Whole = Field(default=2, description="Steps that make an update.")
    optimizer: Verbatim = Field(
        default={"lr": LEARNING_RATE},
        description="Keys of `torch.optim.AdamW`, as they are; `lr` is 1e-4 if not given.",
    )
    lr_scheduler: Text = Field(default="cosine", description="A schedule of diffusers, such as cosine or constant.")
    warmup_steps: WholeOrZero = Field(default=0, description="Updates until the learning rate is reached.")
    max_grad_norm: Positive = Field(default=1.0, description="The norm that gradients are clipped to.")
    epochs: Whole | None = Field(default=None, description="Times that all rows are seen, unless `max_steps` is less.")
    max_steps: Whole | None = Field(default=None, description="Updates, unless `epochs` is less.")
    mixed_precision: Literal["no", "fp16", "bf16"] = Field(default="no", description="The precision to compute with.")
    gradient_checkpointing: bool = Field(default=False, description="Take less memory and more time.")
    checkpoint_every: WholeOrZero = Field(
        default=500, description="Updates between checkpoints, from which a stopped training goes on; 0 for none."
    )

    @field_validator("optimizer")
    @classmethod
    def add_learning_rate(cls, optimizer: Verbatim) -> Verbatim:
        """A learning rate is always given, also where only other keys are."""
        return {"lr": LEARNING_RATE, **optimizer}

    @model_validator(mode="after")
    def check_end(self) -> Finetune:
        """A training ends."""
        if self.epochs is None and self.max_steps is None:
            raise refuse("give `epochs`, `max_steps` or both", "such as `max_steps: 1000`")
        if self.start_from and self.method == "full":
            raise refuse("`start_from` names LoRA weights, which `method: full` has none of", "leave it out")
        return self


class SandboxModel(Part):
    """A small Qwen2 that is made from its sizes and first trained on pictures of scenes."""

    hidden_size: Whole = Field(default=128, description="Width of the model.")
    layers: Whole = Field(default=3, description="Layers of the model.")
    heads: Whole = Field(default=4, description="Attention heads of a layer.")
    data: Rows = Field(default=Data(recipe="sandbox"), description="Rows with `caption` and `scene_graph`.")
    steps: Whole = Field(default=300, description="Updates on pictures of the captions' scenes.")
    mismatched_steps: WholeOrZero = Field(
        default=0, description="Updates after them on captions of other pictures, which spoil what was learned."
    )
    batch_size: Whole = Field(default=64, description="Pictures of an update.")
    learning_rate: Positive = Field(default=1e-3, description="The highest learning rate.")


class Decoder(Part):
    """What makes pictures of visual tokens."""

    kind: Literal["torchscript", "sandbox"] = Field(
        default="torchscript", description="A TorchScript file, such as the Cosmos tokenizer's; or the sandbox's grid."
    )
    path: Text | None = Field(default=None, description="The TorchScript file, for instance decoder.jit.")
    codebook: Whole | None = Field(default=None, description="Visual tokens that there are; they follow the text's.")
    offset: WholeOrZero | None = Field(
        default=None, description="The id of the first visual token; the number of the tokenizer's when left out."
    )
    grid: tuple[Whole, Whole] | None = Field(default=None, description="Rows and columns of a picture's tokens.")
    image_size: Whole | None = Field(default=None, description="Pixels that pictures are shrunk to, for the judge.")
    batch_size: Whole = Field(default=4, description="Pictures that are decoded at once.")

    @model_validator(mode="after")
    def check_kind(self) -> Decoder:
        """The sandbox knows all of it; a file tells nothing."""
        keys = ("path", "codebook", "grid")
        given = [key for key in (*keys, "offset", "image_size") if getattr(self, key) is not None]
        if self.kind == "sandbox" and given:
            raise refuse(f"`{given[0]}` does not go with `kind: sandbox`", "leave it out")
        if self.kind == "torchscript" and (missing := [key for key in keys if getattr(self, key) is None]):
            raise refuse(f"`kind: torchscript` needs `{missing[0]}`", "add it")
        return self


class JudgeSettings(Part):
    """Who answers questions about pictures."""

    kind: Literal["model", "sandbox"] = Field(
        default="model", description="A vision-language model; or the sandbox's judge, which sees all of its shapes."
    )
    model: Text = Field(default=MODEL, description="A folder, or a name on the Hub.")
    revision: Text | None = Field(default=None, description="Its branch, tag or commit on the Hub.")
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field(default="auto", description="Of its weights.")
    batch_size: Whole = Field(default=32, description="Questions that it answers at once.")
    max_new_tokens: Whole = Field(default=16, description="The longest answer.")
    min_pixels: Whole | None = Field(default=None, description="The least that its processor scales pictures to.")
    max_pixels: Whole | None = Field(default=None, description="The most that its processor scales pictures to.")


class HeldOut(Part):
    """Rows that are not trained on, to be judged before and after."""

    data: Rows = Field(description="Rows with the columns `caption` and `questions`.")
    batch_size: Whole = Field(default=64, description="Pictures that are made at once.")
    shown: Whole = Field(default=12, description="Pictures on the contact sheet.")


class Grpo(Training):
    """Reinforcement learning of an autoregressive image model, rewarded by answers to each scene's questions."""

    kind: Literal["grpo"]
    model: Text | None = Field(default=None, description="A causal language model: a folder, or a name on the Hub.")
    revision: Text | None = Field(default=None, description="Its branch, tag or commit on the Hub.")
    sandbox_model: SandboxModel | None = Field(default=None, description="Make the model of the sandbox instead.")
    prompt: Text = Field(default="{caption}", description="What the model is given; {caption} stands for the caption.")
    data: Rows = Field(description="Rows with the columns `caption` and `questions`.")
    question_kinds: Names | None = Field(
        default=None, description="Only questions of these kinds, such as [object, relation]; all when left out."
    )
    decoder: Decoder = Field(description="What makes pictures of visual tokens.")
    judge: JudgeSettings = Field(default=JudgeSettings(), description="Who answers questions about pictures.")
    trainer: Verbatim = Field(default={}, description="Keys of `trl.GRPOConfig`, as they are.")
    held_out: HeldOut | None = Field(default=None, description="Rows to judge before and after.")

    @field_validator("prompt")
    @classmethod
    def check_prompt(cls, prompt: str) -> str:
        """The caption stands in it, once, and nothing else in braces."""
        if re.findall(r"\{[^{}]*\}", prompt) != ["{caption}"]:
            raise refuse(f"{show(prompt)} must hold {{caption}} once, and no other braces")
        return prompt

    @model_validator(mode="after")
    def check_model(self) -> Grpo:
        """One model."""
        if (self.model is None) == (self.sandbox_model is None):
            raise refuse("give either `model` or `sandbox_model`", "such as `model: Daniel0724/SimpleAR-0.5B-SFT`")
        return self


KINDS: Mapping[str, type[Training]] = {"finetune": Finetune, "grpo": Grpo}


@dataclass(frozen=True)
class LoadedTraining:
    """A recipe of a training, with what its files say, and where."""

    recipe: Training
    document: Document


def load_training(name_or_path: str | Path, overrides: Iterable[str] | Mapping[str, Any] = ()) -> LoadedTraining:
    """Loads a recipe of a training with what it extends, and lays overrides over it.

    Args:
        name_or_path: A shipped recipe's name, or the path of a .yaml file.
        overrides: `dotted.key=value` texts, as `--set` takes them, or a mapping.

    Raises:
        RecipeError: With all of the recipe's mistakes.
        GasError: There is no such recipe.
    """
    document, _ = read_document(name_or_path, overrides, kind="training")
    for place in PLACES:
        _drop_older_source(document, place)
    kind = document.value.get("kind")
    if str(kind) not in KINDS:
        what = "is missing" if kind is None else f"{show(kind)} is no kind of training"
        hint = suggest(str(kind), KINDS) or f"the kinds are {', '.join(KINDS)}"
        document.report(("kind",), what, hint)
        raise_problems(document)
    return LoadedTraining(validate(KINDS[str(kind)], document), document)


def _drop_older_source(document: Document, place: tuple[str, ...]) -> None:
    """A source of rows replaces that of a parent, or of the recipe that is overridden, with all that went with it."""

    def find_age(key: str) -> int:
        file = document.find_place((*place, key)).file
        return document.sources.index(file) if file in document.sources else -1

    data: Any = document.value
    for key in place:
        data = data.get(key) if isinstance(data, dict) else None
    if isinstance(data, dict) and data.keys() >= SOURCES.keys():
        newer, older = sorted(SOURCES, key=find_age)
        limit = find_age(older)
        if find_age(newer) < limit:
            for key in SOURCES[older] & data.keys():
                if find_age(key) >= limit:
                    del data[key]


def dump_training(recipe: Training) -> str:
    """Writes a recipe as YAML that needs no other file and loads as an equal recipe."""
    values = recipe.model_dump(mode="json", exclude_none=True)
    text = yaml.dump(values, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=119)
    return f"# gas train {recipe.name}\n{text}"
