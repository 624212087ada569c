"""A judge for any vision-language model that transformers loads as `AutoModelForImageTextToText`.

Importing this module loads neither torch nor transformers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from ...errors import GasError, advise
from ..models import choose_device, explain_loading, look_up, name_model, shorten
from .chats import Chat, Picture, render_chat, takes_videos
from .reading import Reader, Request, chunk, pack_requests
from .replies import Tokens, find_others, share_beginnings, spell_tokens

if TYPE_CHECKING:
    from .protocol import Shown

MODEL = "Qwen/Qwen3-VL-8B-Instruct"
"""The judge of evaluations, as GenEval 2 has it."""
REWARD_MODEL = "Qwen/Qwen3-VL-4B-Instruct"
"""The judge of rewards, which are many: smaller."""

INSTRUCTION = "Answer with a word or a short phrase."
REQUEST = "{question}\n{instruction}"
"""What `VisionLanguageJudge.answer` asks, unless there is no instruction; then the question alone."""

Dtype = Literal["auto", "float32", "bfloat16", "float16"]
DTYPES: tuple[Dtype, ...] = get_args(Dtype)

TOLD: Mapping[str, Any] = {
    "max_new_tokens": 32,
    "min_pixels": None,
    "max_pixels": None,
    "system": "",
    "instruction": INSTRUCTION,
    "chat_template": {},
}
"""Options that change answers, with their defaults: where they differ from these, they are part of a judge's id."""


