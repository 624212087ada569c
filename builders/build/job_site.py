"""Where jobs run: Hugging Face Jobs, with all that can be wrong with them found out before one is started."""

from __future__ import annotations

import json
import os
import re
import secrets
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import PackageNotFoundError, distribution
from typing import TYPE_CHECKING

from ... import __version__
from ...errors import GasError, advise
from ..folder.files import AnyPath
from ..foundation.hub_requests import LOGIN, WAITS, ask, explain_hub, find_wait, is_passing
from .recipe_bundle import RecipeBundle
from .versions import VERSIONS

if TYPE_CHECKING:
    from huggingface_hub import HfApi, JobInfo

UV_IMAGE = "ghcr.io/astral-sh/uv:python3.12-bookworm"
"""The image that `huggingface_hub` takes for `uv`, too."""
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
PERIODS = {"second": 1, "minute": 60, "hour": 3600}
BUILD, START = "gas-build", "gas-start"
"""Labels of a job: the folder that it writes into, and which request started it."""


@dataclass(frozen=True)
class JobOptions:
    """What a user may say of jobs.

    Attributes:
        flavor: The hardware of each.
        namespace: Whose they are, and who pays: a user or an organization; None for the owner of the token.
        timeout: How long one may run: a number and s, m, h or d.
        image: A Docker image or a Space that has this version of the package; None installs it by uv.
    """

    flavor: str = "cpu-upgrade"
    namespace: str | None = None
    timeout: str = "1h"
    image: str | None = None

    @cached_property
    def seconds(self) -> int:
        """The timeout."""
        found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", self.timeout)
        seconds = int(float(found[1]) * UNITS[found[2] or "s"]) if found else 0
        if not seconds:
            raise GasError(f"--timeout {self.timeout}: write a number and s, m, h or d, such as 90m")
        return seconds


@dataclass(frozen=True)
class JobSite:
    """Hugging Face Jobs, ready to start some.

    Attributes:
        api: A client, with the token of the user.
        options: What the user said.
        namespace: Whose the jobs are.
        cores: Processors of a job.
        machine: Its hardware in words.
        price: US dollars a second of a job.
        image: What it runs in.
        prefix: How its command begins.
        secrets: Values that only a job sees, by the names of variables.
    """

    api: HfApi
    options: JobOptions
    namespace: str
    cores: int
    machine: str
    price: float
    image: str
    prefix: tuple[str, ...]
    secrets: dict[str, str]

    def start(self, order: str, labels: dict[str, str]) -> JobInfo:
        """Starts a job.

        A request that was cut off may have started one all the same, so that one is looked for before the next try.

        Args:
            order: The address of what it is to make.
            labels: What it is found by.
        """
        from huggingface_hub import constants

        environment = {"HF_HUB_DISABLE_PROGRESS_BARS": "1", "PYTHONUNBUFFERED": "1"}
        if os.environ.get("HF_ENDPOINT"):
            environment["HF_ENDPOINT"] = constants.ENDPOINT
        mark = {START: secrets.token_hex(8)}
        for wait in (*WAITS, None):
            try:
                return self.api.run_job(
                    image=self.image,
                    command=[*self.prefix, "python", "-m", f"{__package__}.run_order", order],
                    env=environment,
                    secrets=self.secrets,
                    flavor=self.options.flavor,
                    timeout=self.options.seconds,
                    labels={**labels, **mark},
                    namespace=self.namespace,
                )
            except Exception as error:
                if wait is None or not is_passing(error):
                    raise
                time.sleep(find_wait(error, wait))
            if found := self.list_jobs(mark):
                return found[0]
        raise AssertionError("the last try returns or raises")

    def list_jobs(self, labels: dict[str, str]) -> list[JobInfo]:
        """The jobs that have these labels, those that ended too."""
        jobs = ask(lambda: list(self.api.list_jobs(labels=labels, namespace=self.namespace)))
        return [job for job in jobs if labels.items() <= (job.labels or {}).items()]

    def look_up(self, job: str) -> JobInfo | None:
        """What the Hub knows of a job; None if it knows none."""
        from huggingface_hub.errors import JobNotFoundError

        try:
            return ask(self.api.inspect_job, job_id=job, namespace=self.namespace)
        except JobNotFoundError:
            return None

    def cancel(self, jobs: Iterable[str]) -> None:
        """Ends jobs; one that has ended, or cannot be reached, is left."""
        for job in jobs:
            with suppress(OSError):  # of which the errors of the Hub's client are
                self.api.cancel_job(job_id=job, namespace=self.namespace)


