"""Stages: folders that are there whole or not at all, each with a record beside it.

`selected/` is a stage's folder and `selected.json` its record: what it was made from, and whether it is whole. A stage
whose record says the same as before is left as it is, whoever changed what is in it. One that was made from something
else is made again. What a stage is made from is told by digests of contents, so that what was replaced by hand is
heeded by all that follows, and by nothing else.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..builders.folder.files import remove_tree, write_text
from ..errors import GasError
from .upstream import identify_files, is_first, wait_for_all


@dataclass(frozen=True)
class Stages:
    """The stages of a training.

    Attributes:
        root: Where they are.
        log: The file that has a line for each that was made.
        report: Takes a line for people.
    """

    root: Path
    log: Path
    report: Callable[[str], None]
    _made: dict[str, Path] = field(default_factory=dict)

    def run(
        self, folder: Path, made_from: Mapping[str, Any], make: Callable[[Path], None], copies: bool = False
    ) -> Path:
        """Makes a stage, goes on with one that was stopped, or leaves one that is whole.

        Args:
            folder: Its folder; the record has the same name and `.json`.
            made_from: All that what is in it depends on, as JSON can hold it.
            make: Fills the folder, or goes on where it was stopped in it; every process calls it.
            copies: Whether one of the same name that was made from the same just before may be copied, as that of
                another arm is where both begin with the same model and captions.

        Returns: The folder.

        Raises:
            GasError: The record is damaged, or what `make` raises.
        """
        path, record = folder.with_name(f"{folder.name}.json"), {"made_from": json.loads(json.dumps(made_from))}
        wait_for_all()
        there = read_record(path)
        wait_for_all()  # before one writes what another has not read yet
        if there == {**record, "whole": True} and folder.is_dir():
            return folder
        if is_first():
            if there.get("made_from") != record["made_from"]:
                if there:
                    self.report(f"{self._name(folder)} was made from something else, and is made again")
                remove_tree(folder)
            folder.parent.mkdir(parents=True, exist_ok=True)
            write_text(path, _dump({**record, "whole": False}))
        wait_for_all()
        key = json.dumps([folder.name, record], sort_keys=True)
        if copies and (other := self._made.get(key)):
            if is_first():
                remove_tree(folder)
                shutil.copytree(other, folder)
        else:
            make(folder)
        self._made[key] = folder
        wait_for_all()
        if is_first():
            write_text(path, _dump({**record, "whole": True}))
            with self.log.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"stage": self._name(folder), **record}) + "\n")
            self.report(f"{self._name(folder)}: done")
        return folder

    def _name(self, folder: Path) -> str:
        return folder.relative_to(self.root).as_posix()


def read_record(path: Path) -> dict[str, Any]:
    """A stage's record; empty where there is none.

    Raises:
        GasError: It is damaged.
    """
    if not path.is_file():
        return {}
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise GasError(f"{path} is damaged: {error}; remove it, and its stage is made again") from error
    if not isinstance(record, dict):
        raise GasError(f"{path} is no record of a stage; remove it, and its stage is made again")
    return record


def identify_stage(folder: Path) -> str:
    """What tells whether a stage, or a file of one, holds the same: a digest of all that is in it."""
    return identify_files(str(folder))


def _dump(record: Mapping[str, Any]) -> str:
    return json.dumps(record, indent=2, ensure_ascii=False) + "\n"
