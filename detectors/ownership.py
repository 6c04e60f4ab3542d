"""Which object a changed pixel belongs to: one that stands beside it, or a new one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.objects import Window, components, touching, windows


@dataclass(frozen=True, slots=True)
class Held:
    """What decides whether two pieces of changed ground are one object.

    Attributes
    ----------
    day : int
        Day of the change, in the state's own count.
    pixels : int
        How large it is.
    """

    day: int
    pixels: int


def adopt(
    free: NDArray[np.bool_],
    changed: NDArray[np.integer],
    label: NDArray[np.uint32],
    held: dict[int, Held],
    joins: Callable[[Held, Held], bool],
    founds: Callable[[NDArray[np.bool_], Window], bool],
    number: int,
) -> int:
    """Give every component of unowned ground to the object it belongs to, or found a new one.

    Parameters
    ----------
    free : ndarray of bool, shape (y, x)
        Changed pixels that no object owns.
    changed : ndarray of int, shape (y, x)
        Day of each pixel's change.
    label : ndarray of uint32, shape (y, x)
        Number of the object that owns each pixel, 0 for none; changed in place.
    held : dict of int to Held
        The open objects by number; new ones are added.
    joins : callable
        Tells of a component, and of an object beside it, whether they are one.
    founds : callable
        Tells of a component and the window it lies in whether it may be an object of its own.
    number : int
        Of the next object.

    Returns
    -------
    int
        Number of the next object after.

    Notes
    -----
    Of several objects beside it a component joins the one nearest in time, then the oldest.
    """
    parts, _ = components(free)
    for index, window in enumerate(windows(parts), 1):
        assert window is not None
        part, owners = parts[window] == index, label[window]
        one = Held(int(np.median(changed[window][part])), int(part.sum()))
        near = [int(k) for k in touching(part, owners) if joins(one, held[int(k)])]
        if near:
            owners[part] = min(near, key=lambda k: (abs(one.day - held[k].day), k))
        elif founds(part, window):
            owners[part], held[number] = number, one
            number += 1
    return number
