"""Series of settlements that are drawn, with burns at known looks: they rank nothing."""

from __future__ import annotations

import numpy as np

from benchmarks.peers.series import QUIET, SCORING, TUNING, Series

BANDS = ("B02", "B03", "B04", "B8A", "B11", "B12")
DRY = np.array([0.09, 0.13, 0.18, 0.28, 0.36, 0.30])
CHAR = np.array([0.04, 0.045, 0.05, 0.07, 0.12, 0.12])
START = np.datetime64("2019-01-01", "s")
STEP = np.timedelta64(5, "D")


def drawn(
    quiet: int,
    burned: int,
    history: int = 146,
    looks: int = 73,
    share: float = 0.6,
    noise: float = 0.04,
    pixels: int = 0,
    seed: int = 0,
) -> Series:
    """Return settlements of dry ground with a season, half of them to tune on.

    Parameters
    ----------
    quiet, burned : int
        Series of each kind; a burn falls in the first half of the monitored looks.
    history, looks : int
        Looks before and during monitoring, five days apart, half of them lost to cloud.
    share : float
        Share of the core that burns.
    noise : float
        Spread of ln reflectance from look to look: half of it shared by core and ring.
    pixels : int
        Pixels of the core; 0 for none.
    """
    rng = np.random.default_rng(seed)
    count, total = quiet + burned, history + looks
    times = START + STEP * np.arange(total)
    season = 0.15 * np.cos(2 * np.pi * np.arange(total) / 73)[None, :, None]
    ground = DRY * np.exp(0.1 * rng.normal(size=(count, 1, 1)) + season)
    haze = noise * rng.normal(size=(count, total, 1))
    onset = np.full(count, QUIET)
    onset[quiet:] = history + rng.integers(1, looks // 2, burned)
    after = (onset[:, None] != QUIET) & (np.arange(total) >= onset[:, None])
    char = np.where(after[..., None], share, 0.0)
    core = ground * (1 - char) + CHAR * char
    core = core * np.exp(haze + noise * rng.normal(size=core.shape))
    ring = ground * np.exp(haze + noise * rng.normal(size=core.shape))
    lost = rng.random((count, total)) < 0.5
    core[lost], ring[lost] = np.nan, np.nan
    group = np.where(np.arange(count) % 2 == 0, TUNING, SCORING)
    within = None
    if pixels:
        burnt = np.arange(pixels) < round(share * pixels)
        char_pixels = (after[..., None] & burnt)[..., None]
        spread = np.exp(0.05 * rng.normal(size=(count, 1, pixels, 1)))
        within = np.where(char_pixels, CHAR, ground[:, :, None] * spread)
        flicker = noise * rng.normal(size=within.shape)
        within = (within * np.exp(haze[:, :, None] + flicker)).astype(np.float32)
        within[lost] = np.nan
    return Series(
        BANDS,
        times,
        core.astype(np.float32),
        ring.astype(np.float32),
        onset.astype(np.int64),
        history,
        np.array([f"series {n}" for n in range(count)]),
        group,
        False,
        burned_pixels=within,
    )
