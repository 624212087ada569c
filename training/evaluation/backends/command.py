"""Pictures, videos or views by a command of the user's own: one start a batch, a line of JSON a picture on its stdin.

    {"scene": "multi_object/test/000000006", "number": 0, "prompt": "...", "seed": 1234, "path": "/tmp/.../0.png"}

It writes the file at each `path`, or, where that has no suffix, the frames into a folder of this name. What it writes
to stdout and stderr goes to stderr.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....builders.recipe.fields import show
from ....errors import GasError, Problem, escape
from ....regular_files import read_regular
from ...recipes.pictures import CommandPictures
from ..opening import PICTURES, VIDEOS, open_file
from .protocol import Made, NotMade, PictureFile, PictureRequest

if TYPE_CHECKING:
    from ...recipes.evaluation import Evaluation

FIELDS = ("scene", "number", "prompt", "seed", "path")
STDERR = 2


@dataclass(frozen=True)
class CommandBackend:
    """A command that makes pictures.

    Attributes:
        command: The command and its arguments.
        suffix: How paths end that it is given.
        options: Further keys of each line.
        timeout: Seconds that it may take for a batch.
    """

    command: tuple[str, ...]
    suffix: str
    options: Mapping[str, Any]
    timeout: float | None

    @property
    def id(self) -> str:
        """The first argument that is no option, which is the script of an interpreter; or else the command."""
        return Path(next((one for one in self.command[1:] if not one.startswith("-")), self.command[0])).stem

    @property
    def record(self) -> Mapping[str, Any]:
        return {"command": list(self.command), "suffix": self.suffix, "options": dict(self.options)}

    @property
    def notes(self) -> Mapping[str, Any]:
        return {}

    def make(self, requests: Sequence[PictureRequest]) -> Sequence[Made]:
        """Starts the command once. What it has written counts, even if it fails then.

        Raises:
            GasError: It cannot be started, or has written nothing that can be read.
        """
        with tempfile.TemporaryDirectory(prefix="gas-") as folder:
            paths = [Path(folder, f"{place}{self.suffix}") for place in range(len(requests))]
            failure = self._run(requests, paths)
            made = [_collect(path, failure) for path in paths]
        if failure and all(isinstance(one, NotMade) for one in made):
            hint = "see what it writes above; each line of its input is a picture to make"
            raise GasError(
                escape(f"{show(self.command[0])} {failure}, and has written no picture; {hint}"), exit_status=1
            )
        return made

    def _run(self, requests: Sequence[PictureRequest], paths: Sequence[Path]) -> str:
        """Runs the command, and says how it failed, if it did."""
        lines = [
            {
                **self.options,
                "scene": one.scene,
                "number": one.number,
                "prompt": one.prompt,
                "seed": one.seed,
                "path": str(path),
            }
            for one, path in zip(requests, paths, strict=True)
        ]
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        try:
            # A session of its own, so that what it has started ends with it.
            process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=STDERR, start_new_session=True)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise GasError(
                escape(f"{show(self.command[0])} cannot be started: {reason}; mend `pictures.command`")
            ) from error
        try:
            process.communicate(text.encode(), timeout=self.timeout)
        except subprocess.TimeoutExpired:
            return f"was stopped after {self.timeout:g} seconds"
        finally:
            _stop(process)
        status = process.returncode
        return f"was ended by signal {-status}" if status < 0 else f"ended with exit status {status}" if status else ""


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ends what still runs of a command."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _collect(path: Path, failure: str) -> Made:
    """What a command has written."""
    if not path.exists():
        return NotMade(f"the command {failure or 'has ended'} without writing it")
    try:
        shown = open_file(path)
        return shown if path.is_dir() else PictureFile(path.suffix, read_regular(path, "it"))
    except GasError as error:
        if error.exit_status == 1:
            raise
        return NotMade(f"the command has written what cannot be used: {error}")


def check_settings(settings: CommandPictures) -> list[Problem]:
    """Says that there is no such command, or that its lines would say something twice."""
    problems = []
    if shutil.which(settings.command[0]) is None:
        hint = "give its path, or install it"
        problems.append(Problem(f"there is no command {show(settings.command[0])}", key="pictures.command", hint=hint))
    if settings.suffix not in ("", *PICTURES, *VIDEOS):
        what = f"no picture ends with {show(settings.suffix)}"
        problems.append(
            Problem(what, key="pictures.suffix", hint=f'choose from {", ".join(PICTURES + VIDEOS)}, or ""')
        )
    problems += [
        Problem(f"`{key}` stands in each line already", key=f"pictures.options.{key}", hint="call it otherwise")
        for key in settings.options
        if key in FIELDS
    ]
    return problems


def open_backend(settings: CommandPictures, recipe: Evaluation) -> CommandBackend:
    """Opens a command that makes pictures.

    Raises:
        GasError: There is no such command.
    """
    if problems := check_settings(settings):
        raise GasError(f"{problems[0].message}; {problems[0].hint}")
    return CommandBackend(settings.command, settings.suffix, settings.options, settings.timeout)
