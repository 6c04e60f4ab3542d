"""Whatever the form, what is read back is what was written: features, places, times, nulls."""

import csv
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from itertools import count
from xml.etree import ElementTree as ET

import numpy as np
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import shape

from hearthwatch.export.columns import SHAPES, Form
from hearthwatch.export.csv_form import as_meant, harmless
from hearthwatch.export.spool import Facts
from hearthwatch.export.writing import FORMS, fits
from tests.support import exported

EVENTS = SHAPES["events"].columns
KML = {"k": "http://www.opengis.net/kml/2.2"}
# Milliseconds are the finest that GDAL has.
TO_MILLISECONDS = frozenset({"gpkg", "fgb"})


@pytest.fixture
def features():
    return exported.trying()


def by_gdal(path):
    """Return what GDAL reads: by id, the columns and the geometry."""
    meta, table = pyogrio.read_arrow(path)
    place = meta["geometry_name"] or "wkb_geometry"
    rows = table.to_pylist()
    return {
        row["id"]: ({k: row.get(k) for k in EVENTS}, shapely.from_wkb(row[place])) for row in rows
    }


def flat(features, *, milliseconds):
    """Return what a flat table is to have, by id."""
    found = {}
    for one in features:
        row = {}
        for name, form in EVENTS.items():
            value = one["properties"][name]
            if form is Form.MOMENT and value is not None:
                value = datetime.fromisoformat(value)
                if milliseconds:
                    value = value.replace(microsecond=round(value.microsecond / 1000) * 1000)
            elif form is Form.LIST:
                value = "; ".join(value)
            elif form is Form.NESTED:
                value = json.dumps(value, ensure_ascii=False)
            row[name] = value
        found[one["id"]] = row, shape(one["geometry"])
    return found


@pytest.mark.parametrize("form", ["gpkg", "fgb"])
def test_gdal_reads_back_what_was_written(features, form, tmp_path):
    path = exported.written(features, form, tmp_path)
    found, wanted = by_gdal(path), flat(features, milliseconds=True)
    assert found.keys() == wanted.keys()
    for key, (row, place) in wanted.items():
        told = {k: v.replace(tzinfo=UTC) if isinstance(v, datetime) else v
                for k, v in found[key][0].items()}  # fmt: skip
        assert told == row
        assert found[key][1].geom_type == "MultiPolygon"
        assert (
            found[key][1].normalize()
            == shapely.MultiPolygon(getattr(place, "geoms", [place])).normalize()
        )


def test_what_gdal_tells_of_types_and_of_the_whole(features, tmp_path):
    gpkg, fgb = (pyogrio.read_info(exported.written(features, form, tmp_path / form))
                 for form in ("gpkg", "fgb"))  # fmt: skip
    for info in (gpkg, fgb):
        types = dict(zip(info["fields"], info["ogr_types"], strict=True))
        assert (types["version"], types["area_m2"], types["first_changed"], types["id"]) == (
            "OFTInteger64", "OFTReal", "OFTDateTime", "OFTString")  # fmt: skip
        assert "CRS84" in info["crs"]
        assert info["geometry_type"] == "MultiPolygon"
        assert info["features"] == len(features)
        np.testing.assert_allclose(info["total_bounds"], (-180, -16.5, 180, 13.6000001))
    said = exported.told(Facts(features=len(features), modes={"actual", "exercise"})).texts()
    assert gpkg["dataset_metadata"] == said
    assert said.items() <= fgb["layer_metadata"].items()
    assert "EXERCISE: part of it is not about the world." in fgb["layer_metadata"]["DESCRIPTION"]
    assert "EXERCISE: part of it is not about the world." in gpkg["layer_metadata"]["DESCRIPTION"]


def test_parquet_has_lists_microseconds_and_the_boxes(features, tmp_path):
    table = pq.read_table(exported.written(features, "parquet", tmp_path))
    geo = json.loads(table.schema.metadata[b"geo"])
    assert (geo["version"], geo["primary_column"]) == ("1.1.0", "geometry")
    column = geo["columns"]["geometry"]
    assert (column["encoding"], column["geometry_types"]) == ("WKB", ["MultiPolygon"])
    assert "crs" not in column
    said = json.loads(table.schema.metadata[b"hearthwatch"])
    assert (said["made"], said["modes"]) == ("2026-03-01T12:30:15.250000Z", ["actual", "exercise"])
    rows = {row["id"]: row for row in table.to_pylist()}
    for one in features:
        row, properties = rows[one["id"]], one["properties"]
        assert row["doubts"] == properties["doubts"]
        assert json.loads(row["evidence"]) == properties["evidence"]
        for name in ("settlement_name", "version", "area_m2", "settlement", "change"):
            assert row[name] == properties[name]
        unharmed = properties["last_unharmed"]
        assert row["last_unharmed"] == (unharmed and datetime.fromisoformat(unharmed))
        place = shapely.from_wkb(row["geometry"])
        assert place.equals(shape(one["geometry"]))
        assert tuple(row["bbox"].values()) == place.bounds


