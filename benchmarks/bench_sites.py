"""Known camps: recall of growth by looks, and false words on camps that stay as they are.

``python benchmarks/bench_sites.py [--write]``. *Drawn* curves have errors of a chosen size: their
rates are of the drawing, not of real places. *Real* farmland is followed as it is.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import h5py  # noqa: E402
import numpy as np  # noqa: E402
from odc.geo.geobox import GeoBox  # noqa: E402
from shapely.geometry import Point, box  # noqa: E402

from detectors.camp_sites import CampSites  # noqa: E402
from detectors.site_area import NAMES, site_features  # noqa: E402
from detectors.types import DetectorState, Features, PlaceFeatures  # noqa: E402
from hearthwatch.evaluation.intervals import poisson, wilson  # noqa: E402
from tests.science.belgian_fields import BANDS, EPOCH, EPSG, _laid  # noqa: E402
from tests.science.laid_sites import follow, lay_sites  # noqa: E402
from tests.support.drawn_sites import Drawn, Followed, moves, steady  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results" / "sites.md"
FIELDS = ROOT.parent / "shared/data/s2-worldcereal-belgium/worldcereal_preprocessed_inputs.nc"
SHARE, CHANGE, YEARS, CAMPS, NULLS = 0.3, 700.0, 3, 40, 150
NOISE = ((0.005, 0.003, 0.005), (0.01, 0.005, 0.01), (0.02, 0.01, 0.02))
"""Standard deviations of a look, of the weather, and of the season, shares of the ground."""
GROWTH = (0.2, 0.5, -0.3, -1.0)
LOOKS = (4, 8)
LOST = 0.3
BUDGET = 5.0


@dataclass(frozen=True)
class Recall:
    """Of camps that change by a factor: how many were given a word within so many looks."""

    noise: float
    growth: float
    found: tuple[int, ...]


def main() -> None:
    """Measure, print, and write if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write benchmarks/results/sites.md")
    write = parser.parse_args().write
    text = "\n".join(["# Known camps", "", *_drawn(), *_fields()]) + "\n"
    sys.stdout.write(text)
    if write:
        RESULTS.write_text(text, encoding="utf-8")


def _drawn() -> list[str]:
    days = [float(d) for d in np.arange(0, 365 * YEARS, 5)]
    days = [d for d in days if np.random.default_rng(int(d)).random() > LOST]
    lines = [
        f"Drawn camps of 6 ha in 20 ha measured, a look every 5 days of which {LOST:.0%} are lost, "
        f"followed for {CHANGE:.0f} days before the change; {CAMPS} camps each. Found: a word of "
        "site change, three looks or more (95 % Wilson).", "",
        "| error of a look (share) | change of area | " + " | ".join(
            f"found within {n} looks" for n in LOOKS) + " |",
        "|---|---|" + "---|" * len(LOOKS),
    ]  # fmt: skip
    for noise in NOISE:
        for growth in GROWTH:
            one = recall(days, noise, growth)
            lines.append(f"| {noise[0]} | {growth:+.0%} | " + " | ".join(map(_share, one.found))
                         + " |")  # fmt: skip
    lines += ["", f"Drawn camps that stay as they are, {NULLS} for {YEARS} years each (95 % "
              "Poisson); the budget of PROBABLE is "
              f"{BUDGET:.0f} per 1,000 place-years.", "",
              "| error of a look (share) | PROBABLE per 1,000 place-years | ESTABLISHED |",
              "|---|---|---|"]  # fmt: skip
    for noise in NOISE:
        lines.append(f"| {noise[0]} | " + " | ".join(false_words(days, noise)) + " |")
    return lines


def recall(days: list[float], noise: tuple[float, float, float], growth: float) -> Recall:
    """Follow camps that change, and count those given a word within each number of looks."""
    curves = [moves(SHARE, SHARE * (1.0 + growth), CHANGE)] * CAMPS
    taken = Followed().take(_of(curves, noise, seed=1).looks(days))
    after = [day for day in days if day >= CHANGE]
    first = {
        camp: min((d for d, o in taken.of(camp) if o.change and d >= CHANGE), default=np.inf)
        for camp in range(CAMPS)
    }
    return Recall(
        noise[0], growth, tuple(sum(d <= after[n - 1] for d in first.values()) for n in LOOKS)
    )


