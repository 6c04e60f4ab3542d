"""P-codes as files say them: found, judged, and taken over by a second import."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import example, given
from hypothesis import strategies as st
from shapely.geometry import box

from hearthwatch.settings import Settings, load_settings
from hearthwatch.watchlist import make_settlement
from hearthwatch.watchlist.columns import name_in
from hearthwatch.watchlist.options import Options
from hearthwatch.watchlist.pcodes import LONGEST, Coded, coded_in
from hearthwatch.watchlist.reading import read_file
from hearthwatch.watchlist.swapped import centres_of
from hearthwatch.watchlist.taking import Taken, take_settlements

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
VILLAGES = ("SD010021", "SD010022", "SD010023")
OWN = (
    "pcode", "p_code", "PCODE", "P-Code", "settlementPcode", "VILLAGE_PCODE", "ppl_pcode",
    "#loc+code", "#loc+code+v_pcode", "#loc +pcode", " pcode ",
)  # fmt: skip
OF_LEVELS = ("ADM4_PCODE", "adm4_pcode", "admin4Pcode", "admin4Pcod", "adm5pcode", "#adm4+code")
OF_AREAS = ("ADM1_PCODE", "admin2Pcode", "ADM3_PCODE", "#adm3+code+v_pcode")
NONE = ("ADM4_EN", "code", "postcode", "ADM0_PCODE", "#adm4+name", "#adm4+code+v_iso", "zip_pcode")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return load_settings(data_dir=tmp_path_factory.mktemp("var"))


@pytest.mark.parametrize("column", [*OWN, *OF_LEVELS])
def test_a_code_is_found_in_the_columns_that_people_use(column: str) -> None:
    assert coded_in({"name": "Dola", column: "SD010021"}) == Coded("SD010021")


@pytest.mark.parametrize("column", NONE)
def test_other_columns_have_none(column: str) -> None:
    assert coded_in({column: "SD010021"}) == Coded()


def test_the_finest_level_wins_in_whatever_order() -> None:
    levels = {"ADM4_PCODE": "SD0100210", "ADM5_PCODE": "SD01002105", "ADM2_PCODE": "SD01002"}
    assert coded_in(levels).pcode == "SD01002105"
    assert coded_in(dict(reversed(levels.items()))).pcode == "SD01002105"
    assert coded_in({**levels, "pcode": "SD010021"}).pcode == "SD010021"
    # A column that says nothing is none.
    assert coded_in({**levels, "pcode": " ", "ADM5_PCODE": None}).pcode == "SD0100210"


@pytest.mark.parametrize("column", OF_AREAS)
def test_the_code_of_an_area_with_many_villages_does_not_pass_for_one_of_theirs(
    column: str,
) -> None:
    found = coded_in({"name": "Dola", column: "SD01002"})
    assert found.pcode == ""
    assert found.repairs == (f"{column} is the P-code of an area round it and was left out",)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("SD010021", "SD010021"), ("sd010021", "SD010021"), (" SD 010021 ", "SD010021"),
        ("HT0111-01", "HT0111-01"), (10021, "10021"), (10021.0, "10021"), ("C1001", "C1001"),
        ("SD", ""), ("n/a", ""), ("=1+1", ""), ("-SD01", ""), ("SD01;SD02", ""), ("٣٤", ""),
        ("1" * (LONGEST + 1), ""), (True, ""), (3.5, ""), ("SD01\x1b[2J", ""),
    ],
)  # fmt: skip
def test_what_is_no_code_is_left_out_and_what_is_changed_is_said(said: Any, code: str) -> None:
    found = coded_in({"pcode": said})
    assert found.pcode == code
    is_as_said = str(said).strip() == code or said == 10021
    assert bool(found.repairs) is not is_as_said
    assert "\x1b" not in "".join(found.repairs)


@pytest.mark.parametrize("said", ["", "  ", None, float("nan")])
def test_an_empty_cell_says_nothing(said: Any) -> None:
    assert coded_in({"pcode": said}) == Coded()


CELLS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=40))
NAMES = st.one_of(st.sampled_from((*OWN, *OF_LEVELS, *OF_AREAS)), st.text(max_size=20))


@given(st.dictionaries(NAMES, CELLS, max_size=6))
@example({"pcode": "\N{LATIN SMALL LETTER LONG S}d1"})
def test_whatever_a_file_says_a_code_is_capitals_and_digits_or_none(row: dict[str, Any]) -> None:
    code = coded_in(row).pcode
    assert len(code) <= LONGEST
    assert set(code) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")
    assert not code.startswith("-") and not code.endswith("-")
    # Read again it is itself.
    assert not code or coded_in({"pcode": code}) == Coded(code)


def test_a_code_still_serves_as_a_name_where_there_is_none() -> None:
    assert name_in({"pcode": "SD010021"}) == "SD010021"
    assert name_in({"pcode": "SD010021", "name": "Dola"}) == "Dola"


def files(folder: Path) -> dict[str, Path]:
    """Write the same three villages in the formats that people send."""
    shapes = [box(24 + n, 13, 24.01 + n, 13.01) for n in range(3)]
    geojson = folder / "a.geojson"
    geojson.write_text(json.dumps({"type": "FeatureCollection", "features": [
        {"type": "Feature", "geometry": shapely.geometry.mapping(shape),
         "properties": {"name": f"V{n}", "ADM4_PCODE": VILLAGES[n]}}
        for n, shape in enumerate(shapes)
    ]}))  # fmt: skip
    table = folder / "a.csv"
    rows = [f"V{n};{24 + n};13;300;{code}" for n, code in enumerate(VILLAGES)]
    table.write_text("\n".join(["name;lon;lat;radius_m;P_CODE", *rows]))
    wkb = np.array([shapely.to_wkb(one) for one in shapes], object)
    written = {"geojson": geojson, "csv": table}
    for driver, end in (("GPKG", "gpkg"), ("FlatGeobuf", "fgb"), ("KML", "kml")):
        written[end] = folder / f"a.{end}"
        pyogrio.raw.write(
            written[end], wkb, [np.array(["V0", "V1", "V2"], object), np.array(VILLAGES, object)],
            ["Name", "admin4Pcode"], driver=driver, geometry_type="Polygon", crs="EPSG:4326",
        )  # fmt: skip
    shp = folder / "b.shp"
    pyogrio.raw.write(
        shp, wkb, [np.array(VILLAGES, object)], ["admin4Pcod"], driver="ESRI Shapefile",
        geometry_type="Polygon", crs="EPSG:4326",
    )  # fmt: skip
    return {**written, "shp": shp}


def taken(path: Path, settings: Settings) -> Taken[Any]:
    reading = read_file(path, settings, Options(each=True))
    return take_settlements(reading, "ours", "a survey", centres_of([]))


def test_every_format_brings_its_codes(tmp_path: Path, settings: Settings) -> None:
    for kind, path in files(tmp_path).items():
        found = taken(path, settings)
        # FlatGeobuf sorts them by place.
        assert sorted(one.pcode for one, _ in found.made) == list(VILLAGES), kind
        assert found.checks == () and found.faults == (), kind


def test_what_was_done_to_a_code_is_told_of_settlements_and_of_them_alone(
    tmp_path: Path, settings: Settings
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("name,lon,lat,radius_m,pcode\nA,24,13,300,sd 01\nB,25,13,300,none\n")
    (_, first), (other, second) = taken(path, settings).made
    assert first.repairs[-1] == "its P-code 'sd 01' was read as SD01"
    assert second.repairs[-1].startswith("its pcode 'none' was left out")
    assert other.pcode == "" and other.name == "B"
    areas = read_file(path, settings, Options(each=True)).areas
    assert not any("code" in words for area in areas for words in area.repairs)
    assert make_settlement(areas[0], "ours", "", NOON).pcode == "SD01"


def test_a_code_on_several_places_is_to_be_checked(tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / "a.csv"
    rows = [f"V{n},{24 + n},13,300,{'SD01' if n < 4 else 'SD02'}" for n in range(5)]
    path.write_text("\n".join(["name,lon,lat,radius_m,ADM4_PCODE", *rows]))
    found = taken(path, settings)
    assert [str(check) for check in found.checks] == [
        "the P-code SD01 is on 4 places (line 2 (V0), line 3 (V1), line 4 (V2), …): it may be that "
        "of an area round them"
    ]
    assert len(found.made) == 5
