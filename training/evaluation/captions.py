"""Scores of captions themselves: how likely their words are, and how plausible what they say is (appendix A.4.1).

`perplexity`, by any causal language model: exp of the mean over tokens of -log p(token | those before it). Where the
tokenizer has a token that begins texts, each caption begins with it, and its first token counts, too; where it has
none, the first token is only read (`no-bos` in the id). Nothing is put behind a caption. Lower is more usual.

`vera`, how plausible a statement is, from 0 to 1: of `liujch1998/vera`, an encoder of T5's, as its model card has it,
sigmoid((w . h + b) / t), with h the state of the last token, `</s>`, and w, b and t in rows 32099, 32098 and 32097 of
the embeddings. Of another sequence classifier it is the probability of `label`: the sigmoid of its one logit, or the
softmax over several. Tokens beyond the 128th are not read, as the model card has it.

Importing this module loads no torch.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from ...errors import GasError, advise
from ..metrics.loading import check_options
from ..metrics.networks import NetworkOptions
from ..sources import Source, find_problems

if TYPE_CHECKING:
    from torch import Tensor

VERA = "liujch1998/vera"
WEIGHT, BIAS, TEMPERATURE = 32099, 32098, 32097
"""Rows of Vera's embeddings that hold what turns a state into a score; of the last two the first number counts."""
LONGEST = 128
"""Tokens that Vera reads."""


@dataclass(frozen=True, kw_only=True)
class _Score(NetworkOptions):
    """What scores captions."""

    least: ClassVar[int] = 1
    """Tokens that it takes to have a score."""

    @property
    def id(self) -> str:
        return self.spell_id()

    @cached_property
    def tokenizer(self) -> Any:
        from transformers import AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(self.model, **self.source, padding_side="right")
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token
        return tokenizer

    def prepare(self, network: Any) -> Any:
        self.tokenizer  # noqa: B018
        return super().prepare(network)

    def score(self, captions: Sequence[str]) -> list[float | None]:
        """One number a caption; None where it has no token to score.

        Raises:
            GasError: A caption is longer than what the model reads.
        """
        import torch

        rows = list(self.encode(captions))
        found: list[float | None] = [None] * len(rows)
        order = [place for place, row in enumerate(rows) if len(row) >= self.least]
        order.sort(key=lambda place: len(rows[place]))  # so that little is padded
        with torch.no_grad():
            for start in range(0, len(order), self.batch_size):
                places = order[start : start + self.batch_size]
                for place, value in zip(places, self.rate(*self._pad([rows[place] for place in places])), strict=True):
                    found[place] = value
        return found

    @abstractmethod
    def encode(self, captions: Sequence[str]) -> Iterator[list[int]]:
        """The tokens of each caption."""
        ...

    @abstractmethod
    def rate(self, ids: Tensor, mask: Tensor) -> list[float]:
        """One number for each row of tokens, shape (batch, tokens); of which `mask` has those that are there."""
        ...

    def _pad(self, rows: Sequence[list[int]]) -> tuple[Tensor, Tensor]:
        import torch

        width, filler = max(map(len, rows)), self.tokenizer.pad_token_id or 0
        ids = torch.tensor([[*row, *[filler] * (width - len(row))] for row in rows], device=self.place)
        lengths = torch.tensor([[len(row)] for row in rows], device=self.place)
        return ids, (torch.arange(width, device=self.place) < lengths).long()


@dataclass(frozen=True, kw_only=True)
class Perplexity(_Score):
    """How unlikely the words of captions are to a causal language model."""

    name: ClassVar[str] = "perplexity"
    least: ClassVar[int] = 2

    @property
    def id(self) -> str:
        return self.spell_id(*([] if self._begin else ["no-bos"]))

    @property
    def _begin(self) -> list[int]:
        begin = self.tokenizer.bos_token_id
        return [] if begin is None else [begin]

    def load(self) -> Any:
        return self.load_network("AutoModelForCausalLM")

    def encode(self, captions: Sequence[str]) -> Iterator[list[int]]:
        most = getattr(self.network.config, "max_position_embeddings", None)
        options = {"add_special_tokens": False, "verbose": False}
        tokens = self.tokenizer(list(captions), **options)["input_ids"] if captions else []
        for number, row in enumerate(tokens, 1):
            if most is not None and len(self._begin) + len(row) > most:
                what = f"perplexity: caption {number} has {len(row):,} tokens, and {self.model} reads {most:,}"
                raise GasError(f"{what}; take another model")
            yield [*self._begin, *row]

    def rate(self, ids: Tensor, mask: Tensor) -> list[float]:
        from torch.nn.functional import cross_entropy

        logits = self.network(input_ids=ids, attention_mask=mask).logits[:, :-1].float()
        losses = cross_entropy(logits.transpose(1, 2), ids[:, 1:], reduction="none")
        counted = mask[:, 1:]
        means = (losses * counted).sum(1) / counted.sum(1)
        exponents: list[float] = means.exp().tolist()
        return exponents


