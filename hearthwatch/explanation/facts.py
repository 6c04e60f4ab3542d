"""The facts of one event: its looks, what each showed and what was expected, its states."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from detectors.burn_features import NAMES
from detectors.ground_change import FEATURES
from hearthwatch.explanation.curve import CurvePoint, points_of
from hearthwatch.ledger_words import masters_of, was_taken_in
from hearthwatch.people import Density
from hearthwatch.records import USABLE, Event, Label, LedgerRow, ObservationStatus
from hearthwatch.series import Sample, event_curve
from hearthwatch.store.protocol import Store
from hearthwatch.store.whole import all_looks
from hearthwatch.why.look import Told, told_of
from hearthwatch.why.words import feature_name
from tiles.archive import Archive

BEFORE = timedelta(days=365)
AFTER = timedelta(days=60)
"""How far looks are told of before the change and after the event's last look."""
_SCALE = {"%": 100.0, "dB": -10.0 / math.log(10.0), "coherence": -1.0}
"""Of what detectors keep, in the units that people read; radar keeps -ln of power."""
BAND = 2.0
"""Predictive standard deviations on either side of what was expected."""


class Use(StrEnum):
    """What became of a look in the detector's hands."""

    USED = "used"
    NOT_WEIGHED = "not_weighed"
    """Measured, but let say nothing: what is normal was being learned, or the scene was bad."""
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Quantity:
    """A feature as people read it.

    Attributes
    ----------
    unit : str
        ``reflectance``, ``ratio``, ``index``, ``ha``, ``%``, ``dB`` or ``coherence``.
    """

    key: str
    name: str
    unit: str

    def shown(self, value: float) -> float:
        """Return a value of the detector, see `burn_features`, in the unit."""
        if self.unit == "reflectance":
            return math.exp(-value)
        return _SCALE.get(self.unit, 1.0) * value


_KNOWN: Mapping[str, tuple[str, str]] = {
    "near_infrared": ("near-infrared", "reflectance"),
    "visible": ("visible light", "reflectance"),
    "char_index": ("char index", "index"),
    "char_fraction": ("share of char", "%"),
    "short_wave": ("short-wave infrared", "reflectance"),
    "vv": ("power in VV", "dB"),
    "vh": ("power in VH", "dB"),
    "corners": ("power of the brightest tenth in VV", "dB"),
    "coherence": ("coherence", "coherence"),
    "site_area": ("ground of the site that is built on or bare", "ha"),
}
_OF_AREA = (
    Quantity(FEATURES[0], "red over near-infrared", "ratio"),
    Quantity(FEATURES[1], "short-wave infrared", "reflectance"),
)
"""Of an event of changed ground, in the order of its curve, which is in natural logarithms."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What one feature was expected to be, in the unit of its quantity.

    Attributes
    ----------
    value : float
        What past, season and surroundings let expect of a settlement: its synthetic control.
    low, high : float
        `BAND` predictive standard deviations about that.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Measured:
    """One feature on one look, in the unit of its quantity.

    Attributes
    ----------
    observed : float
        Of the settlement's core, or of the ground that changed.
    expected : Expected or None
        None of changed ground, of which the ledger does not keep it.
    """

    observed: float
    expected: Expected | None


@dataclass(frozen=True, slots=True)
class Look:
    """One look, with what it showed."""

    told: Told
    use: Use
    measured: Mapping[str, Measured]

    @property
    def row(self) -> LedgerRow:
        """What the ledger has of it."""
        return self.told.row


@dataclass(frozen=True, slots=True)
class Turn:
    """A state that the event reached, and the look that brought it there."""

    state: str
    sensed: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """All that an explanation is composed of.

    Attributes
    ----------
    name : str
        Of the settlement; empty where it has none, and of an area.
    looks : tuple of Look
        From a year before the change, oldest first.
    density : Density or None
        People on a hectare, where somebody has set it.
    """

    event: Event
    label: Label
    quantities: tuple[Quantity, ...]
    looks: tuple[Look, ...]
    turns: tuple[Turn, ...]
    density: Density | None = None

    @property
    def curve(self) -> tuple[CurvePoint, ...]:
        """The area in time, of an event that has one."""
        return points_of(self.event)

    @property
    def of_event(self) -> tuple[Look, ...]:
        """Looks after the last unharmed one, as far as the event's last."""
        event = self.event
        since = event.last_unharmed or event.first_changed - timedelta(microseconds=1)
        return tuple(one for one in self.looks if since < one.row.sensed <= event.last_detected)

    @property
    def affected(self) -> tuple[Look, ...]:
        """Those of them that show the change."""
        return tuple(one for one in self.of_event if one.row.status is ObservationStatus.CHANGED)


