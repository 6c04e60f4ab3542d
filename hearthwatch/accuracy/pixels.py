"""On which pixels a figure was measured: figures of different ones are never put together."""

from __future__ import annotations

from enum import StrEnum


class Pixels(StrEnum):
    """What a figure rests on."""

    REAL = "real"
    RESAMPLED = "resampled"
    UNSTATED = "not_stated"


WORDS = {
    Pixels.REAL: "Measured on real pixels",
    Pixels.RESAMPLED: "Measured on resampled series, not on real pixels",
    Pixels.UNSTATED: "Measured on pixels of which the figures do not say whether they are real",
}
"""Headings, by what a figure rests on."""
