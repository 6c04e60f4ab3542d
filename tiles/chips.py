"""Pictures for people: before and after, and the one that tells what was found and when."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from numpy.typing import NDArray

from tiles.drawing import (
    MARGIN,
    MUTED,
    Ground,
    Page,
    credit,
    draw_label,
    draw_north_arrow,
    draw_outline,
    draw_scale_bar,
    ground_of,
    scene_day,
    show_nothing,
    show_picture,
)
from tiles.found import (
    Outline,
    in_date_order,
    in_words,
    interval_of,
    summary_of,
    year_colours,
    year_of,
)
from tiles.stretch import Look, Stretch, common_stretch, to_rgb
from tiles.timeline import draw_timeline

__all__ = ["Look", "Outline", "before_after", "overview", "year_colours"]

_GAP = 0.22
_YELLOW = "#ffe14d"
_MOST_LABELS = 12
_COLOUR_WORDS = {"true": "Natural colours", "false": "False colours"}


def before_after(
    before: xr.Dataset | None,
    after: xr.Dataset,
    outlines: Sequence[Outline] = (),
    *,
    title: str,
    look: Look = "true",
    dpi: int = 150,
) -> bytes:
    """Draw the ground before and after a change.

    Parameters
    ----------
    before, after : Dataset
        Cubes of one time step with a CRS: reflectance 0..1, NaN where nothing was observed.
        Without a usable earlier look `before` is None and its panel says so.
    outlines : sequence of Outline
        Drawn on both; together they give the "not before" date.
    look : {"true", "false"}
        Natural or false colours, with one stretch for both pictures.
    dpi : int
        Pixels per inch; the picture is 11 inches wide.

    Returns
    -------
    bytes
        PNG; the same arguments and library versions give the same bytes.

    Raises
    ------
    ValueError
        If bands, CRS or time are missing, or a scene has several times.
    """
    scenes = [after] if before is None else [before, after]
    ground, stretch = ground_of(after), common_stretch(scenes, look)
    page, panels, top = _page(11.0, 2, ground, dpi, title, interval_of(outlines), below=0.45)
    _panel(panels[0], before, ground, stretch)
    _panel(panels[1], after, ground, stretch)
    for axes, dashed in zip(panels, (True, False), strict=True):
        for outline in outlines:
            draw_outline(axes, outline.geometry, ground, colour=_YELLOW, dashed=dashed)
    _label_all(panels[1], outlines, ground)
    _caption(page, panels[0], "Before", before)
    _caption(page, panels[1], "After", after)
    _footer(page, top, scenes, look, stretch)
    return page.png()


def overview(
    before: xr.Dataset,
    after: xr.Dataset,
    outlines: Sequence[Outline],
    *,
    title: str,
    subtitle: str = "",
    look: Look = "true",
    dpi: int = 150,
) -> bytes:
    """Draw early, late, and what was found between them and when; below, the dates of each.

    Parameters
    ----------
    before, after : Dataset
        As for :func:`before_after`.
    outlines : sequence of Outline
        Coloured by the year in which the change was first seen. A bar below each runs from the
        last look that showed no change to the first that did.
    title, subtitle : str
    look, dpi
        As for :func:`before_after`; the picture is 15 inches wide.

    Returns
    -------
    bytes
        PNG; the same arguments and library versions give the same bytes.

    Raises
    ------
    ValueError
        As for :func:`before_after`.
    """
    ground, stretch = ground_of(after), common_stretch([before, after], look)
    colours = year_colours(outlines)
    page, panels, top = _page(15.0, 3, ground, dpi, title, subtitle, below=2.8)
    _panel(panels[0], before, ground, stretch)
    _panel(panels[1], after, ground, stretch)
    show_picture(panels[2], _faded(to_rgb(after, stretch)), ground)
    _furnish(panels[2], ground)
    for outline in in_date_order(outlines):
        colour = colours[year_of(outline)]
        draw_outline(panels[2], outline.geometry, ground, colour=colour, width=1.3, fill=0.55)
    _label_all(panels[2], outlines, ground)
    _caption(page, panels[0], "Early", before)
    _caption(page, panels[1], "Late", after)
    _caption(page, panels[2], "Found", None, summary_of(outlines))
    draw_timeline(page, top + 0.47, outlines, colours, (scene_day(before), scene_day(after)))
    _footer(page, page.height - 0.42, [before, after], look, stretch)
    return page.png()


def _page(
    width: float,
    count: int,
    ground: Ground,
    dpi: int,
    title: str,
    subtitle: str,
    *,
    below: float,
) -> tuple[Page, list[Axes], float]:
    """Return a page with its title, `count` panels, and where the panels end (inches)."""
    panel = (width - 2 * MARGIN - (count - 1) * _GAP) / count
    height = panel * min(max(ground.aspect, 0.45), 1.4)
    lines = textwrap.wrap(title, int(width * 8.2)) or [""]
    start = 0.4 + 0.29 * len(lines) + (0.28 if subtitle else 0) + 0.46
    page = Page(width, start + height + below, dpi)
    page.words(MARGIN, 0.53, "\n".join(lines), size=16, bold=True)
    if subtitle:
        page.words(MARGIN, 0.57 + 0.29 * len(lines), subtitle, size=11.5, colour=MUTED)
    lefts = [MARGIN + index * (panel + _GAP) for index in range(count)]
    return page, [page.axes(left, start, panel, height) for left in lefts], start + height


def _panel(axes: Axes, scene: xr.Dataset | None, ground: Ground, stretch: Stretch) -> None:
    if scene is None:
        show_nothing(axes, ground, "no usable earlier picture")
        return
    show_picture(axes, to_rgb(scene, stretch), ground_of(scene))
    left, right, bottom, top = ground.extent
    axes.set(xlim=(left, right), ylim=(bottom, top))
    _furnish(axes, ground)


def _furnish(axes: Axes, ground: Ground) -> None:
    draw_scale_bar(axes, ground)
    draw_north_arrow(axes, ground)


def _caption(
    page: Page, axes: Axes, word: str, scene: xr.Dataset | None, note: str | None = None
) -> None:
    place = axes.get_position()
    line = (1 - place.y1) * page.height - 0.1
    page.words(place.x0 * page.width, line, word, size=12.5, bold=True)
    text = note if note is not None else (in_words(scene_day(scene)) if scene is not None else "")
    page.words(place.x1 * page.width, line, text, size=12, align="right", colour=MUTED)


def _footer(
    page: Page, top: float, scenes: Sequence[xr.Dataset], look: Look, stretch: Stretch
) -> None:
    notice = credit([scene_day(scene) for scene in scenes])
    page.words(MARGIN, top + 0.28, notice, size=9, colour=MUTED)
    colours = f"{_COLOUR_WORDS[look]} ({' '.join(stretch.bands)})"
    if len(scenes) > 1:
        colours += ", same stretch in both"
    unseen = any((to_rgb(scene, stretch)[..., 3] == 0).any() for scene in scenes)
    text = colours + (". Hatched: not observed" if unseen else "")
    page.words(page.width - MARGIN, top + 0.28, text, size=9, align="right", colour=MUTED)


def _label_all(axes: Axes, outlines: Sequence[Outline], ground: Ground) -> None:
    """Label the outlines, unless they are so many that the labels would hide the ground."""
    if len(outlines) <= _MOST_LABELS:
        for outline in outlines:
            draw_label(axes, outline.geometry, ground, outline.label)


def _faded(rgba: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a pale grey picture on which colours stand out."""
    grey = rgba[..., :3] @ np.asarray([0.30, 0.59, 0.11], np.float32)
    pale = 0.42 + 0.55 * grey
    return np.dstack([pale, pale, pale, rgba[..., 3]]).astype(np.float32)
