"""The picture before and after that goes with an alert: what of it is kept, and when it is made.

No pixel is stored. A message that is planned names the event and its version; at its first attempt
the picture is drawn, and two looks, digest and caption are stored before anything is sent. Every
further attempt draws the same anew and holds it against the digest. Whatever fails here, the text
goes: a message without its picture says so, and stays without.
"""

from __future__ import annotations

import dataclasses
import hashlib
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from hearthwatch.alerting.receivers import may_have_pictures
from hearthwatch.alerts.channel import Letter
from hearthwatch.records import (
    AlertAct,
    Detail,
    Event,
    Language,
    Message,
    MessageForm,
    Mode,
    Precision,
    Receiver,
)
from hearthwatch.store.protocol import Store

if TYPE_CHECKING:
    from hearthwatch.before_after import Colours
    from tiles.archive import Archive

CAPTION = "caption"
"""Member of what is kept of a picture: a paragraph that the text ends with."""
MOST_CAPTION_BYTES = 1_000
MOST_BYTES = 600_000
"""Of a picture; a larger one is drawn coarser."""
FINENESS = (150, 100, 60)
"""Pixels per inch that are tried, of a picture 11 inches wide."""
WAIT_S = 15.0
"""For a picture, at each attempt: with a mail server's own time less than a sender's lease."""
MOST_WAITING = 8
"""Messages that wait for pictures at a time, so that most of the sender's threads never do."""
KEPT = 8
"""Pictures kept in memory: for who else is told of the same event, and for the next attempt."""

_log = logging.getLogger(__name__)


def wish_of(letter: Letter) -> dict[str, Any] | None:
    """Return of what a picture is to go with a letter; None where none may.

    One goes with what is real, about one event, not taken back, and told with its exact place.
    """
    told = letter.facts[0] if letter.facts else None
    if (
        told is None
        or not letter.pictures
        or letter.detail is not Detail.EXACT
        or letter.form is not MessageForm.SINGLE
        or letter.marked is not Mode.ACTUAL
        or told["act"] == AlertAct.CANCEL.value
        # Frozen while the receiver was told less.
        or told["precision"] != Precision.EXACT.value
    ):
        return None
    return {"event": told["event"], "version": told["version"]}


