"""The bursts of California from the command line on: watched, run, and told of in the ledger."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hearthwatch.cli.main import main
from tests.science.radar_bursts import FOLDER
from tests.support.sensors import RADAR, only

pytestmark = [pytest.mark.shared_data, pytest.mark.slow]

# West, south, east, north of what a land burst and the sea burst show.
LAND = (-119.775, 34.435, -119.745, 34.460)
SEA = (-120.698, 34.407, -120.669, 34.430)
DATES = 21


@pytest.fixture
def told(
    shared_data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Callable[..., Any]]:
    """Return `f(*words)`, which runs a command over the bursts and gives its document."""
    for name in [name for name in os.environ if name.upper().startswith("HEARTHWATCH_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HEARTHWATCH_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("HEARTHWATCH_CATALOGUE", str(shared_data / FOLDER))

    def run(*words: object) -> Any:
        capsys.readouterr()
        assert main([str(word) for word in (*words, "--json")]) == 0
        return json.loads(capsys.readouterr().out)

    with only("burned", radar=RADAR):
        yield run


def test_each_settlement_has_a_row_for_every_pass_and_no_event(
    told: Callable[..., Any], tmp_path: Path
) -> None:
    places = {"ashore": LAND, "afloat": SEA}
    for name, bounds in places.items():
        told("region", "add", name, f"--bbox={','.join(map(str, bounds))}", "--kind", "burned")
    middles = [f"{(w + e) / 2},{(s + n) / 2},{name}" for name, (w, s, e, n) in places.items()]
    (tmp_path / "places.csv").write_text("\n".join(["longitude,latitude,name", *middles, ""]))
    told("settlement", "import", tmp_path / "places.csv", "--radius", "150")
    runs = told("run")["runs"]
    assert {one["outcome"] for one in runs} == {"complete"}
    assert {one["detail"] for one in runs} == {"burned: no Sentinel-2 look in the catalogue"}
    assert [one["looks"] for one in runs] == [DATES, DATES]
    assert told("events", "list")["events"] == []
    for region in told("ledger")["regions"]:
        looks = region["looks"]
        assert len({row["acquisition"] for row in looks}) == len(looks) == DATES
        assert {row["detector"] for row in looks} == {"radar"}
        assert all("_R137_A_" in row["acquisition"] for row in looks)
        (summary,) = region["summaries"]
        assert (summary["detector"], summary["looks"]) == ("radar", DATES)
        assert "changed" not in summary["statuses"]
        assert all("said" in row["detail"] for row in looks if row["usable"] >= 0.7)
