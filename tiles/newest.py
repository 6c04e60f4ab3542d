"""Which of several processings of a scene is to be used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tiles.rows import Row
from tiles.sidecars import scenes_of


def without_superseded(
    rows: Sequence[Row], sidecars: Iterable[Mapping[str, Any]], newer: Mapping[str, str]
) -> Iterator[Row]:
    """Leave out layers of superseded scenes whose newest processing is there with their bands.

    Parameters
    ----------
    rows : sequence of Row
        Of one acquisition and cell.
    sidecars : iterable
        One for each row.
    newer : mapping
        From the id of a superseded scene to the one that took its place.
    """
    told = list(zip(rows, sidecars, strict=True))
    stored: dict[str, set[str]] = {}
    for _, value in told:
        for scene in scenes_of(value):
            stored.setdefault(scene, set()).update(value["layer"]["bands"])
    for row, value in told:
        bands = set(value["layer"]["bands"])
        replaced = (
            bands <= stored.get(_newest(scene, newer), set())
            for scene in scenes_of(value)
            if scene in newer
        )
        if not any(replaced):
            yield row


def _newest(scene: str, newer: Mapping[str, str]) -> str:
    """Follow the notes to the last processing; nothing where they lead in a circle."""
    seen = set[str]()
    while scene in newer:
        if scene in seen:
            return ""
        seen.add(scene)
        scene = newer[scene]
    return scene
