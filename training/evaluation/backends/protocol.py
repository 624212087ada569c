"""What makes pictures: everything that an evaluation makes goes through `Backend`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, Union

from ...judges.protocol import Shown


@dataclass(frozen=True)
class PictureRequest:
    """A picture to make.

    Attributes:
        scene: The id of its scene.
        number: Which of the scene's pictures it is, from 0.
        prompt: What is asked for, as it is sent.
        seed: Of all that is drawn by chance, from 0 to 2**31 - 1: the picture depends on it and on the prompt, and
            neither on the requests beside it nor on what was made before.
        graph: The scene graph, if the dataset has it.
    """

    scene: str
    number: int
    prompt: str
    seed: int
    graph: Mapping[str, Any] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class NotMade:
    """Why there is no picture: a refusal, or a failure of this one alone."""

    reason: str


@dataclass(frozen=True)
class PictureFile:
    """A picture or a video as its maker wrote it, which is kept as it is.

    Attributes:
        suffix: How its name ends, such as `.png` or `.mp4`.
        content: What is in it.
    """

    suffix: str
    content: bytes = field(repr=False)


Made: TypeAlias = Union[Shown, PictureFile, NotMade]  # noqa: UP007  # `Shown` is a text until types are checked
"""A picture; the frames of a video, or views of a thing; a file of either; or why there is none."""


class Backend(Protocol):
    """Makes pictures.

    It may have `read_prompts(prompts)`, too, which is told all that is asked for, made before or not; and `close()`,
    which frees what it holds when all pictures are made.

    Attributes:
        id: What the model is called where nothing else is said: its name and revision.
        record: All that changes its pictures, as JSON can hold it: model, revision, versions, dtype, resolution,
            steps, guidance. Pictures made with another record do not go into the same folder.
        notes: What else was found out on the way, such as how much of captions was cut; it may grow with each call.
    """

    @property
    def id(self) -> str: ...

    @property
    def record(self) -> Mapping[str, Any]: ...

    @property
    def notes(self) -> Mapping[str, Any]: ...

    def make(self, requests: Sequence[PictureRequest]) -> Iterable[Made]:
        """Makes a picture for each request, in their order; at most `batch_size` are asked for, but of a cluster all.

        Raises:
            GasError: None can be made: the machine lacks something, or a setting is wrong.
        """
        ...
