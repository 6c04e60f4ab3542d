"""What the names of looks and products say, and nothing that they do not."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from api.stac.ground import middle_of
from api.stac.words import PROCESSING, SAT, VIEW
from imagery.naming import ProductName, read_name
from imagery.sun import sun_position

_S2_LOOK = re.compile(r"S2([A-Z])_\d{8}T\d{6}(?:_.+)?")
_S1_LOOK = re.compile(r"S1([A-Z])_IW_R(\d{3})_([AD])_\d{8}_.+")
_LEVELS = {"sentinel-2-l2a": "L2A"}
_COMMON = {
    "B01": "coastal", "B02": "blue", "B03": "green", "B04": "red", "B05": "rededge",
    "B06": "rededge", "B07": "rededge", "B08": "nir", "B8A": "nir08", "B09": "nir09",
    "B11": "swir16", "B12": "swir22",
}  # fmt: skip
"""What the extension eo calls the bands of Sentinel-2."""


def eo_band(name: str) -> dict[str, str]:
    """Return a band as the extension eo has it."""
    common = _COMMON.get(name)
    return {"name": name} | ({"common_name": common} if common else {})


def told_by_names(
    acquisition: str, scene: str, sensor: str, cell: str, sensed: datetime
) -> dict[str, Any]:
    """Return the properties that follow from the names of a look and its product.

    The sun is worked out from time and place, and only where the look's name holds its second:
    some catalogues give days.
    """
    named = read_name(scene)
    found = {**_of_platform(acquisition, named, sensor), **_of_orbit(acquisition, named)}
    if sensor in _LEVELS:
        found["processing:level"] = _LEVELS[sensor]
    if named is not None and named.baseline is not None:
        found["processing:software"] = {_processor(named): named.baseline}
    if _S2_LOOK.fullmatch(acquisition):
        azimuth, elevation = sun_position(*middle_of(cell), sensed)
        found["view:sun_azimuth"] = round(azimuth, 1)
        found["view:sun_elevation"] = round(elevation, 1)
    return found


def extensions_of(properties: dict[str, Any]) -> list[str]:
    """Return the extensions whose fields stand in properties."""
    prefixes = {name.partition(":")[0] for name in properties}
    pairs = (("processing", PROCESSING), ("sat", SAT), ("view", VIEW))
    return [address for prefix, address in pairs if prefix in prefixes]


def _of_platform(acquisition: str, named: ProductName | None, sensor: str) -> dict[str, Any]:
    platform = None if named is None else named.platform
    for number, pattern in ((1, _S1_LOOK), (2, _S2_LOOK)):
        look = pattern.fullmatch(acquisition)
        if look is not None:
            platform = f"sentinel-{number}{look[1].lower()}"
    found: dict[str, Any] = {} if platform is None else {"platform": platform}
    if sensor.startswith("sentinel-2"):
        found |= {"constellation": "sentinel-2", "instruments": ["msi"]}
    elif "s1" in sensor or sensor.startswith("sentinel-1"):
        found |= {"constellation": "sentinel-1", "instruments": ["c-sar"]}
    return found


def _of_orbit(acquisition: str, named: ProductName | None) -> dict[str, Any]:
    look = _S1_LOOK.fullmatch(acquisition)
    if look is not None:
        state = {"A": "ascending", "D": "descending"}[look[3]]
        return {"sat:orbit_state": state, "sat:relative_orbit": int(look[2])}
    if named is not None and named.relative_orbit is not None:
        return {"sat:relative_orbit": named.relative_orbit}
    return {}


def _processor(named: ProductName) -> str:
    if named.kind.startswith("MSI"):
        return "Sentinel-2 processing baseline"
    return f"OPERA {named.kind}"
