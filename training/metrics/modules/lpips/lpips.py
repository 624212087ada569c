"""The metric `lpips` for `evaluate.load`."""

from generate_any_scene.training.metrics import evaluation


class Lpips(evaluation.SetsModule):
    metric = "lpips"
