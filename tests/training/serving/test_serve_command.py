"""`gas serve`, as users start and stop it."""

import json
import re
import signal
import socket
import urllib.request

import pytest
from reward_clients import encode


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_how_clients_are_pointed_at_it_and_stops(number, start, shapes, rows, show):
    process, lines = start(str(shapes), "--judge", "sandbox")
    url = re.match(r"(http://127\.0\.0\.1:\d+): 80 rows, \d+ prompts, judged by sandbox$", lines[0])[1]
    text = "\n".join(lines)
    assert f"base_url: {url}, required_rewards: [gas]" in text
    assert f"RemotePointwiseRewardModel, server_url: {url}" in text
    assert f'url = "{url}" in geneval_score' in text
    assert f"+reward.reward_functions.gas.required=true +reward.reward_functions.gas.server_url={url}" in text
    assert "prompts stand in several rows" in text
    body = json.dumps({"prompt": [rows[0]["caption"]], "image": [encode(show(rows[0]))]}).encode()
    with urllib.request.urlopen(f"{url}/compute", body, timeout=60) as answer:
        assert json.load(answer)["rewards"] == [pytest.approx(1)]
    with urllib.request.urlopen(f"{url}/metrics", timeout=60) as answer:
        assert 'gas_pictures_total{outcome="scored"} 1.0' in answer.read().decode()
    process.send_signal(number)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 0
    assert told.endswith("stopped; 1 pictures scored\n")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["sandbox", "--judge", "sandbox", "--host", "0.0.0.0"], "lets other machines ask this one"),
        (["sandbox", "--judge", "sandbox", "--host", "no.such.host.invalid"], "is no address of this machine"),
        (["sandbox", "--judge", "sandbo"], "there is no judge `sandbo`; did you mean `sandbox`?"),
        (["sandbox", "--judge", "sandbox", "--set", "batches=3"], "did you mean `batch`?"),
        (["sandbox", "--judge", "sandbox", "--set", "pixels=none"], "pixels"),
        (["sandbo", "--judge", "sandbox"], "`sandbo`"),
    ],
)
def test_wrong_arguments_are_told_before_anything_is_served(arguments, told, gas):
    status, out, err = gas("serve", *arguments, "--port", "0")
    assert (status in (1, 2), out) == (True, "")
    assert told in err
    assert "Traceback" not in err


def test_a_judge_that_cannot_be_asked_is_told_at_once(gas, empty):
    one = {
        "question": "What is the fox doing?",
        "answer": "jumping",
        "choices": [],
        "form": "open",
        "kind": "relation",
    }
    (empty / "rows.jsonl").write_text(json.dumps({"prompt": "a fox jumps", "questions": json.dumps([one])}))
    status, _, err = gas("serve", "rows.jsonl", "--judge", "sandbox", "--port", "0")
    assert (status, "the sandbox's judge does not understand" in err) == (2, True)


def test_a_port_that_is_taken_is_told(gas):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, _, err = gas("serve", "sandbox", "--judge", "sandbox", "--port", str(port))
    assert status == 1
    assert f"port {port} of 127.0.0.1 cannot be taken" in err
    assert "choose another with --port" in err
