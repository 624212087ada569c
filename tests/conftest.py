"""What many tests share. Everything runs offline, and caches of `datasets` lie in a folder of the run."""

import functools
import gc
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

# Before anything imports `datasets` or `huggingface_hub`, which read them once.
HOME = tempfile.TemporaryDirectory(prefix="gas-tests-")
OFFLINE = {
    "HF_HOME": HOME.name,
    "XDG_CACHE_HOME": HOME.name,
    "XDG_DATA_HOME": f"{HOME.name}/data",
    "HF_HUB_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
}
os.environ.update(OFFLINE)
# A shell has what it starts in the background ignore Ctrl-C, and what that starts, too; some tests press it.
signal.signal(signal.SIGINT, signal.default_int_handler)

import pytest  # noqa: E402
from generate_any_scene import cli  # noqa: E402
from generate_any_scene.builders.build.build import build_datasets  # noqa: E402
from generate_any_scene.builders.recipe.loading import load_recipe  # noqa: E402
from generate_any_scene.builders.recipe.questions import QUESTION_KINDS  # noqa: E402
from generate_any_scene.builders.rows.writer import RowWriter, create_writer  # noqa: E402
from generate_any_scene.taxonomy import load_taxonomy  # noqa: E402
from hypothesis import settings  # noqa: E402

settings.register_profile("deterministic", derandomize=True, deadline=None)
settings.load_profile("deterministic")


EVERY_KIND = f"questions=[{', '.join(QUESTION_KINDS)}]"


class PlainFolders:
    """The repository's root is a package; pytest would import it once more, under the name of its folder."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_collect_directory(self, path, parent):
        return pytest.Dir.from_parent(parent, path=path)


def pytest_configure(config):
    config.pluginmanager.register(PlainFolders())
    if not config.option.markexpr:
        config.option.markexpr = "not slow and not long"


@pytest.fixture(scope="session")
def taxonomy():
    return load_taxonomy()


@pytest.fixture(scope="session")
def taxonomy_of():
    """The concepts of a shipped recipe: `taxonomy_of("sandbox")`."""
    return lambda recipe: load_taxonomy(load_recipe(recipe).recipe.taxonomy)


@functools.lru_cache(maxsize=32)
def _open_writer(recipe, overrides) -> RowWriter:
    return create_writer(load_recipe(recipe, overrides))


@pytest.fixture(scope="session")
def open_writer():
    """The writer of a recipe, kept for the whole run: `open_writer("general", "seed=1")`."""
    return lambda recipe, *overrides: _open_writer(recipe, overrides)


class Everything(set):
    """A set that holds whatever it is asked for."""

    def __contains__(self, _):
        return True


@pytest.fixture(scope="session")
def open_both_ways():
    """Two writers of a plan: by traced templates, and with every template rendered for every row."""

    def open_two(plan, folder=None):
        fast, slow = RowWriter(plan, folder), RowWriter(plan, folder)
        slow.captions.tracer.row_by_row = Everything({"captions"})
        slow.questions.tracer.row_by_row = Everything({"questions"})
        return fast, slow

    return open_two


@pytest.fixture(scope="session")
def write_rows():
    """The first rows of a recipe as Python dicts, kept for the whole run; do not change them."""
    written = {}

    def write(recipe, overrides=(), rows=500):
        key = recipe, *overrides
        if len(written.get(key, [])) < rows:
            written[key] = _open_writer(recipe, tuple(overrides)).write_block("train", 0, rows).to_pylist()
            gc.freeze()  # millions of objects that stay need not be looked at again and again
        return written[key][:rows]

    return write


@pytest.fixture(scope="session")
def every_kind():
    """The override that makes a recipe ask every kind of question there is."""
    return EVERY_KIND


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """A folder with two configs that ask every kind of question; no test may change it."""
    out = tmp_path_factory.mktemp("built") / "gas"
    splits = "splits={train: 200, validation: 30, test: 40}"
    build_datasets([load_recipe(recipe, (splits, EVERY_KIND)) for recipe in ("multi_object", "video")], out)
    return out


@pytest.fixture(scope="session")
def built_with_dogs(built, tmp_path_factory):
    """Those two and `dogs`, which has a test split alone and many objects of one name; no test may change it."""
    out = tmp_path_factory.mktemp("built") / "gas"
    shutil.copytree(built, out)
    dogs = "content.objects.under=[beagle.n.01,poodle.n.01]"
    splits = "splits={train: 0, validation: 0, test: 40}"
    build_datasets([load_recipe("multi_object", ("name=dogs", dogs, splits, EVERY_KIND))], out)
    return out


@pytest.fixture
def empty(tmp_path, monkeypatch):
    """An empty working directory."""
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def gas(empty, monkeypatch, capsys):
    """Runs a command as the shell would, in an empty folder; gives exit status, stdout and stderr."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["gas", *map(str, arguments)])
        try:
            cli.main()
            status = 0
        except SystemExit as stop:
            status = stop.code or 0
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


@pytest.fixture
def assert_refused(gas, empty):
    """Checks that a command prints a message alone, on stderr, exits with 2 and writes nothing."""

    def check(arguments, message):
        status, out, err = gas(*arguments)
        assert (status, out) == (2, "")
        assert message in err
        assert "Traceback" not in err
        assert not list(empty.iterdir())

    return check


@pytest.fixture
def write_recipe(tmp_path):
    """Writes a recipe file into a folder of the test; `write_recipe("structure: {complexity: 3}")` gives its path."""

    def write(text="", name="mine", extends="base", splits="{train: 64, validation: 0, test: 0}", folder=None):
        folder = folder or tmp_path / "recipes"
        folder.mkdir(exist_ok=True)
        lines = [f"extends: {extends}", f"name: {name}", f"splits: {splits}", text]
        path = folder / f"{name}.yaml"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write


@pytest.fixture
def run_python(tmp_path):
    """Runs code in a Python of its own, in an empty folder and with empty caches, and returns what it prints."""

    def run(code: str, folder: Path | None = None, **environment: str) -> str:
        empty = tmp_path / "empty"
        empty.mkdir(exist_ok=True)
        values = {**os.environ, **OFFLINE, "HF_HOME": str(tmp_path / "hf"), **environment}
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=folder or empty, env=values, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    return run


@pytest.fixture(scope="session")
def s3_server():
    """An S3 server of this process, reached over HTTP by this process and those that it starts."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # or it tells of each request
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    variables = {
        "AWS_ENDPOINT_URL": "http://{}:{}".format(*server.get_host_and_port()),
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        yield
    server.stop()


@pytest.fixture
def bucket(s3_server):
    """The address of a new bucket."""
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
    name = f"bucket-{uuid.uuid4().hex}"
    s3fs.S3FileSystem().mkdir(name)
    return f"s3://{name}"
