"""Measures a judge: pictures a second where all questions of a picture are asked together, and one after the other.

Run with `python benchmarks/bench_judge.py`; with a GPU, add `--size 4b`. The model is a Qwen3-VL with random weights:
what it says means nothing, but takes as long. A server of the same model, which reads what is asked at the same time
together as vLLM and SGLang do, is asked one question after the other and many at once; `--url` measures another one
alone. Compare figures of one run, as ratios.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Future
from math import log
from pathlib import Path
from threading import Condition, Thread
from typing import Any

import numpy as np
import torch
from generate_any_scene.training.judges.endpoint import EndpointJudge
from generate_any_scene.training.judges.vision_language import VisionLanguageJudge
from PIL import Image, ImageOps

TESTS = Path(__file__).parents[1] / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "training" / "judges")]

SIZES = {
    "small": {"hidden": 256, "layers": 4, "heads": 4, "feed_forward": 1024, "depth": 2, "vision": 128},
    "4b": {"hidden": 2560, "layers": 36, "heads": 32, "feed_forward": 9728, "depth": 24, "vision": 1024},
}
WORDS = ("red", "blue", "green", "large", "small", "wooden", "cup", "dog", "lamp", "table", "window", "kite", "horse")

ANSWERS = ("Yes", "yes", "No", "no")
"""These and those with a space are one token each, as in vocabularies of real models."""


def save_model(folder: Path, size: str, pixels: int) -> None:
    """Saves a Qwen3-VL with random weights, which scales pictures to about so many pixels."""
    import tiny
    from transformers import Qwen3VLConfig, Qwen3VLForConditionalGeneration, Qwen3VLProcessor
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil
    from transformers.models.qwen3_vl.video_processing_qwen3_vl import Qwen3VLVideoProcessor

    numbers = SIZES[size]
    signs = {"image": "<|image_pad|>", "video": "<|video_pad|>", "vision_start": "<|vision_start|>"}
    tokenizer = tiny.make_tokenizer(
        ["<|im_start|>", *signs.values(), "<|vision_end|>"], [*ANSWERS, *(f" {word}" for word in (*ANSWERS, *WORDS))]
    )
    sizes = {"shortest_edge": pixels // 2, "longest_edge": pixels}
    processor = Qwen3VLProcessor(
        Qwen2VLImageProcessorPil(patch_size=16, size=sizes),
        tokenizer,
        Qwen3VLVideoProcessor(patch_size=16, size=sizes),
        chat_template=tiny.CHAT.replace("IMAGE", "<|vision_start|><|image_pad|><|vision_end|>"),
    )
    rope = {"rope_type": "default", "rope_theta": 5e6, "mrope_section": [24, 20, 20], "mrope_interleaved": True}
    text = {
        "vocab_size": 151936 if size == "4b" else len(tokenizer),
        "hidden_size": numbers["hidden"],
        "intermediate_size": numbers["feed_forward"],
        "num_hidden_layers": numbers["layers"],
        "num_attention_heads": numbers["heads"],
        "num_key_value_heads": numbers["heads"] // 4,
        "head_dim": 128,
        "rope_parameters": rope,
        "eos_token_id": tokenizer.eos_token_id,
    }
    vision = {
        "depth": numbers["depth"],
        "hidden_size": numbers["vision"],
        "intermediate_size": 4 * numbers["vision"],
        "num_heads": 16,
        "out_hidden_size": numbers["hidden"],
        "deepstack_visual_indexes": [0, 1],
    }
    ids = {f"{name}_token_id": tokenizer.convert_tokens_to_ids(sign) for name, sign in signs.items()}
    ids["vision_end_token_id"] = tokenizer.convert_tokens_to_ids("<|vision_end|>")
    torch.manual_seed(0)
    config = Qwen3VLConfig(text_config=text, vision_config=vision, **ids)
    config.dtype = config.text_config.dtype = torch.bfloat16 if size == "4b" else torch.float32
    with torch.device("cuda" if torch.cuda.is_available() else "cpu"):
        network = Qwen3VLForConditionalGeneration._from_config(config, dtype=config.dtype)
    network.save_pretrained(folder)
    processor.save_pretrained(folder)


def make_question(random: np.random.Generator) -> str:
    first, second, third, fourth = random.choice(WORDS, 4)
    return f"Is the {first} {second} to the left of the {third} {fourth} ?"


def measure(ask: Callable[..., Any], pictures: list[Any], questions: list[list[str]]) -> float:
    """Seconds that a picture takes, after a first one that is not counted."""
    ask(pictures[0], questions[0])
    started = time.perf_counter()
    for picture, some in zip(pictures[1:], questions[1:], strict=True):
        ask(picture, some)
    return (time.perf_counter() - started) / (len(pictures) - 1)


class Server:
    """Answers yes or no by a judge, a picture at a time: all that is asked about the one that most is asked about.

    So an engine orders what waits by what it has read of it already.
    """

    def __init__(self, judge: VisionLanguageJudge) -> None:
        self.judge, self.images, self.arrived = judge, dict[str, Any](), Condition()
        self.waiting: dict[str, list[tuple[str, Future[dict[str, float]]]]] = {}
        Thread(target=self.answer, daemon=True).start()

    def reply(self, body: dict[str, Any]) -> dict[str, Any]:
        from chat_server import read_images

        image, text = body["messages"][-1]["content"]
        if (key := image["image_url"]["url"]) not in self.images:
            self.images.setdefault(key, read_images(body)[0])
        answered: Future[dict[str, float]] = Future()
        with self.arrived:
            self.waiting.setdefault(key, []).append((text["text"], answered))
            self.arrived.notify()
        logs = [{"token": word, "logprob": log(max(share, 1e-30))} for word, share in answered.result().items()]
        return {
            "choices": [{"message": {"content": "yes"}, "logprobs": {"content": [{**logs[0], "top_logprobs": logs}]}}]
        }

    def answer(self) -> None:
        while True:
            with self.arrived:
                self.arrived.wait_for(lambda: self.waiting)
                while self.arrived.wait(timeout=0.03):  # who asks at the same time is a little later
                    pass
                key = max(self.waiting, key=lambda one: len(self.waiting[one]))
                batch = self.waiting.pop(key)
            texts = [text for text, _ in batch for _ in range(2)]
            shares = iter(self.judge.probability([self.images[key]] * len(texts), texts, ["yes", "no"] * len(batch)))
            for _, answered in batch:
                answered.set_result({word: next(shares) for word in ("yes", "no")})


def measure_server(url: str, concurrency: int, pictures: list[Any], questions: list[list[str]]) -> None:
    """Prints how fast a server answers that is asked one question after the other, and many at once."""
    asked = [one for some in questions for one in some]
    seconds = {}
    # The second time it sees other pictures, since it may know those of the first.
    for number, change in {1: ImageOps.invert, concurrency: ImageOps.mirror}.items():
        judge = EndpointJudge(url, concurrency=number)
        judge.probability(pictures[:1], ["Is it red?"], ["yes"])
        shown = [one for picture in map(change, pictures) for one in [picture] * len(questions[0])]
        started = time.perf_counter()
        judge.probability(shown, asked, ["yes"] * len(asked))
        seconds[number] = time.perf_counter() - started
    print(f"{judge.id}, {len(questions[0])} questions a picture")
    for number, one in seconds.items():
        print(f"{number:3} at once {len(pictures) / one:8.2f} pictures/s {seconds[1] / one:6.1f} times as fast")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--pictures", type=int, default=3, help="the first is not counted")
    parser.add_argument("--questions", type=int, default=20, help="about each picture")
    parser.add_argument("--pixels", type=int, default=300 * 32 * 32, help="of a picture: 32 x 32 are a token")
    parser.add_argument("--url", help="measure this server instead, such as http://localhost:8000")
    parser.add_argument("--concurrency", type=int, default=64, help="questions that the server has in hand at once")
    options = parser.parse_args()
    random = np.random.default_rng(0)
    side = int(options.pixels**0.5)
    pixels = random.integers(0, 255, (options.pictures, 24, 24, 3), dtype=np.uint8)
    pictures = [Image.fromarray(one).resize((side, side)) for one in pixels]  # noise would be sent as megabytes
    questions = [[make_question(random) for _ in range(options.questions)] for _ in pictures]
    if options.url:
        measure_server(options.url, options.concurrency, pictures, questions)
        return
    with tempfile.TemporaryDirectory() as folder:
        save_model(Path(folder), options.size, options.pixels)
        judge = VisionLanguageJudge(folder, batch_size=options.questions)

    def ask_together(picture: Any, some: list[str]) -> list[float]:
        return judge.probability([picture] * len(some), some, ["yes"] * len(some))

    def ask_each(picture: Any, some: list[str]) -> list[float]:
        return [judge.probability([picture], [one], ["yes"])[0] for one in some]

    def ask_copies(picture: Any, some: list[str]) -> list[float]:
        return judge.probability([picture.copy() for _ in some], some, ["yes"] * len(some))

    ways = {"one call a question": ask_each, "in a batch": ask_copies, "sharing the picture": ask_together}
    seconds = {name: measure(ask, pictures, questions) for name, ask in ways.items()}
    where = torch.cuda.get_device_name() if judge.device == "cuda" else f"{torch.get_num_threads()} CPU threads"
    print(f"{options.size}, {options.questions} questions a picture, {where}")
    for name, one in seconds.items():
        print(f"{name:22} {1 / one:8.2f} pictures/s {seconds['one call a question'] / one:6.1f} times as fast")
    from chat_server import ChatServer

    with ChatServer(Server(judge).reply).run() as server:
        measure_server(server.url, options.concurrency, pictures, questions)
    together, each = ask_together(pictures[0], questions[0]), ask_each(pictures[0], questions[0])
    print(f"largest difference of a probability: {max(abs(a - b) for a, b in zip(together, each, strict=True)):.1e}")


if __name__ == "__main__":
    main()
