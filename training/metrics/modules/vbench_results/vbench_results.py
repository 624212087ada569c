"""The metric `vbench_results` for `evaluate.load`."""

from generate_any_scene.training.metrics import evaluation


class VbenchResults(evaluation.PicturesModule):
    metric = "vbench_results"
    column = "id"