def gather(store: Store, archive: Archive, event: Event) -> Facts:
    """Return the facts of an event, as ledger, detections and, of an area, archive keep them.

    Raises
    ------
    tiles.errors.IntegrityError, tiles.errors.StorageFailed
        As :func:`hearthwatch.series.event_series`.
    """
    since = (event.last_unharmed or event.first_changed) - BEFORE
    until = event.last_detected + AFTER
    regions = store.regions(event.organisation, removed=True)
    rows = [
        row
        for region in regions
        if region.id == event.region
        for row in all_looks(store, region, since, until, settlement=event.settlement)
        if row.detector == event.detector and row.cell == event.cell
    ]
    history = store.event_history(event.organisation, event.id)
    if event.settlement:
        labels = store.settlement_labels(event.organisation, [event.settlement])
        return facts_of(event, history, rows, labels.get(event.settlement, Label()))
    curve = event_curve(archive.only(masters_of(rows)), event, rows)
    return area_facts(event, history, rows, curve.samples)


def facts_of(
    event: Event, history: Sequence[Event], rows: Sequence[LedgerRow], label: Label
) -> Facts:
    """Return the facts of an event of a settlement.

    Parameters
    ----------
    history : sequence of Event
        Its versions, oldest first.
    rows : sequence of LedgerRow
        Looks at its settlement, oldest first.
    """
    looks = tuple(map(_look, rows))
    found = {key for one in looks for key in one.measured}
    # In the detector's order; the ledger keeps none.
    keys = [*(key for key in NAMES if key in found), *sorted(found.difference(NAMES))]
    return Facts(
        event=event,
        label=label,
        quantities=tuple(map(_quantity, keys)),
        looks=looks,
        turns=tuple(_turns(history)),
    )


def area_facts(
    event: Event, history: Sequence[Event], rows: Sequence[LedgerRow], samples: Sequence[Sample]
) -> Facts:
    """Return the facts of an event of changed ground.

    Parameters
    ----------
    samples : sequence of Sample
        What archived looks show of its ground.
    """
    values = {one.acquisition: one.values for one in samples}
    looks = tuple(_area_look(row, values.get(row.acquisition, ())) for row in rows)
    measured = {key for one in looks for key in one.measured}
    quantities = tuple(one for one in _OF_AREA if one.key in measured)
    return Facts(event, Label(), quantities, looks, tuple(_turns(history)))


def _turns(history: Sequence[Event]) -> list[Turn]:
    """Return the states in turn; a version that keeps the state is no turn."""
    turns: list[Turn] = []
    for one in history:
        if not turns or turns[-1].state != one.detector_state:
            turns.append(Turn(one.detector_state, one.last_detected))
    return turns


def _quantity(key: str) -> Quantity:
    name, unit = _KNOWN.get(key, (feature_name(key), "index"))
    return Quantity(key, name, unit)


def _look(row: LedgerRow) -> Look:
    told = told_of(row)
    stored = row.detail.get("said", {}).get("features", {})
    measured = {key: _measured(_quantity(key), *three) for key, three in stored.items()}
    unweighed = Use.NOT_WEIGHED if measured else Use.LOST
    return Look(told, Use.USED if told.reckonings else unweighed, measured)


def _area_look(row: LedgerRow, values: Sequence[float | None]) -> Look:
    shown = zip(_OF_AREA, values, strict=False)
    measured = {
        one.key: Measured(math.exp(value), None) for one, value in shown if value is not None
    }
    if not (measured and was_taken_in(row)):
        return Look(told_of(row), Use.LOST, measured)
    return Look(told_of(row), Use.USED if row.status in USABLE else Use.NOT_WEIGHED, measured)


def _measured(quantity: Quantity, observed: float, expected: float, deviation: float) -> Measured:
    low, high = sorted(quantity.shown(expected + side * BAND * deviation) for side in (-1.0, 1.0))
    return Measured(quantity.shown(observed), Expected(quantity.shown(expected), low, high))
