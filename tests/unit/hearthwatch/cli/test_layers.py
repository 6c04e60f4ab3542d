"""`hearthwatch layer`: a file is taken in, listed, and taken off the list."""

import json

import pytest

from hearthwatch.cli.parser_layers import KINDS
from hearthwatch.context_layers import RADIUS_M, LayerKind

POINT = {"type": "Point", "coordinates": [24.0, 13.5]}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "kilns.geojson"
    path.write_text(json.dumps(POINT))
    return path


def test_a_layer_is_taken_in_listed_and_taken_off(document, file):
    status, said = document("layer", "import", "industry", file, "--source", "OSM 2026-01")
    layer = said["layer"]
    assert status == 0
    assert (layer["kind"], layer["source"], layer["features"]) == ("industry", "OSM 2026-01", 1)
    assert (layer["radius_m"], layer["removed"]) == (RADIUS_M, False)
    assert document("layer", "list")[1]["layers"] == [layer]
    gone = document("layer", "remove", layer["id"][:8])[1]["layer"]
    assert gone["removed"] is True
    assert document("layer", "list")[1]["layers"] == []
    assert document("layer", "list", "--removed")[1]["layers"] == [gone]


def test_organisations_do_not_share_layers(document, file, monkeypatch):
    document("layer", "import", "road", file)
    monkeypatch.setenv("HEARTHWATCH_ORGANISATION", "others")
    assert document("layer", "list")[1]["layers"] == []


def test_people_read_a_table(call, file):
    assert call("layer", "list")[1] == "No layer is listed.\n"
    said = call("layer", "import", "flare", file)[1]
    assert said.startswith("1 feature of kind flare taken in: ")
    header, _, row = call("layer", "list")[1].splitlines()
    assert header.split() == ["id", "kind", "file", "features", "source", "state"]
    assert row.split()[1:] == ["flare", "kilns.geojson", "1", "kilns.geojson", "listed"]


def test_what_cannot_be_used_is_said_in_words(failure, file):
    file.write_text("{}")
    status, code, message = failure("layer", "import", "road", file)
    assert (status, code) == (13, "catalogue") and "Export it again" in message
    assert failure("layer", "remove", "abc")[1] == "not_found"


def test_the_kinds_that_can_be_typed_are_those_there_are():
    assert tuple(kind.value for kind in LayerKind) == KINDS
