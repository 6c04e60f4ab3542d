"""What the rules look at, and what they find, as values."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hearthwatch.records import AlarmKind, Gap, Lease, Pause, Response
from hearthwatch.store.rules import Stuck


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong now.

    Attributes
    ----------
    subject : str
        What is wrong: a sensor, a provider, a channel, somebody's id; never a place.
    since : datetime
        Since when, as far as that is known.
    regions : tuple of str
        Ids of the regions that it is about.
    items : tuple of str
        What it is about: where something new is among them it is told once more.
    """

    kind: AlarmKind
    subject: str
    since: datetime
    regions: tuple[str, ...] = ()
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Installation:
    """How the service itself stands.

    Attributes
    ----------
    watches, tells : bool
        Whether there is anything to look at, and anybody to be told.
    expects_runs : bool
        Whether looks are to be taken without anybody asking for them.
    sender, coordinator : Lease or None
        The signs of life of what sends and of what takes the looks; None where that never
        began or ended as it should.
    last_run : datetime or None
        When a run over any region last began or ended.
    between_runs : timedelta
        That the settings have between two runs over one region.
    free_bytes : int or None
        On the disk of the data; None where it cannot be told.
    jumped : timedelta
        By how much the clock was set since it was last looked at.
    overdue : tuple
        How much should have been told by now, and since when the oldest of it.
    stuck : sequence of Stuck
        Channels by which messages wait that were tried in vain.
    locked_since : datetime or None
        Since when the store could not be written, until now.
    """

    now: datetime
    watches: bool
    tells: bool
    expects_runs: bool
    sender: Lease | None
    coordinator: Lease | None
    last_run: datetime | None
    between_runs: timedelta
    free_bytes: int | None
    jumped: timedelta
    overdue: tuple[int, datetime | None]
    stuck: Sequence[Stuck]
    locked_since: datetime | None


@dataclass(frozen=True, slots=True)
class Feed:
    """What one sensor shows of one region.

    Attributes
    ----------
    newest : datetime or None
        When the newest look was taken that arrived, as far back as was looked.
    since : datetime
        Since when it is waited for, where none arrived.
    """

    region: str
    sensor: str
    newest: datetime | None
    since: datetime


@dataclass(frozen=True, slots=True)
class Watched:
    """How the watches of one organisation stand, those alone that are not over.

    Attributes
    ----------
    silent_after : timedelta
        Without data, after which a sensor is taken to be silent.
    feeds : sequence of Feed
        A region and a sensor each.
    gaps : sequence of Gap
        Passes that were due and have not come.
    pauses : sequence of Pause
        Of providers, in force.
    unread : mapping
        Since when nothing is read of a region, by its id.
    gone : mapping
        Ids of receivers by the id of who answers for them, where that one is let in no more.
    unanswered : sequence of Response
        Of the network, to events of which nobody there took notice; those among them that wait
        for a release.
    is_idle : bool
        Whether nothing is read because nothing takes looks: not where it was found before that
        nothing is read, for that is not over then.
    """

    now: datetime
    silent_after: timedelta
    feeds: Sequence[Feed]
    gaps: Sequence[Gap]
    pauses: Sequence[Pause]
    unread: Mapping[str, datetime]
    gone: Mapping[str, Collection[str]]
    unanswered: Sequence[Response]
    is_idle: bool = False
