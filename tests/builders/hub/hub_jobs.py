"""Jobs of the Hub: each runs, with its own command, as a process that has what its container would have.

A job sees the environment and the secrets of its request and nothing else of who started it: no token, no address of
the Hub, no file of the user. `HubServer.images` names the images that there are.
"""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import generate_any_scene
from hub_calls import paginate
from hub_repositories import HubError

NAMESPACE = "(?P<namespace>[^/]+)"
HARDWARE = [
    ("cpu-basic", "CPU Basic", "2 vCPU", "16 GB", 0.000167),
    ("cpu-upgrade", "CPU Upgrade", "8 vCPU", "32 GB", 0.0005),
    ("cpu-xl", "CPU XL", "16 vCPU", "124 GB", 0.016667),
]
SPEC = {
    "command",
    "arguments",
    "environment",
    "flavor",
    "secrets",
    "timeoutSeconds",
    "labels",
    "dockerImage",
    "spaceId",
}


@dataclass
class Accident:
    """What befalls the next job.

    Attributes:
        when: Asked again and again while the job runs, until it is true.
        what: "kill" (its machine fails), "lose" (and the Hub forgets it), or "stop" (it does nothing any more).
    """

    what: str
    when: Callable[[], bool] = lambda: True


@dataclass(eq=False)
class Job:
    """A job and its process."""

    id: str
    namespace: str
    spec: dict
    created: datetime
    process: subprocess.Popen | None = None
    started: datetime | None = None
    stage: str = "SCHEDULING"
    message: str | None = None
    log: list[str] = field(default_factory=list)
    stopped: bool = False

    def describe(self) -> dict:
        """What the Hub tells of it; secrets by their names alone."""
        return {
            "id": self.id,
            "createdAt": f"{self.created:%Y-%m-%dT%H:%M:%S.000Z}",
            "startedAt": f"{self.started:%Y-%m-%dT%H:%M:%S.000Z}" if self.started else None,
            **{key: value for key, value in self.spec.items() if key not in ("secrets", "timeoutSeconds")},
            "secrets": dict.fromkeys(self.spec.get("secrets", {}), ""),
            "status": {"stage": self.stage, "message": self.message},
            "owner": {"id": self.namespace, "name": self.namespace, "type": "user"},
        }

    def end(self, stage: str, message: str | None = None) -> None:
        """Ends it, if it has not ended."""
        if self.stage in ("SCHEDULING", "RUNNING"):
            self.stage, self.message = stage, message
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)

    def go_on(self) -> None:
        """Lets it work after it was stopped."""
        os.killpg(self.process.pid, signal.SIGCONT)
        self.stopped = False

    def run(self, hub, accident: Accident | None) -> None:
        """Runs it to its end, or to its timeout."""
        ends = time.monotonic() + self.spec.get("timeoutSeconds", 1800)
        with tempfile.TemporaryDirectory() as home:
            if self.spec.get("dockerImage") not in hub.images:
                self.end("ERROR", "Failed to pull the image")
                return
            self.process = subprocess.Popen(
                [*self.spec["command"], *self.spec["arguments"]],
                env=describe_container(hub, home) | self.spec["environment"] | self.spec.get("secrets", {}),
                cwd=home,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
            self.started, self.stage = datetime.now(UTC), "RUNNING"
            reader = threading.Thread(target=lambda: self.log.extend(self.process.stdout), daemon=True)
            reader.start()
            while self.process.poll() is None:
                if time.monotonic() > ends:
                    self.end("ERROR", "Job timeout")
                elif accident and accident.when():
                    befall(hub, self, accident.what)
                    accident = None
                time.sleep(0.01)
            reader.join()
        code = self.process.returncode
        self.end("ERROR" if code else "COMPLETED", f"Job failed with exit code: {code}" if code else None)


def describe_container(hub, home: str) -> dict[str, str]:
    """The environment of an image that has this package, on a machine that reaches this Hub alone."""
    outside = hub.environment(home, token=None, xet=False)
    del outside["HF_ENDPOINT"], outside["HF_TOKEN"]
    return {
        **outside,
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "PYTHONPATH": str(Path(generate_any_scene.__file__).parent.parent),
        "HOME": home,
        "XDG_CACHE_HOME": os.environ["XDG_CACHE_HOME"],  # structures, which any machine would find anew
    }


def befall(hub, job: Job, what: str) -> None:
    if what == "stop":
        os.killpg(job.process.pid, signal.SIGSTOP)
        job.stopped = True
        return
    if what == "lose":
        del hub.jobs[job.id]
    job.end("ERROR", "Machine failure")


def find_namespace(call, namespace: str) -> None:
    call.require_user()
    if namespace not in call.user.namespaces or call.user.role != "write":
        raise HubError(403, f"You don't have the rights to run jobs in the namespace {namespace}")


def start_job(call, namespace):
    find_namespace(call, namespace)
    if unknown := call.json.keys() - SPEC:
        raise HubError(400, f"Unknown keys: {unknown}")
    if call.json["flavor"] not in {name for name, *_ in HARDWARE}:
        raise HubError(400, "Unknown flavor")
    with call.hub.lock:
        job = Job(f"{len(call.hub.started_jobs):024x}", namespace, call.json, datetime.now(UTC))
        call.hub.jobs[job.id] = job
        call.hub.started_jobs.append(job)
        accident = call.hub.accidents.pop(0) if call.hub.accidents else None
    threading.Thread(target=run_guarded, args=(call.hub, job, accident), daemon=True).start()
    return job.describe()


def run_guarded(hub, job: Job, accident: Accident | None) -> None:
    """A bug of ours fails the test."""
    try:
        job.run(hub, accident)
    except Exception as error:
        hub.errors.append(error)
        job.end("ERROR", repr(error))


def list_jobs(call, namespace):
    find_namespace(call, namespace)
    labels = [label.split("=", 1) for label in call.query.get("label", [])]
    stages = call.query.get("stage", [])
    with call.hub.lock:
        jobs = [job for job in call.hub.jobs.values() if job.namespace == namespace]
    fits = [job for job in jobs if all(job.spec.get("labels", {}).get(key) == value for key, value in labels)]
    return paginate(call, [job.describe() for job in fits if not stages or job.stage in stages], 2)


def find_job(call, namespace, job) -> Job:
    find_namespace(call, namespace)
    if job not in call.hub.jobs:
        raise HubError(404, "Job not found")
    return call.hub.jobs[job]


def tell_job(call, namespace, job):
    return find_job(call, namespace, job).describe()


def cancel_job(call, namespace, job):
    find_job(call, namespace, job).end("CANCELED")
    return {}


def list_hardware(call):
    return [
        {
            "name": name,
            "prettyName": pretty,
            "cpu": cpu,
            "ram": ram,
            "unitCostMicroUSD": round(cost * 1e6),
            "unitCostUSD": cost,
            "unitLabel": "minute",
        }
        for name, pretty, cpu, ram, cost in HARDWARE
    ]


ROUTES = [
    ("GET", "/api/jobs/hardware", list_hardware),
    ("POST", f"/api/jobs/{NAMESPACE}", start_job),
    ("GET", f"/api/jobs/{NAMESPACE}", list_jobs),
    ("GET", f"/api/jobs/{NAMESPACE}/(?P<job>[^/]+)", tell_job),
    ("POST", f"/api/jobs/{NAMESPACE}/(?P<job>[^/]+)/cancel", cancel_job),
]
