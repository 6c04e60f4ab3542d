"""The errors of the tiles room."""

from __future__ import annotations

from imagery.errors import IntegrityError as ImageryIntegrityError


class TilesError(Exception):
    """Base of everything the tiles room raises on purpose; never raised itself."""


class StorageFull(TilesError):
    """The disk or the quota is full; nothing was left half-written under its final name."""


class StorageFailed(TilesError):
    """The disk refuses to write or read: read-only, an input/output error, no permission."""


class IntegrityError(TilesError, ImageryIntegrityError):
    """What is on disk is not what was written: altered, cut, missing, or a second truth."""


class NotArchived(TilesError):
    """The archive has no complete masters of the acquisition for any of the cells asked for."""


class StyleUnavailable(TilesError):
    """A picture in this style needs bands, or an earlier look, that are not there."""


class RetentionError(TilesError):
    """A hold cannot be put or released as asked."""
