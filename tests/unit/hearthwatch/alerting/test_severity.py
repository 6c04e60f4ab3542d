"""How grave an event would be: the table of the docs, and what it must never be."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.types import SiteChange
from hearthwatch.alerting.severity import SEVERITIES, is_at_least, is_urgent, severity
from hearthwatch.records import Kind, Severity

DOCS = Path(__file__).resolve().parents[4] / "docs" / "alerts.md"
LOSSES = (SiteChange.RAZED_PARTIAL, SiteChange.RAZED_TOTAL)


def documented() -> dict[tuple[str, str], str]:
    """Return severity by kind and change, as the table of the docs has it; `*` for any other."""
    rows = re.findall(
        r"^\| (any|[a-z_`]+) \| ([^|]+) \| \**(minor|moderate|severe|extreme)\** \|",
        DOCS.read_text(encoding="utf-8"), re.MULTILINE,
    )  # fmt: skip
    found = {}
    for kind, changes, word in rows:
        named = re.findall(r"`([a-z_]+)`", changes) or ["*"]
        kinds = [one.value for one in Kind] if kind == "any" else [kind.strip("`")]
        found.update({(one, change): word for one in kinds for change in named})
    return found


def test_the_table_of_the_docs_is_what_is_told() -> None:
    table = documented()
    changes = [*(one.value for one in SiteChange), "", "unheard_of"]
    for kind, change in product(Kind, changes):
        written = table.get((kind.value, change), table[kind.value, "*"])
        assert severity(kind, change) == written, (kind, change)


def test_severities_are_in_the_order_of_cap() -> None:
    assert [one.value for one in SEVERITIES] == ["minor", "moderate", "severe", "extreme"]
    assert set(SEVERITIES) == set(Severity)


@pytest.mark.parametrize("change", [*SiteChange, "", "unheard_of"])
@pytest.mark.parametrize("kind", [Kind.BURNED, Kind.RAZED])
def test_no_word_about_the_site_makes_less_of_a_burned_or_razed_one(
    kind: Kind, change: str
) -> None:
    assert is_at_least(severity(kind, change), Severity.SEVERE)


@pytest.mark.parametrize("change", LOSSES)
@pytest.mark.parametrize("kind", Kind)
def test_what_is_razed_is_as_grave_whoever_tells_of_it(kind: Kind, change: SiteChange) -> None:
    assert severity(kind, change) is severity(Kind.RAZED, change)


@given(st.sampled_from(Severity), st.sampled_from(Severity), st.sampled_from(Severity))
def test_at_least_is_an_order(one: Severity, two: Severity, three: Severity) -> None:
    assert is_at_least(one, two) or is_at_least(two, one)
    if is_at_least(one, two) and is_at_least(two, one):
        assert one is two
    if is_at_least(one, two) and is_at_least(two, three):
        assert is_at_least(one, three)


def test_what_is_severe_is_urgent() -> None:
    assert [one.value for one in SEVERITIES if is_urgent(one)] == ["severe", "extreme"]
