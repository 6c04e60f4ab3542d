"""What every file says of itself: who made it, when, of what, for whom, and whose data it has."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from detectors.heat import INFO as HEAT
from hearthwatch.export.spool import Facts
from hearthwatch.heat.values import NOTICE
from hearthwatch.records import Audience, Mode, Precision
from hearthwatch.values import moment

SILENCE = (
    "That no event is here does not mean that nothing happened: read the ledger beside the events."
)
_SOURCES = "Places are from the sources that `source` names; their licences hold"
_FOR: Mapping[Audience, str] = {
    Audience.ORGANISATION: "For your own organisation alone: exact places, released to nobody.",
    Audience.PARTNER: "As released to partners: coarse places and times.",
}


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a file says of itself.

    Attributes
    ----------
    software : str
        Name and version of the service.
    query : mapping
        By which parameters the features were chosen; empty for all.
    notices : tuple of str
        What those ask to be said whose data are in it.
    modes : tuple of str
        Whether what is in it is about the world, an exercise or a test.
    """

    software: str
    code: str
    made: datetime
    collection: str
    features: int
    query: Mapping[str, Any]
    organisation: str
    audience: Audience
    notices: tuple[str, ...]
    modes: tuple[str, ...]

    @property
    def notice(self) -> str:
        """All notices in one line."""
        return ". ".join(self.notices)

    @property
    def precision(self) -> str:
        """How exactly places are told."""
        exact = self.audience is Audience.ORGANISATION
        return Precision.EXACT.value if exact else "as each feature says"

    @property
    def warning(self) -> str:
        """What has to be said first where not all of it is about the world; else empty."""
        unreal = [mode.upper() for mode in self.modes if mode != Mode.ACTUAL.value]
        if not unreal:
            return ""
        part = "part" if Mode.ACTUAL.value in self.modes else "all"
        return f"{' and '.join(unreal)}: {part} of it is not about the world."

    def members(self) -> dict[str, Any]:
        """Return all of it for programs."""
        return {
            "software": self.software,
            "code": self.code,
            "made": moment(self.made),
            "collection": self.collection,
            "features": self.features,
            "query": dict(self.query),
            "organisation": self.organisation,
            "disclosure": self.audience.value,
            "precision": self.precision,
            "modes": list(self.modes),
            "warning": self.warning,
            "notice": self.notice,
        }

    def texts(self) -> dict[str, str]:
        """Return the same where only texts can be kept; what is no text as JSON."""
        return {
            name: one if isinstance(one, str) else json.dumps(one, ensure_ascii=False)
            for name, one in self.members().items()
        }

    def words(self) -> str:
        """Return it for people, in several lines."""
        asked = ", ".join(f"{name} {value}" for name, value in self.query.items()) or "everything"
        lines = (
            self.warning,
            f"{self.features:,} of the collection {self.collection}; asked for: {asked}.",
            f"Made by {self.software} at {moment(self.made)}, code {self.code[:12]}.",
            f"Organisation {self.organisation}. {_FOR[self.audience]}",
            f"{self.notice}." if self.notices else "",
            SILENCE,
        )
        return "\n".join(line for line in lines if line)


def notice_of(moments: Iterable[datetime]) -> str:
    """Return what Copernicus asks to be said of data of these times."""
    return _copernicus({one.astimezone(UTC).year for one in moments})


def notices_of(name: str, facts: Facts, *, other_heat: bool, other_light: bool) -> tuple[str, ...]:
    """Return what is to be said of the data that a collection rests on.

    Parameters
    ----------
    other_heat, other_light : bool
        Whether heat, or anything but heat, may be in it besides what its detectors tell.
    """
    if name in ("settlements", "regions"):
        return (_SOURCES,) if name == "settlements" else ()
    heat = HEAT.id in facts.detectors or other_heat
    light = facts.detectors != {HEAT.id} or other_light
    return (*((_copernicus(facts.years),) if light else ()), *((NOTICE,) if heat else ()))


def _copernicus(years: Iterable[int]) -> str:
    told = sorted(years)
    span = f" {told[0]}-{told[-1]}" if len(told) > 1 else "".join(f" {y}" for y in told)
    return f"Contains modified Copernicus Sentinel data{span}"
