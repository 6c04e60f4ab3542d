"""Render the pictures from which the Romanian clearings were drawn.

The script only makes pictures; it detects nothing.  Run it as::

    python views.py FOLDER OUTPUT [--overlay romania_clearings.geojson]
    python views.py FOLDER OUTPUT --strip 24 58 2019-08-10 2020-07-10

The second form makes one small window (column, row, first date, last date) on all
its dates, to find between which two of them a clearing was cut.  ``FOLDER`` holds
``sentinel2_cube_subset_romania_10m.nc`` and ``sentinel2_cube_subset_romania_20m.nc``;
the PNG files go to ``OUTPUT``.
"""

from __future__ import annotations

import argparse
import json
from itertools import pairwise
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes

STEM = "sentinel2_cube_subset_romania"

#: Clear growing-season dates, chosen by eye from the contact sheets.
CLEAR = {
    2015: ["2015-08-31"],
    2016: ["2016-06-16", "2016-08-05", "2016-08-15"],
    2017: ["2017-06-06", "2017-07-01", "2017-07-06", "2017-07-11", "2017-07-31"],
    2018: ["2018-04-27", "2018-05-02", "2018-05-22", "2018-07-01"],
    2019: ["2019-06-16", "2019-07-01", "2019-07-06"],
    2020: ["2020-05-11", "2020-05-16", "2020-06-30", "2020-07-10"],
}

#: Early and late dates of one season, to look for clearings cut in leaf.
SEASON = [
    (["2017-06-06", "2017-07-06"], ["2017-08-05", "2017-08-15"]),
    (["2018-05-22", "2018-07-01"], ["2018-08-25", "2018-09-19"]),
    (["2019-06-16", "2019-07-06"], ["2019-08-10", "2019-08-20"]),
    (["2020-05-11", "2020-05-16"], ["2020-06-30", "2020-07-10"]),
    (["2020-05-16", "2020-06-30"], ["2020-08-04", "2020-08-29"]),
    (["2020-08-04", "2020-08-29"], ["2020-09-13", "2020-10-03"]),
]

#: Single dates on either side of the cutting seasons, to date the clearings.
SINGLE = [
    "2016-08-15",
    "2016-10-14",
    "2017-04-02",
    "2017-06-06",
    "2017-07-31",
    "2017-09-14",
    "2017-10-04",
    "2017-10-19",
    "2017-11-23",
    "2018-04-02",
    "2018-04-12",
    "2018-04-22",
    "2018-05-02",
    "2018-05-22",
    "2018-07-01",
    "2018-08-25",
    "2018-09-19",
    "2018-10-04",
    "2018-10-14",
    "2018-11-08",
    "2018-11-13",
    "2019-03-28",
    "2019-04-07",
    "2019-06-16",
    "2019-08-10",
    "2019-08-20",
    "2019-10-09",
    "2019-10-14",
    "2019-11-23",
    "2020-03-12",
    "2020-04-06",
    "2020-05-11",
    "2020-06-30",
    "2020-08-04",
    "2020-08-29",
    "2020-10-03",
    "2020-10-28",
    "2020-11-07",
    "2020-12-02",
    "2021-01-01",
]

#: Reflectance (times 10 000) shown as black and as white, for each channel.
TRUE = [("B4", 50, 1200), ("B3", 150, 1200), ("B2", 50, 900)]
FALSE = [("B8", 500, 5500), ("B11", 300, 3500), ("B4", 50, 1300)]
CONTACT_FALSE = [("B8", 300, 5000), ("B4", 50, 1600), ("B3", 100, 1600)]

#: First and last column, first and last row.
Window = tuple[int, int, int, int]


class Cube:
    """The two files as one stack of 10 m pictures.

    Parameters
    ----------
    folder : Path
        Folder with the 10 m and the 20 m file.
    """

    def __init__(self, folder: Path) -> None:
        ten = xr.open_dataset(folder / f"{STEM}_10m.nc", mask_and_scale=False)
        twenty = xr.open_dataset(folder / f"{STEM}_20m.nc", mask_and_scale=False)
        self.dates = [str(t)[:10] for t in ten.time.values]
        self.bands = {b: ten[b].values for b in ("B2", "B3", "B4", "B8")}
        b11 = twenty["B11"].values
        self.bands["B11"] = b11.repeat(2, axis=1).repeat(2, axis=2)

    def band(self, name: str, date: str) -> np.ndarray:
        """Return one band of one date as floating point."""
        return self.bands[name][self.dates.index(date)].astype(float)

    def picture(self, recipe: list[tuple[str, int, int]], dates: list[str]) -> np.ndarray:
        """Return an RGB picture: the median of the dates, stretched by the recipe.

        Parameters
        ----------
        recipe : list of (str, int, int)
            Band, reflectance shown as black, reflectance shown as white.
        dates : list of str
            One date, or the several of a composite.

        Returns
        -------
        numpy.ndarray
            Rows, columns, three channels between 0 and 1.
        """
        layers = []
        for name, low, high in recipe:
            value = np.median([self.band(name, d) for d in dates], axis=0)
            layers.append(np.clip((value - low) / (high - low), 0, 1) ** 0.7)
        return np.dstack(layers)


