"""When a receiver is told: by hand, and against a clock that is followed minute by minute."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hearthwatch.alerting.severity import is_at_least
from hearthwatch.alerting.timing import check_zone, due
from hearthwatch.errors import AlertError
from hearthwatch.records import Receiver, Rhythm, Severity
from tests.contract import store_records as a

INSTANT, DAILY, WEEKLY = Rhythm.INSTANT, Rhythm.DAILY, Rhythm.WEEKLY
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def receiver(zone: str = "UTC", quiet: str = "", override: Severity | None = None) -> Receiver:
    """Return a receiver with quiet hours like ``22:00-06:00``."""
    start, end = (minutes(one) for one in quiet.split("-")) if quiet else (None, None)
    return a.receiver(zone=zone, quiet_from=start, quiet_until=end, quiet_override=override)


def minutes(clock: str) -> int:
    hours, rest = clock.split(":")
    return 60 * int(hours) + int(rest)


def told(
    made: str,
    whom: Receiver,
    *rhythms: Rhythm,
    severity: Severity = Severity.MODERATE,
    before: Collection[Rhythm] = (),
) -> str:
    """Return when, by the receiver's clock, it is told of what was made at a time in UTC."""
    moment = due(datetime.fromisoformat(f"{made}+00:00"), rhythms, whom, severity, told=before)
    assert moment.utcoffset() == timedelta(0)
    clock = moment.astimezone(ZoneInfo(whom.zone))
    return f"{clock:%a %Y-%m-%d %H:%M:%S}{clock:%z}"


@pytest.mark.parametrize(
    ("made", "zone", "rhythm", "expected"),
    [
        ("2024-05-01T12:34:56", "UTC", INSTANT, "Wed 2024-05-01 12:34:56+0000"),
        ("2024-05-01T12:34:56", "UTC", DAILY, "Thu 2024-05-02 07:00:00+0000"),
        ("2024-05-01T06:59:59", "UTC", DAILY, "Wed 2024-05-01 07:00:00+0000"),
        ("2024-05-01T07:00:00", "UTC", DAILY, "Wed 2024-05-01 07:00:00+0000"),
        ("2024-05-01T07:00:01", "UTC", DAILY, "Thu 2024-05-02 07:00:00+0000"),
        ("2024-05-01T12:00:00", "UTC", WEEKLY, "Mon 2024-05-06 07:00:00+0000"),
        ("2024-05-06T06:00:00", "UTC", WEEKLY, "Mon 2024-05-06 07:00:00+0000"),
        ("2024-05-06T07:00:01", "UTC", WEEKLY, "Mon 2024-05-13 07:00:00+0000"),
        # By the receiver's clock: there it is another day already, or still.
        ("2024-05-01T04:30:00", "Africa/Khartoum", DAILY, "Wed 2024-05-01 07:00:00+0200"),
        ("2024-05-01T05:30:00", "Africa/Khartoum", DAILY, "Thu 2024-05-02 07:00:00+0200"),
        ("2024-05-01T23:30:00", "Asia/Yangon", DAILY, "Thu 2024-05-02 07:00:00+0630"),
        ("2024-05-06T01:00:00", "America/Bogota", WEEKLY, "Mon 2024-05-06 07:00:00-0500"),
        ("2024-05-05T21:00:00", "Pacific/Auckland", WEEKLY, "Mon 2024-05-13 07:00:00+1200"),
        # The clock is set in the night before.
        ("2024-03-30T12:00:00", "Europe/Paris", DAILY, "Sun 2024-03-31 07:00:00+0200"),
        ("2024-10-26T12:00:00", "Europe/Paris", DAILY, "Sun 2024-10-27 07:00:00+0100"),
        ("2024-10-27T12:00:00", "Europe/Paris", WEEKLY, "Mon 2024-10-28 07:00:00+0100"),
        # There was no 30 December 2011 in Samoa.
        ("2011-12-29T20:00:00", "Pacific/Apia", DAILY, "Sat 2011-12-31 07:00:00+1400"),
    ],
)
def test_what_is_not_told_at_once_is_told_in_the_morning(
    made: str, zone: str, rhythm: Rhythm, expected: str
) -> None:
    assert told(made, receiver(zone), rhythm) == expected


def test_of_several_subscriptions_the_one_that_tells_first_counts() -> None:
    wednesday = "2024-05-01T12:00:00"
    assert told(wednesday, receiver(), WEEKLY, DAILY).startswith("Thu")
    assert told(wednesday, receiver(), DAILY, INSTANT, WEEKLY).startswith("Wed")


