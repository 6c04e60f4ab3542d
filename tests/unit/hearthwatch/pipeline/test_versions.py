"""A new version of a detector meets what the old one learned."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from hearthwatch.errors import StoreError
from hearthwatch.records import RunOutcome
from hearthwatch.store import MemoryStore
from tests.support import settled
from tests.support.settled import LOOKS


def test_a_state_of_another_version_is_refused_in_words_and_nothing_is_lost(
    tmp_path: Path,
) -> None:
    looks = settled.write_looks(tmp_path / "looks", LOOKS[:4], settled.dry_land())
    how, store = settled.settings_for(tmp_path / "var", looks), MemoryStore()
    region = settled.enrol(store)
    settled.run(how, store, until=LOOKS[2])
    before = settled.rows_of(store)
    cells = sorted({row.cell for row in before})
    (version, *_) = store.state_versions("local", region.id, cells[0], "burned")
    old = dataclasses.replace(version, detector_version="1", sequence=version.sequence + 1)
    with store.transaction() as tx:
        tx.add_state(old, 4)
    with pytest.raises(StoreError, match=r"by burned 1; this program has burned \d+.*region add"):
        settled.run(how, store)
    assert settled.rows_of(store) == before
    assert (tmp_path / "var" / version.path).exists()
    assert store.state("local", region.id, cells[0], "burned") == old
    newest = max(store.runs("local"), key=lambda one: one.started)
    assert newest.outcome is RunOutcome.FAILED
    assert "burned 1" in newest.detail
