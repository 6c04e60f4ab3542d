"""`hearthwatch calibrate`: made from quiet years, shown, chosen, listed, and checked by doctor."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from hearthwatch.cli.call import store_at
from hearthwatch.identity import code_digest
from hearthwatch.layout import Layout
from hearthwatch.records import EventState, Kind, Mode
from tests.contract import store_records as a
from tests.support.nulls import Quiet, write_state

PLACES, YEARS = 130, 2


def drawn(count: int, name: str, seed: int) -> list[Quiet]:
    """Return places with two quiet years each."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(count):
        any_ = rng.gumbel(2.0, 1.0, YEARS)
        years = [(float(one), float(one) - 1.0, float(one) - 2.0) for one in any_]
        found.append(Quiet(f"{name}{number}", years))
    return found


@pytest.fixture
def watched(tmp_path: Path) -> Path:
    """Make a data folder with two regions that were watched for years; return it."""
    root = tmp_path / "var"
    Layout(root).make()
    states = [
        write_state(root, drawn(PLACES, "placebo:34N:1:", 0), digest=code_digest()),
        write_state(
            root, drawn(PLACES, "set-", 1), region="region-2", mode=Mode.EXERCISE, digest="other"
        ),
    ]
    regions = [
        a.region(id="region-1", organisation="local", name="Valley"),
        a.region(id="region-2", organisation="local", name="Drill", mode=Mode.EXERCISE),
        a.region(id="region-3", organisation="local", name="Forest", kind=Kind.GROUND_CHANGE),
    ]
    event = a.event(
        organisation="local", region="region-1", settlement="set-1", state=EventState.CONFIRMED,
        evidence={"log_likelihood_ratio": 9.0},
    )  # fmt: skip
    with store_at(root, write=True) as store, store.transaction() as tx:
        for one in regions:
            tx.put_region(one)
        for state in states:
            tx.add_state(state, 4)
        tx.put_event(event)
    return root


def levels(document: dict) -> dict[str, dict]:
    (pooled,) = (row for row in document["strata"] if row["stratum"] == "")
    return {row["level"]: row for row in pooled["levels"]}


def test_a_set_is_made_kept_and_holds(watched, document, call):
    status, made = document("calibrate")
    assert (status, made["kept"], made["null_years"]) == (0, True, PLACES * YEARS)
    found = levels(made)
    assert {name: row["nominal"] for name, row in found.items()} == {
        "WATCH": 20.0, "PROBABLE": 5.0, "ESTABLISHED": 1.0,
    }  # fmt: skip
    assert [row["conformal"] for row in found.values()] == [True, True, False]
    assert found["ESTABLISHED"]["why_not"] == "260 null years; 999 are needed"
    listed = document("calibrate", "--list")[1]["calibrations"]
    assert [(one["id"], one["holds"], one["note"]) for one in listed] == [(made["id"], True, "")]
    assert made["id"] in call("doctor", "--quick")[1]


def test_the_table_says_nominal_realised_and_what_is_not_established(watched, call):
    status, out, _ = call("calibrate", "--aim", "0.5")
    assert status == 0
    assert "260 null years, thresholds aim at 50% of the budget" in out
    assert "placebo: 260 years of 130 places" in out
    assert "ESTABLISHED is not established: 260 null years; 1,999 are needed" in out
    assert "the threshold is a bound and keeps no stated rate" in out
    assert "model-based and uncalibrated" in out
    assert "holds from the next run on" in out


def test_a_dry_run_keeps_nothing(watched, document):
    made = document("calibrate", "--dry-run", "--budget", "WATCH=50,PROBABLE=10")[1]
    assert not made["kept"]
    assert levels(made)["WATCH"]["nominal"] == 50.0
    assert made["budget"]["established"] == 1.0
    assert document("calibrate", "--list")[1] == {"calibrations": []}


def test_the_same_years_give_the_same_set(watched, document):
    first, second = document("calibrate")[1], document("calibrate")[1]
    assert first["id"] == second["id"]
    assert len(document("calibrate", "--list")[1]["calibrations"]) == 1
    other = document("calibrate", "--budget", "PROBABLE=10")[1]
    assert other["id"] != first["id"]
    assert levels(other)["PROBABLE"]["threshold"] < levels(first)["PROBABLE"]["threshold"]