def test_what_meets_no_subscription_any_more_is_told_as_its_alert_was() -> None:
    wednesday = "2024-05-01T12:00:00"
    assert told(wednesday, receiver(), before=[WEEKLY]).startswith("Mon")
    assert told(wednesday, receiver(), before=[WEEKLY, DAILY]).startswith("Thu")
    # What it meets now counts, if it meets any.
    assert told(wednesday, receiver(), DAILY, before=[INSTANT]).startswith("Thu 2024-05-02 07:00")
    # Nobody waits for a cancellation because nothing is known of the alert.
    assert told(wednesday, receiver()).startswith("Wed 2024-05-01 12:00:00")


@pytest.mark.parametrize(
    ("made", "quiet", "expected"),
    [
        ("2024-05-01T21:59:59", "22:00-06:00", "Wed 2024-05-01 21:59:59"),
        ("2024-05-01T22:00:00", "22:00-06:00", "Thu 2024-05-02 06:00:00"),
        ("2024-05-02T05:59:59", "22:00-06:00", "Thu 2024-05-02 06:00:00"),
        ("2024-05-02T06:00:00", "22:00-06:00", "Thu 2024-05-02 06:00:00"),
        ("2024-05-01T12:30:15", "12:00-14:00", "Wed 2024-05-01 14:00:00"),
        ("2024-05-01T14:00:00", "12:00-14:00", "Wed 2024-05-01 14:00:00"),
        ("2024-05-01T22:30:00", "22:00-00:00", "Thu 2024-05-02 00:00:00"),
        ("2024-05-01T22:30:00", "22:00-22:00", "Wed 2024-05-01 22:30:00"),
        ("2024-05-01T22:30:00", "00:00-00:00", "Wed 2024-05-01 22:30:00"),
        ("2024-05-01T00:00:30", "00:01-00:00", "Wed 2024-05-01 00:00:30"),
        ("2024-05-01T00:01:00", "00:01-00:00", "Thu 2024-05-02 00:00:00"),
    ],
)
def test_quiet_hours_hold_it_to_their_end(made: str, quiet: str, expected: str) -> None:
    assert told(made, receiver(quiet=quiet), INSTANT).startswith(expected)


def test_the_morning_waits_for_the_end_of_quiet_hours_too() -> None:
    late = receiver(quiet="20:00-08:30")
    assert told("2024-05-01T12:00:00", late, DAILY).startswith("Thu 2024-05-02 08:30:00")
    assert told("2024-05-01T12:00:00", late, WEEKLY).startswith("Mon 2024-05-06 08:30:00")


@pytest.mark.parametrize("severity", Severity)
@pytest.mark.parametrize("override", [None, *Severity])
def test_what_is_grave_enough_is_told_in_quiet_hours(
    severity: Severity, override: Severity | None
) -> None:
    at_night = told(
        "2024-05-01T23:00:00", receiver(quiet="22:00-06:00", override=override), INSTANT,
        severity=severity,
    )  # fmt: skip
    waits = override is None or not is_at_least(severity, override)
    assert at_night[4:23] == ("2024-05-02 06:00:00" if waits else "2024-05-01 23:00:00")


def test_only_quiet_hours_are_overridden_and_no_rhythm() -> None:
    grave = receiver(quiet="05:00-08:00", override=Severity.SEVERE)
    assert told("2024-05-01T12:00:00", grave, DAILY, severity=Severity.EXTREME).startswith(
        "Thu 2024-05-02 07:00:00"
    )


@pytest.mark.parametrize(
    ("made", "zone", "quiet", "expected"),
    [
        # In Paris there is no 02:30 on 31 March: at 02:00 it is 03:00.
        ("2024-03-31T00:15:00", "Europe/Paris", "01:00-02:30", "Sun 2024-03-31 03:00:00+0200"),
        ("2024-03-30T22:30:00", "Europe/Paris", "23:00-06:00", "Sun 2024-03-31 06:00:00+0200"),
        ("2024-03-31T00:30:00", "Europe/Paris", "03:00-02:00", "Mon 2024-04-01 02:00:00+0200"),
        # On 27 October it is 02:00 again at 03:00.
        ("2024-10-26T23:30:00", "Europe/Paris", "01:00-02:30", "Sun 2024-10-27 02:30:00+0200"),
        ("2024-10-27T01:10:00", "Europe/Paris", "01:00-02:30", "Sun 2024-10-27 02:30:00+0100"),
        ("2024-10-27T00:50:00", "Europe/Paris", "02:40-03:30", "Sun 2024-10-27 02:00:00+0100"),
        ("2024-10-26T23:30:00", "Europe/Paris", "01:00-03:00", "Sun 2024-10-27 03:00:00+0100"),
        # Half an hour in Lord Howe, and a whole day in Samoa.
        ("2024-10-05T15:15:00", "Australia/Lord_Howe", "01:00-02:15",
         "Sun 2024-10-06 02:30:00+1100"),
        ("2011-12-30T09:30:00", "Pacific/Apia", "23:00-06:00", "Sat 2011-12-31 06:00:00+1400"),
    ],
)  # fmt: skip
def test_quiet_hours_end_when_the_clock_shows_it_or_passes_over_it(
    made: str, zone: str, quiet: str, expected: str
) -> None:
    assert told(made, receiver(zone, quiet), INSTANT) == expected


