"""A folder that says it is asked over a network, and what can go wrong with one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from imagery.errors import ImageryError, Transient
from imagery.providers.folder import FolderProvider
from imagery.types import Chip, Cost, GeoBox, Query, Scene


class Remote(FolderProvider):
    """A catalogue that may be down, list more than the folder holds, or give nothing of a scene.

    Attributes
    ----------
    name : str
        Of the provider; its scenes bear it too.
    more : list of Scene
        Listed besides those of the folder.
    broken : dict
        What is raised instead of the pixels of a scene, by its id; each is paid for.
    asked : list of (str, float)
        Id of the first scene of every read, and the size of its pixels.
    """

    remote = True

    def __init__(self, path: Path, name: str = "folder") -> None:
        super().__init__(path)
        self.name = name
        self.down = False
        self.more: list[Scene] = []
        self.broken: dict[str, type[ImageryError]] = {}
        self.asked: list[tuple[str, float]] = []

    def search(self, query: Query) -> Iterator[Scene]:
        if self.down:
            raise Transient("the catalogue does not answer")
        found = [*super().search(query), *self.more]
        yield from sorted(found, key=lambda one: (one.sensed, one.id))

    def read(
        self, scenes: Sequence[Scene], geobox: GeoBox, bands: Sequence[str], deadline: float
    ) -> Chip:
        self.asked.append((scenes[0].id, abs(geobox.resolution.y)))
        kind = self.broken.get(scenes[0].id)
        if kind is not None:
            error = kind(f"{scenes[0].id} gives nothing")
            error.requests, error.units = 1, 0.01
            raise error
        return super().read(scenes, geobox, bands, deadline)

    def estimate(self, scenes: Sequence[Scene], geobox: GeoBox, bands: Sequence[str]) -> Cost:
        return Cost(1, 0.01, 0)
