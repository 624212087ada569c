"""A judge behind an OpenAI-compatible server: vLLM, SGLang, or one of those that are hosted.

Importing this module loads nothing that speaks HTTP.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from itertools import groupby
from math import ceil, floor, sqrt
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar
from urllib.parse import urlsplit

from ...errors import GasError
from .chat_client import Body, Chat, ChatClient
from .chat_replies import ChatReply, find_answers, weigh_answers
from .protocol import NoPicture, Shown
from .vision_language import INSTRUCTION, REQUEST, TOLD

if TYPE_CHECKING:
    from PIL.Image import Image

T = TypeVar("T")


@dataclass(frozen=True)
class _Request(Generic[T]):
    """A question about a picture.

    Attributes:
        place: Where it stands among those that are given.
        picture, question: What is asked.
        most: How long the reply can be, in tokens.
        read: What to make of the reply.
    """

    place: int
    picture: Shown
    question: str
    most: int
    read: Callable[[ChatReply], T]


@dataclass
class EndpointJudge:
    """A vision-language model that a server answers for, asked about many images at once.

    A message has the images first and the question behind them, and questions of one image are sent side by side, so
    that a server which keeps what it has read reads each image once. Frames of a video are so many images.

    What fails for a passing reason (429, 5xx, no connection, no reply in time) is asked again, after a time that
    doubles, or that the server asks for; the rest is not. A question that fails for good is one without an answer:
    the reply "", no probability. Where the first questions all fail, or many in a row, the judge stops.

    Attributes:
        url: Where the server is, such as `http://localhost:8000/v1`; `/v1` may be left out where there is no path.
        model: What the server calls the model; when left out the only one that it serves, and then its name.
        api_key: The environment variable that holds the key, such as `OPENAI_API_KEY` or `HF_TOKEN`. None for a server
            that wants none; no variable is read unless it is named.
        concurrency: How many questions the server has in hand at once.
        timeout: Seconds that it may take for one.
        retries: How often one is asked again.
        max_new_tokens: How long a reply can be, in tokens.
        system: What the system says at the beginning of each chat; "" for nothing.
        instruction: What `answer` adds to each question, as `REQUEST` says; "" for nothing.
        chat_template: Arguments of the model's chat template, such as `{"enable_thinking": False}`, for servers that
            take them (`chat_template_kwargs`).
        min_pixels, max_pixels: To how many pixels images are scaled at least and at most, before they are sent.
        grid: Lay frames out in so many rows and columns, as one image; by default they are so many images.
        extra_body: Further fields of the request, as the server knows them, such as vLLM's `mm_processor_kwargs`. They
            go before ours; `max_completion_tokens` takes the place of `max_tokens`.
        top_logprobs: Of how many tokens at each place the server is asked for the probability; 20 are the most that
            most servers give. 0 for servers that give none: a probability is then 1 or 0, by what the reply says.

    Raises:
        GasError: The server cannot be reached, or does not serve the model.
    """

    takes_no_picture: ClassVar[bool] = True
    """Whether it is asked without any image where it is shown `NoPicture`."""

    url: str
    model: str | None = None
    api_key: str | None = None
    concurrency: int = 16
    timeout: float = 120.0
    retries: int = 5
    max_new_tokens: int = 32
    system: str = ""
    instruction: str = INSTRUCTION
    chat_template: Mapping[str, Any] = field(default_factory=dict)
    min_pixels: int | None = None
    max_pixels: int | None = None
    grid: int | None = None
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    top_logprobs: int = 20
    client: ChatClient = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for name, least in {"max_new_tokens": 1, "top_logprobs": 0}.items():
            if getattr(self, name) < least:
                raise GasError(f"{name} of the judge must be at least {least}, not {getattr(self, name)}")
        self.client = ChatClient(self.url, self.model, self.api_key, self.concurrency, self.timeout, self.retries)
        self.url, self.model = self.client.url, self.client.model

    @property
    def id(self) -> str:
        """The model, the server with its version, how probabilities are read, and what differs from the defaults."""
        name, version = self.client.software, self.client.version
        server = f"{name}-{version or 'unknown'}" if name else urlsplit(self.url).netloc
        options = {"probability": f"top {self.top_logprobs}" if self.top_logprobs else "words"}
        told = {**TOLD, "extra_body": {}, "grid": None}
        options |= {key: getattr(self, key) for key, default in told.items() if getattr(self, key) != default}
        said = ",".join(f"{key}={value}" for key, value in options.items())
        return f"{self.model}@{server}[{said}]"

    @property
    def is_lower_bound(self) -> bool:
        """Whether probabilities leave out what is not among the likeliest tokens, which servers keep to themselves."""
        return self.top_logprobs > 0

    @property
    def record(self) -> dict[str, Any]:
        """What to keep of it beside results, as JSON can have it: who answered, how often, and at what cost."""
        client = self.client
        served = next((one.model_dump(mode="json") for one in client.served if one.id == self.model), None)
        return {
            "url": self.url,
            "model": self.model,
            "served": served,
            "server": client.software,
            "version": client.version,
            "first_failure": client.first_failure,
            **{name: client.tally[name] for name in ("answered", "failed", "tokens_read", "tokens_written")},
        }

    def answer(self, images: Sequence[Shown], questions: Sequence[str]) -> list[str]:
        """Replies to each question about the image at the same place, by the likeliest token at each step.

        Args:
            images: Images, of any sizes, or frames of videos.
            questions: As many questions. `instruction` is added to each.

        Returns: As many replies, without white space around them; "" where the server has given none.

        Raises:
            ValueError: There are not as many questions as images.
            GasError: The server gives no replies at all.
        """
        asked = [
            _Request(
                place,
                image,
                REQUEST.format(question=question, instruction=self.instruction) if self.instruction else question,
                self.max_new_tokens,
                lambda reply: reply.text,
            )
            for place, (image, question) in enumerate(zip(images, questions, strict=True))
        ]
        return [reply or "" for reply in self._ask(asked)]

    def probability(
        self, images: Sequence[Shown], questions: Sequence[str], answers: Sequence[str]
    ) -> list[float | None]:
        """The probability that the reply to a question begins with an answer, as far as the server tells it.

        All answers to one question about one image (the same object in Python) are read off one reply, for which the
        server tells the `top_logprobs` likeliest tokens at each place. The spellings of an answer are added, as
        `VisionLanguageJudge.probability` does.

        - Of an answer that is one token, such as yes, no or most numbers, that is the probability itself if all its
          spellings are among those tokens, and else a lower bound, 0 if none is.
        - An answer of several tokens is followed along the reply that the server made. Where the reply takes another
          way, the answer gets the probability of the tokens that begin it and none of the other answers there (of
          `giraffe` beside `zebra` that of `gir`), which can be a little too much; what begins several is left out.

        What goes on to another answer within the word, as `1` to `10`, is not the shorter one.

        With `top_logprobs` 0 it is 1 for the answers that the reply in words begins with, and 0 for others.

        Args:
            images: Images, of any sizes, or frames of videos.
            questions: As many questions. They are asked as they are, without `instruction`.
            answers: As many answers.

        Returns: As many probabilities, from 0 to 1; None where the server has given no reply.

        Raises:
            ValueError: There are not as many questions or answers as images, or an answer is empty.
            GasError: The server gives no replies at all, or no log-probabilities.
        """
        if not all(answer.strip() for answer in answers):
            raise ValueError("an answer must have words")
        images = list(images)  # some sequences make a new object each time that one is taken out
        keys = [(id(image), question) for image, question in zip(images, questions, strict=True)]
        of_each: dict[tuple[int, str], dict[str, None]] = {}
        first: dict[tuple[int, str], int] = {}
        for place, (key, answer) in enumerate(zip(keys, answers, strict=True)):
            of_each.setdefault(key, {})[answer] = None
            first.setdefault(key, place)
        asked = []
        for key, some in of_each.items():
            # Each token has at least a letter.
            most = max(map(len, some)) if self.top_logprobs else self.max_new_tokens
            read = partial(self._weigh, list(some))
            asked.append(_Request(first[key], images[first[key]], key[1], most, read))
        weighed = self._ask(asked, self.top_logprobs > 0)
        found = dict(zip(of_each, weighed, strict=True))
        return [(found[key] or {}).get(answer) for key, answer in zip(keys, answers, strict=True)]

    def _weigh(self, answers: Sequence[str], reply: ChatReply) -> dict[str, float]:
        return weigh_answers(reply.steps, answers) if self.top_logprobs else find_answers(reply.text, answers)

    def _ask(self, asked: Sequence[_Request[T]], with_logprobs: bool = False) -> list[T | None]:
        """What is read of the replies, in the order of what is asked, which is sent image by image."""
        first: dict[int, int] = {}
        order = sorted(range(len(asked)), key=lambda number: first.setdefault(id(asked[number].picture), number))
        chats = self._list_chats([asked[number] for number in order], with_logprobs)
        replies = self.client.ask(chats, len(asked))
        found = dict(zip(order, replies, strict=True))
        return [found[number] for number in range(len(asked))]

    def _list_chats(self, asked: Sequence[_Request[T]], with_logprobs: bool) -> Iterator[Chat[T]]:
        """Those about one image that stand side by side share its encoding."""
        for _, some in groupby(asked, key=lambda request: id(request.picture)):
            encoding: list[asyncio.Task[list[str]]] = []
            for request in some:
                yield Chat(partial(self._write, request, encoding, with_logprobs), request.read)

    async def _write(
        self, request: _Request[Any], encoding: list[asyncio.Task[list[str]]], with_logprobs: bool
    ) -> Body:
        if not encoding:
            encoding.append(asyncio.create_task(asyncio.to_thread(self._encode, request)))
        shown = [{"type": "image_url", "image_url": {"url": url}} for url in await encoding[0]]
        chat: list[dict[str, Any]] = [{"role": "system", "content": self.system}] if self.system else []
        chat.append({"role": "user", "content": [*shown, {"type": "text", "text": request.question}]})
        body: Body = {"messages": chat, "max_tokens": request.most, "temperature": 0}
        if with_logprobs:
            body |= {"logprobs": True, "top_logprobs": self.top_logprobs}
        if self.chat_template:
            body["chat_template_kwargs"] = dict(self.chat_template)
        if self.client.software:
            # They read a model's own settings, some of which penalise the words of the question.
            body["repetition_penalty"] = 1.0
        body |= self.extra_body
        if "max_completion_tokens" in body:
            del body["max_tokens"]
        return body

    def _encode(self, request: _Request[Any]) -> list[str]:
        """The URLs of the images that are shown."""
        from ..pictures import lay_grid, open_shown

        if isinstance(request.picture, NoPicture):
            return []
        try:
            opened = open_shown(request.picture)
        except GasError as error:
            raise GasError(f"picture {request.place + 1} cannot be judged: {error}") from error
        frames = opened if isinstance(opened, tuple) else (opened,)
        images = [lay_grid(frames, self.grid)] if isinstance(opened, tuple) and self.grid else frames
        return [encode_image(fit_pixels(image, self.min_pixels, self.max_pixels)) for image in images]


def fit_pixels(image: Image, least: int | None, most: int | None) -> Image:
    """Scales an image that has less or more pixels than it may have, and keeps its shape as far as whole pixels do."""
    pixels = image.width * image.height
    if most is not None and pixels > most:
        factor = sqrt(most / pixels)
        width, height = (max(1, floor(side * factor)) for side in image.size)
    elif least is not None and pixels < least:
        factor = sqrt(least / pixels)
        width, height = (ceil(side * factor) for side in image.size)
    else:
        return image
    return image.resize((width, height))


def encode_image(image: Image) -> str:
    """An image as the URL of a PNG, which keeps every pixel."""
    file = BytesIO()
    image.save(file, "PNG", compress_level=1)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
