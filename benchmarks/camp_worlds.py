"""Worlds of the Romanian square in which camps appear, or what is taken for one, or nothing does.

A world is a sequence of looks, real or resampled, with at most one thing implanted, watched by one
detector; what comes of it is told by look, so that thresholds can be chosen afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from scipy import ndimage

from benchmarks.camp_ground import BANDS, Array, PixelLook
from detectors.camp_area import latest
from detectors.camp_change import CampChange, cells_of
from detectors.types import GuardVerdict, Places, SceneJudgement
from hearthwatch.exercise.camps import Camp, Shares, camp_ground, camp_shares, covered
from hearthwatch.exercise.camps_otherwise import Mimic, Other, other_ground, other_shares
from hearthwatch.exercise.camps_surfaces import drawn_covers
from hearthwatch.exercise.residues import Group
from imagery.types import Cause

UNGUARDED = SceneJudgement("", GuardVerdict.UNGUARDED, 0, 0, "no settlements")
MINE = 0.5
"""Share of an object that must lie on a camp's ground, and 40 m round it, to be the camp."""
COVERS = 0.3
"""Or of that ground that it covers: what stood there before may have been followed already."""


@dataclass(frozen=True)
class Seen:
    """One object after one look.

    `told` is whether anything was said of it by then, WATCH included, and `mine` whether it is the
    camp that was implanted.
    """

    look: int
    number: int
    score: float
    ready: bool
    told: bool
    looks: int
    hectares: tuple[float, float, float] | None
    mine: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class World:
    """What came of one world: looks that were scored, and objects by look.

    `hectares` is the truth by look; nothing but zeros where no camp was implanted. `in_sight` is
    the share of the ground it ever covers that each look shows.
    """

    times: tuple[datetime, ...]
    hectares: tuple[float, ...]
    seen: tuple[Seen, ...]
    years: float
    in_sight: tuple[float, ...] = ()


class Implant(Protocol):
    """What is implanted into looks."""

    @property
    def start(self) -> datetime: ...
    def shares(self, at: datetime) -> Shares: ...
    def hectares(self, at: datetime) -> float: ...
    def ground(self) -> NDArray[np.bool_]: ...


@dataclass(frozen=True)
class CampImplant:
    """A camp on a grid."""

    camp: Camp
    shape: tuple[int, int]

    def __post_init__(self) -> None:
        object.__setattr__(self, "_laid", camp_ground(self.camp, self.shape))
        object.__setattr__(self, "_by_share", {})

    @property
    def start(self) -> datetime:
        """Return when it begins."""
        return self.camp.start

    def shares(self, at: datetime) -> Shares:
        """Return what it covers at a time; made once for each step of its growth."""
        made: dict[float, Shares] = self._by_share  # type: ignore[attr-defined]
        grown = self.camp.grown(at)
        if grown not in made:
            made[grown] = camp_shares(self.camp, self._laid, at)  # type: ignore[attr-defined]
        return made[grown]

    def hectares(self, at: datetime) -> float:
        """Return its size at a time."""
        return self.camp.hectares(at)

    def ground(self) -> NDArray[np.bool_]:
        """Return the pixels it ever covers."""
        order = self._laid.order  # type: ignore[attr-defined]
        side = order.shape[0] // self.shape[0]
        blocks = (order >= 0).reshape(self.shape[0], side, self.shape[1], side)
        return np.asarray(blocks.any(axis=(1, 3)))


@dataclass(frozen=True)
class OtherImplant:
    """Something that is no camp: nothing that is found is its own."""

    other: Other
    shape: tuple[int, int]

    def __post_init__(self) -> None:
        object.__setattr__(self, "_laid", other_ground(self.other, self.shape))

    @property
    def start(self) -> datetime:
        """Return when it begins."""
        return self.other.start

    def shares(self, at: datetime) -> Shares:
        """Return what covers the ground at a time."""
        return other_shares(self.other, self._laid, at)  # type: ignore[attr-defined]

    def hectares(self, at: datetime) -> float:
        """Return nothing: no part of it is a camp."""
        return 0.0

    def ground(self) -> NDArray[np.bool_]:
        """Return no pixels."""
        return np.zeros(self.shape, bool)


def drawn_camp(
    group: Group, seed: int, window: tuple[datetime, datetime], shape: tuple[int, int]
) -> Camp:
    """Draw a camp of 2.5 to 10 ha within a grid and a span of time."""
    rng = np.random.default_rng([5 if group is Group.TUNING else 6, seed])
    hectares = float(rng.uniform(2.5, 10.0))
    while True:
        low, high = 0.22, 0.78
        at = [float(rng.uniform(low, high)) * side * 10.0 for side in shape]
        camp = Camp(
            *at, hectares, _date(rng, window), growth_days=float(rng.uniform(30.0, 120.0)),
            roofs=float(rng.uniform(0.12, 0.35)), sheeting=float(rng.uniform(0.2, 1.0)),
            rows=bool(rng.random() < 0.3), seed=int(rng.integers(2**31)),
        )  # fmt: skip
        try:
            camp_ground(camp, shape)
        except ValueError:
            continue
        return camp


