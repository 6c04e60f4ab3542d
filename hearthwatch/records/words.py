"""The frozen words that records are told in."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """Kinds of event."""

    BURNED = "burned"
    RAZED = "razed"
    CAMP_CHANGE = "camp_change"
    ABANDONMENT = "abandonment"
    GROUND_CHANGE = "ground_change"


class Mode(StrEnum):
    """Whether a record is about the world, an exercise or a test."""

    ACTUAL = "actual"
    EXERCISE = "exercise"
    TEST = "test"


class ObservationStatus(StrEnum):
    """What became of one expected look."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    NOT_OBSERVABLE = "not_observable"
    NOT_DELIVERED = "not_delivered"
    NOT_PROCESSED = "not_processed"


USABLE = frozenset({ObservationStatus.UNCHANGED, ObservationStatus.CHANGED})
"""What tells changed from unchanged; of anything else nothing is known."""


class NotObservable(StrEnum):
    """Why a look could not be used."""

    CLOUD = "cloud"
    SHADOW = "shadow"
    SMOKE = "smoke"
    ORBIT = "orbit"
    NODATA = "nodata"


class EventState(StrEnum):
    """How an event stands in the eyes of people and of the network."""

    CANDIDATE = "candidate"
    PROVISIONAL = "provisional"
    CORROBORATED = "corroborated"
    CONFIRMED = "confirmed"
    DISPUTED = "disputed"
    REJECTED = "rejected"
    RETRACTED = "retracted"
    CLOSED = "closed"


class RejectionReason(StrEnum):
    """Why people say that an event is none."""

    SEASONAL_BURN = "seasonal_burn"
    CROP_OR_PASTURE = "crop_or_pasture"
    CLOUD_SHADOW_SMOKE = "cloud_shadow_smoke"
    FLOOD_OR_MOISTURE = "flood_or_moisture"
    INDUSTRY_OR_FLARE = "industry_or_flare"
    CONSTRUCTION = "construction"
    REGISTRATION_ERROR = "registration_error"
    SENSOR_ARTEFACT = "sensor_artefact"
    OLD_CHANGE = "old_change"
    DUPLICATE = "duplicate"
    ACCIDENTAL_FIRE = "accidental_fire"
    OTHER = "other"


class Verb(StrEnum):
    """What people do with an event."""

    CONFIRM = "confirm"
    DISPUTE = "dispute"
    REJECT = "reject"
    RETRACT = "retract"
    CLOSE = "close"
    REOPEN = "reopen"
    SPLIT = "split"
    MERGE = "merge"
    UNDO = "undo"


class RunOutcome(StrEnum):
    """How a run stands or ended."""

    WAITING = "waiting"
    RUNNING = "running"
    COMPLETE = "complete"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


class Role(StrEnum):
    """What a person, or the holder of a key, is in an organisation."""

    ADMIN = "admin"
    ANALYST = "analyst"
    REVIEWER = "reviewer"
    PARTNER = "partner"
    VIEWER = "viewer"


class Scope(StrEnum):
    """What a person or a key may do; a role has several, a machine's key may have fewer."""

    RELEASED = "released"
    READ = "read"
    WATCH = "watch"
    JUDGE = "judge"
    EXPORT = "export"
    RELEASE = "release"
    AUDIT = "audit"
    MANAGE = "manage"


class Audience(StrEnum):
    """For whom something is told, from the fewest to the most."""

    ORGANISATION = "organisation"
    PARTNER = "partner"
    PUBLIC = "public"


class Precision(StrEnum):
    """How exactly a place is told."""

    EXACT = "exact_10m"
    VICINITY = "vicinity_100m"
    LOCALITY = "locality_1km"
    ADMIN = "admin"


class ProposedAct(StrEnum):
    """What takes two people; a legal hold is set by one and lifted by two."""

    RELEASE = "release"
    ERASE = "erase"
    HOLD = "hold"
    LIFT = "lift"


class ProposalOutcome(StrEnum):
    """What became of a proposal."""

    OPEN = "open"
    AGREED = "agreed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Verdict(StrEnum):
    """What somebody saw in the pictures of an event, without knowing what others saw."""

    HARMED = "harmed"
    UNHARMED = "unharmed"
    BAD_IMAGERY = "bad_imagery"
    UNSURE = "unsure"


class WatchLevel(StrEnum):
    """How closely a region is watched."""

    ROUTINE = "routine"
    ELEVATED = "elevated"
    URGENT = "urgent"


class ContextSort(StrEnum):
    """What an observation of context is of."""

    SPEECH = "speech"
    RISK_FACTOR = "risk_factor"


class Variable(StrEnum):
    """What makes speech dangerous, after Susan Benesch."""

    SPEAKER = "speaker"
    AUDIENCE = "audience"
    ACT = "act"
    CONTEXT = "context"
    MEANS = "means"


class Grade(StrEnum):
    """How strong one of these is."""

    NONE = "none"
    SOME = "some"
    STRONG = "strong"


