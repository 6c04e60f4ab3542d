"""What Sentinel Hub charges, in processing units.

Source: https://docs.sentinel-hub.com/api/latest/api/overview/processing-unit/
"""

from __future__ import annotations

_UNIT_PIXELS = 512 * 512
_LEAST_AREA = 0.01
_LEAST_PROCESS = 0.005
_LEAST_STATISTICS = 0.01
_FREE_BANDS = 3
_FLOAT = 2.0
_RADAR_TERRAIN = 2.5

CATALOGUE_UNITS = 0.01
"""Of one page of a search, at least."""


def processing_units(
    width: int, height: int, bands: int, *, float32: bool = False, radar_terrain: bool = False
) -> float:
    """Return the units of one Process request.

    Parameters
    ----------
    width, height : int
        Pixels.
    bands : int
        Bands read; the data mask beside them is free.
    float32 : bool
        Whether numbers of 32 bits are asked for.
    radar_terrain : bool
        Whether radar is corrected for terrain, which includes placing it on the map.

    Notes
    -----
    max(0.005, A x B/3 x F x P): A the area in parts of 512 x 512 pixels, 0.01 at least; B bands;
    F 2 for 32 bits, else 1; P 2.5 for radar on terrain.
    """
    units = _area(width, height) * bands / _FREE_BANDS
    units *= _FLOAT if float32 else 1.0
    units *= _RADAR_TERRAIN if radar_terrain else 1.0
    return max(_LEAST_PROCESS, units)


def statistics_units(
    width: int,
    height: int,
    bands: int,
    dates: int,
    *,
    float32: bool = False,
    radar_terrain: bool = False,
) -> float:
    """Return the units of one Statistical request over `dates` observations."""
    units = _area(width, height) * bands / _FREE_BANDS * dates * (_FLOAT if float32 else 1.0)
    return max(_LEAST_STATISTICS, units * (_RADAR_TERRAIN if radar_terrain else 1.0))


def _area(width: int, height: int) -> float:
    return max(_LEAST_AREA, width * height / _UNIT_PIXELS)
