"""The release's figures: what is real and what is resampled is never put together."""

from __future__ import annotations

import json

import pytest

from hearthwatch.accuracy.errors import AccuracyError
from hearthwatch.accuracy.pixels import Pixels
from hearthwatch.accuracy.released import FILES, Release, read_release, shelf

FIGURE = {
    "name": "onset", "figure": 1, "low": 0.2, "high": 1.0, "unit": "share", "data": "one pixel",
    "shows": "that it was seen",
}  # fmt: skip
TABLE = {"title": "Power", "columns": ["share", "recall"], "rows": [[0.3, 0.91], [0.6, None]]}


def written(folder, **files):
    for name, told in files.items():
        (folder / f"{name}.json").write_text(told if isinstance(told, str) else json.dumps(told))
    return folder


def test_a_list_of_gates_is_of_real_pixels(tmp_path):
    found = read_release(written(tmp_path, gates=[FIGURE]))
    ((one,), tables) = found.of(Pixels.REAL)
    assert (one.name, one.figure, one.low, one.high) == ("onset", 1.0, 0.2, 1.0)
    assert (one.unit, one.data, one.shows, one.file) == (
        "share", "one pixel", "that it was seen", "gates.json",
    )  # fmt: skip
    assert tables == ()
    assert found.digests == {"gates.json": ""}


def test_a_gate_may_be_a_date_and_says_what_was_needed(tmp_path):
    gate = {"gate": "fire", "figure": "2024-03-29", "needed": "2024-03-29 at the latest",
            "data": "one pixel", "shows": "the second look", "interval": None}  # fmt: skip
    share = {**gate, "gate": "clearings", "figure": 0.89, "interval": [0.72, 0.96]}
    fire, clearings = read_release(written(tmp_path, gates=[gate, share])).of(Pixels.REAL)[0]
    assert (fire.name, fire.figure, fire.low) == ("fire", "2024-03-29", None)
    assert fire.needed == "2024-03-29 at the latest"
    assert (clearings.figure, clearings.low, clearings.high) == (0.89, 0.72, 0.96)


def test_each_kind_of_pixels_has_figures_and_tables_of_its_own(tmp_path):
    told = {
        "code_digest": "abc",
        "figures": [
            {**FIGURE, "name": "a", "kind": "real"}, {**FIGURE, "name": "b", "kind": "resampled"},
        ],
        "tables": [{**TABLE, "kind": "resampled"}],
    }  # fmt: skip
    found = read_release(written(tmp_path, burned=told))
    real, resampled = found.of(Pixels.REAL), found.of(Pixels.RESAMPLED)
    assert [one.name for one in real[0]] == ["a"]
    assert [one.name for one in resampled[0]] == ["b"]
    assert real[1] == ()
    assert resampled[1][0].rows == (("0.3", "0.91"), ("0.6", "-"))
    assert found.digests == {"burned.json": "abc"}


def test_what_does_not_say_its_kind_is_never_taken_for_real(tmp_path):
    power = {"kind": "resampled", "figures": [FIGURE]}
    found = read_release(written(tmp_path, burned=[FIGURE], power=power))
    assert found.of(Pixels.REAL) == ((), ())
    assert [one.file for one in found.of(Pixels.UNSTATED)[0]] == ["burned.json"]
    assert [one.file for one in found.of(Pixels.RESAMPLED)[0]] == ["power.json"]


def test_a_release_without_figures_has_none(tmp_path):
    assert read_release(tmp_path) == Release(digests={})


@pytest.mark.parametrize(
    "told",
    [
        "not json", "7", [{"name": "x"}], [{**FIGURE, "figure": ["many"]}],
        [{**FIGURE, "kind": "dreamt"}], [{**FIGURE, "low": float("nan")}], ["words"],
        {"tables": [{**TABLE, "rows": [[1]]}]},
    ],
)  # fmt: skip
def test_a_file_that_is_none_of_figures_is_refused_by_name(tmp_path, told):
    with pytest.raises(AccuracyError, match=r"gates\.json is no file of figures"):
        read_release(written(tmp_path, gates=told))


def test_what_this_release_ships_can_be_read():
    found = read_release(shelf())
    assert set(found.digests) <= set(FILES)
    assert all(one.data and one.name for one in found.figures)
