"""When a satellite is to be expected over a region, learned from when it came.

No repeat cycle is written down here. Satellites join, are moved and die, and a rule that knows
them by name is wrong the day after. Each satellite's rhythm over each relative orbit is read from
its own recent passes; what it has not shown yet is taken from the others of its family there.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from imagery.types import Scene

DAY = timedelta(days=1)
ALLOWANCE = timedelta(hours=36)
"""After a pass was due before it counts as late: products are published within a day or so."""
SAME = timedelta(hours=12)
"""Of one orbit, times closer than this are one pass: no satellite repeats an orbit so soon."""
RECENT = timedelta(days=150)
"""What is older says nothing of where a satellite flies now."""
GAPS = 6
"""Gaps between passes that a rhythm is read from, the newest."""
MISSES = 3
"""Expected passes that must stay away, one after the other, before an orbit is given up."""
_OFF_DAY = timedelta(hours=1)
"""Repeat cycles are whole days; a gap further off than this is a manoeuvre, not a cycle."""
_LEAST_WITHIN = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass over a region that was listed; `platform` is None where nobody said."""

    sensor: str
    relative_orbit: int
    sensed: datetime
    platform: str | None = None
    direction: str | None = None


@dataclass(frozen=True, slots=True)
class ExpectedPass:
    """A pass that the past lets expect, whether it came or not.

    Attributes
    ----------
    within : timedelta
        How far its time may be off, to either side.
    platform : str or None
        Whose rhythm it is; another of its family may come in its stead.
    """

    sensor: str
    relative_orbit: int
    expected: datetime
    within: timedelta
    platform: str | None = None
    direction: str | None = None

    @property
    def key(self) -> str:
        """Stands for the acquisition in the ledger until there is one."""
        return expected_key(self.sensor, self.relative_orbit, self.expected)

    def came(self, history: Iterable[Pass]) -> bool:
        """Tell whether a pass of its orbit was listed at its time."""
        return any(
            one.sensor == self.sensor and is_same(one.relative_orbit, one.sensed, self)
            for one in history
        )


@dataclass(frozen=True, slots=True)
class EndedOrbit:
    """A satellite that passed on an orbit and has stayed away too often to be waited for.

    Attributes
    ----------
    last : datetime
        When it was last seen there.
    cycle_days : int
    missed : tuple of datetime
        When it was waited for.
    """

    sensor: str
    relative_orbit: int
    platform: str | None
    last: datetime
    cycle_days: int
    missed: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class _Rhythm:
    """What the passes of one satellite on one orbit let expect after the last of them."""

    last: Pass
    cycle_days: int
    within: timedelta

    def time(self, turn: int) -> datetime:
        return self.last.sensed + turn * self.cycle_days * DAY


@dataclass(frozen=True, slots=True)
class _Gap:
    """The time between two passes of one satellite: its end, whole days, and what is over."""

    end: datetime
    days: int
    over: timedelta


def expected_key(sensor: str, relative_orbit: int, expected: datetime) -> str:
    """Return what stands for the acquisition in the ledger until there is one."""
    return f"expected_{sensor}_R{relative_orbit:03d}_{expected.astimezone(UTC):%Y%m%d}"


def is_same(relative_orbit: int, time: datetime, other: ExpectedPass) -> bool:
    """Tell whether an orbit and time are those of an expected pass."""
    return relative_orbit == other.relative_orbit and abs(time - other.expected) < SAME


def passes_of(scenes: Iterable[Scene]) -> tuple[Pass, ...]:
    """Return the passes that scenes were taken in, oldest first; without an orbit there is none."""
    found: dict[tuple[str, int, str | None], list[Pass]] = defaultdict(list)
    for scene in sorted(scenes, key=lambda one: one.sensed):
        if scene.relative_orbit is None:
            continue
        same = found[scene.sensor, scene.relative_orbit, scene.platform]
        if not same or scene.sensed - same[-1].sensed >= SAME:
            same.append(
                Pass(
                    scene.sensor, scene.relative_orbit, scene.sensed, scene.platform,
                    scene.orbit_direction,
                )
            )  # fmt: skip
    return tuple(sorted((one for same in found.values() for one in same), key=_order))


def expected(history: Sequence[Pass], since: datetime, until: datetime) -> tuple[ExpectedPass, ...]:
    """Return the passes to be expected in ``[since, until]``, oldest first.

    Each is foretold from passes before it alone, so that what was expected of a day does not
    depend on when one asks, but for passes that were listed late.

    Parameters
    ----------
    history : sequence of Pass
        Over one region, of any sensors.
    """
    found = [
        one
        for _, _, walked in _walks(history, until)
        for one in walked
        if since <= one.expected <= until
    ]
    return _once(found)


def missing(expected: Iterable[ExpectedPass], history: Sequence[Pass]) -> tuple[ExpectedPass, ...]:
    """Return those of the expected passes that did not come."""
    return tuple(one for one in expected if not one.came(history))


def late(
    expected: Iterable[ExpectedPass], now: datetime, allowance: timedelta = ALLOWANCE
) -> tuple[ExpectedPass, ...]:
    """Return those of the expected passes that should have been listed by `now`."""
    return tuple(one for one in expected if one.expected + allowance <= now)


