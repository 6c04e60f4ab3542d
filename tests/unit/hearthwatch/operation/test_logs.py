"""No secret and no place ever stands in the log, and what happened still does."""

import io
import json
import logging
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hearthwatch.keys import new_key
from hearthwatch.operation.logs import AsJson, ForPeople, request_id
from hearthwatch.operation.redacting import redacted
from hearthwatch.records import Role
from tests.contract.store_records import NOON

KEY = new_key("ours", "one", Role.ADMIN, NOON)[1]
WORDS = st.text(st.sampled_from("abcdefghij ÄéЖ ,.:()\n"), max_size=30)


def hidden(secret):
    """Return ways in which a secret comes to stand in a message."""
    return st.sampled_from([
        "password={}", "Password: {}", '"client_secret": "{}"', "token is {}", "passphrase='{}'",
        "Authorization: Bearer {}", "Authorization: Basic {}", "authorization={}", "Cookie: a={}",
        "'X-Hearthwatch-Form': '{}'", "https://me:{}@example.org/path", "map_key={}&a=1",
        "https://example.org/events?pass={}", "GET /tiles/1/2/3?pass={}&a=b", "api_key={}",
        "access_token: {}",
    ]).map(lambda form: form.replace("{}", secret))  # fmt: skip


PLACES = st.tuples(
    st.floats(-89, 89).map(lambda n: f"{n:.5f}"), st.floats(-179, 179).map(lambda n: f"{n:.6f}")
)
FORMS = (
    "{0}, {1}", "POINT ({1} {0})", "lat={0} lon={1}", '{{"lat": {0}, "lon": {1}}}', "[{1}, {0}]",
    "POLYGON (({1} {0}, {1} {0}))", "bbox={1},{0},{1},{0}", "{0}°N {1}°E", "({0};{1})",
    "latitude: {0}", "x={1}\ny={0}", "{0}/{1}", "/tiles?bbox={1},{0}", "{0} N, {1} E",
)  # fmt: skip


@given(WORDS, st.text("abcXYZ0189_-", min_size=12, max_size=40), WORDS, st.data())
def test_no_secret_is_left(before, secret, after, data):
    message = f"{before} {data.draw(hidden(secret))} {after}"
    assert secret not in redacted(message), message


@given(WORDS, st.sampled_from([KEY, f"hwp_{'a' * 12}_{'B' * 43}", "Q7" + "x_-9" * 11]), WORDS)
def test_keys_passes_and_tokens_need_no_name(before, secret, after):
    assert secret[4:] not in redacted(f"{before} {secret} {after}")


@given(WORDS, PLACES, st.sampled_from(FORMS), WORDS)
@example("", ("-0.50000", "33.000000"), "{0}, {1}", "")
def test_no_place_is_left(before, place, form, after):
    told = redacted(f"{before} {form.format(*place)} {after}")
    for number in place:
        assert number.lstrip("-") not in told


@pytest.mark.parametrize("place", [
    "24.5 13.1", "24.5, 13.1", "24,13,25,14", "36N_0512_0143", "34PHV 12345 67890",
    "13°30'12.5\"N 24°15'E", "lon 24.5", "24.5E 13.1N", "\u221213.5, 24.25",
])  # fmt: skip
def test_places_of_other_forms(place):
    assert not any(letter.isdigit() for letter in redacted(f"seen at {place} today"))


@pytest.mark.parametrize("message", [
    "region reg-1: 12 looks, 3.5 s", "sha256 " + "0123456789abcdef" * 4, "version 0.1.0",
    "2026-11-22 04:45:24 UTC", "disk: 12.5 GB free, 3 runs wait", "port 8480 on 127.0.0.1",
    "test_a_name_of_a_function_that_is_longer_than_forty_letters", "HTTP 503 after 10.0 s",
    "S2A_T34PHV_20200630T092031",
])  # fmt: skip
def test_what_an_operator_needs_stays(message):
    assert redacted(message) == message


@given(st.text(max_size=400))
def test_any_text_can_be_redacted(text):
    assert isinstance(redacted(text), str)


@pytest.mark.parametrize("piece", ["a", "/", "1", "1.", "1.5,", "://", "a-", "pass", "°", "hw_"])
def test_a_long_message_takes_no_long_time(piece):
    began = time.process_time()
    redacted(piece * (20_000 // len(piece)))
    assert time.process_time() - began < 20


def logged(formatter, work):
    out, logger = io.StringIO(), logging.Logger("hearthwatch.test")
    handler = logging.StreamHandler(out)
    handler.setFormatter(formatter)
    logger.addHandler(handler)
    work(logger)
    return out.getvalue()


def failing(logger):
    of_a_local = "never-shown".upper()
    try:
        raise ValueError(f"at 24.123456, 13.5 with {KEY}")
    except ValueError:
        logger.exception("could not read %s (%d letters)", "lat=13.5", len(of_a_local))


@pytest.mark.parametrize("formatter", [ForPeople(), AsJson()])
def test_an_error_keeps_its_traceback_without_values(formatter):
    text = logged(formatter, failing)
    assert "Traceback" in text
    assert "in failing" in text
    assert "ValueError" in text
    for word in ("24.123456", "13.5", KEY[4:], "NEVER-SHOWN"):
        assert word not in text


def test_json_is_one_line_an_entry_with_the_requests_id():
    token = request_id.set("abc")
    try:
        text = logged(AsJson(), lambda logger: (failing(logger), logger.warning("two\nlines")))
    finally:
        request_id.reset(token)
    first, second = [json.loads(line) for line in text.splitlines()]
    assert first["request"] == second["request"] == "abc"
    assert (first["level"], second["message"]) == ("error", "two\nlines")
    assert "Traceback" in first["error"]
