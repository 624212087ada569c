"""Trainings in a Python of their own, or in several that work together."""

import os
import subprocess
import sys

SCRIPT = """
import json, sys
from pathlib import Path
import datasets, torch
from accelerate import PartialState
from generate_any_scene.training.trainers import finetune
from generate_any_scene.training.recipes.finetune import Finetune
torch.set_num_threads(1)
recipe = Finetune.model_validate(json.loads(sys.argv[1]))
results = finetune.train(recipe, datasets.load_from_disk(sys.argv[2]), Path(sys.argv[3]))
Path(f"results_{PartialState().process_index}.json").write_text(json.dumps(results))
PartialState().destroy_process_group()
"""


def run_script(recipe, rows, folder, processes=None):
    """Trains in a Python of its own, or in several."""
    folder.mkdir()
    (folder / "train.py").write_text(SCRIPT)
    rows.save_to_disk(folder / "rows")
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(processes)]
    command = [sys.executable, *(launch if processes else []), folder / "train.py"]
    arguments = [recipe.model_dump_json(exclude_defaults=True), folder / "rows", folder / "run"]
    values = {**os.environ, "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*command, *arguments], cwd=folder, env=values, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout
