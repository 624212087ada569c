"""The metric `background_consistency` for `evaluate.load`."""

from generate_any_scene.training.metrics import evaluation


class BackgroundConsistency(evaluation.PicturesModule):
    metric = "background_consistency"
