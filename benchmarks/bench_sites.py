"""Known camps: recall of growth by looks, and false words on camps that stay as they are.

``python benchmarks/bench_sites.py [--write]``. *Drawn* curves have errors of a chosen size: their
rates are of the drawing, not of real places. On real pixels sites are laid over ground where
nothing changed, and camps are implanted (:mod:`benchmarks.site_ground`).
"""

from __future__ import annotations

import argparse
import functools
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from benchmarks import site_ground  # noqa: E402
from benchmarks.site_ground import Arm, Told, fields, resampled  # noqa: E402
from detectors.baseline import YEAR_S  # noqa: E402
from detectors.camp_sites import CampSites  # noqa: E402
from detectors.types import DetectorState, Finding, SiteChange  # noqa: E402
from hearthwatch.evaluation.intervals import poisson, wilson  # noqa: E402
from hearthwatch.exercise.residues import Group  # noqa: E402
from tests.support.drawn_sites import Drawn, Followed, moves, steady  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results" / "sites.md"
FIELDS = ROOT.parent / "shared/data/s2-worldcereal-belgium/worldcereal_preprocessed_inputs.nc"
SHARE, CHANGE, YEARS, CAMPS, NULLS = 0.3, 700.0, 3, 40, 150
NOISE = ((0.005, 0.003, 0.005), (0.01, 0.005, 0.01), (0.02, 0.01, 0.02))
"""Standard deviations of a look, of the weather, and of the season, shares of the ground."""
GROWTH = (0.2, 0.5, -0.3, -1.0)
LOOKS = (4, 6, 8)
LOST = 0.3
BUDGET = 5.0
MADE_YEARS, TURNS = 4.0, 4
TOLD = (DetectorState.PROBABLE, DetectorState.ESTABLISHED)
"""An episode may come to the second at once: what is counted for the first is either."""
GREW = (SiteChange.NEW, SiteChange.EXPANDED, SiteChange.REOCCUPIED)


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
    parser.add_argument("--sample", type=Path, default=ROOT / "var" / "sample")
    parser.add_argument("--worlds", type=int, default=12, help="resampled worlds of each kind")
    parser.add_argument("--base", type=int, default=1000, help="first seed of what is scored")
    asked = parser.parse_args()
    text = "# Known camps\n"
    grounds = functools.partial(_grounds, asked.sample, asked.worlds, asked.base)
    for part in (_drawn, grounds):
        lines = "\n".join(["", *part(), ""])
        text += lines
        sys.stdout.write(lines)
        sys.stdout.flush()
    if asked.write:
        RESULTS.write_text(text, encoding="utf-8")


