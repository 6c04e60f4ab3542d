"""The command `exercise`; the detector's place is taken by a hand that knows what it reports."""

import json
from datetime import UTC, date, datetime

import pytest
from shapely.geometry import mapping

from hearthwatch.cli import exercise
from hearthwatch.cli.call import store_at
from hearthwatch.cli.exercise_asked import (
    burns_asked,
    change_asked,
    residues_asked,
    village_asked,
)
from hearthwatch.cli.parser import build_parser
from hearthwatch.cli.parser_trial import OTHERWISE
from hearthwatch.cli.parts import UsageError
from hearthwatch.errors import CatalogueError, RegionError
from hearthwatch.exercise.model import Burn, Pattern, Village
from hearthwatch.exercise.otherwise import DAYS, Otherwise
from hearthwatch.exercise.residues import Group, drawn_residues, mean_residues
from hearthwatch.pipeline.run import RunReport
from hearthwatch.records import (
    Event,
    EventFilter,
    EventState,
    Kind,
    LedgerRow,
    Mode,
    ObservationStatus,
    Run,
    RunOutcome,
)
from hearthwatch.store.whole import all_events, all_settlements
from imagery.providers.folder import FolderProvider
from imagery.types import Query
from tests.support import catalogue
from tests.unit.hearthwatch.exercise.drawn import MIDDLE, core, digests, even
from tiles.geodesy import area_m2

LOOKS = catalogue.every(date(2018, 5, 1), date(2018, 7, 30), 10)
"""1, 11, 21, 31 May; 10, 20, 30 June; 10, 20, 30 July."""
AT = f"{core().centroid.x:.6f},{core().centroid.y:.6f}"


@pytest.fixture
def source(tmp_path):
    catalogue.make_catalogue(tmp_path / "source", LOOKS, even())
    return tmp_path / "source"


@pytest.fixture
def reported(monkeypatch):
    """Let the pipeline report the given (last unharmed, first changed) look numbers."""
    monkeypatch.setattr(exercise, "watchable", lambda name: Kind(name))

    def report(*intervals):
        def run(settings, store, provider, region, until, progress):
            (place,) = all_settlements(store, settings.organisation)
            known = list(all_events(store, settings.organisation, EventFilter()))
            start = datetime(2018, 1, 1, tzinfo=UTC)
            scenes = list(provider.search(Query(region.geometry, start, until)))
            changed = {number for _, number in intervals}
            with store.transaction() as tx:
                for number, scene in enumerate(scenes):
                    tx.put_ledger(row(region, place, scene, number in changed))
                for name, (last, first) in enumerate(() if known else intervals):
                    tx.put_event(event(region, place, str(name), scenes, last, first))
            return RunReport(finished(region, until), len(scenes), 0, (), ())

        monkeypatch.setattr(exercise, "run_region", run)

    return report


def row(region, place, scene, changed):
    assert scene.mode == "exercise"
    status = ObservationStatus.CHANGED if changed else ObservationStatus.UNCHANGED
    return LedgerRow(
        organisation=region.organisation, kind=region.kind, mode=region.mode, region=region.id,
        cell="c", acquisition=scene.id, detector="burned", sensed=scene.sensed, status=status,
        usable=1.0, settlement=place.id,
    )  # fmt: skip


def event(region, place, name, scenes, last, first):
    told = scenes[first].sensed
    return Event(
        id=name, organisation=region.organisation, kind=region.kind, mode=region.mode,
        region=region.id, cell="c", detector="burned", state=EventState.PROVISIONAL,
        detector_state="PROBABLE", version=1, geometry=place.geometry, area_m2=place.area_m2,
        last_unharmed=scenes[last].sensed, first_changed=told, first_detected=told,
        last_detected=told, looks=2, observed="", evidence={}, settlement=place.id,
    )  # fmt: skip


def finished(region, until):
    return Run(
        id="run", organisation=region.organisation, kind=region.kind, mode=region.mode,
        region=region.id, started=until, until=until, digest="", executor="threads",
        outcome=RunOutcome.COMPLETE,
    )  # fmt: skip


def words(source, *more, out="out"):
    return ("exercise", "--catalogue", source, "--out", out, "--at", AT, "--radius", 100,
            "--date", "2018-06-01", *more)  # fmt: skip


def test_what_was_found_is_told_and_marked_as_an_exercise(source, reported, call, tmp_path):
    reported((3, 4))
    status, out, err = call(*words(source))
    assert status == 0
    assert out.startswith("EXERCISE.")
    burn = "EXERCISE burn of 2018-06-01, 0.80 of the huts: found"
    assert f"{burn}, between 2018-05-31 .. 2018-06-10" in out
    assert "usable look 1, 9 days after; the date lies inside the interval" in out
    assert "Reported where nothing burned (PROBABLE or more): none" in out
    assert "writing scenes: 10/10" in err


