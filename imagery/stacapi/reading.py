"""One read of the scenes of a look, file by file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from imagery.bandreads import BandRead
from imagery.errors import IntegrityError, NotYet
from imagery.net.types import Deadline
from imagery.stacapi.files import Pixels, WindowRead, read_remote_overview, read_remote_window
from imagery.stacapi.grids import require_grid
from imagery.stacapi.offsets import offset_by_pixels
from imagery.stacapi.places import ground_of
from imagery.stacapi.ranges import Meter
from imagery.stacapi.reach import Reach
from imagery.types import Asset, GeoBox, Scene, Source

COVERED = 0.9
"""Share of the ground read that a footprint must hold for a scene without pixels to be one whose
files are not there yet."""
DARKEST = ("B04", "B02", "B03")
"""Bands by which an offset is told, the best first."""


@dataclass(slots=True)
class Reading:
    """What was read so far, and what it took."""

    reach: Reach
    deadline: Deadline
    meter: Meter = field(default_factory=Meter)
    reads: list[BandRead] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, scene: Scene, assets: Sequence[Asset], geobox: GeoBox) -> None:
        """Read some bands of one scene where they cover `geobox`.

        Raises
        ------
        NotYet
            If there is nothing in them where the scene's own outline says there is.
        IntegrityError
            If its offset is in doubt and its pixels do not tell it either.
        ImageryError
            As the files do.
        """
        found = [(asset, self._window(scene, asset, geobox)) for asset in assets]
        seen = [(asset, one) for asset, one in found if one is not None]
        empty = all(_is_empty(asset, one) for asset, one in seen)
        if seen and empty and _covers(scene, seen[0][1].geobox):
            raise NotYet(f"{scene.id} is listed but its files are still empty there")
        for asset, one in seen:
            told = replace(asset, offset=self._offset(scene)) if is_untold(asset) else asset
            self.reads.append(BandRead(scene.id, told, one.geobox, one.dn))
            self.sources.append(one.source)

    def _window(self, scene: Scene, asset: Asset, geobox: GeoBox) -> WindowRead | None:
        file = self.reach.file(scene, asset, self.deadline)
        found = read_remote_window(self.reach.sender, file, geobox, self.deadline, self.meter)
        if found is not None:
            require_grid(scene, found.geobox, file.name)
        return found

    def _overview(self, scene: Scene, asset: Asset) -> Pixels:
        file = self.reach.file(scene, asset, self.deadline)
        return read_remote_overview(self.reach.sender, file, self.deadline, self.meter)

    def _offset(self, scene: Scene) -> float:
        """Return the offset that the scene's own pixels tell, found out once per process."""
        known = self.reach.offsets
        if scene.item_sha256 not in known:
            known[scene.item_sha256] = self._told_by_pixels(scene)
        offset = known[scene.item_sha256]
        note = (
            f"{scene.id}: its item leaves open whether its numbers are shifted by 1000; "
            f"by its pixels the offset of reflectance is {offset:g}"
        )
        if note not in self.notes:
            self.notes.append(note)
        return offset

    def _told_by_pixels(self, scene: Scene) -> float:
        bands = [band for band in DARKEST if band in scene.bands]
        if not bands:
            raise IntegrityError(f"{scene.id} is refused: it has no band to tell its offset by")
        asset = scene.asset(bands[0])
        dn = self._overview(scene, asset)
        classes = self._overview(scene, scene.asset("SCL")) if "SCL" in scene.bands else None
        try:
            return offset_by_pixels(dn, _like(classes, dn), asset.nodata)
        except IntegrityError as error:
            raise IntegrityError(
                f"{scene.id} is refused: its item does not say reliably whether its numbers are "
                f"shifted by 1000, and {error}"
            ) from None


def is_untold(asset: Asset) -> bool:
    """Return whether only the pixels can tell this band's offset."""
    return asset.band.startswith("B") and asset.offset is None


def _is_empty(asset: Asset, read: WindowRead) -> bool:
    if np.issubdtype(read.dn.dtype, np.floating) and np.isnan(read.dn).all():
        return True
    return asset.nodata is not None and bool((read.dn == asset.nodata).all())


def _covers(scene: Scene, grid: GeoBox) -> bool:
    ground = ground_of(grid)
    return bool(scene.footprint.intersection(ground).area >= COVERED * ground.area)


def _like(classes: Pixels | None, dn: Pixels) -> Pixels | None:
    """Return the classes on the rows and columns of `dn`, both being of the whole scene."""
    if classes is None:
        return None
    picks = [(np.arange(n) + 0.5) / n * m for n, m in zip(dn.shape, classes.shape, strict=True)]
    return classes[np.ix_(*(pick.astype(int) for pick in picks))]
