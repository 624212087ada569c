"""What a job is told: a file in the work folder, which the job finds in the store. It names no secret.

The file is called by its own digest, so a build that starts again knows the orders that it has given already.
"""

from __future__ import annotations

import hashlib

from pydantic import BaseModel, ConfigDict, ValidationError

from ..folder.build_folder import Folder
from ..folder.files import ORDER, AnyPath, write_text
from .recipe_bundle import RecipeBundle
from .shards import Shard

FAILED = ".failed.json"


class Order(BaseModel):
    """Files that one job makes.

    Attributes:
        out: The folder, an address.
        workers: Processes that make them.
        versions: What is installed where the build was started (`VERSIONS`).
        recipes: Of the files.
        shards: The files.
    """

    model_config = ConfigDict(extra="forbid", ser_json_bytes="base64", val_json_bytes="base64")

    out: str
    workers: int
    versions: dict[str, str]
    recipes: list[RecipeBundle]
    shards: list[Shard]

    @property
    def name(self) -> str:
        """The digest that it is called by."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:32]


class Failure(BaseModel):
    """What a job says when another try would fail in the same way: the message and the exit status of a `GasError`."""

    message: str
    exit_status: int


def write_order(order: Order, folder: Folder) -> AnyPath:
    """Puts an order into the work folder, and gives its path."""
    path = folder.work / f"{order.name}{ORDER}"
    write_text(path, order.model_dump_json())
    return path


def read_order(path: AnyPath) -> Order | None:
    """Reads an order; None if it is not there, or of another version of this package."""
    try:
        return Order.model_validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def find_failure_path(order: AnyPath) -> AnyPath:
    """Where a job says why it failed."""
    return order.with_name(order.name.removesuffix(ORDER) + FAILED)


def read_failure(order: AnyPath) -> Failure | None:
    """What a job said of why it failed, if it did."""
    try:
        return Failure.model_validate_json(find_failure_path(order).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None
