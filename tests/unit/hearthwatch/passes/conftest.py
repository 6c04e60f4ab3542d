from collections.abc import Callable

import pytest
from shapely.geometry import box

from imagery.types import Scene
from tests.unit.hearthwatch.passes.constellation import at


@pytest.fixture
def scene_at() -> Callable[..., Scene]:
    """Return `make(day, tile=..., orbit=...)`, which makes a scene without assets."""

    def make(day: float, tile: str = "36NXF", orbit: int | None = 78) -> Scene:
        return Scene(
            provider="stac", collection="sentinel-2-c1-l2a", id=f"S2_{tile}_{day}_{orbit}",
            sensor="sentinel-2-l2a", sensed=at(day), footprint=box(30, 4, 31, 5), assets=(),
            item_sha256="0" * 64, platform="sentinel-2a", relative_orbit=orbit, tile=tile,
        )  # fmt: skip

    return make