ZONES = [
    "UTC", "Africa/Khartoum", "Africa/Casablanca", "Africa/Cairo", "America/Havana",
    "America/Santiago", "America/St_Johns", "Antarctica/Troll", "Asia/Beirut", "Asia/Gaza",
    "Asia/Kathmandu", "Asia/Tehran", "Asia/Yangon", "Atlantic/Azores", "Australia/Lord_Howe",
    "Europe/Dublin", "Europe/Paris", "Pacific/Apia", "Pacific/Chatham", "Pacific/Kiritimati",
]  # fmt: skip
START, END = datetime(1995, 1, 1, tzinfo=UTC), datetime(2037, 1, 1, tzinfo=UTC)


def settings_of_the_clock(zone: str) -> list[datetime]:
    """Return the days in which the clock of a zone is set."""
    days = [START + n * DAY for n in range((END - START) // DAY)]
    offsets = [one.astimezone(ZoneInfo(zone)).utcoffset() for one in days]
    return [days[i] for i, (one, other) in enumerate(pairwise(offsets)) if one != other]


SET = {zone: settings_of_the_clock(zone) for zone in ZONES}


@st.composite
def moments(draw: st.DrawFn, zone: str) -> datetime:
    """Draw a time, as often as not from a day about which the clock is set."""
    if SET[zone] and draw(st.booleans()):
        day = draw(st.sampled_from(SET[zone]))
        return day + draw(st.timedeltas(-DAY, 2 * DAY))
    return START + draw(st.timedeltas(timedelta(), END - START - 20 * DAY))


@st.composite
def cases(draw: st.DrawFn) -> tuple[datetime, Receiver]:
    """Draw when an alert is made, and for whom."""
    zone = draw(st.sampled_from(ZONES))
    of_day = st.integers(0, 1439) | st.sampled_from([0, 60, 120, 150, 180, 420, 1439])
    quiet = draw(st.none() | st.tuples(of_day, of_day))
    start, end = quiet or (None, None)
    whom = a.receiver(
        zone=zone, quiet_from=start, quiet_until=end,
        quiet_override=draw(st.none() | st.sampled_from(Severity)),
    )  # fmt: skip
    return draw(moments(zone)), whom


RHYTHMS = st.lists(st.sampled_from(Rhythm), max_size=3)


def is_quiet(moment: datetime, whom: Receiver) -> bool:
    clock = moment.astimezone(ZoneInfo(whom.zone))
    minute = 60 * clock.hour + clock.minute
    start, end = whom.quiet_from, whom.quiet_until
    if start is None or end is None:
        return False
    return start <= minute < end if start <= end else minute >= start or minute < end


def is_heeded(whom: Receiver, severity: Severity) -> bool:
    return whom.quiet_override is None or not is_at_least(severity, whom.quiet_override)


@settings(max_examples=500)
@given(cases(), RHYTHMS, st.sampled_from(Severity))
def test_it_is_never_told_early_nor_in_quiet_hours_nor_more_than_8_days_later(
    case: tuple[datetime, Receiver], rhythms: list[Rhythm], severity: Severity
) -> None:
    made, whom = case
    moment = due(made, rhythms, whom, severity)
    assert moment >= made
    assert not (is_quiet(moment, whom) and is_heeded(whom, severity))
    # By the receiver's clock: in the week in which it is set back an hour, it is an hour longer.
    zone = ZoneInfo(whom.zone)
    offsets = [one.astimezone(zone).utcoffset() or timedelta() for one in (made, moment)]
    assert moment - made <= 8 * DAY + max(offsets[0] - offsets[1], timedelta())


@settings(max_examples=300)
@given(cases())
def test_quiet_hours_hold_until_the_first_minute_that_is_not_quiet(
    case: tuple[datetime, Receiver],
) -> None:
    made, whom = case
    minute = made
    while is_quiet(minute, whom):
        # All these zones are whole minutes from UTC.
        minute = minute.replace(second=0, microsecond=0) + MINUTE
    assert due(made, [INSTANT], a.receiver(
        zone=whom.zone, quiet_from=whom.quiet_from, quiet_until=whom.quiet_until,
        quiet_override=None,
    ), Severity.EXTREME) == minute  # fmt: skip


@settings(max_examples=300)
@given(cases(), st.sampled_from([DAILY, WEEKLY]))
def test_without_quiet_hours_it_is_the_next_seven_o_clock(
    case: tuple[datetime, Receiver], rhythm: Rhythm
) -> None:
    made, whom = case
    zone = ZoneInfo(whom.zone)
    moment = due(made, [rhythm], a.receiver(zone=whom.zone, quiet_from=None), Severity.MINOR)
    clock = moment.astimezone(zone)
    assume(not (whom.zone == "Pacific/Apia" and clock.date().isoformat() == "2011-12-31"))
    assert (clock.hour, clock.minute, clock.second, clock.microsecond) == (7, 0, 0, 0)
    assert rhythm is DAILY or clock.weekday() == 0
    # Minutes that show it before that have none between.
    earlier = clock.replace(tzinfo=None) - (DAY if rhythm is DAILY else 7 * DAY)
    assert earlier.replace(tzinfo=zone).astimezone(UTC) < made


@given(cases(), RHYTHMS.filter(bool), st.sampled_from(Rhythm), st.sampled_from(Severity))
def test_one_subscription_more_never_makes_it_later(
    case: tuple[datetime, Receiver], rhythms: list[Rhythm], more: Rhythm, severity: Severity
) -> None:
    made, whom = case
    assert due(made, [*rhythms, more], whom, severity) <= due(made, rhythms, whom, severity)


@given(cases(), RHYTHMS.filter(bool), st.timedeltas(timedelta(), 9 * DAY))
def test_what_is_made_later_is_not_told_before(
    case: tuple[datetime, Receiver], rhythms: list[Rhythm], wait: timedelta
) -> None:
    made, whom = case
    severity = Severity.MODERATE
    assert due(made, rhythms, whom, severity) <= due(made + wait, rhythms, whom, severity)


@pytest.mark.parametrize("zone", ["UTC", "Africa/Khartoum", "America/Argentina/Ushuaia"])
def test_a_zone_that_there_is_is_taken(zone: str) -> None:
    assert check_zone(zone) == zone


@pytest.mark.parametrize(
    "zone",
    ["", " ", "Mars/Olympus", "africa/khartoum", "UTC+2", "../../etc/passwd", "/etc/localtime",
     "localtime", "Factory", "right/Europe/Paris", "posix/Europe/Paris", "Africa", "Africa/",
     "UTC\0", "x" * 5000],
)  # fmt: skip
def test_an_unknown_zone_is_refused_with_words_that_help(zone: str) -> None:
    with pytest.raises(AlertError) as refused:
        check_zone(zone)
    assert "Africa/Khartoum" in refused.value.message
    assert len(refused.value.message) < 300


@pytest.mark.parametrize("zone", ["Gone/Away", "", "../x", "Africa", "UTC\0", "x" * 5000])
def test_an_alert_is_told_by_utc_where_this_machine_does_not_know_the_zone(zone: str) -> None:
    made = datetime(2024, 5, 1, 12, tzinfo=UTC)
    whom: Any = receiver(quiet="11:00-13:00")
    lost = a.receiver(zone=zone, quiet_from=660, quiet_until=780, quiet_override=None)
    for rhythm in Rhythm:
        assert due(made, [rhythm], lost, Severity.MINOR) == due(
            made, [rhythm], whom, Severity.MINOR
        )


@pytest.mark.parametrize("quiet", [(0, 1440), (-60, 1380), (1440, 2880)])
def test_quiet_hours_that_would_have_no_end_are_none(quiet: tuple[int, int]) -> None:
    made = datetime(2024, 5, 1, 12, tzinfo=UTC)
    wrong = a.receiver(zone="UTC", quiet_from=quiet[0], quiet_until=quiet[1])
    assert due(made, [INSTANT], wrong, Severity.MINOR) == made