def open_site(options: JobOptions, out: AnyPath, recipes: Sequence[RecipeBundle], with_models: bool) -> JobSite:
    """Finds out whether jobs can be started that write into a bucket; none is started, and nothing is written.

    Args:
        options: What the user said.
        out: The folder that they are to write into.
        recipes: What they are to make.
        with_models: Whether models are loaded for that, which needs further packages.

    Raises:
        GasError: The folder is not in a bucket, or there is no such bucket; nobody is logged in, or the token may
            only read; the namespace or the flavor is not known; the jobs could not install this package.
    """
    from huggingface_hub import HfApi, get_token

    options.seconds  # noqa: B018  # which checks it
    bucket = _find_bucket(out)
    image, prefix = _choose_image(options.image, with_models)
    token = get_token()
    if token is None:
        raise GasError(f"{out}: the Hub does not know who you are; {LOGIN}", exit_status=1)
    api = HfApi(token=token, library_name="generate-any-scene", library_version=__version__)
    with explain_hub(f"bucket {bucket}"):
        namespace = _choose_namespace(api, options.namespace)
        ask(api.bucket_info, bucket)
    with explain_hub("Hugging Face Jobs"):
        flavors = {flavor.name: flavor for flavor in ask(api.list_jobs_hardware)}
    if options.flavor not in flavors:
        raise GasError(f"there is no flavor `{options.flavor}`; {advise(options.flavor, flavors)}")
    flavor = flavors[options.flavor]
    machine = ", ".join((flavor.cpu, flavor.ram, *([flavor.accelerator.model] if flavor.accelerator else [])))
    cores = re.match(r"\d+", flavor.cpu)
    price = flavor.unit_cost_usd / PERIODS.get(flavor.unit_label, 60)
    given = {"HF_TOKEN": token, **_find_keys(recipes)}
    return JobSite(api, options, namespace, int(cores[0]) if cores else 1, machine, price, image, prefix, given)


def _find_bucket(out: AnyPath) -> str:
    """The id of the bucket that a folder is in."""
    parts = str(out).removeprefix("hf://").strip("/").split("/")
    if not str(out).startswith("hf://buckets/") or len(parts) < 4:
        raise GasError(
            f"{out}: jobs write into a folder of a bucket of the Hub; give one with --out, such as "
            "hf://buckets/me/data/gas"
        )
    return f"{parts[1]}/{parts[2]}"


def _choose_namespace(api: HfApi, asked: str | None) -> str:
    user = ask(api.whoami)
    if user.get("auth", {}).get("accessToken", {}).get("role") == "read":
        raise GasError(f"your token may only read; {LOGIN}", exit_status=1)
    owners = [user["name"], *(one["name"] for one in user.get("orgs", []))]
    if asked is not None and asked not in owners:
        raise GasError(f"there is no namespace `{asked}` in which you may run jobs; {advise(asked, owners)}")
    return asked or user["name"]


def _choose_image(image: str | None, with_models: bool) -> tuple[str, tuple[str, ...]]:
    """The image of jobs, and how their command begins: uv installs the versions that are installed here."""
    if image:
        return image, ()
    extra = "[eval]" if with_models else ""
    return UV_IMAGE, ("uv", "run", "--with", _find_requirement(extra), "--with", f"pyarrow=={VERSIONS['pyarrow']}")


def _find_requirement(extra: str) -> str:
    """What another machine installs to have this package as it is here (PEP 610).

    Raises:
        GasError: It was not installed from where others could install it.
    """
    name = "generate-any-scene"
    try:
        origin = json.loads(distribution(name).read_text("direct_url.json") or "{}")
    except PackageNotFoundError:
        origin = {"url": "file:"}
    url, commit = origin.get("url", ""), origin.get("vcs_info", {}).get("commit_id")
    if url.startswith("file:"):
        raise GasError(
            "jobs install generate-any-scene as it is installed here, and this one comes from a folder of this "
            "machine; install a released version, or one of a git address, or give an image that has it with --image",
            exit_status=1,
        )
    if not url:
        return f"{name}{extra}=={__version__}"
    address = f"{origin['vcs_info']['vcs']}+{url}@{commit}" if commit else url
    return f"{name}{extra} @ {address}"


def _find_keys(recipes: Iterable[RecipeBundle]) -> dict[str, str]:
    """The keys of servers that recipes ask, by the variables that hold them."""
    names = [value for recipe in recipes for key, value in recipe.told if key.endswith(".api_key")]
    for name in names:
        if not os.environ.get(name):
            raise GasError(f"{name} is not set; jobs get the key of the server from it")
    return {name: os.environ[name] for name in names}
