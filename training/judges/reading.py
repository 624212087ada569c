"""Has a network read chats, and says what it would reply: the likeliest words, or how probable some replies are.

Chats about one picture are read together: their common beginning once, and from there each goes on by itself.
"""

from __future__ import annotations

import inspect
import math
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from ...errors import GasWarning
from .chats import Chat, encode_chats, render_chat
from .replies import Tokens, fill_rows, force_replies, spell_tokens
from .sharing import Opening, split_chats

T = TypeVar("T")

SAME = {"float32": 0.01}
"""How far logarithms of a probability may be apart that is read with others and alone; of shorter numbers 0.5."""


@dataclass(frozen=True)
class Request:
    """A chat and the beginning of a reply, which the network reads.

    Attributes:
        key: What tells who asks.
        chat: What is asked.
        forced: Tokens with which the reply begins.
        asked: The replies whose probabilities are read off: each is a part of `forced` from its beginning, and then
            one token.
    """

    key: tuple[int, str]
    chat: Chat
    forced: Tokens
    asked: tuple[Tokens, ...]


Pack: TypeAlias = list[list[Request]]
"""What is read at once: requests about pictures of one size, a list a picture; or about any pictures, one each."""


def pack_requests(requests_of_each: Iterable[list[Request]], most: int) -> list[Pack]:
    """Packs requests, a list a picture, so that at most so many are read at once."""
    parts = [part for some in requests_of_each for part in chunk(some, most)]
    packs: list[Pack] = chunk([part for part in parts if len(part) == 1], most)
    several = [part for part in parts if len(part) > 1]
    for part in sorted(several, key=lambda part: (part[0].chat.size, len(part)), reverse=True):
        last = packs[-1] if packs else []
        fits = last and len(last[0]) > 1 and len(last[0]) * (len(last) + 1) <= most
        if fits and last[0][0].chat.size == part[0].chat.size:
            last.append(part)
        else:
            packs.append([part])
    return packs


def chunk(values: Sequence[T], size: int) -> list[list[T]]:
    return [list(values[start : start + size]) for start in range(0, len(values), size)]


