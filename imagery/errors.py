"""The five errors of the imagery seam: a provider raises these and nothing else."""

from __future__ import annotations

from datetime import datetime


class ImageryError(Exception):
    """Base of everything an imagery provider may raise; never raised itself.

    Attributes
    ----------
    requests, units : int, float
        What was sent and spent before it went wrong: an answer that is paid for and of no use is
        paid for all the same.
    status : int or None
        HTTP status of the answer that it follows from, where it follows from a refusal.
    collections : tuple of str
        What could not be listed, where all else was: one sensor's outage is not another's.
    """

    requests: int = 0
    units: float = 0.0
    status: int | None = None
    collections: tuple[str, ...] = ()


class Transient(ImageryError):
    """It may work if tried again later: a time-out, a 5xx, a cut connection."""


class NotYet(ImageryError):
    """The scene is listed but its pixels are not there yet; ask again after a while."""


class QuotaExhausted(ImageryError):
    """The account's quota is spent; nothing will come before the reset.

    Attributes
    ----------
    until : datetime or None
        When it is thought to be reset; None where nobody said.
    """

    until: datetime | None = None


class Permanent(ImageryError):
    """Asking again gives the same answer: a missing band, a refused credential."""


class IntegrityError(ImageryError):
    """Something came, and it is not what was asked for: corrupt, cut, or altered."""
