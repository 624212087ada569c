"""How far a judge is trusted: the file `judge.json` of an exam, and scores by the weights in it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ...builders.folder.files import write_text
from ...builders.recipe.fields import show
from ...errors import GasError, describe_error, explain_os_error
from .asking import Judged, Way
from .marking import Question

if TYPE_CHECKING:
    from ...builders.hub.benchmark import Exam

FILE = "judge.json"


def write_trust(folder: Path, record: Mapping[str, Any]) -> Path:
    """Writes what an exam shows of a judge, of which `judge` and the weights of `kinds` are read again.

    Raises:
        GasError: The folder cannot be written.
    """
    path = folder / FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_text(path, json.dumps(record, indent=2, ensure_ascii=False) + "\n")
    except OSError as error:
        raise explain_os_error(error, path) from error
    return path


def check_place(path: Path, said: Mapping[str, Any]) -> Any:
    """Refuses to write over what is about something else.

    Args:
        path: Where a record is to be written.
        said: What it says, of which an earlier one must say the same.

    Returns: The earlier record; None where there is none.

    Raises:
        GasError: There is one of something else, or another file.
    """
    if not path.exists():
        return None
    mend = "give another folder with --out"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        others = [key for key, value in said.items() if record[key] != value]
    except OSError as error:
        raise explain_os_error(error, path) from error
    except (ValueError, RecursionError, LookupError, TypeError) as error:
        raise GasError(f"{path} is there, and of something else; {mend}") from error
    if others:
        key = others[0]
        raise GasError(f"{path} is there, of the {key} {show(record[key])}, not {show(said[key])}; {mend}")
    return record


def read_weights(path: str | Path, judge: str | None = None, by: Way | None = None) -> dict[str, float]:
    """Reads how much the answers of a judge to each kind of question count, from 0 to 1.

    Args:
        path: The file `judge.json`, or the folder that it is in.
        judge: The id of the judge that is asked, where that is known yet.
        by: How it is asked, which the exam must have done, too.

    Raises:
        GasError: There is no such file, it is none, it is another judge's or of another way to ask, or it trusts the
            judge with nothing.
    """
    path = Path(path)
    path = path / FILE if path.is_dir() else path
    mend = "write it with gas calibrate"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise GasError(f"{path} cannot be read: {error.strerror}; {mend}") from error
    except (ValueError, RecursionError) as error:
        raise GasError(f"{path} is no JSON: {describe_error(error)}; {mend}") from error
    try:
        known, weights = record["judge"], {kind: one["weight"] for kind, one in record["kinds"].items()}
    except (TypeError, KeyError, AttributeError) as error:
        raise GasError(f"{path} has no `judge`, or no `kinds` of which each has a `weight`; {mend}") from error
    for kind, weight in weights.items():
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight <= 1:
            raise GasError(f"{path}: the weight of {show(kind)} must be from 0 to 1, not {show(weight)}")
    if judge is not None and known != judge:
        raise GasError(f"{path} is about the judge {show(known)}, not {show(judge)}; {mend}")
    asked = exam.get("asked_by") if isinstance(exam := record.get("exam"), Mapping) else None
    if by is not None and asked != by:
        raise GasError(f"{path} is about answers by {show(asked)}, not by {by}; {mend} --by {by}")
    if not any(weights.values()):
        raise GasError(f"{path} trusts {show(known)} with no kind of question; take another judge")
    return weights


def read_exam(path: str | Path) -> Exam:
    """Reads what an exam shows of a judge, for the card of a benchmark.

    Args:
        path: The file `judge.json`, or the folder that it is in.

    Raises:
        GasError: There is no such file, or it is none.
    """
    from ...builders.hub.benchmark import Exam

    path = Path(path)
    path = path / FILE if path.is_dir() else path
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        kinds = {
            kind: {**one["balanced_accuracy"], "trusted": one["trusted"]}
            for kind, one in record["kinds"].items()
            if one["balanced_accuracy"]
        }
        return Exam.model_validate({**record["exam"], "judge": record["judge"], "kinds": kinds})
    except OSError as error:
        raise explain_os_error(error, path) from error
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError) as error:
        raise GasError(f"{path} is no exam of a judge; write it with gas calibrate") from error


def weigh_shares(
    judged: Judged,
    questions: Sequence[Sequence[Question]],
    weights: Mapping[str, float],
    refused: Literal["apart", "wrong"] = "wrong",
) -> list[float | None]:
    """The share of each image's questions that were answered right, each as much as its kind counts.

    A kind without a weight, which no exam has asked about, counts in full. What was refused is wrong, or apart. None
    where nothing counts.
    """
    shares: list[float | None] = []
    for asked, marks in zip(questions, judged.marks, strict=True):
        counted = [
            (weights.get(one["kind"], 1.0), mark)
            for one, mark in zip(asked, marks, strict=True)
            if mark is not None or refused == "wrong"
        ]
        total = sum(weight for weight, _ in counted)
        shares.append(sum(weight for weight, mark in counted if mark) / total if total else None)
    return shares