@dataclass
class Reader:
    """What transformers loads of a model, and how its chats are written.

    Attributes:
        shares: Whether chats about a picture are read together; None before it was tried.
    """

    processor: Any
    network: Any
    template: Mapping[str, Any]
    shares: bool | None = field(default=None, init=False)

    def weigh(self, pack: Pack) -> list[list[float]]:
        """The probabilities of the replies that each request of a pack asks for, one after the other."""
        if len(pack[0]) > 1 and self._can_share(pack[0][0].chat, pack[0][1].chat):
            most = max(map(len, pack))
            # Each picture has as many rows; who has fewer requests has its first again.
            values = self._weigh_together([[*part, *part[:1] * (most - len(part))] for part in pack])
            if values:
                return [one for part, some in zip(pack, chunk(values, most), strict=True) for one in some[: len(part)]]
        return self._weigh_each([request for part in pack for request in part])

    def write(self, chats: Sequence[Chat], share: bool) -> list[str]:
        """What the network writes under each chat; `share` where all are about one picture."""
        if share and self._can_share(*chats[:2]) and (inputs := self._prepare_together(chats)):
            return self._generate(inputs)
        # Generation goes on at the right end of every row, so what fills up short rows stands on the left.
        return self._generate(self.encode(chats, "left"))

    def encode(self, chats: Sequence[Chat], padding_side: str) -> dict[str, Any]:
        """What the network reads of chats: tensors on its device, short rows filled up on one side."""
        inputs: Any = encode_chats(self.processor, chats, padding_side, self.template)
        return dict(inputs.to(self.network.device, self.network.dtype))

    def _generate(self, inputs: Mapping[str, Any]) -> list[str]:
        tokens = self.network.generate(**inputs)[:, inputs["input_ids"].shape[1] :]
        return [text.strip() for text in self.processor.tokenizer.batch_decode(tokens, skip_special_tokens=True)]

    def _can_share(self, *chats: Chat) -> bool:
        """Whether two chats about a picture that are read together say what each says alone; tried once."""
        if self.shares is None:
            replies = spell_tokens(self.processor.tokenizer, "yes")
            pack = [[Request((0, ""), chat, replies[0][:-1], replies[:1]) for chat in chats]]
            try:
                found = self._weigh_together(pack)
            except (AttributeError, IndexError, NotImplementedError, RuntimeError, TypeError, ValueError):
                found = None  # not every network can go on from what it has read
            most = SAME.get(str(self.network.dtype).removeprefix("torch."), 0.5)
            self.shares = found is not None and all(
                abs(math.log(max(one, 1e-30)) - math.log(max(other, 1e-30))) < most
                for (one,), (other,) in zip(found, self._weigh_each(pack[0]), strict=True)
            )
            if not self.shares:
                name = type(self.network).__name__
                warnings.warn(
                    GasWarning(f"{name} reads a picture anew for each question, which is slow"), stacklevel=5
                )
        return self.shares

    def _open(self, chats_of_each: Sequence[Sequence[Chat]]) -> tuple[Opening, Any] | None:
        """What chats about some pictures begin with, and a cache that has read it, a row a chat.

        Each picture has as many chats. None where nothing tells what they begin with.
        """
        import torch

        texts = [[render_chat(self.processor, chat, self.template) for chat in some] for some in chats_of_each]
        inputs = self.encode([some[0] for some in chats_of_each], "right")
        opening = split_chats(self.processor.tokenizer, texts, inputs)
        if opening is None:
            return None
        last = [opening.inputs["input_ids"].shape[1] - 1]
        cache = getattr(self._read(opening.inputs, last, use_cache=True), self._cache_name)
        cache.reorder_cache(torch.arange(len(texts), device=self.network.device).repeat_interleave(len(texts[0])))
        return opening, cache

    def _prepare_together(self, chats: Sequence[Chat]) -> dict[str, Any] | None:
        """What to generate from, after the common beginning of chats about one picture."""
        import torch

        opened = self._open([chats])
        if opened is None:
            return None
        opening, cache = opened
        if any(cache.is_sliding) or not all(hasattr(layer, "keys") for layer in cache.layers):
            return None  # such layers count what stands between the beginning and the rest of a shorter row
        (rests,) = opening.rests
        beginning = opening.inputs["input_ids"].expand(len(rests), -1)
        backwards = fill_rows([one[::-1] for one in rests], -1).to(beginning)
        rest = backwards.flip(1)
        mask = torch.cat([torch.ones_like(beginning), (rest >= 0).to(beginning)], dim=1)
        rest = rest.masked_fill(rest < 0, self.processor.tokenizer.pad_token_id)
        return {
            "input_ids": torch.cat([beginning, rest], dim=1),
            "attention_mask": mask,
            self._cache_name: cache,
        }

    def _weigh_together(self, pack: Pack) -> list[list[float]] | None:
        """Like `_weigh_each`, of as many requests about each picture; None where nothing tells what they share."""
        opened = self._open([[request.chat for request in part] for part in pack])
        if opened is None:
            return None
        opening, cache = opened
        requests = [request for part in pack for request in part]
        rests = [rest for some in opening.rests for rest in some]
        rows = [(*rest, *request.forced) for rest, request in zip(rests, requests, strict=True)]
        inputs = {"input_ids": fill_rows(rows, self.processor.tokenizer.pad_token_id).to(self.network.device)}
        # No mask: all that was read is seen, and what fills a row up stands behind all that is read off.
        options = {self._cache_name: cache, "use_cache": True}
        return self._read_off(inputs, [len(rest) for rest in rests], requests, **options)

    def _weigh_each(self, requests: Sequence[Request]) -> list[list[float]]:
        # Filled up on the right, every row has the positions that it has alone, and sees nothing of what fills it.
        inputs = self.encode([one.chat for one in requests], "right")
        lengths = inputs["attention_mask"].sum(dim=1).tolist()
        force_replies(inputs, lengths, [one.forced for one in requests])
        return self._read_off(inputs, lengths, requests, use_cache=False)

    def _read_off(
        self, inputs: Mapping[str, Any], lengths: Sequence[int], requests: Sequence[Request], **options: Any
    ) -> list[list[float]]:
        """The probabilities of replies to rows, which have so many tokens before the forced ones."""
        import torch

        read = [range(length - 1, length + len(one.forced)) for length, one in zip(lengths, requests, strict=True)]
        kept = sorted(set().union(*read))
        logits = self._read(inputs, kept, **options).logits
        if logits.shape[1] > len(kept):
            logits = logits[:, kept]
        place = {position: number for number, position in enumerate(kept)}
        values = []
        for row, (positions, request) in enumerate(zip(read, requests, strict=True)):
            steps = logits[row, [place[position] for position in positions]].float().log_softmax(dim=-1)
            sums = [steps[range(len(reply)), list(reply)].sum() for reply in request.asked]
            values.append(torch.stack(sums).exp().tolist())
        return values

    def _read(self, inputs: Mapping[str, Any], kept: Sequence[int], **options: Any) -> Any:
        """What the network gives; logits of all positions, which would be larger than all else, only if it must."""
        import torch

        if "logits_to_keep" in self._parameters:
            options["logits_to_keep"] = torch.tensor(kept, device=self.network.device)
        return self.network(**inputs, **options)

    @property
    def _parameters(self) -> Mapping[str, Any]:
        return inspect.signature(self.network.forward).parameters

    @property
    def _cache_name(self) -> str:
        """What transformers calls the cache, which depends on its version."""
        return "cache" if "cache" in self._parameters else "past_key_values"
