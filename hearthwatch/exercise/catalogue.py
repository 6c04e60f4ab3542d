"""A copy of a catalogue of scenes with burns implanted, marked as an exercise throughout.

What is written, in a folder that appears whole or not at all::

    catalogue/          the scenes: the only part a detector is ever shown
    truth.csv           what was implanted: place, dates, kind, share, where
    settlements.geojson the village's core and name
    exercise.json       every parameter, and what the source was
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hearthwatch.errors import CatalogueError
from hearthwatch.exercise.ground import Ground, burn_ground
from hearthwatch.exercise.model import Burn, Residues, Village
from hearthwatch.exercise.scenes import SENSOR, Implant, implant
from hearthwatch.exercise.truth import (
    DESCRIPTION,
    description,
    readable,
    settlement_value,
    truth_text,
    village_name,
)
from imagery.errors import ImageryError
from imagery.stac import scene_from_item
from imagery.types import Scene

MODE_KEY = "hearthwatch:mode"
MODE = "exercise"
CATALOGUE = "catalogue"
TRUTH = "truth.csv"
SETTLEMENTS = "settlements.geojson"

_MULTIHASH = "1220"
_OF_PIXELS = ("statistics", "histogram", "raster:statistics", "raster:histogram")


@dataclass(frozen=True, slots=True)
class ExerciseReport:
    """What `write_exercise` left on disk.

    Attributes
    ----------
    folder, catalogue : Path
        Of the exercise, and of its scenes within.
    place : str
        Name of the village, as the truth and the settlements have it.
    ground : Ground
        What burned.
    scenes, altered : int
        Scenes of the catalogue, and those of which at least one file was changed.
    fresh : bool
        False if the same exercise was there already.
    """

    folder: Path
    catalogue: Path
    place: str
    ground: Ground
    scenes: int
    altered: int
    fresh: bool


@dataclass(frozen=True, slots=True)
class _Document:
    """One JSON file of the source, and the scenes of the items in it (None: unreadable)."""

    path: Path
    content: dict[str, Any]
    items: tuple[dict[str, Any], ...]
    scenes: tuple[Scene | None, ...]


def write_exercise(
    source: Path,
    out: Path,
    village: Village,
    name: str,
    burns: Sequence[Burn],
    residues: Residues,
    progress: Callable[[int, int], None] | None = None,
) -> ExerciseReport:
    """Copy the catalogue `source` into the folder `out` with burns in its scenes.

    Parameters
    ----------
    source : Path
        Folder of a static catalogue, or its ``catalog.json``; nothing in it is changed, but files
        that stay as they are share their bytes with it (hard links) where the disk can do so.
    out : Path
        Folder to make; if the very same exercise is there it stays.
    name : str
        Of the village; it is given as ``EXERCISE`` and the name.
    progress : callable, optional
        Told (scenes done, scenes in all).

    Raises
    ------
    CatalogueError
        If there is no catalogue on disk, it is an exercise already, holds files that lie outside
        it or none that covers the place from the first burn on, or `out` holds something else.
    RegionError
        If the village cannot be drawn.
    ValueError
        If the burns are not in order.
    """
    root = _folder(source)
    _require_apart(root, out)
    ground = burn_ground(village, burns)
    place = village_name(name)
    documents = tuple(_documents(root))
    scenes = [scene for document in documents for scene in document.scenes if scene is not None]
    _require_cover(scenes, village, burns[0])
    told = description(place, village, burns, residues, ground, scenes)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        return _known(out, told, place, ground)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as work:
        made = Path(work) / "exercise"
        plan = Implant(ground, tuple(burns), residues)
        altered = _Copy(root, made / CATALOGUE).write(documents, plan, progress)
        told |= {"scenes": len(scenes), "altered": altered}
        (made / TRUTH).write_text(truth_text(place, village, burns, ground), encoding="utf-8")
        (made / SETTLEMENTS).write_bytes(readable(settlement_value(place, village)))
        (made / DESCRIPTION).write_bytes(readable(told))
        if out.exists():
            out.rmdir()
        made.replace(out)
    return ExerciseReport(out, out / CATALOGUE, place, ground, len(scenes), altered, fresh=True)


class _Copy:
    """Writes one copy of a catalogue."""

    def __init__(self, root: Path, target: Path) -> None:
        self._root = root
        self._target = target
        self._written: set[Path] = set()

    def write(
        self,
        documents: Sequence[_Document],
        plan: Implant,
        progress: Callable[[int, int], None] | None,
    ) -> int:
        """Write all files; return the number of scenes of which any was altered."""
        total = sum(len(document.items) for document in documents)
        done = altered = 0
        for document in documents:
            for item, scene in zip(document.items, document.scenes, strict=True):
                if scene is not None:
                    altered += self._implant(item, scene, document.path.parent, plan)
                stated = item.get("properties")
                known = stated if isinstance(stated, dict) else {}
                item["properties"] = known | {MODE_KEY: MODE}
                done += 1
                if progress:
                    progress(done, total)
            self._claim(document.path).write_bytes(readable(_marked(document.content)))
        for path in files_below(self._root):
            if path.resolve() not in self._written:
                _link(path.resolve(), self._claim(path))
        return altered

    def _implant(self, item: dict[str, Any], scene: Scene, folder: Path, plan: Implant) -> bool:
        altered = list(implant(scene, plan, self._claim))
        for asset in item["assets"].values():
            path = (folder / str(asset["href"])).resolve()
            if path in {one.resolve() for one in altered}:
                _correct(asset, self._target_of(path).read_bytes())
            if str(asset["href"]).startswith("/"):
                asset["href"] = os.path.relpath(path, folder)
        return bool(altered)

    def _claim(self, path: Path) -> Path:
        """Return where a file of the source goes, its folder made; each goes there once."""
        if path.resolve() in self._written:
            raise CatalogueError(f"{path} belongs to several items: they cannot be told apart.")
        self._written.add(path.resolve())
        target = self._target_of(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def _target_of(self, path: Path) -> Path:
        inside = path.resolve()
        if not inside.is_relative_to(self._root):
            raise CatalogueError(f"{path} lies outside the catalogue's folder {self._root}.")
        return self._target / inside.relative_to(self._root)


def _correct(asset: dict[str, Any], data: bytes) -> None:
    """State digest and size of an altered file, where any are stated; drop what is stale."""
    if "file:checksum" in asset:
        asset["file:checksum"] = _MULTIHASH + hashlib.sha256(data).hexdigest()
    if "file:size" in asset:
        asset["file:size"] = len(data)
    for holder in (asset, *(asset.get("raster:bands") or ()), *(asset.get("bands") or ())):
        for stale in _OF_PIXELS:
            holder.pop(stale, None)


def _marked(content: dict[str, Any]) -> dict[str, Any]:
    """Return a document that says of itself that it is an exercise; items say it each."""
    if content["type"] == "Feature":
        return content
    named = str(content.get("title") or content.get("id") or content["type"])
    return content | {"title": f"EXERCISE {named}", MODE_KEY: MODE}


def _documents(root: Path) -> Iterator[_Document]:
    """Yield the JSON files of a catalogue; other JSON that lies beside them is left alone."""
    for path in files_below(root):
        content = _load(path) if path.suffix == ".json" else None
        if not isinstance(content, dict):
            continue
        kind = content.get("type")
        if kind in ("Catalog", "Collection", "Feature", "FeatureCollection"):
            items = tuple(_items(content, kind))
            if items or kind in ("Catalog", "Collection"):
                scenes = tuple(_scene(item, path.parent) for item in items)
                yield _Document(path, content, items, scenes)


def _items(content: Any, kind: str) -> Iterator[dict[str, Any]]:
    features = {"Feature": [content], "FeatureCollection": content.get("features")}.get(kind)
    for feature in features if isinstance(features, list) else ():
        if isinstance(feature, dict) and ("assets" in feature or "stac_version" in feature):
            yield feature


def _scene(item: dict[str, Any], folder: Path) -> Scene | None:
    """Return the scene of an item; None for one that the pipeline cannot read either."""
    try:
        scene = scene_from_item(item, "folder", f"{folder}/")
    except ImageryError:
        return None
    if scene.mode == MODE:
        raise CatalogueError(f"{scene.id} is of an exercise already: name the actual catalogue.")
    return None if any("://" in asset.href for asset in scene.assets) else scene


def _load(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return None


def files_below(root: Path) -> Iterator[Path]:
    """Yield every file of a folder, in an order that does not depend on the disk."""
    yield from sorted(path for path in root.rglob("*") if path.is_file())


def _folder(source: Path) -> Path:
    if not source.exists():
        raise CatalogueError(
            f"There is no catalogue at {source}. An exercise needs one on disk: a folder of STAC "
            "items and GeoTIFFs, such as `hearthwatch sample fetch` makes."
        )
    if source.is_file() and source.name not in ("catalog.json", "collection.json"):
        raise CatalogueError(f"{source} is a single file: name the folder of the catalogue.")
    return (source if source.is_dir() else source.parent).resolve()


def _require_apart(root: Path, out: Path) -> None:
    there = out.resolve()
    if there.is_relative_to(root) or root.is_relative_to(there):
        raise CatalogueError(f"{out} and the catalogue {root} lie in each other: name another.")


def _require_cover(scenes: Sequence[Scene], village: Village, first: Burn) -> None:
    if not scenes:
        raise CatalogueError("The catalogue has no scene that can be read.")
    over = [
        scene for scene in scenes
        if scene.sensor == SENSOR and scene.footprint.intersects(village.core)
    ]  # fmt: skip
    if not over:
        raise CatalogueError("No Sentinel-2 L2A scene of the catalogue covers the settlement.")
    last = max(scene.sensed for scene in over)
    if last < first.date:
        raise CatalogueError(
            f"The last scene that covers the settlement is of {last:%Y-%m-%d}, before the date "
            f"of the exercise: name an earlier date."
        )


def _known(out: Path, told: dict[str, Any], place: str, ground: Ground) -> ExerciseReport:
    """Report the exercise that is there, if it is this one."""
    there = _load(out / DESCRIPTION) if (out / DESCRIPTION).is_file() else None
    if not isinstance(there, dict) or there | json.loads(readable(told)) != there:
        raise CatalogueError(f"{out} exists and is not this exercise: name another folder.")
    scenes, altered = int(there["scenes"]), int(there["altered"])
    return ExerciseReport(out, out / CATALOGUE, place, ground, scenes, altered, fresh=False)


def _link(path: Path, target: Path) -> None:
    try:
        os.link(path, target)
    except OSError:
        # Another disk, or one that knows no links.
        shutil.copy2(path, target)
