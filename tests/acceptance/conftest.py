from collections.abc import Iterator

import httpx
import pytest

from tests.support import burned, served
from tests.support.served import Served


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server over a watched square with events, and another organisation beside it."""
    with served.serve(tmp_path_factory.mktemp("served")) as running:
        yield running


@pytest.fixture(scope="session")
def valley(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server over a valley in which villages burned, and over an exercise there."""
    with burned.serve(tmp_path_factory.mktemp("valley")) as running:
        yield running


@pytest.fixture
def client(service: Served) -> Iterator[httpx.Client]:
    """A client with our key."""
    with service.client() as one:
        yield one
