"""The `gas taxonomy` commands. What a command needs is imported when it runs: `gas --help` is quick."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from ..console import AsJson, list_examples, remark, say

commands = typer.Typer(
    help="Look into the concepts that scenes are made of, and bring your own.\n\n"
    "A taxonomy holds objects, attributes, relations and scene attributes. default is the shipped one, paper the "
    "shipped one by the paper's rules, and gas taxonomy import adds yours under a name.",
    no_args_is_help=True,
)

Names = Annotated[
    list[str],
    typer.Option(
        "--taxonomy",
        "-t",
        metavar="NAME",
        help="Which taxonomy: default, paper, an imported name or a folder. Give it again to lay one over another.",
    ),
]
DEFAULTS = ["default"]


@commands.command(epilog=list_examples("gas taxonomy info", "gas taxonomy info default ./mine"))
def info(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]...",
            help="default, paper, imported names or folders; later ones are laid over earlier ones, as in a recipe.",
            show_default="default",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Count the concepts, by kind, category and tier."""
    from .display import show_counts
    from .loader import load_taxonomy
    from .places import list_imports
    from .search import count_concepts

    names = names or DEFAULTS
    counts = count_concepts(load_taxonomy(names))
    if as_json:
        say(json.dumps({"taxonomy": names, **counts}, indent=2))
    else:
        show_counts(names, counts, list_imports())


