"""The linear head: trained on features with early stopping, and where it draws the line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from ...models import limit_threads
from ...recipes.detector import Head

DIVISOR = 1e-6
"""The least deviation that features are divided by."""


@dataclass(frozen=True)
class Trained:
    """A linear layer on features as the backbone gives them.

    Attributes:
        weight: float32, shape (width,).
        bias: A number.
        threshold: Logits from here on count as made.
        epochs: How many passes it was trained for until its best.
        loss: Its binary cross-entropy on validation.
    """

    weight: np.ndarray
    bias: float
    threshold: float
    epochs: int
    loss: float

    def score(self, features: np.ndarray) -> np.ndarray:
        """Logits, float64, shape (pictures,): the higher, the more surely made."""
        return features.astype(np.float64) @ self.weight.astype(np.float64) + self.bias


def train_head(
    features: np.ndarray, made: np.ndarray, validation: np.ndarray, validation_made: np.ndarray, head: Head, seed: int
) -> Trained:
    """Trains a linear layer with binary cross-entropy and AdamW until validation gets no better.

    Args:
        features: Of the pictures to train on, shape (pictures, width).
        made: Which of them generators made, bool.
        validation: Features of others, which say when to stop and where the threshold is.
        validation_made: Which of these are made.
        head: The settings.
        seed: The start and the order follow from it.
    """
    mean, deviation = np.zeros(features.shape[1]), np.ones(features.shape[1])
    if head.scale_features:
        mean, deviation = features.mean(axis=0), np.maximum(features.std(axis=0), DIVISOR)
    with torch.random.fork_rng(devices=[]), limit_threads(1):
        torch.manual_seed(seed)
        layer, epochs, loss = _fit(
            torch.from_numpy(((features - mean) / deviation).astype(np.float32)),
            torch.from_numpy(made.astype(np.float32)),
            torch.from_numpy(((validation - mean) / deviation).astype(np.float32)),
            torch.from_numpy(validation_made.astype(np.float32)),
            head,
        )
    weight = (layer["weight"][0].numpy() / deviation).astype(np.float32)
    trained = Trained(weight, float(layer["bias"][0]) - float(weight @ mean), 0.0, epochs, loss)
    threshold = choose_threshold(trained.score(validation), validation_made)
    return Trained(weight, trained.bias, threshold, epochs, loss)


def _fit(
    features: torch.Tensor, made: torch.Tensor, validation: torch.Tensor, validation_made: torch.Tensor, head: Head
) -> tuple[dict[str, torch.Tensor], int, float]:
    """Returns: The layer as it was after its best epoch, the epoch's number, and its loss."""
    layer = torch.nn.Linear(features.shape[1], 1)
    optimizer = torch.optim.AdamW(layer.parameters(), lr=head.learning_rate, weight_decay=head.weight_decay)
    measure = torch.nn.functional.binary_cross_entropy_with_logits
    best = dict[str, torch.Tensor]()
    best_epoch, least = 0, float("inf")
    for epoch in range(1, head.epochs + 1):
        for places in torch.randperm(len(features)).split(head.batch_size):
            optimizer.zero_grad()
            measure(layer(features[places])[:, 0], made[places]).backward()
            optimizer.step()
        with torch.no_grad():
            loss = float(measure(layer(validation)[:, 0], validation_made))
        if not best or loss < least:
            best = {name: tensor.detach().clone() for name, tensor in layer.state_dict().items()}
            best_epoch, least = epoch, loss
        elif epoch - best_epoch >= head.patience:
            break
    return best, best_epoch, least


def choose_threshold(scores: np.ndarray, made: np.ndarray) -> float:
    """The line between two neighboring scores from which on calling pictures made has the highest F1."""
    values, groups = np.unique(-scores, return_inverse=True)
    hits = np.bincount(groups, weights=made).cumsum()
    called = np.bincount(groups).cumsum()
    best = int((2 * hits / (called + made.sum())).argmax())
    below = -values[best + 1] if best + 1 < len(values) else -values[best] - 2
    return float((below - values[best]) / 2)
