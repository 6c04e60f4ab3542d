"""`region backtest` and `region confirm` as somebody types them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hearthwatch.cli.call import store_at
from hearthwatch.records import EventFilter
from hearthwatch.store.whole import all_events
from tests.support import watched


@pytest.fixture
def ground(tmp_path: Path) -> tuple[str, ...]:
    """Return the options of a square with 17 looks, of which two clearings can be seen."""
    watched.prepare(tmp_path / "var")
    looks = watched.write_looks(tmp_path / "looks", 17)
    return "--data-dir", str(tmp_path / "var"), "--catalogue", str(looks)


def test_what_would_have_been_told_is_told_and_kept(
    ground: tuple[str, ...], call: Any, document: Any, tmp_path: Path
) -> None:
    words = ("region", "backtest", watched.REGION, "--until", "2018-09-30", "--months", "6")
    status, out, err = call(*words, *ground)
    assert status == 0
    assert "its provider charges nothing" in err
    assert "would have been told" in out
    shown, told = document("region", "backtest", watched.REGION, "--show", *ground)
    assert shown == 0
    report = told["backtest"]["report"]
    assert told["backtest"]["state"] == "complete"
    # Both were felled between 1 and 10 August 2018.
    assert report["events"]
    assert {one["first_changed"][:7] for one in report["events"]} == {"2018-08"}
    with store_at(tmp_path / "var") as store:
        assert list(all_events(store, "local", EventFilter())) == []
        assert store.runs("local") == ()


def test_a_region_without_a_backtest_says_so(ground: tuple[str, ...], failure: Any) -> None:
    words = ("region", "backtest", watched.REGION, "--show", *ground)
    assert failure(*words) == (17, "not_found", "There is no backtest of square.")


def test_a_watch_beyond_a_limit_is_passed_over_until_it_is_confirmed(
    ground: tuple[str, ...], call: Any, document: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = ground[:2]
    monkeypatch.setenv("HEARTHWATCH_CONFIRM_ABOVE_KM2", "0.5")
    _, made = document("region", "add", "Large", "--bbox", "22.70,44.60,22.72,44.62", *where)
    assert "waits for confirmation" in made["waiting"]
    assert "confirm_above_km2" in made["waiting"]
    status, ran = document("run", "Large", *ground)
    assert (status, ran["runs"], ran["waiting"]) == (0, [], ["Large"])
    status, out, _ = call("region", "confirm", "Large", *where)
    assert status == 0
    assert "is confirmed" in out
    assert call("region", "confirm", "Large", *where)[0] == 12
