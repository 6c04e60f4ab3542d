"""Value types that cross the borders of the imagery room.

All are frozen. Datetimes are aware UTC, reflectance is 0..1, digital numbers (DN) are the
provider's own and untouched; the conversion lives in :mod:`imagery.radiometry`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

__all__ = [
    "Acquisition",
    "Asset",
    "Cause",
    "Chip",
    "Cost",
    "GeoBox",
    "ImageryProvider",
    "Layer",
    "Original",
    "Provenance",
    "Query",
    "Scene",
    "Source",
    "aware_utc",
]


def aware_utc(value: datetime) -> datetime:
    """Return `value` in UTC.

    Raises
    ------
    ValueError
        If `value` carries no time zone: a naive time is a guess, and guesses end up in court.
    """
    if value.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone; give an aware datetime (UTC)")
    return value.astimezone(UTC)


class Cause(IntEnum):
    """Why a pixel of a look cannot be used; the values of a cube's ``cause`` variable."""

    CLEAR = 0
    CLOUD = 1
    SHADOW = 2
    SMOKE = 3
    NODATA = 4
    SNOW = 5


@dataclass(frozen=True, slots=True)
class Asset:
    """One band of one scene as its provider lists it.

    Attributes
    ----------
    band : str
        Common name: ``B02`` .. ``B12``, ``B8A``, ``SCL``, ``VV``, ``VH``.
    href : str
        Where the provider reads it; opaque to everyone else.
    scale, offset : float or None
        ``reflectance = DN * scale + offset`` as stated by the item itself, never by date.
        None where the item states none (class layers such as SCL).
    nodata : int or None
        DN that means "no observation".
    resolution : float
        Ground sampling distance in metres.
    sha256 : str or None
        Digest the catalogue states for the file, if it states one.
    """

    band: str
    href: str
    scale: float | None
    offset: float | None
    nodata: int | None
    resolution: float
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """One acquisition as one STAC Item.

    Attributes
    ----------
    sensor : str
        ``sentinel-2-l2a`` or ``sentinel-1-rtc`` and the like: what the pixels are.
    sensed : datetime
        Aware UTC. `sensed_precision_s` says how far it can be off: 86400 where the
        catalogue gives only a day.
    platform, relative_orbit, orbit_direction, datatake, baseline
        None where the catalogue does not say; the names of those are in `unknown`.
    footprint : shapely geometry
        CRS84.
    item_sha256 : str
        Digest of the raw item as delivered, for provenance.
    tile : str or None
        Name of the part of the pass it shows: an MGRS tile (``36NXF``), a burst.
    processed : datetime or None
        When the product was made of what was sensed; of two products of one tile and pass the
        later supersedes the earlier.
    backscatter : str or None
        What radar pixels are: ``gamma0_terrain``, ``gamma0_ellipsoid``, ``sigma0_ellipsoid``.
    instrument_mode : str or None
        Of radar: ``IW``, ``EW``, ``SM``, ``WV``.
    mode : str
        ``actual``, or ``exercise`` or ``test`` where the item says so: then its pixels were made.
    """

    provider: str
    collection: str
    id: str
    sensor: str
    sensed: datetime
    footprint: BaseGeometry
    assets: tuple[Asset, ...]
    item_sha256: str
    sensed_precision_s: float = 0.0
    platform: str | None = None
    relative_orbit: int | None = None
    orbit_direction: str | None = None
    datatake: str | None = None
    baseline: str | None = None
    published: datetime | None = None
    cloud_cover: float | None = None
    unknown: tuple[str, ...] = ()
    mode: str = "actual"
    tile: str | None = None
    processed: datetime | None = None
    backscatter: str | None = None
    instrument_mode: str | None = None

    def __post_init__(self) -> None:
        aware_utc(self.sensed)
        if self.published is not None:
            aware_utc(self.published)

    @property
    def bands(self) -> frozenset[str]:
        """Names of the bands this scene offers."""
        return frozenset(a.band for a in self.assets)

    def asset(self, band: str) -> Asset:
        """Return the asset of `band` with the finest resolution.

        Raises
        ------
        KeyError
            If the scene has no such band.
        """
        found = [a for a in self.assets if a.band == band]
        if not found:
            raise KeyError(band)
        return min(found, key=lambda a: a.resolution)


@dataclass(frozen=True, slots=True)
class Acquisition:
    """All scenes of one pass of one satellite over the area: one look, however it was cut.

    Attributes
    ----------
    key : str
        Stable over providers where the datatake is known; file-name safe.
    superseded : tuple of Scene
        Scenes of the same pass left out because a newer processing of the same tile is there.
    """

    key: str
    sensed: datetime
    scenes: tuple[Scene, ...]
    superseded: tuple[Scene, ...] = ()

    @property
    def sensor(self) -> str:
        """Sensor shared by all scenes."""
        return self.scenes[0].sensor


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for: scenes over `area` (CRS84) sensed in ``[start, end]``."""

    area: BaseGeometry
    start: datetime
    end: datetime
    collection: str | None = None
    published_after: datetime | None = None

    def __post_init__(self) -> None:
        if aware_utc(self.start) > aware_utc(self.end):
            raise ValueError("the query ends before it starts")
        if self.published_after is not None:
            aware_utc(self.published_after)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a read takes: requests, provider units (0 where nothing is charged), bytes."""

    requests: int
    units: float
    bytes: int


