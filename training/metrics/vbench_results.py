"""VBench's results: a dimension that VBench itself has measured, read from its file.

Source: VBench (Huang et al. 2024), which needs an environment of its own: `vbench evaluate --mode custom_input
--dimension motion_smoothness --videos_path ...` writes `<name>_eval_results.json`. VBench-2.0's files read alike.

Formula: what VBench gives for the video whose file is named by the scene, `<id>.mp4`, below any folder. Where it
counts a video as right or wrong, 1 or 0; `imaging_quality`, which it gives from 0 to 100, is divided by 100, as it is
in VBench's own mean. Of a model, the mean over videos.

Range: 0 to 1, higher is better; `dynamic_degree` is how much moves, of which more is not better.

Blind to: what the dimension does not measure; see VBench.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from pathlib import PurePosixPath
from typing import Any, ClassVar, Literal

from ...errors import GasError, advise, explain_os_error
from ..judges.protocol import Shown
from .protocol import check_option, read_texts

PERCENT = ("imaging_quality",)


@dataclass(frozen=True, kw_only=True)
class Metric:
    """See the file.

    Attributes:
        results: VBench's file.
        dimension: Which of the dimensions that it has.
    """

    results: str
    dimension: str

    needs: ClassVar[Literal["pictures"]] = "pictures"

    def __post_init__(self) -> None:
        self.values  # noqa: B018

    @property
    def id(self) -> str:
        return f"vbench_results@{self.dimension}"

    @cached_property
    def values(self) -> dict[str, float]:
        """What VBench gives for each video, by its path without the ending."""
        found = _read_results(self.results)
        check_option("vbench_results", "dimension", self.dimension, found)
        factor = 0.01 if self.dimension in PERCENT else 1.0
        try:
            values = {
                _trim_path(one["video_path"]): factor * float(one["video_results"]) for one in found[self.dimension][1]
            }
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise GasError(f"{self.results} is no result of VBench: {self.dimension} has no list of videos") from error
        if wrong := [path for path, value in values.items() if not isfinite(value)]:
            raise GasError(f"{self.results} has no number for {wrong[0]} in {self.dimension}")
        return values

    def measure(self, pictures: Sequence[Shown], rows: Sequence[Mapping[str, Any]]) -> list[float | None]:
        """See `PicturesMetric`. Of rows, `id` is read; of pictures nothing.

        Raises:
            GasError: A row has no `id`, or VBench has not measured its video.
        """
        scenes = read_texts(rows, "id")
        by_end = {end: value for path, value in self.values.items() for end in _list_ends(path)}
        if missing := [scene for scene in scenes if scene not in by_end]:
            what = f"{self.results} has no video of {len(missing):,} of {len(rows):,} scenes, such as {missing[0]}"
            raise GasError(f"{what}; {advise(missing[0], by_end)}")
        return [by_end[scene] for scene in scenes]


def _trim_path(path: str) -> str:
    return PurePosixPath(path.replace("\\", "/")).with_suffix("").as_posix()


def _list_ends(path: str) -> list[str]:
    """A path, and what is left of it without its first folders."""
    parts = PurePosixPath(path).parts
    return [path, *("/".join(parts[start:]) for start in range(len(parts)))]


def _read_results(path: str) -> dict[str, Any]:
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
    except OSError as error:
        raise explain_os_error(error, path) from error
    except (ValueError, RecursionError) as error:
        raise GasError(f"{path} is no result of VBench: {error}") from error
    if not isinstance(found, dict):
        raise GasError(f"{path} is no result of VBench: it is no mapping of dimensions")
    return found
