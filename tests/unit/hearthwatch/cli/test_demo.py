"""The demonstration, on a drawn forest in place of the real one."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from hearthwatch.cli import demo
from hearthwatch.cli.call import store_at
from hearthwatch.cli.demo_picture import clear_looks
from hearthwatch.errors import NotFound
from hearthwatch.records import Kind, LedgerRow, Mode, NotObservable, ObservationStatus
from hearthwatch.store.whole import all_settlements
from imagery.sample import SampleReport
from tests.support import catalogue, watched

BANDS = ("B03", "B04", "B08", "B11", "SCL")


@pytest.fixture
def sample(tmp_path, monkeypatch):
    """Let the demonstration find drawn looks: 18 in 2018, and two each in 2016 and 2020."""
    folder = watched.write_looks(tmp_path / "var" / "sample", 18)
    render = catalogue.forest(watched.SEED, watched.CLEARINGS, bands=BANDS, cloudy=0, overcast=0)
    around = [date(2016, 7, 1), date(2016, 8, 1), date(2020, 7, 1), date(2020, 8, 1)]
    catalogue.make_catalogue(folder, around, render, origin=watched.ORIGIN)
    report = SampleReport(folder / "catalog.json", 22, fresh=False)
    monkeypatch.setattr(demo, "fetch_to", lambda call, dest: report)


def test_the_demonstration_finds_the_clearings_and_draws_them(sample, call, tmp_path):
    status, out, err = call("demo", "--json")
    assert (status, err) == (0, "")
    found = json.loads(out)
    assert found["looks"] == 44
    # Both were felled between 1 and 10 August 2018.
    assert found["found"]
    assert {event["first_changed"][:4] for event in found["found"]} == {"2018"}
    assert found["by_year"] == {"2018": len(found["found"])}
    # Over two cells of the grid, each look counts once.
    assert found["ledger"]["unguarded_looks"] == 22
    picture = tmp_path / "var" / "demo" / "demo.png"
    assert found["picture"] == str(picture)
    assert picture.read_bytes().startswith(b"\x89PNG\r\n")


def test_the_exercise_is_marked_and_apart_from_what_is_real(sample, call, tmp_path):
    told = json.loads(call("demo", "--json")[1])
    drill, real = told.pop("exercise"), json.dumps(told)
    assert drill["mode"] == "exercise"
    assert drill["place"] == "EXERCISE drawn village"
    assert [truth["date"] for truth in drill["truths"]] == ["2019-06-01"]
    # The two looks of 2020 come after the fire.
    assert (drill["scenes"], drill["scenes_altered"]) == (22, 2)
    assert "EXERCISE" not in real
    own = tmp_path / "var" / "demo"
    with store_at(own) as store:
        assert {region.mode for region in store.regions("local")} == {Mode.ACTUAL}
        assert list(all_settlements(store, "local")) == []
    with store_at(own / "exercise" / "data") as store:
        assert {region.mode for region in store.regions("local")} == {Mode.EXERCISE}
        assert {place.mode for place in all_settlements(store, "local")} == {Mode.EXERCISE}


@pytest.mark.slow
def test_a_second_demonstration_goes_on_and_tells_the_same(sample, call, tmp_path):
    first = json.loads(call("demo", "--json")[1])
    second = json.loads(call("demo", "--json")[1])
    assert (first["looks_taken_before"], second["looks"]) == (0, 0)
    assert second["found"] == first["found"]
    drills = first["exercise"], second["exercise"]
    assert [drill["written"] for drill in drills] == [True, False]
    assert (drills[0]["looks_taken_before"], drills[1]["looks"]) == (0, 0)
    assert drills[1]["truths"] == drills[0]["truths"]


@pytest.mark.slow
def test_both_results_go_where_they_are_asked_for(sample, call, tmp_path):
    status, out, err = call("demo", "--out", tmp_path / "out")
    assert status == 0
    real, _, drill = out.partition("\n\nEXERCISE. ")
    assert " found where the ground turned bare" in real
    assert "the scene guard was not active on 22 of 22 looks: 0 placebos" in real
    assert "Picture: out/demo.png" in real
    assert "--data-dir var/demo" in real
    assert "EXERCISE" not in real
    assert "nothing of this happened" in drill
    # With 20 looks before the fire and 2 after it, it is missed; that is told as a find would be.
    assert "EXERCISE burn of 2019-06-01, 0.80 of the huts: not found" in drill
    assert "Scenes: out/exercise/catalogue" in drill
    assert "and an EXERCISE: a drawn village in the middle of the square" in err
    assert (tmp_path / "out" / "demo.png").is_file()
    assert (tmp_path / "out" / "exercise" / "truth.csv").is_file()


@pytest.mark.slow
def test_other_code_starts_from_nothing_but_keeps_what_was_pulled(sample, call, tmp_path):
    first = json.loads(call("demo", "--json")[1])
    for folder in (tmp_path / "var" / "demo", tmp_path / "var" / "demo" / "exercise"):
        (folder / "code").write_text("0" * 64)
    status, out, _ = call("demo", "--json")
    assert status == 0
    second = json.loads(out)
    assert (second["looks"], second["looks_taken_before"]) == (44, 0)
    assert second["found"] == first["found"]
    assert second["exercise"]["written"]
    assert second["exercise"]["looks_taken_before"] == 0


def row(day, usable):
    seen = usable > 0
    return LedgerRow(
        organisation="local",
        kind=Kind.GROUND_CHANGE,
        mode=Mode.TEST,
        region="r",
        cell="34N_0061_0483",
        acquisition=f"a{day:%Y%m%d}",
        detector="ground_change",
        sensed=day,
        status=ObservationStatus.UNCHANGED if seen else ObservationStatus.NOT_OBSERVABLE,
        usable=usable,
        cause=None if seen else NotObservable.CLOUD,
    )


def test_pictures_are_chosen_among_clear_looks_of_the_growing_season():
    summer = datetime(2016, 7, 1, tzinfo=UTC)
    rows = [
        row(summer, 0.9),
        row(summer + timedelta(days=5), 0.97),
        row(summer + timedelta(days=10), 1.0),
        row(summer + timedelta(days=180), 1.0),
        row(summer + timedelta(days=1100), 1.0),
    ]
    assert clear_looks(rows, (2016, 2017)) == rows[1:3]
    with pytest.raises(NotFound, match="2018 to 2018"):
        clear_looks(rows, (2018,))
