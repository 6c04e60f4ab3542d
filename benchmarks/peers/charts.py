"""The monitors of nrt 0.3.0, each on one index: EWMA, CuSum, MoSum and CCDC.

The index rises where burned, so that only its rise counts: a monitor that would alarm either way
is spared half of its false alarms. Series lie along x of an image one pixel high.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
import xarray as xr
from nrt.monitor.ccdc import CCDC
from nrt.monitor.cusum import CuSum
from nrt.monitor.ewma import EWMA
from nrt.monitor.mosum import MoSum
from numpy.typing import NDArray

from benchmarks.peers.inputs import INDEX_INPUTS, index_input
from benchmarks.peers.methods import AT_LEAST_ONE, Method, Numbers, Setting, monitored
from benchmarks.peers.rules import lowest_of_last
from benchmarks.peers.series import Series

MONITORED, UNSTABLE = 1, 2
"""Values of nrt's mask."""


def process_over_boundary(
    kind: type[Any], series: Series, name: str, settings: Sequence[Setting]
) -> list[Numbers]:
    """Return nrt's process as a share of its boundary: its own alarm is a share of 1."""
    values = index_input(series, name)
    out = []
    for setting in settings:
        monitor = _fitted(kind, series, values, setting)
        statistic = np.full(values.shape, np.nan)
        for look in range(series.start, values.shape[1]):
            image = values[:, look][None]
            monitor.monitor(image, _day(series.times[look]), update_mask=False)
            watched = (monitor.mask == MONITORED) & np.isfinite(image)
            with np.errstate(divide="ignore", invalid="ignore"):
                share = monitor.process / monitor.boundary
            statistic[:, look] = np.where(watched, share, np.nan)[0]
        out.append(monitored(statistic, series))
    return out


def ccdc(series: Series, name: str, settings: Sequence[Setting]) -> list[Numbers]:
    """Return the least residual, over the nrt's root mean square, of the last looks.

    CCDC alarms where that many looks in a row exceed its sensitivity: where this exceeds it.
    """
    values = index_input(series, name)
    out = []
    for setting in settings:
        monitor = _fitted(CCDC, series, values, setting)
        residual = np.full(values.shape, np.nan)
        for look in range(series.start, values.shape[1]):
            rise = values[:, look] - monitor.predict(_day(series.times[look]))[0]
            with np.errstate(divide="ignore", invalid="ignore"):
                residual[:, look] = rise / monitor.rmse[0]
        residual[(monitor.mask != MONITORED)[0]] = np.nan
        lowest = lowest_of_last(residual, setting.options["looks"])
        out.append(monitored(lowest, series))
    return out


def _fitted(kind: type[Any], series: Series, values: Numbers, setting: Setting) -> Any:
    """Return a monitor fitted to the looks before monitoring starts."""
    options = setting.options
    monitor = kind(**options.get("make", {}))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        # It warns of series too short to fit; they are left out of its mask.
        warnings.simplefilter("ignore")
        monitor.fit(
            dataarray=_cube(series, values),
            **options.get("fit", {}),
            **_screen(series, kind, options),
        )
    if options.get("keep_unstable"):
        monitor.mask[monitor.mask == UNSTABLE] = MONITORED
    return monitor


def _screen(series: Series, kind: type[Any], options: Any) -> dict[str, Any]:
    """Return green and short wave infrared for the clouds that CCDC screens out by default."""
    if kind is not CCDC or "screen_outliers" in options.get("fit", {}):
        return {}
    if not {"B03", "B11"} <= set(series.bands):
        return {"screen_outliers": None}
    seen = series.usable
    return {
        word: _cube(series, np.where(seen, series.core[..., series.band(band)], np.nan))
        for word, band in (("green", "B03"), ("swir", "B11"))
    }


def _cube(series: Series, values: NDArray[Any]) -> xr.DataArray:
    return xr.DataArray(
        values[:, : series.start].T[:, None].astype(np.float64),
        dims=("time", "y", "x"),
        coords={
            "time": series.times[: series.start].astype("datetime64[ns]"),
            "y": [0],
            "x": np.arange(len(series)),
        },
    )


def _day(time: np.datetime64) -> datetime:
    return datetime.fromisoformat(str(time.astype("datetime64[s]")))


def _chart(kind: type[Any], settings: tuple[Setting, ...]) -> Method:
    def run(series: Series, name: str, chosen: Sequence[Setting]) -> list[Numbers]:
        return process_over_boundary(kind, series, name, chosen)

    return Method(f"nrt {kind.__name__}", settings, INDEX_INPUTS, AT_LEAST_ONE, run)


def _ewma(weight: float, words: str) -> Setting:
    # nrt drops residuals above ten deviations as outliers: a burn can be one.
    make = {"lambda_": weight, "threshold_outlier": np.inf, "trend": False}
    return Setting(words, {"make": make, "keep_unstable": True})


def _plain(words: str, **make: Any) -> Setting:
    return Setting(words, {"make": {"trend": False, **make}, "fit": {"method": "OLS"}})


def _runs(looks: int) -> Setting:
    fit = {"method": "OLS", "screen_outliers": None}
    words = f"least squares, no trend, {looks} looks"
    return Setting(words, {"make": {"trend": False}, "fit": fit, "looks": looks})


DEFAULT = "its defaults"
EWMA_CHART = _chart(
    EWMA,
    (
        Setting(DEFAULT),
        _ewma(0.3, "weight 0.3, no trend, no outliers dropped"),
        _ewma(0.6, "weight 0.6, no trend, no outliers dropped"),
        _ewma(0.9, "weight 0.9, no trend, no outliers dropped"),
    ),
)
CUSUM_CHART = _chart(
    CuSum,
    (
        Setting(DEFAULT),
        Setting("least squares", {"fit": {"method": "OLS"}}),
        _plain("least squares, no trend"),
        _plain("least squares, no trend, 1 harmonic", harmonic_order=1),
    ),
)
MOSUM_CHART = _chart(
    MoSum,
    (
        Setting(DEFAULT),
        Setting("least squares", {"fit": {"method": "OLS"}}),
        _plain("least squares, no trend"),
        _plain("least squares, no trend, 1 harmonic", harmonic_order=1),
    ),
)
CCDC_RUN = Method(
    "nrt CCDC",
    (Setting(DEFAULT, {"looks": 3}), _runs(2), _runs(3), _runs(4)),
    INDEX_INPUTS,
    3.0,
    ccdc,
)
CHARTS = (EWMA_CHART, CUSUM_CHART, MOSUM_CHART, CCDC_RUN)
