"""Measures whole builds: rows per second and peak memory as rows grow, and as processes are added.

Run with `make bench`. Every build is a new `gas build`, its start and its files included. Machines differ and are
shared: compare figures of one run, as ratios.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

MEGABYTE = 1e6 if sys.platform == "darwin" else 1e6 / 1024  # of what ru_maxrss counts: bytes there, KiB on Linux
LEGEND = """\
us/more: what a row more costs than in the build of the line before; MB: the largest process; times: how many times as
fast as one process with as many rows; apart: that of as many builds of one process each, side by side, which make as
many rows together: what the machine has. The largest builds are made in turns, and figures are medians."""


def measure_build(recipe: str, rows: int, workers: int) -> tuple[float, float]:
    """Seconds that a build of so many rows takes, and the largest memory of one of its processes, in MB."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "generate_any_scene", "build", recipe, "--out", f"{folder}/gas"]
        command += ["--workers", str(workers), "--set", f'splits={{"train": {rows}, "validation": 0, "test": 0}}']
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=folder)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    return seconds, usage.ru_maxrss / MEGABYTE


def measure_beside(recipe: str, rows: int, builds: int) -> float:
    """Seconds that so many builds, which share nothing but the machine and make so many rows together, take."""
    started = time.perf_counter()
    with ThreadPoolExecutor(builds) as pool:
        list(pool.map(lambda _: measure_build(recipe, rows // builds, 1), range(builds)))
    return time.perf_counter() - started


def measure_turns(recipe: str, rows: int, workers: list[int], turns: int) -> list[tuple[int, float, float, float]]:
    """Builds with 1 and more processes, and side by side, in turns, since machines are now slow and now fast.

    Returns:
        For each number of processes: it, the seconds and memory that `measure_build` gives, and the seconds of
        `measure_beside` (0 for one process), all medians.
    """
    figures: dict[int, list[tuple[float, float, float]]] = {number: [] for number in workers}
    for _ in range(turns):
        for number, found in figures.items():
            beside = measure_beside(recipe, rows, number) if number > 1 else 0.0
            found.append((*measure_build(recipe, rows, number), beside))
    return [(number, *map(statistics.median, zip(*found, strict=True))) for number, found in figures.items()]


def main() -> None:
    """Prints a line a build."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipes", nargs="*", default=["multi_object", "general"])
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000], help="sizes, ascending")
    parser.add_argument("--workers", type=int, nargs="+", default=sorted({1, os.cpu_count() or 1}))
    parser.add_argument("--turns", type=int, default=3, help="builds of the largest size that medians are of")
    arguments = parser.parse_args()
    headings = "".join(f"{heading:>9}" for heading in ("rows/s", "us/row", "us/more", "MB", "times", "apart"))
    print(f"{'recipe':<18}{'rows':>12}{'processes':>11}{'seconds':>9}{headings}")
    for recipe in arguments.recipes:
        *sizes, largest = arguments.rows
        builds = [(rows, 1, *measure_build(recipe, rows, 1), 0.0) for rows in sizes]
        workers = [1, *(number for number in arguments.workers if number > 1)]
        builds += [(largest, *one) for one in measure_turns(recipe, largest, workers, arguments.turns)]
        alone, before = 0.0, (0, 0.0)
        for rows, number, seconds, megabytes, beside in builds:
            figures = f"{seconds:>9.1f}{rows / seconds:>9,.0f}{seconds / rows * 1e6:>9.1f}"
            if number == 1:
                more = (seconds - before[1]) / (rows - before[0]) * 1e6
                alone, before = seconds, (rows, seconds)
                figures += f"{more:>9.1f}{megabytes:>9,.0f}"
            else:
                figures += f"{'':>9}{megabytes:>9,.0f}{alone / seconds:>9.2f}{alone / beside:>9.2f}"
            print(f"{recipe:<18}{rows:>12,}{number:>11}{figures}", flush=True)
    print(LEGEND)


if __name__ == "__main__":
    main()