def test_the_document_says_what_was_missed_and_what_was_false(source, reported, document):
    # The first alert was raised before anything had burned.
    reported((0, 1), (7, 8))
    dates = ("--date", "2018-05-15", "--again", "2018-07-15")
    _, told = document(*words(source, *dates, "--share", "0.5"))
    assert told["mode"] == "exercise"
    assert [t["date"] for t in told["truths"]] == ["2018-05-15", "2018-07-15"]
    assert [t["share"] for t in told["truths"]] == pytest.approx([0.5, 0.25], abs=0.01)
    assert told["truths"][0]["found"] == {}
    assert told["truths"][1]["second"]
    found = told["truths"][1]["found"]["PROBABLE"]
    assert found["first_changed"] == "2018-07-20T10:00:00Z"
    assert (found["dated"], found["days"]) == ("inside", [5, 5])
    assert told["false_alerts"]["PROBABLE"] == 1


def test_after_a_fire_round_the_village_every_report_is_false(source, reported, call):
    reported((3, 4))
    _, out, _ = call(*words(source, "--surroundings"))
    assert "No hut burned: whatever was reported is false." in out
    assert "PROBABLE or more): 1 (2018-05-31 .. 2018-06-10)" in out


def test_everything_in_the_exercises_store_is_an_exercise(source, reported, call, tmp_path):
    reported((3, 4))
    call(*words(source))
    with store_at(tmp_path / "out" / "data") as store:
        (place,) = all_settlements(store, "local")
        (region,) = store.regions("local")
        events = list(all_events(store, "local", EventFilter()))
    assert {place.mode, region.mode, events[0].mode} == {Mode.EXERCISE}
    assert place.name == region.name == "EXERCISE village"
    assert region.kind is Kind.BURNED
    # A core of 100 m and 1600 m round it.
    assert region.area_km2 == pytest.approx(3.1416 * 1.7**2, rel=0.01)
    assert region.geometry.contains(place.geometry)


def test_an_exercise_asked_for_again_goes_on_in_its_own_folder(source, reported, document):
    reported((3, 4))
    first = document(*words(source))[1]
    second = document(*words(source))[1]
    assert (first["written"], second["written"]) == (True, False)
    assert first["region"] == second["region"]


def test_a_listed_settlement_is_taken_as_it_is(source, reported, call, document, tmp_path):
    reported((3, 4))
    value = {"type": "Feature", "properties": {"name": "Tawila"},
             "geometry": mapping(core())}  # fmt: skip
    (tmp_path / "places.geojson").write_text(json.dumps(value))
    call("settlement", "import", "places.geojson")
    before = digests(tmp_path / "var")
    asked = ("exercise", "--catalogue", source, "--out", "out", "--date", "2018-06-01")
    _, told = document(*asked, "--settlement", "Tawila")
    assert told["place"] == "EXERCISE Tawila"
    with store_at(tmp_path / "out" / "data") as store:
        (place,) = all_settlements(store, "local")
    assert place.area_m2 == pytest.approx(area_m2(core()), rel=1e-6)
    # The store of what is actual gets nothing of it.
    after = digests(tmp_path / "var")
    assert {n: d for n, d in after.items() if n in before and "-shm" not in n} == {
        n: d for n, d in before.items() if "-shm" not in n
    }


def test_without_the_detector_nothing_is_written(source, failure, monkeypatch, tmp_path):
    def none(name):
        raise RegionError("No installed detector watches for burned.")

    monkeypatch.setattr(exercise, "watchable", none)
    assert failure(*words(source))[1] == "region"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (("--catalogue", "https://example.org/stac", "--at", AT, "--radius", "100"), "settings"),
        (("--at", AT, "--radius", "100"), "settings"),
        (("--catalogue", "source", "--at", AT), "region"),
        (("--catalogue", "source", "--at", AT, "--radius", "1"), "region"),
        (("--catalogue", "source", "--at", "-200.5,95", "--radius", "100"), "region"),
        (("--catalogue", "nowhere", "--at", AT, "--radius", "100"), "catalogue"),
        (("--catalogue", "source", "--at", "0,0", "--radius", "100"), "catalogue"),
    ],
)
def test_what_cannot_be_exercised_is_refused_by_name(source, reported, failure, given, code):
    reported()
    assert failure("exercise", "--out", "out", "--date", "2018-06-01", *given)[1] == code


def test_a_settlement_nobody_listed_is_not_found(source, reported, call, failure):
    reported()
    call("settlement", "list")
    with_name = ("--catalogue", source, "--settlement", "Nowhere", "--date", "2018-06-01")
    assert failure("exercise", "--out", "out", *with_name)[0] != 0


@pytest.mark.parametrize(
    "wrong",
    [("--share", "1.5"), ("--share", "0"), ("--huts", "x"), ("--seed", "-1"), ("--at", "1"),
     ("--date", "June"), ("--pattern", "ring"), ("--structures", "0"), ("--hut-radius", "0"),
     ("--huts", "0.3", "--structures", "9"), ("--ash", "1.5"), ("--completeness", "-0.1"),
     ("--half-life", "0"), ("--ash-days", "nan"), ("--otherwise", "war"), ("--days", "inf"),
     ("--residue-seed", "x")],
)  # fmt: skip
def test_what_is_mistyped_is_refused_before_anything_is_read(wrong):
    line = ["exercise", "--out", "o", "--date", "2018-06-01", "--at", "1,2", "--radius", "9"]
    with pytest.raises(UsageError):
        build_parser().parse_args([*line, *wrong])


