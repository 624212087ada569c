"""Who makes pictures, as recipes say it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ....builders.recipe.fields import Part, Text
from ...fields import Positive, Verbatim, Whole, WholeOrZero

Shows = Literal["pictures", "frames"]


class PictureSettings(Part):
    """What all that make pictures have in common."""

    count: Whole = Field(default=1, description="Pictures of each scene.")
    batch_size: Whole = Field(default=4, description="Pictures that are made at once.")


class FolderPictures(Part):
    """Pictures that are there already."""

    backend: Literal["folder"] = "folder"
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

    backend: Literal["sandbox"] = "sandbox"
    model: Text | None = Field(
        default=None, description="A model that `gas train sandbox_grpo` has left; scenes are drawn when left out."
    )
    temperature: Positive = Field(default=1.0, description="Logits of the model are divided by it.")


class DiffusersPictures(PictureSettings):
    """A pipeline of diffusers."""

    backend: Literal["diffusers"] = "diffusers"
    model: Text = Field(description="A folder, or a name on the Hub.")
    revision: Text | None = Field(default=None, description="Its branch, tag or commit on the Hub.")
    options: Verbatim = Field(default={}, description="What the pipeline is called with, such as {guidance_scale: 4}.")


class EndpointPictures(PictureSettings):
    """A server with OpenAI's images API."""

    backend: Literal["images_endpoint"] = "images_endpoint"
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

    backend: Literal["command"] = "command"
    command: tuple[Text, ...] = Field(min_length=1, description="The command and its arguments.")
    suffix: Text = Field(
        default=".png",
        description="How the paths end that it is given: .png, .mp4, or nothing for a folder of frames.",
    )
    options: Verbatim = Field(default={}, description="Further keys of each line, such as {steps: 40}.")
    timeout: Positive | None = Field(default=None, description="Seconds that it may take for a batch.")


AnyPictures = FolderPictures | SandboxPictures | DiffusersPictures | EndpointPictures | CommandPictures
