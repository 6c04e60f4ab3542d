"""Areas to watch: read from files, checked in full, repaired where only one meaning is possible."""

from hearthwatch.watchlist.areas import (
    NamedArea,
    join_areas,
    make_region,
    read_area,
    read_bbox,
)

__all__ = ["NamedArea", "join_areas", "make_region", "read_area", "read_bbox"]
