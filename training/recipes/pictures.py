"""Who makes the pictures of an evaluation, and what is asked for, as recipes say it."""

from __future__ import annotations

from hashlib import sha256
from typing import ClassVar, Literal

from pydantic import Field, field_validator

from ...builders.recipe.fields import Part, Text, refuse
from ..fields import Positive, Verbatim, Whole, WholeOrZero
from ..judges.vision_language import Dtype
from ..sandbox.settings import SandboxModel

PROMPT = "{prompt}"
TEMPLATE = (
    "Rewrite this description as a detailed prompt for a model that makes pictures. Keep every object, number, "
    f"attribute and relation; add nothing that contradicts it. Answer with the prompt alone.\n\n{PROMPT}"
)

BACKEND = "Who makes the pictures, or where they are."
Shows = Literal["pictures", "frames"]
PipelineDtype = Literal["bfloat16", "float16", "float32"]


class PictureSettings(Part):
    """What all that make pictures have in common."""

    makes: ClassVar[bool] = True

    count: Whole = Field(default=1, description="Pictures of each scene.")
    batch_size: Whole = Field(default=4, description="Pictures that are made at once.")


class FolderPictures(Part):
    """Pictures that are there already."""

    makes: ClassVar[bool] = False

    backend: Literal["folder"] = Field(default="folder", description=BACKEND)
    path: Text = Field(description="The folder; which picture belongs to which scene is read from the names in it.")
    shows: Shows | None = Field(
        default=None,
        description="Numbered files in a folder of a scene are so many `pictures`, or the `frames` of one video or "
        "views of one thing; when left out, frames if the dataset recipe's `modality` is `video` or `3d`.",
    )
    grid: Whole | None = Field(
        default=None,
        description="Each file is a sheet of so many rows and columns of pictures, such as 2 for DPG-Bench's; they "
        "are cut apart.",
    )


class SandboxPictures(PictureSettings):
    """Pictures of the sandbox: by its small model, or the scenes themselves, drawn."""

    backend: Literal["sandbox"] = Field(default="sandbox", description=BACKEND)
    model: Text | None = Field(
        default=None, description="A model that `gas train sandbox_grpo` has left; scenes are drawn when left out."
    )
    sandbox_model: SandboxModel | None = Field(
        default=None, description="One that is made, in place of `model`, and trained on pictures first."
    )
    temperature: Positive = Field(default=1.0, description="Logits of the model are divided by it.")


class Component(Part):
    """A component of a pipeline that is loaded from elsewhere."""

    class_name: Text = Field(alias="class", description="Its class in diffusers or transformers.")
    model: Text = Field(description="A folder, or a name on the Hub.")
    revision: Text | None = Field(default=None, description="Its branch, tag or commit on the Hub.")
    subfolder: Text | None = Field(default=None, description="The folder in it.")


class DiffusersPictures(PictureSettings):
    """A pipeline of diffusers."""

    batch_size: Whole = Field(
        default=1,
        description="Pictures that are made at once, by pipelines whose pictures do not depend on those beside them: "
        "rounding does, so that only 1 gives the same bits always.",
    )
    backend: Literal["diffusers"] = Field(default="diffusers", description=BACKEND)
    model: Text = Field(description="A folder, or a name on the Hub.")
    revision: Text | None = Field(default=None, description="Its branch, tag or commit on the Hub.")
    pipeline: Text | None = Field(
        default=None, description="Its class in diffusers, such as FluxPipeline; when left out the one that it names."
    )
    dtype: PipelineDtype | dict[Text, PipelineDtype] = Field(
        default="bfloat16",
        description="Of its weights; or that of each component: {default: bfloat16, vae: float32}.",
    )
    device: Text | None = Field(default=None, description="Where it computes; when left out a GPU, if there is one.")
    loading: Verbatim = Field(
        default={}, description="Further arguments of `from_pretrained`, such as {variant: fp16}."
    )
    components: dict[Text, Component] = Field(
        default={},
        description="Components that are loaded from elsewhere, such as {motion_adapter: {class: MotionAdapter, "
        "model: guoyww/animatediff-motion-adapter-v1-5-2}}.",
    )
    quantization: Verbatim = Field(
        default={},
        description="Arguments of diffusers' `PipelineQuantizationConfig`, such as {quant_backend: "
        "bitsandbytes_4bit, quant_kwargs: {load_in_4bit: true}, components_to_quantize: [transformer]}.",
    )
    lora: Text | None = Field(default=None, description="An adapter: a folder, or a name on the Hub.")
    lora_options: Verbatim = Field(
        default={}, description="Arguments of `load_lora_weights`, such as {weight_name: lora.safetensors}."
    )
    lora_strength: Positive = Field(default=1.0, description="How much the adapter changes.")
    scheduler: Verbatim = Field(
        default={},
        description="`class`, another scheduler of diffusers, and what differs from the settings of the model's own: "
        "{class: DPMSolverMultistepScheduler, use_karras_sigmas: true}.",
    )
    guider: Verbatim = Field(
        default={}, description="What differs from the settings of its guider, if it has one: {guidance_scale: 5}."
    )
    enable: dict[Text, Verbatim] = Field(
        default={},
        description="What is switched on, with arguments: {model_cpu_offload: {}, free_init: {num_iters: 3}, "
        "vae.tiling: {}} calls `enable_model_cpu_offload()` and so on.",
    )
    options: Verbatim = Field(default={}, description="What the pipeline is called with, such as {guidance_scale: 4}.")
    frames: Whole | None = Field(
        default=None,
        description="So many frames of each video are kept, each from the middle of a part of it; all when left out.",
    )


