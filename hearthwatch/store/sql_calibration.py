"""What the SQL store keeps of calibrations; see `hearthwatch.store.protocol_calibration`."""

from __future__ import annotations

from sqlalchemy import select

from hearthwatch.records import CalibrationChoice, Mode, StoredCalibration
from hearthwatch.store import rules, tables
from hearthwatch.store.codec import from_row, to_row
from hearthwatch.store.rules import IDENTITY
from hearthwatch.store.sql_rows import SqlReader, SqlWriter


class SqlCalibrationWrites(SqlWriter):
    """Writes about calibration sets."""

    def put_calibration(self, calibration: StoredCalibration) -> None:
        """Add a calibration set; one that is there already stays as it is."""
        with self._step():
            row = to_row(calibration)
            stored = self._find(tables.calibrations, row, IDENTITY[StoredCalibration])
            if stored is None:
                self._insert(tables.calibrations, row)
            elif not rules.is_same_calibration(from_row(StoredCalibration, stored), calibration):
                raise rules.calibration_differs(calibration.id)

    def choose_calibration(self, choice: CalibrationChoice) -> None:
        """Say which set holds from a time on."""
        with self._step():
            self._put(tables.calibration_choices, to_row(choice), IDENTITY[CalibrationChoice])


class SqlCalibrationReads(SqlReader):
    """Questions about calibration sets."""

    def calibrations(self, organisation: str) -> tuple[StoredCalibration, ...]:
        """Return all calibration sets, newest first, ties by id."""
        c = tables.calibrations.c
        mine = select(tables.calibrations).where(c.organisation == organisation)
        return self._all(StoredCalibration, mine.order_by(c.created.desc(), c.id))

    def calibration(self, organisation: str, calibration_id: str) -> StoredCalibration:
        """Return one calibration set; `NotFound` if there is none."""
        c = tables.calibrations.c
        one = select(tables.calibrations).where(
            c.organisation == organisation, c.id == calibration_id
        )
        found = self._all(StoredCalibration, one)
        if not found:
            raise rules.not_there("calibration set", calibration_id)
        return found[0]

    def calibration_choices(
        self, organisation: str, detector: str, mode: Mode
    ) -> tuple[CalibrationChoice, ...]:
        """Return which set was chosen when, oldest first, ties by region."""
        c = tables.calibration_choices.c
        mine = select(tables.calibration_choices).where(
            c.organisation == organisation, c.detector == detector, c.mode == mode.value
        )
        return self._all(CalibrationChoice, mine.order_by(c.since, c.region))

    def chosen_calibration(
        self, organisation: str, detector: str, mode: Mode, region: str = ""
    ) -> StoredCalibration | None:
        """Return the set that was chosen last for a region, else that for all regions."""
        choices = self.calibration_choices(organisation, detector, mode)
        choice = rules.newest_choice(choices, region)
        if choice is None or not choice.calibration:
            return None
        return self.calibration(organisation, choice.calibration)
