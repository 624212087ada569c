"""The column `paraphrases`: scenes in a language model's words, each checked against the scene before it is kept.

The model is what `training` offers (`Paraphraser`); it is opened when a reply is needed that is not kept on disk.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import jinja2
import pyarrow as pa

from ...taxonomy import Taxonomy
from ..foundation.replies import digest_request, find_replies, keep_reply
from ..recipe.text import Paraphrase
from ..text.paraphrases.check import check_text
from ..text.templates import load_template, render_text
from .schema import PARAPHRASE, PARAPHRASES

AT_ONCE = 256
"""Scenes that are asked about side by side."""
NO_REPLY, REPEATED = "no_reply", "repeated"
THOUGHT = re.compile(r"^.*</think>", re.DOTALL)


class Paraphraser(Protocol):
    """Who words scenes anew."""

    def ask(self, prompts: Sequence[str], seeds: Sequence[int], keep: Callable[[int, str], None]) -> None:
        """Asks for a text for each prompt, with these seeds, and hands in what comes, with the prompt's number.

        What fails for good is not handed in.

        Raises:
            GasError: It cannot be asked at all.
        """


OPENERS: list[Callable[[Paraphrase], Paraphraser]] = []
"""Who opens the paraphrasers that recipes name; the package enters what trains, which nothing here imports."""


@dataclass
class _Task:
    """A scene that is worded anew.

    Attributes:
        row: Of the dataset.
        kept: The wordings that are right.
        tried: How often the next one was asked for.
        refused, faults: The last one that was not right, and what is wrong with it.
        left_out: Why wordings are lacking.
    """

    row: Mapping[str, Any]
    kept: list[str] = field(default_factory=list)
    tried: int = 0
    refused: str = ""
    faults: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    @property
    def done(self) -> int:
        """How many wordings are kept or left out."""
        return len(self.kept) + len(self.left_out)


@dataclass
class ParaphraseWriter:
    """Writes the column of a recipe.

    Attributes:
        settings: What the recipe says.
        seed: Of the recipe.
        taxonomy: Its concepts.
        template: What the model is asked.
    """

    settings: Paraphrase
    seed: int
    taxonomy: Taxonomy
    template: jinja2.Template

    def write(self, rows: pa.Table, outcomes: Counter[str] | None = None) -> pa.ListArray:
        """The column of rows, of type list of `PARAPHRASE`; adds to how many were kept, and why others were not.

        Raises:
            GasError: The model or server cannot be asked, or replies cannot be kept.
        """
        texts: list[list[dict[str, str]]] = []
        for start in range(0, len(rows), AT_ONCE):
            tasks = [_Task(row) for row in rows.slice(start, AT_ONCE).to_pylist()]
            while left := [task for task in tasks if task.done < self.settings.count]:
                self._ask_once(left)
            origin = {"model": self.settings.model, "template": self.settings.template}
            texts += [[{"text": text, **origin} for text in task.kept] for task in tasks]
            if outcomes is not None:
                outcomes.update(kept=sum(len(task.kept) for task in tasks))
                outcomes.update(reason for task in tasks for reason in task.left_out)
        return pa.array(texts, pa.list_(PARAPHRASE))

    def _ask_once(self, tasks: Sequence[_Task]) -> None:
        """Asks for the next wording of each scene, and keeps it or notes what is wrong with it."""
        prompts = [self._write_prompt(task) for task in tasks]
        seeds = [self._choose_seed(task, prompt) for task, prompt in zip(tasks, prompts, strict=True)]
        keys = [self._digest(prompt, seed) for prompt, seed in zip(prompts, seeds, strict=True)]
        found = find_replies(keys)
        missing = {key: place for place, key in enumerate(keys) if key not in found}
        if missing:
            asked = list(missing.items())
            open_paraphraser(self.settings).ask(
                [prompts[place] for _, place in asked],
                [seeds[place] for _, place in asked],
                lambda number, reply: keep_reply(asked[number][0], reply),
            )
            found |= find_replies(list(missing))
        for task, key in zip(tasks, keys, strict=True):
            self._judge(task, clean_reply(found[key]) if key in found else None)

    def _judge(self, task: _Task, text: str | None) -> None:
        task.tried += 1
        known = {_simplify(one) for one in (task.row["caption"], *task.kept)}
        if text is None:
            reason, faults = NO_REPLY, []
        elif _simplify(text) in known:
            reason, faults = REPEATED, ["it is the same as a wording that is taken"]
        else:
            wrong = check_text(task.row, text, self.taxonomy)
            reason, faults = (wrong[0].reason if wrong else ""), [fault.message for fault in wrong]
        if reason and task.tried < self.settings.tries:
            task.refused, task.faults = text or "", faults
            return
        if reason:
            task.left_out.append(reason)
        else:
            task.kept.append(text or "")
        task.tried, task.refused, task.faults = 0, "", []

    def _write_prompt(self, task: _Task) -> str:
        variables = {"scene_graph": describe_graph(task.row), "caption": task.row["caption"]}
        told = {"kept": task.kept, "refused": task.refused, "faults": task.faults}
        return render_text(self.template, {**variables, **told}).strip()

    def _choose_seed(self, task: _Task, prompt: str) -> int:
        told = f"{self.seed}/{task.done}/{task.tried}/{prompt}"
        return int.from_bytes(hashlib.sha256(told.encode()).digest()[:4], "big") >> 1

    def _digest(self, prompt: str, seed: int) -> str:
        """What tells this request from others: all that the reply depends on, and not where it is sent."""
        fields = self.settings.model_dump(mode="json", exclude={*self.settings.RUN_TIME, "count", "tries", "template"})
        return digest_request({**fields, "prompt": prompt, "seed": seed})


def create_paraphrase_writer(
    settings: Paraphrase, seed: int, taxonomy: Taxonomy, folder: Path | None
) -> ParaphraseWriter:
    """Prepares the column of a recipe.

    Raises:
        GasError: There is no such template.
    """
    return ParaphraseWriter(settings, seed, taxonomy, load_template("paraphrases", settings.template, folder))


def open_paraphraser(settings: Paraphrase) -> Paraphraser:
    """Opens what the recipe names, once for all who ask for it again."""
    return _open_paraphraser(settings.model_dump_json())


@lru_cache(maxsize=2)
def _open_paraphraser(settings: str) -> Paraphraser:
    (opener,) = OPENERS
    return opener(Paraphrase.model_validate_json(settings))


def find_wrong_text(rows: pa.Table, taxonomy: Taxonomy) -> str:
    """Tells of the first paraphrase in rows that does not say what its scene says; nothing if all do."""
    try:
        column = rows[PARAPHRASES].cast(pa.list_(PARAPHRASE)).to_pylist()
    except pa.ArrowException:
        return f"its column `{PARAPHRASES}` has another type"
    for row, texts in zip(rows.drop_columns([PARAPHRASES]).to_pylist(), column, strict=True):
        for one in texts or ():
            if faults := check_text(row, (one or {}).get("text") or "", taxonomy):
                return f"row {row['id']}, a paraphrase is wrong: {faults[0].message}"
    return ""


def describe_graph(row: Mapping[str, Any]) -> str:
    """A scene as the paper's prompt has it: nodes and edges, as JSON."""
    graph = row["scene_graph"]
    nodes = [
        {"id": number, "name": thing["name"], "count": thing["count"], "attributes": _list_values(thing["attributes"])}
        for number, thing in enumerate(graph["objects"])
    ]
    edges = [
        {"source": one["subject"], "relation": one["predicate"], "target": one["object"]} for one in graph["relations"]
    ]
    scene = {one["kind"]: one["value"] for one in row["scene_attributes"]}
    return json.dumps({"nodes": nodes, "edges": edges, "scene": scene}, ensure_ascii=False)


def _list_values(attributes: Iterable[Mapping[str, str]]) -> list[str]:
    return [one["value"] for one in attributes]


def clean_reply(reply: str) -> str:
    """A reply as one line, without what was thought before it and quotes around it."""
    text = " ".join(THOUGHT.sub("", reply).split())
    return text[1:-1].strip() if len(text) > 1 and (text[0], text[-1]) in (('"', '"'), ("\u201c", "\u201d")) else text


def _simplify(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))