class Subject(StrEnum):
    """What the list of changes tells of."""

    EVENT = "event"
    DETECTION = "detection"
    SETTLEMENT = "settlement"
    REGION = "region"


class Priority(StrEnum):
    """What a read is for: when the budget runs short, the last of these stops first."""

    CONFIRMATION = "confirmation"
    ROUTINE = "routine"
    BACKFILL = "backfill"


class SpendStatus(StrEnum):
    """How far one read has come with the budget."""

    RESERVED = "reserved"
    SETTLED = "settled"
    RELEASED = "released"
    LOST = "lost"


class Channel(StrEnum):
    """How a receiver is told."""

    WEBHOOK = "webhook"
    CAP = "cap"
    EMAIL = "email"
    FEED = "feed"
    APPRISE = "apprise"


class Language(StrEnum):
    """Of the words in messages."""

    ENGLISH = "en"
    FRENCH = "fr"
    ARABIC = "ar"


class Detail(StrEnum):
    """How much of an event a receiver is told.

    A notice says that there is something and names no place; the last two are told what two
    people released to them.
    """

    NOTICE = "notice"
    EXACT = "exact"
    PARTNER = "partner"
    PUBLIC = "public"


class Severity(StrEnum):
    """How grave what is seen would be; the words of CAP 1.2, lowest first."""

    MINOR = "minor"
    MODERATE = "moderate"
    SEVERE = "severe"
    EXTREME = "extreme"


class Rhythm(StrEnum):
    """How often a subscription is told."""

    INSTANT = "instant"
    DAILY = "daily"
    WEEKLY = "weekly"


class AlertAct(StrEnum):
    """What an alert does with what was told before; the words of CAP 1.2."""

    ALERT = "alert"
    UPDATE = "update"
    CANCEL = "cancel"


class MessageForm(StrEnum):
    """What a message is.

    ``list`` holds what is more than the storm cap, ``late`` what an outage held up, ``test`` is
    asked for by its owner, ``question`` asks whether the receiver wants to be told.
    """

    SINGLE = "single"
    DIGEST = "digest"
    LIST = "list"
    LATE = "late"
    TEST = "test"
    QUESTION = "question"
    HEARTBEAT = "heartbeat"
    ALARM = "alarm"


class MessageState(StrEnum):
    """How a message stands: a dead one is given up until somebody sends it again."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"


class AttemptOutcome(StrEnum):
    """How one attempt ended: refused is for good, gone switches the receiver off."""

    DELIVERED = "delivered"
    FAILED = "failed"
    REFUSED = "refused"
    GONE = "gone"


class ResponseState(StrEnum):
    """How a responder stands to an event.

    Told and not answered yet; not told before two people release it; what it answered; that none
    of its contacts answered in time, or none could be told; that what was told is taken back
    before anybody answered.
    """

    TOLD = "told"
    UNRELEASED = "unreleased"
    RECEIVED = "received"
    TAKEN_CHARGE = "taken_charge"
    DECLINED = "declined"
    HANDED_OVER = "handed_over"
    UNANSWERED = "unanswered"
    WITHDRAWN = "withdrawn"


class Answer(StrEnum):
    """What a responder may answer."""

    RECEIVED = "received"
    TAKEN_CHARGE = "taken_charge"
    DECLINED = "declined"
    HANDED_OVER = "handed_over"


class StepAct(StrEnum):
    """What happened between an event and a responder.

    Escalated is told to the next contact; unreleased that nobody was told, for want of a release.
    """

    TOLD = "told"
    UNRELEASED = "unreleased"
    ESCALATED = "escalated"
    RECEIVED = "received"
    TAKEN_CHARGE = "taken_charge"
    DECLINED = "declined"
    HANDED_OVER = "handed_over"
    UNANSWERED = "unanswered"
    WITHDRAWN = "withdrawn"


class EffectKind(StrEnum):
    """What followed after an event was told; backfire is harm that came of the telling."""

    ACTION = "action"
    NONE = "none"
    BACKFIRE = "backfire"


class About(StrEnum):
    """What a subscription is to: events, what is wrong with the service, or its sign of life."""

    EVENTS = "events"
    ALARMS = "alarms"
    HEARTBEAT = "heartbeat"


class AlarmKind(StrEnum):
    """What is wrong with the service or with what it is fed by.

    Those of one organisation first, then those of the installation.
    """

    NO_DATA = "no_data"
    PASS_MISSING = "pass_missing"
    PROVIDER_PAUSED = "provider_paused"
    NOT_READ = "not_read"
    OWNER_GONE = "owner_gone"
    UNANSWERED = "unanswered"
    UNRELEASED = "unreleased"
    NO_HEARTBEAT = "no_heartbeat"
    SENDER_DEAD = "sender_dead"
    QUEUE_AGE = "queue_age"
    CHANNEL_DOWN = "channel_down"
    STORE_LOCKED = "store_locked"
    CLOCK_JUMP = "clock_jump"
    DISK_LOW = "disk_low"
    RESTORED = "restored"
