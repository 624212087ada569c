"""Checkpoints: what was saved comes back bit by bit, and what is no checkpoint is named."""

import math

import pytest
import torch
from generate_any_scene.errors import GasError
from generate_any_scene.training.trainers.finetune.checkpoints import (
    list_checkpoints,
    load_checkpoint,
    save_checkpoint,
)
from safetensors.torch import save_file


class Part:
    """Something with a state."""

    def __init__(self, state=None):
        self.state = state

    def state_dict(self):
        return self.state

    def load_state_dict(self, state):
        self.state = state


def take_steps(weight, optimizer, count):
    for number in range(count):
        optimizer.zero_grad()
        (weight * (weight + number)).sum().backward()
        optimizer.step()


def create_training(seed):
    weight = torch.nn.Parameter(torch.randn(5, 3, generator=torch.Generator().manual_seed(seed)))
    return weight, torch.optim.AdamW([weight], lr=0.1, betas=(0.8, 0.95))


def test_an_optimizer_goes_on_bit_by_bit(tmp_path):
    weight, optimizer = create_training(0)
    take_steps(weight, optimizer, 3)
    save_checkpoint(tmp_path, 3, {"rows": 8}, {"w": weight}, {"optimizer": optimizer})
    take_steps(weight, optimizer, 4)
    again, other = create_training(1)
    assert load_checkpoint(tmp_path, {"rows": 8}, {"w": again}, {"optimizer": other}) == 3
    assert other.param_groups[0]["betas"] == (0.8, 0.95)
    take_steps(again, other, 4)
    assert torch.equal(weight, again)


def test_states_come_back_as_they_were(tmp_path):
    half, every_other = torch.tensor([1.5, -2.0], dtype=torch.bfloat16), torch.arange(6)[::2]
    state = {
        0: {"step": torch.tensor(3.0)},
        "a": (1, [None, {"b": True}]),
        "c": 0.1,
        "d": {},
        2: half,
        "t": every_other,
    }
    save_checkpoint(tmp_path, 1, {}, {}, {"part": Part(state), "odd": Part({"x": math.inf})})
    part, odd = Part(), Part()
    assert load_checkpoint(tmp_path, {}, {}, {"part": part, "odd": odd}) == 1
    assert list(part.state) == list(state)
    assert (part.state["a"], part.state["c"], part.state["d"], odd.state) == (state["a"], 0.1, {}, {"x": math.inf})
    for found, saved in (
        (part.state[0]["step"], state[0]["step"]),
        (part.state[2], half),
        (part.state["t"], every_other),
    ):
        assert found.dtype == saved.dtype
        assert torch.equal(found, saved)


def test_a_tensor_in_many_places_is_saved_once_and_comes_back_in_each(tmp_path):
    shared, empty = torch.arange(256.0), torch.empty(0)
    save_checkpoint(tmp_path, 1, {}, {}, {"part": Part([shared, shared, empty])})
    assert (tmp_path / "update_00000001.safetensors").stat().st_size < 2 * 1024
    part = Part()
    load_checkpoint(tmp_path, {}, {}, {"part": part})
    assert all(torch.equal(*pair) for pair in zip(part.state, [shared, shared, empty], strict=True))
    assert part.state[0] is not part.state[1]


def test_the_last_two_are_kept(tmp_path):
    for update in (2, 4, 6):
        save_checkpoint(tmp_path, update, {}, {}, {})
    assert [path.name for path in list_checkpoints(tmp_path)] == [
        "update_00000004.safetensors",
        "update_00000006.safetensors",
    ]
    assert load_checkpoint(tmp_path, {}, {}, {}) == 6


def test_without_checkpoints_a_training_begins(tmp_path):
    assert load_checkpoint(tmp_path / "none", {}, {}, {}) == 0


@pytest.mark.parametrize("metadata", [None, {"format": "pt"}, {"content": "no JSON"}])
def test_files_of_others_are_named(metadata, tmp_path):
    save_file({"a": torch.zeros(1)}, tmp_path / "update_00000001.safetensors", metadata)
    with pytest.raises(GasError, match=r"update_00000001.safetensors cannot be read; delete it"):
        load_checkpoint(tmp_path, {}, {}, {})
