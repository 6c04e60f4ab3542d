"""Names of products, as Copernicus and OPERA give them."""

from datetime import UTC, datetime

import pytest

from imagery.naming import datatake_start, mgrs_tile, plain_platform, read_name


@pytest.mark.parametrize(
    "name",
    [
        "S2B_MSIL2A_20190605T092031_N0500_R093_T34TFQ_20230201T110312.SAFE",
        "S2B_MSIL2A_20190605T092031_N0500_R093_T34TFQ_20230201T110312",
        "/eodata/x/S2B_MSIL2A_20190605T092031_N0500_R093_T34TFQ_20230201T110312.SAFE",
    ],
)
def test_a_sentinel_2_product_says_its_datatake_orbit_tile_and_baseline(name):
    named = read_name(name)
    assert (named.kind, named.platform, named.relative_orbit) == ("MSIL2A", "sentinel-2b", 93)
    assert (named.tile, named.baseline) == ("34TFQ", "05.00")
    assert named.started == datetime(2019, 6, 5, 9, 20, 31, tzinfo=UTC)
    assert named.processed == datetime(2023, 2, 1, 11, 3, 12, tzinfo=UTC)


def test_the_planetary_computers_names_leave_the_baseline_out():
    named = read_name("S2B_MSIL2A_20190605T092031_R093_T34TFQ_20201006T035421")
    assert (named.baseline, named.relative_orbit, named.tile) == (None, 93, "34TFQ")


@pytest.mark.parametrize("end", ["", "_7C3A", "_7C3A.SAFE", "_7C3A_COG", "_rtc"])
def test_a_sentinel_1_product_says_its_mode_and_slice(end):
    named = read_name(f"S1A_IW_GRDH_1SDV_20230113T032115_20230113T032140_046765_059B2E{end}")
    assert (named.kind, named.platform, named.instrument_mode) == ("GRD", "sentinel-1a", "IW")
    assert named.started == datetime(2023, 1, 13, 3, 21, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "kind", "mode"),
    [
        ("S1B_EW_GRDM_1SDH_20190113T032115_20190113T032140_014765_01B82E_0000", "GRD", "EW"),
        ("S1C_IW_SLC__1SDV_20260113T032115_20260113T032140_006765_00DB2E_0000", "SLC", "IW"),
        ("S1A_S3_GRDH_1SSV_20230113T032115_20230113T032140_046765_059B2E_0000", "GRD", "SM"),
        ("S1A_WV_OCN__2SSV_20230113T032115_20230113T032140_046765_059B2E_0000", "OCN", "WV"),
    ],
)
def test_other_modes_and_levels_are_told_apart(name, kind, mode):
    named = read_name(name)
    assert (named.kind, named.instrument_mode) == (kind, mode)


@pytest.mark.parametrize("layer", ["", "_VV", "_VV.tif", "_mask.tif"])
def test_a_burst_of_opera_says_its_track_and_number(layer):
    named = read_name(
        f"OPERA_L2_RTC-S1_T137-292319-IW2_20231203T015908Z_20231203T124004Z_S1A_30_v1.0{layer}"
    )
    assert (named.kind, named.platform, named.relative_orbit) == ("RTC", "sentinel-1a", 137)
    assert (named.tile, named.baseline) == ("T137-292319-IW2", "1.0")


@pytest.mark.parametrize(
    "name",
    ["", "S2B", "villages.zip", "S2B_34TFQ_20190605_0_L2A", "S2B_MSIL2A_20190605_N0500_R093",
     "S2B_MSIL2A_20190605T092031_N0500_R093_T34TFQ_20230201T110312_B04.tif"],
)  # fmt: skip
def test_what_is_no_products_name_is_none(name):
    assert read_name(name) is None


@pytest.mark.parametrize(
    ("text", "tile"),
    [
        ("MGRS-34TFQ", "34TFQ"), ("34TFQ", "34TFQ"), ("S2B_34TFQ_20190605_0_L2A", "34TFQ"),
        ("S2B_T34TFQ_20190605T093055_L2A", "34TFQ"),
        ("S2B_OPER_MSI_L2A_TL_2BPS_20230112T110312_A030568_T36NXF_N05.09", "36NXF"),
        ("RO_20190605", None), ("S2_20190501T100000_T0", None), ("", None),
    ],
)  # fmt: skip
def test_tiles_are_found_in_codes_and_ids(text, tile):
    assert mgrs_tile(text) == tile


@pytest.mark.parametrize("name", ["sentinel-2b", "Sentinel-2B", "SENTINEL-2B", "S2B", "s2b"])
def test_a_platform_reads_the_same_however_it_is_written(name):
    assert plain_platform(name) == "sentinel-2b"
    assert plain_platform("landsat-9") == "landsat-9"


def test_a_datatake_names_satellite_and_start_whatever_follows():
    start = datetime(2019, 6, 5, 9, 20, 31, tzinfo=UTC)
    for text in ("GS2B_20190605T092031_011732_N05.00", "GS2B_20190605T092031"):
        assert datatake_start(text) == ("sentinel-2b", start)
    assert datatake_start("X_1") is None
