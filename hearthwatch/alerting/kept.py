"""What is laid out of an organisation's records, kept in memory as long as they stay the same."""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from hearthwatch.store.protocol import Store

MOST_KEPT = 64
"""Organisations of one store of which something is kept, those asked about last."""

T = TypeVar("T")


class Kept(Generic[T]):
    """Keeps one thing of each organisation, as long as the store is there.

    Usable from several threads.
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._by_store: weakref.WeakKeyDictionary[
            Store, OrderedDict[str, tuple[tuple[int, ...], T]]
        ] = weakref.WeakKeyDictionary()

    def get(
        self, store: Store, organisation: str, stamp: tuple[int, ...], make: Callable[[], T]
    ) -> T:
        """Return what is kept under a stamp, made anew where it was kept under another one.

        Parameters
        ----------
        stamp : tuple of int
            Differs after every change. Asked for before this is called: what changes meanwhile is
            then kept under a stamp that stands no more.
        """
        found = self._find(store, organisation, stamp)
        if found is None:
            # Nobody else has to wait while it is made.
            found = make()
            self._keep(store, organisation, stamp, found)
        return found

    def _find(self, store: Store, organisation: str, stamp: tuple[int, ...]) -> T | None:
        with self._turn:
            kept = self._by_store.get(store, OrderedDict())
            known = kept.get(organisation)
            if known is None or known[0] != stamp:
                return None
            kept.move_to_end(organisation)
            return known[1]

    def _keep(self, store: Store, organisation: str, stamp: tuple[int, ...], made: T) -> None:
        with self._turn:
            kept = self._by_store.setdefault(store, OrderedDict())
            kept[organisation] = stamp, made
            kept.move_to_end(organisation)
            while len(kept) > MOST_KEPT:
                kept.popitem(last=False)