class EndpointPictures(PictureSettings):
    """A server with OpenAI's images API."""

    backend: Literal["images_endpoint"] = Field(default="images_endpoint", description=BACKEND)
    batch_size: Whole = Field(default=32, description="Pictures that are asked for before the next are.")
    url: Text = Field(description="Where it is, such as http://localhost:8000/v1.")
    model: Text | None = Field(default=None, description="What it calls the model; when left out the only one.")
    options: Verbatim = Field(default={}, description="Further fields of requests, such as {size: 1024x1024}.")
    send_seed: bool = Field(
        default=True, description="Send each picture's seed as `seed`, as vLLM-Omni takes it; OpenAI's own refuse it."
    )
    api_key: Text | None = Field(
        default=None, description="The environment variable that holds the server's key, such as OPENAI_API_KEY."
    )
    concurrency: Whole = Field(default=8, description="Pictures that the server has in hand at once.")
    timeout: Positive = Field(default=600.0, description="Seconds that the server may take for one.")
    retries: WholeOrZero = Field(default=5, description="How often one is asked for again after a failure.")


class CommandPictures(PictureSettings):
    """A command that reads lines of JSON, a picture each, and writes files."""

    backend: Literal["command"] = Field(default="command", description=BACKEND)
    batch_size: Whole = Field(default=256, description="Pictures of one start of the command, which may load a model.")
    command: tuple[Text, ...] = Field(min_length=1, description="The command and its arguments.")
    suffix: str = Field(
        default=".png",
        description="How the paths end that it is given: .png, .mp4, or nothing for a folder of frames.",
    )
    options: Verbatim = Field(default={}, description="Further keys of each line, such as {steps: 40}.")
    timeout: Positive | None = Field(default=None, description="Seconds that it may take for a batch.")


AnyPictures = FolderPictures | SandboxPictures | DiffusersPictures | EndpointPictures | CommandPictures


class PromptRewrite(Part):
    """Who rewrites prompts before they are sent, and how it is asked to."""

    by: Text = Field(
        description="A chat model: a folder, a name on the Hub, or the http(s) address of an OpenAI-compatible server."
    )
    model: Text | None = Field(default=None, description="What the server calls it; when left out the only one.")
    revision: Text | None = Field(default=None, description="Its branch, tag or commit on the Hub.")
    template: str = Field(default=TEMPLATE, description="What it is asked, with the prompt in it.")
    system: str = Field(default="", description="What the system says before; nothing, perhaps.")
    max_new_tokens: Whole = Field(default=512, description="The longest prompt that it writes.")
    chat_template: Verbatim = Field(
        default={}, description="Arguments of its chat template, such as {enable_thinking: false}."
    )
    dtype: Dtype = Field(default="auto", description="Of its weights.")
    api_key: Text | None = Field(
        default=None, description="The environment variable that holds the server's key, such as OPENAI_API_KEY."
    )
    concurrency: Whole = Field(default=16, description="Prompts that the server has in hand at once.")
    timeout: Positive = Field(default=120.0, description="Seconds that the server may take for one.")
    retries: WholeOrZero = Field(default=5, description="How often one is asked again after a failure of the server.")
    extra_body: Verbatim = Field(default={}, description="Further fields of requests, as the server knows them.")

    @property
    def digest(self) -> str:
        """What tells from others the settings that change prompts."""
        told = self.model_dump_json(exclude={"api_key", "concurrency", "timeout", "retries"})
        return sha256(told.encode()).hexdigest()[:8]

    @field_validator("template")
    @classmethod
    def check_template(cls, template: str) -> str:
        """Refuses a template that leaves the prompt out."""
        if PROMPT not in template:
            raise refuse(f"has no {PROMPT}", "write it where the prompt belongs")
        return template
