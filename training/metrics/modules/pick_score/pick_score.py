"""The metric `pick_score` for `evaluate.load`."""

from generate_any_scene.training.metrics import evaluation


class PickScore(evaluation.PicturesModule):
    metric = "pick_score"
