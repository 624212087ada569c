"""What a stream has drawn, and what its scenes were rewarded with: all that the next scene follows from."""

from __future__ import annotations

from dataclasses import dataclass, field

from .policies import Level, Policy, share_out, weigh_evenly

PARTS = 2**32
"""Of a scene, in which shares of the stream are counted."""


@dataclass(frozen=True)
class Draw:
    """A scene of the stream.

    Attributes:
        place: In the stream, from 0.
        level: Its level, from 1.
        index: Of its row in the split.
        id: Of its row.
    """

    place: int
    level: int
    index: int
    id: str


@dataclass(frozen=True)
class Report:
    """What a scene was rewarded with.

    Attributes:
        place: Of the scene in the stream.
        step: Of the training, when it was rewarded.
        count: How many of its pictures were rewarded.
        reward: Their mean reward; None where none was.
        spread: The standard deviation of their rewards.
    """

    place: int
    step: int
    count: int
    reward: float | None
    spread: float


@dataclass
class History:
    """The state of a stream, a function of its draws and reports in the order in which they came.

    Levels are shared out exactly: of any run of scenes drawn under the same shares each level has its part, up to one
    scene. Nothing is left to luck, so every process draws the same.

    Attributes:
        levels: What is known of each level, easiest first.
        policy: Shares the stream out to them.
        least: See `CurriculumSettings`.
        memory: See `CurriculumSettings`.
        draws: All scenes so far.
        next: Of each level, from which row on its next scene is looked for.
        credit: What each level has yet to get, in parts of a scene; whole numbers, which no rounding ever spoils.
        waiting: The places of scenes that were not rewarded so far, by id.
        reports: What was rewarded so far.
        ahead: How many scenes were drawn since the last report.
    """

    levels: list[Level]
    policy: Policy
    least: float
    memory: int
    draws: list[Draw] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    next: list[int] = field(init=False)
    credit: list[int] = field(init=False)
    waiting: dict[str, int] = field(default_factory=dict)
    ahead: int = 0
    _shares: list[int] | None = None

    @property
    def follows(self) -> bool:
        """Whether what is reported changes anything."""
        return self.policy is not weigh_evenly

    def __post_init__(self) -> None:
        self.next, self.credit = [0] * len(self.levels), [0] * len(self.levels)

    def choose(self) -> int:
        """The level, from 1, that the next scene is of: the one to which most is owed."""
        owed = [credit + share for credit, share in zip(self.credit, self._share_out(), strict=True)]
        return owed.index(max(owed)) + 1

    def take(self, draw: Draw) -> None:
        """Enters a scene."""
        shares, chosen = self._share_out(), draw.level - 1
        self.credit = [credit + share for credit, share in zip(self.credit, shares, strict=True)]
        self.credit[chosen] -= sum(shares)
        self.next[chosen] = draw.index + 1
        self.waiting[draw.id] = draw.place
        self.draws.append(draw)
        self.ahead += 1

    def add(self, report: Report) -> None:
        """Enters what a scene was rewarded with; only the first time counts."""
        draw = self.draws[report.place]
        if self.waiting.pop(draw.id, None) is None:
            return
        self.reports.append(report)
        self.ahead = 0
        if report.reward is not None:
            level = self.levels[draw.level - 1]
            self.levels[draw.level - 1] = level.add(report.reward, report.spread, self.memory)
            self._shares = None

    def _share_out(self) -> list[int]:
        if self._shares is None:
            shares = share_out(self.policy, tuple(self.levels), self.least)
            self._shares = [round(share * PARTS) for share in shares]
        return self._shares