def false_words(days: list[float], noise: tuple[float, float, float]) -> list[str]:
    """Follow camps that stay, and return the rate of episodes that reached each state."""
    taken = Followed().take(_of([steady(SHARE)] * NULLS, noise, seed=2).looks(days))
    return [_rate(taken.told, state, NULLS * YEARS) for state in
            (DetectorState.PROBABLE, DetectorState.ESTABLISHED)]  # fmt: skip


def _of(curves: Any, noise: tuple[float, float, float], seed: int) -> Drawn:
    own, weather, season = noise
    return Drawn(curves, seed=seed, own=own, weather=weather, season=season)


def _fields() -> list[str]:
    """Follow sites laid on real Belgian fields, of which none is a camp."""
    if not FIELDS.is_file():
        return []
    with h5py.File(FIELDS) as file:
        months = [float(day) for day in file["t"][:]]
        west, north = float(file["x"][0]) - 5.0, float(file["y"][0]) + 5.0
        raw = np.stack([file[f"S2-L2A-{band}"][:] for band in BANDS], axis=1)
    reflectance = np.where(raw < 0, np.nan, raw / 10_000.0).astype(np.float32)
    square = box(west, north - 1000.0, west + 1000.0, north)
    cores = [
        Point(west + x, north - y).buffer(50.0)
        for x in np.arange(150.0, 851.0, 100.0) for y in np.arange(150.0, 851.0, 100.0)
    ]  # fmt: skip
    places, window = lay_sites(cores, square, EPSG)
    looks = [_look(day, month, places, window, west, north)
             for day, month in zip(months, reflectance, strict=True)]  # fmt: skip
    curves = follow(looks, window)
    judged = np.array(curves.judged)
    reached = [
        len({(o.place, o.object) for _, o in curves.told if o.state is state})
        for state in (DetectorState.WATCH, DetectorState.PROBABLE, DetectorState.ESTABLISHED)
    ]
    return [
        "", "Real farmland in Belgium, twelve monthly composites, "
        f"{len(cores)} sites laid over fields that are sown, harvested and ploughed: "
        f"{int(judged.sum())} looks judged of {judged.size}; WATCH {reached[0]}, PROBABLE "
        f"{reached[1]}, ESTABLISHED {reached[2]}. A rate per year is not established by them; "
        "where no look is judged, they show that nothing is said of such ground, and no more.",
    ]  # fmt: skip


def _look(
    day: float, month: Any, places: Any, window: GeoBox, west: float, north: float
) -> Features:
    pixels = _laid(month, window, west, north)
    clear = np.isfinite(pixels).all(0)
    rules = CampSites().parameters.area
    values, seen = site_features(pixels, clear, np.ones(clear.shape, bool), BANDS, places, rules)
    count = len(places.ids)
    return Features(
        f"month-{day:.0f}", EPOCH + timedelta(days=day), NAMES, 1.0, {},
        places=PlaceFeatures(
            places.ids, places.placebo, values, tuple(BANDS), seen, np.full(count, 0.02),
            ("",) * count, np.diff(places.starts)[::17],
        ),
    )  # fmt: skip


def _share(found: int) -> str:
    ends = wilson(found, CAMPS)
    return f"{found / CAMPS:.2f} [{ends.low:.2f}, {ends.high:.2f}]"


def _rate(told: Any, state: DetectorState, years: int) -> str:
    count = len({(one.place, one.object) for _, one in told if one.state is state})
    ends = poisson(count)
    low, high = (1000.0 * end / years for end in (ends.low, ends.high))
    return f"{1000.0 * count / years:.1f} [{low:.1f}, {high:.1f}] ({count} in {years:,})"


if __name__ == "__main__":
    main()
