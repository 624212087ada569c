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


SPLIT = """
import os
from accelerate import PartialState
from accelerate.utils import DistributedType
from generate_any_scene.training.trainers.finetune import training_loop

os.environ |= {"ACCELERATE_USE_FSDP": "true", "FSDP_VERSION": "2", "FSDP_AUTO_WRAP_POLICY": "TRANSFORMER_BASED_WRAP"}
os.environ["FSDP_CPU_RAM_EFFICIENT_LOADING"] = "true"  # as it is unless said otherwise
open_one = training_loop.open_accelerator

def open_split(recipe, folder):
    # Accelerate splits a model over GPUs alone, so it is told that these processes have some.
    PartialState(cpu=True).distributed_type = DistributedType.MULTI_GPU
    accelerator = open_one(recipe, folder)
    assert accelerator.is_fsdp2

    return accelerator

training_loop.open_accelerator = open_split
"""
"""Shares weights out over processes, as `accelerate launch --use_fsdp --fsdp_version 2` does on GPUs."""


def run_script(recipe, rows, folder, processes=None, before=""):
    """Trains in a Python of its own, or in several."""
    folder.mkdir(exist_ok=True)
    (folder / "train.py").write_text(before + SCRIPT)
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
