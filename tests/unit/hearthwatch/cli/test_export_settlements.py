"""Events of settlements as files: whose they are stands in every format."""

import csv
import json

import pyogrio
import pytest

from hearthwatch.cli.call import store_at
from hearthwatch.records import Mode
from tests.contract import store_records as a

OURS = {"organisation": "local"}
NAMES = {"set-1": "أبو زريقة", "set-2": "=Um Baru", "set-3": "Gone"}
TOLD = {
    "evt-1": ("set-1", NAMES["set-1"], "actual"),
    "evt-2": ("set-2", NAMES["set-2"], "exercise"),
    "evt-3": ("set-3", NAMES["set-3"], "actual"),
    "evt-4": ("set-9", None, "actual"),
    "evt-5": (None, None, "actual"),
}
"""By event: the settlement, its name, the mode. Nobody knows a settlement set-9."""


@pytest.fixture
def export(tmp_path, document):
    """Return `f(name)`, which exports all events to a file of this name and returns its path."""
    data = tmp_path / "var"
    data.mkdir()
    with store_at(data, write=True) as store, store.transaction() as tx:
        tx.put_region(a.region(**OURS))
        tx.put_settlements([
            a.settlement(id=key, name=name, removed=a.NOON if name == "Gone" else None, **OURS)
            for key, name in NAMES.items()
        ])  # fmt: skip
        for key, (settlement, _, mode) in TOLD.items():
            tx.put_event(a.event(id=key, settlement=settlement or "", mode=Mode(mode), **OURS))

    def written(name):
        status, answer = document("export", tmp_path / name, "--data-dir", data)
        assert (status, answer["events"]) == (0, len(TOLD))
        return tmp_path / name

    return written


def test_geojson_names_the_settlement(export):
    features = json.loads(export("a.geojson").read_text("utf-8"))["features"]
    found = {
        one["id"]: tuple(one["properties"][k] for k in ("settlement", "settlement_name", "mode"))
        for one in features
    }
    assert found == TOLD
    assert list(features[0]["properties"]).index("settlement") == 5


def test_geopackage_names_the_settlement_and_gdal_finds_by_it(export):
    file = export("a.gpkg")
    meta, _, _, columns = pyogrio.raw.read(file, read_geometry=False)
    table = dict(zip(meta["fields"], columns, strict=True))
    found = zip(table["settlement"], table["settlement_name"], table["mode"], strict=True)
    assert dict(zip(table["id"], found, strict=True)) == TOLD
    where = "settlement_name = 'أبو زريقة'"
    _, _, _, found = pyogrio.raw.read(file, read_geometry=False, where=where, columns=["id"])
    assert list(found[0]) == ["evt-1"]


def test_csv_names_the_settlement_and_no_name_becomes_a_formula(export):
    with export("a.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    found = {
        key: (row["settlement"], row["settlement_name"], row["mode"]) for key, row in rows.items()
    }
    assert found == as_text({**TOLD, "evt-2": ("set-2", "'=Um Baru", "exercise")})
    head = list(rows["evt-1"])
    assert head[head.index("region_name") :][:3] == ["region_name", "settlement", "settlement_name"]


def as_text(told):
    """Return what a table has, in which nothing is an empty text."""
    return {key: tuple(value or "" for value in values) for key, values in told.items()}
