"""What the bytes of a file depend on besides its recipe, which is the same on all machines that build together."""

from __future__ import annotations

import pyarrow as pa

from ... import __version__
from ...errors import GasError

VERSIONS = {"generate-any-scene": __version__, "pyarrow": pa.__version__}


def check_versions(versions: dict[str, str], here: str) -> None:
    """Refuses to make files where other versions are installed than where the build was started.

    Args:
        versions: Those of the machine that started the build.
        here: What this machine is called in the message.

    Raises:
        GasError: They differ.
    """
    if versions != VERSIONS:
        ours, theirs = (
            " and ".join(f"{name} {version}" for name, version in one.items()) for one in (VERSIONS, versions)
        )
        raise GasError(
            f"{here} has {ours}, where the build was started there is {theirs}; install the same versions on all "
            "machines, since files depend on them",
            exit_status=1,
        )
