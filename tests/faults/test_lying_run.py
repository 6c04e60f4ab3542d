"""A server that lies about one look of a run, and is honest afterwards."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from hearthwatch.layout import Layout
from hearthwatch.records import LedgerRow, ObservationStatus, RunOutcome, SpendStatus
from tests.standin import Fault, Standin, faults, spoiling
from tests.standin.wire import Answer, Request
from tests.support import pulled
from tiles.archive import Archive

LOOKS = 4
LIED = 2
"""The look that is lied about: the last but one."""
CORRUPT, FAILED = ObservationStatus.NOT_PROCESSED, ObservationStatus.NOT_PROCESSED
MISSING = ObservationStatus.NOT_DELIVERED


class Liar(Standin):
    """Tells of one day's pixels what `lie` says, and of all others the truth.

    `band` says of which requests: those for it; empty for all.
    """

    day: datetime | None = None
    lie: Fault = faults.ok
    band = ""

    def _answer(self, handler: Callable[[Request], Answer], request: Request) -> Answer:
        if request.call.route == "process" and self.is_about(request):
            request = dataclasses.replace(request, fault=self.lie)
            request.call.fault = self.lie.name
        return super()._answer(handler, request)

    def is_about(self, request: Request) -> bool:
        asked = request.json()
        since = asked["input"]["data"][0]["dataFilter"]["timeRange"]["from"]
        is_day = self.day is not None and f"{self.day:%Y-%m-%d}" in since
        return is_day and self.band in asked["evalscript"]


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pulled.write_looks(tmp_path_factory.mktemp("lies") / "looks", LOOKS)


@pytest.fixture
def server(looks: Path) -> Iterator[Liar]:
    with Liar(looks) as running:
        yield running


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return pulled.prepare(tmp_path / "var")


LIES = {
    "elsewhere": (faults.redirect("http://127.0.0.1:1/"), FAILED, "failed: .* sends us elsewhere"),
    "a page": (faults.html(), CORRUPT, "corrupt: .* no GeoTIFF: it is a page"),
    "another size": (spoiling.wrong_size(), CORRUPT, "corrupt: .* pixels instead of "),
    "half a pixel off": (spoiling.transform_shifted(), CORRUPT, "corrupt: .* 0.50 pixels off"),
    "nothing": (spoiling.all_nodata(), MISSING, "failed: .* its pixels are not there yet"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_about_one_look_is_told_of_and_put_right_by_the_next_run(
    server: Liar, root: Path, lie: str
) -> None:
    server.lie, status, words = LIES[lie]
    server.day = pulled.DATES[LIED]
    settings = pulled.settings_for(root, **pulled.asking(server, root))
    until = pulled.until(LIED + 1)
    assert pulled.run(settings, until).run.outcome is RunOutcome.COMPLETE
    row = row_of(root, LIED)
    assert row.status is status
    assert re_found(words, row.detail["reason"])
    assert row.usable == 0.0
    archive = Archive(Layout(root).archive("local"))
    assert archive.listed(acquisition=row.acquisition) == ()
    before = [row_of(root, number) for number in range(LIED)]
    assert all(one.usable == 1.0 for one in before)
    told = [call for call in server.calls("process") if call.fault]
    assert 1 <= len(told) <= 3
    (spent,) = (one for one in pulled.spends(root) if one.acquisition == row.acquisition)
    assert spent.status is SpendStatus.SETTLED
    assert spent.units == pytest.approx(sum(call.units for call in told), abs=1e-5)
    assert spent.requests == len(told)
    server.day = None
    pulled.run(settings, until)
    mended = row_of(root, LIED)
    assert mended.usable == 1.0
    assert mended.detail.get("reason") == before[0].detail.get("reason")
    assert len(archive.listed(acquisition=row.acquisition)) == 2
    assert archive.verify() == []


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_about_one_look_loses_no_other(server: Liar, root: Path, lie: str) -> None:
    server.lie, server.day = LIES[lie][0], pulled.DATES[LIED]
    settings = pulled.settings_for(root, **pulled.asking(server, root))
    assert pulled.run(settings).run.outcome is RunOutcome.COMPLETE
    after = row_of(root, LIED + 1)
    archive = Archive(Layout(root).archive("local"))
    # It was fetched: taken in, or waiting for its turn, and then at no further cost.
    assert len(archive.listed(acquisition=after.acquisition)) == 2
    paid = len([call for call in server.calls("process") if not call.fault])
    server.day = None
    pulled.run(settings)
    assert all(row_of(root, number).usable == 1.0 for number in (0, 1, LIED + 1))
    assert len(archive.listed(acquisition=row_of(root, LIED).acquisition)) == 2
    asked_again = len([call for call in server.calls("process") if not call.fault]) - paid
    assert asked_again == 3
    calls = len(server.calls("process"))
    pulled.run(settings)
    assert len(server.calls("process")) == calls


def test_what_was_paid_for_before_a_lie_in_the_same_look_is_counted(
    server: Liar, root: Path
) -> None:
    server.lie, server.day, server.band = faults.html(), pulled.DATES[LIED], "B11"
    settings = pulled.settings_for(root, **pulled.asking(server, root))
    pulled.run(settings)
    row = row_of(root, LIED)
    assert row.status is CORRUPT
    assert Archive(Layout(root).archive("local")).listed(acquisition=row.acquisition) == ()
    (spent,) = (one for one in pulled.spends(root) if one.acquisition == row.acquisition)
    # A glance, the bands of 10 m, and three times those of 20 m, of which none was any good.
    assert spent.requests == 5
    assert spent.units > 5.0
    server.day = None
    pulled.run(settings)
    assert len(Archive(Layout(root).archive("local")).listed(acquisition=row.acquisition)) == 2
    counted, charged = pulled.counted(pulled.spends(root)), pulled.charged(server)
    assert counted[0] >= charged[0] - 1e-6 * charged[1]
    assert counted[1] >= charged[1]


def row_of(root: Path, number: int) -> LedgerRow:
    (row,) = (one for one in pulled.rows(root) if one.sensed == pulled.DATES[number])
    return row


def re_found(pattern: str, text: str) -> bool:

    return re.search(pattern, text) is not None
