"""The token of a person, whose account may have only so many sessions, and the files it opens."""

from __future__ import annotations

import copy
import logging
import pickle
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shapely.geometry import box

from imagery.errors import ImageryError, Permanent
from imagery.looks import group_acquisitions
from imagery.net import tokens
from imagery.net.transport import Transport
from imagery.net.types import Deadline, Reply, Request
from imagery.providers.stac import StacProvider
from imagery.types import Acquisition, Chip, Query
from tests.standin import Standin, faults
from tests.support.catalogue import forest, grid, make_catalogue
from tests.support.person import QUICK, account_of, keeper_of, write_credentials
from tests.support.sources import FAST, HURRIED
from tests.support.waiting import PATIENCE_S, until

DAY = datetime(2023, 5, 1, 10, tzinfo=UTC)
ON_THE_DAY = Query(box(-180, -90, 180, 90), DAY, DAY)


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scenes")
    drawn = forest(3, bands=("B04", "SCL"), cloudy=0, overcast=0)
    return make_catalogue(folder, [DAY], drawn, baseline="05.00", offset=True)


@pytest.fixture
def server(scenes: Path) -> Iterator[Standin]:
    with Standin(scenes) as running:
        running.closed.add("cdse")
        yield running


@pytest.fixture
def secret(server: Standin, tmp_path: Path) -> Path:
    return write_credentials(tmp_path / "person.json", server)


def ask(server: Standin, shared: Path) -> Reply:
    """Ask for something that a person's token opens."""
    url = f"{server.subscriptions_url}/Info"
    request = Request("GET", url, authorised=True)
    return Transport(account_of(server, shared), QUICK).send(request, Deadline.after(PATIENCE_S))


def shared_files(shared: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in (shared / "person").iterdir()}


