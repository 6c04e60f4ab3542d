from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
import standardwebhooks

from hearthwatch.alerts.allowed import Allowed
from hearthwatch.alerts.channel import DeliveryFailed, Parcel, Receipt
from hearthwatch.alerts.pinned import Pinned
from hearthwatch.alerts.signed import send, signature_headers
from tests.support.receiving import Receiver, answers

OLD, NEW, STRANGE = (
    "whsec_" + base64.b64encode(name * 4).decode()
    for name in (b"old-key!", b"new-key!", b"other-k!")
)
BODY = '{"what":"قرية محترقة"}'.encode()
MESSAGE = "msg_1"


def headers(now=None, secrets=(NEW, OLD)):
    return signature_headers(MESSAGE, now or datetime.now(UTC), BODY, secrets)


@pytest.mark.parametrize("secret", [OLD, NEW])
def test_whoever_has_either_secret_verifies_it_with_the_reference_library(secret):
    read = standardwebhooks.Webhook(secret).verify(BODY, headers())
    assert read == {"what": "قرية محترقة"}


@pytest.mark.parametrize(
    ("body", "secret", "change"),
    [
        (BODY.replace(b"what", b"that"), NEW, {}),
        (BODY, STRANGE, {}),
        (BODY, NEW, {"webhook-id": "msg_2"}),
        (BODY, NEW, {"webhook-timestamp": 1}),
        (BODY, NEW, {"webhook-signature": "v1,AAAA"}),
    ],
)
def test_the_reference_library_refuses_what_was_tampered_with(body, secret, change):
    sent = headers()
    if later := change.get("webhook-timestamp"):
        change = {"webhook-timestamp": str(int(sent["webhook-timestamp"]) + later)}
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(secret).verify(body, sent | change)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_the_reference_library_refuses_a_signature_of_another_time(minutes):
    then = datetime.now(UTC) + timedelta(minutes=minutes)
    with pytest.raises(standardwebhooks.WebhookVerificationError, match="timestamp"):
        standardwebhooks.Webhook(NEW).verify(BODY, headers(then))


def test_the_newest_secret_signs_first():
    now = datetime.now(UTC)
    first, second = headers(now)["webhook-signature"].split(" ")
    assert headers(now, (NEW,))["webhook-signature"] == first
    assert headers(now, (OLD,))["webhook-signature"] == second
    assert standardwebhooks.Webhook(NEW).sign(MESSAGE, now, BODY.decode()) == first


@pytest.mark.parametrize("secrets", [(), ("whsec_",), ("whsec_no base64",), (NEW, "whsec_é")])
def test_without_a_usable_secret_nothing_is_sent_and_no_secret_is_told(secrets):
    with pytest.raises(DeliveryFailed) as caught:
        headers(secrets=secrets)
    assert not caught.value.retryable
    assert "whsec" not in str(caught.value)


@pytest.mark.parametrize("message", ["", "a.b", "a b", "a\r\nb: c", "é"])
def test_an_id_that_would_sign_ambiguously_is_refused(message):
    with pytest.raises(DeliveryFailed):
        signature_headers(message, datetime.now(UTC), BODY, [NEW])


# What answers mean ---------------------------------------------------------------------------


def sent(behave, now=None):
    """Return what came of sending, and the requests that the receiver saw."""
    with Receiver(behave) as receiver:
        pinned = Pinned(Allowed.of(["hooks.example"]), lookup=receiver.lookup)
        content = {"type": "application/x-test", "body": BODY.decode()}
        where = f"http://hooks.example:{receiver.port}/s3cr3t"
        parcel = Parcel(MESSAGE, where, [NEW, OLD], content, now or datetime.now(UTC))
        try:
            return send(pinned, parcel), receiver.received
        except DeliveryFailed as failure:
            return failure, receiver.received


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_taken(status):
    receipt, _ = sent(answers(status, body=b"thank you, s3cr3t"))
    assert isinstance(receipt, Receipt)
    assert receipt.status == status
    assert receipt.words.startswith(str(status))
    assert "s3cr3t" not in receipt.words


def test_only_410_means_that_it_wants_no_more():
    failure, _ = sent(answers(410))
    assert (failure.gone, failure.retryable, failure.status) == (True, False, 410)


@pytest.mark.parametrize(
    "status", [304, 400, 401, 403, 404, 408, 409, 413, 415, 422, 425, 429, 500, 503]
)
def test_whatever_else_it_answers_it_is_asked_again(status):
    failure, _ = sent(answers(status, "retry-after: 30", body=b"s3cr3t"))
    assert (failure.gone, failure.retryable, failure.status) == (False, True, status)
    assert failure.retry_after == 30.0
    assert "s3cr3t" not in failure.words


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_a_failure_that_says_so(status):
    failure, received = sent(answers(status, "location: http://127.0.0.1/s3cr3t"))
    assert "no redirect is followed" in failure.words
    assert "s3cr3t" not in failure.words
    assert (failure.retryable, len(received)) == (True, 1)


def test_every_attempt_has_the_same_id_and_body_and_its_own_time_and_signature():
    now = datetime.now(UTC)
    (_, [first]), (_, [later]) = (sent(answers(500), now - timedelta(minutes=s)) for s in (2, 0))
    assert first.headers["webhook-id"] == later.headers["webhook-id"] == MESSAGE
    assert first.body == later.body == BODY
    assert first.headers["webhook-signature"] != later.headers["webhook-signature"]
    for received in (first, later):
        assert received.headers["content-type"] == "application/x-test"
        standardwebhooks.Webhook(OLD).verify(received.body, received.headers)
