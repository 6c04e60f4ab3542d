"""Small Sentinel-2 products in the shape of SAFE, with drawn pixels."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import rasterio
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from pyproj import Transformer

TILE = "34TFQ"
STARTED = datetime(2019, 6, 5, 9, 20, 31, tzinfo=UTC)
PHYSICAL = ("B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B8A", "B9", "B10", "B11", "B12")

Drawn = Mapping[str, tuple[GeoBox, NDArray[Any]]]


def product_name(
    baseline: str = "05.00", started: datetime = STARTED, tile: str = TILE, satellite: str = "S2B"
) -> str:
    made = STARTED + timedelta(days=1000)
    number = baseline.replace(".", "")
    return f"{satellite}_MSIL2A_{started:%Y%m%dT%H%M%S}_N{number}_R093_T{tile}_{made:%Y%m%dT%H%M%S}"


def write_safe(
    path: Path,
    drawn: Drawn,
    *,
    baseline: str = "05.00",
    offsets: Mapping[str, int] | None = None,
    quantification: int = 10_000,
    started: datetime = STARTED,
    tile: str = TILE,
    satellite: str = "S2B",
) -> Path:
    """Write an unpacked product below `path` and return its folder.

    Parameters
    ----------
    drawn : mapping of band to (GeoBox, DN)
        Written as they are, lossless; the folder of each follows from its pixel size.
    offsets : mapping of str to int, optional
        BOA_ADD_OFFSET by physical band (``B4``); None writes none.
    """
    name = product_name(baseline, started, tile, satellite)
    folder = path / f"{name}.SAFE"
    images = folder / "GRANULE" / f"L2A_T{tile}_A011732_{started:%Y%m%dT%H%M%S}" / "IMG_DATA"
    for band, (geobox, dn) in drawn.items():
        metres = round(abs(geobox.transform.a))
        file = images / f"R{metres}m" / f"T{tile}_{started:%Y%m%dT%H%M%S}_{band}_{metres}m.jp2"
        file.parent.mkdir(parents=True, exist_ok=True)
        with rasterio.open(
            file, "w", driver="JP2OpenJPEG", dtype=dn.dtype.name, count=1, height=dn.shape[0],
            width=dn.shape[1], crs=str(geobox.crs), transform=geobox.transform,
            QUALITY=100, REVERSIBLE="YES", BLOCKXSIZE=64, BLOCKYSIZE=64,
        ) as out:  # fmt: skip
            out.write(dn, 1)
    outline = _corners(next(iter(drawn.values()))[0])
    text = metadata(name, baseline, offsets, quantification, started, outline, satellite)
    (folder / "MTD_MSIL2A.xml").write_text(text, encoding="utf-8")
    return folder


def metadata(
    name: str,
    baseline: str,
    offsets: Mapping[str, int] | None,
    quantification: int,
    started: datetime,
    corners: list[tuple[float, float]],
    satellite: str = "S2B",
) -> str:
    listed = "".join(
        f'<BOA_ADD_OFFSET band_id="{PHYSICAL.index(band)}">{value}</BOA_ADD_OFFSET>'
        for band, value in (offsets or {}).items()
    )
    spectral = "".join(
        f'<Spectral_Information bandId="{number}" physicalBand="{band}"/>'
        for number, band in enumerate(PHYSICAL)
    )
    at = f"{started:%Y-%m-%dT%H:%M:%S}"
    made = f"{STARTED + timedelta(days=1000):%Y-%m-%dT%H:%M:%S}"
    positions = " ".join(f"{lat:.9f} {lon:.9f}" for lon, lat in corners)
    added = "" if offsets is None else (
        f"<BOA_ADD_OFFSET_VALUES_LIST>{listed}</BOA_ADD_OFFSET_VALUES_LIST>"
    )  # fmt: skip
    return f"""<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<n1:Level-2A_User_Product
  xmlns:n1="https://psd-14.sentinel2.eo.esa.int/PSD/User_Product_Level-2A.xsd">
 <n1:General_Info>
  <Product_Info>
   <PRODUCT_START_TIME>{at}.024Z</PRODUCT_START_TIME>
   <PRODUCT_STOP_TIME>{at}.024Z</PRODUCT_STOP_TIME>
   <PRODUCT_URI>{name}.SAFE</PRODUCT_URI>
   <PROCESSING_LEVEL>Level-2A</PROCESSING_LEVEL>
   <PROCESSING_BASELINE>{baseline}</PROCESSING_BASELINE>
   <GENERATION_TIME>{made}.000000Z</GENERATION_TIME>
   <Datatake datatakeIdentifier="G{satellite}_{started:%Y%m%dT%H%M%S}_011732_N{baseline}">
    <SPACECRAFT_NAME>Sentinel-{satellite[1:]}</SPACECRAFT_NAME>
    <DATATAKE_TYPE>INS-NOBS</DATATAKE_TYPE>
    <DATATAKE_SENSING_START>{at}.024Z</DATATAKE_SENSING_START>
    <SENSING_ORBIT_NUMBER>93</SENSING_ORBIT_NUMBER>
    <SENSING_ORBIT_DIRECTION>DESCENDING</SENSING_ORBIT_DIRECTION>
   </Datatake>
  </Product_Info>
  <Product_Image_Characteristics>
   <Special_Values><SPECIAL_VALUE_TEXT>NODATA</SPECIAL_VALUE_TEXT>
    <SPECIAL_VALUE_INDEX>0</SPECIAL_VALUE_INDEX></Special_Values>
   <QUANTIFICATION_VALUES_LIST>
    <BOA_QUANTIFICATION_VALUE unit="none">{quantification}</BOA_QUANTIFICATION_VALUE>
   </QUANTIFICATION_VALUES_LIST>
   {added}
   <Spectral_Information_List>{spectral}</Spectral_Information_List>
  </Product_Image_Characteristics>
 </n1:General_Info>
 <n1:Geometric_Info><Product_Footprint><Product_Footprint><Global_Footprint>
  <EXT_POS_LIST>{positions} </EXT_POS_LIST>
 </Global_Footprint></Product_Footprint></Product_Footprint></n1:Geometric_Info>
 <n1:Quality_Indicators_Info>
  <Cloud_Coverage_Assessment>12.5</Cloud_Coverage_Assessment>
 </n1:Quality_Indicators_Info>
</n1:Level-2A_User_Product>
"""


def _corners(geobox: GeoBox) -> list[tuple[float, float]]:
    move = Transformer.from_crs(str(geobox.crs), "OGC:CRS84", always_xy=True)
    height, width = geobox.shape
    ring = ((0, 0), (width, 0), (width, height), (0, height), (0, 0))
    return [move.transform(*(geobox.transform * corner)) for corner in ring]