def _drawn() -> list[str]:
    days = [float(d) for d in np.arange(0, 365 * YEARS, 5)]
    days = [d for d in days if np.random.default_rng(int(d)).random() > LOST]
    lines = [
        f"Drawn camps of 6 ha in 20 ha measured, a look every 5 days of which {LOST:.0%} are lost, "
        f"followed for {CHANGE:.0f} days before the change; {CAMPS} camps each. Found: a word of "
        "site change, four looks or more (95 % Wilson).", "",
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
              "| error of a look (share) | PROBABLE or more per 1,000 place-years | ESTABLISHED |",
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
    return [_rate(taken.told, states, NULLS * YEARS) for states in (TOLD, TOLD[1:])]


def _of(curves: Any, noise: tuple[float, float, float], seed: int) -> Drawn:
    own, weather, season = noise
    return Drawn(curves, seed=seed, own=own, weather=weather, season=season)


def _grounds(sample: Path, worlds: int, base: int) -> list[str]:
    """Follow sites on real pixels, and tell what was said of those of which nothing was true."""
    square = site_ground.real_square(sample)
    donors = site_ground.donors_of(square)
    lines = [
        "## Real pixels", "",
        "False: an episode at a place where nothing changed, by the states it reached. "
        "*Real* looks are those at one square kilometre of Romania, where no clearing was drawn "
        "on the site within three years before or a month after; sites 50 m apart share most "
        "of their ground, so the interval is too narrow. *Resampled* years are made of the same "
        "looks; pixels that were ever cleared bear the series of the nearest that was not, but for "
        "the row *as it is*, in which steps of years of clearing are left in. "
        "The rules were chosen by the western half and the tuning worlds, the number of looks "
        "after a scoring of seeds 1000 on: these are seeds "
        f"{base} on.", "",
        "| ground | what lies there | place-years | PROBABLE or more per 1,000 | ESTABLISHED | "
        "looks judged | expanded or new | contracted or closed |",
        "|---|---|---|---|---|---|---|---|",
        *_real(square),
    ]  # fmt: skip
    quiet = site_ground.mended(square, donors)
    for name, group, first, made_of in (
        ("resampled as it is, tuning", Group.TUNING, 0, donors),
        ("resampled, tuning", Group.TUNING, 0, quiet),
        ("resampled, scoring", Group.SCORING, base, quiet),
    ):
        seeds = range(first, first + worlds)
        made = [resampled(square, made_of, group, n, Arm.EMPTY, MADE_YEARS) for n in seeds]
        lines.append(_quiet(name, Arm.EMPTY, made))
    few = range(base, base + worlds)
    steady = [resampled(square, quiet, Group.SCORING, n, Arm.STEADY, MADE_YEARS) for n in few]
    lines.append(_quiet("resampled, scoring", Arm.STEADY, steady))
    if FIELDS.is_file():
        for arm in (Arm.EMPTY, Arm.STEADY):
            turned = [fields(FIELDS, Group.SCORING, n, arm, TURNS) for n in range(TURNS)]
            lines.append(_quiet("Belgian fields", arm, turned))
    moving = [resampled(square, quiet, Group.SCORING, n, Arm.MOVES, MADE_YEARS) for n in few]
    return [*lines, "", *_moves(moving), *_sizes(steady)]


def _real(square: Any) -> list[str]:
    told, quiet, west = site_ground.real_quiet(square)
    days = told.curves.days
    training = CampSites().parameters.trend.training
    gaps = np.diff([day.timestamp() for day in days])[training - 1 :, None] / YEAR_S
    followed = gaps * (quiet[training:] & quiet[training - 1 : -1])
    judged = np.array(told.curves.judged)
    lines = []
    for name, half in (("real, west (tuning)", west), ("real, east (scoring)", ~west)):
        said = [one for day, one in told.curves.told
                if quiet[days.index(day), int(one.place)] and half[int(one.place)]]  # fmt: skip
        lines.append(_row(name, Arm.EMPTY, float(followed[:, half].sum()), [said],
                          float(judged[quiet & half].mean())))  # fmt: skip
    return lines


def _quiet(ground: str, arm: Arm, worlds: list[Told]) -> str:
    said = [[one for _, one in world.curves.told] for world in worlds]
    judged = np.concatenate([np.array(world.curves.judged).ravel() for world in worlds])
    return _row(ground, arm, sum(world.years for world in worlds), said, float(judged.mean()))


def _row(ground: str, arm: Arm, years: float, said: list[list[Finding]], judged: float) -> str:
    probable, established = (
        {(n, one.place, one.object): one.change for n, told in enumerate(said)
                for one in told if one.state in states}
        for states in (TOLD, TOLD[1:])
    )  # fmt: skip
    rates = " | ".join(_per_thousand(len(found), years) for found in (probable, established))
    words = list(probable.values())
    grew = sum(one in GREW for one in words)
    return (f"| {ground} | {arm} | {years:.0f} | {rates} | {judged:.0%} | {grew} | "
            f"{len(words) - grew} |")  # fmt: skip


def _moves(worlds: list[Told]) -> list[str]:
    """Tell how many camps that open, and close, were given their word in time."""
    lines = ["Camps of 2 to 4 ha that open and close on resampled ground: given a word of growth, "
             "or of shrinking, within so many looks that told site and surroundings apart, the "
             "first with most of the change counted (95 % Wilson).", "",
             "| | " + " | ".join(f"within {n} looks" for n in LOOKS) + " |",
             "|---|" + "---|" * len(LOOKS)]  # fmt: skip
    for name, grows in (("opens", True), ("closes", False)):
        took = [n for world in worlds for n in _took(world, grows=grows)]
        cells = [wilson(sum(n <= most for n in took), len(took)) for most in LOOKS]
        lines.append(f"| {name} ({len(took)}) | " + " | ".join(
            f"{sum(n <= most for n in took) / len(took):.2f} [{ends.low:.2f}, {ends.high:.2f}]"
            for most, ends in zip(LOOKS, cells, strict=True)) + " |")  # fmt: skip
    return lines


def _took(world: Told, *, grows: bool) -> list[float]:
    """Return for each camp how many looks its word took; infinity where it never came."""
    out: list[float] = []
    shows = np.isfinite(np.array(world.shares))
    for site in range(world.curves.sites):
        size = world.camps[:, site]
        full = size.max()
        grown = np.flatnonzero(size >= 0.5 * full)
        begun = int(grown[0]) if grows else int(grown[-1]) + 1
        days = world.curves.days
        word = [days.index(day) for day, one in world.curves.told
                if int(one.place) == site and one.change is not None
                and (one.change in GREW) is grows and days.index(day) >= begun]  # fmt: skip
        out.append(float(shows[begun : word[0] + 1, site].sum()) if word else np.inf)
    return out


def _sizes(worlds: list[Told]) -> list[str]:
    """Tell how the areas of steady camps compare with the truth."""
    seen = np.concatenate([world.curves.hectares[-1] for world in worlds])
    camps, touched = (
        np.concatenate([getattr(world, name)[-1] for world in worlds])
        for name in ("camps", "touched")
    )
    known = np.isfinite(seen) & (camps > 0.0)
    return ["", f"Area of {int(known.sum())} camps that stay, at the last look: "
            f"{np.median(seen[known] / camps[known]):.2f} times the camp's own ground (median), "
            f"and {np.median(seen[known] / touched[known]):.2f} times the ground of which a tenth "
            "or more is built on or laid bare, with the wood cut round it: that is what is "
            "measured."]  # fmt: skip


def _share(found: int) -> str:
    ends = wilson(found, CAMPS)
    return f"{found / CAMPS:.2f} [{ends.low:.2f}, {ends.high:.2f}]"


def _per_thousand(count: int, years: float) -> str:
    ends = poisson(count)
    low, high = (1000.0 * end / years for end in (ends.low, ends.high))
    return f"{1000.0 * count / years:.1f} [{low:.1f}, {high:.1f}] ({count})"


def _rate(told: Any, states: tuple[DetectorState, ...], years: int) -> str:
    count = len({(one.place, one.object) for _, one in told if one.state in states})
    ends = poisson(count)
    low, high = (1000.0 * end / years for end in (ends.low, ends.high))
    return f"{1000.0 * count / years:.1f} [{low:.1f}, {high:.1f}] ({count} in {years:,})"


if __name__ == "__main__":
    main()
