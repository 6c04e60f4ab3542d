"""COLD and S-CCD of pyxccd, on the bands they detect by: green, red, near and short wave infrared.

Both take reflectance times 10,000. A burn has less near infrared than expected; changes with more
do not count. COLD looks back over a whole series; it goes through it forwards, and tells a break
when as many looks in a row as it asks for are seen, so that is the look its statistic stands at.
S-CCD is given look after look. Of both the statistic is the size of the change over those looks:
the sum over bands of (median residual / root mean square)^2, not capped as S-CCD's own 16-bit
figure is; S-CCD's as a share of the 99 % point of chi-squared that it asks for by default, and only
where its changes point one way, as its own `sccd_identify` asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pyxccd import cold_detect_flex, sccd_detect_flex, sccd_update_flex
from scipy.stats import chi2

from benchmarks.peers.inputs import PARTS, band_input
from benchmarks.peers.methods import Method, Numbers, Setting, monitored
from benchmarks.peers.series import Series

SCALE, LAMBDA = 10_000, 20
_DETECTED = ("B03", "B04", "NIR", "B11", "B12")
_SINCE_1982 = 723_742
"""pyxccd counts days from this ordinal day."""
_ORDINAL_1970 = 719_163
WIDEST_ANGLE = 4500
"""Hundredths of a degree between the changes of successive looks."""
_CONSEQUENT = 6
"""Looks in a row that make a break by default, of both; S-CCD keeps its last six."""


FEWEST, YEAR_DAYS = 12, 366
"""Looks of history, over at least a year, that a first fit takes."""


class Asked(NamedTuple):
    """One series as pyxccd wants it: usable looks only."""

    looks: NDArray[np.int64]
    days: NDArray[np.int64]
    values: NDArray[np.int64]
    clear: NDArray[np.int64]
    bands: dict[str, int]


def cold(series: Series, part: str, settings: Sequence[Setting]) -> list[Numbers]:
    """Return, at the look that confirms a break, its size; 0 at other looks."""
    out = [np.full(series.core.shape[:2], np.nan) for _ in settings]
    for row, asked in _followed(series, part):
        for statistic, setting in zip(out, settings, strict=True):
            statistic[row] = 0.0
            for look, size in _breaks(asked, **setting.options):
                statistic[row, look] = size
    return [monitored(statistic, series) for statistic in out]


def _breaks(asked: Asked, conse: int, p_cg: float) -> list[tuple[int, float]]:
    found = cold_detect_flex(
        asked.days,
        asked.values,
        asked.clear,
        LAMBDA,
        p_cg=p_cg,
        conse=conse,
        **_screened(asked.bands),
    )
    out = []
    for segment in found:
        first = np.searchsorted(asked.days, segment["t_break"])
        last = first + conse - 1
        # A tail of fewer looks than asked for has a probability below 100.
        if segment["t_break"] == 0 or segment["change_prob"] < 100 or last >= len(asked.days):
            continue
        burned = segment["magnitude"][asked.bands["NIR"]] < 0
        size = float(np.sum((segment["magnitude"] / segment["rmse"]) ** 2))
        out.append((int(asked.looks[last]), size if burned else 0.0))
    return out


def sccd(series: Series, part: str, settings: Sequence[Setting]) -> list[Numbers]:
    """Return the size of the change over the anomalies at the end; 0 if they are too few."""
    run, size = _runs(series, part)
    unseen = np.where(np.isnan(size), np.nan, 0.0)
    out = [np.where(run >= setting.options["looks"], size, unseen) for setting in settings]
    return [monitored(statistic, series) for statistic in out]


# Its updates are the slowest thing here, and the same for every setting: both inputs are kept.
@lru_cache(maxsize=2)
def _runs(series: Series, part: str) -> tuple[NDArray[np.int64], Numbers]:
    """Return anomalies in a row at every look, and their size; both (series, look)."""
    shape = series.core.shape[:2]
    run, size = np.zeros(shape, np.int64), np.full(shape, np.nan)
    for row, asked in _followed(series, part):
        size[row] = 0.0
        for look, anomalies, change in _tails(asked, series.start):
            run[row, look], size[row, look] = anomalies, change
    return run, size


def _tails(asked: Asked, start: int) -> list[tuple[int, int, float]]:
    """Return look, number of anomalies in a row, and their size, of every monitored look."""
    options = _screened(asked.bands)
    first = int(np.searchsorted(asked.looks, start))
    past = asked.days[:first], asked.values[:first], asked.clear[:first]
    state = sccd_detect_flex(*past, LAMBDA, **options)
    out = []
    for n in range(first, len(asked.looks)):
        new = slice(n, n + 1)
        given = asked.days[new], asked.values[new], asked.clear[new]
        broken = np.size(state.rec_cg)
        state = sccd_update_flex(state, *given, LAMBDA, **options)
        after = np.size(state.rec_cg)
        model = _model(state)
        # For a fortnight after a break it keeps the model that was broken, and does not update it.
        if model is None or (after == broken and state.nrt_mode % 10 == 5):
            continue
        run, size = _size(model, state.min_rmse, asked.bands["NIR"])
        out.append((int(asked.looks[n]), run, size))
    return out


def _model(state: Any) -> Any:
    if state.nrt_mode % 10 not in (1, 3, 5) or not np.size(state.nrt_model):
        return None
    return np.atleast_1d(state.nrt_model)[0]


def _size(model: Any, least: NDArray[np.float32], near: int) -> tuple[int, float]:
    run = min(int(model["anomaly_conse"]), _CONSEQUENT)
    if run == 0:
        return 0, 0.0
    days = model["obs_date_since1982"][_CONSEQUENT - run : _CONSEQUENT].astype(np.int64)
    seen = model["obs"][:, _CONSEQUENT - run : _CONSEQUENT].astype(np.float64)
    residual = np.median(seen - _predicted(model["nrt_coefs"], days + _SINCE_1982), axis=1)
    if residual[near] >= 0 or model["cm_angle"] > WIDEST_ANGLE:
        return run, 0.0
    coefficients = model["nrt_coefs"].shape[1]
    freedom = max(int(model["num_obs"]) - coefficients, 1)
    deviation = np.maximum(np.sqrt(model["rmse_sum"] / freedom), least[: len(residual)])
    usual = float(chi2.ppf(0.99, len(residual)))
    return run, float(np.sum((residual / deviation) ** 2)) / usual


def _predicted(coefficients: NDArray[np.float32], days: NDArray[np.int64]) -> Numbers:
    """Return what a model expects, shape (band, day), as `pyxccd.utils.predict_ref` does."""
    angle = days * (2 * np.pi / 365.25)
    waves = [wave(k * angle) for k in (1, 2, 3) for wave in (np.cos, np.sin)]
    design = np.stack([np.ones_like(angle), days / 10_000, *waves])
    return np.asarray(coefficients @ design[: coefficients.shape[1]])


def _followed(series: Series, part: str) -> Iterator[tuple[int, Asked]]:
    """Yield the series that pyxccd can follow; the others have no statistic.

    pyxccd 1.1.0 ends the process on a gap of years, and raises where there is too little history.
    """
    for row, asked in enumerate(_asked(series, part)):
        history = asked.days[asked.looks < series.start]
        enough = len(history) >= FEWEST and history[-1] - history[0] >= YEAR_DAYS
        if enough and np.diff(asked.days).max() < YEAR_DAYS:
            yield row, asked


def _asked(series: Series, part: str) -> list[Asked]:
    near = "B8A" if "B8A" in series.bands else "B08"
    names = tuple(near if band == "NIR" else band for band in _DETECTED)
    names = tuple(band for band in names if band in series.bands)
    values = band_input(series, part, names)
    days = series.times.astype("datetime64[D]").astype(np.int64) + _ORDINAL_1970
    bands = {"NIR" if band == near else band: index for index, band in enumerate(names)}
    out = []
    for one in values:
        looks = np.flatnonzero(np.isfinite(one).all(axis=1))
        # Two looks of one day cannot both be kept: both methods count in days.
        looks = looks[np.unique(days[looks], return_index=True)[1]]
        scaled = np.rint(one[looks] * SCALE).astype(np.int64)
        out.append(Asked(looks, days[looks], scaled, np.zeros(len(looks), np.int64), bands))
    return out


def _screened(bands: dict[str, int]) -> dict[str, int]:
    """Return the bands, counted from one, by which outliers of the first fit are left out."""
    green, short = bands.get("B03", 0), bands.get("B11", 0)
    return {"tmask_b1_index": green + 1, "tmask_b2_index": short + 1}


def _cold(conse: int, p_cg: float) -> Setting:
    return Setting(f"{conse} looks, p {p_cg}", {"conse": conse, "p_cg": p_cg})


def _sccd(looks: int) -> Setting:
    return Setting(f"{looks} looks", {"looks": looks})


COLD = Method(
    "COLD",
    (_cold(6, 0.99), _cold(4, 0.99), _cold(3, 0.99), _cold(2, 0.9)),
    PARTS,
    0.0,
    cold,
)
SCCD = Method("S-CCD", (_sccd(6), _sccd(4), _sccd(3), _sccd(2)), PARTS, 1.0, sccd)
CONTINUOUS = (COLD, SCCD)
