"""`hearthwatch up` and `serve` as processes: started, used, stopped, refused."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.standin import Standin
from tests.support import watched
from tests.support.person import write_credentials

LOOKS = 6


@dataclass(frozen=True, slots=True)
class Up:
    process: subprocess.Popen[str]
    url: str
    key: str | None

    def client(self, key: str | None = None) -> httpx.Client:
        headers = {"Authorization": f"Bearer {key or self.key}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    watched.write_looks(tmp_path / "looks", LOOKS)
    return watched.prepare(tmp_path / "var")


@contextmanager
def started(command: str, root: Path, *more: str) -> Iterator[Up]:
    words = [sys.executable, "-m", "hearthwatch.cli", command, "--json", "--port", "0"]
    process = subprocess.Popen(
        [*words, "--data-dir", str(root), *more],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=root,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.communicate()[1]
        said = json.loads(line)
        yield Up(process, said["url"], said["key"])
    finally:
        process.kill()
        process.communicate()


def up(root: Path) -> AbstractContextManager[Up]:
    return started("up", root, "--catalogue", str(root.parent / "looks"))


def wait_for(client: httpx.Client, job: str, seconds: float = 60) -> dict[str, object]:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = client.get(f"/jobs/{job}").json()
        if found["state"] not in ("waiting", "running"):
            return found
        time.sleep(0.2)
    pytest.fail(f"the job did not end: {found}")


def stop(process: subprocess.Popen[str], number: int) -> None:
    process.send_signal(number)
    assert process.wait(60) == 0
    assert process.stdout is not None
    assert json.loads(process.stdout.read()) == {"stopped": True}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_takes_looks_by_itself_and_stops_cleanly(root: Path, number: int) -> None:
    with up(root) as service, service.client() as client:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            region = client.get("/regions/region-1").json()["properties"]["status"]
            if region["job"] and region["job"]["state"] == "complete":
                break
            time.sleep(0.2)
        assert region["looks"] == LOOKS
        stop(service.process, number)


def test_what_is_asked_for_is_done(root: Path) -> None:
    with up(root) as service, service.client() as client:
        job = client.post("/jobs", json={"region": "region-1"}).json()
        ended = wait_for(client, job["id"])
        assert ended["state"] == "complete"
        assert client.get("/regions/region-1").json()["properties"]["status"]["looks"] == LOOKS


@pytest.mark.slow
def test_scenes_that_cannot_be_read_are_told(root: Path) -> None:
    for file in (root.parent / "looks").rglob("*/*.json"):
        file.write_text("{")
    with up(root) as service, service.client() as client:
        job = client.post("/jobs", json={"region": "region-1"}).json()
        ended = wait_for(client, job["id"])
        assert f"{LOOKS} items of the catalogue could not be read" in str(ended["detail"])


@pytest.mark.slow
def test_a_catalogue_that_is_gone_fails_the_job_and_not_the_service(root: Path) -> None:
    with up(root) as service, service.client() as client:
        wait_for(client, client.post("/jobs", json={"region": "region-1"}).json()["id"])
        shutil.rmtree(root.parent / "looks")
        job = client.post("/jobs", json={"region": "region-1"}).json()
        ended = wait_for(client, job["id"])
        assert ended["state"] == "failed"
        assert "catalogue" in str(ended["detail"])
        assert client.get("/healthz").status_code == 200


def test_the_key_is_shown_once_and_kept_hashed(root: Path) -> None:
    with up(root) as service:
        first = service.key
        assert first is not None
        stop(service.process, signal.SIGTERM)
    with up(root) as service:
        assert service.key is None
        with service.client(first) as client:
            assert client.get("/whoami").json()["role"] == "admin"
    # The secret may hold underscores itself.
    secret = first.split("_", 2)[2].encode()
    assert all(secret not in file.read_bytes() for file in root.rglob("*") if file.is_file())


@pytest.mark.slow
def test_a_second_one_is_refused_and_says_who_holds_it(root: Path) -> None:
    with up(root) as service:
        done = _run("up", root, "--catalogue", str(root.parent / "looks"), "--port", "0")
        assert done.returncode == 15
        assert str(service.process.pid) in done.stderr


def test_serve_lets_a_run_beside_it_do_what_was_asked_for(root: Path) -> None:
    with started("serve", root) as service, service.client() as client:
        job = client.post("/jobs", json={"region": "region-1"}).json()
        assert job["state"] == "waiting"
        done = _run("run", root, "--catalogue", str(root.parent / "looks"))
        assert done.returncode == 0, done.stderr
        assert client.get(f"/jobs/{job['id']}").json()["state"] == "complete"
        assert client.get("/regions/region-1").json()["properties"]["status"]["looks"] == LOOKS
        stop(service.process, signal.SIGTERM)


def test_a_taken_port_is_named(root: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = _run("serve", root, "--port", str(port))
    assert done.returncode == 20
    assert f"127.0.0.1:{port}" in done.stderr and "--port" in done.stderr


@pytest.mark.slow
def test_a_revoked_key_opens_nothing_at_once(root: Path) -> None:
    with started("serve", root) as service:
        made = json.loads(_run("key", root, "add", "map", "--role", "viewer", "--json").stdout)
        with service.client(made["key"]) as client:
            assert client.get("/whoami").json()["name"] == "map"
            assert _run("key", root, "revoke", made["id"]).returncode == 0
            assert client.get("/whoami").status_code == 401
        listed = _run("key", root, "list").stdout
        assert made["id"] in listed and made["key"] not in listed


def _run(command: str, root: Path, *more: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "hearthwatch.cli", command, *more, "--data-dir", str(root)]
    return subprocess.run(words, capture_output=True, text=True, timeout=120, cwd=root)


@pytest.mark.slow
def test_news_of_products_is_read_where_it_is_subscribed_to(root: Path) -> None:
    with Standin(root.parent / "looks") as server:
        secret = write_credentials(root / "person.json", server)
        (root / "hearthwatch.toml").write_text(
            f'subscription_credentials = "{secret}"\n'
            f'subscription_url = "{server.subscriptions_url}"\n'
            f'subscription_token_url = "{server.person_token_url}"\n'
        )
        with up(root) as service:
            until = time.monotonic() + 60
            while not any(call.path.endswith("/Read") for call in server.calls("subscriptions")):
                assert time.monotonic() < until
                time.sleep(0.2)
            stop(service.process, signal.SIGTERM)
        assert server.tokens.sessions == 1
