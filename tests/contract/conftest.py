"""Every store in turn, for the files that ask the same of each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hearthwatch.store import Store
from tests.contract.test_store import STORES


@pytest.fixture(params=list(STORES))
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store with nothing in it."""
    store = STORES[request.param](tmp_path)
    yield store
    store.close()
