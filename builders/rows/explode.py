"""From one row a scene to one row a question."""

from __future__ import annotations

from typing import Any, TypeVar

from ...errors import GasError
from ..recipe.fields import show

Rows = TypeVar("Rows")


def explode_questions(dataset: Rows) -> Rows:
    """Turns rows with `questions` into one row a question.

    Args:
        dataset: A `Dataset`, `IterableDataset`, or a dictionary of either, with the column `questions`.

    Returns: The same type. Each row has the fields of its question, `index` (its place in the scene's list, as
        `depends_on` counts) and the other columns of its scene.

    Raises:
        GasError: It is no dataset, or has no column `questions`.
    """
    if isinstance(dataset, dict):
        return type(dataset)({name: explode_questions(split) for name, split in dataset.items()})
    from datasets import Dataset, IterableDataset

    if not isinstance(dataset, Dataset | IterableDataset):
        raise GasError(f"`dataset` must be a Dataset, an IterableDataset or a dictionary of them, not {show(dataset)}")
    columns = dataset.column_names
    if columns is not None and "questions" not in columns:
        raise GasError(
            f"there is no column `questions` among {', '.join(columns)}; "
            "use a config that has it, such as multi_object_questions"
        )
    features = dataset.features
    options = {}
    if features is not None:
        from datasets import Features, Value

        others = {name: feature for name, feature in features.items() if name != "questions"}
        options["features"] = Features({**others, "index": Value("int32"), **features["questions"].feature})
    # Batches are taken apart as Python's lists; whoever asked for another format gets it again.
    exploded: Any = dataset.with_format(None).map(_explode, batched=True, remove_columns=["questions"], **options)
    return exploded.with_format(_find_format(dataset))


def _find_format(dataset: Any) -> str | None:
    """The format in which a dataset gives its rows; None for Python's."""
    streamed = getattr(dataset, "_formatting", None)
    return getattr(dataset, "format", {}).get("type") or getattr(streamed, "format_type", None)


def _explode(batch: dict[str, list[Any]]) -> dict[str, list[Any]]:
    counts = [len(questions) for questions in batch["questions"]]
    rows = {
        name: [value for value, count in zip(values, counts, strict=True) for _ in range(count)]
        for name, values in batch.items()
        if name != "questions"
    }
    rows["index"] = [index for count in counts for index in range(count)]
    for key in next((questions[0] for questions in batch["questions"] if questions), {}):
        rows[key] = [question[key] for questions in batch["questions"] for question in questions]
    return rows
