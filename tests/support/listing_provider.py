"""A remote catalogue in memory, of satellites that are made up: it lists, and has no pixels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shapely.geometry.base import BaseGeometry

from imagery.errors import NotYet, Transient
from imagery.types import Asset, Chip, Cost, GeoBox, ImageryProvider, Query, Scene

BANDS = ("B02", "B03", "B04", "B08", "B8A", "B11", "B12", "SCL")


def made_scene(
    sensed: datetime,
    footprint: BaseGeometry,
    *,
    orbit: int = 78,
    platform: str = "sentinel-2a",
    tile: str = "34PEV",
    processed: datetime | None = None,
    published: datetime | None = None,
    sha256: str = "0" * 64,
    baseline: str = "05.11",
    mode: str = "test",
) -> Scene:
    """Return a scene that was processed and published 6 hours after it was sensed, by default."""
    processed = processed or sensed + timedelta(hours=6)
    short = f"S2{platform[-1].upper()}"
    return Scene(
        provider="listed",
        collection="sentinel-2-c1-l2a",
        id=f"{short}_T{tile}_{sensed:%Y%m%dT%H%M%S}_{processed:%Y%m%dT%H%M%S}",
        sensor="sentinel-2-l2a",
        sensed=sensed,
        footprint=footprint,
        assets=tuple(Asset(band, f"s3://{band}", 1e-4, -0.1, 0, 10.0) for band in BANDS),
        item_sha256=sha256,
        platform=platform,
        relative_orbit=orbit,
        orbit_direction="descending",
        datatake=f"G{short}_{sensed:%Y%m%dT%H%M%S}_000123_N{baseline}",
        baseline=baseline,
        published=published or processed,
        mode=mode,
        tile=tile,
        processed=processed,
    )


@dataclass
class ListedProvider:
    """A catalogue that is asked over a network, and what is wrong with it.

    Attributes
    ----------
    cut_after : int or None
        Scenes after which the list breaks off; 0 for a catalogue that is down.
    twice : bool
        Whether it lists everything twice.
    queries : list of Query
        What it was asked.
    """

    scenes: list[Scene] = field(default_factory=list)
    cut_after: int | None = None
    twice: bool = False
    queries: list[Query] = field(default_factory=list)
    name: str = "listed"
    remote: bool = True

    def serving(self) -> AbstractContextManager[None]:
        return nullcontext()

    def search(self, query: Query) -> Iterator[Scene]:
        self.queries.append(query)
        found = sorted((one for one in self.scenes if _meets(one, query)), key=_order)
        for number, scene in enumerate([one for one in found for _ in range(1 + self.twice)]):
            if self.cut_after is not None and number >= self.cut_after:
                break
            yield scene
        if self.cut_after is not None:
            raise Transient("the catalogue does not answer")

    def read(
        self, scenes: Sequence[Scene], geobox: GeoBox, bands: Sequence[str], deadline: float
    ) -> Chip:
        raise NotYet("there are no pixels")

    def estimate(self, scenes: Sequence[Scene], geobox: GeoBox, bands: Sequence[str]) -> Cost:
        return Cost(1, 0.0, 0)


def _meets(scene: Scene, query: Query) -> bool:
    after = query.published_after
    dated = after is None or (scene.published is not None and scene.published > after)
    timely = query.start <= scene.sensed <= query.end
    return timely and dated and bool(scene.footprint.intersects(query.area))


def _order(scene: Scene) -> tuple[datetime, str]:
    return scene.sensed, scene.id


_: type[ImageryProvider] = ListedProvider
