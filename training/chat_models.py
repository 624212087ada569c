"""Chat models of transformers that are asked for texts: to reword prompts, and captions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .models import choose_device, explain_loading, look_up
from .upstream import identify_files


@dataclass(frozen=True)
class ChatModel:
    """A chat model, asked for one text at a time.

    Attributes:
        name: Where it is from, with a digest of its files.
        network, tokenizer: As transformers has them.
        device: Where it computes.
    """

    name: str
    network: Any
    tokenizer: Any
    device: str

    def write(
        self,
        text: str,
        system: str = "",
        max_new_tokens: int = 512,
        chat_template: Mapping[str, Any] | None = None,
        temperature: float = 0,
        seed: int = 0,
    ) -> str:
        """Its reply to a text, without white space around it.

        Args:
            text: What it is asked.
            system: What the system says before; "" for nothing.
            max_new_tokens: How long the reply can be.
            chat_template: Arguments of its chat template.
            temperature: How freely it chooses words; 0 for the likeliest at each step.
            seed: Of the choice.
        """
        import torch

        said: Sequence[dict[str, str]] = [{"role": "system", "content": system}] if system else []
        inputs = self.tokenizer.apply_chat_template(
            [*said, {"role": "user", "content": text}],
            add_generation_prompt=True,
            return_dict=True,
            return_tensors="pt",
            **(chat_template or {}),
        ).to(self.device)
        choice: dict[str, Any] = {"do_sample": False, "num_beams": 1}
        if temperature:
            choice = {"do_sample": True, "num_beams": 1, "temperature": temperature, "top_k": 0, "top_p": 1.0}
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            ids = self.network.generate(**inputs, **choice, max_new_tokens=max_new_tokens)
        return str(self.tokenizer.decode(ids[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True)).strip()


def load_chat_model(user: str, model: str, revision: str | None, dtype: str) -> ChatModel:
    """Loads a chat model.

    Args:
        user: Who needs it, for errors.
        model: A folder, or a name on the Hub.
        revision: A branch, tag or commit.
        dtype: Of its weights.

    Raises:
        GasError: It cannot be loaded, or has no chat template.
    """
    device = choose_device(user, None)
    with explain_loading(user, model, revision, choose="choose a chat model such as Qwen/Qwen3-4B"):
        from transformers import AutoModelForCausalLM, AutoTokenizer

        look_up(model, revision)
        options: dict[str, Any] = {"revision": revision or "main", "trust_remote_code": False}
        tokenizer: Any = AutoTokenizer.from_pretrained(model, **options)
        network: Any = AutoModelForCausalLM.from_pretrained(model, dtype=dtype, **options)
        if tokenizer.chat_template is None:
            raise ValueError("it has no chat template")
        name = f"{model}#{identify_files(model, revision)[:12]}"
        return ChatModel(name, network.to(device).eval(), tokenizer, device)
