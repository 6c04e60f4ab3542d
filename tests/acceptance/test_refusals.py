"""What the command refuses, as a person meets it: the real program, on real files."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import catalogue, watched

pytestmark = pytest.mark.slow

COMMAND = [sys.executable, "-m", "hearthwatch.cli"]
SQUARE = [[22.0, 45.0], [22.1, 45.0], [22.1, 45.1], [22.0, 45.1], [22.0, 45.0]]


@pytest.fixture
def run(tmp_path):
    """Return `f(*words, **environment)`, which runs the program in an empty folder."""

    def call(*words, prefix=(), **environment):
        bare = {k: v for k, v in os.environ.items() if not k.startswith("HEARTHWATCH_")}
        # Without compiled modules every start takes seconds longer than it does for a user.
        bare.pop("PYTHONDONTWRITEBYTECODE", None)
        return subprocess.run(
            [*prefix, *COMMAND, *map(str, words)],
            cwd=tmp_path,
            env=bare | environment,
            capture_output=True,
            text=True,
            timeout=120,
        )

    return call


@pytest.fixture
def add(run, tmp_path):
    """Return `f(value)`, which puts GeoJSON (or the bytes of a file) on the watchlist."""

    def call(value, *words):
        content = value if isinstance(value, bytes) else json.dumps(value).encode()
        (tmp_path / "area.geojson").write_bytes(content)
        return run("region", "add", "Oak", "area.geojson", *words)

    return call


def assert_refused(done, status, *words):
    """Assert a clear message: the error's exit status, its words, and no traceback."""
    assert done.returncode == status, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("hearthwatch: ")
    assert "Traceback" not in done.stderr
    for part in words:
        assert part in done.stderr


def polygon(ring):
    return {"type": "Polygon", "coordinates": [ring]}


@pytest.fixture
def looks(tmp_path):
    return watched.write_looks(tmp_path / "looks", 3)


@pytest.fixture
def data(tmp_path):
    return watched.prepare(tmp_path / "data")


def test_a_self_crossing_polygon(add, tmp_path):
    bow_tie = [[22, 45], [22.2, 45.2], [22.2, 45], [22, 45.2], [22, 45]]
    assert_refused(
        add(polygon(bow_tie)),
        12,
        "area.geojson",
        "feature 1 crosses or touches itself at 22.1, 45.1",
    )
    assert not (tmp_path / "var").exists()


def test_an_empty_file(add):
    assert_refused(add(b""), 12, "area.geojson is empty: export it again")


def test_a_file_in_the_wrong_crs(add):
    declared = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32634"}}
    metres = [[630000, 4950000], [631000, 4950000], [631000, 4951000], [630000, 4950000]]
    assert_refused(add(polygon(metres)), 12, "look like projected metres; reproject to EPSG:4326")
    assert_refused(
        add({**polygon(SQUARE), "crs": declared}), 12, "EPSG::32634", "reproject it to EPSG:4326"
    )


def test_a_region_larger_than_the_limit(add):
    large = [[22, 45], [23, 45], [23, 46], [22, 46], [22, 45]]
    assert_refused(
        add(polygon(large)), 12, "covers 8,686.4 km²", "2,500.0 km² at most", "max_region_km2"
    )


def test_a_region_across_the_dateline_is_split(add):
    over = [[179.9, 0], [-179.9, 0], [-179.9, 0.1], [179.9, 0.1], [179.9, 0]]
    done = add(polygon(over), "--json")
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert answer["repairs"] == ["split at 180° into 2 parts"]
    outlines = [part[0] for part in answer["region"]["geometry"]["coordinates"]]
    spans = sorted((min(x for x, _ in ring), max(x for x, _ in ring)) for ring in outlines)
    assert spans == [(-180.0, -179.9), (179.9, 180.0)]


def test_a_catalogue_without_the_bands_needed(run, data, tmp_path):
    dates = catalogue.every(catalogue.date(2018, 5, 6), catalogue.date(2018, 5, 20), 7)
    render = catalogue.forest(1, bands=("B03", "B04", "SCL"))
    catalogue.make_catalogue(tmp_path / "poor", dates, render, origin=watched.ORIGIN)
    done = run("run", "--data-dir", data, "--catalogue", "poor")
    assert_refused(
        done, 13, "none of the 3 scenes", "missing B08", "the catalogue offers B03, B04, SCL"
    )


def test_a_catalogue_that_is_not_there(run, data):
    done = run("run", "--data-dir", data, "--catalogue", "nowhere")
    assert_refused(done, 13, "there is no catalogue at", "nowhere")


def test_a_corrupt_image_costs_one_look_and_not_the_run(run, data, tmp_path):
    looks = watched.write_looks(tmp_path / "looks", 3, damaged=1)
    done = run("run", "--data-dir", data, "--catalogue", looks, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["runs"][0]["outcome"] == "complete"
    told = json.loads(run("ledger", "--data-dir", data, "--json").stdout)["regions"][0]["looks"]
    corrupt = [look for look in told if "corrupt" in look["detail"].get("reason", "")]
    assert {look["sensed"][:10] for look in corrupt} == {"2018-05-13"}
    assert {look["status"] for look in corrupt} == {"not_processed"}
    assert {look["sensed"][:10] for look in told} == {"2018-05-06", "2018-05-13", "2018-05-20"}


def test_a_full_disk(run, looks, data, tmp_path, small_disk):
    folder, prefix = small_disk
    done = run(
        "run", "--data-dir", folder / "data", "--catalogue", looks, prefix=prefix(data, folder)
    )
    assert_refused(done, 16, "again; nothing ")


@pytest.fixture
def small_disk(tmp_path):
    """Yield a folder to become a disk of 640 kB, and the words that mount it for one command."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["unshare", "--map-root-user", "--mount"]
    try:
        probe = [*mount, "mount", "-t", "tmpfs", "tmpfs", str(folder)]
        possible = subprocess.run(probe, capture_output=True).returncode == 0
    except FileNotFoundError:
        possible = False
    if not possible:
        pytest.skip("this machine lets nobody mount a small disk (unshare --mount)")
    script = (
        'mount -t tmpfs -o size=832k tmpfs "$2" && cp -r "$1" "$2"/data && shift 2 && exec "$@"'
    )

    def prefix(data, target):
        return [*mount, "sh", "-c", script, "sh", str(data), str(target)]

    return folder, prefix


def test_a_second_run_while_one_is_at_work(run, looks, data):
    holder = (
        "import sys; from hearthwatch.store import open_store;"
        "open_store(sys.argv[1], write=True); print('held', flush=True); sys.stdin.read()"
    )
    first = subprocess.Popen(
        [sys.executable, "-c", holder, str(data / "hearthwatch.sqlite")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert first.stdout.readline() == "held\n"
        done = run("run", "--data-dir", data, "--catalogue", looks)
        assert_refused(done, 15, f"Process {first.pid} is writing", "Wait until it has finished")
    finally:
        first.communicate()


def test_an_unknown_key_in_the_settings(run, tmp_path):
    Path(tmp_path / "hearthwatch.toml").write_text("max_region = 10\n")
    assert_refused(run("region", "list"), 11, "no setting max_region", "max_region_km2")
    (tmp_path / "hearthwatch.toml").unlink()
    done = run("region", "list", HEARTHWATCH_CATALOG="x")
    assert_refused(done, 11, "HEARTHWATCH_CATALOG", "HEARTHWATCH_CATALOGUE")