def test_a_set_can_be_chosen_again_or_none(watched, document, call):
    first = document("calibrate")[1]["id"]
    second = document("calibrate", "--budget", "PROBABLE=10")[1]["id"]

    def holding():
        listed = document("calibrate", "--list")[1]["calibrations"]
        return [one["id"] for one in listed if one["holds"]]

    assert holding() == [second]
    assert document("calibrate", "--use", first)[1]["calibration"] == first
    assert holding() == [first]
    assert document("calibrate", "--use", "none")[1]["calibration"] is None
    assert holding() == []
    assert "built-in thresholds hold" in call("doctor", "--quick")[1]


def test_an_exercise_is_calibrated_from_its_own_years_only(watched, document, call):
    made = document("calibrate", "--region", "Drill")[1]
    assert (made["mode"], made["region"]) == ("exercise", "region-2")
    assert [(one["source"], one["years"]) for one in made["sources"]] == [
        ("placebo", 0), ("settlement", 260), ("resampled", 0),
    ]  # fmt: skip
    assert made["other_code"] == 260
    assert "EXERCISE" in call("calibrate", "--list")[1]


def test_a_set_of_other_code_is_chosen_in_vain_and_doctor_warns(watched, document, call):
    document("calibrate")
    with store_at(watched, write=True) as store, store.transaction() as tx:
        (one,) = store.calibrations("local")
        old = dataclasses.replace(
            one, id="0ld", digest="0" * 64, document={**one.document, "id": "0ld"}
        )
        tx.put_calibration(old)
    assert "bound to other code" in call("calibrate", "--use", "0ld")[1]
    _, checked = document("doctor", "--quick")
    (found,) = (one for one in checked["checks"] if one["name"] == "calibration")
    assert found["outcome"] == "warn"
    assert "0ld is bound to other code" in found["found"]
    (row,) = (r for r in document("calibrate", "--list")[1]["calibrations"] if r["id"] == "0ld")
    assert row["holds"]
    assert "built-in thresholds hold" in row["note"]


def test_verdicts_of_a_file_must_be_about_events_there_are(watched, failure, document, tmp_path):
    path = tmp_path / "verdicts.csv"
    path.write_text("event,verdict\nevt-9,rejected\n")
    assert failure("calibrate", "--verdicts", path)[1] == "not_found"
    path.write_text("event,verdict\nevt-1,maybe\n")
    assert failure("calibrate", "--verdicts", path)[1] == "catalogue"
    path.write_text("event,verdict\nevt-1,rejected\n")
    assert document("calibrate", "--verdicts", path)[1]["verdicts"] is None


@pytest.mark.parametrize("budget", ["WATCH", "watch=5", "WATCH=0", "PROBABLE=1000", "WATCH=x"])
def test_what_is_no_budget_is_refused(watched, failure, budget):
    assert failure("calibrate", "--budget", budget)[1] == "usage"


def test_a_watch_without_thresholds_is_refused(watched, failure):
    _, code, message = failure("calibrate", "--region", "Forest")
    assert code == "usage"
    assert "ground_change" in message


def test_without_a_finished_year_there_is_nothing_to_set(tmp_path, failure):
    Layout(tmp_path / "var").make()
    with store_at(tmp_path / "var", write=True):
        pass
    _, code, message = failure("calibrate")
    assert code == "not_found"
    assert "built-in ones hold" in message


def test_a_set_that_is_not_there_cannot_be_chosen(watched, failure):
    assert failure("calibrate", "--use", "nowhere")[1] == "not_found"


def test_a_choice_cannot_be_made_dry(watched, document, failure):
    first, second = (document("calibrate", *more)[1]["id"] for more in ((), ("--aim", "0.5")))
    assert failure("calibrate", "--use", first, "--dry-run")[1] == "usage"
    listed = document("calibrate", "--list")[1]["calibrations"]
    assert [one["id"] for one in listed if one["holds"]] == [second]


@pytest.mark.parametrize("region", ["Drill", "Forest"])
def test_a_set_is_not_chosen_where_it_cannot_hold(watched, document, failure, region):
    made = document("calibrate")[1]["id"]
    assert failure("calibrate", "--use", made, "--region", region)[1] == "usage"
    assert document("calibrate", "--use", made, "--region", "Valley")[1]["region"] == "region-1"
