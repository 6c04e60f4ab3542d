"""The list of faults and the tests of them belong together."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ALL = set(range(1, 80))
_TEST = re.compile(r"def test_(f\d+(?:_f\d+)*)_")
_LINE = re.compile(r"^\| F(\d+) \|", re.MULTILINE)


def borne_out() -> set[int]:
    names = (
        name
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in _TEST.findall(file.read_text(encoding="utf-8"))
    )
    return {int(number) for name in names for number in re.findall(r"\d+", name)}


def test_every_fault_has_a_test_that_bears_its_number():
    text = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
    assert sorted(map(int, _LINE.findall(text))) == sorted(ALL)
    assert borne_out() >= ALL
