"""Feeds as feed readers and GDAL read them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import feedparser
import pyogrio
import pytest
import shapely
from shapely.geometry import box, shape

from hearthwatch.alerting.feeds import A_SHEET, Sheet, sheet_of
from hearthwatch.alerts.channel import Letter
from hearthwatch.alerts.feed import Feed, document
from hearthwatch.alerts.georss import MOST_CORNERS
from hearthwatch.alerts.making import message_of
from hearthwatch.alerts.words import paragraphs
from hearthwatch.errors import NotFound
from hearthwatch.records import Channel, Detail, Language, Message, MessageForm, Mode
from hearthwatch.store import MemoryStore
from tests.contract import store_records as a
from tests.support import letters

HOME = "https://watch.example"
RECEIVER = a.receiver(channel=Channel.FEED, address="")
POINT = {"type": "Point", "coordinates": [25.1, 12.3]}
SQUARE = {"type": "Polygon", "coordinates": [letters.SQUARE]}
HOLE = [[25.14, 12.34], [25.14, 12.36], [25.16, 12.36], [25.16, 12.34], [25.14, 12.34]]
PIERCED = {"type": "Polygon", "coordinates": [letters.SQUARE, HOLE]}
ELSEWHERE = [[26.1, 12.3], [26.2, 12.3], [26.2, 12.4], [26.1, 12.4], [26.1, 12.3]]
AT_180 = shapely.MultiPolygon(
    [box(179.0, -17.0, 180.0, -16.0), box(-180.0, -17.0, -179.5, -16.0)]
).__geo_interface__
PARTS = {"type": "MultiPolygon", "coordinates": [[letters.SQUARE], [ELSEWHERE]]}
LISTS = (MessageForm.DIGEST, MessageForm.LIST, MessageForm.LATE)


def address(number: int | None) -> str:
    return f"{HOME}/feeds/rcv-1.atom" + ("" if number is None else f"?archive={number}")


def message(letter: Letter) -> Message:
    # Through JSON, as it is stored.
    made = message_of(letter, RECEIVER, Feed())
    return dataclasses.replace(made, content=json.loads(json.dumps(made.content)))


def feed(*told: Letter, number: int | None = None, before: int | None = None) -> bytes:
    sheet = Sheet([message(one) for one in told], number, before)
    return document(RECEIVER, sheet, address, "watch.example", HOME)


def read(text: bytes) -> Any:
    found = feedparser.parse(text)
    assert not found.bozo, found.bozo_exception
    return found


def drawn(text: bytes, folder: Path) -> Any:
    path = folder / "feed.atom"
    path.write_bytes(text)
    meta, _, shapes, _ = pyogrio.raw.read(path)
    assert meta["crs"] == "EPSG:4326"
    return list(shapely.from_wkb(shapes))


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("form", [one for one in MessageForm if one is not MessageForm.QUESTION])
def test_a_feed_reader_reads_all_that_every_form_says(
    form: MessageForm, language: Language
) -> None:
    told = [letters.facts(f"e-{n}") for n in range(3)]
    single = form is MessageForm.SINGLE
    some = told[:1] if single else told if form in LISTS else []
    made = letters.letter(form=form, language=language, **{"facts": some})
    found = read(feed(made))
    assert found.version == "atom10"
    assert len(found.entries) == (1 if single or not some else 4)
    assert len({one.id for one in found.entries}) == len(found.entries)
    for one in found.entries:
        assert one.updated == one.published == "2026-03-04T05:06:07.890Z"
        assert one.content[0].type == "text/html"
        assert one.content[0].language == language.value
        assert f'lang="{language.value}"' in one.content[0].value
        assert ('dir="rtl"' in one.content[0].value) is (language is Language.ARABIC)
        assert one.title
    if single:
        text = found.entries[0].content[0].value
        for line in "\n".join(paragraphs(made, language)).split("\n"):
            assert line in unescape(text)


def test_what_it_says_of_itself() -> None:
    found = read(feed(letters.letter(), number=3, before=2)).feed
    assert found.id == "urn:hearthwatch:receiver:rcv-1"
    assert found.author == "hearthwatch, watch.example"
    assert {one.rel: one.href for one in found.links} == {
        "self": address(3), "current": address(None), "prev-archive": address(2),
        "alternate": f"{HOME}/",
    }  # fmt: skip
    assert "fh_archive" in found
    assert "fh_archive" not in read(feed(letters.letter())).feed


def test_one_that_tells_nothing_yet_is_whole() -> None:
    found = read(feed())
    assert found.entries == []
    assert datetime.fromisoformat(found.feed.updated) == RECEIVER.created


def test_codes_for_programs_stand_beside_the_words() -> None:
    (one,) = read(feed(letters.letter())).entries
    found = {tag.scheme.removeprefix("urn:hearthwatch:"): tag.term for tag in one.tags}
    assert found == {
        "mode": "actual", "form": "single", "act": "alert", "kind": "burned",
        "change": "razed_partial", "state": "corroborated", "severity": "severe",
        "sure": "Likely", "event": "e-1",
    }  # fmt: skip
    assert one.link == f"{HOME}/events/e-1"


def test_a_notice_names_no_place() -> None:
    text = feed(letters.letter(letters.notice(), detail=Detail.NOTICE))
    assert b"georss:" not in text
    assert b"Umm Sidra" not in text


@pytest.mark.parametrize("mode", [Mode.EXERCISE, Mode.TEST])
def test_what_is_not_about_the_world_is_marked_in_title_and_text(mode: Mode) -> None:
    told = letters.facts(mode=mode.value)
    for form in (MessageForm.SINGLE, MessageForm.LATE):
        for one in read(feed(letters.letter(told, mode=mode, form=form))).entries:
            assert one.title.startswith(mode.value.upper())
            assert one.content[0].value.count(mode.value.upper()) >= 2


def test_what_changes_is_an_entry_of_its_own_that_names_the_one_before() -> None:
    first = letters.letter(id="msg_1")
    before = (f"msg_1,{letters.MADE.isoformat()}",)
    taken_back = letters.facts(act="cancel", state="retracted", sequence=2)
    second = letters.letter(
        taken_back, id="msg_2", before=before, made=letters.MADE + timedelta(days=1)
    )
    newest, oldest = read(feed(first, second)).entries
    assert newest.id != oldest.id
    assert newest["thr_in-reply-to"]["ref"] == oldest.id
    # Whatever a map draws: what was taken back is drawn nowhere on the newest sheet.
    assert "where" not in newest
    assert "where" not in oldest
    full = read(feed(first, second, number=0))
    assert "where" in full.entries[1]


def test_in_a_list_each_event_follows_its_own_entry() -> None:
    before = (f"msg_1,{letters.MADE.isoformat()},e-2", f"msg_0,{letters.MADE.isoformat()},e-1")
    made = letters.letter(
        letters.facts("e-1", act="update"), letters.facts("e-2", act="update"),
        form=MessageForm.LIST, before=before,
    )  # fmt: skip
    head, *rest = read(feed(made)).entries
    assert "thr_in-reply-to" not in head
    assert [one["thr_in-reply-to"]["ref"].rpartition(":")[2] for one in rest] == [
        "msg_0.e-1", "msg_1.e-2",
    ]  # fmt: skip


class TestPlaces:
    def test_a_point_and_a_square_are_read_by_feed_readers(self) -> None:
        point = letters.facts("e-1", geometry=POINT, precision="locality_1km")
        square = letters.facts("e-2", geometry=SQUARE)
        made = letters.letter(point, square, form=MessageForm.LIST)
        _, one, two = read(feed(made)).entries
        assert one.where == {"type": "Point", "coordinates": (25.1, 12.3)}
        assert one.georss_radius == "1000"
        assert shape(two.where).equals(shape(SQUARE))

    @pytest.mark.parametrize(
        ("geometry", "covered"),
        [
            (POINT, shape(POINT)), (SQUARE, shape(SQUARE)), (PIERCED, shape(SQUARE)),
            (PARTS, box(25.1, 12.3, 26.2, 12.4)), (AT_180, box(179.0, -17.0, 180.0, -16.0)),
        ],
    )  # fmt: skip
    def test_gdal_and_feed_readers_read_the_same(
        self, geometry: dict[str, Any], covered: Any, tmp_path: Path
    ) -> None:
        text = feed(letters.letter(letters.facts(geometry=geometry)))
        (found,) = drawn(text, tmp_path)
        assert found.equals(covered)
        (one,) = read(text).entries
        assert shape(one.where).equals(covered)

    def test_an_event_stands_on_a_map_once_where_it_was_told_last(self, tmp_path: Path) -> None:
        moved = letters.facts(act="update", sequence=2, geometry=POINT)
        first = letters.letter(letters.facts("e-1"), letters.facts("e-2"), form=MessageForm.LATE)
        text = feed(first, letters.letter(moved, id="msg_2"))
        found = [one for one in drawn(text, tmp_path) if one is not None]
        assert [one.geom_type for one in found] == ["Point", "Polygon"]

    def test_a_fine_outline_is_drawn_more_coarsely(self) -> None:
        round_one = shape(POINT).buffer(0.01, quad_segs=2000)
        told = letters.facts(geometry=round_one.__geo_interface__)
        (one,) = read(feed(letters.letter(told))).entries
        found = shape(one.where)
        assert len(found.exterior.coords) <= MOST_CORNERS
        assert found.symmetric_difference(round_one).area < round_one.area / 100


def store_of(count: int) -> MemoryStore:
    store = a.with_region(MemoryStore())
    # Putting one into words takes longer than all else here.
    pattern = message(letters.letter(letters.facts("e-0"), id="msg_0"))
    text = json.dumps(pattern.content)
    with store.transaction() as tx:
        tx.put_receiver(RECEIVER)
        for n in range(count):
            at = a.NOON + timedelta(minutes=n)
            content = json.loads(text.replace("msg_0", f"msg_{n}").replace("e-0", f"e-{n}"))
            made = dataclasses.replace(
                pattern, id=f"msg_{n}", content=content, made=at, next=at, ended=at
            )
            tx.put_message(made)
    return store


@pytest.mark.parametrize("count", [0, 1, A_SHEET, 2 * A_SHEET - 1, 2 * A_SHEET, 4 * A_SHEET + 3])
def test_going_from_sheet_to_sheet_nothing_is_missing_or_told_twice(count: int) -> None:
    store = store_of(count)
    sheet = sheet_of(store, RECEIVER)
    told: list[Sequence[Message]] = [sheet.messages]
    while sheet.before is not None:
        sheet = sheet_of(store, RECEIVER, sheet.before)
        told.insert(0, sheet.messages)
    assert [one.id for some in told for one in some] == [f"msg_{n}" for n in range(count)]
    assert len(told[-1]) >= min(count, A_SHEET)
    for beyond in (len(told) - 1, len(told)):
        with pytest.raises(NotFound):
            sheet_of(store, RECEIVER, beyond)


def test_a_full_sheet_never_changes() -> None:
    before = {n: feed_of(store_of(4 * A_SHEET), n) for n in range(3)}
    later = store_of(9 * A_SHEET + 7)
    assert before == {n: feed_of(later, n) for n in range(3)}


def feed_of(store: MemoryStore, number: int) -> bytes:
    sheet = sheet_of(store, RECEIVER, number)
    return document(RECEIVER, sheet, address, "watch.example", HOME)


def test_what_was_erased_is_in_no_sheet() -> None:
    store = store_of(2)
    first = store.message("ours", "msg_0")
    with store.transaction() as tx:
        tx.put_message(dataclasses.replace(first, content={}))
    text = document(RECEIVER, sheet_of(store, RECEIVER), address, "watch.example", HOME)
    assert [one.id for one in read(text).entries] == ["urn:hearthwatch:message:msg_1.e-1"]
