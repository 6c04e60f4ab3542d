"""What providers did to scenes after they were archived: made anew, or taken back.

Evidence is never removed for it. The fact is noted in the manifest's chain, and the archive then
gives the newer processing for analysis and keeps the older one as it is.
"""

from __future__ import annotations

from datetime import datetime

from tiles.archive import Archive
from tiles.rows import Note, NoteKind, Remark, iso


def note_superseded(
    archive: Archive, acquisition: str, scene: str, by: str, *, who: str, why: str, at: datetime
) -> Note:
    """Note that a provider processed a scene anew; noting it again changes nothing.

    Parameters
    ----------
    acquisition : str
        Key of the acquisition the scene belongs to.
    scene, by : str
        Ids of the scene and of the one that takes its place.
    who, why : str
        Who says so, as the name of a provider, and the reason in words.
    at : datetime
        Aware.

    Raises
    ------
    ValueError
        If a scene is to supersede itself.
    IntegrityError, StorageFull, StorageFailed
    """
    if scene == by:
        raise ValueError(f"{scene} cannot supersede itself")
    return _note(archive, NoteKind.SUPERSEDED, acquisition, scene, by, who, why, at)


def note_withdrawn(
    archive: Archive, acquisition: str, scene: str, *, who: str, why: str, at: datetime
) -> Note:
    """Note that a provider took a scene back; noting it again changes nothing.

    Its masters stay, and are given for analysis as before: whoever reads them is told by
    ``Archive.notes``. Parameters and errors are those of :func:`note_superseded`.
    """
    return _note(archive, NoteKind.WITHDRAWN, acquisition, scene, "", who, why, at)


def _note(
    archive: Archive,
    kind: NoteKind,
    acquisition: str,
    scene: str,
    other: str,
    who: str,
    why: str,
    at: datetime,
) -> Note:
    said = Remark(kind, (acquisition,), scene, other, who, why, iso(at))
    with archive.manifest.writing():
        for note in archive.notes(acquisition):
            if (note.note, note.name, note.other) == (kind, scene, other):
                return note
        return archive.manifest.remark(said)
