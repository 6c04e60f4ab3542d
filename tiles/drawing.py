"""What is drawn on and around a map panel: outlines, scale bar, north arrow, words.

Figures are built without pyplot, so nothing global is held or changed.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import odc.geo.xr  # noqa: F401  (gives datasets their `odc` accessor)
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Polygon, Rectangle
from matplotlib.path import Path as Outline2D
from matplotlib.patheffects import Normal, Stroke, withStroke
from matplotlib.transforms import Affine2D, ScaledTranslation, Transform
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from tiles.geodesy import CRS84, ground_scale, north_bearing, polygons, project

INK, MUTED, PAPER = "#1d2329", "#5b6670", "#ffffff"
MARGIN = 0.35

_UNSEEN = "#e4e6e8"
_HATCH = "#b4babf"
_HALO = 2.2


@dataclass(frozen=True, slots=True)
class Ground:
    """The ground a panel shows.

    Attributes
    ----------
    crs : str
    extent : tuple of float
        Left, right, bottom, top in units of `crs`.
    flipped : bool
        The array's first row is the southernmost.
    metres : tuple of float
        Metres on the ground per unit along x and y, in the middle.
    north : float
        True north, degrees clockwise from up.
    """

    crs: str
    extent: tuple[float, float, float, float]
    flipped: bool
    metres: tuple[float, float]
    north: float

    @property
    def aspect(self) -> float:
        """Height over width, on the ground."""
        left, right, bottom, top = self.extent
        return (top - bottom) * self.metres[1] / ((right - left) * self.metres[0])


def ground_of(scene: xr.Dataset) -> Ground:
    """Return the ground of a scene.

    Raises
    ------
    ValueError
        If it has no CRS, or its grid is turned against its axes.
    """
    geobox: GeoBox | None = scene.odc.geobox
    if geobox is None or geobox.crs is None:
        raise ValueError("a picture needs a scene with a CRS")
    _, skew_x, _, skew_y, y_step, _ = tuple(geobox.transform)[:6]
    if skew_x or skew_y:
        raise ValueError("a picture of a turned grid cannot be drawn")
    box, crs = geobox.boundingbox, str(geobox.crs)
    x, y = (box.left + box.right) / 2, (box.bottom + box.top) / 2
    return Ground(
        crs=crs,
        extent=(box.left, box.right, box.bottom, box.top),
        flipped=y_step > 0,
        metres=ground_scale(crs, x, y, min(box.right - box.left, box.top - box.bottom)),
        north=north_bearing(crs, x, y),
    )


class Page:
    """A figure measured in inches from its top left corner.

    Parameters
    ----------
    width, height : float
        Inches.
    dpi : int
        Pixels per inch.
    """

    def __init__(self, width: float, height: float, dpi: int) -> None:
        self.width, self.height = width, height
        self.figure = Figure(figsize=(width, height), dpi=dpi, facecolor=PAPER)
        self.canvas = FigureCanvasAgg(self.figure)

    def axes(self, left: float, top: float, width: float, height: float) -> Axes:
        """Return new axes at this place."""
        bottom = self.height - top - height
        return self.figure.add_axes(
            (left / self.width, bottom / self.height, width / self.width, height / self.height)
        )

    def words(
        self,
        left: float,
        line: float,
        text: str,
        *,
        size: float = 10,
        align: str = "left",
        colour: str = INK,
        bold: bool = False,
    ) -> None:
        """Write text, its first line standing on `line`; never read as a formula."""
        self.figure.text(
            left / self.width,
            1 - line / self.height,
            text,
            ha=align,
            va="baseline",
            fontsize=size,
            color=colour,
            fontweight="bold" if bold else "normal",
            linespacing=1.3,
            parse_math=False,
        )

    def png(self) -> bytes:
        """Return the page as a PNG without times or versions: the same page, the same bytes."""
        out = io.BytesIO()
        self.figure.savefig(out, format="png", metadata={"Software": None})
        return out.getvalue()


def show_picture(axes: Axes, rgba: NDArray[np.float32], ground: Ground) -> None:
    """Draw a picture; what was not observed is hatched."""
    _prepare(axes, ground)
    axes.patch.set(facecolor=_UNSEEN, edgecolor=_HATCH, hatch="////", linewidth=0)
    axes.imshow(
        rgba,
        extent=ground.extent,
        origin="lower" if ground.flipped else "upper",
        interpolation="nearest",
        aspect=ground.metres[1] / ground.metres[0],
        zorder=1,
    )


def show_nothing(axes: Axes, ground: Ground, text: str) -> None:
    """Draw an empty panel that says why it is empty."""
    _prepare(axes, ground)
    axes.set_aspect(ground.metres[1] / ground.metres[0])
    axes.set_facecolor(_UNSEEN)
    axes.text(
        0.5,
        0.5,
        text,
        transform=axes.transAxes,
        ha="center",
        va="center",
        fontsize=11,
        color=MUTED,
        parse_math=False,
    )


def draw_outline(
    axes: Axes,
    geometry: BaseGeometry,
    ground: Ground,
    *,
    colour: str,
    width: float = 1.6,
    dashed: bool = False,
    fill: float = 0.0,
) -> None:
    """Draw the areas of a CRS84 geometry; `fill` is the opacity inside, 0..1."""
    path = _path(project(geometry, CRS84, ground.crs))
    if path is None:
        return
    if fill:
        axes.add_patch(PathPatch(path, facecolor=colour, edgecolor="none", alpha=fill, zorder=3))
    halo = [Stroke(linewidth=width + 1.6, foreground="black", alpha=0.65), Normal()]
    axes.add_patch(
        PathPatch(
            path,
            facecolor="none",
            edgecolor=colour,
            linewidth=width,
            linestyle=(0, (3, 2)) if dashed else "solid",
            joinstyle="round",
            path_effects=None if dashed else halo,
            zorder=4,
        )
    )


def draw_label(axes: Axes, geometry: BaseGeometry, ground: Ground, text: str) -> None:
    """Write a short label above a CRS84 geometry."""
    west, _, east, north = project(geometry, CRS84, ground.crs).bounds
    axes.annotate(
        text,
        ((west + east) / 2, north),
        xytext=(0, 2),
        ha="center",
        textcoords="offset points",
        fontsize=8.5,
        fontweight="bold",
        color="white",
        annotation_clip=True,
        clip_on=True,
        parse_math=False,
        path_effects=[withStroke(linewidth=_HALO, foreground=INK)],
        zorder=6,
    )


def draw_scale_bar(axes: Axes, ground: Ground) -> None:
    """Draw a bar of a round length on the ground, at most 30 % of the panel, lower left."""
    left, right, _, _ = ground.extent
    span = (right - left) * ground.metres[0]
    metres = round_length(0.3 * span)
    share, inch = metres / span, _corner(axes, 0, 0)
    start, height, base = 0.16, 0.055, 0.16
    wide = share * axes.get_position().width * _figure(axes).get_size_inches()[0]
    for part, colour in ((0, "white"), (0.5, INK)):
        axes.add_patch(
            Rectangle(
                (start + part * wide, base),
                wide / 2,
                height,
                facecolor=colour,
                edgecolor="white",
                linewidth=0.8,
                transform=inch,
                zorder=7,
                path_effects=[withStroke(linewidth=_HALO, foreground=INK)],
            )
        )
    label = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"
    axes.text(
        start + wide / 2,
        base + height + 0.05,
        label,
        transform=inch,
        ha="center",
        va="bottom",
        fontsize=9,
        fontweight="bold",
        color="white",
        zorder=7,
        path_effects=[withStroke(linewidth=_HALO, foreground=INK)],
    )


def draw_north_arrow(axes: Axes, ground: Ground) -> None:
    """Draw an arrow to true north, upper right."""
    turn = Affine2D().rotate_deg(-ground.north).translate(-0.28, -0.4)
    place = turn + _corner(axes, 1, 1)
    for side, colour in ((-1, "white"), (1, INK)):
        half = [(0, 0.16), (side * 0.09, -0.14), (0, -0.08)]
        axes.add_patch(
            Polygon(
                half,
                closed=True,
                facecolor=colour,
                edgecolor="white",
                linewidth=0.8,
                transform=place,
                zorder=7,
                path_effects=[withStroke(linewidth=_HALO, foreground=INK)],
            )
        )
    axes.text(
        0,
        0.24,
        "N",
        transform=place,
        ha="center",
        va="center",
        fontsize=10,
        fontweight="bold",
        rotation=-ground.north,
        color="white",
        zorder=7,
        path_effects=[withStroke(linewidth=_HALO, foreground=INK)],
    )


def round_length(most: float) -> float:
    """Return the largest of 1, 2 or 5 times a power of ten that is not above `most`."""
    power = 10.0 ** np.floor(np.log10(most))
    return float(max(step * power for step in (1, 2, 5) if step * power <= most * (1 + 1e-9)))


def scene_day(scene: xr.Dataset) -> datetime:
    """Return the sensing time of a scene of one time step, aware UTC."""
    moment: datetime = np.atleast_1d(scene["time"].values)[0].astype("M8[s]").item()
    return moment.replace(tzinfo=UTC)


def credit(moments: Sequence[datetime]) -> str:
    """Return the notice that Copernicus asks for, with the years of the data shown."""
    years = sorted({moment.astimezone(UTC).year for moment in moments})
    span = f"{years[0]}-{years[-1]}" if years[0] < years[-1] else f"{years[0]}"
    return f"Contains modified Copernicus Sentinel data {span}"


def _prepare(axes: Axes, ground: Ground) -> None:
    left, right, bottom, top = ground.extent
    axes.set(xlim=(left, right), ylim=(bottom, top), xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set(color=INK, linewidth=0.8)


def _corner(axes: Axes, x: float, y: float) -> Transform:
    """Return the transform from inches to the display, counted from a corner of the axes."""
    point = ScaledTranslation(x, y, axes.transAxes)  # type: ignore[arg-type]
    return _figure(axes).dpi_scale_trans + point


def _figure(axes: Axes) -> Figure:
    figure = axes.get_figure(root=True)
    if figure is None:
        raise ValueError("the panel is on no page")
    return figure


def _path(geometry: BaseGeometry) -> Outline2D | None:
    rings = [
        np.asarray(ring.coords)[:, :2]
        for part in polygons(geometry)
        for ring in (part.exterior, *part.interiors)
    ]
    if not rings:
        return None
    return Outline2D.make_compound_path(*(Outline2D(ring, closed=True) for ring in rings))
