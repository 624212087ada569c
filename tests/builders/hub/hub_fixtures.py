"""A Hub on loopback, and clients that can reach nothing else."""

import pytest
from hub_server import WRITE_TOKEN, HubServer


@pytest.fixture
def hub():
    with HubServer() as server:
        yield server
        assert server.errors == []


@pytest.fixture
def connect(hub, tmp_path, monkeypatch):
    """`huggingface_hub` in this process, using that Hub alone and LFS; `connect(token)` gives an `HfApi`.

    The library reads its environment at import, so its constants are set instead. `datasets` copies some of them, and
    `hf_xet` has settings of its own: for these, run a subprocess with `hub.environment(...)`.
    """
    import huggingface_hub
    from huggingface_hub import constants
    from huggingface_hub.utils import close_session

    values = hub.environment(tmp_path / "home", token=None, xet=False)
    # Nothing here speaks TLS, and to read the world's certificates takes a client 60 ms for itself and each proxy.
    # `hf_xet` refuses to start without any, so that this is not for `hub.environment`.
    without_certificates = {"SSL_CERT_FILE": "", "SSL_CERT_DIR": str(tmp_path)}
    for name, value in (values | without_certificates).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", hub.url + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    for name in ("HF_HUB_CACHE", "HF_XET_CACHE", "HF_TOKEN_PATH"):
        monkeypatch.setattr(constants, name, values[name])
    close_session()  # the next one sees the proxies
    yield lambda token=WRITE_TOKEN: huggingface_hub.HfApi(hub.url, token=token or False)
    close_session()
