"""Counts for /metrics, in the text that Prometheus reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Summary, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from .scoring import WHOLE, Outcome, Score

CONTENT_TYPE = CONTENT_TYPE_LATEST
SECONDS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300)


@dataclass
class Telemetry:
    """What a server counts; each server has its own."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    def __post_init__(self) -> None:
        told: dict[str, Any] = {"registry": self.registry}
        self.requests = Counter("gas_requests", "Requests by dialect and HTTP status.", ["dialect", "status"], **told)
        self.request_seconds = Histogram(
            "gas_request_seconds", "Seconds from a request to its answer.", ["dialect"], buckets=SECONDS, **told
        )
        self.pictures = Counter("gas_pictures", "Pictures by what became of them.", ["outcome"], **told)
        self.batch_seconds = Histogram("gas_batch_seconds", "Seconds that a batch took.", buckets=SECONDS, **told)
        self.questions = Counter("gas_questions", "Questions about pictures that have a score.", **told)
        self.refused = Counter("gas_questions_refused", "Of these, those without an answer, which are wrong.", **told)
        self.scores = Summary("gas_score", "Scores, in all and by kind of question.", ["reward"], **told)
        for outcome in ("scored", "refused", "failed"):
            self.pictures.labels(outcome)

    def show(self, name: str, text: str, read: Callable[[], float]) -> None:
        """Adds a number that is read when it is asked for."""
        Gauge(name, text, registry=self.registry).set_function(read)

    def count_batch(self, outcomes: Sequence[Outcome], seconds: float) -> None:
        """Counts what became of a batch."""
        self.batch_seconds.observe(seconds)
        for outcome in outcomes:
            self.count_outcome(outcome)
            if isinstance(outcome, Score):
                self.questions.inc(outcome.asked)
                self.refused.inc(outcome.refused)
                for name, value in outcome.rewards.items():
                    self.scores.labels(name.removeprefix(f"{WHOLE}_")).observe(value)

    def count_outcome(self, outcome: Outcome) -> None:
        """Counts what became of a picture."""
        if isinstance(outcome, Score):
            self.pictures.labels("scored").inc()
        else:
            self.pictures.labels("failed" if getattr(outcome, "status", 500) >= 500 else "refused").inc()

    def count_pictures(self, outcome: str) -> float:
        """How many pictures had this outcome."""
        return self.registry.get_sample_value("gas_pictures_total", {"outcome": outcome}) or 0.0

    def write(self) -> bytes:
        """All counts, as text."""
        return generate_latest(self.registry)
