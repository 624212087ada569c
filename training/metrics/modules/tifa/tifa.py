"""The metric `tifa` for `evaluate.load`."""

from generate_any_scene.training.metrics import evaluation


class Tifa(evaluation.AnswersModule):
    metric = "tifa"
