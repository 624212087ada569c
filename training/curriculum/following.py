"""Reward functions that report to a stream what they give, and are else what they were."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from ...errors import GasError

Report = Callable[[int, Sequence[str], Sequence[float | None], int], None]
"""Takes the function's number, the ids of pictures' scenes, their rewards, and the training's step."""


class Following:
    """A reward function as TRL's `reward_funcs` takes it, which a stream follows.

    Attributes:
        reward: What it calls.
        number: Of the functions that are followed, which one it is.
        report: Is told what was given.
    """

    def __init__(self, reward: Callable[..., Any], number: int, report: Report) -> None:
        self.reward, self.number, self.report = reward, number, report
        self.__name__ = getattr(reward, "__name__", type(reward).__name__)

    def __call__(self, *arguments: Any, **columns: Any) -> Any:
        """Does what the reward does."""
        ids = find_ids(columns, self.__name__)
        return self.tell(ids, self.reward(*arguments, **columns), columns)

    def tell(self, ids: Sequence[str], rewards: Any, columns: dict[str, Any]) -> Any:
        """Reports rewards, and logs of which levels the scenes are.

        Raises:
            GasError: There are not as many rewards as pictures.
        """
        if len(rewards) != len(ids):
            what = f"the reward {self.__name__} gave {len(rewards)} numbers for {len(ids)} pictures"
            raise GasError(f"{what}; give a number for each, or None")
        self.report(self.number, ids, rewards, int(getattr(columns.get("trainer_state"), "global_step", 0)))
        if not self.number and (log := columns.get("log_metric")) and (levels := columns.get("level")):
            log("level", sum(levels) / len(levels))
        return rewards


class FollowingAsync(Following):
    """The same of a coroutine function, which stays one."""

    async def __call__(self, *arguments: Any, **columns: Any) -> Any:
        """Does what the reward does."""
        ids = find_ids(columns, self.__name__)
        return self.tell(ids, await self.reward(*arguments, **columns), columns)


def find_ids(columns: dict[str, Any], name: str) -> Sequence[str]:
    """The scenes of what is rewarded.

    Raises:
        GasError: The trainer does not hand them over.
    """
    if "id" not in columns:
        what = f"the reward {name} gets no column `id`, by which the stream knows its scenes"
        raise GasError(f"{what}; leave the stream's columns as they are, and `remove_unused_columns` false")
    ids: Sequence[str] = columns["id"]
    return ids


def follow(reward: Any, number: int, report: Report) -> Following:
    """Makes a reward function report what it gives.

    Raises:
        GasError: It is no function, but a model or the name of one.
    """
    if not callable(reward) or hasattr(reward, "parameters"):
        hint = "write a function that asks the model, as `reward_funcs` takes one"
        raise GasError(f"a stream follows reward functions, and {reward!r} is none; {hint}")
    called = reward if inspect.isroutine(reward) else type(reward).__call__
    return (FollowingAsync if inspect.iscoroutinefunction(called) else Following)(reward, number, report)
