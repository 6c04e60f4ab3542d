"""The picture before and after: in whose mail it is, always the same, and never in the way."""

from __future__ import annotations

import dataclasses
import io
import json
import shutil
import struct
import threading
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np
import pytest
import trustme
from PIL import Image

from hearthwatch.alerts import pictures
from hearthwatch.alerts.email import PICTURE, Email, Server
from hearthwatch.alerts.pictures import CAPTION, MOST_CAPTION_BYTES, Darkroom, wish_of
from hearthwatch.before_after import picture_of
from hearthwatch.ledger_words import masters_of
from hearthwatch.records import (
    Channel,
    Detail,
    EventState,
    Language,
    MessageForm,
    MessageState,
    Mode,
    Rhythm,
)
from hearthwatch.store import MemoryStore
from tests.contract import store_records as a
from tests.support import pictured
from tests.support.mail import Mailbox, serving, trusted
from tests.support.wordings import facts, letter, notice
from tests.unit.hearthwatch.alerts.desk import Desk
from tiles.archive import Archive

FAILED = "could not be made or sent"
COARSER = (Detail.NOTICE, Detail.PARTNER, Detail.PUBLIC)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn")
    pictured.draw(folder)
    return folder


@dataclass
class Box(Mailbox):
    """A server that may take no pictures: it says so at one verb, or hangs up."""

    verb: str = ""
    answer: str = ""

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802
        (size,) = (int(one[5:]) for one in options if one.lower().startswith("size="))
        if self.verb:
            self.answers = {self.verb: self.answer} if size > 25_000 else {}
        return await super().handle_MAIL(server, session, envelope, address, options)


@dataclass
class Studio:
    """A desk that sends e-mail, with pictures of an archive that a test may spoil."""

    desk: Desk
    box: Box
    folder: object
    room: Darkroom = field(default_factory=Darkroom)

    def ask_for_pictures(self, **changes):
        self.desk.receiver("duty@ngo.example", **{
            "channel": Channel.EMAIL, "detail": Detail.EXACT, "pictures": True,
            "zone": "Africa/Khartoum", **changes})  # fmt: skip
        self.desk.subscribe()

    def new_sender(self):
        """Let another process send from now on, with nothing in its memory."""
        self.room = Darkroom(lambda organisation: Archive(self.folder))
        self.desk.sender = dataclasses.replace(self.desk.another(), darkroom=self.room)

    def tell(self, number=1, **changes):
        self.desk.tell(pictured.event(number, **{"last_detected": self.desk.now, **changes}))

    @property
    def messages(self):
        return self.desk.store.messages("ours").items


@pytest.fixture
def studio(drawn, tmp_path):
    store, folder, box = MemoryStore(), tmp_path / "archive", Box()
    shutil.copytree(drawn, folder)
    desk = Desk(store)
    pictured.note(store, Archive(folder))
    authority = trustme.CA()
    with serving(box, authority) as port:
        server = Server("localhost", port, "starttls", "alerts@watch.example",
                        certificates=trusted(authority, tmp_path))  # fmt: skip
        desk.channels[Channel.EMAIL] = Email(server)
        made = Studio(desk, box, folder)
        made.new_sender()
        yield made


def parts(mail):
    """Return the text of a mail and its pictures; what else is in it fails the test."""
    if not mail.is_multipart():
        assert mail.get_content_type() == "text/plain"
        return mail.get_content(), []
    assert mail.get_content_type() == "multipart/mixed"
    text, *found = mail.iter_parts()
    assert text.get_content_type() == "text/plain"
    assert all(one.get_content_type() == "image/png" for one in found)
    return text.get_content(), found


def chunks(png):
    """Return the names of the chunks that a PNG is made of."""
    at, names = 8, []
    while at < len(png):
        (size,) = struct.unpack(">I", png[at : at + 4])
        names.append(png[at + 4 : at + 8].decode("ascii"))
        at += 12 + size
    return names


def has_picture(mail):
    return b"image/png" in mail.as_bytes() or b"iVBORw0KGgo" in mail.as_bytes()


def test_a_picture_of_two_looks_comes_after_the_text(studio):
    studio.ask_for_pictures()
    studio.tell()
    studio.desk.step()
    (mail,) = studio.box.taken
    text, (part,) = parts(mail)
    assert "26 April 2024, 14:00 (UTC+02:00)" in text and "1 May 2024, 14:00 (UTC+02:00)" in text
    assert text.rstrip().endswith("Contains modified Copernicus Sentinel data 2024")
    assert "Do not pass it on openly" in text
    png = part.get_content()
    image = np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)
    height, width, _ = image.shape
    left, right = (image[int(0.577 * height), int(width * x)].mean() for x in (0.26, 0.74))
    assert right - left > 100, "bare ground is brighter than what grew there"
    rows = studio.desk.store.ledger("ours", "reg-1").items
    own = Archive(studio.folder).only(masters_of(rows))
    before, after = pictured.BEFORE, pictured.AFTER
    assert png == picture_of(own, pictured.event(), before, after, "true"), "as the API draws it"
    (message,) = studio.messages
    said = [one.words for one in studio.desk.store.attempts("ours", message.id)]
    assert said == ["taken by the mail server with its picture"]


