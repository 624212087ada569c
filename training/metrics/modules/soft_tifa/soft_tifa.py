"""The metric `soft_tifa` for `evaluate.load`."""

from generate_any_scene.training.metrics import evaluation


class SoftTifa(evaluation.AnswersModule):
    metric = "soft_tifa"
