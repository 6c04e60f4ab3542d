"""The whole pipeline over a network, held against the same scenes on disk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hearthwatch.budget.paid import SEARCH
from hearthwatch.pipeline.run import run_region
from hearthwatch.records import Event, LedgerRow, RunOutcome, SpendStatus
from hearthwatch.records import ObservationStatus as Status
from hearthwatch.settings import Settings, load_settings
from hearthwatch.sources import fallback_from, provider_from
from hearthwatch.store import MemoryStore
from tests.standin import ACCOUNT, Standin
from tests.support import clock, settled
from tests.support.settled import EAST, LOOKS, Fire

pytestmark = pytest.mark.slow

BURNED, NUMBER = 7, 9
FIRES = (Fire(LOOKS[BURNED].date(), EAST.core, (0.0, 0.35)),)


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("remote") / "looks"
    return settled.write_looks(folder, LOOKS[:NUMBER], settled.dry_land(FIRES))


@pytest.fixture(scope="module")
def from_disk(looks: Path, tmp_path_factory: pytest.TempPathFactory) -> MemoryStore:
    """Store of a run over the same scenes on disk: what every other run must come to."""
    store = MemoryStore()
    settled.enrol(store)
    settled.run(settled.settings_for(tmp_path_factory.mktemp("disk"), looks, workers=2), store)
    return store


@pytest.fixture
def server(looks: Path) -> Iterator[Standin]:
    with Standin(looks) as running:
        yield running


def settings_of(server: Standin, root: Path, **more: object) -> Settings:
    secret = root / "account.json"
    secret.touch(mode=0o600)
    given = {"client_id": ACCOUNT.client_id, "client_secret": ACCOUNT.client_secret}
    secret.write_text(json.dumps(given))
    return load_settings(
        data_dir=root / "var",
        organisation="local",
        workers=2,
        sentinelhub_url=server.url,
        sentinelhub_token_url=server.token_url,
        sentinelhub_credentials=secret,
        stac_url=server.stac_url(),
        requests_per_minute=60_000,
        stac_requests_per_minute=60_000,
        units_per_minute=60_000,
        **more,
    )


def run(settings: Settings, store: MemoryStore, until: datetime = settled.UNTIL) -> RunOutcome:
    region = store.region("local", settled.REGION)
    report = run_region(
        settings, store, provider_from(settings), region, until, fallback=fallback_from(settings)
    )
    return report.run.outcome


def told(row: LedgerRow) -> tuple[object, ...]:
    return row.sensed, row.settlement, row.status


def taken(store: MemoryStore) -> list[tuple[object, ...]]:
    """Return the rows of passes that came; a catalogue that ends is waited for in vain after."""
    rows = settled.rows_of(store)
    return sorted(told(row) for row in rows if not row.acquisition.startswith("expected_"))


def place(event: Event) -> tuple[object, ...]:
    return (
        event.id, event.settlement, event.detector_state, event.last_unharmed,
        event.first_changed, event.version,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["sentinelhub", "stac"])
def test_the_same_passes_come_to_the_same_over_a_network_and_every_unit_is_accounted_for(
    name: str, server: Standin, from_disk: MemoryStore, tmp_path: Path
) -> None:
    store = MemoryStore()
    settled.enrol(store)
    settings = settings_of(server, tmp_path, provider=name)
    assert run(settings, store) is RunOutcome.COMPLETE
    assert taken(store) == taken(from_disk)
    assert list(map(place, settled.events_of(store))) == list(
        map(place, settled.events_of(from_disk))
    )
    asked = [*server.calls("process"), *server.calls("files"), *server.calls("catalog")]
    assert len(asked) > len(server.calls("catalog"))
    spends = store.spends("local").items
    assert {one.status for one in spends} <= {SpendStatus.SETTLED, SpendStatus.RELEASED}
    assert sum(one.units for one in spends) == pytest.approx(sum(call.units for call in asked))
    assert sum(one.requests for one in spends) == len(asked)
    assert server.tokens_issued == (name == "sentinelhub")
    kept = (path for path in (tmp_path / "var").rglob("*") if path.is_file())
    assert not any(ACCOUNT.client_secret.encode() in path.read_bytes() for path in kept)
    pixels = len(server.calls("process")) + len(server.calls("files"))
    assert run(settings, store) is RunOutcome.COMPLETE
    assert len(server.calls("process")) + len(server.calls("files")) == pixels
    searches = [one for one in store.spends("local").items if one.detail == SEARCH]
    assert {(one.acquisition, one.cell) for one in searches} <= {("", "")}
    assert sum(one.requests for one in searches) == len(server.calls("catalog"))
    # The provider tells millionths.
    spent = sum(one.units for one in store.spends("local").items)
    assert spent == pytest.approx(server.units_spent, abs=1e-4)


def test_f20_a_spent_quota_pauses_the_provider_and_every_region_says_since_when_it_is_blind(
    looks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # With the month the pause ends too.
    now = datetime(2026, 11, 23, 9, tzinfo=UTC)
    clock.stop(monkeypatch, now, "imagery.net.wire", "hearthwatch.budget.account")
    with Standin(looks, units=60.0) as server:
        store = MemoryStore()
        settled.enrol(store)
        settings = settings_of(server, tmp_path, provider="sentinelhub")
        run(settings, store)
        (pause,) = store.pauses("local", active=True)
        assert pause.until == datetime(2026, 12, 1, tzinfo=UTC)
        statuses = {row.status for row in settled.rows_of(store)}
        assert Status.NOT_DELIVERED in statuses
        calls = len(server.calls("process"))
        run(settings, store)
        assert len(server.calls("process")) == calls


def test_after_a_fail_over_there_is_one_look_one_spend_and_one_event(
    looks: Path, from_disk: MemoryStore, tmp_path: Path
) -> None:
    with Standin(looks, units=60.0) as server:
        store = MemoryStore()
        settled.enrol(store)
        settings = settings_of(server, tmp_path, provider="sentinelhub", fallback_provider="stac")
        assert run(settings, store) is RunOutcome.COMPLETE
        assert server.calls("process") and server.calls("files")
    assert taken(store) == taken(from_disk)
    assert list(map(place, settled.events_of(store))) == list(
        map(place, settled.events_of(from_disk))
    )
    paid = [
        (one.acquisition, one.cell)
        for one in store.spends("local").items
        if one.status is SpendStatus.SETTLED and one.requests and not one.detail
    ]
    assert len(paid) == len(set(paid))