def without_picture(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is sent, from now on, where a picture could not be made or not be sent."""
    # Words are loaded where something is told, and not with every process.
    from hearthwatch.alerts import words

    return {**content, "picture": {CAPTION: words.say(_language(content), "picture-failed")}}


@dataclass(frozen=True, slots=True)
class Look:
    """One half of a picture: an acquisition, and when it was sensed."""

    acquisition: str
    sensed: datetime


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that a picture is drawn from, so that it can be drawn again.

    Attributes
    ----------
    masters : tuple of str
        SHA-256 of the archived files that the two looks are made of, sorted.
    dpi : int
        Pixels per inch.
    """

    before: Look
    after: Look
    masters: tuple[str, ...]
    colours: Colours
    dpi: int

    def value(self) -> dict[str, Any]:
        """Return it as it is stored."""
        return {
            "before": [self.before.acquisition, self.before.sensed.isoformat()],
            "after": [self.after.acquisition, self.after.sensed.isoformat()],
            "masters": list(self.masters),
            "colours": self.colours,
            "dpi": self.dpi,
        }

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Recipe:
        """Return it from what was stored."""
        before, after = (
            Look(name, datetime.fromisoformat(sensed))
            for name, sensed in (kept["before"], kept["after"])
        )
        return cls(before, after, tuple(kept["masters"]), kept["colours"], kept["dpi"])


@dataclass(frozen=True, slots=True)
class Made:
    """A picture with what it was drawn from."""

    recipe: Recipe
    png: bytes

    @property
    def sha256(self) -> str:
        """Return its digest."""
        return hashlib.sha256(self.png).hexdigest()


@dataclass(slots=True)
class Darkroom:
    """Makes pictures for messages, one at a time, each in its time or not at all.

    Usable from several threads.

    Parameters
    ----------
    archive : callable, optional
        Returns the archive of an organisation; without it no picture can be made.
    wait_s : float
        How long a message waits for its picture.
    """

    archive: Callable[[str], Archive] | None = None
    wait_s: float = WAIT_S
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _is_stuck: bool = False
    _waiting: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(MOST_WAITING))
    _kept: OrderedDict[tuple[str, str, int], Made] = field(default_factory=OrderedDict)

    def content(
        self, store: Store, message: Message, receiver: Receiver
    ) -> tuple[Mapping[str, Any], bytes | None]:
        """Return what is to be sent at an attempt, and the picture beside it.

        What differs from what is stored has to be stored before it is sent.
        """
        kept = message.content.get("picture")
        if not kept or "event" not in kept:
            return message.content, None
        if not (receiver.pictures and may_have_pictures(receiver)):
            return {**message.content, "picture": None}, None
        made = self._made(store, message, kept)
        if made is None:
            return without_picture(message.content), None
        if "sha256" in kept:
            return message.content, made.png
        said = _said(made, _language(message.content), receiver.zone)
        return {**message.content, "picture": {**kept, **said}}, made.png

    def _made(self, store: Store, message: Message, kept: Mapping[str, Any]) -> Made | None:
        """Return the picture that a message asks for, or tells of; None where it cannot be had."""
        known = (message.organisation, str(kept["event"]), int(kept["version"]))
        recipe = Recipe.of(kept) if "sha256" in kept else None
        try:
            made = self._in_time(lambda: self._drawn(store, known, recipe))
        except Exception as error:
            # Whatever it says may hold a place.
            _log.warning("message %s has no picture: %s", message.id, type(error).__name__)
            return None
        if recipe is not None and made.sha256 != kept["sha256"]:
            _log.warning("message %s has no picture: it would be another one", message.id)
            return None
        return made

    def _in_time(self, draw: Callable[[], Made]) -> Made:
        """Draw in a thread that is left alone when its time is over; `TimeoutError` then.

        While one hangs for longer than that, nobody waits behind it.
        """
        until = time.monotonic() + self.wait_s
        if not self._waiting.acquire(blocking=False):
            raise TimeoutError
        try:
            if not self._turn.acquire(timeout=0 if self._is_stuck else self.wait_s):
                raise TimeoutError
            return self._begin(draw).result(timeout=max(0.0, until - time.monotonic()))
        except TimeoutError:
            self._is_stuck = True
            raise
        finally:
            self._waiting.release()

    def _begin(self, draw: Callable[[], Made]) -> Future[Made]:
        """Have it drawn by whoever has the turn, which ends with it."""
        drawn: Future[Made] = Future()

        def work() -> None:
            try:
                drawn.set_result(draw())
            except BaseException as error:
                drawn.set_exception(error)
            finally:
                self._is_stuck = False
                self._turn.release()

        self._is_stuck = False
        # No pool: whoever ends the sender must not have to wait for one that hangs.
        thread = threading.Thread(target=work, name="picture", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            self._turn.release()
            raise
        return drawn

    def _drawn(self, store: Store, known: tuple[str, str, int], recipe: Recipe | None) -> Made:
        """Return a picture, from memory if it is there; with a recipe, exactly that one."""
        found = self._kept.get(known)
        if found is not None and recipe in (None, found.recipe):
            self._kept.move_to_end(known)
            return found
        organisation, event_id, version = known
        if self.archive is None:
            raise LookupError("no archive")
        history = store.event_history(organisation, event_id)
        event = next(one for one in history if one.version == version)
        archive = self.archive(organisation)
        made = _again(archive, event, recipe) if recipe else _first(store, archive, event)
        self._kept[known] = made
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return made


def _first(store: Store, archive: Archive, event: Event) -> Made:
    """Choose the two looks that show the change best, and draw them as fine as there is room for.

    Raises
    ------
    LookupError
        There are not two such looks, or they have no bands for any colours.
    ValueError
        There is no room for it at all.
    """
    # What draws is loaded where something is drawn: most senders never do.
    from hearthwatch.before_after import ColoursLacking, rows_of
    from hearthwatch.ledger_words import masters_of
    from hearthwatch.pairs import best_pair

    rows = rows_of(store, event)
    pair = best_pair(archive.only(masters_of(rows)), event, rows)
    if pair.before is None or pair.after is None:
        raise LookupError("no look on one side of the change")
    looks = [Look(one.acquisition, one.sensed) for one in (pair.before, pair.after)]
    names = {one.acquisition for one in looks}
    masters = masters_of(one for one in rows if one.acquisition in names)
    recipe = Recipe(looks[0], looks[1], tuple(sorted(masters)), "true", FINENESS[0])
    try:
        return _fitting(archive, event, recipe)
    except ColoursLacking:
        return _fitting(archive, event, dataclasses.replace(recipe, colours="false"))


def _fitting(archive: Archive, event: Event, recipe: Recipe) -> Made:
    for dpi in FINENESS:
        made = _again(archive, event, dataclasses.replace(recipe, dpi=dpi))
        if len(made.png) <= MOST_BYTES:
            return made
    raise ValueError("the picture is too large")


def _again(archive: Archive, event: Event, recipe: Recipe) -> Made:
    from hearthwatch.before_after import picture_of

    own, sides = archive.only(recipe.masters), (recipe.before, recipe.after)
    before, after = (one.acquisition for one in sides)
    return Made(recipe, picture_of(own, event, before, after, recipe.colours, recipe.dpi))


def _language(content: Mapping[str, Any]) -> Language:
    """Return the language that a message was written in, whatever the receiver's is now."""
    return Language(content["language"])


def _said(made: Made, language: Language, zone: str) -> dict[str, Any]:
    """Return what is kept of a picture that was made, with what is said of it."""
    from hearthwatch.alerts import words

    recipe = made.recipe
    before, after = (
        words.look(one.sensed.isoformat(), language, zone) for one in (recipe.before, recipe.after)
    )
    years = sorted({recipe.before.sensed.year, recipe.after.sensed.year})
    lines = (
        words.say(language, "picture", before=before, after=after),
        words.say(language, "picture-secret"),
        words.say(language, "picture-credit", years="-".join(map(str, years))),
    )
    return {
        **recipe.value(),
        "sha256": made.sha256,
        "bytes": len(made.png),
        "alt": words.say(language, "picture-alt", before=before, after=after),
        CAPTION: "\n".join(lines),
    }
