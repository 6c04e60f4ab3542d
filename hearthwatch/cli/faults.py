"""Errors of the rooms below, said in the service's own words."""

from __future__ import annotations

import errno

from hearthwatch.errors import CatalogueError, DigestMismatch, DiskFull, HearthwatchError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_MAKE_ROOM = "Make room and run it again; nothing that was committed is lost."


def in_our_words(error: BaseException) -> HearthwatchError | None:
    """Return the error a person should read, or None for a defect of ours."""
    if isinstance(error, HearthwatchError):
        return error
    if isinstance(error, OSError):
        return _of_the_system(error)
    return _of_a_room(error)


def _of_the_system(error: OSError) -> HearthwatchError | None:
    place = f"{error.filename}: " if error.filename else ""
    if error.errno in _FULL:
        return DiskFull(f"{place}there is no room left on the disk. {_MAKE_ROOM}")
    if error.errno is None or not error.filename:
        return None
    return HearthwatchError(f"{place}{error.strerror or error}. Check the path and permissions.")


def _of_a_room(error: BaseException) -> HearthwatchError | None:
    from imagery.errors import ImageryError
    from tiles.errors import IntegrityError, StorageFull, TilesError

    if isinstance(error, StorageFull):
        return DiskFull(f"{error}. {_MAKE_ROOM}")
    if isinstance(error, IntegrityError):
        return DigestMismatch(f"{error}. Run `hearthwatch doctor` to see how much is affected.")
    if isinstance(error, TilesError):
        return HearthwatchError(f"{error}.")
    if isinstance(error, ImageryError):
        return CatalogueError(f"{error}.")
    return None
