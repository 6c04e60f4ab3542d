"""What each detector does in one run over a region, and what came of it.

A region may be looked at by several detectors of several sensors. Each has its own plan, states
and rows of the ledger; one that cannot go on takes nothing from the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from detectors.known_ground import InformedDetector
from detectors.registry import create_detector, detectors_of
from detectors.types import DetectorInfo, Watches
from hearthwatch.calibration.force import CalibrationInForce, in_force
from hearthwatch.context_layers import LayerVersion
from hearthwatch.errors import CatalogueError, HearthwatchError, NotFound
from hearthwatch.identity import science_digest
from hearthwatch.layout import Layout
from hearthwatch.pipeline.maps import layers_in_force
from hearthwatch.pipeline.plan import Plan
from hearthwatch.pipeline.tasks import Site
from hearthwatch.records import Region
from hearthwatch.settings import Settings
from hearthwatch.store.protocol import Store
from hearthwatch.watchlist.kinds import watchable
from hearthwatch.watchlist.terms import level_now
from hearthwatch.words import sensors_in_words
from imagery.errors import ImageryError

OUTAGE = (CatalogueError, NotFound, ImageryError)
"""What stops one detector and none of the others."""


@dataclass(slots=True)
class Strand:
    """One detector in one run.

    Attributes
    ----------
    in_force : CalibrationInForce
        What it is calibrated by from the first look of the run to the last.
    beside : tuple of str
        Bands that other detectors of the region use of the same looks: asked for with its own,
        so that nothing is read twice.
    layers : tuple of LayerVersion or None
        Layers of context it takes into account in this run; None before its first plan.
    plan : Plan or None
        The first that was made; None where none could be.
    events : dict
        Ids of those it made or changed, in order.
    error : exception or None
        Why it could not go on.
    """

    detector: DetectorInfo
    in_force: CalibrationInForce
    beside: tuple[str, ...] = ()
    layers: tuple[LayerVersion, ...] | None = None
    plan: Plan | None = None
    events: dict[str, None] = field(default_factory=dict)
    error: Exception | None = None

    @property
    def has_looks(self) -> bool:
        """Whether the catalogue lists a look for it."""
        return self.plan is not None and bool(self.plan.looks)


@dataclass(frozen=True, slots=True)
class StrandReport:
    """What one detector did in a run.

    Attributes
    ----------
    looks, skipped : int
        Over sites: those that were open, and those taken before.
    events : tuple of str
        Ids.
    """

    detector: str
    sensors: tuple[str, ...]
    looks: int
    skipped: int
    events: tuple[str, ...]


def strands_of(settings: Settings, store: Store, region: Region) -> list[Strand]:
    """Return the detectors that a region is looked at by, the kind's own first.

    Raises
    ------
    RegionError
        If none is installed.
    """
    kind = watchable(region.kind.value).value
    infos = [create_detector(name).info for name in detectors_of(kind)]
    return [
        Strand(info, _in_force(settings, store, region, info), _beside(info, infos))
        for info in infos
    ]


def know_the_ground(
    strand: Strand, layout: Layout, region: Region, sites: Sequence[Site]
) -> tuple[str, ...]:
    """Settle which layers of context a detector takes into account, from first look to last.

    Returns
    -------
    tuple of str
        Why others take no part.
    """
    if strand.layers is not None:
        return ()
    if not isinstance(create_detector(strand.detector.id), InformedDetector):
        strand.layers = ()
        return ()
    strand.layers, faults = layers_in_force(layout.layers(region.organisation), sites)
    return faults


def report_of(strand: Strand) -> StrandReport:
    """Return what a detector did."""
    plan, info = strand.plan, strand.detector
    done = 0
    if plan is not None:
        work = ((look.key, site.cell) for look in plan.looks for site in plan.sites)
        done = sum(one in plan.done for one in work)
    looks = 0 if plan is None else plan.open
    return StrandReport(info.id, info.sensors, looks, done, tuple(strand.events))


def notes_of(strands: Sequence[Strand]) -> list[str]:
    """Say what some of several detectors had to do without.

    Raises
    ------
    HearthwatchError, ImageryError
        What stopped the first of them, if none that went on had anything to look at.
    """
    failed = [one.error for one in strands if one.error is not None]
    going = [one for one in strands if one.error is None]
    if failed and not any(one.has_looks for one in going):
        # Where there are no settlements, an area may be watched all the same.
        grave = [error for error in failed if not isinstance(error, NotFound)]
        areas = any(
            one.detector.watches is Watches.AREA and not one.detector.external for one in going
        )
        if grave or not areas:
            raise (grave or failed)[0]
    return [words for one in strands if (words := _note(one, strands))]


def _note(strand: Strand, strands: Sequence[Strand]) -> str:
    name = strand.detector.id
    if strand.error is not None:
        error = strand.error
        said = error.message if isinstance(error, HearthwatchError) else str(error)
        return f"{name}: {said.removesuffix('.')}"
    if strand.has_looks or strand.detector.external or not any(one.has_looks for one in strands):
        return ""
    return f"{name}: no {sensors_in_words(strand.detector.sensors)} look in the catalogue"


def _in_force(
    settings: Settings, store: Store, region: Region, detector: DetectorInfo
) -> CalibrationInForce:
    chosen = store.chosen_calibration(region.organisation, detector.id, region.mode, region.id)
    level = level_now(region, datetime.now(UTC))
    return in_force(chosen, detector, science_digest(), settings.base_rate, level)


def _beside(own: DetectorInfo, infos: Sequence[DetectorInfo]) -> tuple[str, ...]:
    bands = (
        band
        for one in infos
        if one.id != own.id and set(one.sensors) & set(own.sensors)
        for band in (*one.needed, *one.useful)
    )
    return tuple(dict.fromkeys(bands))
