"""What a judge is: everything that asks about images, a reward or a metric, goes through `Judge`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from PIL.Image import Image


class Judge(Protocol):
    """Looks at images and answers questions about them."""

    def answer(self, images: Sequence[Image], questions: Sequence[str]) -> list[str]:
        """Replies in words to each question about the image at the same place.

        Raises:
            ValueError: There are not as many questions as images.
        """
        ...

    def probability(self, images: Sequence[Image], questions: Sequence[str], answers: Sequence[str]) -> list[float]:
        """How probable the judge finds each answer to the question about the image at the same place, from 0 to 1.

        Raises:
            ValueError: There are not as many questions or answers as images, or an answer is empty.
        """
        ...
