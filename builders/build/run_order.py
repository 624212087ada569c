"""What runs in a job: `python -m generate_any_scene.builders.build.run_order ADDRESS-OF-AN-ORDER`.

It takes nothing from the machine that started the build but the order, and writes files and their records into the
store, as a build of one machine does.
"""

from __future__ import annotations

import sys
import time
from functools import partial

from ...errors import GasError
from ..folder.build_folder import Folder
from ..folder.files import find_place, write_text
from ..folder.manifest import WORK
from .job_orders import Failure, Order, find_failure_path
from .recipe_bundle import open_writer
from .shards import Report, Shard, Written, make_shard
from .versions import check_versions

SILENCE = 10.0
"""Seconds between lines of the log."""


def run_order(address: str) -> None:
    """Makes the files of an order that are not there yet.

    Args:
        address: Of the order, such as `hf://buckets/me/data/gas/.building/<digest>.order.json`.

    Raises:
        GasError: A file cannot be made. It is noted beside the order, since another try would end in the same way.
    """
    path = find_place(address)
    order = Order.model_validate_json(path.read_bytes())
    try:
        check_versions(order.versions, "the job")
        _make_files(order)
    except GasError as error:
        failure = Failure(message=str(error), exit_status=error.exit_status)
        write_text(find_failure_path(path), failure.model_dump_json())
        raise


def _make_files(order: Order) -> None:
    out = find_place(order.out)
    folder, recipes = Folder(out, out / WORK), {recipe.name: recipe for recipe in order.recipes}

    def make(shard: Shard, report: Report) -> Written:
        recipe = recipes[shard.config]
        return make_shard(partial(open_writer, recipe), shard, recipe.fingerprint, folder, report)

    report = _log(sum(map(len, order.shards)))
    workers = min(order.workers, len(order.shards))
    if workers > 1:
        from .local_processes import make_in_processes

        make_in_processes(make, recipes, order.shards, folder, workers, report)
    else:
        for shard in order.shards:
            make(shard, report)


def _log(rows: int) -> Report:
    """Prints how many rows are finished, now and then."""
    done, last = 0, float("-inf")

    def report(more: int) -> None:
        nonlocal done, last
        done += more
        now = time.monotonic()
        if done == rows or now - last > SILENCE:
            print(f"{done:,} of {rows:,} rows", flush=True)
            last = now

    return report


if __name__ == "__main__":
    try:
        run_order(sys.argv[1])
    except GasError as error:
        sys.exit(f"gas: {error}")
