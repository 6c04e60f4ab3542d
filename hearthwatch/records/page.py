"""One page of an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a keyset-paged answer; `next` is the opaque cursor, None at the end."""

    items: tuple[T, ...]
    next: str | None
