"""The tables, made from the records they hold.

Each record has a table of what holds now; regions, settlements, events and the ledger have a
second one, append-only, of what held before. Every table has organisation; those of records
that have a kind and a mode have these too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeEngine

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
    KnownScene,
    Lease,
    LedgerRow,
    Mark,
    Message,
    Note,
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
from hearthwatch.store.codec import Storage, columns
from hearthwatch.store.rules import IDENTITY, REFERENCES

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_1_name)s",
        "ix": "ix_%(table_name)s_%(column_1_name)s",
    }
)

_TYPES: dict[Storage, type[TypeEngine[Any]]] = {
    "text": Text,
    "integer": BigInteger,
    "real": Double,
    "blob": LargeBinary,
}
EDGES = ("west", "south", "east", "north")
"""Columns of the bounds of a geometry that is searched for."""

TIMED = (
    "organisation", "made", "region", "mode", "act", "due", "sensor", "sensed", "published",
    "fetched", "detected", "verified", "sent", "acknowledged", "looked_up", "id", "event",
    "receiver", "version",
)  # fmt: skip
"""Columns of alerts that figures of time are made of."""

NAMES = {
    Region: "regions",
    Settlement: "settlements",
    ApiKey: "api_keys",
    Run: "runs",
    Job: "jobs",
    StateVersion: "state_versions",
    LedgerRow: "ledger",
    Event: "events",
    EventSource: "event_sources",
    Opinion: "opinions",
    Detection: "detections",
    Spend: "spends",
    Pause: "pauses",
    Mark: "marks",
    KnownScene: "known_scenes",
    Gap: "gaps",
    StoredCalibration: "calibrations",
    CalibrationChoice: "calibration_choices",
    HeatSpot: "heat_spots",
    HeatCover: "heat_covers",
    HeatSource: "heat_sources",
    Organisation: "organisations",
    Person: "people",
    Session: "sessions",
    Pass: "passes",
    Lease: "leases",
    AuditEntry: "audit",
    Change: "changes",
    Rendering: "renderings",
    Telling: "tellings",
    Proposal: "proposals",
    Claim: "claims",
    Assessment: "assessments",
    Backtest: "backtests",
    ContextObservation: "context_observations",
    Receiver: "receivers",
    Subscription: "subscriptions",
    Alert: "alerts",
    Message: "messages",
    Attempt: "attempts",
    Responder: "responders",
    Response: "responses",
    ResponseStep: "response_steps",
    Note: "notes",
    Effect: "effects",
    Alarm: "alarms",
}


def _number(name: str) -> Column[int]:
    # SQLite takes only the type INTEGER for the row's own number.
    return Column(name, BigInteger().with_variant(Integer, "sqlite"), primary_key=True)


def _fields(record: type) -> list[Column[Any]]:
    return [
        Column(column.name, _TYPES[column.storage](), nullable=column.nullable)
        for column in columns(record)
    ]


def _edges() -> list[Column[Any]]:
    return [Column(edge, Double, nullable=False) for edge in EDGES]


def _reference(table: str, field: str, target: type) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["organisation", field],
        [f"{NAMES[target]}.organisation", f"{NAMES[target]}.id"],
        name=f"fk_{table}_{field}",
        deferrable=True,
        initially="DEFERRED",
    )


def _current(record: type, *more: Column[Any], indices: Sequence[Index] = ()) -> Table:
    """Make the table of what holds now: one row for each identity."""
    name = NAMES[record]
    references = [_reference(name, field, to) for field, to in REFERENCES[record].items()]
    unique = UniqueConstraint(*IDENTITY[record])
    return Table(
        name, metadata, _number("number"), *_fields(record), *more, unique, *references, *indices
    )


def _past(record: type, name: str, *more: ForeignKeyConstraint | Index) -> Table:
    """Make an append-only table; `seq` counts what was written, in order, and never comes again."""
    return Table(name, metadata, _number("seq"), *_fields(record), *more, sqlite_autoincrement=True)


regions = _current(Region)
region_versions = _past(
    Region,
    "region_versions",
    _reference("region_versions", "id", Region),
    Index("ix_region_versions_id", "organisation", "id", "seq"),
)
settlements = _current(
    Settlement,
    *_edges(),
    # With all that a search filters on, so that going through the names reads no other rows.
    indices=[
        Index("ix_settlements_name", "organisation", "name", "id", "removed", *EDGES),
        Index("ix_settlements_pcode", "organisation", "pcode", "name", "id"),
    ],
)
settlement_versions = _past(
    Settlement,
    "settlement_versions",
    _reference("settlement_versions", "id", Settlement),
    Index("ix_settlement_versions_id", "organisation", "id", "seq"),
)
api_keys = _current(ApiKey, indices=[Index("ix_api_keys_created", "organisation", "created", "id")])
runs = _current(Run, indices=[Index("ix_runs_outcome", "outcome", "started", "id")])
jobs = _current(Job, indices=[Index("ix_jobs_place", "organisation", "region", "cell", "detector")])
state_versions = _current(StateVersion)
events = _current(
    Event,
    *_edges(),
    indices=[
        Index("ix_events_area", "organisation", "area_m2"),
        Index("ix_events_seen", "organisation", "last_detected"),
    ],
)


def _late_first(name: str, *before: str, after: Sequence[str] = ()) -> Index:
    """Return an index of events in the order in which they are given.

    Of a look that showed thousands of changes all have the same time: in the order of the time
    alone they would have to be sorted to give the first hundred.
    """
    c = events.c
    narrower, told = ([c[one] for one in some] for some in (before, after))
    return Index(name, c.organisation, *narrower, c.first_changed.desc(), c.id, *told)


# With all that a search may filter on, so that going back through time reads no rows.
_late_first("ix_events_time", after=(*EDGES, "kind", "state"))
_late_first("ix_events_region", "region")
_late_first("ix_events_settlement", "settlement")
# What filters ask for that few events may have: else all would be gone through for them. With the
# edges where some thousands may have it: those elsewhere are passed over unread.
_late_first("ix_events_state", "state", after=EDGES)
_late_first("ix_events_kind", "kind", after=EDGES)
_late_first("ix_events_cell", "cell")
event_versions = _past(
    Event,
    "event_versions",
    _reference("event_versions", "id", Event),
    Index("ix_event_versions_id", "organisation", "id", "version", unique=True),
)
event_sources = _current(
    EventSource,
    *_edges(),
    indices=[
        Index("ix_event_sources_event", "organisation", "event", "id"),
        # With all that is asked before a source is put to an event.
        Index("ix_event_sources_place", "organisation", "region", "first_changed", *EDGES),
    ],
)
event_source_versions = _past(
    EventSource,
    "event_source_versions",
    _reference("event_source_versions", "id", EventSource),
    Index("ix_event_source_versions_id", "organisation", "id", "version", unique=True),
)
opinions = _current(
    Opinion, indices=[Index("ix_opinions_event", "organisation", "event", "version", "id")]
)
detections = _current(
    Detection,
    *_edges(),
    indices=[
        Index("ix_detections_time", "organisation", "sensed", "id", *EDGES),
        Index("ix_detections_event", "organisation", "event", "sensed", "id"),
        Index("ix_detections_source", "organisation", "source", "sensed", "id"),
    ],
)
ledger = _current(
    LedgerRow,
    indices=[
        Index(
            "ix_ledger_time",
            "organisation",
            "region",
            "sensed",
            "cell",
            "acquisition",
            "detector",
            "settlement",
        ),
        Index(
            "ix_ledger_settlement",
            "organisation",
            "region",
            "settlement",
            "sensed",
            "cell",
            "acquisition",
            "detector",
        ),
        # With the order of the answer: without it SQLite prefers an index that is in order.
        Index(
            "ix_ledger_acquisition",
            "organisation",
            "acquisition",
            "region",
            "cell",
            "detector",
            "settlement",
        ),
        # Tells the looks at cells of all regions without a look at their rows.
        Index("ix_ledger_looks", "organisation", "sensed", "acquisition", "cell", "detector"),
    ],
)
ledger_history = _past(
    LedgerRow,
    "ledger_history",
    _reference("ledger_history", "region", Region),
    Index("ix_ledger_history_look", *IDENTITY[LedgerRow], "seq"),
)
spends = _current(
    Spend,
    indices=[
        Index("ix_spends_time", "organisation", "reserved", "id"),
        # With all that is summed up: it is asked before every read.
        Index(
            "ix_spends_settled",
            "organisation",
            "provider",
            "settled",
            "region",
            "status",
            "units",
            "requests",
            "estimated_units",
            "estimated_requests",
        ),
    ],
)
pauses = _current(Pause)
marks = _current(Mark)
known_scenes = _current(
    KnownScene,
    indices=[
        Index("ix_known_scenes_time", "organisation", "region", "provider", "sensed", "id"),
    ],
)
gaps = _current(Gap, indices=[Index("ix_gaps_time", "organisation", "expected", "id")])
calibrations = _current(
    StoredCalibration,
    indices=[Index("ix_calibrations_time", "organisation", "created", "id")],
)
calibration_choices = _current(CalibrationChoice)
heat_spots = _current(
    HeatSpot,
    indices=[
        Index("ix_heat_spots_time", "organisation", "sensed", "id"),
        Index("ix_heat_spots_place", "organisation", "lon", "lat", "sensed"),
    ],
)
heat_covers = _current(HeatCover)
heat_sources = _current(HeatSource)
organisations = _current(Organisation)
people = _current(Person, indices=[Index("ix_people_login", "organisation", "login", unique=True)])
sessions = _current(
    Session, indices=[Index("ix_sessions_person", "organisation", "person", "created")]
)
passes = _current(Pass, indices=[Index("ix_passes_created", "organisation", "created", "id")])
leases = _current(Lease)
audit = _current(AuditEntry)
changes = _current(Change)
renderings = _current(Rendering)
tellings = _current(
    Telling, indices=[Index("ix_tellings_at", "organisation", "audience", "at", "id")]
)
proposals = _current(Proposal, indices=[Index("ix_proposals_asked", "organisation", "asked", "id")])
claims = _current(Claim, indices=[Index("ix_claims_event", "organisation", "event", "made", "id")])
assessments = _current(
    Assessment, indices=[Index("ix_assessments_event", "organisation", "event", "said", "id")]
)
backtests = _current(
    Backtest, indices=[Index("ix_backtests_region", "organisation", "region", "asked", "id")]
)
context_observations = _current(
    ContextObservation,
    indices=[Index("ix_context_observations_region", "organisation", "region", "created", "id")],
)
# Both are looked at before every event that is written: by the index alone.
receivers = _current(Receiver, indices=[Index("ix_receivers_revision", "organisation", "revision")])
subscriptions = _current(
    Subscription,
    indices=[
        Index("ix_subscriptions_revision", "organisation", "revision"),
        Index("ix_subscriptions_receiver", "organisation", "receiver"),
    ],
)
alerts = _current(
    Alert,
    indices=[
        Index("ix_alerts_told", "organisation", "event", "receiver", "sequence", unique=True),
        Index("ix_alerts_message", "organisation", "message"),
        # Of whom there are any is read off it, however many alerts there are of each.
        Index("ix_alerts_waiting", "message", "organisation", "receiver", "due"),
        Index("ix_alerts_looked_up", "looked_up", "number"),
        # With all that figures of time are made of, so that what is told, which is large, is not
        # read for them.
        Index("ix_alerts_steps", *TIMED),
    ],
)
messages = _current(
    Message,
    indices=[
        Index("ix_messages_waiting", "state", "next"),
        Index("ix_messages_receiver", "organisation", "receiver", "state", "number"),
        Index("ix_messages_made", "organisation", "made", "id"),
    ],
)
attempts = _current(Attempt)
# Looked at before every event that is written: by the index alone.
responders = _current(
    Responder, indices=[Index("ix_responders_revision", "organisation", "revision")]
)
responses = _current(
    Response,
    indices=[
        Index("ix_responses_told", "organisation", "event", "responder", unique=True),
        Index("ix_responses_due", "due"),
        Index("ix_responses_state", "state", "organisation"),
    ],
)
response_steps = _current(
    ResponseStep, indices=[Index("ix_response_steps_event", "organisation", "event")]
)
notes = _current(Note, indices=[Index("ix_notes_event", "organisation", "event", "at", "id")])
effects = _current(Effect, indices=[Index("ix_effects_event", "organisation", "event", "at", "id")])
alarms = _current(Alarm, indices=[Index("ix_alarms_open", "cleared", "organisation", "raised")])
