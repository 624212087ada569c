"""Times `gas describe`: graphs a second, from JSON to Parquet, of graphs as Visual Genome and GQA have them.

    python benchmarks/bench_describe.py [--template prompt] [--graphs 20000]

Seconds are of the processor, so that what else the machine does counts little. "More" is what a graph costs beyond the
start: reading the taxonomy, preparing words and templates, writing the card.
"""

import argparse
import importlib.util
import json
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

from generate_any_scene.builders.describe.dataset import describe_files

SCRIPT = Path(__file__).parent.parent / "tests" / "builders" / "describe" / "make_graphs.py"
SHAPES = {
    "Visual Genome's words, 3 to 14 objects": ("make_visual_genome", (3, 14)),
    "GQA's words, 3 to 16 objects": ("make_gqa", (3, 16)),
    "Visual Genome's words, 20 to 50 objects": ("make_visual_genome", (20, 50)),
}


def measure(path, template, forms):
    """CPU seconds of describing a file, and its rows."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.process_time()
        given = {"questions": {"forms": forms} if forms else {"kinds": []}}
        outcome = describe_files([path], Path(folder, "out"), template=template, given=given)
        return time.process_time() - start, outcome


def main():
    """Prints a row of a table for each shape, with questions and without."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--template", default="prompt")
    parser.add_argument("--graphs", type=int, default=20000)
    parser.add_argument("--few", type=int, default=2000)
    parser.add_argument("--shapes", type=int, default=len(SHAPES))
    options = parser.parse_args()
    spec = importlib.util.spec_from_file_location("make_graphs", SCRIPT)
    scripts = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(scripts)
    print("| graphs | objects | questions a graph | seconds | graphs/s | of more graphs/s |")
    with tempfile.TemporaryDirectory() as folder:  # or what a process loads once would be the first line's
        path = Path(folder, "graphs.json")
        path.write_text(json.dumps(list(scripts.make_visual_genome(100))), encoding="utf-8")
        measure(path, options.template, ["yes_no"])
    for name, (make, objects) in islice(SHAPES.items(), options.shapes):
        for forms in (["yes_no"], []):
            seconds = []
            for count in (options.few, options.graphs):
                with tempfile.TemporaryDirectory() as folder:
                    path = Path(folder, "graphs.json")
                    graphs = getattr(scripts, make)(count, objects=objects)
                    content = dict(graphs) if make == "make_gqa" else list(graphs)
                    path.write_text(json.dumps(content), encoding="utf-8")
                    del content
                    one, outcome = measure(path, options.template, forms)
                    seconds.append(one)
            split = outcome.manifest.configs[outcome.name].splits["train"]
            asked = sum(part.questions for kind in split.questions.values() for part in kind.values()) / outcome.rows
            sizes = "-".join(map(str, objects))
            more = (options.graphs - options.few) / (seconds[1] - seconds[0])
            print(
                f"| {name} ({options.graphs:,}) | {sizes} | {asked:.0f} | {seconds[1]:.1f} |"
                f" {options.graphs / seconds[1]:,.0f} | {more:,.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    sys.exit(main())