@commands.command(epilog=list_examples("gas taxonomy search dog"))
def search(
    word: Annotated[str, typer.Argument(help="A word, a phrase, or the beginning of one.", show_default=False)],
    names: Names = DEFAULTS,
    everything: Annotated[
        bool, typer.Option("--all", help="Show all matches, not the first 25 of each table.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Find concepts by their words: ids, names, parents, kinds, tiers."""
    from .display import show_hits
    from .loader import load_taxonomy
    from .search import find_matches, search_concepts

    taxonomy = load_taxonomy(names)
    if as_json:
        say(json.dumps(search_concepts(taxonomy, word), indent=2, ensure_ascii=False))
        return
    show_hits(find_matches(taxonomy, word), everything)


@commands.command(epilog=list_examples("gas taxonomy tree dog", "gas taxonomy tree animal.n.01 --depth 1"))
def tree(
    object_: Annotated[
        str,
        typer.Argument(metavar="ID", help="An object's id or name, such as animal.n.01 or dog.", show_default=False),
    ],
    depth: Annotated[int, typer.Option("--depth", "-d", min=0, max=30, help="How many levels to show.")] = 2,
    names: Names = DEFAULTS,
    as_json: AsJson = False,
) -> None:
    """Show the objects under one, each with the number of objects below it."""
    from dataclasses import asdict

    from .display import show_tree
    from .loader import load_taxonomy
    from .search import grow_tree

    branch = grow_tree(load_taxonomy(names), object_, depth)
    if as_json:
        say(json.dumps(asdict(branch), indent=2, ensure_ascii=False))
    else:
        show_tree(branch)


@commands.command("validate", epilog=list_examples("gas taxonomy validate ./mine"))
def validate_command(
    folder: Annotated[
        str, typer.Argument(metavar="[DIR]", help="A folder of tables, or an imported name.", show_default="shipped")
    ] = "default",
    as_json: AsJson = False,
) -> None:
    """Check tables: their format, that every reference means something, and what must hold across rows."""
    from ..errors import GasError
    from .guesses import describe_guesses
    from .loader import load_all_shipped, load_taxonomy
    from .places import DEFAULT, PAPER, PROFILES, stands_alone
    from .table_rules import check_paper_scale, validate_taxonomy

    names = [folder] if folder in PROFILES or stands_alone(folder) else ["default", folder]
    problems = validate_taxonomy(load_taxonomy(names))
    if folder == DEFAULT:
        problems += check_paper_scale(load_all_shipped())
    if folder == PAPER:
        # The paper's rules drop the root, so its tree is several.
        problems = [problem for problem in problems if "one row without a parent" not in problem]
    guessed = describe_guesses(names)
    if as_json:
        report = {"taxonomy": names, "valid": not problems, "problems": problems, "guessed": guessed}
        say(json.dumps(report, indent=2, ensure_ascii=False))
        raise typer.Exit(2 if problems else 0)
    if problems:
        raise GasError("\n".join([f"{folder} breaks {len(problems):,} rules:", *problems]))
    over = " over default" if len(names) > 1 else ""
    say(f"{folder} is valid{over}")
    for line in guessed:
        remark(f"{line}; columns `countability`, `plural`, `article` say it otherwise")


@commands.command(epilog=list_examples("gas taxonomy count captions.txt --out mine"))
def count(
    captions: Annotated[
        Path, typer.Argument(metavar="FILE", help="Captions, one a line, of any size.", show_default=False)
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="The folder to write frequency.tsv to.", show_default=False)
    ],
    names: Names = DEFAULTS,
) -> None:
    """Count how often captions say each concept; recipes whose taxonomy lists the folder go by that."""
    from ..errors import GasError
    from .counting import count_concepts
    from .loader import load_taxonomy

    taxonomy = load_taxonomy(names)
    try:
        with captions.open(encoding="utf-8", errors="replace") as lines:
            found = count_concepts(taxonomy, lines)
        if not found:
            raise GasError(f"{captions}: no concept of {', '.join(names)} is in it; it should have a caption a line")
        out.mkdir(parents=True, exist_ok=True)
        rows = [f"{id_}\t{zipf:.3f}\n" for id_, zipf in found.items()]
        (out / "frequency.tsv").write_text("id\tzipf\n" + "".join(rows), encoding="utf-8", newline="\n")
    except OSError as error:
        raise GasError(f"{error.filename}: {error.strerror}") from error
    say(f"{out / 'frequency.tsv'}: {len(found):,} concepts")


@commands.command(epilog=list_examples("gas taxonomy build --sources downloads"))
def build(
    sources: Annotated[
        Path, typer.Option("--sources", help="The folder with the downloads; CONTRIBUTING.md lists them.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to write the tables to.")] = Path(
        "taxonomy-tables"
    ),
) -> None:
    """Rebuild the shipped tables from their sources, and tell whether they are the same, byte for byte."""
    from .rebuild import rebuild_tables

    for line in rebuild_tables(sources, out):
        say(line)


@commands.command("import", epilog=list_examples("gas taxonomy import ./mine --name mine"))
def import_command(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR",
            help="A folder of tables (objects.tsv, ...), or of the public GAS metadata (objects.json, ...).",
            show_default=False,
        ),
    ],
    name: Annotated[
        str, typer.Option("--name", "-n", metavar="NAME", help="What recipes will call it.", show_default=False)
    ],
    as_json: AsJson = False,
) -> None:
    """Keep your own concepts under a name that recipes can then list in taxonomy:."""
    from .display import show_report
    from .exchange.importing import import_taxonomy

    report = import_taxonomy(folder, name)
    if report.replaced:
        remark(f"gas: this replaced an earlier import called {name}")
    if as_json:
        say(json.dumps(report.to_dict(), indent=2, ensure_ascii=False))
    else:
        show_report(report)


@commands.command(epilog=list_examples("gas taxonomy export default --out tables"))
def export(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="default, paper, an imported name or a folder.", show_default=False)
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to write.", show_default=False)],
    format_: Annotated[
        str, typer.Option("--format", "-f", metavar="tables|gas", help="Our tables, or public GAS metadata files.")
    ] = "tables",
) -> None:
    """Write a taxonomy into a folder, as our tables or in the layout of the public GAS metadata."""
    from ..errors import GasError
    from .exchange.exporting import FORMATS, export_taxonomy

    if format_ not in FORMATS:
        raise GasError(f"--format {format_}: choose {' or '.join(FORMATS)}")
    for file, count in export_taxonomy(name, out, format_).items():
        say(f"{out / file}: {count:,}")
