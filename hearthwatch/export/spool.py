"""Features on their way into a file: read once, kept on disk, and told of in a few facts.

What a file says of itself stands at its head, and follows from all that is in it. So everything is
read first, a page at a time, and written from here: never more than a page is in memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hearthwatch.export.columns import Shape

Feature = Mapping[str, Any]
"""As GeoJSON has it."""


@dataclass(slots=True)
class Facts:
    """What is known of all features together.

    Attributes
    ----------
    placeless : int
        How many have no geometry.
    years : set of int
        In which satellites saw what is told.
    """

    features: int = 0
    placeless: int = 0
    modes: set[str] = field(default_factory=set)
    years: set[int] = field(default_factory=set)
    detectors: set[str] = field(default_factory=set)

    def take(self, feature: Feature, moments: Sequence[str]) -> None:
        """Take one feature in."""
        properties = feature["properties"]
        self.features += 1
        self.placeless += feature["geometry"] is None
        if properties.get("mode"):
            self.modes.add(properties["mode"])
        if properties.get("detector"):
            self.detectors.add(properties["detector"])
        self.years.update(int(properties[one][:4]) for one in moments if properties.get(one))


@dataclass(frozen=True, slots=True)
class Spool:
    """Features on disk, one on a line, with what is known of them."""

    path: Path
    name: str
    shape: Shape
    facts: Facts

    def lines(self) -> Iterator[str]:
        """Yield each feature as JSON."""
        with self.path.open(encoding="utf-8", newline="\n") as file:
            for line in file:
                yield line.rstrip("\n")

    def features(self) -> Iterator[Feature]:
        """Yield each feature."""
        return map(json.loads, self.lines())


def gather(pages: Iterable[Sequence[Feature]], name: str, shape: Shape, folder: Path) -> Spool:
    """Write the features of all pages into a folder.

    Parameters
    ----------
    pages : iterable of sequences of features
        Asked for one after the other.
    name : str
        Of the collection.

    Raises
    ------
    OSError
        The disk takes no more.
    """
    spool = Spool(folder / "features.jsonl", name, shape, Facts())
    with spool.path.open("x", encoding="utf-8", newline="\n") as file:
        for page in pages:
            for one in page:
                spool.facts.take(one, shape.moments)
                file.write(json.dumps(one, ensure_ascii=False, separators=(",", ":")) + "\n")
    return spool
