"""The metric `image_reward` for `evaluate.load`."""

from generate_any_scene.training.metrics import evaluation


class ImageReward(evaluation.PicturesModule):
    metric = "image_reward"
