"""Requests to the Hub: asked again when they fail in passing, and one clear message when they fail for good."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from ...errors import GasError

P = ParamSpec("P")
T = TypeVar("T")
WAITS = (1.0, 2.0, 4.0, 8.0)
"""Seconds before what failed is asked again."""
LONGEST_WAIT = 300.0
"""Seconds that the Hub may ask to wait."""
LOGIN = "log in with `hf auth login`, or set HF_TOKEN, to a token that may write there"
GO_ON = "the same command goes on where it was"


def ask(call: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
    """Calls what may be called twice, and once more after a while when the Hub is busy or cannot be reached."""
    return _ask_again(lambda: call(*arguments, **options), is_passing)


def look_up(call: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
    """Calls as `ask` does, but waits for no network: the name may have been meant for a folder here."""
    return _ask_again(lambda: call(*arguments, **options), lambda error: is_passing(error) and not _is_cut_off(error))


def _ask_again(call: Callable[[], T], passes: Callable[[Exception], bool]) -> T:
    for wait in WAITS:
        try:
            return call()
        except Exception as error:
            if not passes(error):
                raise
            time.sleep(min(find_wait(error, wait), LONGEST_WAIT))
    return call()


def is_passing(error: Exception) -> bool:
    """Whether the same request may do better a little later."""
    status = find_status(error)
    return status in (408, 429) or (status or 0) >= 500 or (status is None and _is_of_network(error))


def find_status(error: Exception) -> int | None:
    """The HTTP status of an answer that an error comes from."""
    return getattr(getattr(error, "response", None), "status_code", None)


def find_wait(error: Exception, otherwise: float) -> float:
    """The seconds that the Hub asks to wait."""
    headers = getattr(getattr(error, "response", None), "headers", {})
    text = headers.get("Retry-After", "")
    return float(text) if text.isdecimal() else otherwise


def is_out_of_reach(error: Exception) -> bool:
    """Whether there is no way to the Hub: no network, or HF_HUB_OFFLINE."""
    from huggingface_hub.errors import OfflineModeIsEnabled

    return isinstance(error, OfflineModeIsEnabled) or (find_status(error) is None and _is_of_network(error))


def _is_cut_off(error: Exception) -> bool:
    """Whether not even a connection came about, as without a network."""
    return _is_of_network(error) and type(error).__name__ == "ConnectError"


def _is_of_network(error: Exception) -> bool:
    from huggingface_hub.errors import OfflineModeIsEnabled

    if isinstance(error, OfflineModeIsEnabled):
        return False
    return isinstance(error, ConnectionError | TimeoutError) or type(error).__module__.startswith("httpx")


@contextmanager
def hide_bars() -> Iterator[None]:
    """Keeps the client from showing a progress bar a file beside ours."""
    from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    shown = not are_progress_bars_disabled()
    if shown:
        disable_progress_bars()
    try:
        yield
    finally:
        if shown:
            enable_progress_bars()


@contextmanager
def explain_hub(repo: str) -> Iterator[None]:
    """Turns what the Hub refuses into one clear message. Tokens are in no message of its client."""
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled

    try:
        yield
    except HFValidationError as error:
        raise GasError(f"--repo {repo}: {error}") from error
    except OfflineModeIsEnabled as error:
        raise GasError("HF_HUB_OFFLINE is set; unset it to reach the Hub", exit_status=1) from error
    except HfHubHTTPError as error:
        raise GasError(f"{repo}: {_describe_refusal(error)}", exit_status=1) from error
    except Exception as error:
        if _is_of_network(error):
            what = "the Hub cannot be reached, or the connection broke again and again"
        elif type(error) is RuntimeError:  # of the clients of its storage
            what = f"the upload failed: {_shorten(error)}"
        else:
            raise
        raise GasError(f"{repo}: {what}; {GO_ON}", exit_status=1) from error


def _describe_refusal(error: Exception) -> str:
    status, said = find_status(error), _shorten(getattr(error, "server_message", None) or error)
    match status:
        case 401:
            return f"the Hub does not know who you are (401); {LOGIN}"
        case 403:
            return f"your token may not do that (403: {said}); {LOGIN}"
        case 404:
            return f"it does not exist, or your token may not see it (404); check its name, or {LOGIN}"
        case 409:
            return f"it is in the way of another change (409: {said}); give the same command again"
        case 412:
            return f"others keep committing to it (412); {GO_ON}"
        case 429:
            return f"the Hub has had too many requests from you (429); wait some minutes, then {GO_ON}"
        case None:
            return said
        case _ if status >= 500:
            return f"the Hub has a fault of its own ({status}); later {GO_ON}"
        case _:
            return f"the Hub refuses it ({status}: {said})"


def _shorten(error: object) -> str:
    return " ".join(str(error).split())[:300]
