"""`hearthwatch review`: people verify at one machine, each with a password of their own."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hearthwatch.access.passwords import Passwords
from hearthwatch.access.people import new_person
from hearthwatch.cli.parser_review import VERDICTS
from hearthwatch.layout import Layout
from hearthwatch.records import Role, Verdict
from hearthwatch.store import open_store
from tests.contract import store_records as a

PASSWORD = "a long walk uphill 7"
SHOWN = {"pictures": "x", "version": 1, "before": None,
         "after": {"acquisition": "S2A-1"}}  # fmt: skip


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with everybody's password; beside it a data folder with an event."""

    def shown(store: Any, archive: Any, event: Any, cases: Any) -> dict[str, Any]:
        return SHOWN

    monkeypatch.setattr("hearthwatch.cli.review.pictures_of", shown)
    kept = Passwords().hash(PASSWORD)
    (tmp_path / "var").mkdir()
    store = open_store(Layout(tmp_path / "var").database, write=True)
    a.with_region(store, "local")
    with store.transaction() as tx:
        tx.put_event(a.event(organisation="local"))
        tx.put_source(a.source(organisation="local", event="evt-1", detector_state="PROBABLE"))
        for login, role in (("amina", Role.ANALYST), ("badr", Role.ANALYST), ("vera", Role.VIEWER)):
            made = new_person("local", login, login, role, datetime.now(UTC))
            tx.put_person(dataclasses.replace(made, password=kept))
    store.close()
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    return tmp_path / "password"


def test_two_people_verify_an_event_and_the_last_word_is_taken_back(
    call, document, failure, desk
) -> None:
    def by(login: str) -> tuple[object, ...]:
        return ("--login", login, "--password-file", desk)

    # The name is the one of the page or its first part.
    (waits,) = document("review", "queue", *by("amina@local"))[1]["items"]
    assert (waits["event"], waits["round"], waits["opinions"]) == ("evt-1", "first", 0)
    said = call("review", "claim", "evt-1", *by("amina"))[1]
    assert "evt-1: yours for 30 min, until " in said
    assert "before: no look\nafter: S2A-1" in said
    assert "by somebody" in call("review", "queue", *by("badr"))[1]
    assess = ("review", "assess", "evt-1", "--verdict")
    status, code, words = failure(*assess, "unharmed", *by("amina"))
    assert (status, code) == (24, "event") and "seasonal_burn" in words
    reason = ("unharmed", "--reason", "construction")
    assert "the event is candidate" in call(*assess, *reason, *by("amina"))[1]
    assert call("review", "queue", *by("amina"))[1] == "Nothing waits for you.\n"
    call("review", "claim", "evt-1", *by("badr"))
    assert "the event is rejected" in call(*assess, *reason, *by("badr"))[1]
    (found,) = document("review", "agreement")[1]["regions"]
    assert (found["region_name"], found["pairs"], found["kappa"]) == ("Village", 1, None)
    assert "taken back; the event is " in call("review", "undo", "evt-1", *by("badr"))[1]
    assert document("review", "agreement")[1]["regions"] == []


def test_nobody_looks_who_may_not_and_a_claim_is_given_back(call, failure, desk) -> None:
    status, code, words = failure(
        "review", "claim", "evt-1", "--login", "vera", "--password-file", desk
    )
    assert (status, code) == (25, "access") and "may not verify events" in words
    for login in ("amina", "badr"):
        who = ("--login", login, "--password-file", desk)
        call("review", "claim", "evt-1", *who)
        said = call("review", "claim", "evt-1", "--give-back", *who)[1]
        assert said == "evt-1: others may look at it.\n"


def test_the_verdicts_that_can_be_typed_are_those_there_are() -> None:
    assert sorted(VERDICTS) == sorted(Verdict)
