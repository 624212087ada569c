"""A small OpenAI-compatible server, which misbehaves on demand."""

import base64
import json
import sys
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO

REPLY = {"choices": [{"message": {"role": "assistant", "content": "Yes."}, "logprobs": None}]}


class ChatServer:
    """Answers `POST /v1/chat/completions`, and images' API, by `reply(body)`, or by its status and what it gives.

    Attributes:
        models, version: What `/v1/models` and `/version` tell; without a version there is no such place.
        places: What other places tell, by their paths.
        moods: What goes wrong with the requests to come, one after the other: "" for nothing, a status with its
            headers, seconds to wait, or a name that `_misbehave` knows.
        mood: What goes wrong with all requests that `moods` says nothing of.
        bodies, headers, times: What was asked, by whom, when.
        most_in_flight: How many requests it has had in hand at once.
    """

    def __init__(self, reply=lambda body: REPLY, models=("tiny",), owner="vllm", version="0.33.0"):
        self.reply, self.version, self.mood, self.moods, self.places = reply, version, "", [], {}
        self.models = [{"id": name, "object": "model", "owned_by": owner, "max_model_len": 2048} for name in models]
        self.bodies, self.headers, self.times = [], [], []
        self.in_flight, self.most_in_flight, self.lock = 0, 0, threading.Lock()
        self.http = _Quiet(("127.0.0.1", 0), type("Handler", (_Handler,), {"chat": self}))
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}"

    @contextmanager
    def run(self):
        thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.http.shutdown()
            self.http.server_close()
            thread.join()

    @property
    def images(self):
        """The images of each request, as they arrived."""
        return [read_images(body) for body in self.bodies]

    @property
    def texts(self):
        """The text of each request that stands at the end of its last message."""
        return [body["messages"][-1]["content"][-1]["text"] for body in self.bodies]


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):  # who asked has gone, as some are meant to
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    chat: ChatServer

    def log_message(self, *_):
        pass

    def do_GET(self):
        if self.path == "/v1/models" and self.chat.models is not None:
            if isinstance(self.chat.mood, tuple):
                return self._misbehave(self.chat.mood)
            return self._send({"object": "list", "data": self.chat.models})
        if self.path == "/version" and self.chat.version:
            return self._send({"version": self.chat.version})
        if (place := self.path.partition("?")[0]) in self.chat.places:
            return self._send(self.chat.places[place])
        return self._misbehave((404, {}))

    def do_POST(self):
        chat = self.chat
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with chat.lock:
            chat.bodies.append(body)
            chat.headers.append(dict(self.headers))
            chat.times.append(time.monotonic())
            mood = chat.moods.pop(0) if chat.moods else chat.mood
            chat.in_flight += 1
            chat.most_in_flight = max(chat.most_in_flight, chat.in_flight)
        try:
            if isinstance(mood, float):
                time.sleep(mood)
            reply = None if mood and not isinstance(mood, float) else chat.reply(body)
        finally:
            with chat.lock:
                chat.in_flight -= 1
        if isinstance(reply, tuple):
            return self._send(reply[1], reply[0])
        return self._send(reply) if reply else self._misbehave(mood)

    def _misbehave(self, mood):
        match mood:
            case (int() as status, headers):
                key = self.headers.get("Authorization", "")
                self._send({"error": {"message": f"status {status} for\n {key}"}}, status, headers)
            case "cut":
                self._send_text('{"choices": [{"mess', length=1000)
            case "drop":
                self.close_connection = True
            case "half of JSON":
                self._send_text('{"choices": [{"mess')
            case "deep JSON":
                self._send_text("[" * 100_000)
            case "a page":
                self._send_text("<html>Welcome</html>", kind="text/html")
            case "a list":
                self._send([1])
            case "no choices":
                self._send({"choices": []})
            case "no log-probabilities":
                self._send(REPLY)
            case "half a log-probability":
                step = {"token": "Yes", "logprob": -0.1, "top_logprobs": [{"token": "Yes"}]}
                self._send({"choices": [{"message": {"content": "Yes"}, "logprobs": {"content": [step]}}]})
            case _:
                raise ValueError(mood)

    def _send(self, value, status=200, headers=None):
        self._send_text(json.dumps(value), status, headers or {})

    def _send_text(self, text, status=200, headers=(), kind="application/json", length=None):
        data = text.encode()
        self.send_response(status)
        for name, value in {**dict(headers), "Content-Type": kind, "Content-Length": length or len(data)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(data)
        self.close_connection = self.close_connection or length is not None


def read_images(body):
    from PIL import Image

    parts = [part for message in body["messages"] if message["role"] == "user" for part in message["content"]]
    urls = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
    return [Image.open(BytesIO(base64.b64decode(url.removeprefix("data:image/png;base64,")))) for url in urls]


def reply_by(judge):
    """What a server replies by the model of a `VisionLanguageJudge`, with the log-probabilities that are asked for."""
    lock = threading.Lock()

    def reply(body):
        images = iter(read_images(body))
        chat = [
            {
                "role": message["role"],
                "content": [
                    {"type": "image", "image": next(images)} if part["type"] == "image_url" else part
                    for part in message["content"]
                ]
                if isinstance(message["content"], list)
                else [{"type": "text", "text": message["content"]}],
            }
            for message in body["messages"]
        ]
        with lock:
            return _generate(judge, chat, body)

    return reply


def _generate(judge, chat, body):
    import torch

    tokenizer = judge.processor.tokenizer
    inputs = judge.processor.apply_chat_template(
        chat,
        add_generation_prompt=True,
        tokenize=True,
        return_dict=True,
        return_tensors="pt",
        **body.get("chat_template_kwargs", {}),
    )
    options = {"max_new_tokens": body["max_tokens"], "return_dict_in_generate": True, "output_logits": True}
    with torch.inference_mode():
        made = judge.network.generate(**inputs, **options)
    tokens = made.sequences[0, inputs["input_ids"].shape[1] :].tolist()
    steps = []
    for token, logits in zip(tokens, made.logits, strict=True):
        shares = logits[0].log_softmax(-1)
        best = shares.topk(min(body.get("top_logprobs", 1), len(shares)))
        pairs = zip(best.indices.tolist(), best.values.tolist(), strict=True)
        likely = [_describe(tokenizer, *pair) for pair in pairs]
        steps.append({**_describe(tokenizer, token, shares[token].item()), "top_logprobs": likely})
    text = tokenizer.decode(tokens, skip_special_tokens=True)
    choice = {"message": {"content": text}, "logprobs": {"content": steps} if body.get("logprobs") else None}
    usage = {"prompt_tokens": inputs["input_ids"].shape[1], "completion_tokens": len(tokens)}
    return {"object": "chat.completion", "choices": [choice], "usage": usage}


def _describe(tokenizer, token, logprob):
    return {"token": tokenizer.decode([token]), "logprob": logprob}