def ended(
    history: Sequence[Pass], now: datetime, allowance: timedelta = ALLOWANCE
) -> tuple[EndedOrbit, ...]:
    """Return the satellites and orbits that are no longer waited for."""
    found = []
    for rhythm, is_newest, walked in _walks(history, now - allowance):
        missed = [one.expected for one in missing(walked, history)]
        if is_newest and len(missed) >= MISSES:
            last = rhythm.last
            found.append(
                EndedOrbit(
                    last.sensor, last.relative_orbit, last.platform, last.sensed,
                    rhythm.cycle_days, tuple(missed),
                )
            )  # fmt: skip
    return tuple(found)


def flown(history: Sequence[Pass], now: datetime) -> frozenset[tuple[str, int]]:
    """Return the sensors and orbits of which a pass is still to be expected after `now`."""
    ahead = expected(history, now, now + RECENT)
    return frozenset((one.sensor, one.relative_orbit) for one in ahead)


def _walks(
    history: Sequence[Pass], until: datetime
) -> Iterator[tuple[_Rhythm, bool, list[ExpectedPass]]]:
    """Yield what was to be expected after every pass, and whether it was its satellite's last."""
    orbits: dict[tuple[str, int], list[Pass]] = defaultdict(list)
    for one in sorted(set(history), key=_order):
        orbits[one.sensor, one.relative_orbit].append(one)
    for passes in orbits.values():
        seen = [one.sensed for one in passes]
        satellites = _satellites(passes)
        family = [gap for same in satellites for gap in _gaps(same)]
        for same in satellites:
            own = list(_gaps(same))
            for at, last in enumerate(same):
                rhythm = _rhythm(last, own, family)
                if rhythm is not None:
                    ahead = same[at + 1].sensed if at + 1 < len(same) else None
                    yield rhythm, ahead is None, list(_walk(rhythm, ahead, seen, until))


def _walk(
    rhythm: _Rhythm, ahead: datetime | None, seen: Sequence[datetime], until: datetime
) -> Iterator[ExpectedPass]:
    """Yield what a rhythm lets expect until its satellite came again, or was given up."""
    turn, misses = 1, 0
    end = min(until, rhythm.last.sensed + RECENT)
    while misses < MISSES and rhythm.time(turn) <= end:
        time = rhythm.time(turn)
        if ahead is not None and time >= ahead + SAME:
            return
        came = any(abs(time - one) < SAME for one in seen)
        misses = 0 if came else misses + 1
        last = rhythm.last
        yield ExpectedPass(
            last.sensor, last.relative_orbit, time, turn * rhythm.within, last.platform,
            last.direction,
        )  # fmt: skip
        turn += 1


def _satellites(passes: Sequence[Pass]) -> list[list[Pass]]:
    """Return the passes of each satellite on one orbit, oldest first, each once."""
    found: dict[str, list[Pass]] = defaultdict(list)
    for one in passes:
        same = found[one.platform or ""]
        if not same or one.sensed - same[-1].sensed >= SAME:
            same.append(one)
    return list(found.values())


def _gaps(same: Sequence[Pass]) -> Iterator[_Gap]:
    """Yield the gaps between passes that may be cycles."""
    for before, after in pairwise(same):
        span = after.sensed - before.sensed
        days = round(span / DAY)
        over = abs(span - days * DAY)
        if days > 0 and over <= _OFF_DAY:
            yield _Gap(after.sensed, days, over)


def _rhythm(last: Pass, own: Sequence[_Gap], family: Sequence[_Gap]) -> _Rhythm | None:
    """Return the rhythm of one satellite and orbit after one of its passes, if it has one."""
    recent = [gap for gap in own if last.sensed - RECENT < gap.end <= last.sensed][-GAPS:]
    if not recent:
        return None
    kin = Counter(gap.days for gap in family if last.sensed - RECENT < gap.end <= last.sensed)
    cycle = _cycle([gap.days for gap in recent], kin)
    return _Rhythm(last, cycle, max(_LEAST_WITHIN, 2 * max(gap.over for gap in recent)))


def _cycle(own: Sequence[int], kin: Counter[int]) -> int:
    """Return the repeat cycle in days.

    The shortest gap seen twice: a pass that was missed makes a gap longer, never shorter, and a
    manoeuvre makes a gap that does not come again. Of a newcomer, the commonest gap of its family
    on the same orbit, if its own is a multiple of it.
    """
    repeated = [days for days, count in Counter(own).items() if count > 1]
    if repeated:
        return min(repeated)
    common = min(kin, key=lambda days: (-kin[days], days))
    return common if own[-1] % common == 0 else own[-1]


def _once(found: Sequence[ExpectedPass]) -> tuple[ExpectedPass, ...]:
    """Leave out what another satellite of the orbit lets expect as well."""
    kept: list[ExpectedPass] = []
    for one in sorted(found, key=lambda e: (e.sensor, e.relative_orbit, e.expected)):
        before = kept[-1] if kept else None
        if (
            before is None
            or before.sensor != one.sensor
            or not is_same(one.relative_orbit, one.expected, before)
        ):
            kept.append(one)
    return tuple(sorted(kept, key=lambda e: (e.expected, e.sensor, e.relative_orbit)))


def _order(one: Pass) -> tuple[datetime, str, int, str]:
    return one.sensed, one.sensor, one.relative_orbit, one.platform or ""
