"""QGIS without a screen: collections as layers, their styles, a look as a map, and the files."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.browsing import PICTURES
from tests.support.served import Served

DRAW = Path(__file__).resolve().parents[1] / "support" / "qgis_draw.py"
COLLECTIONS = ("events", "settlements", "regions")
PYTHON = "/usr/bin/python3"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def qgis() -> dict[str, str]:
    """The environment that QGIS runs in; it is large, and nobody has to install it."""
    environment = {"PATH": "/usr/bin:/bin", "QT_QPA_PLATFORM": "offscreen", "LC_ALL": "C.UTF-8"}
    there = (
        Path(PYTHON).exists()
        and not subprocess.run(
            [PYTHON, "-c", "import qgis.core"], capture_output=True, env=environment
        ).returncode
    )
    if not there:
        pytest.skip("no QGIS here; install it with: apt-get install -y qgis python3-qgis")
    return environment


def test_qgis_draws_the_service(service: Served, qgis: dict[str, str], tmp_path: Path) -> None:
    PICTURES.mkdir(exist_ok=True)
    with service.client() as client:
        events = client.get("/ogc/collections/events/items").json()["features"]
        region = client.get("/ogc/collections/regions/items").json()["features"][0]
        looks = client.get("/ogc/collections/ledger/items").json()["features"]
        look = next(one["properties"]["acquisition"] for one in reversed(looks)
                    if one["properties"]["status"] == "changed")  # fmt: skip
        styles = {}
        for name in COLLECTIONS:
            path = tmp_path / f"{name}.qml"
            path.write_bytes(client.get(f"/styles/{name}.qml").content)
            styles[name] = str(path)
        resource = f"tiles/looks/{look}/false_colour"
        made = client.post("/passes", json={"resource": resource})
        assert made.status_code == 201, made.text
        files = []
        for form in ("gpkg", "fgb", "kml", "geojson"):
            folder = tmp_path / form
            folder.mkdir()
            (folder / f"events.{form}").write_bytes(client.get(f"/exports/events.{form}").content)
            (folder / "events.qml").write_bytes((tmp_path / "events.qml").read_bytes())
            files.append(str(folder / f"events.{form}"))
    tiles = f"{service.url}/{resource}/{{z}}/{{x}}/{{y}}.png?pass={made.json()['pass']}"
    west, south, east, north = region["bbox"]
    what = {
        "url": service.url, "key": service.keys.ours, "collections": COLLECTIONS, "styles": styles,
        "files": files, "xyz": f"type=xyz&zmin=0&zmax=18&url={quote(tiles, safe='/:{}')}",
        "box": (west - 0.0002, south - 0.0002, east + 0.0002, north + 0.0002),
        "vectors": str(PICTURES / "qgis-layers.png"), "picture": str(PICTURES / "qgis.png"),
    }  # fmt: skip
    (tmp_path / "what.json").write_text(json.dumps(what))
    done = subprocess.run(
        [PYTHON, str(DRAW), str(tmp_path / "what.json")], capture_output=True, text=True,
        timeout=240, env={**qgis, "HOME": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    said = json.loads(done.stdout.splitlines()[-1])
    for name in COLLECTIONS:
        found = said["layers"][name]
        assert found["valid"] and found["styled"], (name, found, done.stderr[-2000:])
    assert said["layers"]["events"]["features"] == len(events)
    assert said["layers"]["events"]["renderer"] == "categorizedSymbol"
    assert said["layers"]["events"]["labelled"]
    for path in files:
        found = said["layers"][Path(path).name]
        assert found["valid"] and found["features"] == len(events)
        # The style beside the file is taken by itself.
        assert found["renderer"] == "categorizedSymbol"
    assert said["layers"]["look"]["valid"], said["layers"]["look"]
    assert said["over"]["errors"] == said["all"]["errors"] == []
    states = {"provisional": "#c2500a", "corroborated": "#b3202c"}
    drawn = {states[one["properties"]["state"]] for one in events}
    assert drawn <= set(said["over"]["colours"])
    # The look lies under all of it.
    assert said["over"]["covered"] < 0.5 < said["all"]["covered"]