def test_a_fire_of_grass_fades_sooner_than_one_of_huts():
    line = ["exercise", "--out", "o", "--at", "1,2", "--date", "2018-07-01", "--again",
            "2018-06-01"]  # fmt: skip
    huts = burns_asked(build_parser().parse_args(line))
    grass = burns_asked(build_parser().parse_args([*line, "--surroundings"]))
    assert [fire.date.month for fire in huts] == [6, 7]
    assert {fire.pattern for fire in grass} == {Pattern.SURROUNDINGS}
    assert all(b.half_life_days < a.half_life_days for a, b in zip(huts, grass, strict=True))


def test_a_wider_ground_reaches_as_far_as_it_says():
    wide = exercise.around(core(), 500.0)
    assert area_m2(wide) == pytest.approx(3.1416 * 600**2, rel=0.01)


def test_no_scene_over_the_region_is_an_error(source):
    with pytest.raises(CatalogueError, match="No scene"):
        exercise.last_look(FolderProvider(source), core((MIDDLE[0] + 50_000, MIDDLE[1])))
    assert exercise.last_look(FolderProvider(source), core()) == LOOKS[-1]


LINE = ("exercise", "--out", "o", "--at", "1,2", "--date", "2018-06-01")


def asked(*more):
    return build_parser().parse_args([*LINE, *map(str, more)])


def test_each_parameter_of_a_burn_can_be_set_and_else_is_the_models():
    (usual,) = burns_asked(asked())
    assert usual == Burn(datetime(2018, 6, 1, tzinfo=UTC))
    line = ("--completeness", 0.6, "--ash", 0, "--ash-days", 3, "--half-life", 45, "--share", 0.2)
    (fire,) = burns_asked(asked(*line))
    assert (fire.completeness, fire.ash_share, fire.ash_days) == (0.6, 0.0, 3.0)
    assert (fire.half_life_days, fire.share) == (45.0, 0.2)
    (grass,) = burns_asked(asked("--surroundings", "--half-life", 45))
    assert grass.half_life_days == 45.0


def test_a_village_has_a_share_of_huts_or_so_many():
    assert village_asked(asked("--huts", 0.5), core()) == Village(core(), 0.5)
    counted = village_asked(asked("--structures", 75, "--hut-radius", 2.5), core())
    assert (counted.structures, counted.hut_radius_m) == (75, 2.5)


def test_residues_are_the_mean_ones_or_those_drawn_for_scoring():
    assert residues_asked(asked()) == mean_residues()
    assert residues_asked(asked("--residue-seed", 7)) == drawn_residues(7, Group.SCORING)


def test_every_kind_of_change_can_be_asked_for_and_lasts_as_its_kind_does():
    for kind in Otherwise:
        change = change_asked(asked("--otherwise", kind.value))
        assert (change.kind, change.days, change.strength) == (kind, DAYS[kind], 1.0)
    told = change_asked(asked("--otherwise", "haze", "--days", 12, "--strength", 0.5))
    assert (told.days, told.strength) == (12.0, 0.5)
    assert tuple(kind.value for kind in Otherwise) == OTHERWISE
    assert change_asked(asked()) is None


@pytest.mark.parametrize(
    ("line", "option"),
    [
        (("--days", 3), "--days"),
        (("--strength", 0.0), "--strength"),
        (("--otherwise", "rain", "--surroundings"), "--surroundings"),
        (("--otherwise", "rain", "--again", "2018-07-01"), "--again"),
        (("--otherwise", "rain", "--ash-days", 3), "--ash-days"),
        (("--otherwise", "rain", "--residue-seed", 0), "--residue-seed"),
    ],
)
def test_options_of_a_burn_and_of_another_change_do_not_mix(line, option):
    with pytest.raises(UsageError, match=option):
        change_asked(asked(*line))


def test_after_a_change_that_is_no_burn_every_report_is_false(source, reported, call, document):
    reported((3, 4))
    line = words(source, "--otherwise", "ploughing", out="drill")
    _, out, _ = call(*line)
    assert out.startswith("EXERCISE. A change that is no burn")
    assert "ploughing from 2018-06-01, 30 days; 3 of 10 scenes altered" in out
    assert "No hut burned: whatever was reported is false." in out
    assert "PROBABLE or more): 1 (2018-05-31 .. 2018-06-10)" in out
    _, told = document(*line)
    assert (told["otherwise"], told["lasts_days"], told["extent"]) == ("ploughing", 30.0, "fields")
    assert told["truths"] == []
    assert told["false_alerts"]["PROBABLE"] == 1
