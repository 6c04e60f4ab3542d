"""Arrays kept in memory until their room is needed for others."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.generic]


class Kept:
    """Arrays by a key that names their content for ever, the ones asked for last; thread-safe.

    Parameters
    ----------
    most_bytes : int
        Bytes kept at most. What is larger than that is not kept at all.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._guard = threading.Lock()
        self._arrays: OrderedDict[Hashable, Array] = OrderedDict()
        self._bytes = 0

    def get(self, key: Hashable, make: Callable[[], Array]) -> Array:
        """Return an array, made if it is not there; nobody may write to it.

        Two threads that ask at once may both make it.
        """
        with self._guard:
            found = self._arrays.get(key)
            if found is not None:
                self._arrays.move_to_end(key)
                return found
        made = make()
        made.flags.writeable = False
        self._keep(key, made)
        return made

    def _keep(self, key: Hashable, made: Array) -> None:
        with self._guard:
            if key in self._arrays or made.nbytes > self._most:
                return
            self._arrays[key] = made
            self._bytes += made.nbytes
            while self._bytes > self._most:
                self._bytes -= self._arrays.popitem(last=False)[1].nbytes
