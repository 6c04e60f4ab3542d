"""When an open alarm to which more came is told once more."""

from datetime import timedelta

import pytest

from hearthwatch.records import AlarmKind
from hearthwatch.watchdogs.keeping import has_more, told
from tests.contract import store_records as a

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("kind", "minutes"), [(AlarmKind.UNANSWERED, 60), (AlarmKind.NO_DATA, 24 * 60)]
)
def test_what_came_to_an_alarm_is_told_after_a_while_and_an_event_that_nobody_answers_soon(
    kind: AlarmKind, minutes: int
) -> None:
    plain = a.alarm(kind=kind, items=("evt-1",), told_at=None, cleared=None, said=(), told=())
    first = told(plain, ["rcv-1"], a.NOON)
    more = a.alarm(kind=kind, items=("evt-1", "evt-2"), told_at=first.told_at, cleared=None,
                   said=first.said, told=first.told)  # fmt: skip
    assert not has_more(first, a.NOON + 2 * minutes * MINUTE)
    assert not has_more(more, a.NOON + (minutes - 1) * MINUTE)
    assert has_more(more, a.NOON + minutes * MINUTE)
    again = told(more, ["rcv-1"], a.NOON + minutes * MINUTE)
    assert not has_more(again, a.NOON + 3 * minutes * MINUTE)
