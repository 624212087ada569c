"""`eval.yaml`, by which the Hub makes leaderboards of the `test` splits of a repository.

Source: the Hub's documentation, "Evaluation Results" (docs/hub/eval-results.md, 22 August 2026); its list of
frameworks is `EVALUATION_FRAMEWORKS` in packages/tasks/src/eval.ts of huggingface.js. The Hub refuses a file that
names a framework which is not in that list, so until ours is, the file is a draft under another name.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ...errors import GasError
from ..folder.manifest import Config, Manifest
from ..recipe.fields import show

EVAL, DRAFT = "eval.yaml", "eval.draft.yaml"
FRAMEWORK: Literal["gas"] = "gas"
IS_LISTED = False
"""Whether the Hub's list of frameworks has ours; it had not on 21 August 2026."""
SPLIT = "test"
WHAT = "The share of questions about a picture that are answered right, with answers that follow from its scene graph."


class Task(BaseModel):
    """A leaderboard, as `eval.yaml` states it."""

    model_config = ConfigDict(extra="allow", strict=True)

    id: str = Field(min_length=1)
    config: str = "default"
    split: str = SPLIT


class Evaluation(BaseModel):
    """What `eval.yaml` states."""

    model_config = ConfigDict(extra="allow", strict=True)

    name: str = Field(min_length=1)
    description: str = Field(min_length=1)
    evaluation_framework: str
    tasks: list[Task] = Field(min_length=1)


def list_tasks(manifest: Manifest) -> dict[str, Config]:
    """The configs that have a test, by name."""
    return {name: config for name, config in manifest.configs.items() if SPLIT in config.splits}


def read_ranked(files: Collection[str], fetch: Callable[[str], bytes], repo: str) -> Evaluation | None:
    """Reads what a repository states as a benchmark, if it is one.

    Args:
        files: Paths in the repository.
        fetch: Gives the bytes of one.
        repo: Its name.

    Raises:
        GasError: The file is none.
    """
    place = next((path for path in (EVAL, DRAFT) if path in files), None)
    return read_evaluation(fetch(place), f"{repo}: {place}") if place else None


def read_evaluation(text: bytes, place: str) -> Evaluation:
    """Reads an `eval.yaml`.

    Raises:
        GasError: It is none.
    """
    try:
        return Evaluation.model_validate(yaml.safe_load(text))
    except (yaml.YAMLError, UnicodeDecodeError, ValidationError) as error:
        why = error.errors()[0]["msg"] if isinstance(error, ValidationError) else " ".join(str(error).split())
        raise GasError(f"{place} is not as the Hub specifies it ({why}); mend it on the Hub first") from error


def refuse_thawed(there: Evaluation, ours: Mapping[str, Config], theirs: Mapping[str, Config], repo: str) -> None:
    """Refuses another test under the name of one that results are compared on.

    Raises:
        GasError: A test is another one.
    """
    for name in (task.config for task in there.tasks if task.split == SPLIT):
        if name in ours and name in theirs and _describe_test(ours[name]) != _describe_test(theirs[name]):
            raise GasError(
                f"{repo} is a benchmark, and the test of {name} would be another one, with which results there do not "
                "compare; give the recipe another name, or push to another repository; --overwrite replaces it"
            )


def _describe_test(config: Config) -> Any:
    """What makes a test the same."""
    split = config.splits.get(SPLIT)
    return split and (config.fingerprint, split.rows, split.dropped)


def write_evaluation(described: Mapping[str, str], before: Evaluation | None, place: str) -> str:
    """The text of `eval.yaml`: a leaderboard for each test.

    Args:
        described: Descriptions of the configs that have a test, by name.
        before: What the repository states. Its name, its description and leaderboards of other configs stay.
        place: Where it does.

    Raises:
        GasError: What is there is of another framework.
    """
    if before and before.evaluation_framework != FRAMEWORK:
        what = f"{place} names the framework {show(before.evaluation_framework)}"
        raise GasError(f"{what}, and ours is {FRAMEWORK}; choose another repository with --repo")
    ours = {name: {"id": name, "config": name, "split": SPLIT} for name in described}
    others = [task.model_dump() for task in before.tasks if task.config not in ours] if before else []
    # An id that somebody gave to the leaderboard of a config stays, since results name it.
    ids = {task.config: task.id for task in before.tasks} if before else {}
    found = {
        "name": before.name if before else f"Generate Any Scene: {', '.join(ours)}",
        "description": before.description if before else " ".join([WHAT, *described.values()]).strip(),
        "evaluation_framework": FRAMEWORK,
        "tasks": [*others, *({**task, "id": ids.get(name, name)} for name, task in ours.items())],
    }
    return yaml.safe_dump(found, sort_keys=False, allow_unicode=True, width=1000)


def describe_benchmark(repo: str, listed: bool) -> str:
    """What is left for people to do."""
    if not (listed or IS_LISTED):
        what = (
            f"{DRAFT} is kept back from the Hub's leaderboards until its list of evaluation frameworks has {FRAMEWORK}"
        )
        return f"{what}; then push again with --listed"
    return f"{repo} is a benchmark as soon as the Hub's team has it on its list: https://huggingface.co/docs/hub/eval-results"
