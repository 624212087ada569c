"""Pictures that are there already: as they are, or sheets of them that are cut apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from ....errors import GasError, Problem
from ...recipes.pictures import FolderPictures, Shows
from ..files import Found, find_pictures
from ..opening import open_file
from .protocol import Made, NotMade, PictureRequest

if TYPE_CHECKING:
    from ...recipes.evaluation import Evaluation


@dataclass
class FolderBackend:
    """The pictures of a folder.

    Attributes:
        path: The folder.
        grid: Rows and columns of a sheet, each of which is a picture.
    """

    path: Path
    grid: int = 1
    _found: Found | None = field(init=False, repr=False, default=None)

    @property
    def id(self) -> str:
        return self.path.absolute().name

    @property
    def record(self) -> Mapping[str, Any]:
        return {"path": str(self.path.absolute()), "grid": self.grid}

    @property
    def notes(self) -> Mapping[str, Any]:
        return {}

    @property
    def cells(self) -> int:
        """Pictures of a sheet."""
        return self.grid**2

    def find(self, scenes: Sequence[str], shows: Shows, captions: Sequence[str]) -> Found:
        """Finds the pictures of scenes, or sheets of them; see `find_pictures`."""
        self._found = find_pictures(self.path, scenes, shows, captions)
        return self._found

    def make(self, requests: Sequence[PictureRequest]) -> Sequence[Made]:
        """Cuts pictures out of the sheets that `find` has found."""
        return [self._cut(request) for request in requests]

    def _cut(self, request: PictureRequest) -> Made:
        assert self._found
        sheet, cell = divmod(request.number, self.cells)
        shown = open_file(self.path / self._found.pictures[request.scene][sheet])
        if not isinstance(shown, Image.Image):
            return NotMade("it moves, and is no sheet of pictures")
        row, column = divmod(cell, self.grid)
        width, height = shown.width // self.grid, shown.height // self.grid
        if not (width and height):
            return NotMade(f"it has {shown.width} x {shown.height} pixels, too few for {self.grid} pictures a row")
        return shown.crop((column * width, row * height, (column + 1) * width, (row + 1) * height))


def check_settings(settings: FolderPictures) -> list[Problem]:
    """Says that there is no such folder."""
    if Path(settings.path).is_dir():
        return []
    return [Problem(f"{settings.path} is no folder", key="pictures.path", hint="give the one with the pictures")]


def open_backend(settings: FolderPictures, recipe: Evaluation) -> FolderBackend:
    """Opens a folder of pictures.

    Raises:
        GasError: It is not there.
    """
    if problems := check_settings(settings):
        raise GasError(f"{problems[0].message}; {problems[0].hint}")
    return FolderBackend(Path(settings.path), settings.grid or 1)
