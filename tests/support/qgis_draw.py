"""Draws the service in QGIS without a screen; runs under the Python that has QGIS, not ours.

``python3 qgis_draw.py WHAT.json`` reads what to draw, and prints what QGIS made of it as JSON.
"""

import json
import os
import sys
from pathlib import Path

from qgis.core import (
    Qgis,
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor

MERCATOR = QgsCoordinateReferenceSystem("EPSG:3857")


def of_service(what, name):
    """Return a collection of the service, with the key as a password."""
    uri = (
        f"url='{what['url']}/ogc' typename='{name}' username='qgis' password='{what['key']}' "
        "restrictToRequestBBOX='1'"
    )
    return QgsVectorLayer(uri, name, "OAPIF")


def drawn(layers, box, path):
    """Draw layers over a box in degrees, and return the share of pixels that are not white."""
    settings = QgsMapSettings()
    settings.setLayers(layers)
    settings.setDestinationCrs(MERCATOR)
    degrees = QgsCoordinateReferenceSystem("OGC:CRS84")
    settings.setExtent(
        QgsCoordinateTransform(degrees, MERCATOR, QgsProject.instance()).transformBoundingBox(
            QgsRectangle(*box)
        )
    )
    settings.setOutputSize(QSize(900, 700))
    settings.setBackgroundColor(QColor("white"))
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    image.save(path)
    points = [(x, y) for x in range(0, 900, 3) for y in range(0, 700, 3)]
    colours = [image.pixelColor(x, y).name() for x, y in points]
    return {
        "errors": [one.message for one in job.errors()],
        "covered": sum(one != "#ffffff" for one in colours) / len(colours),
        "colours": sorted(set(colours)),
    }


def main():
    """Draw."""
    what = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    app = QgsApplication([], False)
    app.initQgis()
    said = {"version": Qgis.QGIS_VERSION, "layers": {}}
    vectors = []
    for name in what["collections"]:
        layer = of_service(what, name)
        took, good = layer.loadNamedStyle(what["styles"][name]) if layer.isValid() else ("", False)
        said["layers"][name] = {
            "valid": layer.isValid(), "styled": good, "style": took,
            "features": sum(1 for _ in layer.getFeatures()) if layer.isValid() else None,
            "renderer": layer.renderer().type() if layer.isValid() else "",
            "labelled": layer.labelsEnabled(),
        }  # fmt: skip
        vectors.append(layer)
    for path in what["files"]:
        layer = QgsVectorLayer(path, path, "ogr")
        said["layers"][path.rsplit("/", 1)[1]] = {
            "valid": layer.isValid(), "features": layer.featureCount(),
            "renderer": layer.renderer().type() if layer.isValid() else "",
        }  # fmt: skip
    tiles = QgsRasterLayer(what["xyz"], "look", "wms")
    said["layers"]["look"] = {"valid": tiles.isValid(), "error": tiles.error().message()}
    said["over"] = drawn(vectors, what["box"], what["vectors"])
    said["all"] = drawn([*vectors, tiles], what["box"], what["picture"])
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()
    # QGIS 3.22 crashes while it is taken apart; what it made is written.
    os._exit(0)


main()
