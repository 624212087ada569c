"""Language models that word scenes anew, for recipes with `paraphrase`: behind a server, or loaded here.

`builders` asks them for texts, keeps the replies and checks them (`builders/rows/paraphrases.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, ClassVar

from ..builders.recipe.text import Paraphrase
from ..builders.rows.paraphrases import Paraphraser
from .chat_models import ChatModel, load_chat_model
from .judges.chat_client import Body, Chat, ChatClient
from .judges.chat_replies import ChatReply

USER = "paraphrasing"


def open_paraphraser(settings: Paraphrase) -> Paraphraser:
    """Opens what a recipe names.

    Raises:
        GasError: The server cannot be reached or does not serve the model, or the model cannot be loaded.
    """
    if settings.url is None:
        return ModelParaphraser(settings, load_chat_model(USER, settings.model, settings.revision, settings.dtype))
    return ServerParaphraser(settings)


class ModelParaphraser:
    """A model of transformers, asked for one text at a time."""

    def __init__(self, settings: Paraphrase, model: ChatModel) -> None:
        fields = settings.model_dump(include={"system", "max_new_tokens", "chat_template", "temperature"})
        self.model, self.fields = model, fields

    def ask(self, prompts: Sequence[str], seeds: Sequence[int], keep: Callable[[int, str], None]) -> None:
        """See `Paraphraser`."""
        for number, (prompt, seed) in enumerate(zip(prompts, seeds, strict=True)):
            keep(number, self.model.write(prompt, seed=seed, **self.fields))


class _Client(ChatClient):
    USER: ClassVar[str] = "the paraphraser"
    HINT: ClassVar[str] = "mend `url`"


class ServerParaphraser:
    """A model behind an OpenAI-compatible server, asked for many texts at once."""

    def __init__(self, settings: Paraphrase) -> None:
        assert settings.url is not None
        self.settings = settings
        self.client = _Client(
            settings.url,
            settings.model,
            settings.api_key,
            settings.concurrency,
            settings.timeout,
            settings.retries,
        )

    def ask(self, prompts: Sequence[str], seeds: Sequence[int], keep: Callable[[int, str], None]) -> None:
        """See `Paraphraser`; what comes is handed in at once, so that whoever is stopped has it."""
        self.client.ask(self._list_chats(prompts, seeds, keep), len(prompts))

    def _list_chats(
        self, prompts: Sequence[str], seeds: Sequence[int], keep: Callable[[int, str], None]
    ) -> Iterator[Chat[bool]]:
        for number, (prompt, seed) in enumerate(zip(prompts, seeds, strict=True)):

            def read(reply: ChatReply, number: int = number) -> bool:
                keep(number, reply.text)
                return True  # None stands for what has failed

            yield Chat(partial(self._write, prompt, seed), read)

    async def _write(self, prompt: str, seed: int) -> Body:
        told = self.settings
        chat: list[dict[str, Any]] = [{"role": "system", "content": told.system}] if told.system else []
        chat.append({"role": "user", "content": prompt})
        body: Body = {
            "messages": chat,
            "max_tokens": told.max_new_tokens,
            "temperature": told.temperature,
            "seed": seed,
        }
        if told.chat_template:
            body["chat_template_kwargs"] = told.chat_template
        body |= told.extra_body
        if "max_completion_tokens" in body:
            del body["max_tokens"]
        return body