def test_geojson_is_the_features_themselves(features, tmp_path):
    value = json.loads(exported.written(features, "geojson", tmp_path).read_text("utf-8"))
    assert value["features"] == features
    assert value["type"] == "FeatureCollection"
    assert value["notice"].startswith("Contains modified Copernicus Sentinel data 2023-2024")
    assert value["provenance"]["query"] == {"bbox": "1,2,3,4", "filter": "kind = 'burned'"}
    assert value["provenance"]["disclosure"] == "organisation"
    assert value["provenance"]["features"] == len(features)


def test_csv_gives_every_name_back_and_none_to_a_spreadsheet(features, tmp_path):
    with exported.written(features, "csv", tmp_path).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [as_meant(row["settlement_name"]) for row in rows] == [
        one["properties"]["settlement_name"] or "" for one in features
    ]
    assert not [row for row in rows for cell in row.values() if cell[:1] in tuple("=+@\t\r")]
    assert rows[3]["settlement_name"] == "'-5 Mile"
    for row, one in zip(rows, features, strict=True):
        place = shape(one["geometry"])
        assert shapely.from_wkt(row["wkt"]).equals(place)
        assert place.covers(shapely.Point(float(row["longitude"]), float(row["latitude"])))
        assert (row["mode"], row["disclosure"]) == (one["properties"]["mode"], "organisation")
    assert {row["notice"] for row in rows} == {
        "Contains modified Copernicus Sentinel data 2023-2024. Naïve notice"
    }


@given(st.text(alphabet="'=+-@\t\r\n＝a ", max_size=6))  # noqa: RUF001
def test_no_text_is_a_formula_and_every_text_is_given_back(text):
    kept = harmless(text)
    assert kept[:1] not in tuple("=+-@\t\r\n＝")  # noqa: RUF001
    assert as_meant(kept) == text


def test_zip_has_the_table_and_says_what_it_is(features, tmp_path):
    with zipfile.ZipFile(exported.written(features, "zip", tmp_path / "zip")) as packed:
        assert packed.namelist() == ["README.txt", "events.csv"]
        readme = packed.read("README.txt").decode()
        table = packed.read("events.csv").decode()
    plain = exported.written(features, "csv", tmp_path / "csv").read_bytes().decode()
    assert table == plain
    assert len(list(csv.reader(io.StringIO(table)))) == len(features) + 1
    for words in ("EXERCISE", "hearthwatch 0.1.0", "2026-03-01T12:30:15.250000Z", "Naïve notice",
                  "kind = 'burned'", "For your own organisation alone"):  # fmt: skip
        assert words in readme


def test_kml_has_names_times_and_typed_data(features, tmp_path):
    path = exported.written(features, "kml", tmp_path)
    root = ET.fromstring(path.read_bytes())
    document = root.find("k:Document", KML)
    assert "Contains modified Copernicus" in document.findtext("k:description", "", KML)
    marks = document.findall("k:Placemark", KML)
    assert [one.findtext("k:TimeStamp/k:when", "", KML) for one in marks] == [
        one["properties"]["first_changed"] for one in features
    ]
    styles = {f"#{one.get('id')}" for one in document.findall("k:Style", KML)}
    assert {one.findtext("k:styleUrl", "", KML) for one in marks} <= styles
    names = [one.findtext("k:name", "", KML) for one in marks]
    assert names[0] == "provisional burned, أبو زريقة"
    assert names[-2] == "EXERCISE provisional burned, Um Baru"
    assert names[6] == "provisional burned, tab\ufffdbed"


def test_gdal_reads_the_same_places_and_values_from_kml(features, tmp_path):
    path = exported.written(features, "kml", tmp_path)
    meta, _, wkb, columns = pyogrio.raw.read(path)
    table = dict(zip(meta["fields"], columns, strict=True))
    assert list(table["looks"]) == [3] * len(features)
    assert list(table["area_m2"]) == [12_345.6] * len(features)
    for one, told in zip(features, wkb, strict=True):
        assert shapely.from_wkb(told).equals_exact(
            shape(one["geometry"]), 1e-7, normalize=True
        ) or (shapely.from_wkb(told).equals(shape(one["geometry"])))