def test_neither_the_file_nor_its_name_says_more_than_is_to_be_seen(studio):
    studio.ask_for_pictures()
    studio.tell()
    studio.desk.step()
    _, (part,) = parts(studio.box.taken[0])
    assert part.get_filename() == PICTURE == "before-after.png"
    headers = "\n".join(f"{name}: {value}" for name, value in part.items())
    (message,) = studio.messages
    for telling in ("evt-1", message.id, "Village", pictured.CELL.id, "look", "34N", "local"):
        assert telling not in headers
    assert part["Content-Description"].startswith("Ground before, on 26 April 2024")
    assert set(chunks(part.get_content())) == {"IHDR", "pHYs", "IDAT", "IEND"}
    assert not Image.open(io.BytesIO(part.get_content())).info.keys() - {"dpi"}


@pytest.mark.parametrize("language", Language)
def test_the_words_round_a_picture_are_in_the_receivers_language(studio, language):
    studio.ask_for_pictures(language=language)
    studio.tell()
    studio.desk.step()
    text, (part,) = parts(studio.box.taken[0])
    kept = studio.messages[0].content["picture"]
    assert text.replace("\r\n", "\n").rstrip().endswith(kept[CAPTION])
    assert kept["alt"] == part["Content-Description"]
    assert "2024" in kept["alt"] and len(kept[CAPTION].encode()) <= MOST_CAPTION_BYTES
    english = "Ground before" in kept["alt"]
    assert english is (language is Language.ENGLISH)


def test_no_pixel_is_stored(studio):
    studio.ask_for_pictures()
    studio.tell()
    studio.desk.step()
    (message,) = studio.messages
    kept = message.content["picture"]
    assert set(kept) == {"event", "version", "before", "after", "masters", "colours", "dpi",
                         "sha256", "bytes", "alt", CAPTION}  # fmt: skip
    assert "iVBOR" not in json.dumps(dict(message.content))
    assert len(json.dumps(kept)) < 2_000 < kept["bytes"]


# ---- who gets one ---------------------------------------------------------------------------


def test_only_one_event_that_is_real_and_told_exactly_gets_a_picture():
    asked = letter(pictures=True)
    wish = wish_of(asked)
    assert wish == {"event": facts()["event"], "version": facts()["version"]}
    assert wish_of(dataclasses.replace(asked, facts=[facts(act="update")])) is not None
    none = [
        letter(), letter(facts=[facts(act="cancel")], pictures=True),
        letter(facts=[notice()], pictures=True),
        *(letter(facts=[facts(precision=one)], pictures=True)
          for one in ("", "vicinity_100m", "locality_1km", "admin")),
        *(letter(detail=one, pictures=True) for one in COARSER),
        *(letter(form, pictures=True) for form in MessageForm if form is not MessageForm.SINGLE),
        *(letter(mode=one, facts=[facts(mode=one.value)], pictures=True)
          for one in (Mode.EXERCISE, Mode.TEST)),
    ]  # fmt: skip
    assert [wish_of(one) for one in none] == [None] * len(none)


@pytest.mark.parametrize("changes", [
    *({"detail": one} for one in COARSER), {"pictures": False},
    {"detail": Detail.NOTICE, "pictures": False},
])  # fmt: skip
def test_no_byte_of_a_picture_goes_once_less_is_to_be_told(studio, changes):
    studio.ask_for_pictures()
    studio.box.answers["MAIL"] = "451 later"
    studio.tell()
    studio.desk.step()
    assert studio.messages[0].content["picture"]["sha256"], "it was made and could not be sent"
    _change(studio, **changes)
    studio.box.answers.clear()
    studio.desk.step(timedelta(minutes=1))
    (mail,) = studio.box.taken
    text, found = parts(mail)
    assert not found and not has_picture(mail) and "picture" not in text
    assert studio.messages[0].content["picture"] is None
    _change(studio, detail=Detail.EXACT, pictures=True)
    assert studio.messages[0].content["picture"] is None


