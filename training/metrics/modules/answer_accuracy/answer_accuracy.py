"""The metric `answer_accuracy` for `evaluate.load`."""

from generate_any_scene.training.metrics import evaluation


class AnswerAccuracy(evaluation.AnswersModule):
    metric = "answer_accuracy"
