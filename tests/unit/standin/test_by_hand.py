"""The stand-in as a person starts it."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.standin.__main__ import years_since
from tests.support.catalogue import make_catalogue, uniform
from tests.support.plain_client import ask
from tests.support.waiting import PATIENCE_S

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def started(tmp_path):
    """Give `f(*arguments)`, which starts it and returns the process and what it printed first."""
    running = []

    def start(*arguments):
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.standin", "--port", "0", *map(str, arguments)],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        running.append(process)
        lines = []
        for line in process.stdout:
            lines.append(line.rstrip())
            if line.startswith("Other STAC"):
                break
        return process, lines

    yield start
    for process in running:
        process.kill()
        process.communicate()


def test_what_it_prints_opens_its_doors(tmp_path, started):
    catalogue = make_catalogue(tmp_path / "scenes", [date(2020, 6, 1)], uniform(B04=1500))
    file = tmp_path / "account" / "credentials.json"
    process, lines = started(catalogue, "--credentials", file, "--units", 5)
    exported = dict(re.findall(r"export (HEARTHWATCH_\w+)=(\S+)", "\n".join(lines)))
    assert exported["HEARTHWATCH_SENTINELHUB_CREDENTIALS"] == str(file)
    assert file.stat().st_mode & 0o777 == 0o600
    client = json.loads(file.read_text())
    form = "&".join(f"{key}={value}" for key, value in client.items())
    token_url = exported["HEARTHWATCH_SENTINELHUB_TOKEN_URL"]
    got = ask(token_url, "POST", f"grant_type=client_credentials&{form}".encode())
    assert got.json()["expires_in"] == 600
    collection = exported["HEARTHWATCH_STAC_COLLECTIONS"]
    search = f"{exported['HEARTHWATCH_STAC_URL']}/search?collections={collection}"
    (item,) = ask(search).json()["features"]
    age = datetime.now(UTC) - datetime.fromisoformat(item["properties"]["datetime"])
    assert timedelta(0) <= age < timedelta(days=367), "the scene of 2020 is said to be recent"
    assert not any(client["client_secret"] in line for line in lines)
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, errors) == (0, "")
    assert "2 requests were answered" in rest


@pytest.mark.parametrize(
    ("now", "years"), [((2020, 5, 31), 0), ((2021, 5, 1), 0), ((2021, 7, 1), 1), ((2026, 11, 1), 6)]
)
def test_scenes_are_moved_by_whole_years_and_never_past_now(now, years):
    last, now = datetime(2020, 6, 1, tzinfo=UTC), datetime(*now, tzinfo=UTC)
    moved = last + years_since(last, now)
    assert moved.year == 2020 + years
    assert abs((moved.replace(year=2020) - last).days) <= 1
    assert moved <= max(now, last)


def test_without_scenes_it_says_so(tmp_path, started):
    process, _ = started(tmp_path / "nowhere")
    _, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 2
    assert errors == f"There is no catalogue at {tmp_path / 'nowhere'}.\n"
    process, _ = started(tmp_path)
    _, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 2
    assert errors == f"There are no scenes in {tmp_path}.\n"
