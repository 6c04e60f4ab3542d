"""The part of the store's seam that is about calibration sets."""

from __future__ import annotations

from typing import Protocol

from hearthwatch.records import CalibrationChoice, Mode, StoredCalibration


class CalibrationWrites(Protocol):
    """Writes of a transaction about calibration sets."""

    def put_calibration(self, calibration: StoredCalibration) -> None:
        """Add a calibration set; one that is there already stays as it is.

        Raises
        ------
        StoreError
            If the one that is there says something else.
        """
        ...

    def choose_calibration(self, choice: CalibrationChoice) -> None:
        """Say which set holds from a time on; what was said before stays readable."""
        ...


class CalibrationReads(Protocol):
    """Questions to the store about calibration sets."""

    def calibrations(self, organisation: str) -> tuple[StoredCalibration, ...]:
        """Return all calibration sets, newest first, ties by id."""
        ...

    def calibration(self, organisation: str, calibration_id: str) -> StoredCalibration:
        """Return one calibration set; `NotFound` if there is none."""
        ...

    def calibration_choices(
        self, organisation: str, detector: str, mode: Mode
    ) -> tuple[CalibrationChoice, ...]:
        """Return which set was chosen when, oldest first, ties by region."""
        ...

    def chosen_calibration(
        self, organisation: str, detector: str, mode: Mode, region: str = ""
    ) -> StoredCalibration | None:
        """Return the set that was chosen last for a region, else that for all regions.

        None where the detector's built-in thresholds were chosen, or nothing ever was.
        """
        ...
