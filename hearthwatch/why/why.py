"""What is known of one settlement about one day, and the sentence that answers for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from detectors.types import DetectorState, GuardVerdict
from hearthwatch.ledger_words import detector_in_words
from hearthwatch.records import USABLE, Event, Gap, Label, LedgerRow, Mode, ObservationStatus, Pause
from hearthwatch.why.lives import Life, now_in_words
from hearthwatch.why.look import Told, cause_in_words, told_of
from hearthwatch.why.words import held_in_words
from hearthwatch.words import counted, day, interval

ENDED = (DetectorState.CLOSED, DetectorState.LAPSED)
_NO_ALERT = (DetectorState.WATCH, DetectorState.LAPSED)
"""States of an event that was never more than a suspicion."""
_FIRST, _LAST = (one.replace(tzinfo=UTC) for one in (datetime.min, datetime.max))  # noqa: DTZ901


@dataclass(frozen=True, slots=True)
class Around:
    """A day, and the days before and after it that belong to the question."""

    day: date
    days: int

    @property
    def start(self) -> datetime:
        """First instant of the day."""
        return datetime.combine(self.day, time(), UTC)

    @property
    def since(self) -> datetime:
        """First instant of the first day, or of the calendar."""
        return _moved(self.start, -self.days, _FIRST)

    @property
    def until(self) -> datetime:
        """Last instant of the last day, or of the calendar."""
        after = _moved(self.start, self.days + 1, _LAST)
        return after - timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Why:
    """All that bears on why there was, or was not, an alert.

    Attributes
    ----------
    settlement, name : str
        Its id, and its name or nothing; of an area no id, and the name of its region.
    looks : tuple of LedgerRow
        Those of the days about, the last telling one before and the first after; oldest first.
    events : tuple of Event
        Of the settlement, those that began about the day or were under way.
    missing : tuple of Gap
        Passes that are waited for about the day and have no row in the ledger.
    pauses : tuple of Pause
        Of providers, about the day.
    first, last : datetime or None
        First and last look at it in the whole ledger.
    watching : tuple of str
        Names of the regions that cover it now.
    regions : mapping of str to str
        Names of the regions that the rows belong to, by id.
    lives : tuple of Life
        Of the events that were merged, split or judged, and of those that they had to do with.
    """

    settlement: str
    label: Label
    mode: Mode
    around: Around
    looks: tuple[LedgerRow, ...]
    events: tuple[Event, ...]
    missing: tuple[Gap, ...]
    pauses: tuple[Pause, ...]
    first: datetime | None
    last: datetime | None
    watching: tuple[str, ...]
    regions: Mapping[str, str]
    lives: tuple[Life, ...] = ()


def answer(why: Why) -> str:
    """Return the one sentence that says why there was no alert, or that there was one."""
    if why.first is None or why.last is None:
        return _never_looked_at(why)
    merged = {one.event.id: one for one in why.lives if one.is_merged}
    began = _each_once(why, merged)
    alerts = [one for one in began if one.detector_state not in _NO_ALERT]
    if alerts:
        return f"There was an alert: {_in_words(alerts, merged)}."
    reason = _reason(why)
    if began:
        suspected = _in_words(began, merged)
        lapsed = any(one.detector_state == DetectorState.LAPSED for one in began)
        what = "an event that lapsed" if lapsed else "a suspicion and no more"
        return f"There was {what}: {suspected}; {reason}."
    if why.events:
        going = _in_words(why.events, merged)
        return (
            f"There was no new alert, for one was under way: {going}; until it is closed, what "
            "changes there belongs to it."
        )
    return f"There was no alert: {reason}."


def _each_once(why: Why, merged: Mapping[str, Life]) -> list[Event]:
    """Return the events that began about the day; of those now one, the one that stands."""
    began = [one for one in why.events if one.first_changed >= why.around.since]
    ids = {one.id for one in began}
    return [one for one in began if one.id not in merged or merged[one.id].survivor.id not in ids]


def _in_words(events: Iterable[Event], merged: Mapping[str, Life]) -> str:
    """Return events in words, each with what stands for it now and what became part of it."""
    return "; ".join(_with_others(one, merged) for one in events)


def _with_others(event: Event, merged: Mapping[str, Life]) -> str:
    words = event_in_words(event)
    if event.id in merged:
        return f"{words}, {now_in_words(merged[event.id])}"
    parts = sorted(key[:8] for key, life in merged.items() if life.survivor.id == event.id)
    if not parts:
        return words
    was = "was" if len(parts) == 1 else "were"
    return f"{words}; {', '.join(parts)} {was} merged into it"


def event_in_words(event: Event) -> str:
    """Return an event as a clause."""
    return (
        f"event {event.id[:8]} ({event.kind.value}, {event.detector_state}, {event.state.value}), "
        f"changed {interval(event.last_unharmed, event.first_changed)}, first told of on the look "
        f"of {day(event.first_detected)}"
    )


def _moved(moment: datetime, days: int, bound: datetime) -> datetime:
    """Return a moment some days later, or the bound where the calendar ends before."""
    try:
        return moment + timedelta(days=days)
    except OverflowError:
        return bound


def bears_on(event: Event, around: Around) -> bool:
    """Tell whether an event began about the day, or was under way by then."""
    begins = event.last_unharmed or event.first_changed
    if begins > around.until:
        return False
    ended = event.detector_state in ENDED and event.last_detected < around.start
    return event.first_changed >= around.since or not ended


def lost_in_words(rows: Iterable[LedgerRow]) -> str:
    """Return what became of looks that showed nothing, counted: ``2 cloud, 1 not delivered``."""
    counts = Counter(_loss(row) for row in rows)
    return ", ".join(f"{count} {word}" for word, count in counts.most_common())


def _never_looked_at(why: Why) -> str:
    if why.watching:
        regions = ", ".join(why.watching)
        return f"Nothing is known: {regions} covers it, but no look at it is in the ledger yet."
    return "Nothing is known: no region that watches for change in settlements covers it."


def _reason(why: Why) -> str:
    """Return why nothing was told, or nothing more."""
    assert why.first is not None
    assert why.last is not None
    if why.around.until < why.first:
        return f"the watch begins later, its first look is of {day(why.first)}"
    later = [row for row in why.looks if row.sensed >= why.around.start]
    if not later:
        return f"no look of that day or later is in the ledger, the last one is of {day(why.last)}"
    said = {
        detector: _of_looks([row for row in later if row.detector == detector], why.around)
        for detector in sorted({row.detector for row in later})
    }
    if len(said) == 1:
        return next(iter(said.values()))
    return "; ".join(f"{detector_in_words(name)}: {words}" for name, words in said.items())


def _of_looks(later: Sequence[LedgerRow], around: Around) -> str:
    """Return what the looks of one detector since the day come to.

    Parameters
    ----------
    later : sequence of LedgerRow
        Those of the day and after it, oldest first; the first telling one comes last at most.
    """
    told = [told_of(row) for row in later]
    quiet = [one.row for one in told if _is_quiet(one)]
    lost = [one.row for one in told if not one.reckonings and not one.held and one.row not in quiet]
    held = [one for one in told if one.held]
    judged = [one for one in told if one.reckonings]
    if held:
        said = _held_back(max(held, key=lambda one: one.total))
    elif judged:
        said = _too_little(judged)
    elif quiet:
        looks = counted(len({row.acquisition for row in quiet}), "look")
        said = f"{looks} found nothing new in the area"
    else:
        days = counted(around.days, "day")
        return f"no look in the {days} after showed it plainly: {lost_in_words(lost)}"
    blind = [row for row in lost if row.sensed <= around.until]
    return f"{said}; {_further(blind)}" if blind else said


def _is_quiet(one: Told) -> bool:
    """Tell whether a look over an area could be used and found nothing new."""
    here = one.row
    return not here.settlement and here.status is ObservationStatus.UNCHANGED and not one.held


def _held_back(one: Told) -> str:
    missed = one.missed
    brought = f" ({missed.in_words()})" if missed else ""
    return f"the look of {day(one.row.sensed)} was held back: {held_in_words(one.held)}{brought}"


def _too_little(judged: Sequence[Told]) -> str:
    best = max(judged, key=lambda one: one.total)
    plain = sum(one.row.status is ObservationStatus.UNCHANGED for one in judged)
    missed = best.missed or best.reckonings[-1]
    said = (
        f"the evidence did not reach the threshold: by {day(best.row.sensed)} {missed.in_words()}"
    )
    shown = f"{counted(plain, 'look')} of {len(judged)} judged {'shows' if plain == 1 else 'show'}"
    return f"{said}; {shown} it plainly unharmed" if plain else said


def _further(rows: Sequence[LedgerRow]) -> str:
    return f"{counted(len(rows), 'further look')} told nothing ({lost_in_words(rows)})"


def _loss(row: LedgerRow) -> str:
    if row.cause is not None:
        return cause_in_words(row)
    if row.status is ObservationStatus.NOT_DELIVERED:
        return "not delivered"
    if row.status in USABLE:
        return "not clear there"
    if row.detail.get("guard", {}).get("verdict") == GuardVerdict.SUSPECT:
        return "in a bad scene"
    if "said" not in row.detail:
        return "not processed"
    learned = "learn" in str(row.detail.get("reason", ""))
    return "used to learn what is normal" if learned else "plain neither way"
