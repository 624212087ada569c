"""Loading models, whoever needs them: where they compute, and one line of what is wrong with one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import GasError
from .sources import Source, can_only_be_path, find_problems


def choose_device(user: str, device: str | None) -> str:
    """Where to compute: on the device that is asked for, or on a GPU, if there is one.

    Raises:
        GasError: There is no such device.
    """
    import torch

    chosen = device or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        torch.empty(0, device=chosen)
    except (RuntimeError, AssertionError) as error:
        message = f"{user} cannot compute on the device {chosen}: {shorten(error)}; choose cuda or cpu"
        raise GasError(message) from error
    return chosen


@contextmanager
def explain_loading(
    user: str, model: str, revision: str | None = None, extra: str = "eval", find: str = "", choose: str = ""
) -> Iterator[None]:
    """Says in one line why a model cannot be loaded, and how to mend it.

    Args:
        user: Who needs it.
        model: Its name on the Hub, or its folder.
        revision: Its branch, tag or commit.
        extra: The extra of this package that has what it takes to load it.
        find: What helps where it is not there, if it is not on the Hub.
        choose: What helps where it is there, but not of the kind that is needed; else the same.
    """
    try:
        yield
    except GasError:
        raise
    except ImportError as error:
        message = f"{user} needs {error.name or shorten(error)}: pip install 'generate-any-scene[{extra}]'"
        raise GasError(message, exit_status=1) from error
    except Exception as error:  # what is wrong with files is told in a dozen types
        download = f"check its name or folder, download it (hf download {model}), or set HF_TOKEN if it is gated"
        find = find or ("give a folder, as `save_pretrained` wrote it" if can_only_be_path(model) else download)
        mend = find if isinstance(error, OSError) or not choose else choose
        name = f"{model} at revision {revision}" if revision else model
        raise GasError(f"{user} cannot load {name}: {shorten(error)}; {mend}") from error


def look_up(model: str, revision: str | None = None) -> None:
    """Finds a model at once, for which transformers would ask the Hub again and again.

    Raises:
        GasError: It is a folder, and has no such revision.
        OSError: It is not there, or the Hub cannot be reached.
    """
    try:
        problems = find_problems(Source(model, "model", "model", revision))
    except GasError as error:
        raise OSError(str(error).partition(";")[0]) from error
    if problems and problems[0].key == "revision":
        raise GasError(f"{problems[0].message}; {problems[0].hint}")
    if problems:
        raise OSError(problems[0].message)


def name_model(model: str, revision: str | None = None) -> str:
    """What ids call a model: its name on the Hub, with `#` and the commit if it is known, or its folder.

    A folder is called by its whole path: written otherwise (`m`, `./m`) it is the same one, and another folder of that
    name is not.
    """
    if Path(model).is_dir():
        return str(Path(model).resolve())
    return f"{model}#{revision}" if revision else model


def shorten(error: Exception) -> str:
    """The first line of what an error says."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__).rstrip(".:")


@contextmanager
def limit_threads(number: int) -> Iterator[None]:
    """Lets torch compute on so many threads, for a while: those of small models mostly wait for each other."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)
