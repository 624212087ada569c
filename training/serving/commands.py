"""`gas serve`: a dataset in, a reward server out."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from ...builders.commands.completion import Proposal, is_value, list_settings
from ...console import NO_VALUES, list_examples, remark, say
from ...errors import GasError
from ...recipes import list_recipes

commands = typer.Typer()
NO_JUDGES: list[str] = []
PORT = 18085
"""Where Flow-GRPO's code looks for GenEval's server."""


def complete_datasets(ctx: typer.Context) -> list[str]:
    return [] if is_value(ctx) else list_recipes()


def complete_settings() -> list[Proposal]:
    """The keys of the server's settings."""
    from .settings import ServingSettings

    return list(list_settings(ServingSettings.model_json_schema()))


@commands.command(
    epilog=list_examples(
        "gas serve sandbox --judge sandbox",
        "gas serve gas --judge http://localhost:8000/v1",
        "gas serve gas --judge judge.yaml --judge other.yaml --set combine=least",
    )
)
def serve(
    dataset: Annotated[
        str,
        typer.Argument(
            metavar="DATASET",
            help="Whose prompts are known: a folder that gas build wrote, a recipe's name or path, a file of gas "
            "export that has questions, or a name on the Hub.",
            show_default=False,
            autocompletion=complete_datasets,
        ),
    ],
    judges: Annotated[
        list[str],
        typer.Option(
            "--judge",
            metavar="JUDGE",
            help="Who answers: a model's name on the Hub or folder, the address of an OpenAI-compatible server, a "
            ".yaml file, or sandbox. Can be given many times.",
            show_default="Qwen/Qwen3-VL-4B-Instruct",
        ),
    ] = NO_JUDGES,
    config: Annotated[str | None, typer.Option(help="Of a dataset with several configs.", show_default="all")] = None,
    split: Annotated[str | None, typer.Option(help="Only the prompts of one split.", show_default="all")] = None,
    host: Annotated[str, typer.Option(help="The address to listen at; others than this machine's need a flag.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 for any that is free.")] = PORT,
    allow_others: Annotated[
        bool, typer.Option("--allow-others", help="Listen at an address that other machines reach.")
    ] = False,
    device: Annotated[
        str | None, typer.Option(help="Where a judge's model computes.", show_default="a GPU, if there is one")
    ] = None,
    overrides: Annotated[
        list[str],
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="How answers count and how much is taken at once, e.g. --set by=words. Can be given many times.",
            show_default=False,
            autocompletion=complete_settings,
        ),
    ] = NO_VALUES,
) -> None:
    """Serve rewards for pictures of a dataset's prompts, by what judges answer (needs the extra serve).

    UniRL, Flow-Factory, Flow-GRPO and VeRL-Omni ask it as they ask their own reward servers.
    """
    from ..upstream import require

    require("PIL", user="a reward server", extra="eval")
    require("starlette", "uvicorn", "prometheus_client", user="gas serve", extra="serve")
    from ..judges.settings import RewardJudge, read_judge
    from ..run import quiet_others
    from .app import Server
    from .prompts import open_prompts
    from .running import check_host, describe_start, name_url, open_socket, run_server
    from .scoring import open_jury
    from .settings import read_settings

    settings = read_settings(overrides)
    check_host(host, allow_others)
    asked = [read_judge(one) for one in judges] or [RewardJudge()]
    quiet_others()
    with open_socket(host, port) as opened:
        try:
            prompts = open_prompts(dataset, config, split)
            jury = open_jury(asked, settings, device)
            jury.meet(jury.choose_questions(prompts.read_first()))
            server = Server(prompts, jury, settings)
            for line in describe_start(server, name_url(opened)):
                say(line)
            sys.stdout.flush()
            run_server(server, opened)
        except KeyboardInterrupt as stop:
            raise GasError("stopped", exit_status=1) from stop
        remark(f"stopped; {server.describe_work()}")
