"""Spectral indices as published: pure functions of reflectance, broadcast like numpy.

Every argument is surface reflectance, 0..1, NaN where nothing was observed, as an array or a
number; float32 stays float32. Small negative reflectances are kept, for cutting them off would bias
dark ground upward; only where they form a denominator they count as 0. A denominator of 0 gives
NaN.

The band names in the formulas are those of Sentinel-2.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Reflectance = NDArray[np.floating] | float
Index = NDArray[np.floating]


def nbr(nir: Reflectance, swir_2: Reflectance) -> Index:
    """Return the normalised burn ratio; burning lowers it.

    Parameters
    ----------
    nir, swir_2 : array_like
        B8A (or B08) and B12.

    Notes
    -----
    ``(B8A - B12) / (B8A + B12)``. García & Caselles 1991, doi:10.1080/01431169108929687.
    """
    return _normalised_difference(nir, swir_2)


def nbr2(swir_1: Reflectance, swir_2: Reflectance) -> Index:
    """Return the normalised burn ratio of the two short-wave infrared bands; burning lowers it.

    Parameters
    ----------
    swir_1, swir_2 : array_like
        B11 and B12.

    Notes
    -----
    ``(B11 - B12) / (B11 + B12)``. U.S. Geological Survey, product guide of the Landsat surface
    reflectance-derived spectral indices.
    """
    return _normalised_difference(swir_1, swir_2)


def nbr_plus(blue: Reflectance, green: Reflectance, nir: Reflectance, swir_2: Reflectance) -> Index:
    """Return the normalised burn ratio plus; burning raises it.

    Parameters
    ----------
    blue, green, nir, swir_2 : array_like
        B02, B03, B8A (or B08) and B12.

    Notes
    -----
    ``(B12 - B8A - B03 - B02) / (B12 + B8A + B03 + B02)``. Alcaras et al. 2022,
    doi:10.3390/rs14071727.
    """
    b, g, n, s = _arrays(blue, green, nir, swir_2)
    return _ratio(s - n - g - b, _positive(s) + _positive(n) + _positive(g) + _positive(b))


def nbr_swir(swir_1: Reflectance, swir_2: Reflectance) -> Index:
    """Return the short-wave infrared burn ratio; burning raises it.

    Parameters
    ----------
    swir_1, swir_2 : array_like
        B11 and B12.

    Notes
    -----
    ``(B12 - B11 - 0.02) / (B12 + B11 + 0.1)``. Liu et al. 2020,
    doi:10.1080/22797254.2020.1738900.
    """
    s1, s2 = _arrays(swir_1, swir_2)
    return _ratio(s2 - s1 - 0.02, _positive(s2) + _positive(s1) + 0.1)


def mirbi(swir_1: Reflectance, swir_2: Reflectance) -> Index:
    """Return the mid-infrared burn index; burning raises it.

    Parameters
    ----------
    swir_1, swir_2 : array_like
        B11 and B12.

    Notes
    -----
    ``10 B12 - 9.8 B11 + 2``, in reflectance 0..1. Trigg & Flasse 2001,
    doi:10.1080/01431160110053185.
    """
    s1, s2 = _arrays(swir_1, swir_2)
    return 10.0 * s2 - 9.8 * s1 + 2.0


def bais2(
    red: Reflectance,
    red_edge_2: Reflectance,
    red_edge_3: Reflectance,
    nir_narrow: Reflectance,
    swir_2: Reflectance,
) -> Index:
    """Return the burned area index for Sentinel-2; burning raises it.

    Parameters
    ----------
    red, red_edge_2, red_edge_3, nir_narrow, swir_2 : array_like
        B04, B06, B07, B8A and B12.

    Notes
    -----
    ``(1 - sqrt(B06 B07 B8A / B04)) ((B12 - B8A) / sqrt(B12 + B8A) + 1)``; NaN where the product
    under the first root is negative. Filipponi 2018, doi:10.3390/ecrs-2-05177.
    """
    r, e2, e3, n, s = _arrays(red, red_edge_2, red_edge_3, nir_narrow, swir_2)
    with np.errstate(invalid="ignore"):
        vegetation = np.sqrt(_ratio(e2 * e3 * n, _positive(r)))
    return (1.0 - vegetation) * (_ratio(s - n, np.sqrt(_positive(s) + _positive(n))) + 1.0)


def bai(red: Reflectance, nir: Reflectance) -> Index:
    """Return the burned area index: nearness to the colour of char; burning raises it.

    Parameters
    ----------
    red, nir : array_like
        B04 and B08.

    Notes
    -----
    ``1 / ((0.1 - B04)^2 + (0.06 - B08)^2)``. Chuvieco, Martín & Palacios 2002,
    doi:10.1080/01431160210153129.
    """
    r, n = _arrays(red, nir)
    return _ratio(np.ones((), r.dtype), (0.1 - r) ** 2 + (0.06 - n) ** 2)


def baim(nir: Reflectance, swir_2: Reflectance) -> Index:
    """Return the burned area index of MODIS; burning raises it.

    Parameters
    ----------
    nir, swir_2 : array_like
        B08 and B12.

    Notes
    -----
    ``1 / ((0.05 - B08)^2 + (0.2 - B12)^2)``. Martín, Gómez & Chuvieco 2006,
    doi:10.1016/j.foreco.2006.08.248. Both differences are squared; spyndex 0.12.0 sets the
    brackets otherwise and gives another number.
    """
    n, s = _arrays(nir, swir_2)
    return _ratio(np.ones((), n.dtype), (0.05 - n) ** 2 + (0.2 - s) ** 2)


def ndvi(red: Reflectance, nir: Reflectance) -> Index:
    """Return the normalised difference vegetation index; green vegetation raises it.

    Parameters
    ----------
    red, nir : array_like
        B04 and B08.

    Notes
    -----
    ``(B08 - B04) / (B08 + B04)``. Tucker 1979, doi:10.1016/0034-4257(79)90013-0.
    """
    return _normalised_difference(nir, red)


def ndbi(nir: Reflectance, swir_1: Reflectance) -> Index:
    """Return the normalised difference built-up index; buildings and bare soil raise it.

    Parameters
    ----------
    nir, swir_1 : array_like
        B08 and B11.

    Notes
    -----
    ``(B11 - B08) / (B11 + B08)``. Zha, Gao & Ni 2003, doi:10.1080/01431160304987.
    """
    return _normalised_difference(swir_1, nir)


def mndwi(green: Reflectance, swir_1: Reflectance) -> Index:
    """Return the modified normalised difference water index; open water raises it.

    Parameters
    ----------
    green, swir_1 : array_like
        B03 and B11.

    Notes
    -----
    ``(B03 - B11) / (B03 + B11)``. Xu 2006, doi:10.1080/01431160600589179.
    """
    return _normalised_difference(green, swir_1)


def ndsi(green: Reflectance, swir_1: Reflectance) -> Index:
    """Return the normalised difference snow index; snow raises it.

    Parameters
    ----------
    green, swir_1 : array_like
        B03 and B11.

    Notes
    -----
    ``(B03 - B11) / (B03 + B11)``, the formula of :func:`mndwi` read for snow. Hall, Riggs &
    Salomonson 1995, doi:10.1016/0034-4257(95)00137-P.
    """
    return _normalised_difference(green, swir_1)


def dnbr(before: Reflectance, after: Reflectance) -> Index:
    """Return the drop of the normalised burn ratio; burning makes it positive.

    Parameters
    ----------
    before, after : array_like
        :func:`nbr` of the two looks.

    Notes
    -----
    ``NBR before - NBR after``, not times 1,000. Key & Benson 2006, USDA Forest Service
    RMRS-GTR-164-CD.
    """
    pre, post = _arrays(before, after)
    return pre - post


def rbr(before: Reflectance, after: Reflectance) -> Index:
    """Return the relativised burn ratio; burning makes it positive.

    Parameters
    ----------
    before, after : array_like
        :func:`nbr` of the two looks.

    Notes
    -----
    ``dNBR / (NBR before + 1.001)``. Unlike dNBR / sqrt(abs(NBR before)) it stays finite where NBR
    was 0, as over a village in the dry season. Parks, Dillon & Miller 2014,
    doi:10.3390/rs6031827.
    """
    pre, post = _arrays(before, after)
    return _ratio(pre - post, pre + 1.001)


def _arrays(*values: Reflectance) -> tuple[Index, ...]:
    """Return the arguments as floating arrays; numbers take the precision of the arrays."""
    kind = np.result_type(*values)
    if not np.issubdtype(kind, np.floating):
        kind = np.dtype(np.float64)
    return tuple(np.asarray(value, kind) for value in values)


def _positive(reflectance: Index) -> Index:
    clipped: Index = np.maximum(reflectance, 0.0)
    return clipped


def _ratio(numerator: Index, denominator: Index) -> Index:
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio: Index = np.where(denominator == 0.0, np.nan, numerator / denominator)
    return ratio.astype(denominator.dtype, copy=False)


def _normalised_difference(raised: Reflectance, lowered: Reflectance) -> Index:
    a, b = _arrays(raised, lowered)
    return _ratio(a - b, _positive(a) + _positive(b))
