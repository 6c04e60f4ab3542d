"""What the store in memory keeps of calibrations."""

from __future__ import annotations

from operator import attrgetter

from hearthwatch.records import CalibrationChoice, Mode, StoredCalibration
from hearthwatch.store import rules
from hearthwatch.store.codec import from_row, to_row
from hearthwatch.store.memory_tables import MemoryReader, MemoryWriter, key_of


class MemoryCalibrationWrites(MemoryWriter):
    """Writes about calibration sets."""

    def put_calibration(self, calibration: StoredCalibration) -> None:
        """Add a calibration set; one that is there already stays as it is."""
        with self._turn.step():
            row = to_row(calibration)
            key = key_of(StoredCalibration, row)
            stored = self._draft.by_record[StoredCalibration].get(key)
            if stored is None:
                self._append(StoredCalibration, row)
            elif not rules.is_same_calibration(
                from_row(StoredCalibration, stored[-1]), calibration
            ):
                raise rules.calibration_differs(calibration.id)

    def choose_calibration(self, choice: CalibrationChoice) -> None:
        """Say which set holds from a time on."""
        with self._turn.step():
            self._replace(CalibrationChoice, to_row(choice))


class MemoryCalibrationReads(MemoryReader):
    """Questions about calibration sets."""

    def calibrations(self, organisation: str) -> tuple[StoredCalibration, ...]:
        """Return all calibration sets, newest first, ties by id."""
        by_id = sorted(self._open().all(StoredCalibration, organisation), key=attrgetter("id"))
        return tuple(sorted(by_id, key=attrgetter("created"), reverse=True))

    def calibration(self, organisation: str, calibration_id: str) -> StoredCalibration:
        """Return one calibration set; `NotFound` if there is none."""
        found = self._open().history(StoredCalibration, (organisation, calibration_id))
        if not found:
            raise rules.not_there("calibration set", calibration_id)
        return found[-1]

    def calibration_choices(
        self, organisation: str, detector: str, mode: Mode
    ) -> tuple[CalibrationChoice, ...]:
        """Return which set was chosen when, oldest first, ties by region."""
        mine = [
            one
            for one in self._open().all(CalibrationChoice, organisation)
            if (one.detector, one.mode) == (detector, mode)
        ]
        return tuple(sorted(mine, key=attrgetter("since", "region")))

    def chosen_calibration(
        self, organisation: str, detector: str, mode: Mode, region: str = ""
    ) -> StoredCalibration | None:
        """Return the set that was chosen last for a region, else that for all regions."""
        choices = self.calibration_choices(organisation, detector, mode)
        choice = rules.newest_choice(choices, region)
        if choice is None or not choice.calibration:
            return None
        return self.calibration(organisation, choice.calibration)
