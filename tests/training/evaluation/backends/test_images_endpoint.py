"""Pictures by a server with the images API, which misbehaves on demand."""

import base64
import functools
import http.server
import threading
from io import BytesIO

import pytest
from chat_server import ChatServer
from generate_any_scene.errors import GasError
from generate_any_scene.training.evaluation.backends.loading import check_backend, open_backend
from generate_any_scene.training.evaluation.making import make_pictures
from PIL import Image


def draw(body, form="PNG"):
    buffer = BytesIO()
    Image.new("RGB", (8, 8), (body["seed"] % 256, len(body["prompt"]), 0)).save(buffer, format=form)
    return buffer.getvalue()


def reply(body, form="PNG", **more):
    picture = {"b64_json": base64.b64encode(draw(body, form)).decode(), **more}
    return {"created": 1, "data": [picture], "usage": {"input_tokens": 5, "output_tokens": 100}}


@pytest.fixture
def server():
    with ChatServer(reply, models=("painter",)).run() as running:
        yield running


@pytest.fixture
def make(load, make_scenes, tmp_path, server):
    """Makes pictures of scenes, and gives the backend, too."""

    def make_all(scenes=4, **settings):
        recipe = load({"backend": "images_endpoint", "url": server.url, "retries": 2, "timeout": 5, **settings})
        backend = open_backend(recipe.pictures, recipe)
        return make_pictures(backend, make_scenes(scenes), recipe, tmp_path / "run"), backend

    return make_all


REFUSAL = {"error": {"code": "content_policy_violation", "message": "Your request was rejected"}}


def test_each_picture_is_asked_for_by_itself(make, server):
    server.mood = 0.2  # so that some are in hand at once
    found, backend = make(count=2, concurrency=3, options={"size": "64x64"})
    assert sum(map(len, found.pictures.values())) == 8 and 1 < server.most_in_flight <= 3
    body = next(body for body in server.bodies if body["prompt"] == "a star")
    assert body == {"model": "painter", "prompt": "a star", "n": 1, "seed": body["seed"], "size": "64x64"}
    assert len({body["seed"] for body in server.bodies}) == 8
    assert backend.id == "painter"
    assert backend.record == {
        "server": "vllm", "version": "0.33.0", "root": None, "options": {"size": "64x64"}, "send_seed": True,
    }  # fmt: skip
    notes = {"answered": 8, "failed": 0, "tokens_read": 40, "tokens_written": 800, "refused": {}, "revised_prompts": 0}
    assert backend.notes == {**notes, "url": f"{server.url}/v1", "first_failure": None}


def test_pictures_are_kept_as_they_were_sent(make, server):
    server.reply = functools.partial(reply, form="JPEG", revised_prompt="a big star")
    found, backend = make(scenes=1)
    assert found.pictures["sandbox/test/000000000"] == ["sandbox/test/000000000.jpg"]
    assert (found.root / "sandbox/test/000000000.jpg").read_bytes() == draw(server.bodies[0], "JPEG")
    assert backend.notes["revised_prompts"] == 1


def test_seeds_are_left_out_where_a_server_refuses_them(make, server):
    server.reply = lambda body: reply({**body, "seed": 3})
    make(scenes=1, send_seed=False)
    assert "seed" not in server.bodies[0]


def test_pictures_are_loaded_from_urls_without_the_key(make, server, tmp_path, monkeypatch):
    seen = []

    class Files(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append(self.headers.get("Authorization"))
            data = draw({"seed": 1, "prompt": ""})
            self.send_response(200 if self.path == "/a.png" else 404)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    monkeypatch.setenv("PAINTER_KEY", "secret")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files) as files:
        threading.Thread(target=files.serve_forever, daemon=True).start()
        place = f"http://127.0.0.1:{files.server_port}"
        names = {"a circle": f"{place}/a.png", "a square": f"{place}/b.png", "a star": "nowhere"}
        inline = f"data:image/png;base64,{base64.b64encode(draw({'seed': 1, 'prompt': ''})).decode()}"
        server.reply = lambda body: {"data": [{"url": names.get(body["prompt"], inline)}]}
        found, _ = make(api_key="PAINTER_KEY")
        files.shutdown()
    assert [scene[-1] for scene in found.pictures] == ["0", "3"] and seen == [None, None]
    assert "404" in found.not_made["sandbox/test/000000001"] and "secret" not in str(found.not_made)
    assert {name.lower(): value for name, value in server.headers[0].items()}["authorization"] == "Bearer secret"


def test_what_fails_for_a_passing_reason_is_asked_for_again(make, server):
    server.moods = [(429, {"Retry-After": "0.05"}), (503, {"Retry-After": "0.05"}), "", "drop", ""]
    found, backend = make()
    assert not found.without and not backend.notes["failed"]


@pytest.mark.parametrize(
    ("mood", "reason"),
    [
        ("cut", "no connection"),
        ("half of JSON", "cannot be read"),
        ("a page", "no reply of an OpenAI-compatible server"),
        ("a list", "no reply of an OpenAI-compatible server"),
        ("no choices", "no reply of an OpenAI-compatible server"),
        ("deep JSON", "cannot be read"),
        ((400, {}), "HTTP 400"),
        (9.0, "no reply within 1 seconds"),
    ],
)
def test_one_that_fails_for_good_is_not_made(make, server, mood, reason):
    server.moods = ["", mood]
    found, backend = make(concurrency=1, retries=0, timeout=1 if mood == 9.0 else 5)
    (said,) = found.not_made.values()
    assert reason in said and said == backend.notes["first_failure"] and len(found.pictures) == 3
    assert "\n" not in said and len(said) < 1000


@pytest.mark.parametrize("data", [{"b64_json": "%%"}, {"b64_json": "aGFsZg=="}, {}, {"b64_json": None, "url": None}])
def test_what_is_no_picture_is_not_made(make, server, data):
    server.reply = lambda body: {"data": [data]} if body["prompt"] == "a star" else reply(body)
    found, _ = make()
    assert list(found.not_made) == found.without == ["sandbox/test/000000002"]


def test_refusals_are_counted_and_are_no_failures(make, server):
    refusing = functools.partial(refuse, server)
    server.reply = lambda body: refusing(body) if body["prompt"] == "a star" else reply(body)
    found, backend = make(scenes=12, concurrency=2)
    assert set(found.not_made.values()) == {"refused: content_policy_violation"} and len(found.pictures) == 9
    assert backend.notes["refused"] == {"content_policy_violation": 3} and backend.notes["failed"] == 0


def test_refusals_of_all_stop_it_with_their_reason(make, server):
    server.reply = functools.partial(refuse, server)
    with pytest.raises(GasError, match="no picture could be made: refused: content_policy_violation"):
        make(scenes=100)


def refuse(server, body):
    return 400, REFUSAL


def test_a_server_that_fails_stops_it(make, server):
    server.mood = (500, {})
    server.models = [{"id": "painter"}]
    with pytest.raises(GasError, match="HTTP 500") as caught:
        make(retries=0, scenes=20, concurrency=2)
    assert caught.value.exit_status == 1


def test_options_that_stand_elsewhere_are_refused(load):
    recipe = load({"backend": "images_endpoint", "url": "http://localhost:1", "options": {"n": 4, "size": "8x8"}})
    assert [problem.key for problem in check_backend(recipe.pictures)] == ["pictures.options.n"]
    with pytest.raises(GasError, match="the maker of pictures at http://localhost:1/v1: no connection"):
        open_backend(load({"backend": "images_endpoint", "url": "http://localhost:1", "retries": 0}).pictures, recipe)
