"""The cores of places as a real look shows them with burns or other changes in their pixels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from detectors.burn_seen import CLOUDY, CONTAMINATION, MOST_CONTAMINATED, SHADOWY
from hearthwatch.exercise.model import Burn, Residues, darkened
from hearthwatch.exercise.optics import bare_share
from hearthwatch.exercise.otherwise import Change, Extent, Otherwise, altered
from hearthwatch.exercise.residues import mean_residues
from tests.science.laid_places import Look, Square

DARKENING = ("B02", "B03", "B04", "B08", "B8A")


def implanted(
    square: Square,
    look: Look,
    burns: Mapping[int, Burn],
    cover: Any,
    residues: Mapping[int, Residues] | None = None,
) -> tuple[Any, Any]:
    """Return mean reflectance (place, band) and contamination (place) of the burned cores.

    `residues` are those of each place that burns, the mean ones where none are given.
    """
    mark, ash = np.zeros(len(square.cores)), np.zeros(len(square.cores))
    for place, burn in burns.items():
        mark[place] = burn.completeness * burn.mark_left(look.sensed)
        ash[place] = burn.ash_left(look.sensed)
    burned = mark > 0.0
    if not burned.any():
        return look.means.copy(), look.contamination.copy()
    char, grey = _by_place(square, residues or {})
    residue = ash * grey + (1.0 - ash) * char
    after = look.pixels + cover * mark[square.owner] * (residue[:, square.owner] - look.pixels)
    return _shown(square, look, burned, after)


def _by_place(square: Square, residues: Mapping[int, Residues]) -> tuple[Any, Any]:
    """Return char and ash, each (band, place)."""
    mean = mean_residues()
    found = [residues.get(place, mean) for place in range(len(square.cores))]
    return tuple(
        np.array([[spectrum[band] for spectrum in spectra] for band in square.bands])
        for spectra in ([one.char for one in found], [one.ash for one in found])
    )


def changed(
    square: Square, look: Look, changes: Mapping[int, Change], cover: Any
) -> tuple[Any, Any]:
    """Return mean reflectance (place, band) and contamination (place) of cores that changed.

    Each place changes alone: what would reach the whole scene reaches its core only, as a patch of
    haze would. Rain falls on what is bare. A shift needs the scene's neighbours: use an exercise.
    """
    touched, after = np.zeros(len(square.cores), bool), look.pixels.copy()
    names = {band: number for number, band in enumerate(square.bands)}
    for place, change in changes.items():
        if change.kind is Otherwise.SHIFT:
            raise ValueError("a shift is not to be had in memory")
        if change.shown(look.sensed) > 0.0:
            touched[place], here = True, square.owner == place
            share = cover[here]
            if change.extent is Extent.BARE:
                share = share * bare_share(*look.pixels[:, here][[names["B04"], names["B08"]]])
            before = {band: look.pixels[number, here] for band, number in names.items()}
            shown = altered(before, share, change, look.sensed)
            after[:, here] = np.stack([shown[band] for band in square.bands])
    if not touched.any():
        return look.means.copy(), look.contamination.copy()
    return _shown(square, look, touched, after)


def _shown(square: Square, look: Look, touched: Any, after: Any) -> tuple[Any, Any]:
    """Return means and contamination of the cores with other pixels in the `touched` ones."""
    means, dirt = look.means.copy(), look.contamination.copy()
    count = np.bincount(square.owner, look.clear, len(means))
    for band, values in enumerate(after):
        total = np.bincount(square.owner, np.where(look.clear, values, 0.0), len(means))
        with np.errstate(invalid="ignore"):
            means[touched, band] = (total / count)[touched]
    dark = darkened(look.classes, _named(square, look.pixels), _named(square, after))
    share = np.isin(look.classes, SHADOWY) | dark
    shadow = np.bincount(square.owner, share, len(means)) / np.bincount(square.owner)
    told = CONTAMINATION + shadow * np.minimum(1.0, look.cloudy / CLOUDY)
    dirt[touched] = np.minimum(told, MOST_CONTAMINATED)[touched]
    return means, dirt


def _named(square: Square, pixels: Any) -> dict[str, Any]:
    return {b: pixels[k] for k, b in enumerate(square.bands) if b in DARKENING}
