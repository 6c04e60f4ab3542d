"""Whole runs over a catalogue that is asked over a network: here a folder that says it is one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hearthwatch.errors import CatalogueError
from hearthwatch.records import RunOutcome
from hearthwatch.store import MemoryStore
from imagery.errors import Transient
from imagery.providers.folder import FolderProvider
from imagery.types import Query, Scene
from tests.support import settled
from tests.support.settled import EAST, LOOKS, MIDDLE

NUMBER = 5


class Remote(FolderProvider):
    """A folder behind a network, which may be down."""

    remote = True
    down = False

    def search(self, query: Query) -> Iterator[Scene]:
        if self.down:
            raise Transient("the catalogue does not answer")
        return super().search(query)


def test_f58_looks_are_taken_once_each_and_a_catalogue_that_is_down_fails_the_run_aloud(
    tmp_path: Path,
) -> None:
    looks = settled.write_looks(tmp_path / "looks", LOOKS[:NUMBER], settled.dry_land())
    store = MemoryStore()
    settled.enrol(store)
    settings = settled.settings_for(tmp_path / "var", looks, workers=1)
    provider = Remote(looks)
    settled.run(settings, store, provider=provider)
    rows = {village: settled.rows_of(store, village) for village in (MIDDLE, EAST)}
    for told in rows.values():
        assert [row.sensed for row in told] == list(LOOKS[:NUMBER])
        assert all(len(row.detail["scenes"]) == 1 for row in told)
    provider.down = True
    with pytest.raises(CatalogueError, match="does not answer; looks it had listed before"):
        settled.run(settings, store, provider=provider)
    assert [run.outcome for run in store.runs("local")] == [RunOutcome.COMPLETE, RunOutcome.FAILED]
    for village, told in rows.items():
        assert settled.rows_of(store, village) == told
