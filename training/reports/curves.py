"""Curves of what a training logged."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np


def draw_curve(path: Path, rewards: Sequence[float], title: str) -> None:
    """Draws the mean reward of each step, and its running mean, into a PNG file."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    steps = np.arange(1, len(rewards) + 1)
    axes.plot(steps, rewards, color="#bbbbbb", linewidth=1, label="of a step")
    window = max(len(rewards) // 20, 1)
    smooth = np.convolve(rewards, np.ones(window) / window, mode="valid")
    axes.plot(steps[window - 1 :], smooth, color="#4477aa", linewidth=2, label=f"mean of {window} steps")
    axes.set(xlabel="step", ylabel="share of questions answered right", title=title)
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")
    figure.savefig(path, dpi=120)
