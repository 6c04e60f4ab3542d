"""The area interface of FIRMS, asked over loopback, and a server that lies."""

from __future__ import annotations

import json
import logging
import pickle
import traceback
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagery.discretion import SQUARE
from imagery.errors import ImageryError, IntegrityError, Permanent, QuotaExhausted, Transient
from imagery.firms import MOST_DAYS, Firms, asked_areas, spans
from imagery.net.credentials import Key
from imagery.net.transport import Transport
from imagery.net.types import Account
from tests.support.asking import QUICK
from tests.support.faulty import Answer, Asked, FaultyServer
from tests.support.heat import VIIRS, Hot, table

KEY = "0123456789abcdef0123456789abcdef"
DAY = date(2024, 2, 3)
HOT = Hot(datetime(2024, 2, 3, 11, 40, tzinfo=UTC))
VILLAGE = (25.301, 13.601, 25.319, 13.619)
SOURCE = "VIIRS_NOAA20_NRT"


def key_file(folder: Path) -> Path:
    path = folder / "firms.json"
    path.write_text(json.dumps({"map_key": KEY}))
    path.chmod(0o600)
    return path


def quick(account: Account) -> Transport:
    return Transport(account, QUICK)


def firms_at(server: FaultyServer, folder: Path) -> Firms:
    return Firms(server.url, folder, key_file(folder), transport=quick)


def ask(firms: Firms, last: date = DAY) -> list[object]:
    return list(firms.tables([SOURCE], [VILLAGE], DAY, last))


def days_asked(asked: Asked) -> tuple[date, int]:
    days, first = asked.target.split("/")[-2:]
    return date.fromisoformat(first), int(days)


def test_heat_comes_with_what_it_is_of(tmp_path: Path) -> None:
    with FaultyServer(lambda _: Answer(body=table([HOT]))) as server:
        (one,) = ask(firms_at(server, tmp_path))
        (asked,) = server.log
    assert (one.source, one.first, one.last, one.area) == (
        SOURCE,
        DAY,
        DAY,
        (25.25, 13.5, 25.5, 13.75),
    )
    assert [(p.lon, p.lat) for p in one.pixels] == [(25.31, 13.61)]
    assert asked.target == f"/api/area/csv/{KEY}/{SOURCE}/25.25,13.5,25.5,13.75/1/2024-02-03"


def test_a_longer_time_is_asked_for_in_pieces(tmp_path: Path) -> None:
    with FaultyServer(lambda _: Answer(body=VIIRS.encode())) as server:
        ask(firms_at(server, tmp_path), DAY + timedelta(days=11))
        asked = [days_asked(one) for one in server.log]
    assert asked == [(DAY, 5), (DAY + timedelta(days=5), 5), (DAY + timedelta(days=10), 2)]


@given(st.dates(date(2012, 1, 1), date(2030, 1, 1)), st.integers(0, 400))
def test_pieces_of_time_are_all_days_each_once(first: date, more: int) -> None:
    days = [
        begin + timedelta(days=k)
        for begin, end in spans(first, first + timedelta(days=more))
        for k in range((end - begin).days + 1)
    ]
    assert days == [first + timedelta(days=k) for k in range(more + 1)]
    assert all(
        (end - begin).days < MOST_DAYS for begin, end in spans(first, first + timedelta(days=more))
    )


@given(
    st.lists(
        st.tuples(st.floats(-179, 178), st.floats(-85, 84), st.floats(0, 0.9), st.floats(0, 0.9)),
        min_size=1, max_size=8,
    )
)  # fmt: skip
def test_no_village_can_be_read_off_what_is_asked_for(
    drawn: list[tuple[float, float, float, float]],
) -> None:
    ground = [(w, s, w + across, s + along) for w, s, across, along in drawn]
    areas = asked_areas(ground)
    for area in areas:
        assert all(edge % SQUARE == 0.0 for edge in area)
    for west, south, east, north in ground:
        assert any(a[0] <= west and a[1] <= south and a[2] >= east and a[3] >= north for a in areas)
    for i, one in enumerate(areas):
        for other in areas[i + 1 :]:
            apart = (
                one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
            )
            assert apart


