"""What tests of the reward server share: a small dataset of the sandbox, and servers of it."""

import subprocess
import sys
from contextlib import ExitStack

import pytest
from generate_any_scene.builders.build.build import build_datasets
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.training.rewards.valuing import Rule
from generate_any_scene.training.sandbox.judge import SandboxJudge
from generate_any_scene.training.serving.app import Server
from generate_any_scene.training.serving.prompts import open_prompts
from generate_any_scene.training.serving.scoring import Jury
from generate_any_scene.training.serving.settings import read_settings
from PIL import Image
from reward_clients import draw, run, save


@pytest.fixture(scope="session")
def shapes(tmp_path_factory):
    """A folder with rows of the sandbox; no test may change it."""
    out = tmp_path_factory.mktemp("serving") / "gas"
    build_datasets([load_recipe("sandbox", ("splits={train: 60, validation: 0, test: 20}",))], out)
    return out


@pytest.fixture(scope="session")
def prompts(shapes):
    return open_prompts(str(shapes))


@pytest.fixture(scope="session")
def rows(prompts):
    """Rows whose captions no other row has."""
    every = [row for table in prompts.tables for row in table]
    return [row for row in every if row["caption"] not in prompts.twins]


@pytest.fixture(scope="session")
def show():
    """The file of a picture of a row: `show(row)`, `show(row, "JPEG")`."""
    return lambda row, kind="PNG": save(draw(row), kind)


@pytest.fixture(scope="session")
def blank():
    """The file of a white picture."""
    return save(Image.new("RGB", (72, 72), "white"))


@pytest.fixture
def serve(prompts):
    """Starts a server: `serve(judge, "batch=4")`, by default with the judge that is never wrong."""
    with ExitStack() as stack:

        def start(judges=None, *overrides, most_refused=1.0):
            settings = read_settings(overrides)
            judges = (judges or SandboxJudge(),) if not isinstance(judges, tuple) else judges
            rule = Rule(settings.by, settings.dependencies, settings.mean, settings.questions, settings.combine)
            jury = Jury(judges, ({},) * len(judges), rule, (most_refused,) * len(judges), settings.seed)
            told = []
            return stack.enter_context(run(Server(prompts, jury, settings, told=told.append), told))

        yield start


@pytest.fixture(scope="module")
def exact(prompts):
    """A server with the judge that is never wrong, for tests that leave nothing behind."""
    settings = read_settings()
    rule = Rule(settings.by, settings.dependencies, settings.mean, settings.questions, settings.combine)
    told = []
    with run(Server(prompts, Jury((SandboxJudge(),), ({},), rule, (1.0,)), settings, told=told.append), told) as one:
        yield one


@pytest.fixture
def start():
    """Starts the command; the process, and the lines that it prints first."""
    processes = []

    def run(*arguments):
        command = [sys.executable, "-m", "generate_any_scene", "serve", *arguments, "--port", "0"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        processes.append(process)
        lines = []
        while not lines or not lines[-1].startswith("health: "):
            if not (line := process.stdout.readline()):
                raise AssertionError(process.stderr.read())
            lines.append(line.rstrip("\n"))
        return process, lines

    yield run
    for process in processes:
        process.kill()
        process.communicate()
