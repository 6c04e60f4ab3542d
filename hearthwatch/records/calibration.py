"""Calibration sets, and which of them hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hearthwatch.records.words import Kind, Mode


@dataclass(frozen=True, slots=True)
class StoredCalibration:
    """A calibration set as it is kept; never changed.

    Attributes
    ----------
    id : str
        Digest of what it says.
    region : str
        Id of the region it was made for; empty for all of the organisation's.
    digest : str
        Of the code and parameters it is bound to.
    document : mapping
        The set; the store does not look into it.
    """

    id: str
    organisation: str
    kind: Kind
    mode: Mode
    region: str
    detector: str
    detector_version: str
    digest: str
    created: datetime
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CalibrationChoice:
    """Which calibration set holds from a time on; earlier choices stay readable.

    Attributes
    ----------
    region : str
        Id of the region it is chosen for; empty for all that have no choice of their own.
    calibration : str
        Id of the set; empty for the detector's built-in thresholds.
    """

    organisation: str
    kind: Kind
    mode: Mode
    region: str
    detector: str
    since: datetime
    calibration: str
