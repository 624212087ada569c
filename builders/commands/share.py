"""A built folder for others: push, export, croissant, decontaminate."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ...console import NO_VALUES, AsJson, list_examples, remark, say, show_progress
from ...errors import GasError
from ..export.edit_formats import list_edit_formats
from ..export.formats import list_formats
from ..export.picture_formats import list_picture_formats
from .completion import complete_configs, complete_splits
from .options import Folder

if TYPE_CHECKING:
    from ..hub.push import Push

commands = typer.Typer()

OTHER_PUSHES: dict[str, Callable[..., Push]] = {}
"""Who pushes folders that no build wrote, by the file that tells them; packages above this one fill it.

Where several of these files are there, the first counts that is not `RUN`, which all of them have.
"""
RUN = "run.json"

FORMATS = list_formats() | list_picture_formats() | list_edit_formats()
WIDTH = max(map(len, FORMATS))
WRITTEN = "train for trainers, test for scorers"


def complete_formats() -> list[tuple[str, str]]:
    return list(FORMATS.items())


def complete_rewards() -> list[tuple[str, str]]:
    from ..export.rewards import REWARDS

    return list(REWARDS.items())


def split_names(texts: list[str]) -> list[str]:
    """The names of options that take several, with commas between them."""
    return [name.strip() for text in texts for name in text.split(",") if name.strip()]


@commands.command(
    epilog=list_examples(
        "gas push gas --repo me/scenes --dry-run",
        "gas push gas --repo me/scenes --private",
        "gas push gas --repo me/scenes --explorer",
        "gas push runs/smoke --repo me/smoke-pictures",
        "gas push runs/finetune_sd15 --repo me/adapter",
    )
)
def push(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", help="A folder that gas build wrote, gas evaluate or gas train.", show_default=False
        ),
    ],
    repo: Annotated[
        str,
        typer.Option(metavar="OWNER/NAME", help="The repository; made if it is not there.", show_default=False),
    ],
    private: Annotated[bool, typer.Option("--private", help="Make the repository private.")] = False,
    create_pr: Annotated[
        bool, typer.Option("--create-pr", help="Open a pull request instead; push again to tag it when it is merged.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    tag: Annotated[
        str | None, typer.Option(help="Another tag.", show_default="v and the version of the recipes")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Write anew what people changed on the Hub, too.")
    ] = False,
    explorer: Annotated[
        bool,
        typer.Option("--explorer", help="Push the page of gas explore, too, as a static Space: OWNER/NAME-explorer."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Push a built folder to the Hub: one commit, tagged by its version. What is there already is not pushed again.

    Of an evaluation it pushes pictures, answers, scores and the report, as a dataset without tags; of a training, the
    model with its card.

    Configs that others pushed to the repository stay, and so does what people wrote into its card or changed in its
    files. A tag never moves: other rows need another version.
    """
    from ..hub.push import describe_push, push_folder

    others = [OTHER_PUSHES[file] for file in sorted(OTHER_PUSHES, key=RUN.__eq__) if (folder / file).is_file()]
    if others and tag is not None:
        raise GasError("--tag is of built folders; evaluations and models are pushed without tags, so leave it out")
    if explorer and others:
        raise GasError("--explorer is of built folders; look at an evaluation with gas explore, and leave it out")
    if explorer and (private or create_pr):
        option = "--private" if private else "--create-pr"
        raise GasError(f"--explorer needs a dataset that everybody can read; leave {option} out")
    page = None
    with show_progress(None, "pushing", unit="files") as report:
        if others:
            pushed = others[0](folder, repo, private, create_pr, dry_run, report, overwrite)
        else:
            pushed = push_folder(folder, repo, private, create_pr, dry_run, tag, report, overwrite)
        if explorer:
            from ..explorer.space import push_page

            page = push_page(folder, repo, pushed.commit, dry_run, report)
    if as_json:
        described = {**vars(pushed), "added": sorted(pushed.added), "dry_run": dry_run}
        described |= {"explorer": {**vars(page), "added": sorted(page.added)}} if page else {}
        say(json.dumps(described, indent=2))
        return
    say(describe_push(pushed, dry_run))
    if page:
        say(describe_push(page, dry_run))