def drawn_other(
    kind: Mimic, seed: int, window: tuple[datetime, datetime], shape: tuple[int, int]
) -> Other:
    """Draw something that is no camp, of 2 to 10 ha."""
    rng = np.random.default_rng([7, seed])
    at = [float(rng.uniform(0.3, 0.7)) * side * 10.0 for side in shape]
    hectares = float(rng.uniform(0.3, 0.8) if kind is Mimic.ROAD else rng.uniform(2.0, 10.0))
    return Other(kind, *at, hectares, _date(rng, window), int(rng.integers(2**31)))


def _date(rng: np.random.Generator, window: tuple[datetime, datetime]) -> datetime:
    first, last = window
    return first + timedelta(days=float(rng.uniform(0.0, (last - first).days)))


def implanted(
    looks: Iterable[PixelLook], implant: Implant | None, seed: int, group: Group
) -> Iterable[tuple[PixelLook, Mapping[str, Array] | None, float]]:
    """Yield looks, what they show with the implant, and its size."""
    spectra = drawn_covers(seed, group)
    for look in looks:
        if implant is None or look.sensed < implant.start:
            yield look, None, 0.0
            continue
        shown = dict(zip(BANDS, look.pixels, strict=True))
        yield (
            look, covered(shown, implant.shares(look.sensed), spectra),
            implant.hectares(look.sensed),
        )  # fmt: skip


def watch(
    detectors: Mapping[str, CampChange], geobox: GeoBox, watched: NDArray[np.bool_],
    looks: Iterable[tuple[PixelLook, Mapping[str, Array] | None, float]],
    ground: NDArray[np.bool_] | None = None, peer: Peer | None = None,
) -> dict[str, World]:  # fmt: skip
    """Watch a world with detectors that measure alike, and a peer; `ground` is the camp in it."""
    states = {name: one.start(geobox) for name, one in detectors.items()}
    seen: dict[str, list[Seen]] = {name: [] for name in detectors}
    measure = next(iter(detectors.values()))
    mine = _cell_mask(ground, geobox) if ground is not None else np.zeros(0, bool)
    times: list[datetime] = []
    truth: list[float] = []
    in_sight: list[float] = []
    for look, pixels, hectares in looks:
        cube = look.cube(pixels)
        features = measure.measure(cube, Places(watched))
        usable = features.usable >= measure.info.usable_share
        for name, one in detectors.items():
            states[name], _ = one.score(states[name], features, UNGUARDED)
            if usable:
                label = states[name].arrays["label"]
                seen[name] += _seen(len(times), label, states[name].objects, mine)
        if usable:
            if peer is not None:
                for name, found in peer.look(cube, len(times), ground).items():
                    seen.setdefault(name, []).extend(found)
            times.append(look.sensed)
            truth.append(hectares)
            if ground is not None:
                in_sight.append(float((look.causes[ground] == Cause.CLEAR).mean()))
    years = (times[-1] - times[0]).days / 365.25 if times else 0.0
    return {
        name: World(tuple(times), tuple(truth), tuple(found), years, tuple(in_sight))
        for name, found in seen.items()
    }


class Peer(Protocol):
    """Another method, which is given every usable look."""

    def look(
        self, cube: xr.Dataset, number: int, ground: NDArray[np.bool_] | None
    ) -> Mapping[str, list[Seen]]: ...


def _seen(
    look: int, label: NDArray[Any], objects: Iterable[Mapping[str, Any]], mine: NDArray[np.bool_]
) -> Iterable[Seen]:
    for one in objects:
        own = label == one["number"]
        yield Seen(
            look, one["number"], one["score"], one["ready"], bool(one["state"]), one["looks"],
            _area(one["course"]),
            bool(mine.size) and belongs(own, mine), (*one["held"], *one["lacks"]),
        )  # fmt: skip


def belongs(own: NDArray[np.bool_], mine: NDArray[np.bool_]) -> bool:
    """Tell whether an object is the camp: most of it lies there, or it covers much of it."""
    both = (own & mine).sum()
    return bool(both > MINE * own.sum() or both > COVERS * mine.sum())


def _area(course: list[list[float]]) -> tuple[float, float, float] | None:
    area = latest(course)
    return None if area is None else (area.hectares, area.low, area.high)


def _cell_mask(ground: NDArray[np.bool_], geobox: GeoBox) -> NDArray[np.bool_]:
    rows, columns = (int(side) for side in cells_of(geobox).shape)
    blocks = ground.reshape(rows, 2, columns, 2).any(axis=(1, 3))
    return np.asarray(ndimage.binary_dilation(blocks, iterations=2))
