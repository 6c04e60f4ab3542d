"""What every store refuses and keeps, whatever it keeps it in."""

from __future__ import annotations

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from hearthwatch.errors import NotFound, QuestionError, StoreError
from hearthwatch.records import (
    Alarm,
    Alert,
    ApiKey,
    Assessment,
    Attempt,
    AuditEntry,
    Backtest,
    CalibrationChoice,
    Change,
    Channel,
    Claim,
    ContextObservation,
    Detection,
    Effect,
    Event,
    EventSource,
    Gap,
    HeatCover,
    HeatSource,
    HeatSpot,
    Job,
    JobKey,
    KnownScene,
    Lease,
    LedgerRow,
    Mark,
    Message,
    Note,
    ObservationStatus,
    Opinion,
    Organisation,
    Pass,
    Pause,
    Person,
    Proposal,
    Receiver,
    Region,
    Rendering,
    Responder,
    Response,
    ResponseState,
    ResponseStep,
    Run,
    Session,
    Settlement,
    Spend,
    StateVersion,
    StoredCalibration,
    Subscription,
    Telling,
)
from hearthwatch.store.codec import canonical_json, to_row

IDENTITY: Mapping[type, tuple[str, ...]] = {
    Region: ("organisation", "id"),
    Settlement: ("organisation", "id"),
    # Whoever comes with a key does not say whose it is.
    ApiKey: ("id",),
    Run: ("organisation", "id"),
    Job: ("organisation", "kind", "region", "cell", "acquisition", "detector"),
    StateVersion: ("organisation", "region", "cell", "detector", "sequence"),
    LedgerRow: ("organisation", "region", "cell", "acquisition", "detector", "settlement"),
    Event: ("organisation", "id"),
    EventSource: ("organisation", "id"),
    Opinion: ("organisation", "id"),
    Detection: ("organisation", "id"),
    Spend: ("organisation", "id"),
    Pause: ("organisation", "provider", "since"),
    Mark: ("organisation", "region", "provider", "collection"),
    KnownScene: ("organisation", "region", "provider", "collection", "id"),
    Gap: ("organisation", "id"),
    StoredCalibration: ("organisation", "id"),
    CalibrationChoice: ("organisation", "detector", "mode", "region", "since"),
    HeatSpot: ("organisation", "id"),
    HeatCover: ("organisation", "id"),
    HeatSource: ("organisation", "id"),
    Organisation: ("organisation",),
    Person: ("organisation", "id"),
    # Nor does whoever comes with a session or a pass.
    Session: ("id",),
    Pass: ("id",),
    Lease: ("name",),
    AuditEntry: ("organisation", "sequence"),
    Change: ("organisation", "sequence"),
    Rendering: ("organisation", "event", "audience"),
    Telling: ("organisation", "event", "audience", "version"),
    Proposal: ("organisation", "id"),
    Claim: ("organisation", "id"),
    Assessment: ("organisation", "id"),
    Backtest: ("organisation", "id"),
    ContextObservation: ("organisation", "id"),
    Receiver: ("organisation", "id"),
    Subscription: ("organisation", "id"),
    Alert: ("organisation", "id"),
    Message: ("organisation", "id"),
    Attempt: ("organisation", "message", "sequence"),
    Responder: ("organisation", "id"),
    Response: ("organisation", "id"),
    ResponseStep: ("organisation", "response", "sequence"),
    Note: ("organisation", "id"),
    Effect: ("organisation", "id"),
    Alarm: ("organisation", "id"),
}
"""What tells two records of a class apart."""