def ruler(ax: Axes, window: Window, step: int = 5) -> None:
    """Draw a ruler in pixel edges: column 0 starts at the left edge of the square."""
    c0, c1, r0, r1 = window
    ax.set_xlim(c0, c1)
    ax.set_ylim(r1, r0)
    ax.set_xticks(range(c0, c1 + 1, step))
    ax.set_yticks(range(r0, r1 + 1, step))
    ax.tick_params(labelsize=7, length=2, pad=1, top=True, labeltop=True)
    ax.grid(color="white", alpha=0.28, linewidth=0.5)


def show(ax: Axes, image: np.ndarray, window: Window, title: str) -> None:
    """Show a picture with its upper-left corner at (0, 0) and one unit per pixel."""
    rows, cols = image.shape[:2]
    ax.imshow(image, extent=(0, cols, rows, 0), interpolation="nearest")
    ruler(ax, window)
    ax.set_title(title, fontsize=9, pad=12)


def contact_sheets(cube: Cube, out: Path, per_sheet: int = 35) -> None:
    """Save small pictures of every date, in true and in false colour."""
    for label, recipe in (("true", TRUE), ("false", CONTACT_FALSE)):
        for first in range(0, len(cube.dates), per_sheet):
            dates = cube.dates[first : first + per_sheet]
            fig, axes = plt.subplots(5, 7, figsize=(15, 11.5))
            for ax in axes.flat:
                ax.axis("off")
            for ax, date in zip(axes.flat, dates, strict=False):
                ax.imshow(cube.picture(recipe, [date]), interpolation="nearest")
                ax.set_title(date, fontsize=8, pad=2)
            fig.tight_layout(pad=0.3)
            fig.savefig(out / f"contact_{label}_{first:03d}.png", dpi=80)
            plt.close(fig)


def quadrants(size: int = 100, half: int = 50, margin: int = 3) -> dict[str, Window]:
    """Return four windows (first and last column, first and last row) that overlap a little."""
    low, high = (0, half + margin), (half - margin, size)
    return {"nw": low + low, "ne": high + low, "sw": low + high, "se": high + high}


def annual_views(cube: Cube, out: Path) -> None:
    """Save, for each quadrant and each pair of years, the composites side by side."""
    years = sorted(CLEAR)
    for name, window in quadrants().items():
        for before, after in pairwise(years):
            fig, axes = plt.subplots(2, 2, figsize=(15.2, 15.6))
            for col, year in enumerate((before, after)):
                for row, (label, recipe) in enumerate((("true", TRUE), ("false", FALSE))):
                    image = cube.picture(recipe, CLEAR[year])
                    show(axes[row, col], image, window, f"{name} {year} {label}")
            fig.tight_layout(pad=0.5)
            fig.savefig(out / f"year_{name}_{before}_{after}.png", dpi=72)
            plt.close(fig)


def difference_views(cube: Cube, out: Path) -> None:
    """Save the change of red and of SWIR between years and within each season."""
    years = sorted(CLEAR)
    pairs = [(f"{a}_{b}", CLEAR[a], CLEAR[b]) for a, b in pairwise(years)]
    pairs += [(f"{a[-1]}_{b[-1]}", a, b) for a, b in SEASON]
    for label, before, after in pairs:
        fig, axes = plt.subplots(1, 2, figsize=(22, 11.5))
        for ax, (band, span) in zip(axes, (("B4", 500), ("B11", 1200)), strict=False):
            old, new = (
                np.median([cube.band(band, d) for d in dates], axis=0) for dates in (before, after)
            )
            change = new - old
            change -= np.median(change)
            show(ax, change, (0, 100, 0, 100), f"{band} {label}")
            ax.images[0].set(cmap="RdBu_r", clim=(-span, span))
        fig.tight_layout(pad=0.5)
        fig.savefig(out / f"difference_{label}.png", dpi=72)
        plt.close(fig)