def test_a_receiver_who_is_told_less_gets_none_whatever_is_asked(studio):
    studio.ask_for_pictures(detail=Detail.NOTICE)
    studio.tell()
    studio.desk.step()
    (mail,) = studio.box.taken
    assert not has_picture(mail) and studio.messages[0].content["picture"] is None


def test_an_update_has_a_picture_and_what_is_taken_back_has_none(studio):
    studio.ask_for_pictures()
    studio.tell()
    studio.desk.step()
    studio.tell(version=2, state=EventState.CONFIRMED)
    studio.desk.step(timedelta(minutes=1))
    studio.tell(version=3, state=EventState.RETRACTED)
    studio.desk.step(timedelta(minutes=1))
    assert [has_picture(one) for one in studio.box.taken] == [True, True, False]


def test_lists_and_exercises_have_none(studio):
    studio.ask_for_pictures(storm_cap=1)
    studio.desk.subscribe(id="sub-2", modes=("exercise", "test"), rhythm=Rhythm.INSTANT)
    for number in (1, 2):
        studio.tell(number)
    studio.tell(3, mode=Mode.EXERCISE)
    studio.desk.step()
    forms = {(one.form, one.mode) for one in studio.messages}
    assert forms == {(MessageForm.LIST, Mode.ACTUAL), (MessageForm.SINGLE, Mode.EXERCISE)}
    assert len(studio.box.taken) == 2 and not any(map(has_picture, studio.box.taken))


# ---- always the same ------------------------------------------------------------------------


def test_another_attempt_of_another_process_sends_the_same_bytes(studio):
    studio.ask_for_pictures()
    studio.box.answers["DATA"] = "451 later"
    studio.tell()
    studio.desk.step()
    studio.new_sender()
    studio.box.answers.clear()
    studio.desk.step(timedelta(minutes=1))
    first, again = studio.box.raw
    assert first == again and has_picture(studio.box.taken[1])
    assert studio.messages[0].state is MessageState.DELIVERED


def test_a_look_that_came_meanwhile_changes_nothing(studio):
    studio.ask_for_pictures()
    studio.box.answers["DATA"] = "451 later"
    studio.tell()
    studio.desk.step()
    with studio.desk.store.transaction() as tx:
        for one in studio.desk.store.ledger("ours", "reg-1").items:
            if one.acquisition == pictured.AFTER:
                # Not a look that shows the ground any more: another would be chosen now.
                tx.put_ledger(dataclasses.replace(one, detail={"masters": one.detail["masters"]}))
    studio.new_sender()
    studio.box.answers.clear()
    studio.desk.step(timedelta(minutes=1))
    assert studio.box.raw[0] == studio.box.raw[1]


def test_once_it_cannot_be_made_as_it_was_the_text_goes_without_it_and_says_so(studio):
    studio.ask_for_pictures()
    studio.box.answers["DATA"] = "451 later"
    studio.tell()
    studio.desk.step()
    shutil.rmtree(studio.folder)
    studio.new_sender()
    for _ in range(2):
        studio.desk.step(timedelta(hours=1))
    studio.box.answers.clear()
    studio.desk.step(timedelta(hours=3))
    first, *later = studio.box.taken
    assert has_picture(first) and len({one["Message-ID"] for one in studio.box.taken}) == 1
    assert len(later) == 3 and len(set(studio.box.raw[1:])) == 1
    text, found = parts(later[0])
    assert not found and FAILED in text
    assert parts(first)[0].split("Attached")[0] == text.split("A picture of the ground")[0]


# ---- never in the way -----------------------------------------------------------------------


