"""The catalogue on disk that an exercise is made from: its documents, items and scenes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hearthwatch.errors import CatalogueError
from imagery.errors import ImageryError
from imagery.stac import scene_from_item
from imagery.types import Scene

MODE = "exercise"
"""What an item of an exercise says of itself."""


@dataclass(frozen=True, slots=True)
class Document:
    """One JSON file of the source, and the scenes of the items in it (None: unreadable)."""

    path: Path
    content: dict[str, Any]
    items: tuple[dict[str, Any], ...]
    scenes: tuple[Scene | None, ...]


def documents_below(root: Path) -> Iterator[Document]:
    """Yield the JSON files of a catalogue; other JSON that lies beside them is left alone."""
    for path in files_below(root):
        content = loaded(path) if path.suffix == ".json" else None
        if not isinstance(content, dict):
            continue
        kind = content.get("type")
        if kind in ("Catalog", "Collection", "Feature", "FeatureCollection"):
            items = tuple(_items(content, kind))
            if items or kind in ("Catalog", "Collection"):
                scenes = tuple(_scene(item, path.parent) for item in items)
                yield Document(path, content, items, scenes)


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


def loaded(path: Path) -> Any:
    """Return the value of a JSON file; None if it is none."""
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return None


def files_below(root: Path) -> Iterator[Path]:
    """Yield every file of a folder, in an order that does not depend on the disk."""
    yield from sorted(path for path in root.rglob("*") if path.is_file())


def folder_of(source: Path) -> Path:
    """Return the folder of a catalogue that is named by it or by its root document.

    Raises
    ------
    CatalogueError
        If there is none.
    """
    if not source.exists():
        raise CatalogueError(
            f"There is no catalogue at {source}. An exercise needs one on disk: a folder of STAC "
            "items and GeoTIFFs, such as `hearthwatch sample fetch` makes."
        )
    if source.is_file() and source.name not in ("catalog.json", "collection.json"):
        raise CatalogueError(f"{source} is a single file: name the folder of the catalogue.")
    return (source if source.is_dir() else source.parent).resolve()


def require_apart(root: Path, out: Path) -> None:
    """Raise `CatalogueError` if the folder to make and the catalogue lie in each other."""
    there = out.resolve()
    if there.is_relative_to(root) or root.is_relative_to(there):
        raise CatalogueError(f"{out} and the catalogue {root} lie in each other: name another.")
