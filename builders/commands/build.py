"""`gas build`: recipes in, a dataset out."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from ...console import NO_VALUES, AsJson, list_examples, remark, say, show_progress
from ...errors import GasError
from .options import Overrides, Recipes

commands = typer.Typer()


@commands.command(
    epilog=list_examples(
        "gas build multi_object",
        "gas build mine.yaml video --out mine --set splits.train=1000",
        "gas build general --engine jobs --out hf://buckets/me/data/gas --dry-run",
    )
)
def build(
    recipes: Recipes,
    out: Annotated[
        str,
        typer.Option(
            "--out",
            "-o",
            metavar="DIR|URL",
            help="The folder to write: a dataset repository as the Hub has them. On a disk, or in a store, such as "
            "s3://bucket/gas or hf://buckets/me/gas.",
        ),
    ] = "gas",
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=65536,
            help="Processes, tasks of Ray, or jobs at once. The bytes do not depend on it.",
            show_default="one for every 131,072 rows, at most one a core; with Ray all CPUs of the cluster; jobs as "
            "many as pay, at most 64",
        ),
    ] = None,
    engine: Annotated[
        Literal["local", "ray", "jobs"],
        typer.Option(help="What makes the files: processes of this machine, a Ray cluster, or Hugging Face Jobs."),
    ] = "local",
    address: Annotated[
        str | None,
        typer.Option(
            help="Of a Ray cluster: auto, host:port or ray://host:port.",
            show_default="RAY_ADDRESS, or one on this machine",
        ),
    ] = None,
    flavor: Annotated[
        str | None,
        typer.Option(help="The hardware of each job, see hf jobs hardware.", show_default="cpu-upgrade"),
    ] = None,
    namespace: Annotated[
        str | None,
        typer.Option(help="Who runs and pays jobs: you or an organization.", show_default="the token's owner"),
    ] = None,
    timeout: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="How long a job may run, such as 90m.", show_default="1h"),
    ] = None,
    image: Annotated[
        str | None,
        typer.Option(
            help="A Docker image or a Space for jobs, with this version of generate-any-scene and pyarrow in it.",
            show_default="uv installs them",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be made and what jobs can cost.")
    ] = False,
    overrides: Overrides = NO_VALUES,
    as_json: AsJson = False,
) -> None:
    """Build datasets: Parquet files, card and manifest, ready for load_dataset."""
    try:
        from ..build.build import build_datasets, count_work
        from ..build.job_site import JobOptions
        from ..folder.files import find_place
        from ..recipe.loading import find_inherited_splits
        from ..rows.loading import load_checked

        place = find_place(out)
        loaded = [load_checked(recipe, overrides) for recipe in recipes]
        given = {"flavor": flavor, "namespace": namespace, "timeout": timeout, "image": image}
        named = {name: value for name, value in given.items() if value is not None}
        jobs = JobOptions(**named) if named else None
        if dry_run:
            from ..build.forecast import forecast_build

            forecast = forecast_build(loaded, place, workers, engine, address, _warn, jobs)
            say(json.dumps(forecast.describe(), indent=2) if as_json else "\n".join(forecast.list_lines()))
            return
        with show_progress(sum(count_work(one.recipe) for one in loaded)) as report:
            manifest = build_datasets(loaded, place, workers, report, engine, address, _warn, jobs, remark)
    except KeyboardInterrupt as stop:
        raise GasError("stopped; the same command goes on where it was", exit_status=1) from stop
    built = {one.recipe.name: manifest.configs[one.recipe.name] for one in loaded}
    if as_json:
        described = {name: config.describe() for name, config in built.items()}
        say(json.dumps({"folder": out, "configs": described}, indent=2))
        return
    _print_built(out, built, {one.recipe.name: find_inherited_splits(one) for one in loaded})


def _warn(line: str) -> None:
    remark(f"warning: {line}")


def _print_built(out: str, built: dict[str, Any], inherited: dict[str, dict[str, str]]) -> None:
    for name, config in built.items():
        for split, info in config.splits.items():
            size = sum(file.bytes for file in info.files)
            files = f"{len(info.files)} file{'s' if len(info.files) > 1 else ''}"
            origin = f" (inherited from {inherited[name][split]})" if split in inherited[name] else ""
            say(f"{out.rstrip('/')}/{name}: {split} {info.rows:,} scenes, {size / 1e6:.1f} MB in {files}{origin}")
    if "://" not in out:
        folder = shlex.quote(out)
        say(f"\nLook at it with `gas explore {folder}`, share it with `gas push {folder} --repo OWNER/NAME`")
    # A name alone would be a dataset on the Hub, and `gas` the registered one.
    path = out if "://" in out else f"./{Path(out)}" if len(Path(out).parts) == 1 else str(Path(out).resolve())
    say("\nLoad it with\n\n    from datasets import load_dataset")
    for name, config in built.items():
        if "://" in out:
            places = {split: f"{path.rstrip('/')}/{name}/{split}-*.parquet" for split in config.splits}
            say(f'    {name} = load_dataset("parquet", data_files={json.dumps(places)})')
        else:
            say(f'    {name} = load_dataset("{path}", "{name}")')