def _spoil(folder):
    for path in folder.rglob("*"):
        if path.is_file() and path.stat().st_size > 1_000:
            data = bytearray(path.read_bytes())
            data[len(data) // 2] ^= 0xFF
            path.write_bytes(data)


@pytest.mark.parametrize("spoil", [_spoil, shutil.rmtree])
def test_with_a_broken_archive_the_mail_goes_and_says_that_there_is_no_picture(studio, spoil):
    studio.ask_for_pictures()
    spoil(studio.folder)
    studio.new_sender()
    studio.tell()
    studio.desk.step()
    (mail,) = studio.box.taken
    text, found = parts(mail)
    assert not found and not has_picture(mail)
    assert text.rstrip().endswith("That says nothing about the place.") and FAILED in text
    assert studio.messages[0].state is MessageState.DELIVERED


def test_without_a_look_before_there_is_no_picture(studio):
    studio.ask_for_pictures()
    studio.tell(last_unharmed=None, first_changed=a.NOON - timedelta(days=20))
    studio.desk.step()
    text, found = parts(studio.box.taken[0])
    assert not found and FAILED in text


def test_one_that_hangs_holds_up_its_message_for_a_while_and_no_other(studio):
    asked, goes_on = threading.Event(), threading.Event()

    def hang(organisation):
        asked.set()
        goes_on.wait()
        return Archive(studio.folder)

    studio.ask_for_pictures()
    studio.new_sender()
    studio.room.archive, studio.room.wait_s = hang, 0.05
    studio.tell(1)
    studio.desk.step()
    assert asked.wait(60)
    # Whoever waited for it now would wait past the end of this test.
    studio.room.wait_s = 1_000_000.0
    studio.tell(2)
    studio.desk.step()
    assert [FAILED in parts(one)[0] for one in studio.box.taken] == [True, True]
    goes_on.set()
    assert studio.room._turn.acquire(timeout=60)
    studio.room._turn.release()
    studio.tell(3)
    studio.desk.step()
    assert has_picture(studio.box.taken[2])


def test_no_more_messages_wait_for_pictures_than_threads_can_be_spared(studio):
    studio.ask_for_pictures()
    waiting = [studio.room._waiting.acquire(blocking=False) for _ in range(pictures.MOST_WAITING)]
    assert all(waiting)
    studio.tell()
    studio.desk.step()
    text, found = parts(studio.box.taken[0])
    assert not found and FAILED in text


def test_a_picture_is_drawn_coarser_until_there_is_room_for_it(studio, monkeypatch):
    studio.ask_for_pictures()
    studio.tell()
    studio.desk.step()
    (first,) = studio.messages
    fine = first.content["picture"]
    assert (fine["dpi"], fine["colours"]) == (pictures.FINENESS[0], "true")
    monkeypatch.setattr(pictures, "MOST_BYTES", fine["bytes"] - 1)
    studio.tell(2)
    studio.desk.step()
    # Both are of one time, and then of any order.
    (coarse,) = [one.content["picture"] for one in studio.messages if one.id != first.id]
    assert coarse["dpi"] < fine["dpi"] and coarse["bytes"] < fine["bytes"]
    monkeypatch.setattr(pictures, "MOST_BYTES", 100)
    studio.tell(3)
    studio.desk.step()
    assert [has_picture(one) for one in studio.box.taken] == [True, True, False]


@pytest.mark.parametrize(("verb", "answer"), [
    ("MAIL", "552 5.3.4 too large"), ("RCPT", "552 5.2.2 no room for that"),
    ("DATA", "552 5.3.4 too large"), ("DATA", "550 5.7.1 no attachments"), ("DATA", "drop"),
])  # fmt: skip
def test_a_server_that_takes_no_pictures_gets_the_text_at_the_next_attempt(studio, verb, answer):
    box = studio.box
    box.verb, box.answer = verb, answer
    studio.ask_for_pictures()
    studio.tell()
    studio.desk.step()
    (message,) = studio.messages
    assert (message.state, message.attempts) == (MessageState.WAITING, 1)
    studio.desk.step(timedelta(seconds=6))
    text, found = parts(box.taken[-1])
    assert not found and FAILED in text
    assert studio.messages[0].state is MessageState.DELIVERED
    assert sum(map(has_picture, box.taken)) == (verb == "DATA")


def test_a_mailbox_that_is_not_there_is_refused_with_a_picture_as_without(studio):
    studio.box.answers["RCPT"] = "550 5.1.1 no such mailbox"
    studio.ask_for_pictures()
    studio.tell()
    studio.desk.step()
    assert studio.messages[0].state is MessageState.DEAD


def test_looks_without_blue_are_shown_in_false_colours(studio):
    shutil.rmtree(studio.folder)
    archive = pictured.draw(studio.folder, ("B03", "B04", "B08"))
    pictured.note(studio.desk.store, archive)
    studio.new_sender()
    studio.ask_for_pictures()
    studio.tell()
    studio.desk.step()
    assert studio.messages[0].content["picture"]["colours"] == "false"
    assert has_picture(studio.box.taken[0])


def test_what_was_erased_while_its_picture_was_made_is_not_sent(studio):
    def erase(organisation):
        (message,) = studio.messages
        with studio.desk.store.transaction() as tx:
            tx.put_message(dataclasses.replace(message, content={}))
        return Archive(studio.folder)

    studio.ask_for_pictures()
    studio.new_sender()
    studio.room.archive = erase
    studio.tell()
    studio.desk.step()
    assert not studio.box.taken and studio.messages[0].content == {}
    assert not studio.desk.store.attempts("ours", studio.messages[0].id)


def _change(studio, **changes):
    store = studio.desk.store
    found = store.receiver("ours", "rcv-1")
    with store.transaction() as tx:
        tx.put_receiver(dataclasses.replace(found, revision=found.revision + 1, **changes))
