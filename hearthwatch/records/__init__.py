"""Records of the service: what is stored, with the frozen words it is told in.

Every record carries `organisation` (whose it is), `kind` (what is watched for) and `mode`
(actual, exercise or test), so that no query can forget them; but a settlement, which may be
watched for several kinds, has no `kind`. An API key has neither, nor has what is known of a
provider: what was spent there, how long it is not asked, and which scenes and heat it lists.
Datetimes are aware UTC.
"""

from hearthwatch.records.alerts import Alarm, Alert, Attempt, Message, Receiver, Subscription
from hearthwatch.records.audit import AuditEntry, AuditFilter, Change
from hearthwatch.records.backtest import Backtest
from hearthwatch.records.calibration import CalibrationChoice, StoredCalibration
from hearthwatch.records.events import (
    Detection,
    Event,
    EventFilter,
    EventSource,
    Opinion,
    Search,
)
from hearthwatch.records.heat import HeatCover, HeatSource, HeatSpot
from hearthwatch.records.imagery import Gap, KnownScene, Mark, Pause, Spend, SpendTotals
from hearthwatch.records.page import Page
from hearthwatch.records.people import ApiKey, Lease, Organisation, Pass, Person, Session
from hearthwatch.records.release import Proposal, Rendering, Telling
from hearthwatch.records.review import Assessment, Claim
from hearthwatch.records.watch import Label, Region, Settlement
from hearthwatch.records.words import (
    USABLE,
    About,
    AlarmKind,
    AlertAct,
    AttemptOutcome,
    Audience,
    Channel,
    Detail,
    EventState,
    Kind,
    Language,
    MessageForm,
    MessageState,
    Mode,
    NotObservable,
    ObservationStatus,
    Precision,
    Priority,
    ProposalOutcome,
    ProposedAct,
    RejectionReason,
    Rhythm,
    Role,
    RunOutcome,
    Scope,
    Severity,
    SpendStatus,
    Subject,
    Verb,
    Verdict,
    WatchLevel,
)
from hearthwatch.records.work import Job, JobKey, LedgerRow, LedgerTotals, Run, StateVersion

__all__ = [
    "USABLE",
    "About",
    "Alarm",
    "AlarmKind",
    "Alert",
    "AlertAct",
    "ApiKey",
    "Assessment",
    "Attempt",
    "AttemptOutcome",
    "Audience",
    "AuditEntry",
    "AuditFilter",
    "Backtest",
    "CalibrationChoice",
    "Change",
    "Channel",
    "Claim",
    "Detail",
    "Detection",
    "Event",
    "EventFilter",
    "EventSource",
    "EventState",
    "Gap",
    "HeatCover",
    "HeatSource",
    "HeatSpot",
    "Job",
    "JobKey",
    "Kind",
    "KnownScene",
    "Label",
    "Language",
    "Lease",
    "LedgerRow",
    "LedgerTotals",
    "Mark",
    "Message",
    "MessageForm",
    "MessageState",
    "Mode",
    "NotObservable",
    "ObservationStatus",
    "Opinion",
    "Organisation",
    "Page",
    "Pass",
    "Pause",
    "Person",
    "Precision",
    "Priority",
    "Proposal",
    "ProposalOutcome",
    "ProposedAct",
    "Receiver",
    "Region",
    "RejectionReason",
    "Rendering",
    "Rhythm",
    "Role",
    "Run",
    "RunOutcome",
    "Scope",
    "Search",
    "Session",
    "Settlement",
    "Severity",
    "Spend",
    "SpendStatus",
    "SpendTotals",
    "StateVersion",
    "StoredCalibration",
    "Subject",
    "Subscription",
    "Telling",
    "Verb",
    "Verdict",
    "WatchLevel",
]
