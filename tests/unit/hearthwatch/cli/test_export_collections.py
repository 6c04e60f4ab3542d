"""Other collections than events, and other forms, on the command line."""

import json
import stat

import pyarrow.parquet as pq
import pyogrio
import pytest
from shapely.geometry import box

from hearthwatch.cli.call import store_at
from hearthwatch.records import EventState, Kind, Mode, ProposalOutcome
from tests.contract import store_records as a

OURS = {"organisation": "local"}


@pytest.fixture
def data(tmp_path):
    data = tmp_path / "var"
    data.mkdir()
    with store_at(data, write=True) as store, store.transaction() as tx:
        tx.put_region(a.region(**OURS))
        tx.put_region(a.region(id="reg-x", organisation="theirs"))
        tx.put_settlements([a.settlement(name="أبو زريقة", **OURS)])
        for number, kind in enumerate((Kind.BURNED, Kind.CAMP_CHANGE)):
            tx.put_event(
                a.event(
                    id=f"evt-{number}", kind=kind, area_m2=100.0 * number + 1,
                    mode=Mode.EXERCISE if number else Mode.ACTUAL, state=EventState.PROVISIONAL,
                    **OURS,
                )
            )  # fmt: skip
        tx.put_event(a.event(id="evt-t", organisation="theirs", region="reg-x"))
        tx.put_ledger(a.look(**OURS))
    return data


@pytest.mark.parametrize(
    ("collection", "name", "number"),
    [("events", "a.fgb", 2), ("camps", "a.parquet", 1), ("settlements", "a.kml", 1),
     ("regions", "a.zip", 1), ("ledger", "a.gpkg", 1), ("released", "a.geojson", 0)],
)  # fmt: skip
def test_every_collection_is_written(data, document, tmp_path, collection, name, number):
    words = ("--collection", collection, "--data-dir", data)
    status, said = document("export", tmp_path / name, *words)
    assert (status, said["collection"], said[collection]) == (0, collection, number)
    assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert {one.name for one in tmp_path.iterdir()} == {"var", name}


def test_a_filter_narrows_and_stands_in_the_file(data, document, failure, tmp_path):
    words = ("--data-dir", data, "--filter", "area_m2 > 50", "--until", "2030-01-01")
    document("export", tmp_path / "a.parquet", *words)
    table = pq.read_table(tmp_path / "a.parquet")
    assert table.column("id").to_pylist() == ["evt-1"]
    said = json.loads(table.schema.metadata[b"hearthwatch"])
    assert said["query"]["filter"] == "area_m2 > 50"
    assert said["query"]["until"].startswith("2030-01-01")
    assert said["warning"] == "EXERCISE: all of it is not about the world."
    status, code, message = failure(
        "export", tmp_path / "b.csv", "--data-dir", data, "--filter", "colour = 1"
    )
    assert (status, code) != (0, "") and "--filter.args[0]: there is no property colour" in message
    assert not (tmp_path / "b.csv").exists()


def test_a_style_lies_beside_and_replaces_nothing(data, document, failure, tmp_path):
    document("export", tmp_path / "a.gpkg", "--data-dir", data, "--style")
    assert b"categorizedSymbol" in (tmp_path / "a.qml").read_bytes()
    (tmp_path / "a.gpkg").unlink()
    status, _, message = failure("export", tmp_path / "a.gpkg", "--data-dir", data, "--style")
    assert status == 1 and "a.qml exists" in message
    assert not (tmp_path / "a.gpkg").exists()


@pytest.mark.parametrize(
    ("name", "words", "told"),
    [("a.kml", ("--collection", "ledger"), "no place"),
     ("a.csv", ("--collection", "ledger", "--style"), "not drawn"),
     ("a.csv", ("--collection", "ledger", "--bbox", "1,2,3,4"), "ask for those of a region"),
     ("a.csv", ("--collection", "released", "--kind", "burned"), "leave the filters out")],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_nothing_is_written(
    data, failure, tmp_path, name, words, told
):
    status, _, message = failure("export", tmp_path / name, "--data-dir", data, *words)
    assert status != 0
    assert told in message
    assert {one.name for one in tmp_path.iterdir()} == {"var"}


def test_what_was_released_is_written_coarse(data, document, tmp_path):
    with store_at(data, write=True) as store, store.transaction() as tx:
        agreed = a.proposal(subject="evt-0", outcome=ProposalOutcome.AGREED, **OURS)
        tx.put_proposal(agreed)
        tx.add_rendering(a.rendering(event="evt-0", geometry=box(20, 10, 22, 12), **OURS))
    words = ("--collection", "released", "--data-dir", data)
    _, said = document("export", tmp_path / "a.gpkg", *words)
    assert said["released"] == 1
    info = pyogrio.read_info(tmp_path / "a.gpkg")
    assert info["total_bounds"] == (20.0, 10.0, 22.0, 12.0)
    assert info["dataset_metadata"]["disclosure"] == "partner"
    assert not {"settlement", "region", "cell", "organisation"} & set(info["fields"])