LIES = {
    "limit": (Answer(body=b"Exceeding allowed transaction limit"), QuotaExhausted, 1),
    "limit refused": (Answer(403, b"Exceeding allowed transaction limit"), QuotaExhausted, 1),
    "key": (Answer(body=b"Invalid MAP_KEY."), Permanent, 1),
    "key refused": (Answer(400, f"Invalid MAP_KEY {KEY}".encode()), Permanent, 1),
    "call": (Answer(body=b"Invalid API call."), Permanent, 1),
    "down": (Answer(body=b"Service unavailable, try again later"), Transient, 1),
    "page": (Answer(body=b"<html>hello</html>"), IntegrityError, QUICK.good_tries),
    "empty": (Answer(body=b""), IntegrityError, QUICK.good_tries),
    "cut": (Answer(body=table([HOT, HOT])[:-40]), IntegrityError, QUICK.good_tries),
    "swapped": (
        Answer(body=table([HOT.but(lon=HOT.lat, lat=HOT.lon)])), IntegrityError, QUICK.good_tries,
    ),
    "other day": (
        Answer(body=table([HOT.but(at=HOT.at + timedelta(days=1))])), IntegrityError,
        QUICK.good_tries,
    ),
    "moved away": (Answer(302, b"", (("Location", "http://127.0.0.1/x"),)), Permanent, 1),
}  # fmt: skip


@pytest.mark.parametrize("lie", list(LIES))
def test_what_is_no_heat_is_told_apart_and_shows_no_key(
    lie: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    answer, error, requests = LIES[lie]
    caplog.set_level(logging.DEBUG)
    with FaultyServer(lambda _: answer) as server:
        with pytest.raises(ImageryError) as caught:
            ask(firms_at(server, tmp_path))
        assert len(server.log) == requests
    assert type(caught.value) is error
    shown = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert KEY not in shown
    assert "25.25" not in shown


def test_a_limit_is_over_within_minutes_and_not_next_month(tmp_path: Path) -> None:
    with (
        FaultyServer(lambda _: Answer(403, b"Exceeding allowed transaction limit")) as server,
        pytest.raises(QuotaExhausted) as caught,
    ):
        ask(firms_at(server, tmp_path))
    assert caught.value.until is not None
    assert caught.value.until - datetime.now(UTC) <= timedelta(minutes=10)


def test_an_answer_that_was_cut_is_asked_for_again(tmp_path: Path) -> None:
    body = table([HOT])
    answers = iter([Answer(body=body, sent=80), Answer(body=b"<html>"), Answer(body=body)])
    with FaultyServer(lambda _: next(answers)) as server:
        (one,) = ask(firms_at(server, tmp_path))
        assert len(server.log) == 3
    assert len(one.pixels) == 1


def test_the_key_is_in_no_log_repr_pickle_or_file(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    # Whoever told by Apprise before this has it say nothing.
    caplog.set_level(logging.DEBUG, "urllib3.connectionpool")
    shared = tmp_path / "net"
    with FaultyServer(lambda _: Answer(body=table([HOT]))) as server:
        firms = Firms(server.url, shared, key_file(tmp_path), transport=quick)
        ask(firms)
        carried = pickle.dumps(firms)
        again = pickle.loads(carried)
        assert len(list(again.tables([SOURCE], [VILLAGE], DAY, DAY))) == 1
    assert "urllib3.connectionpool" in {record.name for record in caplog.records}
    kept = b"".join(path.read_bytes() for path in shared.rglob("*") if path.is_file())
    key = Key.read(firms.credentials, "map_key")
    for shown in (caplog.text, repr(firms), repr(vars(firms)), str(firms.account), repr(key)):
        assert KEY not in shown
    assert KEY.encode() not in carried + kept
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(key)


@pytest.mark.parametrize("text", ["{}", '{"map_key": ""}', '{"map_key": "a/../b"}', "no json"])
def test_a_file_without_a_usable_key_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "firms.json"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(Permanent):
        ask(Firms("http://127.0.0.1:1", tmp_path, path, transport=quick))


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = key_file(tmp_path)
    path.chmod(0o644)
    with pytest.raises(Permanent, match="chmod 600"):
        ask(Firms("http://127.0.0.1:1", tmp_path, path, transport=quick))


def test_a_source_that_could_be_a_path_is_refused(tmp_path: Path) -> None:
    firms = Firms("http://127.0.0.1:1", tmp_path, key_file(tmp_path), transport=quick)
    with pytest.raises(Permanent, match="no source"):
        list(firms.tables(["../VIIRS_NRT"], [VILLAGE], DAY, DAY))
