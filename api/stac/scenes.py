"""Scenes that an organisation may see: what its own ledger names, and nothing else.

A file that no watch of theirs took, because it was pulled by hand or a run was cut short, shows in
no item, not even beside files of the same look that one did.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from hashlib import blake2b

from shapely import intersects
from shapely.geometry.base import BaseGeometry

from api.context import Context
from api.stac.asked import Asked
from api.stac.ground import ground_of, shown
from api.stac.words import COLLECTIONS, ITEM_ID, MASKS
from detectors.registry import detector_ids
from hearthwatch.errors import NotFound
from hearthwatch.ledger_words import sensors_of
from hearthwatch.store.codec import from_microseconds, microseconds
from hearthwatch.store.cursor import Position
from hearthwatch.store.protocol_pulled import LookKey, PulledLook, PulledSearch
from tiles.archive import Archive, MasterRef
from tiles.rows import NoteKind
from tiles.windows import StoredLayer, stored_layer

_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class File:
    """One archived file: what the manifest and what its sidecar say of it."""

    master: MasterRef
    layer: StoredLayer

    @property
    def name(self) -> str:
        """The last part of its key: sixteen hex digits."""
        return self.master.key.rsplit("/", 1)[1]

    @property
    def is_classes(self) -> bool:
        """Whether its numbers are classes, which have no scale."""
        return None in self.layer.scale


@dataclass(frozen=True, slots=True)
class Scene:
    """What was read of one scene for one cell.

    Attributes
    ----------
    scene_id : str
        The provider's.
    files : tuple of File
        Those of the collection that it is asked for in.
    newer : str
        Id of the item that took its place when its provider made it anew; empty for none.
    """

    look: PulledLook
    scene_id: str
    files: tuple[File, ...]
    newer: str

    @property
    def id(self) -> str:
        """Id of its item."""
        return item_id(self.look.acquisition, self.look.cell, self.scene_id)

    @property
    def sensor(self) -> str:
        """What its pixels are."""
        return self.files[0].master.sensor

    @property
    def geometry(self) -> BaseGeometry:
        """The ground it shows, CRS84."""
        return shown(self.look.cell, [one.layer.geobox for one in self.files])

    @property
    def position(self) -> Position:
        """What items are ordered by: newest first, then by id."""
        look = self.look
        return microseconds(look.sensed), look.acquisition, look.cell, self.id


def item_id(acquisition: str, cell: str, scene_id: str) -> str:
    """Return the id of a scene's item; a provider's id may hold what an address must not."""
    tag = blake2b(scene_id.encode(), digest_size=4).hexdigest()
    return f"{acquisition}_{cell}_{tag}"


def scene_of(here: Context, organisation: str, collection: str, its_id: str) -> Scene:
    """Return one scene.

    Raises
    ------
    NotFound
        There is none of that id, or none that the organisation may see.
    """
    parts = ITEM_ID.fullmatch(its_id)
    if parts is not None and "\0" not in its_id:
        where = PulledSearch(acquisition=parts[1], cells=[parts[2]])
        for look in here.store.pulled_looks(organisation, where, limit=_AT_ONCE):
            for scene in _scenes(here.archive(organisation), look, collection):
                if scene.id == its_id:
                    return scene
    raise NotFound("There is no such item.")


def find_scenes(
    here: Context, organisation: str, collection: str, asked: Asked, start: Position | None
) -> Iterator[Scene]:
    """Give the scenes of a collection after a position, newest first.

    Few looks are held at a time, however many are gone through.
    """
    begin = None if start is None else _key(start)
    where = PulledSearch(asked.since, asked.until, but_detectors=_others(collection), start=begin)
    for look in _looks(here, organisation, where):
        if asked.area is None or intersects(asked.area, ground_of(look.cell)):
            for scene in _scenes(here.archive(organisation), look, collection):
                given = start is not None and look.key == begin and scene.id <= str(start[3])
                if not given and is_met(scene, asked):
                    yield scene


def is_met(scene: Scene, asked: Asked) -> bool:
    """Tell whether a scene lies where and when a search asks."""
    sensed = scene.look.sensed
    return (
        (asked.since is None or asked.since <= sensed)
        and (asked.until is None or sensed <= asked.until)
        and (asked.area is None or bool(intersects(asked.area, scene.geometry)))
    )


def _looks(here: Context, organisation: str, where: PulledSearch) -> Iterator[PulledLook]:
    last: LookKey | None = None
    while True:
        found = here.store.pulled_looks(organisation, where, limit=_AT_ONCE)
        yield from (look for look in found if look.key != last)
        if len(found) < _AT_ONCE:
            return
        last = found[-1].key
        where = replace(where, start=last)


def _scenes(archive: Archive, look: PulledLook, collection: str) -> Iterator[Scene]:
    """Give the scenes of a look, by id."""
    by_scene = {
        scene_id: tuple(one for one in files if _belongs(one, collection))
        for scene_id, files in _files(archive, look).items()
    }
    by_id = {
        item_id(look.acquisition, look.cell, scene_id): scene_id
        for scene_id, files in by_scene.items()
        if files
    }
    newer = _newer(archive, look.acquisition, by_id) if by_id else {}
    for its_id in sorted(by_id):
        scene_id = by_id[its_id]
        yield Scene(look, scene_id, by_scene[scene_id], newer.get(scene_id, ""))


def _files(archive: Archive, look: PulledLook) -> Mapping[str, Sequence[File]]:
    """Return the files of a look at its own cell that the ledger names, by scene."""
    named = frozenset(look.masters)
    found: defaultdict[str, list[File]] = defaultdict(list)
    if named:
        for master in archive.listed(cell_id=look.cell, acquisition=look.acquisition):
            if master.sha256 in named:
                layer = stored_layer(archive, master)
                found[layer.scene_id].append(File(master, layer))
    return found


def _newer(archive: Archive, acquisition: str, by_id: Mapping[str, str]) -> dict[str, str]:
    """Return the items that took the place of others, by the older's scene.

    Of two only that one's own ledger names both of: what else its provider made, others saw.
    """
    own = {scene_id: its_id for its_id, scene_id in by_id.items()}
    notes = archive.notes(acquisition) if len(own) > 1 else ()
    return {
        note.name: own[note.other]
        for note in notes
        if note.note is NoteKind.SUPERSEDED and note.name in own and note.other in own
    }


def _belongs(file: File, collection: str) -> bool:
    if collection == MASKS:
        return file.is_classes
    return file.master.sensor == COLLECTIONS[collection].sensor


@cache
def _others(collection: str) -> frozenset[str]:
    """Return the detectors that read other sensors than a collection's alone."""
    sensor = COLLECTIONS[collection].sensor
    told = {name: sensors_of(name) for name in detector_ids()} if sensor else {}
    return frozenset(name for name, sensors in told.items() if sensor not in sensors)


def _key(start: Position) -> LookKey:
    sensed, acquisition, cell, _ = start
    return from_microseconds(int(sensed)), str(acquisition), str(cell)
