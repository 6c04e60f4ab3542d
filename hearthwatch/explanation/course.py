"""A known camp through all looks at it: its area, how fast it changes, and what could not be seen.

Told of the ledger alone, whether or not anything ever became an event. Each row of its detector has
``said.area``, what the looks up to then say together, and ``said.features.site_area``, what that
look showed by itself.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hearthwatch.explanation.curve import rate_in_words
from hearthwatch.people import Density, People, people_range
from hearthwatch.records import USABLE, Label, LedgerRow, Mode
from hearthwatch.store.protocol import Store
from hearthwatch.store.whole import all_looks
from hearthwatch.values import called, moment, settlement_said
from hearthwatch.why.look import status_in_words
from hearthwatch.words import counted, day, marked

DETECTOR = "camp_sites"
NUMBERS = ("ha", "ha_low", "ha_high", "ha_per_week", "ha_per_week_low", "ha_per_week_high")
COLUMNS = ("sensed", "acquisition", "status", "observed", *NUMBERS, "words")
MEASURES = (
    "Area is ground of the outline, and of 100 m round it, that is built on or laid bare by a "
    "tenth or more, against its surroundings; intervals are of 95 %. Nobody was counted."
)


@dataclass(frozen=True, slots=True)
class CourseLook:
    """One look at a site.

    Attributes
    ----------
    observed : float or None
        Area by this look alone, hectares; None where it does not show the site apart.
    area : mapping of str to float
        `NUMBERS` by the looks up to this one; empty where it was not taken in.
    told : bool
        Whether it told if the site had changed.
    """

    row: LedgerRow
    observed: float | None
    area: Mapping[str, float]
    told: bool


@dataclass(frozen=True, slots=True)
class Course:
    """All looks at a site, oldest first.

    Attributes
    ----------
    density : Density or None
        People on a hectare, where somebody has set it.
    """

    settlement: str
    label: Label
    mode: Mode
    looks: tuple[CourseLook, ...]
    density: Density | None = None

    @property
    def latest(self) -> CourseLook | None:
        """The last look whose area is known."""
        return next((one for one in reversed(self.looks) if one.area), None)

    @property
    def people(self) -> People | None:
        """What the latest area may hold; None where no density is set or no area known."""
        last = self.latest
        if self.density is None or last is None:
            return None
        return people_range(last.area["ha_low"], last.area["ha_high"], self.density)


def gather_course(
    store: Store, organisation: str, settlement: str, density: Density | None = None
) -> Course:
    """Return the looks of the detector of known camps at a settlement; none where it has none."""
    rows = sorted(
        (
            row
            for region in store.regions(organisation, removed=True)
            for row in all_looks(store, region, settlement=settlement)
            if row.detector == DETECTOR
        ),
        key=lambda row: (row.sensed, row.acquisition, row.region),
    )
    return Course(
        settlement,
        store.settlement_labels(organisation, [settlement]).get(settlement, Label()),
        rows[-1].mode if rows else Mode.ACTUAL,
        tuple(map(_look, rows)),
        density,
    )


def course_sentences(course: Course) -> list[str]:
    """Return the course in sentences, what the area is first."""
    looks, last = course.looks, course.latest
    if not looks:
        return ["No look at it is in the ledger of the detector of known camps."]
    told = sum(one.told for one in looks)
    seen = (
        f"{told} of {counted(len(looks), 'look')} from {day(looks[0].row.sensed)} to "
        f"{day(looks[-1].row.sensed)} told whether it had changed."
    )
    if last is None:
        return [f"Its area is not known: {seen}", *_observable(course)]
    ha, low, high = (last.area[name] for name in NUMBERS[:3])
    first = f"On {day(last.row.sensed)} the site covers {ha:.2f} ({low:.2f} to {high:.2f}) ha."
    people = [course.people.in_words()] if course.people else []
    return [first, *rate_in_words(last.area), seen, *people, *_observable(course), MEASURES]


def course_text(course: Course) -> str:
    """Return the course for people, headed by what it is about."""
    name = called(course.settlement, {course.settlement: course.label})
    return "\n".join((marked(course.mode, f"{name}: area"), *course_sentences(course)))


def course_value(course: Course) -> dict[str, Any]:
    """Return the course as a JSON value."""
    return {
        **settlement_said(course.settlement, {course.settlement: course.label}),
        "mode": course.mode.value,
        "sentences": course_sentences(course),
        "looks": [_value(one) for one in course.looks],
        **({"people": course.people.as_value()} if course.people else {}),
    }


def course_csv(course: Course) -> bytes:
    """Return the looks as a table in UTF-8; areas in hectares."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    for look in course.looks:
        value = _value(look)
        empty = {name: "" for name, one in value.items() if one is None}
        writer.writerow(value | empty)
    return out.getvalue().encode("utf-8")


def _observable(course: Course) -> Iterator[str]:
    """Yield where the site cannot be told from its surroundings, as the last look has it."""
    words = str(course.looks[-1].row.detail.get("said", {}).get("observable", ""))
    if words:
        yield f"{words[:1].upper()}{words[1:]}."


def _look(row: LedgerRow) -> CourseLook:
    said = row.detail.get("said", {})
    three = said.get("features", {}).get("site_area")
    area = {name: float(said["area"][name]) for name in NUMBERS} if three and "area" in said else {}
    return CourseLook(row, float(three[0]) if three else None, area, row.status in USABLE)


def _value(look: CourseLook) -> dict[str, Any]:
    row = look.row
    return {
        "sensed": moment(row.sensed),
        "acquisition": row.acquisition,
        "status": row.status.value,
        "observed": look.observed,
        **{name: look.area.get(name) for name in NUMBERS},
        "words": status_in_words(row),
    }
