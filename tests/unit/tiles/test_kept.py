import numpy as np
import pytest

from tiles.kept import Kept


def made(size: int) -> np.ndarray:
    return np.zeros(size, np.uint8)


def test_what_was_asked_for_longest_ago_goes_first() -> None:
    kept, calls = Kept(100), []

    def ask(key: str, size: int = 40) -> None:
        kept.get(key, lambda: calls.append(key) or made(size))

    for key in ("a", "b", "a", "c", "a", "b"):
        ask(key)
    assert calls == ["a", "b", "c", "b"]
    ask("large", 101)
    ask("large", 101)
    assert calls[-2:] == ["large", "large"]
    ask("b")
    assert len(calls) == 6


def test_what_is_kept_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        Kept(10).get("a", lambda: made(2))[0] = 1
