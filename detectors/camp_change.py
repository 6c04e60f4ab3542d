"""A camp that appears in an area watch: tents, huts and trampled ground where there were none.

Cells of 20 m are followed by two streaming baselines (:mod:`detectors.kernel`): one of how bare and
bright they are, one of their texture. Evidence must persist over looks, hang together, reach a
hectare and grow or be plain and mottled, at least three features must have risen, and what is a
field, a quarry, water, a solar park, burned ground or a road by its looks is held back, or told as
WATCH at most, with the reason.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import xarray as xr
from affine import Affine
from numpy.typing import NDArray

from detectors import kernel
from detectors.area_look import (
    EPOCH,
    YEAR_DAYS,
    causes_of,
    check_look,
    look_scale,
    lost_shares,
    numbers_past,
    stamped,
)
from detectors.camp_features import CELL, FOLLOWED, NAMES, cell_features, cell_shape
from detectors.camp_objects import CampTracker
from detectors.camp_record import MARKS, CampRecord, CampRules, CampView
from detectors.camp_rejections import RejectionRules
from detectors.camp_said import held_back
from detectors.kernel import EVIDENCE_UNIT, FEATURE_UNIT, NO_DATA, SCALE_UNIT, KernelParameters
from detectors.known_ground import KnownGround, on_cells
from detectors.types import (
    DetectorInfo,
    Features,
    Finding,
    GuardVerdict,
    MonitorState,
    Places,
    Reference,
    SceneJudgement,
)
from imagery.types import Cause, GeoBox

SLABS = ("spectra", "texture")
"""The two baselines, of two features each, in the order of the features."""


@dataclass(frozen=True, slots=True)
class CampParameters:
    """Constants of the detector; part of what a finding must name to be recomputed."""

    kernel: KernelParameters = field(default_factory=KernelParameters)
    rules: CampRules = field(default_factory=CampRules)
    reject: RejectionRules = field(default_factory=RejectionRules)


class CampChange:
    """Streaming detector of camps that appear; see the module's text.

    Parameters
    ----------
    parameters : CampParameters, optional
    known : sequence of KnownGround, optional
        What maps say is there: see :mod:`detectors.known_ground`.
    """

    info = DetectorInfo(
        id="camp_change",
        version="1",
        kinds=("camp_change",),
        regions=("camp_change",),
        sensors=("sentinel-2-l2a",),
        needed=("B04", "B08", "SCL"),
        useful=("B02", "B03", "B11", "B12"),
        usable_share=0.3,
        references=(
            Reference("Zhu & Woodcock 2014, harmonic baselines of clear observations",
                      "10.1016/j.rse.2014.01.011"),
            Reference("Pesaresi, Gerhardinger & Kayitakire 2008, built-up presence by texture",
                      "10.1109/JSTARS.2008.2002869"),
        ),
    )  # fmt: skip

    def __init__(
        self,
        parameters: CampParameters | None = None,
        known: Sequence[KnownGround] = (),
    ) -> None:
        self.parameters = parameters or CampParameters()
        self.tracker = CampTracker(self.parameters.rules, self.parameters.reject, on_cells(known))

    def knowing(self, known: Sequence[KnownGround]) -> CampChange:
        """Return this detector with maps of the ground it is asked about."""
        return CampChange(self.parameters, known)

    def measure(self, cube: xr.Dataset, places: Places) -> Features:
        """Turn one look into fixed-point features of the cells, shape (7, cell y, cell x)."""
        look = cube.isel(time=0)
        causes = causes_of(look)
        clear = places.watched & (causes == Cause.CLEAR)
        return Features(
            acquisition=str(cube.attrs["acquisition"]),
            sensed=datetime.fromisoformat(str(cube.attrs["sensed"])),
            names=NAMES,
            pixels=cell_features(look, clear),
            usable=float(clear.sum() / max(int(places.watched.sum()), 1)),
            causes=lost_shares(causes, places.watched),
            lived_without=tuple(b for b in self.info.useful if b not in look),
        )

    def start(self, geobox: GeoBox) -> MonitorState:
        """Return the state of an area never looked at: 56 bytes a cell, 14 a pixel of 10 m."""
        rows, columns = cell_shape(tuple(geobox.shape))
        slabs = {name: kernel.new_slab(rows * columns, self.parameters.kernel) for name in SLABS}
        label = np.zeros((rows, columns), np.uint32)
        return MonitorState(
            detector=self.info.id,
            version=self.info.version,
            geobox=geobox,
            arrays={**slabs, "label": label},
            scalars={"next": 1, "looks": 0, "last": ""},
        )

    def score(
        self, state: MonitorState, features: Features, scene: SceneJudgement
    ) -> tuple[MonitorState, tuple[Finding, ...]]:
        """Take one look into the state and report what changed in what it says."""
        check_look(state, features, self.info, cell_shape(tuple(state.geobox.shape)))
        if features.usable < self.info.usable_share:
            return stamped(state, features, {}), ()
        held = scene.verdict is GuardVerdict.SUSPECT
        slabs, moved, scores, said = self._learn(state, features, hold=held)
        label = np.array(state.arrays["label"], np.uint32)
        records = {one.number: one for one in (CampRecord(**kept) for kept in state.objects)}
        view = self._view(state, features, slabs, moved, scores)
        number, anew = int(state.scalars["next"]), np.zeros(label.shape, bool)
        findings: tuple[Finding, ...] = ()
        # A look that is held back says nothing of what is on the ground.
        if not held:
            number, findings, anew = self.tracker.track(view, label, records, number)
        for slab in slabs:
            kernel.renew(slab, np.flatnonzero(anew), self.parameters.kernel)
        arrays: dict[str, NDArray[np.generic]] = {"label": label}
        arrays.update(zip(SLABS, slabs, strict=True))
        after = dataclasses.replace(
            state,
            arrays=arrays,
            scalars={**state.scalars, "next": number},
            objects=tuple(dataclasses.asdict(one) for one in records.values()),
        )
        return stamped(after, features, said), findings

    def past_numbers(self, state: MonitorState, other: MonitorState) -> MonitorState:
        """Return `state`, in which no new object gets a number that `other` has given."""
        return numbers_past(state, other)

    def held_back(self, state: MonitorState) -> tuple[str, ...]:
        """Return why objects with evidence enough are taken for no camp, a line for each reason."""
        return held_back(state.objects, self.parameters.rules)

    def _learn(
        self, state: MonitorState, features: Features, *, hold: bool
    ) -> tuple[list[NDArray[np.int16]], NDArray[np.float32], NDArray[np.float32], dict[str, float]]:
        """Take the look into both baselines; return them, and what cells differ from them by."""
        p = self.parameters.kernel
        days = (features.sensed - EPOCH).days
        phase = 2.0 * math.pi * days / YEAR_DAYS
        slabs, moved, scores, training = [], [], [], 0.0
        for at, name in enumerate(SLABS):
            slab = np.array(state.arrays[name], np.int16)
            flat = features.pixels[2 * at : 2 * at + 2].reshape(2, -1)
            scale, share = look_scale(slab, flat, phase, p.training)
            away = kernel.residuals(slab, flat, scale, phase)
            usual = _scales(slab, flat.shape[1])
            kernel.update(slab, kernel.blocked(flat), scale, phase, days, p, hold=hold)
            slabs.append(slab)
            moved.append(away)
            scores.append((away / usual - scale.shift[:, None]) / scale.spread[:, None])
            training = share if at == 0 else training
        shape = (FOLLOWED, *features.pixels.shape[1:])
        told = {"training": training}
        return (
            slabs,
            np.concatenate(moved).reshape(shape),
            np.concatenate(scores).reshape(shape),
            told,
        )

    def _view(
        self, state: MonitorState, features: Features, slabs: list[NDArray[np.int16]],
        moved: NDArray[np.float32], scores: NDArray[np.float32],
    ) -> CampView:  # fmt: skip
        rows, columns = features.pixels.shape[1:]
        run, changed, unharmed = (
            kernel.field(slabs[0], which, rows * columns).reshape(rows, columns)
            for which in (kernel.RUN, kernel.CHANGED, kernel.UNHARMED)
        )
        spectra, texture = (
            kernel.field(slab, kernel.EVIDENCE, rows * columns).reshape(rows, columns)
            * np.float32(EVIDENCE_UNIT)
            for slab in slabs
        )
        weight = np.float32(self.parameters.rules.texture)
        marks = features.pixels[list(MARKS)]
        return CampView(
            spectra + weight * np.minimum(texture, spectra), run, changed, unharmed, moved, scores,
            np.where(marks != NO_DATA, marks * np.float32(FEATURE_UNIT), np.float32(np.nan)),
            cells_of(state.geobox), (features.sensed - EPOCH).days,
        )  # fmt: skip


def cells_of(geobox: GeoBox) -> GeoBox:
    """Return the grid of the cells over a grid of pixels."""
    return GeoBox(cell_shape(tuple(geobox.shape)), geobox.affine * Affine.scale(CELL), geobox.crs)


def _scales(slab: NDArray[np.int16], size: int) -> NDArray[np.float32]:
    """Return the usual deviation of both features of a baseline, shape (2, size)."""
    steps = [kernel.field(slab, which, size) for which in (kernel.SCALE_0, kernel.SCALE_1)]
    return np.stack(steps) * np.float32(SCALE_UNIT)