REFERENCES: Mapping[type, Mapping[str, type]] = {
    Region: {},
    Settlement: {},
    ApiKey: {},
    Run: {"region": Region},
    Job: {"region": Region, "run": Run},
    StateVersion: {"region": Region},
    LedgerRow: {"region": Region},
    Event: {"region": Region},
    EventSource: {"region": Region, "event": Event},
    Opinion: {"event": Event},
    Detection: {"region": Region, "event": Event},
    # A read or a search may be for no region, or for all.
    Spend: {},
    Pause: {},
    Mark: {},
    KnownScene: {"region": Region},
    Gap: {"region": Region},
    # What is made for all regions names none, and what chooses no set names none.
    StoredCalibration: {},
    CalibrationChoice: {},
    # Heat is of no region.
    HeatSpot: {},
    HeatCover: {},
    HeatSource: {},
    Organisation: {},
    Person: {},
    Session: {"person": Person},
    # Made by a person or with a key.
    Pass: {},
    Lease: {},
    # What an entry or a change tells of may be gone.
    AuditEntry: {},
    Change: {},
    Rendering: {"event": Event},
    # The tombstone of what was told stays when the event is erased.
    Telling: {},
    Proposal: {},
    Claim: {"event": Event},
    Assessment: {"event": Event},
    Backtest: {"region": Region},
    ContextObservation: {"region": Region},
    Receiver: {},
    Subscription: {"receiver": Receiver},
    # That what was told is withdrawn is told when the event is erased already.
    Alert: {"receiver": Receiver},
    Message: {"receiver": Receiver},
    Attempt: {"message": Message},
    Responder: {},
    # A responder of one region alone goes with it.
    Response: {"event": Event},
    ResponseStep: {"response": Response},
    Note: {"event": Event},
    Effect: {"event": Event},
    # An alarm of the installation is of no organisation.
    Alarm: {},
}
"""Fields that name another record of the same organisation, which must exist at commit.

A settlement is not among them: an area has none, and a reference has no word for that.
"""

FIRST_PREVIOUS = "0" * 64
"""What stands in an organisation's first entry for the one before."""

DANGLING = "A record names a region, run or event that the store does not hold. Nothing was kept."


def one_region(found: Sequence[Region], name_or_id: str) -> Region:
    """Choose among the regions that bear a name or id; the id goes first.

    Parameters
    ----------
    found : sequence of Region
        Every region of the organisation with that name or id.
    name_or_id : str
        What was asked for.

    Returns
    -------
    Region
        One that is not removed.

    Raises
    ------
    NotFound
        There is none.
    StoreError
        Several bear the name.
    """
    watched = [region for region in found if region.removed is None]
    by_id = [region for region in watched if region.id == name_or_id]
    if by_id or len(watched) == 1:
        return (by_id or watched)[0]
    if watched:
        ids = ", ".join(sorted(region.id for region in watched))
        raise StoreError(f"Several regions are called {name_or_id}. Name one by its id: {ids}.")
    raise NotFound(f"There is no region {name_or_id} on the watchlist.")


def not_there(what: str, its_id: str) -> NotFound:
    """Return the error for a record that is not there; `what` is the word for it."""
    return NotFound(f"There is no {what} {its_id}.")


def check_most(most: int) -> None:
    """Refuse (`QuestionError`) to count up to less than nothing."""
    if most < 0:
        raise QuestionError(f"The most to count is {most}; it must be 0 or more.")


def check_next_version(event: Event | EventSource, stored: int | None) -> None:
    """Refuse (`StoreError`) an event, or a source, that does not follow the stored version."""
    expected = (stored or 0) + 1
    if event.version != expected:
        what = "Event" if isinstance(event, Event) else "The source"
        raise StoreError(
            f"{what} {event.id} came as version {event.version}, but its next version is "
            f"{expected}: it was changed in between. Read it again and apply the change anew."
        )


def already_there(detection_id: str) -> StoreError:
    """Return the error for a detection that comes a second time."""
    return StoreError(f"Detection {detection_id} is stored already; detections are never changed.")


def said_already(opinion_id: str) -> StoreError:
    """Return the error for an opinion that comes a second time."""
    return StoreError(f"Opinion {opinion_id} is stored already; what was said is never changed.")


def told_twice() -> StoreError:
    """Return the error for ledger rows put at once that say two things of one look."""
    return StoreError("Two of these ledger rows are of one look at one place; nothing was kept.")


def already_done(key: JobKey) -> StoreError:
    """Return the error for a unit of work that is finished a second time."""
    return StoreError(
        f"The work of {key.detector} on acquisition {key.acquisition} of cell {key.cell} "
        "is committed already; nothing was kept of this second time."
    )


def calibration_differs(calibration_id: str) -> StoreError:
    """Return the error for a calibration set that comes again and says something else."""
    return StoreError(
        f"Calibration set {calibration_id} is stored already and says something else; a set is "
        "never changed."
    )


def is_same_calibration(one: StoredCalibration, other: StoredCalibration) -> bool:
    """Tell whether two sets say the same, whenever each of them was made."""

    def said(calibration: StoredCalibration) -> str:
        # What was stored went through JSON.
        content = {key: one for key, one in calibration.document.items() if key != "created"}
        return canonical_json(content)

    return said(one) == said(other)


