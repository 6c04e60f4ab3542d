"""`hearthwatch release`: two people at one machine, each with a password of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from hearthwatch.cli.parser_release import AUDIENCES
from hearthwatch.disclosure.terms import TERMS
from hearthwatch.layout import Layout
from hearthwatch.records import EventState, Role
from hearthwatch.store import open_store
from tests.contract import store_records as a
from tests.support.logins import as_, let_in

ROLES = {"amina": Role.ANALYST, "badr": Role.ANALYST, "vera": Role.VIEWER}


@pytest.fixture
def people(tmp_path: Path) -> dict[str, Path]:
    """Files of passwords by login; beside them a data folder with an event."""
    (tmp_path / "var").mkdir()
    store = open_store(Layout(tmp_path / "var").database, write=True)
    a.with_region(store, "local")
    with store.transaction() as tx:
        tx.put_event(a.event(organisation="local", state=EventState.CONFIRMED))
        files = let_in(tx, tmp_path, ROLES)
    store.close()
    return files


ASK = ("release", "ask", "evt-1", "--audience", "partner", "--why", "They are near.")


def test_two_people_release_and_one_withdraws(call, document, failure, people) -> None:
    assert "nobody asked for it" in call("release", "list")[1]
    _, asked = document(*ASK, *as_(people, "amina"))
    assert (asked["outcome"], asked["place"]) == ("open", "somewhere in a square of 128 km")
    status, code, words = failure("release", "agree", asked["id"], *as_(people, "amina"))
    assert (status, code) == (29, "release") and "Another person" in words
    said = call("release", "agree", asked["id"], *as_(people, "badr"))[1]
    assert said == (
        f"{asked['id']}: agreed to. They are told that it was somewhere in a square of 128 km.\n"
    )
    assert "agreed to" in call("release", "list")[1]
    _, gone = document("release", "withdraw", asked["id"], *as_(people, "amina"))
    assert gone["ended"] is not None
    _, again = document(*ASK, *as_(people, "badr"))
    _, refused = document("release", "refuse", again["id"], *as_(people, "amina"))
    assert refused["outcome"] == "refused"


def test_nobody_acts_without_their_own_password_or_without_the_right(
    failure, document, people
) -> None:
    wrong = ("--login", "badr", "--password-file", people["amina"])
    for who, words in ((wrong, "password is wrong"), (as_(people, "vera"), "may not release")):
        status, code, said = failure(*ASK, *who)
        assert (status, code) == (25, "access") and words in said
    assert document("release", "list")[1] == {"releases": []}


def test_the_audiences_that_can_be_typed_are_those_there_are() -> None:
    assert tuple(one.value for one in TERMS) == AUDIENCES