def single_dates(cube: Cube, out: Path, dates: list[str] = SINGLE) -> None:
    """Save the whole square on single dates, two by two, each stretched by itself.

    The stretch runs from the 2nd to the 98th percentile of the date, so that dark
    autumn pictures can be read as well as bright spring ones.
    """
    for first, second in pairwise(dates):
        fig, axes = plt.subplots(1, 2, figsize=(21, 11))
        for ax, date in zip(axes, (first, second), strict=False):
            layers = []
            for name in ("B8", "B4", "B3"):
                value = cube.band(name, date)
                low, high = np.percentile(value, (2, 98))
                layers.append(np.clip((value - low) / (high - low), 0, 1))
            show(ax, np.dstack(layers), (0, 100, 0, 100), date)
        fig.tight_layout(pad=0.5)
        fig.savefig(out / f"single_{first}_{second}.png", dpi=72)
        plt.close(fig)


def date_strip(
    cube: Cube, out: Path, name: str, centre: tuple[int, int], dates: list[str], half: int = 11
) -> None:
    """Save one small window on successive dates, to date a clearing.

    Parameters
    ----------
    cube : Cube
        The pictures.
    out : Path
        Output folder.
    name : str
        Name of the file.
    centre : (int, int)
        Column and row of the middle of the window.
    dates : list of str
        Dates to show, in order.
    half : int, optional
        Half the width of the window in pixels.
    """
    col = min(max(centre[0], half), 100 - half)
    row = min(max(centre[1], half), 100 - half)
    window = (col - half, col + half, row - half, row + half)
    wide = 10
    deep = -(-len(dates) // wide)
    fig, axes = plt.subplots(2 * deep, wide, figsize=(1.9 * wide, 4.1 * deep), squeeze=False)
    for ax in axes.flat:
        ax.axis("off")
    for k, date in enumerate(dates):
        for line, recipe in enumerate((TRUE, CONTACT_FALSE)):
            ax = axes[2 * (k // wide) + line, k % wide]
            ax.axis("on")
            show(ax, cube.picture(recipe, [date]), window, "")
            ax.tick_params(labelsize=4, length=1, labeltop=False)
            ax.set_title(date, fontsize=8, pad=2)
    fig.tight_layout(pad=0.2)
    fig.savefig(out / f"dates_{name}.png", dpi=75)
    plt.close(fig)


def overlay(cube: Cube, out: Path, truth: Path) -> None:
    """Save the drawn polygons, by quadrant, over the composites before and after.

    A polygon is shown with the first composite that begins on or after its ``latest``
    date: yellow where the certainty is high, cyan where it is low.
    """
    features = json.loads(truth.read_text())["features"]
    years = sorted(CLEAR)
    for name, window in quadrants().items():
        for before, after in pairwise(years):
            fig, axes = plt.subplots(1, 2, figsize=(21, 11))
            for ax, year in zip(axes, (before, after), strict=True):
                image = cube.picture(TRUE, CLEAR[year])
                show(ax, image, window, f"{name} {year}, drawn for {after}")
                for feature in features:
                    item = feature["properties"]
                    if min(y for y in years if CLEAR[y][-1] >= item["latest"]) != after:
                        continue
                    ring = np.array(item["pixels"] + item["pixels"][:1])
                    colour = "yellow" if item["certainty"] == "high" else "cyan"
                    ax.plot(ring[:, 0], ring[:, 1], color=colour, linewidth=1.3)
                    middle = ring[:-1].mean(axis=0)
                    ax.text(*middle, item["id"][3:], color="white", fontsize=8, clip_on=True)
            fig.tight_layout(pad=0.5)
            fig.savefig(out / f"overlay_{name}_{before}_{after}.png", dpi=72)
            plt.close(fig)


def main() -> None:
    """Read the arguments and save the views."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder with the two .nc files")
    parser.add_argument("output", type=Path, help="folder for the pictures")
    parser.add_argument("--overlay", type=Path, help="drawn polygons, to check them")
    parser.add_argument("--strip", nargs=4, metavar=("COL", "ROW", "FIRST", "LAST"))
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    cube = Cube(args.folder)
    if args.strip:
        col, row, first, last = args.strip
        dates = [d for d in cube.dates if first <= d <= last]
        date_strip(cube, args.output, f"{col}_{row}", (int(col), int(row)), dates)
        return
    contact_sheets(cube, args.output)
    annual_views(cube, args.output)
    difference_views(cube, args.output)
    single_dates(cube, args.output)
    if args.overlay:
        overlay(cube, args.output, args.overlay)


if __name__ == "__main__":
    main()
