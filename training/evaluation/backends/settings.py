"""Who makes pictures, as recipes say it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ....builders.recipe.fields import Part, Text
from ...fields import Verbatim, Whole


class PictureSettings(Part):
    """What all backends have in common."""

    count: Whole = Field(default=1, description="Pictures of each scene.")
    batch_size: Whole = Field(default=4, description="Pictures that are made at once.")


class FolderPictures(PictureSettings):
    """Pictures that are there already."""

    backend: Literal["folder"] = "folder"
    path: Text = Field(description="The folder; which picture belongs to which scene is read from the names in it.")


class SandboxPictures(PictureSettings):
    """Pictures of the sandbox: by its small model, or the scenes themselves, drawn."""

    backend: Literal["sandbox"] = "sandbox"
    model: Text | None = Field(
        default=None, description="A model that `gas train sandbox_grpo` has left; scenes are drawn when left out."
    )


class DiffusersPictures(PictureSettings):
    """A pipeline of diffusers."""

    backend: Literal["diffusers"] = "diffusers"
    model: Text = Field(description="A folder, or a name on the Hub.")
    revision: Text | None = Field(default=None, description="Its branch, tag or commit on the Hub.")
    options: Verbatim = Field(default={}, description="What the pipeline is called with, such as {guidance_scale: 4}.")


class EndpointPictures(PictureSettings):
    """A server with OpenAI's images API."""

    backend: Literal["images_endpoint"] = "images_endpoint"
    url: Text = Field(description="Where it is, such as http://localhost:8000/v1.")
    model: Text | None = Field(default=None, description="What it calls the model; when left out the only one.")
    options: Verbatim = Field(default={}, description="Further fields of requests, such as {size: 1024x1024}.")


class CommandPictures(PictureSettings):
    """A command that reads lines of JSON, a picture each, and writes files."""

    backend: Literal["command"] = "command"
    command: tuple[Text, ...] = Field(description="The command and its arguments.")


AnyPictures = FolderPictures | SandboxPictures | DiffusersPictures | EndpointPictures | CommandPictures
