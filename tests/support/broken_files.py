"""Files with areas that somebody could send, sound and broken, and the answer that each must get.

Every file is made here; the answer beside it was written by hand from what is wrong with it.
"""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from shapely.geometry import Polygon, box, mapping

SQUARE = [[24.0, 13.0], [24.01, 13.0], [24.01, 13.01], [24.0, 13.01], [24.0, 13.0]]
BOW_TIE = [[24, 13], [24.02, 13.02], [24.02, 13], [24, 13.02], [24, 13]]
GROUND = Polygon(SQUARE)
KML = """<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>layer</name>
<Placemark><name>Dola</name><Polygon><outerBoundaryIs><LinearRing>
<coordinates>24,13 24.01,13 24.01,13.01 24,13.01 24,13</coordinates>
</LinearRing></outerBoundaryIs></Polygon></Placemark></Document></kml>"""
NO_CRS = (
    "it does not say in which CRS it is: state it, as --crs EPSG:32634, or reproject to EPSG:4326"
)
WOUND = "rings were wound right: outlines anticlockwise, holes clockwise"
DTD = (
    "The file has a document type or defines entities, and may not: export the places themselves "
    "as KML or GeoJSON."
)


@dataclass(frozen=True)
class Case:
    """One file and the answer it gets.

    Attributes
    ----------
    write : callable
        Writes it into a folder and returns where.
    faults : tuple of str
        Everything that is said to be wrong with features, or with the file.
    whole : str
        The one message for a file that cannot be read at all.
    repairs, checks : tuple of str
        What is said of a file that is taken.
    """

    name: str
    write: Callable[[Path], Path]
    faults: tuple[str, ...] = ()
    whole: str = ""
    repairs: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()

    @property
    def is_taken(self) -> bool:
        return not (self.faults or self.whole)