@dataclass(frozen=True, kw_only=True)
class Vera(_Score):
    """How plausible what captions say is.

    Attributes:
        label: Of a classifier of several labels: the one that means plausible, by its name or number.
    """

    model: str = VERA
    label: str | int | None = None

    name: ClassVar[str] = "vera"

    @property
    def id(self) -> str:
        return self.spell_id(*([] if self.label is None else [f"label={self.label}"]))

    def load(self) -> Any:
        from transformers import AutoConfig

        kinds = AutoConfig.from_pretrained(self.model, **self.source).architectures or ()
        if "T5EncoderModel" not in kinds:
            return self.load_network("AutoModelForSequenceClassification")
        network = self.load_network("T5EncoderModel")
        if len(network.shared.weight) <= WEIGHT:
            raise GasError(f"vera: {self.model} is an encoder, but not of Vera's kind; give {VERA} or a classifier")
        return network

    def encode(self, captions: Sequence[str]) -> Iterator[list[int]]:
        options = {"truncation": True, "max_length": LONGEST, "verbose": False}
        yield from self.tokenizer(list(captions), **options)["input_ids"] if captions else []

    def rate(self, ids: Tensor, mask: Tensor) -> list[float]:
        import torch

        found = self.network(input_ids=ids, attention_mask=mask)
        if hasattr(found, "logits"):
            logits = found.logits.float()
            shares = logits.sigmoid() if logits.shape[1] == 1 else logits.softmax(1)
            values: list[float] = shares[:, self._column].tolist()
            return values
        rows = self.network.shared.weight
        last = found.last_hidden_state[torch.arange(len(ids), device=ids.device), mask.sum(1) - 1]
        logit = (last @ rows[WEIGHT] + rows[BIAS, 0]) / rows[TEMPERATURE, 0]
        values = logit.float().sigmoid().tolist()
        return values

    @cached_property
    def _column(self) -> int:
        """Where a classifier has the logit of `label`."""
        names = self.network.config.id2label
        if len(names) == 1:
            return 0
        if self.label in names:
            return int(self.label)  # type: ignore[arg-type]
        places = {name: place for place, name in names.items()}
        if self.label not in places:
            what = "has several labels" if self.label is None else f"has no label {self.label}"
            hint = f"give as `label` what means plausible: {', '.join(map(str, places))}"
            raise GasError(f"vera: {self.model} {what}; {hint}")
        return int(places[self.label])


SCORES: Mapping[str, type[_Score]] = {"perplexity": Perplexity, "vera": Vera}
"""What scores captions, by name."""


def check_scores(names: Mapping[str, Mapping[str, Any]], key: str = "caption_scores") -> None:
    """Looks for what is wrong with names and options, which a recipe has under a key; nothing is loaded.

    Raises:
        GasError: There is no such score, or no such option; or the Hub has no such model.
    """
    for name, options in names.items():
        if name not in SCORES:
            raise GasError(f"there is no score {name} of captions; {advise(name, SCORES)}")
        check_options(name, SCORES[name], options)
        model = str(options.get("model", VERA))
        if problems := find_problems(Source(model, "model", f"{key}.{name}.model", options.get("revision"))):
            raise GasError(f"{name}: {problems[0].message}; {problems[0].hint}")


def score_captions(names: Mapping[str, Mapping[str, Any]], captions: Sequence[str]) -> dict[str, list[float | None]]:
    """Scores captions; each model is loaded, and let go again, one after the other.

    Args:
        names: Which scores, of `SCORES`, with their options.
        captions: What to score. One that stands there many times is scored once.

    Returns: By the id of each score, one number a caption; None where it has no token to score.

    Raises:
        GasError: There is no such score, an option cannot be what it is, a model cannot be loaded, or a caption is
            longer than it reads.
    """
    check_scores(names)
    found = {}
    different = list(dict.fromkeys(captions))
    for name, options in names.items():
        scorer = SCORES[name](**options)
        values = dict(zip(different, scorer.score(different), strict=True))
        found[scorer.id] = [values[caption] for caption in captions]
    return found
