"""The rules: what of the facts is wrong. Each looks at one thing, and none at any clock.

What has one cause is found once: while a provider is paused its regions are not also without
data, and a sensor that is silent over a thousand regions is one finding.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain

from hearthwatch.records import AlarmKind, Response, ResponseState
from hearthwatch.watchdogs.facts import Finding, Installation, Watched

UNREAD_AFTER = timedelta(minutes=30)
"""A provider that is not asked for less than that is none that is paused: they all stammer."""
LAPSED = timedelta(minutes=2)
"""After a sign of life ran out before it is missed."""
IDLE = timedelta(minutes=15)
"""What should have been told so long ago is not being told."""
LEAST_FREE_BYTES = 1_000_000_000
JUMP = timedelta(minutes=1)
"""By which a clock may go wrong between two looks at it before it counts as set."""
LOCKED = timedelta(minutes=5)
"""For which the store may not be written before that is told."""
RUNS_MISSED = 2
"""Cadences without any run, after which nothing takes looks."""
GRACE = timedelta(hours=1)
"""On top of them: a run takes its time."""


def no_data(facts: Watched) -> Iterator[Finding]:
    """Find sensors of which nothing arrived for days, each with the regions without it."""
    silent: defaultdict[str, dict[str, datetime]] = defaultdict(dict)
    for feed in facts.feeds:
        last = feed.newest or feed.since
        if feed.region not in facts.unread and facts.now - last >= facts.silent_after:
            silent[feed.sensor][feed.region] = last
    for sensor, regions in sorted(silent.items()):
        yield _over(AlarmKind.NO_DATA, sensor, regions)


def pass_missing(facts: Watched) -> Iterator[Finding]:
    """Find sensors whose passes were due and have not come; the gaps say after how long."""
    sensors: defaultdict[str, list[tuple[datetime, str, str]]] = defaultdict(list)
    for gap in facts.gaps:
        sensors[gap.sensor].append((gap.expected, gap.region, gap.id))
    for sensor, missing in sorted(sensors.items()):
        yield Finding(
            AlarmKind.PASS_MISSING,
            sensor,
            min(expected for expected, _, _ in missing),
            tuple(sorted({region for _, region, _ in missing})),
            tuple(sorted(gap for _, _, gap in missing)),
        )


def provider_paused(facts: Watched) -> Iterator[Finding]:
    """Find providers that are not asked for pixels, with the regions of which nothing is read."""
    for pause in facts.pauses:
        if facts.now - pause.since >= UNREAD_AFTER:
            regions = dict.fromkeys(sorted(facts.unread), pause.since)
            yield _over(AlarmKind.PROVIDER_PAUSED, pause.provider, regions, pause.since)


def not_read(facts: Watched) -> Iterator[Finding]:
    """Find regions of which nothing is read though no provider is paused and looks are taken."""
    if facts.unread and not facts.pauses and not facts.is_idle:
        yield _over(AlarmKind.NOT_READ, "", facts.unread)


def owner_gone(facts: Watched) -> Iterator[Finding]:
    """Find receivers for whom nobody answers any more."""
    for owner, receivers in sorted(facts.gone.items()):
        items = tuple(sorted(receivers))
        yield Finding(AlarmKind.OWNER_GONE, owner, facts.now, items=items)


def unanswered(facts: Watched) -> Iterator[Finding]:
    """Find events that were told to the network and of which nobody there took notice."""
    told = [one for one in facts.unanswered if one.state is not ResponseState.UNRELEASED]
    yield from _of_events(AlarmKind.UNANSWERED, told)


def unreleased(facts: Watched) -> Iterator[Finding]:
    """Find events that wait for a release before those who are to act are told of them."""
    waiting = [one for one in facts.unanswered if one.state is ResponseState.UNRELEASED]
    yield from _of_events(AlarmKind.UNRELEASED, waiting)


def no_heartbeat(facts: Installation) -> Iterator[Finding]:
    """Find that nothing takes looks: its sign of life ran out, or no run began for too long."""
    sign, last = facts.coordinator, facts.last_run
    if sign is not None and sign.until >= facts.now:
        return
    if sign is not None and (last is None or last <= sign.until):
        if facts.now - sign.until >= LAPSED:
            yield Finding(AlarmKind.NO_HEARTBEAT, "", sign.until)
        return
    longest = RUNS_MISSED * facts.between_runs + GRACE
    # Runs are begun by hand, or by a clock of the machine's.
    if facts.watches and facts.expects_runs and last is not None and facts.now - last >= longest:
        yield Finding(AlarmKind.NO_HEARTBEAT, "", last)


def sender_dead(facts: Installation) -> Iterator[Finding]:
    """Find that nothing sends though there is somebody to be told."""
    sign = facts.sender
    if not facts.tells:
        return
    if sign is None:
        yield Finding(AlarmKind.SENDER_DEAD, "", facts.now)
    elif facts.now - sign.until >= LAPSED:
        yield Finding(AlarmKind.SENDER_DEAD, "", sign.until)


def queue_age(facts: Installation) -> Iterator[Finding]:
    """Find that what should have been told waits; but for want of a sender, which is found."""
    _, oldest = facts.overdue
    if oldest is not None and facts.now - oldest >= IDLE and not any(sender_dead(facts)):
        yield Finding(AlarmKind.QUEUE_AGE, "", oldest)


def channel_down(facts: Installation) -> Iterator[Finding]:
    """Find channels by which nothing is taken though it was tried again and again."""
    for one in facts.stuck:
        if not one.delivers:
            yield Finding(AlarmKind.CHANNEL_DOWN, one.channel.value, one.since)


def store_locked(facts: Installation) -> Iterator[Finding]:
    """Find that the store could not be written for a while."""
    if facts.locked_since is not None and facts.now - facts.locked_since >= LOCKED:
        yield Finding(AlarmKind.STORE_LOCKED, "", facts.locked_since)


def clock_jump(facts: Installation) -> Iterator[Finding]:
    """Find that the clock was set, or that the machine stood still."""
    if abs(facts.jumped) >= JUMP:
        yield Finding(AlarmKind.CLOCK_JUMP, "", facts.now)


def disk_low(facts: Installation) -> Iterator[Finding]:
    """Find that there is little room left on the disk."""
    if facts.free_bytes is not None and facts.free_bytes < LEAST_FREE_BYTES:
        yield Finding(AlarmKind.DISK_LOW, "", facts.now)


OF_WATCHES: tuple[Callable[[Watched], Iterator[Finding]], ...] = (
    no_data, pass_missing, provider_paused, not_read, owner_gone, unanswered, unreleased,
)  # fmt: skip
OF_INSTALLATION: tuple[Callable[[Installation], Iterator[Finding]], ...] = (
    no_heartbeat, sender_dead, queue_age, channel_down, store_locked, clock_jump, disk_low,
)  # fmt: skip


def find_watched(facts: Watched) -> list[Finding]:
    """Return all that is wrong with the watches of an organisation."""
    return list(chain.from_iterable(rule(facts) for rule in OF_WATCHES))


def find_installation(facts: Installation) -> list[Finding]:
    """Return all that is wrong with the service itself."""
    return list(chain.from_iterable(rule(facts) for rule in OF_INSTALLATION))


def _of_events(kind: AlarmKind, responses: Sequence[Response]) -> Iterator[Finding]:
    if responses:
        events = tuple(sorted({one.event for one in responses}))
        yield Finding(kind, "", min(one.since for one in responses), items=events)


def _over(
    kind: AlarmKind,
    subject: str,
    regions: Mapping[str, datetime],
    since: datetime | None = None,
) -> Finding:
    """Return what is found of regions; since when of the one of which it is so longest."""
    ids = tuple(sorted(regions))
    return Finding(kind, subject, since or min(regions.values()), ids, ids)
