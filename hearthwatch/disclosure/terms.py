"""What each audience is told: the one table of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from hearthwatch.records import Audience, EventState, Mode

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Terms:
    """How an audience is told of an event.

    Attributes
    ----------
    finest : int
        Level of the grid below which no place is told.
    least : int
        Settlements that each part of a square must hold for a part to be told.
    embargo : timedelta
        How old every look must be that what is told rests on.
    days : int
        Length of the periods in which times are told, and at whose beginning software's changes
        are: 7 begin on Mondays.
    waits : bool
        Whether the first telling also waits for a period to begin.
    areas : bool
        Whether an administrative area is told in place of a square.
    modes : frozenset of Mode
        What of is told.
    members : tuple of str
        What is told; see `hearthwatch.disclosure.content`.
    """

    finest: int
    least: int
    embargo: timedelta
    days: int
    waits: bool
    areas: bool
    modes: frozenset[Mode]
    members: tuple[str, ...]

    def begun(self, at: datetime) -> datetime:
        """Return when the period that a time lies in began, UTC."""
        midnight = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight - DAY * (midnight.weekday() if self.days == 7 else 0)

    def next(self, at: datetime) -> datetime:
        """Return when the next period begins, after a time."""
        return self.begun(at) + DAY * self.days

    def opens(self, agreed: datetime, sensed: datetime) -> datetime:
        """Return when the audience may first be told.

        Parameters
        ----------
        agreed : datetime
            When the second person agreed.
        sensed : datetime
            Sensing time of the newest look that the event rests on.
        """
        at = max(agreed, sensed + self.embargo)
        # The sensing time itself would tell which pass it was, and its second the latitude.
        return self.next(at) if self.waits else at


TERMS: Mapping[Audience, Terms] = MappingProxyType(
    {
        Audience.PARTNER: Terms(
            finest=7,
            least=3,
            embargo=timedelta(0),
            days=1,
            waits=False,
            areas=False,
            modes=frozenset(Mode),
            members=(
                "kind", "mode", "state", "change", "unharmed_until", "changed_by", "place",
                "precision", "sure", "unseen",
            ),
        ),
        Audience.PUBLIC: Terms(
            finest=3,
            least=5,
            embargo=timedelta(hours=72),
            days=7,
            waits=True,
            areas=True,
            modes=frozenset({Mode.ACTUAL}),
            members=(
                "kind", "mode", "state", "unharmed_until", "changed_by", "place", "precision",
                "sure",
            ),
        ),
    }
)  # fmt: skip
"""The organisation itself is not in it: to its own people everything is told exactly."""

MAY_BE_RELEASED = frozenset(
    {EventState.PROVISIONAL, EventState.CORROBORATED, EventState.CONFIRMED, EventState.CLOSED}
)
"""What is in dispute, taken back or a mere candidate is released to nobody."""
