"""Areas to watch: read from files, checked in full, repaired where only one meaning is possible."""

from hearthwatch.watchlist.areas import (
    join_areas,
    make_region,
    of_any_size,
    read_area,
    read_bbox,
)
from hearthwatch.watchlist.options import Options
from hearthwatch.watchlist.places import (
    doubt_of,
    is_circle,
    make_settlement,
    read_settlements,
)
from hearthwatch.watchlist.reading import NamedArea, Reading, read_file

__all__ = [
    "NamedArea",
    "Options",
    "Reading",
    "doubt_of",
    "is_circle",
    "join_areas",
    "make_region",
    "make_settlement",
    "of_any_size",
    "read_area",
    "read_bbox",
    "read_file",
    "read_settlements",
]
