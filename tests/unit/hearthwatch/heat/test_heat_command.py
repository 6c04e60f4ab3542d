"""`hearthwatch heat`: from tables to candidates, and what keeps heat from being told of."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from shapely.geometry import MultiPolygon, box

from hearthwatch.cli.call import store_at
from hearthwatch.cli.main import main
from hearthwatch.layout import Layout
from hearthwatch.records import Event, EventFilter, EventState, Kind, Mode
from tests.contract import store_records as a
from tests.support import clock
from tests.support.faulty import Answer, Asked, FaultyServer
from tests.support.heat import STANDARD, VIIRS, Hot, table

NOW = datetime(2026, 3, 14, tzinfo=UTC)
SEEN = NOW - timedelta(days=1) + timedelta(hours=11, minutes=40)
BEGAN = NOW - timedelta(days=30)
CORE = MultiPolygon([box(25.300, 13.600, 25.306, 13.606)])
INSIDE = Hot(SEEN, lon=25.303, lat=13.603)
KEY = "0123456789abcdef0123456789abcdef"
CLOCKS = ("hearthwatch.cli.heat", "hearthwatch.heat.taking", "imagery.net.wire")


@pytest.fixture(autouse=True)
def _day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it be one day throughout: a run that crosses midnight asks for another day's heat."""
    clock.stop(monkeypatch, NOW + timedelta(hours=9), *CLOCKS)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Make a data folder with a region watched for burning and a village in it."""
    root = tmp_path / "var"
    Layout(root).make()
    ours = {"organisation": "local", "created": BEGAN}
    ground = MultiPolygon([box(25.28, 13.58, 25.34, 13.64)])
    regions = [
        a.region(id="valley", name="Valley", geometry=ground, **ours),
        a.region(id="drill", name="Drill", geometry=ground, mode=Mode.EXERCISE, **ours),
        a.region(id="forest", name="Forest", geometry=ground, kind=Kind.GROUND_CHANGE, **ours),
    ]
    villages = [
        a.settlement(id="set-1", name="Village", geometry=CORE, area_m2=4e5, **ours),
        a.settlement(id="set-x", name="Made", geometry=CORE, mode=Mode.EXERCISE, **ours),
    ]
    with store_at(root, write=True) as store, store.transaction() as tx:
        for one in regions:
            tx.put_region(one)
        tx.put_settlements(villages)
    return root


def put(root: Path, pixels: Sequence[Hot], name: str = "heat.csv", columns: str = VIIRS) -> Path:
    path = root.parent / name
    path.write_bytes(table(pixels, columns))
    return path


def take(root: Path, *words: object, status: int = 0) -> None:
    assert main(["heat", *map(str, words), "--data-dir", str(root)]) == status


def answer(root: Path, capsys: pytest.CaptureFixture[str], *words: object) -> dict:
    capsys.readouterr()
    take(root, *words, "--json")
    return json.loads(capsys.readouterr().out)


def events(root: Path) -> tuple[Event, ...]:
    with store_at(root) as store:
        return store.events("local", EventFilter()).items


def history(years: int, days: Sequence[int] = ()) -> list[Hot]:
    """Return the heat of earlier years, and of corners of the ground, so that it is on record."""
    found = []
    for back in range(1, years + 1):
        first = datetime(SEEN.year - back, 1, 1, 11, tzinfo=UTC)
        last = datetime(SEEN.year - back, 12, 31, 11, tzinfo=UTC)
        found += [INSIDE.but(at=first, lon=25.0, lat=13.3), INSIDE.but(at=last, lon=25.6, lat=13.9)]
        found += [
            INSIDE.but(at=datetime(SEEN.year - back, SEEN.month, day, 11, tzinfo=UTC))
            for day in days
        ]
    return [replace(one, version="2") for one in found]


def test_heat_in_a_village_is_a_candidate_and_no_look(root: Path) -> None:
    take(root, "import", put(root, [INSIDE]))
    (event,) = events(root)
    assert (event.region, event.settlement, event.kind) == ("valley", "set-1", Kind.BURNED)
    assert (event.state, event.detector_state, event.detector) == (
        EventState.CANDIDATE, "WATCH", "heat",
    )  # fmt: skip
    assert event.observed.startswith("Heat was seen at a settlement of 40.00 ha on ")
    assert (event.last_unharmed, event.first_changed, event.looks) == (None, SEEN, 1)
    with store_at(root) as store:
        assert store.ledger("local", "valley").items == ()
        (detection,) = store.detections("local", event.id)
        (source,) = store.sources("local", event.id)
    assert detection.acquisition == f"heat-NOAA-20-{SEEN:%Y%m%dT%H%M}"
    assert detection.evidence["masters"] == [_sha256(root / "../heat.csv")]
    assert source.groups == ("heat",)


def _sha256(path: Path) -> str:
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_file_taken_in_twice_changes_nothing(root: Path, capsys) -> None:
    path = put(root, [INSIDE, INSIDE.but(lat=15.0)])
    first = answer(root, capsys, "import", path)
    assert {k: first[k] for k in ("pixels", "near", "new")} == {"pixels": 2, "near": 1, "new": 1}
    before = events(root)
    again = answer(root, capsys, "import", path)
    assert (again["new"], again["events"]) == (0, [])
    assert events(root) == before


def test_more_heat_is_the_next_version_of_the_same_event_in_whatever_order(root: Path) -> None:
    second, third = INSIDE.but(at=SEEN - timedelta(hours=11)), INSIDE.but(at=SEEN, satellite="N21")
    take(root, "import", put(root, [INSIDE]))
    take(root, "import", put(root, [second, third], "more.csv"))
    (event,) = events(root)
    assert (event.version, event.looks, event.first_changed) == (2, 3, second.at)
    assert event.evidence["satellites"] == ["NOAA-20", "NOAA-21"]
    with store_at(root) as store:
        assert len(store.detections("local", event.id)) == 3


def test_standard_processing_replaces_and_makes_no_second_event(root: Path) -> None:
    take(root, "import", put(root, [INSIDE]))
    anew = put(root, [INSIDE.but(lat=13.6034, version="2")], "anew.csv", STANDARD)
    take(root, "import", anew)
    (event,) = events(root)
    assert (event.looks, event.version) == (1, 1)


def test_heat_of_every_year_is_held_back_and_listed(root: Path, capsys) -> None:
    file = put(root, history(5, days=(3, 9, 20)), "past.csv", STANDARD)
    take(root, "import", file, "--covers", "25,13,26,14")
    take(root, "import", put(root, [INSIDE]))
    assert events(root) == ()
    newest = answer(root, capsys, "list")["heat"][0]
    assert newest["hint"] is False
    assert "no more than quiet years bring there" in newest["why"]


def test_heat_of_no_earlier_year_is_told_with_its_record(root: Path) -> None:
    take(root, "import", put(root, history(5), "past.csv", STANDARD))
    take(root, "import", put(root, [INSIDE]))
    (event,) = events(root)
    assert event.evidence["heat_days_of_earlier_years"] == [0, 0, 0, 0, 0]
    assert event.evidence["verdict"] == "unusual"


def test_a_hint_is_explained_by_what_is_known_of_heat(root: Path, capsys) -> None:
    take(root, "import", put(root, history(5), "past.csv", STANDARD))
    take(root, "import", put(root, [INSIDE]))
    capsys.readouterr()
    assert main(["events", "explain", events(root)[0].id, "--data-dir", str(root)]) == 0
    said = capsys.readouterr().out
    assert "Heat was seen at a settlement of 40.00 ha" in said
    assert "of earlier years on 0, 0, 0, 0, 0." in said
    assert "That day 1 heat pixel there and 0 in the surroundings" in said
    assert "score more than 5.5 at most 250 times in 1,000 settlement-years" in said
    assert "What was hot, and what is left, cannot be seen" in said
    assert "changed" not in said


def test_what_is_exported_of_heat_names_whose_it_is(root: Path, capsys) -> None:
    take(root, "import", put(root, [INSIDE]))
    target = root.parent / "events.geojson"
    capsys.readouterr()
    assert main(["export", str(target), "--data-dir", str(root)]) == 0
    notice = json.loads(target.read_text())["notice"]
    assert notice.startswith("Heat from NASA's Fire Information for Resource Management System")
    # No pixel of Sentinel's is in it.
    assert "Copernicus" not in notice


def test_heat_from_before_the_watch_is_a_record_only(root: Path) -> None:
    old = put(root, [INSIDE.but(at=BEGAN - timedelta(days=90))])
    take(root, "import", old)
    assert events(root) == ()
    take(root, "import", old, "--since", f"{BEGAN - timedelta(days=100):%Y-%m-%d}")
    assert len(events(root)) == 1


def test_a_source_that_is_named_makes_no_hint_until_it_is_taken_off(root: Path, capsys) -> None:
    made = answer(root, capsys, "static", "add", "brick kiln", "--at", "25.303,13.603")["source"]
    path = put(root, [INSIDE])
    take(root, "import", path)
    assert events(root) == ()
    (held,) = answer(root, capsys, "list")["heat"]
    assert "a source of heat is listed there" in held["why"]
    assert [one["what"] for one in answer(root, capsys, "static", "list")["sources"]] == [
        "brick kiln"
    ]
    take(root, "static", "remove", made["id"])
    assert answer(root, capsys, "static", "list")["sources"] == []
    take(root, "import", path)
    assert len(events(root)) == 1


def test_heat_that_its_provider_doubts_or_names_otherwise_makes_no_hint(root: Path, capsys) -> None:
    pixels = [INSIDE.but(confidence="l"), INSIDE.but(at=SEEN - timedelta(hours=2), type="2")]
    take(root, "import", put(root, pixels, columns=STANDARD))
    assert events(root) == ()
    assert len(answer(root, capsys, "list")["heat"]) == 2


def test_a_file_that_is_no_table_is_named_and_nothing_is_kept(root: Path, capsys) -> None:
    bad = root.parent / "bad.csv"
    bad.write_bytes(b"Invalid MAP_KEY.")
    take(root, "import", put(root, [INSIDE]), bad, status=13)
    said = capsys.readouterr().err
    assert "bad.csv" in said
    assert events(root) == ()
    with store_at(root) as store:
        assert store.heat("local") == ()


@pytest.mark.parametrize("box", ["26,13,25,14", "25,14,26,13", "25,nan,26,14", "25,13,26,140"])
def test_a_box_without_ground_is_refused(root: Path, box: str) -> None:
    take(root, "import", put(root, [INSIDE]), "--covers", box, status=2)
    with store_at(root) as store:
        assert store.heat_covers("local") == ()


def test_a_village_in_no_region_is_listed_and_makes_no_event(root: Path, capsys) -> None:
    with store_at(root, write=True) as store, store.transaction() as tx:
        tx.put_region(replace(store.region("local", "valley"), removed=NOW))
    take(root, "import", put(root, [INSIDE]))
    assert events(root) == ()
    assert len(answer(root, capsys, "list", "--settlement", "Village")["heat"]) == 1


def test_the_list_says_how_often_the_past_would_have_been_told_of(root: Path, capsys) -> None:
    odd = [
        INSIDE.but(at=datetime(SEEN.year - 1, 3, 4, 11, tzinfo=UTC), version="2"),
        # Of the first two years nothing can be called unusual.
        INSIDE.but(at=datetime(SEEN.year - 5, 6, 4, 11, tzinfo=UTC), version="2"),
    ]
    take(root, "import", put(root, [*history(5), *odd], "past.csv", STANDARD))
    record = answer(root, capsys, "list")["record"]
    # Five whole years, of which the first two are what the others are held against.
    assert record == {"hints": 1, "settlement_years": 3.0}
    take(root, "list")
    # Garwood: 0.0253 and 5.5716 for a count of one.
    assert "given 1 hint: 333 per 1,000 (95 %: 8 to 1857)" in capsys.readouterr().out


def test_heat_that_standard_processing_does_not_list_again_is_taken_back(
    root: Path, capsys
) -> None:
    take(root, "import", put(root, [INSIDE]))
    (event,) = events(root)
    # Of the same satellite, ground and day, and nothing in the village.
    other = INSIDE.but(lat=13.7, version="2")
    anew = put(root, [other], "anew.csv", STANDARD)
    # How far the file reaches, nobody said: that proves nothing.
    take(root, "import", anew)
    assert events(root) == (event,)
    said = answer(root, capsys, "import", anew, "--covers", "25,13,26,14")
    assert said["events"] == [event.id]
    (ended,) = events(root)
    assert (ended.id, ended.version, ended.detector_state) == (event.id, 2, "LAPSED")
    assert any("does not list that heat again" in doubt for doubt in ended.doubts)
    with store_at(root) as store:
        assert store.event_history("local", event.id)[0] == event
        assert len(store.detections("local", event.id)) == 1
    (held,) = answer(root, capsys, "list")["heat"]
    assert (held["hint"], held["why"]) == (False, "standard processing does not list it again")
    # Told once, it is told no more.
    assert answer(root, capsys, "import", anew, "--covers", "25,13,26,14")["events"] == []


def test_another_satellites_standard_processing_takes_nothing_back(root: Path) -> None:
    take(root, "import", put(root, [INSIDE]))
    before = events(root)
    other = INSIDE.but(lat=13.7, version="2", satellite="N")
    take(root, "import", put(root, [other], "a.csv", STANDARD), "--covers", "25,13,26,14")
    assert events(root) == before


def test_of_two_passes_one_that_is_gone_leaves_a_smaller_hint(root: Path) -> None:
    night = INSIDE.but(at=SEEN - timedelta(hours=11), satellite="N")
    take(root, "import", put(root, [INSIDE, night]))
    (event,) = events(root)
    other = INSIDE.but(lat=13.7, version="2")
    take(root, "import", put(root, [other], "a.csv", STANDARD), "--covers", "25,13,26,14")
    (less,) = events(root)
    assert (event.looks, less.looks, less.version) == (2, 1, 2)
    assert less.detector_state == "WATCH"


def test_heat_at_no_listed_settlement_is_counted_with_its_places(root: Path, capsys) -> None:
    field = [INSIDE.but(lon=25.322 + k * 0.003, frp=9.5) for k in range(3)]
    apart = INSIDE.but(lon=25.335, at=SEEN - timedelta(days=1))
    take(root, "import", put(root, [INSIDE, *field, apart]))
    elsewhere = answer(root, capsys, "list")["elsewhere"]
    assert [(one["region"], one["pixels"]) for one in elsewhere] == [("valley", 3), ("valley", 1)]
    assert elsewhere[0]["day"] == f"{SEEN:%Y-%m-%d}"
    assert (elsewhere[0]["lon"], elsewhere[0]["frp_mw"]) == (25.325, 9.5)
    take(root, "list")
    assert "4 heat pixels at no listed settlement, at 2 places and days" in capsys.readouterr().out


def test_the_list_says_what_heat_can_tell_and_that_its_silence_is_none(root: Path, capsys) -> None:
    take(root, "import", put(root, history(5), "past.csv", STANDARD))
    (one,) = answer(root, capsys, "list")["settlements"]
    assert (one["settlement"], one["tells"], one["pixels_needed"]) == ("set-1", True, 1)
    assert (one["keeps_budget"], one["quiet_years"]) == (False, 3)
    assert "too few to keep the budget" in one["words"]
    assert one["words"].endswith("are never listed")


def test_without_a_record_no_rate_is_claimed(root: Path, capsys) -> None:
    take(root, "import", put(root, [INSIDE]))
    assert answer(root, capsys, "list")["record"] == {"hints": 0, "settlement_years": 0.0}
    take(root, "list")
    assert "There is no record" in capsys.readouterr().out


class TestFetch:
    @pytest.fixture
    def key(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        path = tmp_path / "firms.json"
        path.write_text(json.dumps({"map_key": KEY}))
        path.chmod(0o600)
        monkeypatch.setenv("HEARTHWATCH_FIRMS_CREDENTIALS", str(path))
        monkeypatch.setenv("HEARTHWATCH_FIRMS_SOURCES", "VIIRS_NOAA20_NRT")
        return path

    @staticmethod
    def serve(asked: Asked, seen: datetime = SEEN) -> Answer:
        days, first = asked.target.split("/")[-2:]
        begin = datetime.fromisoformat(first).replace(tzinfo=UTC)
        inside = begin <= seen < begin + timedelta(days=int(days))
        return Answer(body=table([INSIDE.but(at=seen)] if inside else []))

    def serve_old(self, asked: Asked) -> Answer:
        """Serve heat seen longer ago than what is asked for anew each time."""
        return self.serve(asked, SEEN - timedelta(days=4))

    def test_it_asks_for_whole_squares_and_goes_on_where_it_ended(
        self, root: Path, key: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with FaultyServer(self.serve) as server:
            monkeypatch.setenv("HEARTHWATCH_FIRMS_URL", server.url)
            take(root, "fetch")
            first = len(server.log)
            take(root, "fetch")
            areas = {one.target.split("/")[6] for one in server.log}
            later = [one.target.split("/")[7:] for one in server.log[first:]]
        assert len(events(root)) == 1
        assert areas == {"25,13.25,25.75,14"}
        assert later == [["3", f"{NOW - timedelta(days=2):%Y-%m-%d}"]]
        with store_at(root) as store:
            assert store.heat_covers("local")

    def test_what_came_before_a_fault_is_kept_and_the_key_is_shown_nowhere(
        self, root: Path, key: Path, monkeypatch, capsys, caplog
    ) -> None:
        caplog.set_level(logging.DEBUG)

        def serve(asked: Asked) -> Answer:
            if "MODIS" in asked.target:
                return Answer(body=b"Exceeding allowed transaction limit")
            return self.serve(asked)

        monkeypatch.setenv("HEARTHWATCH_FIRMS_SOURCES", "VIIRS_NOAA20_NRT,MODIS_NRT")
        with FaultyServer(serve) as server:
            monkeypatch.setenv("HEARTHWATCH_FIRMS_URL", server.url)
            take(root, "fetch", "--log-level", "debug", status=13)
        shown = capsys.readouterr()
        assert "transactions are used up" in shown.err
        assert KEY not in shown.err + shown.out + caplog.text
        assert len(events(root)) == 1
        for path in root.rglob("*"):
            assert not path.is_file() or KEY.encode() not in path.read_bytes(), path

    def test_days_that_were_left_out_are_asked_for_the_next_time(
        self, root: Path, key: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with FaultyServer(self.serve_old) as server:
            monkeypatch.setenv("HEARTHWATCH_FIRMS_URL", server.url)
            take(root, "fetch", "--since", f"{NOW:%Y-%m-%d}")
            assert events(root) == ()
            take(root, "fetch")
        assert len(events(root)) == 1

    def test_heat_that_was_kept_and_not_told_of_is_told_of_the_next_time(
        self, root: Path, key: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object) -> None:
            raise KeyboardInterrupt

        with FaultyServer(self.serve_old) as server:
            monkeypatch.setenv("HEARTHWATCH_FIRMS_URL", server.url)
            with monkeypatch.context() as broken:
                broken.setattr("hearthwatch.cli.heat.tell", fail)
                assert main(["heat", "fetch", "--data-dir", str(root)]) != 0
            take(root, "fetch")
        assert len(events(root)) == 1

    def test_without_a_key_it_says_what_to_do(self, root: Path, capsys) -> None:
        take(root, "fetch", status=11)
        assert "HEARTHWATCH_FIRMS_CREDENTIALS" in capsys.readouterr().err
