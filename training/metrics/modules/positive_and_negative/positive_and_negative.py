"""The metric `positive_and_negative` for `evaluate.load`."""

from generate_any_scene.training.metrics import evaluation


class PositiveAndNegative(evaluation.AnswersModule):
    metric = "positive_and_negative"
