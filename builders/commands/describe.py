"""`gas describe`: scene graphs that somebody has, a dataset out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from ...console import NO_VALUES, AsJson, list_examples, remark, say, show_progress
from ...errors import GasError, advise
from .completion import complete_recipes, complete_templates

commands = typer.Typer()
FORMS, NONE = ("yes_no", "open", "multiple_choice", "count"), "none"


@commands.command(
    epilog=list_examples(
        "gas describe graphs.json --template prompt --questions yes_no",
        "gas describe graphs.json --recipe multi_object --name own --out own",
    )
)
def describe(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE",
            help="Files of scene graphs: .json, .jsonl or .parquet, of Visual Genome, GQA, networkx or your own.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="The folder to write, as gas build writes it.")
    ] = Path("described"),
    template: Annotated[
        str | None,
        typer.Option(
            help="How to put graphs into words: a shipped template, or the path of your own.",
            show_default="default, or the recipe's",
            autocompletion=complete_templates,
        ),
    ] = None,
    questions: Annotated[
        list[str],
        typer.Option(
            metavar="|".join((*FORMS, NONE)),
            help="Ask questions of this form alone, or none. Can be given many times.",
            show_default="all forms",
            autocompletion=lambda: [*FORMS, NONE],
        ),
    ] = NO_VALUES,
    recipe: Annotated[
        str | None,
        typer.Option(
            metavar="RECIPE",
            help="Take taxonomy, captions, questions and seed from this recipe.",
            show_default="a plain one",
            autocompletion=complete_recipes,
        ),
    ] = None,
    alternatives: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="What is false in the place of words that nobody knows: YAML with objects, attributes and relations.",
            show_default=False,
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="What the config is called.", show_default="described, or the recipe's name")
    ] = None,
    split: Annotated[Literal["train", "validation", "test"], typer.Option(help="The split of the rows.")] = "train",
    seed: Annotated[
        int | None,
        typer.Option(min=0, help="Another one makes other false statements.", show_default="0, or the recipe's"),
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Write over a config of the same name that is of other graphs or options."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make captions and questions for scene graphs that you have.

    Words that the taxonomy does not have are kept. It says which of them were guessed, and what was left out.
    """
    from ..describe.alternatives import read_alternatives
    from ..describe.dataset import describe_files, list_remarks

    given: dict[str, Any] = {}
    if questions:
        for form in questions:
            if form not in (*FORMS, NONE):
                raise GasError(f"--questions: there is no form `{form}`; {advise(form, [*FORMS, NONE])}")
        if NONE in questions and len(questions) > 1:
            raise GasError(f"--questions {NONE} goes with no other form; leave one of them out")
        given["questions"] = {"kinds": []} if NONE in questions else {"forms": questions}
    given |= {key: value for key, value in (("name", name), ("seed", seed)) if value is not None}
    with show_progress(None, "describing", unit="graphs") as report:
        outcome = describe_files(
            files,
            out,
            recipe,
            template,
            given,
            read_alternatives(alternatives) if alternatives else None,
            split,
            report,
            overwrite,
        )
    for line in list_remarks(outcome):
        remark(line)
    config = outcome.manifest.configs[outcome.name]
    if as_json:
        told = {
            "folder": str(out),
            "config": outcome.name,
            "graphs": outcome.graphs,
            "rows": outcome.rows,
            "left_out": {key: count for key, count in outcome.left_out.items() if count},
            "left_out_words": {sort: dict(words) for sort, words in outcome.words.items()},
            "own_words": outcome.own_words,
            "guessed": outcome.guessed,
            "files": [file.path for file in config.list_files()],
        }
        say(json.dumps(told, indent=2, ensure_ascii=False))
        return
    size = sum(file.bytes for file in config.list_files())
    say(f"{out}/{outcome.name}: {split} {outcome.rows:,} of {outcome.graphs:,} scene graphs, {size / 1e6:.1f} MB")
    path = f"./{out}" if not out.is_absolute() and len(out.parts) == 1 else str(out.resolve())
    say("\nLoad it with\n\n    from datasets import load_dataset")
    say(f'    {outcome.name} = load_dataset("{path}", "{outcome.name}")')
