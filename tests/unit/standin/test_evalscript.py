"""The stand-in follows plain scripts and refuses what it cannot follow."""

from __future__ import annotations

import numpy as np
import pytest

from tests.standin.evalscript import evaluate, read
from tests.standin.wire import Refused
from tests.support.plain_client import script

BANDS = {"B04": np.array([1, 2], np.uint16), "SCL": np.array([4, 9], np.uint16)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sample.B04", [1, 2]),
        ("samples[0].B04 * 10000", [10_000, 20_000]),
        ("(sample.B04 - 2) / -sample.B04", [1, 0]),
        ("sample.B04 * ([8, 9, 10].includes(sample.SCL) ? 0 : 1)", [1, 0]),
        ("(sample.SCL ? 7 : 3)", [7, 7]),
    ],
)
def test_arithmetic_is_done(text, expected):
    assert evaluate(text, BANDS).tolist() == expected


@pytest.mark.parametrize(
    "text", ["__import__('os')", "sample.B99", "sample.B04 ** 2", "index(sample.B04)", "'a'", ""]
)
def test_all_else_is_refused(text):
    with pytest.raises(Refused):
        evaluate(text, BANDS)


def test_bands_units_and_outputs_are_read():
    found = read(script(("B04", "SCL", "dataMask"), "UINT16", "DN"))
    assert found.bands == ("B04", "SCL", "dataMask")
    assert set(found.units.values()) == {"DN"}
    (output,) = found.outputs
    assert (output.name, output.dtype) == ("default", "uint16")
    assert output.expressions == ("sample.B04", "sample.SCL", "sample.dataMask")


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "function setup() {}",
        script(("B04",)).replace("//VERSION=3", "//VERSION=2"),
        script(("B04",)).replace("bands: 1", "bands: 2"),
        script(("B04",)).replace("UINT16", "UINT64"),
        script(("B04",)).replace("evaluatePixel", "other"),
        script(("B04",)).replace("}]", "}"),
    ],
)
def test_broken_scripts_are_refused(broken):
    with pytest.raises(Refused):
        read(broken)
