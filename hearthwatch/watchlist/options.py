"""How a file is to be read, where it does not say itself or somebody has to choose."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """How a file is to be read.

    Attributes
    ----------
    each : bool
        Whether every feature is a thing of its own, so that one without an area is missing
        something; else they make up one area, and points and lines beside it are passed over.
    radius_m : float or None
        Of points that name none (``radius_m``), metres.
    encoding : str or None
        Of text without a mark that is not in UTF-8.
    crs : str or None
        Of what does not say in which it is, as ``EPSG:32634``.
    mend : bool
        Whether outlines that cross themselves are made into the areas they go round.
    """

    each: bool = False
    radius_m: float | None = None
    encoding: str | None = None
    crs: str | None = None
    mend: bool = False


PLAIN = Options()
