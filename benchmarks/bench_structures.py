"""Measures how long it takes to find all structures of complexity 1..N, and how much memory, cold and from the cache.

Run with `make bench`. Every measurement has a process of its own. Machines differ and are shared: compare figures of
one run.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time

MEGABYTE = 1e6 if sys.platform == "darwin" else 1e6 / 1024  # of what ru_maxrss counts: bytes there, KiB on Linux


def measure_here(most: int) -> dict[str, float]:
    """Finds the structures in this process: their number, seconds, and the largest memory before and after, in MB."""
    # Imported here: on Linux a process begins with its parent's largest memory, so the parent must stay small.
    import pyarrow as pa
    from generate_any_scene.builders.structures.bounds import bound_limits
    from generate_any_scene.builders.structures.cache import find_structures

    pa.array([0]).to_numpy()  # imports pandas, where it is installed; a build has it anyway, through datasets
    limits = bound_limits((1, most))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    structures = len(find_structures(limits))
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"structures": structures, "seconds": seconds, "before": before / MEGABYTE, "peak": peak / MEGABYTE}


def measure_apart(most: int, cache: str) -> dict[str, float]:
    """The same in a new process with this cache folder."""
    command = [sys.executable, __file__, "--measure", str(most)]
    environment = {**os.environ, "XDG_CACHE_HOME": cache}
    return json.loads(subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout)


def main() -> None:
    """Prints a line a range of complexity."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("complexities", nargs="*", type=int, default=[8, 10, 12, 14], help="upper bounds")
    parser.add_argument("--measure", type=int, help=argparse.SUPPRESS)  # what the new processes are started with
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure_here(arguments.measure)))
        return
    print("finding all structures, each time in a new process")
    headings = ("cold s", "cold MB", "warm s", "warm MB", "before MB")
    print(f"{'complexity':<18}{'structures':>10}{''.join(f'{heading:>10}' for heading in headings)}")
    for most in arguments.complexities:
        with tempfile.TemporaryDirectory() as cache:
            cold, warm = measure_apart(most, cache), measure_apart(most, cache)
        figures = "".join(f"{one['seconds']:>10.3f}{one['peak']:>10,.0f}" for one in (cold, warm))
        print(f"{f'1..{most}':<18}{cold['structures']:>10,}{figures}{warm['before']:>10,.0f}")
    print("cold: the cache is empty; warm: the table is in it; MB: the largest resident memory of the process;")
    print("before: what a process has when everything is imported and nothing is found yet")


if __name__ == "__main__":
    main()
