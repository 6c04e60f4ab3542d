"""The scripts that run on Sentinel Hub's side: they hand bands through and change nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache

from imagery.hub.products import CLASSES

MASK = "dataMask"
STATISTICS = "bands"
"""Name of the output that statistics are made of."""

FIRST_USABLE, LAST_USABLE = 2, 7
"""Classes that count: dark and unclassified ground too, burnt ground is that; no cloud, no snow."""

_PIXELS = """//VERSION=3
function setup() {{
  return {{
    input: [{{bands: {bands}, units: {units}}}],
    output: {{bands: {count}, sampleType: "{kind}"}},
    mosaicking: "SIMPLE"
  }};
}}
function evaluatePixel(sample) {{
  return [{samples}];
}}
"""

_STATISTICS = """//VERSION=3
function setup() {{
  return {{
    input: [{{bands: {inputs}, units: {units}}}],
    output: [
      {{id: "{output}", bands: {bands}, sampleType: "{kind}"}},
      {{id: "dataMask", bands: 1}}
    ],
    mosaicking: "SIMPLE"
  }};
}}
function evaluatePixel(sample) {{
  return {{
    {output}: [{samples}],
    dataMask: [{mask}]
  }};
}}
"""


@lru_cache(maxsize=64)
def pixels_script(bands: Sequence[str], radar: bool) -> str:
    """Return the script that gives `bands` and the data mask after them, as they are."""
    with_mask = (*bands, MASK)
    return _PIXELS.format(
        bands=json.dumps(with_mask),
        units=_units(bands, radar),
        count=len(with_mask),
        kind=_kind(radar),
        samples=_samples(with_mask),
    )


@lru_cache(maxsize=64)
def statistics_script(bands: Sequence[str], radar: bool) -> str:
    """Return the script whose output is summed up per day; clouds do not count."""
    helpers = () if radar else (CLASSES,)
    mask = f"sample.{MASK}"
    if not radar:
        mask += f" * (sample.{CLASSES} >= {FIRST_USABLE}) * (sample.{CLASSES} <= {LAST_USABLE})"
    return _STATISTICS.format(
        inputs=json.dumps((*bands, *helpers, MASK)),
        units=_units((*bands, *helpers), radar),
        bands=json.dumps(bands),
        output=STATISTICS,
        kind=_kind(radar),
        samples=_samples(bands),
        mask=mask,
    )


def _kind(radar: bool) -> str:
    # DN are whole numbers of 16 bits; wider ones would cost twice as much.
    return "FLOAT32" if radar else "UINT16"


def _units(bands: Sequence[str], radar: bool) -> str:
    return json.dumps([*(["LINEAR_POWER" if radar else "DN"] * len(bands)), "DN"])


def _samples(bands: Sequence[str]) -> str:
    return ", ".join(f"sample.{band}" for band in bands)