def newest_choice(choices: Sequence[CalibrationChoice], region: str) -> CalibrationChoice | None:
    """Return the choice that holds in a region: its own last one, or the last one for all."""
    for place in dict.fromkeys((region, "")):
        made = [one for one in choices if one.region == place]
        if made:
            return max(made, key=lambda one: one.since)
    return None


def fallen_out(
    kept: Sequence[StateVersion], version: StateVersion, keep: int
) -> tuple[StateVersion, ...]:
    """Return what a new state version pushes out.

    Parameters
    ----------
    kept : sequence of StateVersion
        The kept versions of the place and detector, newest first.
    version : StateVersion
        The one to become current.
    keep : int
        How many to keep, the new one included.

    Returns
    -------
    tuple of StateVersion
        Lowest sequence first.

    Notes
    -----
    A late scene is replayed from an earlier version. The kept versions that do not come before
    the new one are then of a past that no longer holds: they fall out too.
    """
    if keep < 1:
        raise StoreError(f"The number of state versions to keep is {keep}; it must be at least 1.")
    earlier = [old for old in kept if old.sequence < version.sequence]
    stay = earlier[: keep - 1]
    return tuple(old for old in reversed(kept) if old not in stay)


def check_owner(what: str, owner: str, stored: str | None) -> None:
    """Refuse (`StoreError`) a record with the id of another organisation's; `stored` is that."""
    if stored not in (None, owner):
        raise StoreError(f"That {what} exists already, of another organisation.")


def login_taken(login: str) -> StoreError:
    """Return the error for two people of an organisation who would sign in alike."""
    return StoreError(f"Somebody signs in as {login} already. Choose another name to sign in with.")


def check_rendering(rendering: Rendering, stored: Rendering | None) -> bool:
    """Tell whether a rendering is there already; refuse (`StoreError`) one that says else.

    When it was made does not count.
    """
    if stored is None:
        return False
    if dataclasses.replace(rendering, made=stored.made) != stored:
        raise StoreError(
            f"How event {rendering.event} is told to {rendering.audience} is fixed already."
        )
    return True


def told_already(telling: Telling) -> StoreError:
    """Return the error for a telling whose place in the order is taken."""
    return StoreError(
        f"What is told of event {telling.event} to {telling.audience.value} was changed in "
        "between. Read it again."
    )


TOLD_AS = ("organisation", "receiver", "event", "sequence")
"""What tells two alerts apart beside their ids."""

ORIGIN = (
    "region", "sensor", "sensed", "published", "fetched", "detected", "verified", "looked_up",
)  # fmt: skip
"""Of the steps of an alert, those that led to it."""


def alerted_already(alert: Alert) -> StoreError:
    """Return the error for an alert whose place in the order is taken."""
    return StoreError(f"What is told of event {alert.event} was changed in between. Read it again.")


ANSWERED_AS = ("organisation", "event", "responder")
"""What tells two responses apart beside their ids."""
NOTICED = frozenset({ResponseState.RECEIVED, ResponseState.TAKEN_CHARGE})
"""States of a response that show that somebody outside knows."""
NOBODY = ResponseState.UNANSWERED
"""That of one to which nobody answered in time."""
UNRELEASED = ResponseState.UNRELEASED
"""That of one whose contact is told nothing before two people release it."""
ASKED = ResponseState.TOLD
"""That of one whose contacts are still being asked."""


def is_left(response: Response, others: Collection[Response]) -> bool:
    """Tell whether an event is left to itself, as far as one response to it shows.

    Parameters
    ----------
    others : collection of Response
        All responses to the same event.
    """
    if any(one.state in NOTICED for one in others):
        return False
    if response.state in (NOBODY, UNRELEASED):
        return True
    # Who declines says that it was read, and that somebody else must act: nobody does, where
    # nobody is still asked and it was not given to somebody beyond the network.
    return response.state is ResponseState.DECLINED and not any(
        one.state is ASKED or _is_beyond(one) for one in others
    )


def _is_beyond(response: Response) -> bool:
    return response.state is ResponseState.HANDED_OVER and not response.handed_to


def asked_already(response: Response) -> StoreError:
    """Return the error for a second response of a responder to one event."""
    return StoreError(
        f"Responder {response.responder} was told of event {response.event} in between. Read it "
        "again."
    )


def told_first(response: Response) -> tuple[datetime, str]:
    """Return by what responses are put in order."""
    return response.told, response.id


