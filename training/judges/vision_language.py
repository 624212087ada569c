"""A judge for any vision-language model that transformers loads as `AutoModelForImageTextToText`.

Importing this module loads neither torch nor transformers.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from ...errors import GasError, advise
from .replies import Tokens, force_replies, share_beginnings, spell_tokens

if TYPE_CHECKING:
    from PIL.Image import Image

MODEL = "Qwen/Qwen3-VL-8B-Instruct"
"""The judge of evaluations, as GenEval 2 has it."""
REWARD_MODEL = "Qwen/Qwen3-VL-4B-Instruct"
"""The judge of rewards, which are many: smaller."""

INSTRUCTION = "Answer with a word or a short phrase."
REQUEST = "{question}\n{instruction}"
"""What `VisionLanguageJudge.answer` asks, unless there is no instruction; then the question alone."""

Dtype = Literal["auto", "float32", "bfloat16", "float16"]
DTYPES: tuple[Dtype, ...] = get_args(Dtype)


@dataclass(frozen=True)
class _Request:
    """What the network reads at once: an image, a question and the beginning of a reply.

    Attributes:
        image, question: What is asked.
        forced: Tokens with which the reply begins.
        asked: The replies whose probabilities are read off: each is a part of `forced` from its beginning, and then
            one token.
    """

    image: Image
    question: str
    forced: Tokens
    asked: tuple[Tokens, ...]


@dataclass
class VisionLanguageJudge:
    """A vision-language model that reads a chat with one image and one question.

    Attributes:
        model: Its name on the Hub, or a folder. Code from the Hub is never run.
        revision: Branch, tag or commit on the Hub.
        dtype: `auto` for that of the weights, else another of `DTYPES`.
        device: Where it computes; by default on a GPU, if there is one.
        batch_size: How many questions it reads at once.
        max_new_tokens: How long a reply can be, in tokens.
        min_pixels, max_pixels: To how many pixels images are scaled at least and at most, for the models whose
            processors know these (Qwen-VL); others pass over them.
        chat_template: Arguments of the model's chat template, such as `{"enable_thinking": False}`.
        instruction: What `answer` adds to each question, as `REQUEST` says; "" for nothing.
        processor, network: What transformers loads.

    Raises:
        GasError: The model cannot be loaded, or does not answer questions about images in a chat.
    """

    model: str = MODEL
    revision: str | None = None
    dtype: str = "auto"
    device: str | None = None
    batch_size: int = 16
    max_new_tokens: int = 32
    min_pixels: int | None = None
    max_pixels: int | None = None
    instruction: str = INSTRUCTION
    chat_template: Mapping[str, Any] = field(default_factory=dict)
    processor: Any = field(init=False, repr=False)
    network: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for name in ("batch_size", "max_new_tokens"):
            if getattr(self, name) < 1:
                raise GasError(f"{name} of a judge must be at least 1, not {getattr(self, name)}")
        if self.dtype not in DTYPES:
            raise GasError(f"a judge has no dtype {self.dtype}; {advise(self.dtype, DTYPES)}")
        with _explain_loading(self.model, self.revision):
            import torch
            from transformers import AutoImageProcessor, AutoModelForImageTextToText, AutoProcessor

            self.device = self.device or ("cuda" if torch.cuda.is_available() else "cpu")
            _check_device(self.device)
            # Left out, `trust_remote_code` would make transformers ask on the terminal.
            options: dict[str, Any] = {"revision": self.revision or "main", "trust_remote_code": False}
            pixels = {"min_pixels": self.min_pixels, "max_pixels": self.max_pixels}
            pixels = {name: number for name, number in pixels.items() if number is not None}
            self.processor = AutoProcessor.from_pretrained(self.model, **options)
            if pixels:  # the whole processor would hand them to each call, which transformers warns of
                self.processor.image_processor = AutoImageProcessor.from_pretrained(self.model, **options, **pixels)
            network: Any = AutoModelForImageTextToText.from_pretrained(self.model, dtype=self.dtype, **options)
        # Only chat templates say where in the text the image belongs.
        if getattr(self.processor, "chat_template", None) is None or network.config.is_encoder_decoder:
            raise GasError(
                f"{self.model} cannot be a judge: it has no chat template or is no decoder; "
                f"choose an instruction-tuned vision-language model such as {MODEL}"
            )
        self.network = network.to(self.device).eval().requires_grad_(False)
        self._prepare_generation()

    def _prepare_generation(self) -> None:
        """Leaves of the model's own settings only those that say where replies end.

        Some models ship with a repetition penalty, which counts the words of the question, too, and so makes its
        choices less likely.
        """
        from transformers import GenerationConfig

        tokenizer, own = self.processor.tokenizer, self.network.generation_config
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token
        end = own.eos_token_id if own.eos_token_id is not None else tokenizer.eos_token_id
        self.network.generation_config = GenerationConfig(
            do_sample=False,
            max_new_tokens=self.max_new_tokens,
            bos_token_id=own.bos_token_id,
            eos_token_id=end,
            pad_token_id=tokenizer.pad_token_id,
        )

    @property
    def id(self) -> str:
        """The model with its commit, if it has one, and the options that differ from the defaults."""
        commit = getattr(self.network.config, "_commit_hash", None) or self.revision
        return f"{self.model}#{commit}" if commit else self.model

    def answer(self, images: Sequence[Image], questions: Sequence[str]) -> list[str]:
        """Replies to each question about the image at the same place: at each step the likeliest token.

        Args:
            images: Images, of any sizes.
            questions: As many questions. `instruction` is added to each.

        Returns: As many replies, without white space around them; "" where the model says nothing.

        Raises:
            ValueError: There are not as many questions as images.
        """
        import torch

        _check_lengths(images=images, questions=questions)
        texts = [
            REQUEST.format(question=question, instruction=self.instruction) if self.instruction else question
            for question in questions
        ]
        replies: list[str] = []
        with torch.inference_mode():
            for start in range(0, len(texts), self.batch_size):
                end = start + self.batch_size
                # Generation goes on at the right end of every row, so what fills up short rows stands on the left.
                inputs = self._encode(images[start:end], texts[start:end], "left")
                tokens = self.network.generate(**inputs)[:, inputs["input_ids"].shape[1] :]
                replies += self.processor.tokenizer.batch_decode(tokens, skip_special_tokens=True)
        return [reply.strip() for reply in replies]

    def probability(self, images: Sequence[Image], questions: Sequence[str], answers: Sequence[str]) -> list[float]:
        """The probability that the reply to a question begins with an answer.

        That of one spelling is the product of the probabilities of its tokens, each after those before it; what the
        reply goes on with does not matter. Spellings that mean the same are added: with a small or a capital first
        letter, with or without a space in front where that makes other tokens (as `spell_tokens` has them), and of
        numbers up to twelve in words and in digits. So that of `yes`, where each spelling of it is one token, is the
        probability that the first token is one of them: Soft-TIFA's score of GenEval 2. It is not normalised by what
        other answers get, nor by length.

        Args:
            images: Images, of any sizes.
            questions: As many questions. They are asked as they are, without `instruction`: a score is defined by
                its whole text, such as `Does this figure show "a cup"? Please answer yes or no.`
            answers: As many answers. Those to the same question about the same image (the same object in Python) are
                read off together as far as their tokens allow.

        Returns: As many probabilities, from 0 to 1.

        Raises:
            ValueError: There are not as many questions or answers as images, or an answer is empty.
        """
        import torch

        _check_lengths(images=images, questions=questions, answers=answers)
        images = list(images)  # some sequences make a new object each time that one is taken out
        spellings = {answer: spell_tokens(self.processor.tokenizer, answer) for answer in dict.fromkeys(answers)}
        keys = [(id(image), question) for image, question in zip(images, questions, strict=True)]
        asked: dict[tuple[int, str], set[Tokens]] = {}
        for key, answer in zip(keys, answers, strict=True):
            asked.setdefault(key, set()).update(spellings[answer])
        seen = dict(zip(keys, images, strict=True))
        requests = [
            _Request(seen[key], key[1], forced, replies)
            for key, tokens in asked.items()
            for forced, replies in share_beginnings(tokens).items()
        ]
        found: dict[tuple[int, str], dict[Tokens, float]] = {key: {} for key in asked}
        with torch.inference_mode():
            for start in range(0, len(requests), self.batch_size):
                batch = requests[start : start + self.batch_size]
                for request, values in zip(batch, self._read_probabilities(batch), strict=True):
                    found[id(request.image), request.question].update(zip(request.asked, values, strict=True))
        return [
            min(1.0, sum(found[key][tokens] for tokens in spellings[answer]))
            for key, answer in zip(keys, answers, strict=True)
        ]

    def _encode(self, images: Sequence[Image], texts: Sequence[str], padding_side: str) -> dict[str, Any]:
        """What the network reads of chats: tensors on its device, short rows filled up on one side."""
        chats = [
            [
                {
                    "role": "user",
                    "content": [{"type": "image", "image": image.convert("RGB")}, {"type": "text", "text": text}],
                }
            ]
            for image, text in zip(images, texts, strict=True)
        ]
        inputs = self.processor.apply_chat_template(
            chats,
            add_generation_prompt=True,
            tokenize=True,
            return_dict=True,
            return_tensors="pt",
            processor_kwargs={"padding": True, "padding_side": padding_side},
            **self.chat_template,
        )
        return dict(inputs.to(self.device, self.network.dtype))

    def _read_probabilities(self, requests: Sequence[_Request]) -> list[list[float]]:
        """The probabilities of the replies that each request asks for."""
        import torch

        # Filled up on the right, every row has the positions that it has alone, and sees nothing of what fills it.
        inputs = self._encode([one.image for one in requests], [one.question for one in requests], "right")
        lengths = inputs["attention_mask"].sum(dim=1).tolist()
        force_replies(inputs, lengths, [one.forced for one in requests])
        read = [range(length - 1, length + len(one.forced)) for length, one in zip(lengths, requests, strict=True)]
        options: dict[str, Any] = {"use_cache": False}
        kept: Sequence[int] = range(inputs["input_ids"].shape[1])
        if "logits_to_keep" in inspect.signature(self.network.forward).parameters:
            # Logits of all positions would be larger than all else in memory.
            kept = sorted(set().union(*read))
            options["logits_to_keep"] = torch.tensor(kept, device=self.device)
        logits = self.network(**inputs, **options).logits
        place = {position: number for number, position in enumerate(kept)}
        values = []
        for row, (positions, request) in enumerate(zip(read, requests, strict=True)):
            steps = logits[row, [place[position] for position in positions]].float().log_softmax(dim=-1)
            sums = [steps[range(len(reply)), list(reply)].sum() for reply in request.asked]
            values.append(torch.stack(sums).exp().tolist())
        return values


def _check_lengths(**lists: Sequence[Any]) -> None:
    if len(set(map(len, lists.values()))) > 1:
        raise ValueError("not as many of each: " + ", ".join(f"{len(some)} {name}" for name, some in lists.items()))


def _check_device(device: str) -> None:
    import torch

    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = _shorten(error)
        raise GasError(f"a judge cannot compute on the device {device}: {reason}; choose cuda or cpu") from error


def _shorten(error: Exception) -> str:
    """The first line of what an error says."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__).rstrip(".:")


@contextmanager
def _explain_loading(model: str, revision: str | None) -> Iterator[None]:
    """Says in one line what is wrong with a model that cannot be loaded, and how to mend it."""
    name = f"{model} at revision {revision}" if revision else model
    try:
        yield
    except GasError:
        raise
    except Exception as error:  # what is wrong with files is told in a dozen types
        mend = (
            f"check the name or folder, download it first (hf download {model}), or set HF_TOKEN if it is gated"
            if isinstance(error, OSError)
            else "install what is missing"
            if isinstance(error, ImportError)
            else f"choose a vision-language model such as {MODEL}"
        )
        raise GasError(f"the judge {name} cannot be loaded: {_shorten(error)}; {mend}") from error