def polygon(*rings: Sequence[Any]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def feature(geometry: Any, name: str = "Dola", **more: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": {"name": name, **more}, "geometry": geometry}


def collection(*features: Any, **more: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features), **more}


def of_bytes(data: bytes, name: str = "sent.dat") -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(data)
        return path

    return write


def of_json(value: Any) -> Callable[[Path], Path]:
    return of_bytes(json.dumps(value).encode())


def of_text(text: str, encoding: str = "utf-8") -> Callable[[Path], Path]:
    return of_bytes(text.encode(encoding))


def of_zip(files: dict[str, bytes]) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        path = folder / "sent.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        return path

    return write


def layer(
    path: Path, driver: str, crs: str | None = "EPSG:4326", shape: Any = GROUND, name: str = "Dola"
) -> Path:
    wkb, names = np.array([shapely.to_wkb(shape)], object), np.array([name], object)
    more = {"layer": "a"} if driver == "GPKG" else {}
    pyogrio.raw.write(
        path, wkb, [names], ["NAME"], driver=driver, geometry_type=shape.geom_type, crs=crs, **more
    )  # fmt: skip
    return path


def shapefile_without(*ends: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        layer(folder / "towns.shp", "ESRI Shapefile")
        files = {
            one.name: one.read_bytes() for one in folder.glob("towns.*") if one.suffix not in ends
        }
        return of_zip(files)(folder)

    return write


def cut_package(folder: Path) -> Path:
    whole = layer(folder / "whole.gpkg", "GPKG").read_bytes()
    return of_bytes(whole[: len(whole) // 2])(folder)


def garbled_package(folder: Path) -> Path:
    whole = layer(folder / "whole.gpkg", "GPKG").read_bytes()
    return of_bytes(whole.replace(b"CREATE TABLE", b"CRE\xa9TE TABLE"))(folder)


def package_in(crs: str) -> Callable[[Path], Path]:
    ground = box(600_000, 1_470_000, 601_000, 1_471_000)
    return lambda folder: layer(folder / "sent.gpkg", "GPKG", crs, ground)


def many_corners(count: int) -> dict[str, Any]:
    angles = np.linspace(0, 2 * math.pi, count, endpoint=False)
    ring = np.column_stack([24 + 0.1 * np.cos(angles), 13 + 0.1 * np.sin(angles)]).tolist()
    return feature(polygon([*ring, ring[0]]))


def nested(depth: int) -> dict[str, Any]:
    found = polygon(SQUARE)
    for _ in range(depth):
        found = {"type": "GeometryCollection", "geometries": [found]}
    return found


HOLE_OUTSIDE = [[25, 13], [25.01, 13], [25.01, 13.01], [25, 13.01], [25, 13]]
OVER = [[179.99, 0], [-179.99, 0], [-179.99, 0.01], [179.99, 0.01], [179.99, 0]]
ENTITIES = (
    '<!DOCTYPE kml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)
LINK = "<NetworkLink><Link><href>https://example.org/x.kml</href></Link></NetworkLink>"
NEAR = [feature(mapping(box(24 + i, 13, 24.01 + i, 13.01)), f"Place {i}") for i in range(3)]

BROKEN = (
    Case("a bow-tie", of_json(feature(polygon(BOW_TIE))), faults=(
        "feature 1 (Dola) crosses or touches itself at 24.01, 13.01 (Self-intersection): move the "
        "corners there apart",)),
    Case("a hole outside its outline", of_json(feature(polygon(SQUARE, HOLE_OUTSIDE))), faults=(
        "feature 1 (Dola) is not a valid polygon at 25, 13 (Hole lies outside shell): draw it "
        "again",)),
    Case("a ring round a pole",
         of_json(feature(polygon([[-120, 80], [0, 80], [120, 80], [-120, 80]]))),
         faults=("feature 1 (Dola) goes round a pole: cut it along the 180th meridian",)),
    Case("a place at a pole", of_json(feature(polygon([[0, 85], [1, 85], [1, 86], [0, 85]]))),
         faults=("feature 1 (Dola) has the coordinates 1, 86: beyond 80° S and 84° N nothing is "
                 "watched; cut it there",)),
    Case("latitude beyond 90", of_json(feature(polygon([[13, 124], [13.1, 124], [13, 124.1]]))),
         faults=("feature 1 (Dola) has the coordinates 13, 124.1, and latitude runs from -90 to "
                 "90: write longitude first. Are latitude and longitude swapped?",)),
    Case("empty", of_bytes(b""), whole="The file is empty: export it again."),
    Case("no features", of_json(collection()), faults=(
        "it holds no feature: draw the area to watch as a polygon",)),
    Case("a feature without a geometry",
         of_json(collection(feature(polygon(SQUARE)), feature(None, "Surri"))),
         faults=("feature 2 (Surri) holds no area, only empty geometry: draw it as a polygon",)),
    Case("a line", of_json(feature({"type": "LineString", "coordinates": [[24, 13], [25, 13]]})),
         faults=("feature 1 (Dola) holds no area, only LineString: draw it as a polygon",)),
    Case("GeoJSON in another CRS",
         of_json(collection(feature(polygon(SQUARE)),
                            crs={"type": "name", "properties": {"name": "EPSG:32634"}})),
         faults=("its crs member says EPSG:32634, but GeoJSON is longitude and latitude: reproject "
                 "it to EPSG:4326 and export it again",)),
    Case("GeoJSON in metres", of_json(feature(polygon([[6e5, 1e6], [7e5, 1e6], [7e5, 2e6]]))),
         faults=("feature 1 (Dola) has the coordinates 700000, 2000000: these look like projected "
                 "metres; reproject to EPSG:4326",)),
    Case("a document type", of_text(KML.replace("<kml", "<!DOCTYPE kml><kml", 1)), whole=DTD),
    Case("entities that grow", of_text(KML.replace("<kml", ENTITIES + "<kml", 1)), whole=DTD),
    Case("an outer entity", of_text(KML.replace(
        "<kml", '<!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/passwd">]><kml', 1)), whole=DTD),
    Case("a link to elsewhere", of_text(KML.replace("<Document>", f"<Document>{LINK}")),
         whole="The file links to other files (NetworkLink), and may not: export the places "
               "themselves as KML or GeoJSON."),
    Case("a link in an archive",
         of_zip({"doc.kml": KML.replace("<Document>", f"<Document>{LINK}").encode()}),
         whole="The file links to other files (NetworkLink), and may not: export the places "
               "themselves as KML or GeoJSON."),
    Case("KML cut off", of_text(KML[:200]),
         whole="The file is not readable as KML: no element found: line 4, column 21. Export it "
               "again."),
    Case("other XML", of_text('<?xml version="1.0"?><OGRVRTDataSource/>'),
         whole="The file is neither a shapefile nor KML: export it as GeoJSON."),
    Case("KML in UTF-16", of_text(KML, "utf-16"),
         whole="The file is not KML in UTF-8: export it again."),
    Case("an archive that grows", of_zip({"doc.kml": b" " * 3_000_000}),
         whole="The file holds a file that is packed to less than a 200th, as no outlines are: "
               "keep only the layer of the places."),
    Case("an archive of very much", of_zip({f"{i}.kml": b"<kml/>" for i in range(101)}),
         whole="The file would be more than 268 MB unpacked, or more than 100 files: keep only the "
               "layer of the places."),
    Case("an archive that leads out", of_zip({"../../doc.kml": KML.encode()}),
         whole="The file holds a file with a path that leads out of it: pack it again, with mere "
               "names."),
    Case("an archive of two layers", of_zip({"a.kml": KML.encode(), "b.kml": KML.encode()}),
         whole="The file holds 2 shapefiles and KML files: pack exactly one in each."),
    Case("a broken archive", of_bytes(b"PK\x03\x04 and no more"),
         whole="The file cannot be unpacked: File is not a zip file. Pack it again."),
    Case("an end in two orders", of_json(feature(polygon(SQUARE), expires="03/04/2031")), faults=(
        "feature 1 (Dola) has the end '03/04/2031', which may be 2031-03-04 or 2031-04-03: write "
        "it as 2027-03-31",)),
    Case("an end that is no day", of_json(feature(polygon(SQUARE), expires="2031-02-30")), faults=(
        "feature 1 (Dola) has the end '2031-02-30', which is no day",)),
    Case("more corners than allowed", of_json(many_corners(100_001)), faults=(
        "feature 1 (Dola) has 100,002 corners, and a region may have 100,000 at most: simplify it "
        "(setting max_vertices)",)),
    Case("larger than allowed", of_json(feature(mapping(box(24, 13, 26, 15)))), faults=(
        "feature 1 (Dola) covers 47,812.9 km², and a region may have 2,500.0 km² at most: draw it "
        "smaller or cut it in several regions (setting max_region_km2)",)),
    Case("a belt round the earth", of_json(feature(polygon(
        [[-180, 1], [0, 1], [180, 1], [180, 1.01], [0, 1.01], [-180, 1.01], [-180, 1]]))), faults=(
        "feature 1 (Dola) covers 44,419.5 km², and a region may have 2,500.0 km² at most: draw it "
        "smaller or cut it in several regions (setting max_region_km2)",)),
    Case("half a character", of_bytes(json.dumps(feature(polygon(SQUARE), "D\ud800")).encode()),
         whole="The file holds half a surrogate pair in a text, as \\ud800, which is no "
               "character: correct the text and export it again."),
    Case("collections in collections", of_json(feature(nested(40))), faults=(
        "feature 1 (Dola) has collections nested more than 16 deep: draw it as Polygons",)),
    Case("brackets without end", of_bytes(b"[" * 200_000),
         whole="The file is not readable as GeoJSON: it is nested too deeply. Export it again."),
    Case("not a number", of_json(feature(polygon([[24, 13], [math.nan, 13], [24, 14]]))), faults=(
        "feature 1 (Dola) has a coordinate that is not a finite number, at position 2: correct "
        "it",)),
    Case("infinite", of_json(feature(polygon([[24, 13], [math.inf, 13], [24, 14]]))), faults=(
        "feature 1 (Dola) has a coordinate that is not a finite number, at position 2: correct "
        "it",)),
    Case("a huge number", of_json(feature(polygon([[24, 13], [10**400, 13], [24, 14]]))), faults=(
        "feature 1 (Dola) ring 1 has a number too large to be a coordinate: correct it",)),
    Case("a package cut off", cut_package,
         whole="The file cannot be read, it is damaged: database disk image is malformed. Export "
               "it again."),
    Case("a package of no text", garbled_package,
         whole="The file cannot be read, it is damaged: its list of tables is no text. Export it "
               "again."),
    Case("a shapefile without its table", shapefile_without(".dbf"),
         whole="The file is a shapefile without its .dbf: put them beside it, or all of them into "
               "one .zip."),
    Case("a shapefile without its CRS", shapefile_without(".prj"), faults=(NO_CRS,)),
    Case("points without a radius", of_text("name,lon,lat\nDola,24,13\n"), faults=(
        "line 2 (Dola) is a point without a radius: give radius_m for each, or --radius for all",)),
    Case("a radius that is two numbers", of_text("name;lon;lat;radius_m\nDola;24,5;13,5;1,500\n"),
         faults=("line 2 (Dola) has the radius_m '1,500', which may be 1.500 or 1500 metres: write "
                 "it without a comma",)),
    Case("a table without places", of_text("a,b\n1,2\n"),
         whole="The file needs a column longitude and a column latitude, in decimal degrees; it "
               "has a, b."),
    Case("a table with an open quote", of_text('lon,lat\n"1,2'),
         whole="The file is not readable as CSV: unexpected end of data. Export it again."),
    Case("not in UTF-8", of_text("name,lon,lat,radius_m\nAbéché,20.8,13.8,300\n", "cp1252"),
         whole="The file is neither GeoJSON nor CSV in UTF-8, nor a GeoPackage, FlatGeobuf, KML or "
               "shapefile: if it is text, name its encoding, as --encoding latin-1."),
    Case("a picture", of_bytes(b"\xff\xd8\xff\xe0" + bytes(range(256))),
         whole="The file is neither GeoJSON nor CSV in UTF-8, nor a GeoPackage, FlatGeobuf, KML or "
               "shapefile: if it is text, name its encoding, as --encoding latin-1."),
    Case("everything at once",
         of_json(collection(feature(polygon(BOW_TIE), "A"), feature(polygon(SQUARE), "B"),
                            feature(None, "C"), feature(polygon([[24, 95], [25, 95], [24, 96]]),
                                                        "D"))),
         faults=(
             "feature 1 (A) crosses or touches itself at 24.01, 13.01 (Self-intersection): move "
             "the corners there apart",
             "feature 3 (C) holds no area, only empty geometry: draw it as a polygon",
             "feature 4 (D) has the coordinates 24, 96, and latitude runs from -90 to 90: write "
             "longitude first. Are latitude and longitude swapped?")),
)  # fmt: skip
"""Of which nothing is taken."""

REPAIRED = (
    Case("an open ring", of_json(feature(polygon(SQUARE[:-1]))), repairs=("a ring was closed",)),
    Case("heights", of_json(feature(polygon([[*one, 700.0] for one in SQUARE]))),
         repairs=("heights were dropped",)),
    Case("wound the other way", of_json(feature(polygon(SQUARE[::-1]))), repairs=(WOUND,)),
    Case("over 180 degrees", of_json(feature(polygon(OVER))),
         repairs=("split at 180° into 2 parts",)),
    Case("corners given twice", of_json(feature(polygon([SQUARE[0], *SQUARE]))),
         repairs=("corners given twice were left out",)),
    Case("stray parts", of_json(feature(
        {"type": "GeometryCollection",
         "geometries": [polygon(SQUARE), {"type": "Point", "coordinates": [24, 13]}]})),
         repairs=("parts that are no areas were left out: Point",)),
    Case("a package in metres", package_in("EPSG:32634"), repairs=(
        "reprojected from EPSG:32634 to longitude and latitude",)),
    Case("only the day can be 31", of_json(feature(polygon(SQUARE), expires="12/31/2031")),
         repairs=("its end 12/31/2031 can only be 2031-12-31 and was read so",)),
    Case("carriage returns", of_text("name,lon,lat,radius_m\rDola,24,13,300\r")),
    Case("a byte order mark", of_text("name,lon,lat,radius_m\nDola,24,13,300\n", "utf-8-sig")),
    Case("UTF-16", of_text("name,lon,lat,radius_m\nDola,24,13,300\n", "utf-16")),
    Case("semicolons and decimal commas", of_text("name;lon;lat;radius_m\nDola;24,5;13,5;300\n"),
         repairs=("decimal commas were read as points",)),
    Case("longitude and latitude swapped",
         of_json(collection(*NEAR, feature(mapping(box(13, 25, 13.02, 25.02)), "Swapped"))),
         checks=(
             "feature 4 (Swapped) lies at longitude 13.01, latitude 25.01, far from the others, "
             "and would lie among them with the two swapped: check it; it was taken as it is "
             "written",)),
)  # fmt: skip
"""Of which all is taken, and what was done is said."""