@dataclass(frozen=True, slots=True)
class Layer:
    """Pixels of some bands of one scene on one grid, as the provider delivered them.

    Attributes
    ----------
    dn : ndarray, shape (band, y, x), integer or float
        Provider's numbers, untouched.
    scale, offset : tuple of float or None, one per band
    nodata : tuple of int or None, one per band
    """

    scene_id: str
    bands: tuple[str, ...]
    geobox: GeoBox
    dn: NDArray[np.generic]
    scale: tuple[float | None, ...]
    offset: tuple[float | None, ...]
    nodata: tuple[int | None, ...]

    def __post_init__(self) -> None:
        expected = (len(self.bands), *self.geobox.shape)
        if self.dn.shape != expected:
            raise ValueError(f"layer holds {self.dn.shape}, its bands and grid say {expected}")
        if not len(self.bands) == len(self.scale) == len(self.offset) == len(self.nodata):
            raise ValueError("one scale, offset and nodata value is needed per band")


@dataclass(frozen=True, slots=True)
class Source:
    """One file or response that pixels were read from; `name` holds no secret.

    Attributes
    ----------
    sha256, bytes : str, int
        Of the file or of the response's body.
    request_sha256 : str
        Of the request's body, or of its method and address where it has none; empty for a file.
    script_sha256 : str
        Of the evalscript that was run on the provider's side; empty where none was.
    units : float
        What the provider said it charged.
    """

    name: str
    sha256: str
    bytes: int
    request_sha256: str = ""
    script_sha256: str = ""
    units: float = 0.0


@dataclass(frozen=True, slots=True)
class Original:
    """A response exactly as its provider sent it, where that was a whole GeoTIFF.

    Attributes
    ----------
    scene_id, bands
        The layer that was read from it.
    """

    scene_id: str
    bands: tuple[str, ...]
    sha256: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the pixels of a chip came from, in full, for whoever must check it later."""

    provider: str
    scene_ids: tuple[str, ...]
    item_sha256: tuple[str, ...]
    sources: tuple[Source, ...]
    fetched: datetime
    cost: Cost
    software: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Chip:
    """What was read of one acquisition for one grid cell, with provenance.

    Layers stay on the sources' own grids; a cell in another projection is a warped view of
    them, made by :func:`imagery.cube.build_cube`. `originals` are what the archive keeps beside
    its own copy; a chip that comes from the archive has none.
    """

    acquisition: str
    sensor: str
    sensed: datetime
    layers: tuple[Layer, ...]
    provenance: Provenance
    notes: tuple[str, ...] = field(default=())
    originals: tuple[Original, ...] = field(default=(), compare=False, repr=False)


@runtime_checkable
class ImageryProvider(Protocol):
    """A source of scenes and pixels.

    Picklable and thread-safe; the constructor does no I/O. `search` is lazy. Nothing but
    :class:`~imagery.errors.ImageryError` subclasses leaves any method. No secret is in its
    pickle, its repr or its errors.

    Attributes
    ----------
    remote : bool
        Whether it is asked over a network: what it lists is then remembered, and what it takes
        is accounted for.
    """

    name: str
    remote: bool

    def serving(self) -> AbstractContextManager[None]:
        """While open, look after what all workers share: the account's token, say.

        Opened once, by the process that coordinates; workers never hold the secret.
        """
        ...

    def search(self, query: Query) -> Iterator[Scene]:
        """Yield every scene that meets `query`, ordered by (sensed, id)."""
        ...

    def read(
        self, scenes: Sequence[Scene], geobox: GeoBox, bands: Sequence[str], deadline: float
    ) -> Chip:
        """Read `bands` of one acquisition's scenes where they cover `geobox`.

        Parameters
        ----------
        scenes : sequence of Scene
            All of one acquisition and of this provider.
        geobox : GeoBox
            Ground wanted; what comes back covers it as far as the sources do, on their grids.
            A provider that charges by the pixel resamples on its own side: no layer is then finer
            than the band's own resolution or than a `geobox` whose pixels are coarser than 10 m.
        bands : sequence of str
            Every scene must offer each of them.
        deadline : float
            Seconds, counted from the call, after which the read gives up (`Transient`).
        """
        ...

    def estimate(self, scenes: Sequence[Scene], geobox: GeoBox, bands: Sequence[str]) -> Cost:
        """Say what `read` with the same arguments takes, without reading."""
        ...