@commands.command(
    epilog=list_examples(
        "gas export gas --config multi_object --format trl --out prompts.jsonl",
        "gas export gas --config multi_object -f jsonl --columns id,caption,questions -o scenes.jsonl",
        "gas export gas --config multi_object -f csv --per question --columns id,question,answer",
        "gas export gas --config multi_object -f unirl --rewards questions,geneval -o unirl",
        "gas export gas -f prompts --wording short -o short.jsonl",
        "gas export my_images -f kohya -o kohya",
        "gas export shapes -f instruct_pix2pix -o edits",
    )
    + "\n\nFormats:\n"
    + "\n".join(f"{name:{WIDTH}}  {words}" for name, words in FORMATS.items())
)
def export(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR",
            help="A folder that gas build wrote; or pictures with captions, for formats that hold these.",
            show_default=False,
        ),
    ],
    format_: Annotated[
        str,
        typer.Option(
            "--format",
            "-f",
            metavar="FORMAT",
            help="One of those below.",
            show_default=False,
            autocompletion=complete_formats,
        ),
    ],
    config: Annotated[
        str | None, typer.Option(help="Which config.", show_default="the only one", autocompletion=complete_configs)
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(help="Which split.", show_default=WRITTEN, autocompletion=complete_splits),
    ] = None,
    out: Annotated[
        Path,
        typer.Option("--out", "-o", help="The file to write, or a folder for several files; - for stdout."),
    ] = Path("-"),
    columns: Annotated[
        list[str],
        typer.Option(
            metavar="NAME,...",
            help="Columns of csv and jsonl, in their order, or fields such as structure.complexity. Can be given many "
            "times.",
            show_default="all",
        ),
    ] = NO_VALUES,
    per: Annotated[
        Literal["scene", "question"] | None,
        typer.Option(help="What a line of csv and jsonl is.", show_default="scene"),
    ] = None,
    wording: Annotated[
        str | None,
        typer.Option(
            metavar="WORDING",
            help="A wording in the caption's place: a template's name; a place, from 0; all, one after the other; "
            "mixed, of each scene the next one; or paraphrase, the first of the rows' paraphrases.",
            show_default=False,
        ),
    ] = None,
    rewards: Annotated[
        list[str],
        typer.Option(
            metavar="NAME,...",
            help="Rewards that flow_factory, flow_grpo, unirl and verl_omni are written for; scenes without something "
            "for each are left out: questions, geneval (tags), text (in quotes). Can be given many times.",
            show_default="questions; of flow_grpo's metadata geneval",
            autocompletion=complete_rewards,
        ),
    ] = NO_VALUES,
    system: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="The system prompt before each prompt of verl_omni.", show_default="none"),
    ] = None,
) -> None:
    """Write a split of a built folder, or pictures with captions, in the files of a scorer or a trainer."""
    from ..export.export import export_folder

    given = {"columns": split_names(columns), "per": per, "rewards": split_names(rewards), "system": system}
    options: dict[str, Any] = {key: value for key, value in given.items() if value}
    for line in export_folder(folder, format_, None if out == Path("-") else out, config, split, wording, **options):
        remark(line)


@commands.command(
    epilog=list_examples("gas croissant gas", "gas croissant gas --repo me/scenes --published 2026-12-31 --out -")
)
def croissant(
    folder: Folder,
    repo: Annotated[
        str | None,
        typer.Option(
            metavar="OWNER/NAME",
            help="The Hub's repository that the files will be in.",
            show_default="they lie beside the description",
        ),
    ] = None,
    published: Annotated[
        str | None,
        typer.Option(metavar="YYYY-MM-DD", help="The date of publication.", show_default="none is written"),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The file to write; - for stdout.", show_default="croissant.json in DIR"),
    ] = None,
) -> None:
    """Describe a built folder in Croissant, with the Responsible-AI fields, as conferences ask of datasets.

    Every push writes it, too: croissant.json in the repository. The Hub makes a description of its own, which has
    files and columns, but nothing of Responsible AI.
    """
    from ..croissant.croissant import CROISSANT, describe_dataset, format_croissant
    from ..folder.files import write_text
    from ..folder.manifest import read_built_manifest
    from ..hub.push import check_names

    if repo is not None:
        check_names(repo, None)
    text = format_croissant(describe_dataset(folder, read_built_manifest(folder), repo, published))
    if out == Path("-"):
        say(text.rstrip("\n"))
        return
    place = out or folder / CROISSANT
    write_text(place, text)
    say(place)


@commands.command(
    epilog=list_examples(
        "gas decontaminate gas --against prompts.txt",
        "gas decontaminate gas --against prompts.txt --drop clean",
    )
)
def decontaminate(
    folder: Folder,
    against: Annotated[
        list[Path],
        typer.Option(
            "--against",
            "-a",
            metavar="FILE",
            help="Prompts: .txt (one a line), .json, .jsonl, .csv, .tsv, .parquet, or a built folder. Can be given "
            "many times.",
            show_default=False,
        ),
    ],
    config: Annotated[
        str | None, typer.Option(help="Which config.", show_default="all", autocompletion=complete_configs)
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="Which split.", show_default="all", autocompletion=complete_splits)
    ] = None,
    threshold: Annotated[
        float, typer.Option(help="The least Jaccard index of word 1- to 3-grams of what is near.")
    ] = 0.8,
    column: Annotated[
        str | None,
        typer.Option(help="The column of the prompts.", show_default="prompt, caption or text, the first there is"),
    ] = None,
    drop: Annotated[
        Path | None,
        typer.Option(metavar="OUT", help="Write the folder again, without these rows, as OUT.", show_default=False),
    ] = None,
    examples: Annotated[int, typer.Option(min=0, help="How many matches to show, the most alike first.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Find captions that are those of given prompts, such as a benchmark's, or nearly; report them, or drop the rows.

    Exact is what is the same but for case, punctuation and spaces. Near is what has the n-grams of words in common.
    """
    from contextlib import nullcontext

    from ..decontaminate.drop_rows import describe_dropping, drop_rows, open_dropping
    from ..decontaminate.report import (
        describe_findings,
        find_contaminated,
        list_findings,
        list_sources,
        load_prompts,
    )

    sources = list_sources(folder, config, split)
    prompts = load_prompts(against, threshold, column, folder)
    with open_dropping(folder, drop) if drop else nullcontext() as dropping:
        with show_progress(sum(source.rows for source in sources), "comparing") as report:
            note = {"note": dropping.note} if dropping else {}
            findings = find_contaminated(sources, prompts, **note, report=report, examples=examples)
        if dropping:
            drop_rows(folder, dropping, findings)
    if as_json:
        dropped = {"dropped_into": str(drop)} if drop else {}
        say(
            json.dumps({"folder": str(folder), **describe_findings(findings), **dropped}, indent=2, ensure_ascii=False)
        )
        return
    for line in list_findings(findings):
        say(line)
    if drop:
        say(describe_dropping(drop, findings))
