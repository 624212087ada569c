"""What tests of trainings share."""

import pytest
import tiny
from hub_fixtures import connect, hub  # noqa: F401


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Models this small are fastest so, and several threads wait for each other where other tests run beside these."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def simplear(tmp_path_factory):
    """A folder with a model, its tokenizer and `decoder.jit`, with 64 codes; no test may change it."""
    return tiny.save_simplear(tmp_path_factory.mktemp("simplear"), codes=64)


@pytest.fixture(scope="session")
def open_policy():
    """Opens a policy and its tokenizer; with `scale`, what it has read, and where, matters more."""
    import torch
    from generate_any_scene.training.trainers.grpo import mask_text
    from transformers import AutoModelForCausalLM, AutoTokenizer

    def open_one(folder, scale=1.0, masked=True):
        tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left")
        model = AutoModelForCausalLM.from_pretrained(folder).eval()
        with torch.no_grad():
            for name, weight in model.named_parameters():
                if "embed" in name or "lm_head" in name or "self_attn" in name:
                    weight.mul_(scale)
        if masked:
            mask_text(model, len(tokenizer), 64)
        return model, tokenizer

    return open_one
