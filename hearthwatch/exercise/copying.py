"""A copy of a catalogue, its scenes altered by a plan and its documents marked as an exercise."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hearthwatch.errors import CatalogueError
from hearthwatch.exercise.scenes import Plan, implant
from hearthwatch.exercise.source import MODE, Document, files_below
from hearthwatch.exercise.truth import readable
from imagery.types import Scene

MODE_KEY = "hearthwatch:mode"
_MULTIHASH = "1220"
_OF_PIXELS = ("statistics", "histogram", "raster:statistics", "raster:histogram")


class Copy:
    """Writes one copy of a catalogue."""

    def __init__(self, root: Path, target: Path) -> None:
        self._root = root
        self._target = target
        self._written: set[Path] = set()

    def write(
        self,
        documents: Sequence[Document],
        plan: Plan,
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

    def _implant(self, item: dict[str, Any], scene: Scene, folder: Path, plan: Plan) -> bool:
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


def _link(path: Path, target: Path) -> None:
    try:
        os.link(path, target)
    except OSError:
        # Another disk, or one that knows no links.
        shutil.copy2(path, target)