ARRIVED = (
    ObservationStatus.UNCHANGED,
    ObservationStatus.CHANGED,
    ObservationStatus.NOT_OBSERVABLE,
)
"""What the ledger says of a look whose pixels came, whatever could be seen on them."""
STUCK_AFTER = 3
"""Attempts in vain at one message, after which its channel may be down."""
SET_ASIDE = datetime(9999, 1, 1, tzinfo=UTC)
"""When an alert is due that is not to be told before somebody says so."""
SHELVED = datetime(9998, 1, 1, tzinfo=UTC)
"""When an alert is due that is not to be told before its receiver is switched on again."""
KEPT = 1
"""Microseconds before it was made an alert is due that was shelved: by that it is known."""


class Stuck(NamedTuple):
    """What of a channel says whether it is down.

    Attributes
    ----------
    messages : int
        That wait after `STUCK_AFTER` attempts in vain, or more.
    since : datetime
        When the oldest of them was made, or asked for again.
    delivers : bool
        Whether anything was delivered by the channel since then.
    """

    channel: Channel
    messages: int
    since: datetime
    delivers: bool


class Look(NamedTuple):
    """The last look that spoke of an event when an alert about it was made.

    Attributes
    ----------
    sensors : tuple of str
        Of the source that it is a look of; none where that is gone.
    committed : datetime or None
        When the work was committed that found it.
    """

    key: JobKey
    sensed: datetime
    sensors: tuple[str, ...]
    committed: datetime | None


class Behind(NamedTuple):
    """What an alert stands on: the region of its event, and a look, if there was one."""

    region: str
    look: Look | None


LOOKED_THROUGH = 1000
"""Of one receiver's messages that wait, how many are looked through for some that may be sent.

Those that failed wait in front, up to a day, while newer ones may be sent: as many as one receiver
is sent in the five days of attempts are looked through, or nearly."""
AT_A_TIME = 4
"""Messages to one receiver that one sender holds: one that hangs must not take all of it."""


class Queued(NamedTuple):
    """What of a message says whether it may be sent; times in microseconds."""

    organisation: str
    id: str
    receiver: str
    events: tuple[str, ...]
    next: int
    holder: str
    held_until: int | None


def free_to_send(queued: Iterable[Queued], holder: str, now: int, most: int) -> list[Queued]:
    """Return what may be sent of messages that wait, in the order in which they were made.

    None goes before an earlier one to the same receiver that tells of the same event, nor with it:
    what is told of an event arrives in order. Nor are there more to one receiver than `AT_A_TIME`,
    with those that the holder has already.
    """
    every = list(queued)
    found: list[Queued] = []
    before: dict[tuple[str, str], set[str]] = {}
    under_way = Counter(
        (one.organisation, one.receiver)
        for one in every
        if one.holder == holder and not _is_free(one, now)
    )
    for one in every:
        whose = one.organisation, one.receiver
        earlier = before.setdefault(whose, set())
        may_go = one.next <= now and _is_free(one, now) and under_way[whose] < AT_A_TIME
        if may_go and earlier.isdisjoint(one.events) and len(found) < most:
            found.append(one)
            under_way[whose] += 1
        earlier.update(one.events)
    return found


def _is_free(one: Queued, now: int) -> bool:
    return one.held_until is None or one.held_until <= now


def next_turn(stored: Lease | None, wanted: Lease) -> Lease | None:
    """Return the lease as it is to stand, None where another holds it.

    Parameters
    ----------
    stored : Lease or None
        The one that stands.
    wanted : Lease
        Who asks, when (`taken`), and until when; its turn is passed over.
    """
    if stored is None:
        return dataclasses.replace(wanted, turn=1)
    if stored.holder == wanted.holder and wanted.taken < stored.until:
        return dataclasses.replace(wanted, taken=stored.taken, turn=stored.turn)
    if wanted.taken < stored.until:
        return None
    return dataclasses.replace(wanted, turn=stored.turn + 1)


def seal_of(row: Mapping[str, Any]) -> str:
    """Return the hash over all other fields of a row of the log, the one before among them."""
    content = {name: one for name, one in row.items() if name != "sha256"}
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def sealed(entry: AuditEntry) -> AuditEntry:
    """Return an entry with the hash over all its other fields."""
    return dataclasses.replace(entry, sha256=seal_of(to_row(entry)))


def following(entry: AuditEntry, head: AuditEntry | None) -> AuditEntry:
    """Return an entry as it follows the last one of its organisation, sealed."""
    sequence, previous = (head.sequence, head.sha256) if head else (0, FIRST_PREVIOUS)
    return sealed(dataclasses.replace(entry, sequence=sequence + 1, previous=previous))
