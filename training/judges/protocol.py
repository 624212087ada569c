"""What a judge is: everything that asks about images, a reward or a metric, goes through `Judge`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias, Union

if TYPE_CHECKING:
    from PIL.Image import Image

Shown: TypeAlias = Union["Image", Sequence["Image"]]
"""What a judge looks at: an image; or the frames of a video, or views of a thing, in their order."""


class NoPicture(tuple["Image", ...]):
    """What is shown where a question is asked without a picture on purpose; judges with `takes_no_picture` take it."""


class Judge(Protocol):
    """Looks at images and answers questions about them.

    Attributes:
        id: What tells its answers from those of any other judge: the model and its revision, and options that change
            what it says. It is part of the ids of metrics.
    """

    @property
    def id(self) -> str: ...

    def answer(self, images: Sequence[Shown], questions: Sequence[str]) -> list[str]:
        """Replies in words to each question about the image at the same place; "" where it could not be asked.

        Raises:
            ValueError: There are not as many questions as images.
        """
        ...

    def probability(
        self, images: Sequence[Shown], questions: Sequence[str], answers: Sequence[str]
    ) -> Sequence[float | None]:
        """How probable the judge finds each answer to the question about the image at the same place, from 0 to 1.

        None where it could not be asked. It is the probability that the reply begins with the answer as a whole (`10`
        does not begin with `1`; `red kite` does, with `red`), not divided by that of others. Questions about one image
        (the same object in Python) that stand side by side share what can be shared.

        Raises:
            ValueError: There are not as many questions or answers as images, or an answer is empty.
        """
        ...
