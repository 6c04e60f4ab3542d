"""What a look at a settlement is called in the ledger."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any

import pytest
import shapely
from affine import Affine

from detectors.registry import create_detector
from detectors.types import GuardVerdict, PlaceLook, SceneJudgement, Showed
from hearthwatch.pipeline.commit import LookOutcome, ledger_rows
from hearthwatch.pipeline.tasks import Measured, Place, Scored, Site
from hearthwatch.records import LedgerRow
from hearthwatch.records import NotObservable as Lost
from hearthwatch.records import ObservationStatus as Status
from imagery.types import GeoBox
from tests.support import settled

KEY = "id-Middle@0"
CORE = shapely.to_wkb(settled.degrees(settled.MIDDLE.core))
SITE = Site(
    cell="34N_0061_0147",
    cells=("34N_0061_0147",),
    area_wkb=CORE,
    window=GeoBox((8, 8), Affine(10, 0, 624_640, 0, -10, 1_505_360), "EPSG:32634"),
    places=(Place(KEY, "id-Middle", CORE),),
)
SUSPECT = SceneJudgement("look", GuardVerdict.SUSPECT, 24, 9, "9 of 24 placebos show change")
MEASURED = Measured(
    acquisition="look",
    sensed=datetime(2020, 1, 1, tzinfo=UTC),
    cell=SITE.cell,
    features="kept",
    usable=1.0,
    observable=True,
    cause=Lost.CLOUD,
    causes={},
    lived_without=(),
    masters=("a" * 64,),
)


def row_of(
    look: PlaceLook, judgement: SceneJudgement = SUSPECT, *, scored: bool = True, **measured: Any
) -> LedgerRow:
    """Return the only row of a look at one settlement."""
    outcome = LookOutcome(
        region=settled.region(),
        run="run",
        digest="digest",
        detector=create_detector("burned").info,
        site=SITE,
        measured=dataclasses.replace(MEASURED, places=(look,), **measured),
        judgement=judgement,
        scored=Scored("a" * 64, (), {"placebos": 24}, (look,)) if scored else None,
        state_path="state",
        sequence=1,
    )
    (row,) = ledger_rows(outcome, ())
    return row


def looked(showed: Showed, usable: float = 1.0, lost: str = "") -> PlaceLook:
    return PlaceLook(KEY, showed, usable, lost, {"evidence": 1.5})


@pytest.mark.parametrize(
    ("showed", "status", "words"),
    [
        (Showed.CHANGED, Status.CHANGED, ""),
        (Showed.UNCHANGED, Status.UNCHANGED, ""),
        (Showed.LEARNING, Status.NOT_PROCESSED, "still being learned"),
        (Showed.BLIND, Status.NOT_PROCESSED, "plainly neither changed nor unharmed"),
        (Showed.SUSPECT, Status.NOT_PROCESSED, "9 of 24 placebos"),
        (Showed.UNUSABLE, Status.NOT_OBSERVABLE, ""),
    ],
)
def test_only_what_could_be_told_apart_is_called_changed_or_unchanged(
    showed: Showed, status: Status, words: str
) -> None:
    row = row_of(looked(showed))
    assert row.status is status
    assert words in row.detail.get("reason", "")
    assert row.settlement == "id-Middle"
    assert row.detail["said"] == {"placebos": 24, "evidence": 1.5}


def test_where_radar_cannot_tell_the_ledger_says_why() -> None:
    why = "radar not informative here, because nothing rises above the ground"
    look = dataclasses.replace(
        looked(Showed.BLIND), said={"radar_informative": False, "radar": why}
    )
    assert row_of(look).detail["reason"] == why
    learning = dataclasses.replace(look, showed=Showed.LEARNING)
    assert "still being learned" in row_of(learning).detail["reason"]
    told = dataclasses.replace(look, said={"radar_informative": True, "radar": "it is"})
    assert "neither changed nor unharmed" in row_of(told).detail["reason"]


@pytest.mark.parametrize("showed", list(Showed))
@pytest.mark.parametrize("failure", [Status.NOT_DELIVERED, Status.NOT_PROCESSED])
def test_a_look_that_failed_is_called_so_whatever_else_is_known(
    showed: Showed, failure: Status
) -> None:
    row = row_of(looked(showed), scored=False, failure=failure, reason="cut", observable=False)
    assert (row.status, row.detail["reason"]) == (failure, "cut")
    assert "said" not in row.detail


@pytest.mark.parametrize("showed", list(Showed))
def test_a_look_that_came_too_late_is_not_processed(showed: Showed) -> None:
    row = row_of(looked(showed), scored=False, reason="it came after")
    assert (row.status, row.detail["reason"]) == (Status.NOT_PROCESSED, "it came after")


@pytest.mark.parametrize(
    ("lost", "cause"),
    [("cloud", Lost.CLOUD), ("shadow", Lost.SHADOW), ("nodata", Lost.NODATA),
     ("snow", Lost.NODATA), ("", Lost.CLOUD)],
)  # fmt: skip
@pytest.mark.parametrize("scored", [True, False])
def test_a_settlement_tells_what_it_was_lost_to_and_not_what_others_were(
    lost: str, cause: Lost, scored: bool
) -> None:
    row = row_of(looked(Showed.UNUSABLE, 0.25, lost), scored=scored, observable=scored)
    assert (row.status, row.cause, row.usable) == (Status.NOT_OBSERVABLE, cause, 0.25)
    assert row.detail["lost"] == ({lost: 0.75} if lost else {})
