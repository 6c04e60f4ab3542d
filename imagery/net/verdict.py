"""What an answer means: which of the five errors it is, and whether to ask again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from imagery.errors import ImageryError, IntegrityError, Permanent, QuotaExhausted, Transient
from imagery.net.address import Address
from imagery.net.failures import Failed, How
from imagery.net.retry_after import seconds_to_wait
from imagery.net.types import Account
from imagery.net.wire import Answer
from imagery.net.words import is_quota, next_month, server_says


@dataclass(frozen=True, slots=True)
class Again:
    """An answer after which it may be asked again.

    Attributes
    ----------
    error : ImageryError
        To raise if there is no other try.
    wait : {"back off", "hold", "no"}
        Whether this call alone waits, everybody does, or nobody needs to.
    asked_s : float
        Seconds the server wants us to wait; 0 where it does not say.
    """

    error: ImageryError
    wait: Literal["back off", "hold", "no"] = "back off"
    asked_s: float = 0.0


def of_failure(failed: Failed, address: Address) -> Again:
    """Judge an exchange that gave no answer.

    Raises
    ------
    ImageryError
        If asking again in this call is of no use.
    """
    words = f"{address.shown}: {failed}"
    if failed.how is How.UNSENDABLE:
        raise Permanent(words)
    if failed.how in (How.UNTRUSTED, How.NO_ROOM):
        # Somebody on the way may be pretending, and may be gone tomorrow; asking again at once
        # would meet the same.
        raise Transient(words)
    if failed.how is How.LARGE:
        raise IntegrityError(words)
    if failed.how is How.CORRUPT:
        return Again(IntegrityError(words))
    return Again(Transient(words))


def of_refusal(answer: Answer, address: Address, account: Account) -> Again:
    """Judge an answer that is neither a success nor a refused token.

    Raises
    ------
    Permanent
        If it would be the same again.
    QuotaExhausted
        If the account's quota is spent.
    """
    status = answer.status
    said = "" if address.private else server_says(answer.body)
    words = f"{address.shown} answered {status}" + (f": {said}" if said else "")
    if status in (408, 425, 429) or status >= 500:
        header, date = answer.headers.get("retry-after"), answer.headers.get("date")
        asked = seconds_to_wait(header, account.retry_after, date) or 0.0
        return Again(Transient(words), "hold" if status == 429 else "back off", asked)
    if status == 403 and is_quota(answer.body):
        spent = QuotaExhausted(words)
        spent.until = next_month(answer.received)
        raise spent
    if 300 <= status < 400:
        raise Permanent(f"{address.shown} sends us elsewhere ({status}), which is never followed")
    refused = Permanent(words)
    refused.status = status
    raise refused