class TestSessions:
    def test_f6_a_token_is_renewed_within_its_session(
        self, server: Standin, secret: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tokens, "EARLY_SHARE", 0.8)
        server.tokens.seconds = 5.0
        with keeper_of(server, tmp_path, secret):
            ask(server, tmp_path)
            until(lambda: server.tokens.issued >= 2)
            assert ask(server, tmp_path).requests == 1
        assert server.tokens.sessions == 1

    def test_f6_a_session_that_is_over_is_begun_anew(
        self, server: Standin, secret: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tokens, "EARLY_SHARE", 0.8)
        server.tokens.seconds = 5.0
        with keeper_of(server, tmp_path, secret):
            ask(server, tmp_path)
            server.tokens.end_sessions()
            until(lambda: server.tokens.sessions == 2)
            assert ask(server, tmp_path).requests == 1

    def test_f11_the_next_run_goes_on_with_the_token_and_then_with_the_session(
        self, server: Standin, secret: Path, tmp_path: Path
    ) -> None:
        for _ in range(3):
            with keeper_of(server, tmp_path, secret):
                ask(server, tmp_path)
        assert (server.tokens.issued, server.tokens.sessions) == (1, 1)
        (tmp_path / "person" / "token").unlink()
        with keeper_of(server, tmp_path, secret):
            ask(server, tmp_path)
        assert (server.tokens.issued, server.tokens.sessions) == (2, 1)

    def test_f1_a_service_that_stumbles_does_not_cost_the_session(
        self, server: Standin, secret: Path, tmp_path: Path
    ) -> None:
        with keeper_of(server, tmp_path, secret):
            ask(server, tmp_path)
        (tmp_path / "person" / "token").unlink()
        server.faults["token"].append(faults.status(503))
        with keeper_of(server, tmp_path, secret):
            ask(server, tmp_path)
        assert (server.tokens.issued, server.tokens.sessions) == (2, 1)

    def test_f4_a_session_that_brings_no_token_is_left_for_a_new_one(
        self, server: Standin, secret: Path, tmp_path: Path
    ) -> None:
        with keeper_of(server, tmp_path, secret):
            ask(server, tmp_path)
        (tmp_path / "person" / "token").unlink()
        page = faults.status(200, b"<html>sorry</html>")
        server.faults["token"].extend([page] * tokens.SESSION_TRIES)
        with keeper_of(server, tmp_path, secret):
            ask(server, tmp_path)
        assert server.tokens.sessions == 2

    @pytest.mark.parametrize("what", ["token", "token and session"])
    def test_f7_a_revoked_token_is_replaced_by_a_new_session(
        self, server: Standin, secret: Path, tmp_path: Path, what: str
    ) -> None:
        with keeper_of(server, tmp_path, secret):
            ask(server, tmp_path)
            server.tokens._alive.clear()
            if "session" in what:
                server.tokens.end_sessions()
            assert ask(server, tmp_path).requests == 2
        assert (server.tokens.issued, server.tokens.sessions) == (2, 2)

    def test_f10_the_session_of_another_is_not_gone_on_with(
        self, server: Standin, secret: Path, tmp_path: Path
    ) -> None:
        with keeper_of(server, tmp_path, secret):
            ask(server, tmp_path)
        other = write_credentials(tmp_path / "other.json", server, username="other@example.org")
        with keeper_of(server, tmp_path, other), pytest.raises(Permanent, match="gave no token"):
            ask(server, tmp_path)
        assert server.tokens.issued == 1

    def test_f5_a_wrong_password_is_permanent_and_tried_once(
        self, server: Standin, tmp_path: Path
    ) -> None:
        wrong = write_credentials(tmp_path / "wrong.json", server, password="mistyped")
        with keeper_of(server, tmp_path, wrong):
            for _ in range(5):
                with pytest.raises(Permanent, match="check the credentials of the account person"):
                    ask(server, tmp_path)
        assert len(server.calls("token")) == 1

    def test_f13_neither_password_nor_session_is_shown_or_given_to_workers(
        self, server: Standin, secret: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        person = server.account
        with keeper_of(server, tmp_path, secret) as keeper:
            ask(server, tmp_path)
            session = keeper._file.session(keeper._mark)
            assert len(session) > 20
            echo = f"no {person.username} {person.password} {session}".encode()
            server.always["token"] = faults.status(400, echo)
            server.tokens.revoke()
            with pytest.raises(ImageryError) as caught:
                ask(server, tmp_path)
            shown = [repr(keeper), *traceback.format_exception(caught.value), caplog.text]
            shown += [repr(pickle.dumps(caught.value)), repr(pickle.dumps(keeper._account))]
            kept = shared_files(tmp_path)
        for text in shown:
            assert not any(hidden in text for hidden in (person.password, person.username, session))
        assert "gave no token (400)" in caplog.text
        assert not any(person.password in text for text in kept.values())
        assert [name for name, text in kept.items() if session in text] == []

    def test_f13_the_session_lies_in_a_file_of_its_own_that_nobody_else_can_read(
        self, server: Standin, secret: Path, tmp_path: Path
    ) -> None:
        with keeper_of(server, tmp_path, secret) as keeper:
            ask(server, tmp_path)
            session = keeper._file.session(keeper._mark)
        holders = [name for name, text in shared_files(tmp_path).items() if session in text]
        assert holders == ["token.session"]
        path = tmp_path / "person" / "token.session"
        assert path.stat().st_mode & 0o777 == 0o600
        path.chmod(0o644)
        assert keeper._file.session(keeper._mark) == ""


class TestFiles:
    """Files of the Data Space's catalogue are for people who have logged in."""

    def provider(self, server: Standin, shared: Path, secret: Path | None) -> StacProvider:
        return StacProvider(
            server.stac_url("cdse"), ["sentinel-2-l2a"], shared, file_origins=[server.url],
            requests_per_minute=FAST, credentials=secret, token_url=server.person_token_url,
            transport=HURRIED,
        )  # fmt: skip

    def look(self, provider: StacProvider) -> Acquisition:
        return group_acquisitions(provider.search(ON_THE_DAY))[0]

    def read(self, provider: StacProvider) -> Chip:
        return provider.read(self.look(provider).scenes, grid(size=20), ["B04"], 30.0)

    def test_without_a_token_they_are_closed_and_the_words_say_what_is_missing(
        self, server: Standin, tmp_path: Path
    ) -> None:
        provider = self.provider(server, tmp_path, None)
        with provider.serving(), pytest.raises(Permanent, match="no credentials are given"):
            self.read(provider)
        assert server.tokens.issued == 0

    def test_with_a_token_they_are_read_also_by_a_worker_that_was_sent_the_provider(
        self, server: Standin, secret: Path, tmp_path: Path
    ) -> None:
        provider = self.provider(server, tmp_path, secret)
        server.closed.clear()
        plain = self.read(self.provider(server, tmp_path / "plain", None))
        server.closed.add("cdse")
        with provider.serving():
            here = self.read(provider)
            pickled = pickle.dumps(provider)
            there = self.read(pickle.loads(pickled))
        for chip in (here, there):
            np.testing.assert_array_equal(chip.layers[0].dn, plain.layers[0].dn)
            assert chip.provenance.sources[0].sha256 == plain.provenance.sources[0].sha256
        assert server.account.password.encode() not in pickled
        assert server.account.username.encode() not in pickled
        assert (server.tokens.issued, server.tokens.sessions) == (1, 1)

    def test_the_token_goes_with_files_and_never_with_searches(
        self, server: Standin, secret: Path, tmp_path: Path
    ) -> None:
        provider = self.provider(server, tmp_path, secret)
        with provider.serving():
            self.read(provider)
        assert all(call.bearer for call in server.calls("files"))
        assert server.calls("stac")
        assert not any(call.bearer for call in server.calls("stac"))

    def test_f34_the_token_does_not_follow_a_redirect(
        self, server: Standin, secret: Path, scenes: Path, tmp_path: Path
    ) -> None:
        with Standin(scenes) as elsewhere:
            provider = self.provider(server, tmp_path, secret)
            server.always["files"] = faults.redirect(f"{elsewhere.url}/files/cdse/x/B04.jp2")
            with provider.serving(), pytest.raises(Permanent, match="never followed"):
                self.read(provider)
            assert elsewhere.calls() == []

    def test_f6_the_token_is_renewed_while_files_are_read(
        self, server: Standin, secret: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tokens, "EARLY_SHARE", 0.8)
        server.tokens.seconds = 5.0
        provider = self.provider(server, tmp_path, secret)
        with provider.serving():
            look = self.look(provider)
            first = provider.read(look.scenes, grid(size=20), ["B04"], 30.0)
            read: list[Any] = []

            def renewed() -> bool:
                read.append(provider.read(look.scenes, grid(size=20), ["B04"], PATIENCE_S))
                return len({call.bearer for call in server.calls("files")}) > 1

            until(renewed)
        last = read[-1]
        np.testing.assert_array_equal(last.layers[0].dn, first.layers[0].dn)
        assert {call.status for call in server.calls("files")} <= {200, 206}
        assert server.tokens.sessions == 1

    def test_credentials_are_for_catalogues_whose_files_want_a_login_and_for_nobody_else(
        self, server: Standin, secret: Path, tmp_path: Path
    ) -> None:
        for url in ("https://earth-search.aws.element84.com/v1",
                    "https://planetarycomputer.microsoft.com/api/stac/v1"):  # fmt: skip
            with pytest.raises(ValueError, match="read without credentials"):
                StacProvider(url, ["a"], tmp_path, credentials=secret, token_url="https://t.org/x")
        with pytest.raises(ValueError, match="file origins that they are for"):
            StacProvider("https://stac.example.org", ["a"], tmp_path, credentials=secret,
                         token_url="https://t.org/x")  # fmt: skip
        known = StacProvider(
            "https://stac.dataspace.copernicus.eu/v1", ["a"], tmp_path, credentials=secret,
            file_origins=["https://mirror.example.org"], token_url="https://t.org/x",
        )  # fmt: skip
        assert known._private == {"https://download.dataspace.copernicus.eu"}
        assert copy.copy(known).credentials == secret
