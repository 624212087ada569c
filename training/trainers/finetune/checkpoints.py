"""Checkpoints of a training: all that changes while it runs, in one file of safetensors, which runs no code when read.

The file's metadata have one entry, JSON: what was saved, with the names of tensors in their places.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from ....builders.folder.files import open_part
from ....errors import GasError
from .sharding import gather, share_out

Stateful = Mapping[str, Any]
"""What has `state_dict` and `load_state_dict`, by name."""
Found = dict[tuple[Any, ...], tuple[str, torch.Tensor]]
"""Tensors that are saved, with their names, by where they are: optimizers of 8 bits have some in many places."""
KEPT = 2
"""Checkpoints that are kept: the newest, and the one before it in case a disk loses the newest."""
CONTENT, SUFFIX = "content", ".safetensors"


def save_checkpoint(
    folder: Path,
    update: int,
    identity: Mapping[str, Any],
    trained: Mapping[str, torch.Tensor],
    stateful: Stateful,
    writes: bool = True,
) -> None:
    """Saves all that changes during training, whole or not at all, and removes older checkpoints.

    Args:
        folder: Of the training's checkpoints.
        update: How many updates are done.
        identity: What a training must have in common with this one to go on from here; as JSON gives it back.
        trained: Weights, by name.
        stateful: What else changes.
        writes: Whether this process is the one that writes; where weights are shared out, all must take part.
    """
    found: Found = {}
    content = {
        "update": update,
        "identity": dict(identity),
        "weights": dict(trained),
        "states": {name: part.state_dict() for name, part in stateful.items()},
    }
    packed = json.dumps(_pack(content, found))
    if not writes:
        return
    for left in folder.glob(f"update_*{SUFFIX}.*"):  # by a training that was killed
        left.unlink()
    with open_part(folder / f"update_{update:08}{SUFFIX}") as part:
        save_file(dict(found.values()), part, {CONTENT: packed})
    for old in list_checkpoints(folder)[:-KEPT]:
        old.unlink()


def load_checkpoint(
    folder: Path, identity: Mapping[str, Any], trained: Mapping[str, torch.Tensor], stateful: Stateful
) -> int:
    """Takes up the newest checkpoint and gives the number of its update, or 0 if there is none.

    Raises:
        GasError: It cannot be read, or is of a training with other settings.
    """
    if not (paths := list_checkpoints(folder)):
        return 0
    try:
        with safe_open(paths[-1], "pt") as file:
            content = _unpack(json.loads(file.metadata()[CONTENT]), file.get_tensor)
    except (SafetensorError, OSError, TypeError, LookupError, ValueError) as error:
        raise GasError(f"{paths[-1]} cannot be read; delete it to go on from the one before") from error
    there = content["identity"]
    for key, value in identity.items():
        if there.get(key) != value:
            what = f"{folder} is of a training with other settings: `{key}` was {there.get(key)}, and is {value}"
            raise GasError(f"{what}; take another output folder, or delete that one to begin anew")
    with torch.no_grad():
        for name, weight in trained.items():
            weight.copy_(share_out(content["weights"][name], weight))
    for name, part in stateful.items():
        part.load_state_dict(content["states"][name])
    return content["update"]


def list_checkpoints(folder: Path) -> list[Path]:
    """Checkpoints, the newest last."""
    return sorted(folder.glob(f"update_*{SUFFIX}"))


def _pack(value: Any, found: Found) -> Any:
    """A value as JSON can hold it, which has no keys but texts and no tuples; its tensors are put with the others."""
    if isinstance(value, torch.Tensor):
        tensor = gather(value.detach()).contiguous()
        place = (tensor.data_ptr(), tensor.shape, tensor.dtype)
        name, _ = found.setdefault(place, (str(len(found)), tensor))
        return {"tensor": name}
    if isinstance(value, dict):
        return {"dict": [[key, _pack(one, found)] for key, one in value.items()]}
    if isinstance(value, tuple):
        return {"tuple": [_pack(one, found) for one in value]}
    return [_pack(one, found) for one in value] if isinstance(value, list) else value


def _unpack(value: Any, get_tensor: Callable[[str], torch.Tensor]) -> Any:
    if isinstance(value, list):
        return [_unpack(one, get_tensor) for one in value]
    if not isinstance(value, dict):
        return value
    ((kind, held),) = value.items()
    if kind == "tensor":
        return get_tensor(held).clone()  # not a view of the file
    if kind == "dict":
        return {key: _unpack(one, get_tensor) for key, one in held}
    return tuple(_unpack(one, get_tensor) for one in held)
