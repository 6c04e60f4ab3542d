from collections.abc import Callable

import pytest

from imagery.types import Chip, Layer
from tests.support import chips


@pytest.fixture
def make_chip() -> Callable[..., Chip]:
    """Return `make(layers=..., acquisition=..., fetched=...)`, a chip of small random layers."""
    return chips.chip


@pytest.fixture
def make_layer() -> Callable[..., Layer]:
    return chips.layer


@pytest.fixture
def cell_id() -> str:
    return chips.CELL
