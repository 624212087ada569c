"""A server that words sandbox scenes anew by rules, behind the API that `paraphrase.url` takes; no language model.

`python docs/paraphrase_by_rules.py 8917` serves until it is stopped.
"""

from __future__ import annotations

import json
import random
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL = "rules"
MIRRORED = {
    "above": "below",
    "below": "above",
    "to the left of": "to the right of",
    "to the right of": "to the left of",
}
ONE = ("{a} can be seen.", "We see {a}.", "The image has {a} in it.")
TWO = ("{a} and {b} can be seen.", "We see {b} and {a}.", "{b} is shown along with {a}.")
JOINED = (
    "{there} {b} there is {a}.",
    "{b} has {a} {there} it.",
    "{a}, which is {there} {b}, can be seen.",
    "{b} is {back} {a}.",
    "We see {b}, and {there} it we see {a}.",
)
"""Wordings of one thing, of two, and of two that a relation joins: `there` from the first to the other."""
SCENE = re.compile(r"^Input: (\{.*\})$", re.MULTILINE)


def word_scene(scene: dict[str, Any], seed: int) -> str:
    """Words a scene of one or two things, as the template of paraphrases shows it."""
    chance = random.Random(seed)
    things = [_name(one, chance) for one in scene["nodes"]]
    if scene["edges"]:
        (edge,) = scene["edges"]
        names = [one["id"] for one in scene["nodes"]]
        a, b = (things[names.index(edge[end])] for end in ("source", "target"))
        text = chance.choice(JOINED).format(a=a, b=b, there=edge["relation"], back=MIRRORED[edge["relation"]])
    else:
        text = chance.choice(TWO if len(things) > 1 else ONE).format(**dict(zip("ab", things, strict=False)))
    return text[0].upper() + text[1:]


def _name(node: dict[str, Any], chance: random.Random) -> str:
    words = node["attributes"]
    if words and chance.random() < 0.5:
        return f"a {node['name']} that is {' and '.join(words)}"
    return " ".join(["a", *words, node["name"]])


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._send({"object": "list", "data": [{"id": MODEL, "object": "model"}]})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        prompt = asked["messages"][-1]["content"]
        text = prompt if isinstance(prompt, str) else prompt[-1]["text"]
        found = SCENE.search(text)
        assert found is not None, "the prompt shows no scene"
        content = word_scene(json.loads(found[1]), asked.get("seed", 0))
        self._send({"choices": [{"index": 0, "message": {"role": "assistant", "content": content}}]})

    def _send(self, reply: dict[str, Any]) -> None:
        body = json.dumps(reply).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Keeps standard error for what is made."""


@contextmanager
def serve(port: int) -> Iterator[str]:
    """Serves in a thread, and gives the address."""
    server = ThreadingHTTPServer(("127.0.0.1", port), _Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


if __name__ == "__main__":
    with serve(int(sys.argv[1])) as address:
        print(address)
        threading.Event().wait()
