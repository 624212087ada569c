"""What tests of trainings share."""

import pytest


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Models this small are fastest so, and several threads wait for each other where other tests run beside these."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
