"""Measures whole builds: rows per second and peak memory as rows grow, and as processes are added.

Run with `make bench`. Every build is a new `gas build`, its start and its files included. Machines differ and are
shared: compare figures of one run, as ratios.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

MEGABYTE = 1e6 if sys.platform == "darwin" else 1e6 / 1024  # of what ru_maxrss counts: bytes there, KiB on Linux


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


def main() -> None:
    """Prints a line a build."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipes", nargs="*", default=["multi_object", "general"])
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000], help="sizes, ascending")
    parser.add_argument("--workers", type=int, nargs="+", default=sorted({1, os.cpu_count() or 1}))
    arguments = parser.parse_args()
    print(
        f"{'recipe':<18}{'rows':>12}{'processes':>11}{'seconds':>9}{'rows/s':>9}{'us/row':>8}{'MB':>7}{'times':>7}{'apart':>7}"
    )
    for recipe in arguments.recipes:
        builds = [(rows, 1) for rows in arguments.rows]
        builds += [(arguments.rows[-1], workers) for workers in arguments.workers if workers > 1]
        alone = 0.0
        for rows, workers in builds:
            seconds, megabytes = measure_build(recipe, rows, workers)
            alone = seconds if workers == 1 else alone
            figures = f"{seconds:>9.1f}{rows / seconds:>9,.0f}{seconds / rows * 1e6:>8.1f}{megabytes:>7,.0f}"
            apart = f"{alone / measure_beside(recipe, rows, workers):>7.2f}" if workers > 1 else ""
            print(f"{recipe:<18}{rows:>12,}{workers:>11}{figures}{alone / seconds:>7.2f}{apart}", flush=True)
    print("MB: the largest process; times: how many times as fast as one process with as many rows; apart: that of as")
    print("many builds of one process each, side by side, which make as many rows together: what the machine has")


if __name__ == "__main__":
    main()