def test_the_debian_gdal_reads_them_too(features, tmp_path, require_system):
    import subprocess

    ogrinfo = require_system("gdal-bin", "ogrinfo")
    for form in ("gpkg", "fgb", "kml", "geojson"):
        path = exported.written(features, form, tmp_path / form)
        done = subprocess.run(
            [ogrinfo, "-ro", "-al", str(path)], capture_output=True, text=True, timeout=60,
            check=True, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
        assert "Warning" not in done.stderr and "ERROR" not in done.stderr, (form, done.stderr)
        assert f"Feature Count: {len(features)}" in done.stdout
        assert "أبو زريقة" in done.stdout


@pytest.mark.parametrize("form", sorted(FORMS))
def test_a_file_of_nothing_is_whole(form, tmp_path):
    path = exported.written([], form, tmp_path)
    if form in ("gpkg", "fgb", "geojson"):
        assert pyogrio.read_arrow(path)[1].num_rows == 0
    elif form == "kml":
        assert not ET.fromstring(path.read_bytes()).findall(".//k:Placemark", KML)
    elif form == "parquet":
        assert pq.read_table(path).num_rows == 0
    else:
        assert path.stat().st_size > 0


@pytest.mark.parametrize("form", [form for form in FORMS if fits("ledger", form)])
def test_looks_have_no_place_and_are_a_table(form, tmp_path):
    look = {"id": "x", "sensed": "2024-05-01T12:00:00Z", "mode": "actual", "usable": 0.25,
            "detail": {"lost": {"cloud": 0.75}}, "cause": None}  # fmt: skip
    features = [{"type": "Feature", "id": "x", "geometry": None, "properties": look}]
    path = exported.written(features, form, tmp_path, "ledger")
    if form == "gpkg":
        meta, table = pyogrio.read_arrow(path)
        assert meta["geometry_type"] is None
        assert table.column("usable").to_pylist() == [0.25]
    elif form == "parquet":
        table = pq.read_table(path)
        assert b"geo" not in table.schema.metadata
        assert table.column("usable").to_pylist() == [0.25]
    elif form == "csv":
        assert "wkt" not in path.read_text().splitlines()[0]


def test_a_tombstone_has_no_place_in_any_form(tmp_path):
    gone = {"id": "a", "gone": True, "told": "2024-05-01"}
    here = {"id": "b", "gone": False, "told": "2024-05-02", "kind": "burned", "sure": "Likely",
            "unharmed_until": "2024-04-01", "changed_by": None}  # fmt: skip
    square = {"type": "Polygon", "coordinates": [exported.SQUARE]}
    features = [
        {"type": "Feature", "id": "a", "geometry": None, "properties": gone},
        {"type": "Feature", "id": "b", "geometry": square, "properties": here},
    ]
    for form in FORMS:
        path = exported.written(features, form, tmp_path / form, "released")
        if form in ("gpkg", "fgb"):
            _, table = pyogrio.read_arrow(path)
            assert sorted(zip(table["id"].to_pylist(), table["gone"].to_pylist(), strict=True)) == [
                ("a", True), ("b", False)]  # fmt: skip


_ids = count()


@settings(max_examples=15)
@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.text(st.characters(codec="utf-8", exclude_characters="\0"))),
            st.floats(allow_nan=False, allow_infinity=False),
            st.integers(0, 7_000_000_000_000_000).map(
                lambda micros: datetime(1971, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
            ),
        ),
        max_size=5,
    )
)
def test_any_text_number_and_time_comes_back_from_a_geopackage(tmp_path_factory, rows):
    features = [
        exported.event(n, observed=text, area_m2=number, sensed=None,
                       first_changed=when.isoformat())
        for n, (text, number, when) in enumerate(rows)
    ]  # fmt: skip
    path = exported.written(features, "gpkg", tmp_path_factory.mktemp(f"g{next(_ids)}"))
    _, table = pyogrio.read_arrow(path)
    for row, (text, number, when) in zip(table.to_pylist(), rows, strict=True):
        assert (row["observed"], row["area_m2"]) == (text, number)
        assert abs((row["first_changed"] - when).total_seconds()) <= 0.0005
