"""One event out of the sources that tell of it: which belong together, and what they come to.

A source is one detector's episode at one place. Sources that rest on the same kind of pixels say
one thing, however many they are: the stronger of them counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from itertools import combinations

from shapely.geometry.base import BaseGeometry

from detectors.types import DetectorState, SiteChange

TOLERANCE = timedelta(days=30)
"""How far the intervals of two sources of one event may lie apart."""
SLIVER = 1e-6
"""Share of the smaller of two areas that an overlap must have to be one."""
OPTICAL, RADAR, HEAT = "optical", "radar", "heat"
DATED_APART = "its sources date it differently; the interval holds all they say"

_ORIGINS = {
    "sentinel-2": OPTICAL,
    "landsat": OPTICAL,
    # Harmonised Landsat and Sentinel-2: another's reading of the pixels that we read.
    "hls": OPTICAL,
    "opera-dist-alert-hls": OPTICAL,
    "sentinel-1": RADAR,
    # Another's reading of the radar's passes.
    "opera-dist-alert-s1": RADAR,
    "viirs": HEAT,
    "modis": HEAT,
    "firms": HEAT,
}
_FIRE, _CAMP = "burned", "camp_change"
_FAMILIES = {
    "burned": frozenset({_FIRE}),
    "razed": frozenset({_FIRE}),
    "camp_change": frozenset({_CAMP}),
    # Ground that changed, however it did: the change itself, told by one who cannot name it.
    "ground_change": frozenset({_FIRE, _CAMP}),
}
"""What a kind may be the same event as: kinds go together where they share one."""
_UNNAMED = frozenset({"ground_change"})
"""Kinds that say that something changed and not what."""

_GAINS = frozenset({SiteChange.NEW, SiteChange.EXPANDED, SiteChange.REOCCUPIED, SiteChange.REBUILT})
_LOSSES = frozenset(SiteChange) - _GAINS


class Level(IntEnum):
    """How far one source has come."""

    WATCH = 1
    PROBABLE = 2
    ESTABLISHED = 3


class Standing(StrEnum):
    """What sources come to together, in the words for events that software may say."""

    CANDIDATE = "candidate"
    PROVISIONAL = "provisional"
    CORROBORATED = "corroborated"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Source:
    """What one detector says of one episode at one place.

    Attributes
    ----------
    groups : tuple of str
        Kinds of evidence it rests on; see `groups_of`.
    state, reached : DetectorState
        Where it stands, and the farthest it came before it closed.
    last_unharmed : datetime or None
        With `first_changed` the interval in which the change lies; None where it has no beginning.
    last_detected : datetime
        When the detector last spoke of it.
    weight : float
        Natural logarithm of the likelihood ratio, nats; 0 where there is none.
    settlement : str
        Empty where it is about an area.
    change : str
        What became of the site; empty where it is not told.
    cell : str
        Of the work grid.
    """

    id: str
    detector: str
    kind: str
    groups: tuple[str, ...]
    state: DetectorState
    reached: DetectorState
    last_unharmed: datetime | None
    first_changed: datetime
    last_detected: datetime
    weight: float
    geometry: BaseGeometry
    settlement: str = ""
    change: str = ""
    cell: str = ""

    @property
    def has_lapsed(self) -> bool:
        """Whether its detector has taken it back."""
        return self.state is DetectorState.LAPSED

    @property
    def is_over(self) -> bool:
        """Whether its episode has ended."""
        return self.state in (DetectorState.LAPSED, DetectorState.CLOSED)


@dataclass(frozen=True, slots=True)
class Combined:
    """What the sources of one event come to.

    Attributes
    ----------
    leading : str
        Id of the source that says most; of those that say it plainly, one that can name what it is.
    weights : mapping of str to float
        By id, the sources of which the evidence adds up: the strongest of each independent kind.
    last_unharmed, first_changed
        The interval.
    doubts : tuple of str
        What follows from holding them beside each other.
    """

    state: Standing
    leading: str
    weights: Mapping[str, float]
    last_unharmed: datetime | None
    first_changed: datetime
    doubts: tuple[str, ...]


def groups_of(sensors: Sequence[str]) -> tuple[str, ...]:
    """Return the kinds of evidence that sensors give.

    Sentinel-2 and Landsat are one kind, optical; the satellites that see heat are one, too. A
    layer made by others is of the kind of the passes it was read from; where those are not known
    it is a kind of its own, once per origin.
    """
    found = {
        next(
            (kind for name, kind in _ORIGINS.items() if sensor.startswith(name)), f"layer:{sensor}"
        )
        for sensor in sensors
    }
    return tuple(sorted(found))


def level_of(source: Source) -> Level:
    """Return how far a source has come; heat alone never comes farther than WATCH."""
    if source.groups == (HEAT,):
        return Level.WATCH
    state = source.state
    if state is DetectorState.CLOSED:
        # A detector closes only what it was sure enough of to follow to its end.
        known = source.reached.value in Level.__members__
        return max(Level[source.reached.value], Level.PROBABLE) if known else Level.PROBABLE
    return Level[state.value]


def combine(sources: Sequence[Source]) -> Combined:
    """Say what the sources of one event come to; their order does not matter.

    Parameters
    ----------
    sources : sequence of Source
        At least one.
    """
    standing = [one for one in sources if not one.has_lapsed]
    if not standing:
        last = max(sources, key=lambda one: (one.last_detected, one.weight, one.id))
        since, first, doubts = _interval(sources)
        return Combined(Standing.CLOSED, last.id, {}, since, first, doubts)
    leading = max(standing, key=_says)
    told = [one for one in standing if level_of(one) >= Level.PROBABLE]
    since, first, doubts = _interval(told or standing)
    state = _state(standing)
    return Combined(state, leading.id, _weights(standing), since, first, doubts)


def belongs(source: Source, members: Sequence[Source]) -> bool:
    """Tell whether a source tells of the event that others tell of.

    It does where the place is theirs, the kinds go together, none tells of growth and another of
    loss, the intervals meet but for `TOLERANCE`, their episode was not over before its own began,
    and it is of no other settlement than they are. A detector keeps its own episodes apart: a
    second one is a second event, but for the ground of another cell of the work grid, which it
    follows by itself.
    """
    others = [one for one in members if one.detector != source.detector]
    again = any(_is_again(source, one) for one in members)
    if again or not others or _was_over(members, source.first_changed):
        return False
    is_akin = all(are_akin(one, source) for one in members)
    is_here = any(_same_place(source, one) for one in others)
    is_theirs = are_of_one_settlement([source], members)
    return is_akin and is_here and is_theirs and apart(source, members) <= TOLERANCE


def are_of_one_settlement(some: Sequence[Source], others: Sequence[Source]) -> bool:
    """Tell whether sources share a settlement with others, where both are of any."""
    first, second = ({one.settlement for one in each if one.settlement} for each in (some, others))
    return not first or not second or not first.isdisjoint(second)


def apart(source: Source, members: Sequence[Source]) -> timedelta:
    """Return how far the interval of a source is from those of the others at most; 0 if they meet.

    Those whose detector has taken them back do not date it, unless all have.
    """
    dating = [one for one in members if not one.has_lapsed] or members
    return max(_gap(source, one) for one in dating)


def are_akin(one: Source, other: Source) -> bool:
    """Tell whether two sources may tell of one change: by kind, and by gain or loss."""
    changes = {one.change, other.change}
    opposed = bool(changes & _GAINS) and bool(changes & _LOSSES)
    return not _family(one.kind).isdisjoint(_family(other.kind)) and not opposed


def _says(one: Source) -> tuple[bool, bool, Level, float, float, str]:
    """Return how much a source says; what it was comes before that something was."""
    level, is_named = level_of(one), one.kind not in _UNNAMED
    return level >= Level.PROBABLE, is_named, level, one.weight, one.geometry.area, one.id


def share_ground(one: BaseGeometry, other: BaseGeometry) -> bool:
    """Tell whether two areas overlap; neighbours that only touch do not, to the last rounding."""
    if not one.intersects(other):
        return False
    return bool(one.intersection(other).area > SLIVER * min(one.area, other.area))


def _state(standing: Sequence[Source]) -> Standing:
    levels = [level_of(one) for one in standing]
    sure = [one for one in standing if level_of(one) is Level.ESTABLISHED]
    twice = any(set(one.groups).isdisjoint(other.groups) for one, other in combinations(sure, 2))
    if twice:
        return Standing.CORROBORATED
    return Standing.PROVISIONAL if max(levels) >= Level.PROBABLE else Standing.CANDIDATE


def _weights(standing: Sequence[Source]) -> dict[str, float]:
    """Return what counts: the strongest first, then whatever shares no kind of evidence with it."""
    taken: dict[str, float] = {}
    used: set[str] = set()
    for one in sorted(standing, key=lambda one: (-one.weight, one.id)):
        if used.isdisjoint(one.groups):
            taken[one.id] = one.weight
            used.update(one.groups)
    return taken


def _interval(
    sources: Sequence[Source],
) -> tuple[datetime | None, datetime, tuple[str, ...]]:
    """Return the interval that all sources leave, or the one that holds all of theirs."""
    begins = [one.last_unharmed for one in sources if one.last_unharmed is not None]
    ends = [one.first_changed for one in sources]
    if not begins or max(begins) < min(ends):
        return max(begins, default=None), min(ends), ()
    whole = min(begins) if len(begins) == len(sources) else None
    return whole, max(ends), (DATED_APART,)


def _gap(one: Source, other: Source) -> timedelta:
    begins = [begin for begin in map(_begin, (one, other)) if begin is not None]
    end = min(one.first_changed, other.first_changed)
    return max([timedelta(0), *(begin - end for begin in begins)])


def _begin(source: Source) -> datetime | None:
    """Return before when the change cannot lie; None where nothing tells.

    Heat is there only while it burns: of what burned long before, it tells nothing.
    """
    burns = source.groups == (HEAT,) and source.last_unharmed is None
    return source.first_changed if burns else source.last_unharmed


def _was_over(members: Sequence[Source], moment: datetime) -> bool:
    return all(one.is_over and one.last_detected < moment for one in members)


def _is_again(source: Source, one: Source) -> bool:
    """Tell whether another source is an episode that the same detector tells apart."""
    is_here = bool(source.settlement) or source.cell == one.cell
    return one.detector == source.detector and is_here and not one.has_lapsed


def _family(kind: str) -> frozenset[str]:
    return _FAMILIES.get(kind, frozenset({kind}))


def _same_place(one: Source, other: Source) -> bool:
    if one.settlement and other.settlement:
        return one.settlement == other.settlement
    return share_ground(one.geometry, other.geometry)
