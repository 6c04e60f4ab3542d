"""News of products through the service: published, told of, looked at; and what may go wrong."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hearthwatch.pipeline.watch import NEWS_EVERY, Watch
from hearthwatch.records import ObservationStatus
from hearthwatch.settings import Settings
from hearthwatch.sources import inbox_from, provider_from
from hearthwatch.store import MemoryStore
from hearthwatch.store.whole import all_looks
from tests.standin import Standin, faults
from tests.standin.scenes import Scene
from tests.support import pulled
from tests.support.person import write_credentials

LOOKS = 2
EVERY = timedelta(hours=6)


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pulled.write_looks(tmp_path_factory.mktemp("subscribed"), LOOKS)


@pytest.fixture
def server(looks: Path) -> Iterator[Standin]:
    """The Data Space, whose last scene is not published yet, and whose files are closed."""
    with Standin(looks) as running:
        running.closed.add("cdse")
        running.files.jpeg2000 = False
        running.now = running.scenes()[-1].published - timedelta(minutes=1)
        yield running


@pytest.fixture
def settings(server: Standin, tmp_path: Path) -> Settings:
    secret = write_credentials(tmp_path / "person.json", server)
    return pulled.settings_for(
        tmp_path / "var", provider="stac", stac_url=server.stac_url("cdse"),
        stac_collections="sentinel-2-l2a", stac_file_origins=server.url,
        stac_credentials=secret, stac_token_url=server.person_token_url,
        stac_requests_per_minute=60_000, workers=2,
        subscription_credentials=secret, subscription_url=server.subscriptions_url,
        subscription_token_url=server.person_token_url,
    )  # fmt: skip


class Service:
    """A watch over the drawn square, whose clock is turned by hand."""

    def __init__(self, settings: Settings) -> None:
        # What is due next is counted from the true time of the run.
        self.start = datetime.now(UTC)
        self.store = MemoryStore()
        with self.store.transaction() as tx:
            tx.put_region(pulled.region())
        self.told: list[str] = []
        self.watch = Watch(
            settings, self.store, provider_from(settings), EVERY, self.told.append,
            inbox=inbox_from(settings),
        )  # fmt: skip

    def step(self, minutes: float) -> int:
        """Turn the clock to so long after the start; return how many looks there are then."""
        self.watch.step(self.start + timedelta(minutes=minutes))
        return len(self.taken())

    def taken(self) -> list[datetime]:
        region = self.store.region("local", pulled.REGION)
        fine = (row for row in all_looks(self.store, region)
                if row.status is not ObservationStatus.NOT_DELIVERED)  # fmt: skip
        return sorted(row.sensed for row in fine)


@pytest.fixture
def service(settings: Settings) -> Service:
    return Service(settings)


def publish(server: Standin) -> Scene:
    """Publish the last scene, and let the Data Space tell of it."""
    server.now = None
    last = server.scenes()[-1]
    server.subscriptions.notify(last)
    return last


def test_a_product_is_published_and_its_region_is_looked_at_within_the_quarter_hour(
    server: Standin, service: Service
) -> None:
    assert service.step(0) == LOOKS - 1
    last = publish(server)
    assert service.step(14) == LOOKS - 1
    assert service.step(16) == LOOKS
    assert service.taken()[-1] == last.sensed
    (queue,) = server.subscriptions._held.values()
    assert queue.queue == []
    # A quiet queue wakes nobody.
    searches = len(server.calls("stac"))
    assert service.step(32) == LOOKS
    assert len(server.calls("stac")) == searches


def test_without_a_subscription_it_is_looked_at_when_the_region_is_due(
    server: Standin, settings: Settings
) -> None:
    service = Service(settings.model_copy(update={"subscription_credentials": None}))
    assert service.step(0) == LOOKS - 1
    publish(server)
    assert service.step(16) == LOOKS - 1
    assert server.calls("subscriptions") == []
    assert service.step(EVERY.total_seconds() / 60 + 5) == LOOKS


def test_a_product_of_elsewhere_wakes_nobody(server: Standin, service: Service) -> None:
    service.step(0)
    searches = len(server.calls("stac"))
    far = {"GeoFootprint": {"type": "Polygon", "coordinates": [
        [[100, 10], [101, 10], [101, 11], [100, 10]]]}}  # fmt: skip
    server.subscriptions.notify(server.scenes()[0], value=far)
    service.step(16)
    assert len(server.calls("stac")) == searches


def test_f63_an_acknowledgement_that_is_lost_brings_the_news_again_and_no_second_look(
    server: Standin, service: Service
) -> None:
    assert service.step(0) == LOOKS - 1
    publish(server)
    # Info, Read, Ack, as often as it is tried.
    server.faults["subscriptions"].extend([faults.ok, faults.ok, *[faults.status(404)] * 8])
    assert service.step(16) == LOOKS
    assert "news of products cannot be read" in service.told[-2]
    server.faults["subscriptions"].clear()
    files, looks = len(server.calls("files")), service.taken()
    assert service.step(32) == LOOKS
    assert (len(server.calls("files")), service.taken()) == (files, looks)
    (queue,) = server.subscriptions._held.values()
    assert queue.queue == []


def test_f62_a_broken_subscription_stops_no_look(server: Standin, service: Service) -> None:
    server.always["subscriptions"] = faults.status(404)
    assert service.step(0) == LOOKS - 1
    assert "news of products cannot be read" in service.told[0]
    publish(server)
    assert service.step(EVERY.total_seconds() / 60 + 5) == LOOKS


def test_f5_wrong_credentials_of_the_subscription_stop_no_look_and_are_not_shown(
    server: Standin, settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = write_credentials(tmp_path / "wrong.json", server, password="mistyped-7Qw")
    service = Service(settings.model_copy(update={"subscription_credentials": wrong}))
    assert service.step(0) == LOOKS - 1
    assert "check the credentials" in service.told[0]
    shown = "\n".join([*service.told, caplog.text])
    for secret in ("mistyped-7Qw", server.account.username, server.account.password):
        assert secret not in shown


def test_a_clients_credentials_are_refused_in_words(
    server: Standin, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "client.json"
    path.touch(mode=0o600)
    path.write_text('{"client_id": "a", "client_secret": "b"}')
    service = Service(settings.model_copy(update={"subscription_credentials": path}))
    assert service.step(0) == LOOKS - 1
    assert "subscriptions are for people" in service.told[0]


def test_an_unforeseen_fault_of_the_news_stops_no_look(
    server: Standin, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("unforeseen")

    monkeypatch.setattr(service.watch, "_heed", broken)
    assert service.step(0) == LOOKS - 1


def test_a_deleted_product_is_gone_and_its_region_says_so(
    server: Standin, service: Service
) -> None:
    service.step(0)
    publish(server)
    assert service.step(16) == LOOKS
    region = service.store.region("local", pulled.REGION)
    (first, *_) = service.store.known_scenes("local", region.id, "stac")
    standin = next(one for one in server.scenes() if one.sensed == first.sensed)
    server.subscriptions.notify(standin, "deleted", DeletionCause="Corrupt product")
    assert service.step(32) == LOOKS
    left = service.store.known_scenes("local", region.id, "stac")
    assert first.id not in {one.id for one in left}
    assert (
        f"region {region.id}: its provider deleted a product that it had listed (Corrupt product)"
        in service.told
    )


def test_one_session_serves_a_day_of_news(server: Standin, service: Service) -> None:
    for turn in range(4):
        service.step(turn * (NEWS_EVERY.total_seconds() / 60 + 1))
    # One for the subscription, one for the files.
    assert server.tokens.sessions == 2
    assert len([call for call in server.calls("subscriptions") if call.method == "POST"]) == 1


def test_f13_neither_the_password_nor_a_token_is_kept_where_others_look(
    server: Standin, service: Service, settings: Settings
) -> None:
    service.step(0)
    publish(server)
    service.step(16)
    opened = {call.bearer for call in server.calls() if call.bearer}
    assert len(opened) == 2
    for path in settings.data_dir.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert server.account.password.encode() not in data
            if path.name in ("token", "token.session"):
                assert path.stat().st_mode & 0o777 == 0o600
