"""A server in a thread, pictures of rows, and what asks about them."""

import base64
import json
import pickle
import threading
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO

import uvicorn
from generate_any_scene.training.sandbox.pictures import choose_seed, draw_scene
from generate_any_scene.training.serving.app import Server, create_app
from generate_any_scene.training.serving.running import open_socket
from PIL import Image


def draw(row):
    """A picture in which all is right, large enough for JPEG to leave its shapes as they are."""
    small = draw_scene(row["scene_graph"], choose_seed(row["caption"]))
    return small.resize((288, 288), Image.Resampling.NEAREST)


def save(picture, kind="PNG"):
    file = BytesIO()
    picture.save(file, kind)
    return file.getvalue()


@dataclass
class Running:
    """A server that runs, and how to ask it."""

    url: str
    server: Server
    told: list
    uvicorn: uvicorn.Server

    def post(self, path, body, timeout=60):
        """The status and the bytes of an answer."""
        request = urllib.request.Request(self.url + path, body, {"Content-Type": "application/octet-stream"})
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=30) as answer:
            return answer.read().decode()

    def ask_unirl(self, *pairs, rewards=("gas",), **kept):
        asked = [
            {"history": [{"text": text, "image_b64": encode(file)}], "required_rewards": list(rewards), **kept}
            for text, file in pairs
        ]
        status, answer = self.post("/score", json.dumps({"requests": asked}).encode())
        return status, json.loads(answer)

    def ask_flow_factory(self, *pairs):
        body = {"prompt": [text for text, _ in pairs], "image": [encode(file) for _, file in pairs]}
        status, answer = self.post("/compute", json.dumps(body).encode())
        return status, json.loads(answer)

    def ask_pickled(self, *pairs):
        body = {"images": [file for _, file in pairs], "prompts": [text for text, _ in pairs], "metadata": {}}
        status, answer = self.post("/", pickle.dumps(body))
        return status, pickle.loads(answer)

    def count(self, name, **labels):
        return self.server.telemetry.registry.get_sample_value(name, labels)


def encode(file):
    return base64.b64encode(file).decode()


@contextmanager
def run(server, told):
    opened = open_socket("127.0.0.1", 0)
    config = uvicorn.Config(create_app(server), log_level="warning", access_log=False, timeout_graceful_shutdown=60)
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, args=([opened],))
    thread.start()
    try:
        yield Running(f"http://127.0.0.1:{opened.getsockname()[1]}", server, told, running)
    finally:
        running.should_exit = True
        thread.join(60)
        opened.close()
        assert not thread.is_alive()
