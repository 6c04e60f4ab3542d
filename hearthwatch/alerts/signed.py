"""Parcels that go by HTTP: signed at each attempt, and what the answers mean."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from http import HTTPStatus

from hearthwatch.alerts.channel import DeliveryFailed, Parcel, Receipt
from hearthwatch.alerts.pinned import Answer, Pinned

_PREFIX = "whsec_"
# A full stop would make two different messages sign alike.
_ID = re.compile(r"[A-Za-z0-9_-]{1,200}")


def send(pinned: Pinned, parcel: Parcel) -> Receipt:
    """Post what a parcel holds, signed by Standard Webhooks, and say what became of it.

    Parameters
    ----------
    parcel : Parcel
        Its content has the text in ``body`` and the type in ``type``, as they were frozen.

    Raises
    ------
    DeliveryFailed
        It was not taken: only 410 means for good, for whoever answers anything else may yet be
        repaired.
    """
    body = str(parcel.content["body"]).encode()
    headers = {
        "content-type": str(parcel.content["type"]),
        "user-agent": "hearthwatch",
        **signature_headers(parcel.id, parcel.now, body, parcel.secrets),
    }
    return _judged(pinned.post(parcel.address, headers, body))


def signature_headers(
    message: str, now: datetime, body: bytes, secrets: Iterable[str]
) -> dict[str, str]:
    """Return the headers by which a receiver knows who sent a message, when and which.

    Parameters
    ----------
    secrets : iterable of str
        ``whsec_`` and base64, at least one; each signs.

    Raises
    ------
    DeliveryFailed
        The message cannot be signed.
    """
    if _ID.fullmatch(message) is None:
        raise DeliveryFailed("the id of the message cannot be signed", retryable=False)
    keys = [_key(one) for one in secrets]
    if not keys:
        raise DeliveryFailed("the receiver has no secret to sign with", retryable=False)
    seconds = str(int(now.timestamp()))
    signed = f"{message}.{seconds}.".encode() + body
    return {
        "webhook-id": message,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(f"v1,{_signature(key, signed)}" for key in keys),
    }


def _key(secret: str) -> bytes:
    key = b""
    with suppress(ValueError):
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    if not key:
        raise DeliveryFailed("a secret of the receiver cannot be used", retryable=False)
    return key


def _signature(key: bytes, signed: bytes) -> str:
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def _judged(answer: Answer) -> Receipt:
    # Our own words for a status: theirs could quote the address or the secret back at us.
    words = _words(answer.status)
    if 200 <= answer.status < 300:
        return Receipt(answer.status, words)
    if 300 <= answer.status < 400:
        words += ": it sends us elsewhere, and no redirect is followed; change the address"
    if answer.status == HTTPStatus.GONE:
        raise DeliveryFailed(
            f"{words}: it wants no more", status=answer.status, retryable=False, gone=True
        )
    raise DeliveryFailed(words, status=answer.status, retry_after=answer.retry_after)


def _words(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
