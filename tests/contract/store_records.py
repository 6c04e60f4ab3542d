"""Records to store in tests: plain ones, of which a test changes what it is about."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from shapely.geometry import MultiPolygon, box

from hearthwatch.records import (
    Alarm,
    AlarmKind,
    Alert,
    AlertAct,
    ApiKey,
    Assessment,
    Attempt,
    AttemptOutcome,
    Audience,
    AuditEntry,
    Backtest,
    CalibrationChoice,
    Channel,
    Claim,
    Detail,
    Detection,
    Event,
    EventSource,
    EventState,
    Gap,
    HeatCover,
    HeatSource,
    HeatSpot,
    Job,
    JobKey,
    Kind,
    KnownScene,
    Lease,
    LedgerRow,
    Mark,
    Message,
    MessageForm,
    Mode,
    ObservationStatus,
    Opinion,
    Organisation,
    Pass,
    Pause,
    Person,
    Precision,
    Priority,
    Proposal,
    ProposalOutcome,
    ProposedAct,
    Receiver,
    Region,
    Rendering,
    Rhythm,
    Role,
    Run,
    Session,
    Settlement,
    Severity,
    Spend,
    SpendStatus,
    StateVersion,
    StoredCalibration,
    Subscription,
    Telling,
    Verb,
    Verdict,
)
from hearthwatch.store import Store

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
VILLAGE = MultiPolygon([box(25.30, 13.60, 25.32, 13.62)])


def region(**changes: Any) -> Region:
    plain = Region(
        id="reg-1",
        organisation="ours",
        kind=Kind.BURNED,
        mode=Mode.ACTUAL,
        name="Village",
        geometry=VILLAGE,
        area_km2=4.8,
        created=NOON,
    )
    return replace(plain, **changes)


def settlement(**changes: Any) -> Settlement:
    plain = Settlement(
        id="set-1",
        organisation="ours",
        mode=Mode.ACTUAL,
        name="Village",
        geometry=VILLAGE,
        area_m2=4.8e6,
        created=NOON,
        pcode="SD010021",
    )
    return replace(plain, **changes)


def api_key(**changes: Any) -> ApiKey:
    plain = ApiKey(
        id="0123456789ab",
        organisation="ours",
        name="map room",
        role=Role.VIEWER,
        sha256="b" * 64,
        created=NOON,
    )
    return replace(plain, **changes)


def run(**changes: Any) -> Run:
    plain = Run(
        id="run-1",
        organisation="ours",
        kind=Kind.BURNED,
        mode=Mode.ACTUAL,
        region="reg-1",
        started=NOON,
        until=None,
        digest="d" * 64,
        executor="threads",
    )
    return replace(plain, **changes)


def key(**changes: Any) -> JobKey:
    plain = JobKey("ours", Kind.BURNED, "reg-1", "36N_0512_0143", "S2A-1", "indices")
    return replace(plain, **changes)


def job(**changes: Any) -> Job:
    plain = Job(
        key=key(), mode=Mode.ACTUAL, run="run-1", digest="d" * 64, sensed=NOON, committed=NOON
    )
    return replace(plain, **changes)


def state(**changes: Any) -> StateVersion:
    plain = StateVersion(
        organisation="ours",
        kind=Kind.BURNED,
        mode=Mode.ACTUAL,
        region="reg-1",
        cell="36N_0512_0143",
        detector="indices",
        detector_version="1",
        sequence=1,
        acquisition="S2A-1",
        sensed=NOON,
        path="state/1",
        sha256="a" * 64,
        digest="d" * 64,
    )
    return replace(plain, **changes)


def look(**changes: Any) -> LedgerRow:
    plain = LedgerRow(
        organisation="ours",
        kind=Kind.BURNED,
        mode=Mode.ACTUAL,
        region="reg-1",
        cell="36N_0512_0143",
        acquisition="S2A-1",
        detector="indices",
        sensed=NOON,
        status=ObservationStatus.UNCHANGED,
        usable=0.9,
        detail={"cloud": 0.1},
    )
    return replace(plain, **changes)


def calibration(**changes: Any) -> StoredCalibration:
    plain = StoredCalibration(
        id="cal-1",
        organisation="ours",
        kind=Kind.BURNED,
        mode=Mode.ACTUAL,
        region="",
        detector="burned",
        detector_version="1",
        digest="d" * 64,
        created=NOON,
        document={"created": "now", "thresholds": [3.5, 8.0, 11.0]},
    )
    return replace(plain, **changes)


def choice(**changes: Any) -> CalibrationChoice:
    plain = CalibrationChoice(
        organisation="ours",
        kind=Kind.BURNED,
        mode=Mode.ACTUAL,
        region="",
        detector="burned",
        since=NOON,
        calibration="cal-1",
    )
    return replace(plain, **changes)


def event(**changes: Any) -> Event:
    plain = Event(
        id="evt-1",
        organisation="ours",
        kind=Kind.BURNED,
        mode=Mode.ACTUAL,
        region="reg-1",
        cell="36N_0512_0143",
        detector="indices",
        state=EventState.CANDIDATE,
        detector_state="watch",
        version=1,
        geometry=VILLAGE,
        area_m2=1200.0,
        last_unharmed=NOON - DAY,
        first_changed=NOON,
        first_detected=NOON,
        last_detected=NOON,
        looks=1,
        observed="Roofs gone",
        evidence={"drop": 0.31, "bands": ["B8A", "B12"]},
        doubts=("thin cloud",),
    )
    return replace(plain, **changes)


def source(**changes: Any) -> EventSource:
    plain = EventSource(
        id="src-1",
        organisation="ours",
        kind=Kind.BURNED,
        mode=Mode.ACTUAL,
        event="evt-1",
        region="reg-1",
        cell="36N_0512_0143",
        detector="indices",
        sensors=("sentinel-2-l2a",),
        groups=("optical",),
        detector_state="watch",
        reached="watch",
        version=1,
        geometry=VILLAGE,
        area_m2=1200.0,
        last_unharmed=NOON - DAY,
        first_changed=NOON,
        first_detected=NOON,
        last_detected=NOON,
        looks=1,
        observed="Roofs gone",
        evidence={"drop": 0.31, "bands": ["B8A", "B12"]},
        doubts=("thin cloud",),
    )
    return replace(plain, **changes)


def opinion(**changes: Any) -> Opinion:
    plain = Opinion(
        id="opn-1",
        organisation="ours",
        kind=Kind.BURNED,
        mode=Mode.ACTUAL,
        event="evt-1",
        act="act-1",
        version=2,
        verb=Verb.CONFIRM,
        who="map room",
        said=NOON,
    )
    return replace(plain, **changes)


def detection(**changes: Any) -> Detection:
    plain = Detection(
        id="det-1",
        organisation="ours",
        kind=Kind.BURNED,
        mode=Mode.ACTUAL,
        event="evt-1",
        region="reg-1",
        cell="36N_0512_0143",
        acquisition="S2A-1",
        detector="indices",
        detector_version="1",
        detector_state="watch",
        sensed=NOON,
        geometry=VILLAGE,
        area_m2=1200.0,
        last_unharmed=None,
        first_changed=NOON,
        looks=1,
        evidence={"drop": 0.31},
        doubts=(),
        digest="d" * 64,
    )
    return replace(plain, **changes)


def spend(**changes: Any) -> Spend:
    plain = Spend(
        id="spend-1",
        organisation="ours",
        region="reg-1",
        provider="sentinelhub",
        acquisition="S2A-1",
        cell="36N_0512_0143",
        priority=Priority.ROUTINE,
        status=SpendStatus.RESERVED,
        reserved=NOON,
        estimated_units=6.67,
        estimated_requests=2,
    )
    return replace(plain, **changes)


def settled(**changes: Any) -> Spend:
    plain = {"status": SpendStatus.SETTLED, "settled": NOON, "units": 6.5, "requests": 3}
    return spend(**(plain | changes))


def pause(**changes: Any) -> Pause:
    plain = Pause(
        organisation="ours",
        provider="sentinelhub",
        since=NOON,
        until=NOON + DAY,
        reason="the month's units are spent",
    )
    return replace(plain, **changes)


def mark(**changes: Any) -> Mark:
    plain = Mark(
        organisation="ours",
        region="reg-1",
        provider="stac",
        collection="sentinel-2-c1-l2a",
        published=NOON,
    )
    return replace(plain, **changes)


def known_scene(**changes: Any) -> KnownScene:
    plain = KnownScene(
        organisation="ours",
        region="reg-1",
        provider="stac",
        collection="sentinel-2-c1-l2a",
        id="S2A_36NXF",
        sensed=NOON,
        published=NOON + DAY,
        item_sha256="c" * 64,
        first_seen=NOON + DAY,
        last_seen=NOON + DAY,
        gone=None,
        document='{"id": "S2A_36NXF"}',
    )
    return replace(plain, **changes)


def gap(**changes: Any) -> Gap:
    plain = Gap(
        id="gap-1",
        organisation="ours",
        kind=Kind.BURNED,
        mode=Mode.ACTUAL,
        region="reg-1",
        sensor="sentinel-2-l2a",
        relative_orbit=78,
        expected=NOON,
        raised=NOON + DAY,
    )
    return replace(plain, **changes)


def heat_spot(**changes: Any) -> HeatSpot:
    plain = HeatSpot(
        id="heat-1",
        organisation="ours",
        sensed=NOON,
        lon=25.31,
        lat=13.61,
        scan_m=390.0,
        track_m=360.0,
        frp_mw=4.2,
        confidence="nominal",
        stated="n",
        satellite="NOAA-20",
        instrument="VIIRS",
        processing="near_real_time",
        version="2.0NRT",
        seen_by="day",
        type=None,
        source_sha256="e" * 64,
        received=NOON + DAY,
    )
    return replace(plain, **changes)


def heat_cover(**changes: Any) -> HeatCover:
    plain = HeatCover(
        id="cover-1",
        organisation="ours",
        source="VIIRS_NOAA20_NRT",
        west=25.25,
        south=13.5,
        east=25.5,
        north=13.75,
        since=NOON - DAY,
        until=NOON,
        sha256="e" * 64,
        received=NOON + DAY,
    )
    return replace(plain, **changes)


def heat_source(**changes: Any) -> HeatSource:
    plain = HeatSource(
        id="kiln-1",
        organisation="ours",
        lon=25.31,
        lat=13.61,
        radius_m=750.0,
        why="brick kiln",
        added=NOON,
    )
    return replace(plain, **changes)


def organisation(**changes: Any) -> Organisation:
    return replace(Organisation(organisation="ours", name="Our Watch", created=NOON), **changes)


def person(**changes: Any) -> Person:
    plain = Person(
        id="per-1",
        organisation="ours",
        login="amina",
        name="Amina N.",
        role=Role.ANALYST,
        password="a hash",
        created=NOON,
        changed=NOON,
    )
    return replace(plain, **changes)


def session(**changes: Any) -> Session:
    plain = Session(
        id="c" * 64,
        organisation="ours",
        person="per-1",
        form_sha256="d" * 64,
        created=NOON,
        seen=NOON,
        expires=NOON + DAY,
    )
    return replace(plain, **changes)


def pass_(**changes: Any) -> Pass:
    plain = Pass(
        id="0123456789abcdef",
        organisation="ours",
        resource="tiles/events",
        sha256="e" * 64,
        made_by="per-1",
        created=NOON,
        expires=NOON + DAY,
    )
    return replace(plain, **changes)


def lease(**changes: Any) -> Lease:
    plain = Lease(
        name="runs", organisation="", holder="a", taken=NOON, until=NOON + DAY / 24, turn=0
    )
    return replace(plain, **changes)


def audit_entry(**changes: Any) -> AuditEntry:
    plain = AuditEntry(
        organisation="ours",
        sequence=0,
        at=NOON,
        actor="per-1",
        act="view",
        subject="event evt-1",
        outcome="done",
        previous="",
        sha256="",
        detail={"address": "/events/evt-1"},
    )
    return replace(plain, **changes)


def rendering(**changes: Any) -> Rendering:
    plain = Rendering(
        organisation="ours",
        event="evt-1",
        audience=Audience.PARTNER,
        precision=Precision.LOCALITY,
        geometry=box(25.30, 13.60, 25.31, 13.61),
        place="within 1 km",
        made=NOON,
        not_before=NOON,
    )
    return replace(plain, **changes)


def telling(**changes: Any) -> Telling:
    plain = Telling(
        organisation="ours",
        event="evt-1",
        audience=Audience.PARTNER,
        version=1,
        id="7f3a",
        at=NOON,
        detail={"kind": "burned"},
    )
    return replace(plain, **changes)


def proposal(**changes: Any) -> Proposal:
    plain = Proposal(
        id="pro-1",
        organisation="ours",
        act=ProposedAct.RELEASE,
        subject="evt-1",
        audience=Audience.PARTNER,
        reason="They are near.",
        asked_by="per-1",
        asked=NOON,
    )
    return replace(plain, **changes)


def erasure(**changes: Any) -> Proposal:
    plain = proposal(
        id="era-1", act=ProposedAct.ERASE, audience=None, detail={"what": "event"},
        reason="They asked us to.",
    )  # fmt: skip
    return replace(plain, **changes)


def hold(**changes: Any) -> Proposal:
    plain = erasure(id="hold-1", act=ProposedAct.HOLD, outcome=ProposalOutcome.AGREED)
    return replace(plain, **changes)


def claim(**changes: Any) -> Claim:
    plain = Claim(
        id="cla-1",
        organisation="ours",
        event="evt-1",
        person="per-1",
        made=NOON,
        expires=NOON + DAY / 24,
        shown={"before": "S2A-0", "after": "S2A-1"},
    )
    return replace(plain, **changes)


def assessment(**changes: Any) -> Assessment:
    plain = Assessment(
        id="ass-1",
        organisation="ours",
        kind=Kind.BURNED,
        mode=Mode.ACTUAL,
        event="evt-1",
        version=1,
        person="per-1",
        round="first",
        said=NOON,
        verdict=Verdict.HARMED,
        shown={"before": "S2A-0", "after": "S2A-1"},
        seconds=41.5,
    )
    return replace(plain, **changes)


def backtest(**changes: Any) -> Backtest:
    plain = Backtest(
        id="bt-1",
        organisation="ours",
        kind=Kind.BURNED,
        mode=Mode.ACTUAL,
        region="reg-1",
        asked=NOON,
        until=NOON - DAY,
        months=24.0,
        learned_months=12.0,
        most_units=250.5,
        report={"events": [{"id": "evt-1"}], "looks": 41},
    )
    return replace(plain, **changes)


def receiver(**changes: Any) -> Receiver:
    plain = Receiver(
        id="rcv-1", organisation="ours", name="Duty officer", channel=Channel.WEBHOOK,
        owner="per-1", created=NOON, address="sealed", detail=Detail.EXACT,
        quiet_override=Severity.SEVERE, quiet_from=1320, quiet_until=360, confirmed=NOON,
    )  # fmt: skip
    return replace(plain, **changes)


def subscription(**changes: Any) -> Subscription:
    plain = Subscription(
        id="sub-1", organisation="ours", receiver="rcv-1", name="All of it", created=NOON,
        region="reg-1", kinds=("burned", "razed"), rhythm=Rhythm.DAILY,
    )  # fmt: skip
    return replace(plain, **changes)


def alert(**changes: Any) -> Alert:
    plain = Alert(
        id="alr-1", organisation="ours", receiver="rcv-1", event="evt-1", sequence=1, version=1,
        kind=Kind.BURNED, mode=Mode.ACTUAL, act=AlertAct.ALERT, severity=Severity.SEVERE,
        facts={"event": "evt-1", "area_m2": 40_000.0}, subscriptions=("sub-1",), made=NOON,
        due=NOON,
    )  # fmt: skip
    return replace(plain, **changes)


def message(**changes: Any) -> Message:
    plain = Message(
        id="msg-1", organisation="ours", receiver="rcv-1", form=MessageForm.SINGLE,
        mode=Mode.ACTUAL, events=("evt-1",), content={"body": "{}"}, made=NOON, next=NOON,
    )  # fmt: skip
    return replace(plain, **changes)


def attempt(**changes: Any) -> Attempt:
    plain = Attempt(
        organisation="ours", message="msg-1", sequence=1, began=NOON, ended=NOON + DAY / 86_400,
        outcome=AttemptOutcome.FAILED, status=500, words="HTTP 500",
    )  # fmt: skip
    return replace(plain, **changes)


def looks_at(settlements: Iterable[str], **changes: Any) -> list[LedgerRow]:
    """Return the rows of one look over settlements, which share all but the settlement."""
    return [look(settlement=settlement, **changes) for settlement in settlements]


def with_region(store: Store, organisation: str = "ours") -> Store:
    """Put the region and run that everything else names."""
    with store.transaction() as tx:
        tx.put_region(region(organisation=organisation))
        tx.put_run(run(organisation=organisation))
    return store


def alarm(**changes: Any) -> Alarm:
    plain = Alarm(
        id="alm-1",
        organisation="ours",
        kind=AlarmKind.NO_DATA,
        subject="sentinel-2-l2a",
        severity=Severity.SEVERE,
        since=NOON - 14 * DAY,
        raised=NOON,
        seen=NOON,
        words="Nothing came.",
        advice="See why.",
        regions=("reg-1",),
        items=("reg-1",),
    )
    return replace(plain, **changes)
