"""Two Landsat images of Taizhou and the pixels known to have changed or stayed between them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from scipy.stats import rankdata


@dataclass(frozen=True)
class Taizhou:
    """Digital numbers (band, y, x), and masks (y, x) of labelled pixels."""

    before: Any
    after: Any
    changed: Any
    unchanged: Any


def load(folder: Path) -> Taizhou:
    """Read images of 2000 and 2003, and the labels."""
    images = (_read(folder / f"{year}TM").astype(np.float64) for year in (2000, 2003))
    labels = (_read(folder / f"{name}.bmp")[0] > 0 for name in ("change", "unchanged"))
    return Taizhou(*images, *labels)


def plain_cva(before: Any, after: Any) -> Any:
    """Return the length of the difference of z-scored bands: plain change vector analysis."""
    first, second = (
        (one - one.mean((1, 2), keepdims=True)) / one.std((1, 2), keepdims=True)
        for one in (before, after)
    )
    return np.sqrt(((second - first) ** 2).sum(0))


def auc(score: Any, positive: Any, negative: Any) -> float:
    """Return the area under the ROC curve (Mann & Whitney 1947)."""
    ranks = rankdata(np.concatenate([score[positive], score[negative]]))
    hits, misses = int(positive.sum()), int(negative.sum())
    return float((ranks[:hits].sum() - hits * (hits + 1) / 2) / (hits * misses))


def _read(path: Path) -> Any:
    with rasterio.open(path) as source:
        return source.read()