@dataclass
class VisionLanguageJudge:
    """A vision-language model that reads a chat with one picture, or one video, and one question.

    Questions about one picture (the same object in Python) that are asked in one call share it: what their chats begin
    with is read once. So does `probability` wherever the model's cache can be repeated, and gives what it gives of
    each question alone; `answer` does where one picture has questions for half a batch.

    Attributes:
        model: Its name on the Hub, or a folder. Code from the Hub is never run.
        revision: Branch, tag or commit on the Hub.
        dtype: `auto` for that of the weights, else another of `DTYPES`.
        device: Where it computes; by default on a GPU, if there is one.
        batch_size: How many questions it reads at once.
        max_new_tokens: How long a reply can be, in tokens.
        min_pixels, max_pixels: To how many pixels pictures are scaled at least and at most.
        system: What the system says before each question; "" for nothing.
        instruction: What `answer` adds to each question, as `REQUEST` says; "" for nothing.
        chat_template: Arguments of the model's chat template, such as `{"enable_thinking": False}`.
        grid: Frames are laid out in a grid of so many in a row, and as many rows; by default a model that reads videos
            gets them as a video, and others in a grid (see `lay_grid`).
        processor, network: What transformers loads.
        reads_videos: Whether the model is shown frames as a video.

    Raises:
        GasError: The model cannot be loaded, or does not answer questions about images in a chat.
    """

    model: str = MODEL
    revision: str | None = None
    dtype: str = "auto"
    device: str | None = None
    batch_size: int = 32
    max_new_tokens: int = 32
    min_pixels: int | None = None
    max_pixels: int | None = None
    system: str = ""
    instruction: str = INSTRUCTION
    chat_template: Mapping[str, Any] = field(default_factory=dict)
    grid: int | None = None
    processor: Any = field(init=False, repr=False)
    network: Any = field(init=False, repr=False)
    reads_videos: bool = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for name in ("batch_size", "max_new_tokens"):
            if getattr(self, name) < 1:
                raise GasError(f"{name} of a judge must be at least 1, not {getattr(self, name)}")
        if self.dtype not in DTYPES:
            raise GasError(f"a judge has no dtype {self.dtype}; {advise(self.dtype, DTYPES)}")
        choose = f"choose a vision-language model such as {MODEL}"
        with explain_loading("a judge", self.model, self.revision, choose=choose):
            from transformers import AutoConfig, AutoImageProcessor, AutoModelForImageTextToText, AutoProcessor

            self.device = choose_device("a judge", self.device)
            look_up(self.model, self.revision)
            # Left out, `trust_remote_code` would make transformers ask on the terminal.
            options: dict[str, Any] = {"revision": self.revision or "main", "trust_remote_code": False}
            limits = {"min_pixels": self.min_pixels, "max_pixels": self.max_pixels}
            pixels = {name: number for name, number in limits.items() if number is not None}
            self._stored = getattr(AutoConfig.from_pretrained(self.model, **options), "dtype", None)
            self.processor = AutoProcessor.from_pretrained(self.model, **options)
            if pixels:  # the whole processor would hand them to each call, which transformers warns of
                _check_pixels(self.processor.image_processor, self.model, pixels)
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
        self._check_template()
        self.reads_videos = self.grid is None and takes_videos(self.processor)
        self._reader = Reader(self.processor, self.network, self.chat_template)

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

    def _check_template(self) -> None:
        """Refuses a chat template that cannot be used, or leaves out what the system says."""
        from PIL import Image

        chat = Chat(Image.new("RGB", (64, 64)), "?", self.system)
        try:
            text = render_chat(self.processor, chat, self.chat_template)
        except Exception as error:  # a template raises what it likes
            raise GasError(f"the chat template of {self.model} cannot be used: {shorten(error)}") from error
        if self.system.strip() not in text:
            raise GasError(f"the chat template of {self.model} leaves out what the system says; leave out `system`")

    @property
    def id(self) -> str:
        """The model with its commit, if it has one, and the options that change answers and are not the defaults.

        Another precision than that of the weights is one of them. A model that reads no videos is told from its later
        self that does by `grid`.
        """
        commit = getattr(self.network.config, "_commit_hash", None) or self.revision
        options = {name: getattr(self, name) for name, default in TOLD.items() if getattr(self, name) != default}
        if self.dtype != "auto" and f"torch.{self.dtype}" != str(self._stored):
            options["dtype"] = self.dtype
        if not self.reads_videos:
            options["grid"] = self.grid or "auto"
        name = name_model(self.model, commit)
        said = ",".join(f"{key}={value}" for key, value in options.items())
        return f"{name}[{said}]" if said else name

    def answer(self, images: Sequence[Shown], questions: Sequence[str]) -> list[str]:
        """Replies to each question about the picture at the same place: at each step the likeliest token.

        Args:
            images: Pictures of any sizes; or of a video its frames, of a thing its views.
            questions: As many questions. `instruction` is added to each.

        Returns: As many replies, without white space around them; "" where the model says nothing.

        Raises:
            ValueError: There are not as many questions as images.
            GasError: A picture cannot be read.
        """
        import torch

        _check_lengths(images=images, questions=questions)
        texts = [
            REQUEST.format(question=question, instruction=self.instruction) if self.instruction else question
            for question in questions
        ]
        images = list(images)  # some sequences make a new object each time that one is taken out
        pictures = self._view(images)
        chats = [Chat(pictures[id(image)], text, self.system) for image, text in zip(images, texts, strict=True)]
        places: dict[int, list[int]] = {}
        for place, image in enumerate(images):
            places.setdefault(id(image), []).append(place)
        parts = [part for some in places.values() for part in chunk(some, self.batch_size)]
        # Half a batch about one picture is quicker than a whole one in which each question has a picture to read.
        shared = [part for part in parts if len(part) > 1 and 2 * len(part) >= self.batch_size]
        others = chunk(sorted(set(range(len(images))).difference(*shared)), self.batch_size)
        replies: dict[int, str] = {}
        with torch.inference_mode():
            for part in (*shared, *others):
                written = self._reader.write([chats[place] for place in part], share=part in shared)
                replies |= zip(part, written, strict=True)
        return [replies[place] for place in range(len(images))]

    def probability(self, images: Sequence[Shown], questions: Sequence[str], answers: Sequence[str]) -> list[float]:
        """The probability that the reply to a question begins with an answer.

        That of one spelling is the product of the probabilities of its tokens, each after those before it; what the
        reply goes on with does not matter, unless it becomes another one of the answers: that of `1` leaves out `10`,
        where this is written with two tokens, but that of `red` not `red kite`. Spellings that mean the same are
        added: with a small or a capital first letter, with or without a space in front where that makes other tokens
        (as `spell_tokens` has them), and of numbers up to twelve in words and in digits. So that of `yes`, where each
        spelling of it is one token, is the probability that the first token is one of them: Soft-TIFA's score of
        GenEval 2. It is not normalised by what other answers get, nor by length.

        Args:
            images: Pictures of any sizes; or of a video its frames, of a thing its views.
            questions: As many questions. They are asked as they are, without `instruction`: a score is defined by
                its whole text, such as `Does this figure show "a cup"? Please answer yes or no.`
            answers: As many answers. Those to the same question about the same picture (the same object in Python)
                are read off together as far as their tokens allow.

        Returns: As many probabilities, from 0 to 1.

        Raises:
            ValueError: There are not as many questions or answers as images, or an answer is empty.
            GasError: A picture cannot be read.
        """
        import torch

        _check_lengths(images=images, questions=questions, answers=answers)
        images = list(images)  # some sequences make a new object each time that one is taken out
        spellings = {answer: spell_tokens(self.processor.tokenizer, answer) for answer in dict.fromkeys(answers)}
        keys = [(id(image), question) for image, question in zip(images, questions, strict=True)]
        of_each: dict[tuple[int, str], dict[str, None]] = {}
        for key, answer in zip(keys, answers, strict=True):
            of_each.setdefault(key, {})[answer] = None
        asked = {key: {tokens for answer in some for tokens in spellings[answer]} for key, some in of_each.items()}
        pictures = self._view(images)
        requests: dict[int, list[Request]] = {}
        for key, tokens in asked.items():
            chat = Chat(pictures[key[0]], key[1], self.system)
            some = [Request(key, chat, forced, replies) for forced, replies in share_beginnings(tokens).items()]
            requests.setdefault(key[0], []).extend(some)
        found: dict[tuple[int, str], dict[Tokens, float]] = {key: {} for key in asked}
        with torch.inference_mode():
            for pack in pack_requests(requests.values(), self.batch_size):
                read = [request for part in pack for request in part]
                for request, values in zip(read, self._reader.weigh(pack), strict=True):
                    found[request.key].update(zip(request.asked, values, strict=True))
        sets = {key: tuple(some) for key, some in of_each.items()}
        others = {some: find_others({answer: spellings[answer] for answer in some}) for some in set(sets.values())}
        sums = [
            sum(found[key][tokens] for tokens in spellings[answer])
            - sum(found[key][tokens] for tokens in others[sets[key]][answer])
            for key, answer in zip(keys, answers, strict=True)
        ]
        return [min(1.0, max(0.0, one)) for one in sums]

    def _view(self, images: Sequence[Shown]) -> dict[int, Picture]:
        """What chats show of each picture, by the `id` of its object."""
        from ..pictures import lay_grid, open_each

        return {
            key: lay_grid(picture, self.grid) if isinstance(picture, tuple) and not self.reads_videos else picture
            for key, picture in open_each(images).items()
        }


def _check_lengths(**lists: Sequence[Any]) -> None:
    if len(set(map(len, lists.values()))) > 1:
        raise ValueError("not as many of each: " + ", ".join(f"{len(some)} {name}" for name, some in lists.items()))


def _check_pixels(image_processor: Any, model: str, pixels: Mapping[str, int]) -> None:
    """Refuses numbers of pixels that an image processor would pass over."""
    known = getattr(getattr(image_processor, "valid_kwargs", None), "__annotations__", pixels)
    if unknown := [name for name in pixels if name not in known]:
        raise GasError(f"the image processor of {model} knows no {unknown[0]}; leave it out")
