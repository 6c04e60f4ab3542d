"""What a table of each collection has: its columns in order, and of which form they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType


class Form(Enum):
    """What a column holds; each may be unknown (null)."""

    TEXT = "text"
    WHOLE = "whole number"
    NUMBER = "number"
    TRUTH = "true or false"
    MOMENT = "time, UTC"
    DAY = "day"
    LIST = "list of texts"
    NESTED = "JSON"


@dataclass(frozen=True, slots=True)
class Shape:
    """A collection as a table.

    Attributes
    ----------
    columns : mapping of str to Form
        By name, in order.
    has_place : bool
        Whether its features have a geometry.
    time : str
        The column by which a feature is placed in time; empty where it has none.
    moments : tuple of str
        Columns that tell when satellites saw what is told.
    label : str
        The column that names a feature to people.
    """

    columns: Mapping[str, Form]
    has_place: bool = True
    time: str = ""
    moments: tuple[str, ...] = ()
    label: str = "name"


def _columns(**groups: str) -> dict[str, Form]:
    """Return columns from `name="form"`; the order is that of the arguments."""
    return {name: Form[form] for name, form in groups.items()}


_EVENT = _columns(
    id="TEXT", version="WHOLE", organisation="TEXT", region="TEXT", region_name="TEXT",
    settlement="TEXT", settlement_name="TEXT", settlement_pcode="TEXT", kind="TEXT",
    mode="TEXT", state="TEXT", change="TEXT", merged_into="TEXT", last_unharmed="MOMENT",
    first_changed="MOMENT", first_detected="MOMENT", last_detected="MOMENT", area_m2="NUMBER",
    area_ha="NUMBER", looks="WHOLE", observed="TEXT", evidence="NESTED", doubts="LIST",
    detector="TEXT", detector_state="TEXT", cell="TEXT",
)  # fmt: skip
_DETECTION = _columns(
    id="TEXT", mode="TEXT", settlement="TEXT", settlement_name="TEXT",
    settlement_pcode="TEXT", acquisition="TEXT", sensed="MOMENT", detector="TEXT",
    detector_version="TEXT", detector_state="TEXT", area_m2="NUMBER", last_unharmed="MOMENT",
    first_changed="MOMENT", looks="WHOLE",
    evidence="NESTED", doubts="LIST", digest="TEXT", event="TEXT", region="TEXT", cell="TEXT",
    kind="TEXT",
)  # fmt: skip
_SETTLEMENT = _columns(
    id="TEXT", name="TEXT", pcode="TEXT", mode="TEXT", area_ha="NUMBER", source="TEXT",
    created="MOMENT",
)  # fmt: skip
_REGION = _columns(
    id="TEXT", name="TEXT", kind="TEXT", mode="TEXT", purpose="TEXT", owner="TEXT",
    created="MOMENT", expires="MOMENT", area_km2="NUMBER",
)  # fmt: skip
_LOOK = _columns(
    id="TEXT", region="TEXT", kind="TEXT", sensed="MOMENT", mode="TEXT", cell="TEXT",
    settlement="TEXT", settlement_name="TEXT", settlement_pcode="TEXT", acquisition="TEXT",
    detector="TEXT", status="TEXT", cause="TEXT", usable="NUMBER", detail="NESTED", words="TEXT",
)  # fmt: skip
_TOLD = _columns(
    id="TEXT", gone="TRUTH", told="DAY", kind="TEXT", mode="TEXT", state="TEXT", change="TEXT",
    unharmed_until="DAY", changed_by="DAY", place="TEXT", precision="TEXT", unseen="TEXT",
    sure="TEXT",
)  # fmt: skip

_SEEN = ("last_unharmed", "first_changed", "last_detected")
_OF_EVENTS = Shape(_EVENT, True, "first_changed", _SEEN, "settlement_name")
RELEASED = "released"
"""What was released to partners, as `GET /released` tells it."""
SHAPES: Mapping[str, Shape] = MappingProxyType(
    {
        "events": _OF_EVENTS,
        "camps": Shape(
            {**_EVENT, "curve": Form.NESTED}, True, "first_changed", _SEEN, "settlement_name"
        ),
        "detections": Shape(_DETECTION, True, "sensed", ("sensed",), "settlement_name"),
        "settlements": Shape(_SETTLEMENT),
        "regions": Shape(_REGION),
        "ledger": Shape(_LOOK, False, "sensed", ("sensed",), "words"),
        RELEASED: Shape(_TOLD, True, "changed_by", ("unharmed_until", "changed_by"), "place"),
    }
)
"""By the name of the collection."""
