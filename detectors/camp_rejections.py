"""Why ground that changed is no camp: by its shape, rows, evenness, wetness and darkness.

Every reason is told in words, so that whoever looks a camp's absence up can see why it was held
back.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import label, regionprops

CELL_M = 20.0


@dataclass(frozen=True, slots=True)
class Shape:
    """The shape of a mask of cells.

    Attributes
    ----------
    rectangularity : float
        Share of its least rotated rectangle that it fills, 0..1.
    broadest_m : float
        Where it is broadest, gaps within it filled.
    """

    rectangularity: float
    broadest_m: float


@dataclass(frozen=True, slots=True)
class Marks:
    """What an object is judged by; NaN for what was not seen.

    Attributes
    ----------
    barer, brighter, rougher : float
        Change of ln(B04/B08), of ln visible light and of its texture, natural-log units, medians
        of its cells.
    bare, wet, char, rows : float
        ln(B04/B08), MNDWI, -NBR and coherence of direction, medians.
    """

    shape: Shape
    barer: float
    brighter: float
    rougher: float
    bare: float
    wet: float
    char: float
    rows: float


@dataclass(frozen=True, slots=True)
class RejectionRules:
    """Limits of :func:`rejections` and :func:`likenesses`.

    Attributes
    ----------
    green : float
        ln(B04/B08) below which ground is green: with -0.85 an NDVI above 0.40.
    half_green : float
        The same of ground of which half is green, an NDVI above 0.57: no cell of a camp's area.
    wet, char : float
        MNDWI and -NBR above which ground is under water, and charred.
    darker : float
        Loss of ln visible light from which on ground became dark: char, water, panels, wet soil.
    road_m : float
        What is nowhere broader is a strip: a road, a pipeline, the edge of a wood.
    rectangular : float
        Share of its rectangle that a parcel fills.
    even : float
        Gain of texture below which ground is as even as it was.
    rows : float
        Coherence from which on a parcel lies in rows.
    stripped, plantless : float
        Gain of ln(B04/B08) from which on ground lost its plants, and the value above which none
        are left: people leave some standing between their tents, a quarry leaves none.
    rock_even : float
        Gain of texture below which plantless ground may be rock.
    panel_rows, panel_even : float
        Coherence from which on, and gain of texture below which, ground may lie under panels.
    mapped : float
        Share of the ground under maps from which on they explain it.
    """

    green: float = -0.85
    half_green: float = -1.3
    wet: float = 0.1
    char: float = 0.15
    darker: float = 0.10
    road_m: float = 60.0
    rectangular: float = 0.85
    even: float = 0.15
    rows: float = 0.65
    stripped: float = 0.3
    plantless: float = -0.15
    rock_even: float = 1.1
    panel_rows: float = 0.45
    panel_even: float = 0.6
    mapped: float = 0.5


def rejections(marks: Marks, rules: RejectionRules) -> tuple[str, ...]:
    """Return every reason why this is no camp, in words; none where it may be one."""
    shape = marks.shape
    even = not marks.rougher >= rules.even
    parcel = shape.rectangularity >= rules.rectangular
    found = [
        (marks.bare < rules.green, "plants grow on the ground, as on a clearing or a fallow"),
        (marks.wet > rules.wet, "the ground is under water"),
        (marks.char > rules.char, "the ground is charred"),
        (marks.brighter < -rules.darker, "the ground became darker: char, water, panels, wet soil"),
        (shape.broadest_m <= rules.road_m, "a narrow strip, as a road"),
        (even and parcel, "an even parcel with straight edges, as a field"),
        (even and not parcel, "the ground is no more mottled than it was, as bare soil"),
        (parcel and marks.rows >= rules.rows, "a parcel in rows of one direction"),
    ]
    return tuple(words for holds, words in found if holds)


def likenesses(marks: Marks, rules: RejectionRules) -> tuple[str, ...]:
    """Return what else this looks like, in words: it may be a camp all the same.

    Less than a rejection, for camps are like that too, if seldom: it is told, and no more than
    WATCH.
    """
    stripped = marks.barer >= rules.stripped and marks.bare > rules.plantless
    in_rows = marks.rows >= rules.panel_rows
    found = [
        (stripped and marks.rougher < rules.rock_even,
         "no plants are left and it is hardly mottled, as a quarry"),
        (in_rows and marks.rougher < rules.panel_even,
         "it lies in rows of one direction and is hardly mottled, as solar panels"),
    ]  # fmt: skip
    return tuple(words for holds, words in found if holds)


def shape_of(mask: NDArray[np.bool_]) -> Shape:
    """Return the shape of the largest part of a mask of cells, shape (y, x).

    Raises
    ------
    ValueError
        If the mask is empty.
    """
    parts = regionprops(label(mask, connectivity=1))
    if not parts:
        raise ValueError("an empty mask has no shape")
    part = max(parts, key=lambda one: (one.area, -one.label))
    rows, columns = np.nonzero(part.image)
    whole = np.pad(ndimage.binary_fill_holes(part.image), 1)
    # To the middle of the nearest cell outside: 1 in a strip one cell broad, 2 in one of three.
    deepest = float(ndimage.distance_transform_edt(whole).max())
    return Shape(
        rectangularity=round(min(part.area / _least_rectangle(rows, columns), 1.0), 3),
        broadest_m=round((2.0 * deepest - 1.0) * CELL_M, 1),
    )


def _least_rectangle(rows: NDArray[np.intp], columns: NDArray[np.intp]) -> float:
    """Return the area of the smallest rectangle, turned by whole degrees, round cells."""
    turns = np.deg2rad(np.arange(0.0, 90.0, 1.0))[:, None]
    along = rows * np.cos(turns) + columns * np.sin(turns)
    across = columns * np.cos(turns) - rows * np.sin(turns)
    # A cell reaches beyond its middle: by half a side along the axes, by more across them.
    side = np.abs(np.cos(turns[:, 0])) + np.abs(np.sin(turns[:, 0]))
    area = (np.ptp(along, axis=1) + side) * (np.ptp(across, axis=1) + side)
    return float(area.min())
