"""Reflectance of a few pure surfaces in the bands of Sentinel-2, from published spectra.

All but shade were averaged from spectra of the earthlib library, version 1.1.0 (Anderson 2023, MIT
licence), 0.40 to 2.45 µm at 10 nm. It passes on, among others, the field spectra of the Joint Fire
Science Program (frames.gov, "Assessing the causes, consequences and spatial variability of burn
severity", US government work) and the laboratory spectra of the ICRAF-ISRIC soil library. Each
spectrum was weighted with the spectral response of Sentinel-2A, linearly interpolated between its
10 nm steps; the averages are rounded to 0.001, and nothing was read off a figure.
``docs/spectra.md`` has the spread of each surface and names every spectrum that went in.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

BANDS = ("B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12")


class Surface(StrEnum):
    """A pure surface, as part of what a pixel shows.

    Attributes
    ----------
    CHAR
        Charred plant matter: mean of nine field spectra of charred bark, logs, wood, tree and duff
        after fires in forest and chaparral of Montana, California and Alaska. They differ by half
        of their mean. Charred thatch or grass was not among them.
    ASH
        Fresh mineral ash: mean of the two field spectra named "ash" of the same fires, in Alaska
        and Montana. At 0.10 to 0.15 in the visible they are of grey ash on the ground. No citable
        numbers of pure white ash were to be had, which is brighter: take this as a lower bound.
    GREEN
        Green vegetation: mean of 2000 canopies modelled with PROSAIL (Jacquemoud et al. 2009,
        doi:10.1016/j.rse.2008.01.026), most of them closed. Modelled, not measured.
    DRY
        Dry plant matter and dry bare soil, half each: three field spectra of dead grass, and 347
        laboratory spectra of soils from 40 places in Africa between 4 and 20 degrees north. Soils
        are sieved and dried for the laboratory, and so brighter than in the field; they differ by a
        quarter of their mean in the near infrared and by half in blue.
    SOIL
        Bare soil alone: mean of the 347 laboratory spectra that are half of `DRY`.
    DARK_SOIL
        Dark bare soil: mean of the darkest third, in B8A, of all 4,168 spectra of the same soil
        library, of the whole world. Wet or freshly turned soil in the field is nearer to this than
        to the dried and sieved mean. An unmixing into char, green, dry and shade takes a part of
        it for char.
    SHADE
        Photometric shade: no light comes back, in any band, by definition (Adams et al. 1986,
        doi:10.1029/JB091iB08p08098). Real shadow holds scattered light, most in blue.
    """

    CHAR = "char"
    ASH = "ash"
    GREEN = "green"
    DRY = "dry"
    SOIL = "soil"
    DARK_SOIL = "dark soil"
    SHADE = "shade"


_REFLECTANCE = {
    Surface.CHAR: (0.037, 0.039, 0.042, 0.044, 0.046, 0.048, 0.051, 0.053, 0.136, 0.201),
    Surface.ASH: (0.104, 0.122, 0.145, 0.155, 0.163, 0.172, 0.181, 0.188, 0.302, 0.340),
    Surface.GREEN: (0.034, 0.085, 0.035, 0.135, 0.382, 0.445, 0.448, 0.449, 0.188, 0.071),
    Surface.DRY: (0.089, 0.143, 0.236, 0.266, 0.292, 0.312, 0.323, 0.329, 0.425, 0.317),
    Surface.SOIL: (0.123, 0.200, 0.324, 0.356, 0.383, 0.397, 0.394, 0.391, 0.537, 0.441),
    Surface.DARK_SOIL: (0.073, 0.109, 0.174, 0.194, 0.211, 0.226, 0.233, 0.238, 0.351, 0.331),
    Surface.SHADE: (0.0,) * len(BANDS),
}


def spectrum(surface: Surface, bands: Iterable[str]) -> NDArray[np.float64]:
    """Return the reflectance of a surface in these bands, in their order.

    Parameters
    ----------
    surface : Surface
        Whose reflectance.
    bands : iterable of str, length b
        Names out of ``BANDS``.

    Returns
    -------
    array of float64, shape (b,)
        Surface reflectance, 0..1.

    Raises
    ------
    LookupError
        A band is not among ``BANDS``; the message names those there are.
    """
    known = dict(zip(BANDS, _REFLECTANCE[surface], strict=True))
    wanted = tuple(bands)
    unknown = [band for band in wanted if band not in known]
    if unknown:
        raise LookupError(f"no reflectance in {', '.join(unknown)}; there is {', '.join(BANDS)}")
    return np.array([known[band] for band in wanted], dtype=np.float64)
