"""The metric `dsg` for `evaluate.load`."""

from generate_any_scene.training.metrics import evaluation


class Dsg(evaluation.AnswersModule):
    metric = "dsg"
