"""Latents and encoded captions on a disk: each is made once, for all steps and all trainings that need the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from ....builders.folder.files import open_part
from ....errors import GasError
from ...data import digest_picture


@dataclass(frozen=True)
class Cache:
    """What encoders made, each in a file that is named by the content: the picture or caption, and who encoded it how.

    So two captions that are the same share a file, and so do two trainings; what differs never does.

    Attributes:
        folder: Where files are.
        encoders: What tells encoders from others, for JSON: their weights, and how they are asked.
    """

    folder: Path
    encoders: Mapping[str, Any]

    def find_text(self, caption: str) -> Path:
        """The file of a caption."""
        return self._find("text", caption)

    def find_picture(self, row: Mapping[str, Any]) -> Path:
        """The file of a row's picture, which is not decoded."""
        return self._find("picture", digest_picture(row["image"]).hex())

    def _find(self, what: str, content: str) -> Path:
        name = sha256(json.dumps([what, self.encoders, content], sort_keys=True).encode()).hexdigest()
        return self.folder / what / name[:2] / f"{name}.safetensors"

    def save(self, path: Path, tensors: Mapping[str, torch.Tensor]) -> None:
        """Writes a file, whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with open_part(path) as part:
            save_file({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, part)

    def load(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """What is there of a row: `text` of its caption, and `mean`, `sizes` and perhaps `deviation` of its picture.

        Raises:
            GasError: A file cannot be read.
        """
        return {**_read(self.find_picture(row)), "text": _read(self.find_text(row["caption"]))}


def _read(path: Path) -> dict[str, torch.Tensor]:
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise GasError(f"{path} cannot be read; delete it and start again, and it is made anew") from error
