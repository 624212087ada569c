"""Curves of what a training logged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

ACROSS = 4
"""Panels in a row."""
COLORS = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#aa3377", "#66ccee")
"""Of trainings, told apart by the color-blind, too (Paul Tol's bright ones)."""


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


def draw_curves(path: Path, panels: Mapping[str, Mapping[str, Sequence[Sequence[float]]]]) -> None:
    """Draws what several trainings log, side by side: the mean over seeds, and from the least of them to the most.

    Args:
        path: The PNG or SVG file to write.
        panels: By the title of a panel and the name of a training, of each seed the running values of its steps.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    across = min(len(panels), ACROSS)
    down = -(-len(panels) // across)
    figure = Figure(figsize=(2.9 * across, 2.3 * down + 0.3), layout="constrained")
    FigureCanvasAgg(figure)
    every = figure.subplots(down, across, squeeze=False).ravel()
    for axes, (title, trainings) in zip(every, panels.items(), strict=False):
        for color, (name, seeds) in zip(COLORS, trainings.items(), strict=False):
            smooth = np.array([smooth_values(values) for values in seeds])
            steps = np.arange(smooth.shape[1]) + 1
            axes.plot(steps, smooth.mean(axis=0), color=color, linewidth=1.8, label=name)
            axes.fill_between(steps, smooth.min(axis=0), smooth.max(axis=0), color=color, alpha=0.2, linewidth=0)
        axes.set_title(title, fontsize=9)
        axes.tick_params(labelsize=7)
        axes.grid(alpha=0.3)
    for axes in every[len(panels) :]:
        axes.set_visible(False)
    figure.legend(*every[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(COLORS), fontsize=9)
    figure.savefig(path, dpi=110)


def smooth_values(values: Sequence[float]) -> np.ndarray:
    """The running mean over a twentieth of the steps, as many as there are steps: at the ends over those there are."""
    window = np.ones(max(len(values) // 20, 1))
    return np.convolve(values, window, mode="same") / np.convolve(np.ones(len(values)), window, mode="same")
