"""What a server said, made fit to be shown; and what it says about waiting."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagery.net.retry_after import LONGEST_S, seconds_to_wait
from imagery.net.words import LONGEST, clean, is_quota, next_month, server_says

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9"


@given(st.text())
def test_what_is_shown_is_short_and_has_no_control_characters(text):
    shown = clean(text)
    assert len(shown) <= LONGEST
    assert shown.isprintable() or not any(ord(c) < 32 or ord(c) == 127 for c in shown)


@pytest.mark.parametrize(
    "text",
    [
        f"token {JWT} has expired",
        "Authorization: Bearer abc",
        "client_secret=hunter2&client_id=me",
        '{"client_secret": "hunter2"}',
        "X-Amz-Signature=abc&X-Amz-Credential=abc",
        "the key AKIAIOSFODNN7EXAMPLE0123456789 is not known",
    ],
)
def test_nothing_that_looks_like_a_secret_is_shown(text):
    shown = clean(text)
    for secret in (JWT, JWT[:30], "hunter2", "abc", "AKIAIOSFODNN7EXAMPLE0123456789"):
        assert secret not in shown
    assert "[hidden]" in shown


def test_no_place_that_was_asked_for_is_shown():
    shown = clean("bbox [24.123456, -1.5004, 25.2, 3] holds no data of 2024-05-01")
    assert "24.12" not in shown
    assert "1.5004" not in shown
    assert "2024-05-01" in shown


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"error": {"status": 400, "reason": "Bad", "message": "width is too big"}}', True),
        (b'{"error": "invalid_client", "error_description": "width is too big"}', True),
        (b'{"detail": "width is too big"}', True),
        (b"width is too big", True),
        (b"<html>width is too big</html>", False),
        (b"[1, 2]", False),
        (b"", False),
    ],
)
def test_the_message_is_found_in_the_shapes_servers_use(body, expected):
    assert server_says(body) == ("width is too big" if expected else "")


def test_a_spent_quota_is_told_from_a_closed_door():
    spent = {
        "error": {
            "status": 403,
            "reason": "Forbidden",
            "message": "Insufficient processing units available",
            "code": "ACCESS_INSUFFICIENT_PROCESSING_UNITS",
        }
    }
    assert is_quota(json.dumps(spent).encode())
    assert is_quota(b'{"error":{"code":"ACCESS_INSUFFICIENT_REQUESTS"}}')
    assert not is_quota(b'{"error":{"message":"You are not authorized"}}')


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2026, 1, 31, 23, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)),
        (datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
        # Still November in London.
        (
            datetime.fromisoformat("2026-12-01T01:00:00+02:00"),
            datetime(2026, 12, 1, tzinfo=UTC),
        ),
    ],
)
def test_quotas_are_filled_on_the_first(now, expected):
    assert next_month(now) == expected


@pytest.mark.parametrize(
    ("header", "unit", "expected"),
    [
        ("3398", "ms", 3.398),
        ("2", "s", 2.0),
        ("1.5", "s", 1.5),
        (" 700 ", "ms", 0.7),
        ("86400000", "ms", LONGEST_S),
        ("86400", "s", LONGEST_S),
        ("1e400", "s", None),
        ("0", "s", None),
        ("-5", "s", None),
        ("nan", "s", None),
        ("soon", "s", None),
        ("", "s", None),
        (None, "s", None),
        ("Fri, 99 Foo 2026 00:00:00 GMT", "s", None),
    ],
)
def test_retry_after_is_read_in_every_form(header, unit, expected):
    assert seconds_to_wait(header, unit) == expected


def test_a_moment_is_counted_from_the_servers_own_clock():
    """Ten minutes of difference between the clocks make no difference to the wait."""
    for skew in (-600, 0, 600):
        theirs = datetime.now(UTC) + timedelta(seconds=skew)
        header = format_datetime(theirs + timedelta(seconds=30), usegmt=True)
        date = format_datetime(theirs, usegmt=True)
        assert seconds_to_wait(header, "ms", date) == 30.0


def test_a_moment_without_a_date_is_counted_from_ours_and_one_past_is_nothing():
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert 27 < seconds_to_wait(later, "s") <= 30  # type: ignore[operator]
    assert seconds_to_wait("Wed, 21 Oct 2015 07:28:00 GMT", "s") is None


@given(st.text(), st.sampled_from(["ms", "s"]), st.text())
def test_no_header_breaks_it(header, unit, date):
    seconds = seconds_to_wait(header, unit, date)
    assert seconds is None or 0 < seconds <= LONGEST_S
