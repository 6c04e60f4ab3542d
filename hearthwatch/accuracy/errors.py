"""What goes wrong with an accuracy report."""

from __future__ import annotations

from hearthwatch.errors import HearthwatchError


class AccuracyError(HearthwatchError):
    """Figures that were given or shipped cannot be read."""

    code = "accuracy"
    exit_status = 23
