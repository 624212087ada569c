"""The metric `dino_distance` for `evaluate.load`."""

from generate_any_scene.training.metrics import evaluation


class DinoDistance(evaluation.SetsModule):
    metric = "dino_distance"
