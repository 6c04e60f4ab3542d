"""The book-keeping of states of settlements: rows by id, orbits by number, states put together.

What the numbers mean is each detector's business.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors import episodes, state_packing
from detectors.types import (
    DetectorInfo,
    Features,
    MonitorState,
    PlaceFeatures,
    PlaceLook,
    Showed,
)

Rows = dict[str, NDArray[Any]]
SHOWED = tuple(Showed)
"""What a look may come to; the row ``showed`` holds an index into it."""


def measured(features: Features) -> PlaceFeatures:
    """Return what a look showed of settlements.

    Raises
    ------
    ValueError
        If it is a look at an area.
    """
    if features.places is None:
        raise ValueError("this detector follows settlements, and the look has none")
    return features.places


def check(state: MonitorState, features: Features, info: DetectorInfo) -> None:
    """Refuse a state of another detector, and a look that is not younger than the last.

    Raises
    ------
    ValueError
    """
    if (state.detector, state.version) != (info.id, info.version):
        raise ValueError(
            f"this state was written by {state.detector} {state.version}, "
            f"not by {info.id} {info.version}"
        )
    last = str(state.scalars["last"])
    if last and features.sensed <= datetime.fromisoformat(last):
        raise ValueError(f"the look of {features.sensed:%Y-%m-%d} is not younger than {last}")


def numbered(known: str, name: str) -> tuple[int, str]:
    """Return the number of a name in a list kept with commas, and the list with it."""
    names = known.split(",") if known else []
    if name not in names:
        names.append(name)
    return names.index(name), ",".join(names)


def rows_of(
    state: MonitorState, ids: tuple[str, ...], new_rows: Callable[[int], Rows],
    apart: Collection[str] = (),
) -> Rows:  # fmt: skip
    """Return the state's rows in the order of `ids`, new ones for settlements that joined.

    Parameters
    ----------
    new_rows : callable
        Returns the rows of so many settlements never looked at.
    apart : collection of str
        Arrays that are not by settlement, and are left out.
    """
    known = {str(record["id"]): row for row, record in enumerate(state.objects)}
    here = [place for place, one in enumerate(ids) if one in known]
    there = [known[ids[place]] for place in here]
    kept = {name: array[there] for name, array in state.arrays.items() if name not in apart}
    found = state_packing.unpack(kept)
    if len(here) == len(ids):
        return found
    rows = new_rows(len(ids))
    for name, array in rows.items():
        array[here] = found[name]
    return rows


def joined(
    state: MonitorState, other: MonitorState, apart: Collection[str] = ()
) -> tuple[MonitorState, list[int]]:
    """Return `state` with all places of `other`, which has taken the same looks.

    What both know is taken from `other`.

    Parameters
    ----------
    apart : collection of str
        Arrays that are not by settlement; they stay those of `state`.

    Returns
    -------
    state : MonitorState
    kept : list of int
        Rows of `state` that went into it, before all those of `other`.

    Raises
    ------
    ValueError
        If the states number relative orbits differently, where they number any.
    """
    mine, others = (str(one.scalars.get("orbits", "")) for one in (state, other))
    # By whole names: orbit 44 is not orbit 4 and something.
    if not f"{others},".startswith(f"{mine}," if mine else ""):
        raise ValueError(f"orbits {others} are not numbered as {mine}")
    joining = {record["id"] for record in other.objects}
    kept = [row for row, record in enumerate(state.objects) if record["id"] not in joining]
    arrays = {
        name: array if name in apart else np.concatenate([array[kept], other.arrays[name]])
        for name, array in state.arrays.items()
    }
    objects = (*(state.objects[row] for row in kept), *other.objects)
    # ISO times in UTC sort as they are.
    last = max(str(state.scalars["last"]), str(other.scalars["last"]))
    numbered = {"orbits": others} if "orbits" in other.scalars else {}
    scalars = {**state.scalars, "last": last, **numbered}
    return dataclasses.replace(state, arrays=arrays, scalars=scalars, objects=objects), kept


def beside(begun: MonitorState, state: MonitorState) -> MonitorState:
    """Return a state just begun, in which other places can be brought up to `state`.

    Relative orbits keep their numbers: the levels of both states are then the same terms.
    """
    scalars = {**begun.scalars, "orbits": state.scalars["orbits"]}
    return dataclasses.replace(begun, scalars=scalars)


def past_numbers(state: MonitorState, other: MonitorState) -> MonitorState:
    """Return `state`, in which no new episode gets a number that `other` has given."""
    given = {
        record["id"]: number
        for record, number in zip(other.objects, other.arrays["episode"], strict=True)
    }
    own = state.arrays["episode"]
    others = np.array([given.get(record["id"], 0) for record in state.objects], own.dtype)
    # One that is open goes by its number still.
    numbers = np.where(episodes.is_open(state.arrays), own, np.maximum(own, others))
    if np.array_equal(numbers, own):
        return state
    return dataclasses.replace(state, arrays={**state.arrays, "episode": numbers})


def placebo_counts(rows: Mapping[str, NDArray[Any]], placebo: NDArray[np.bool_]) -> dict[str, int]:
    """Count the episodes of placebos by the state they reached: false ones, all of them."""
    reached = rows["reached"][placebo].sum(0, initial=0)
    names = ("placebo_watch", "placebo_probable", "placebo_established")
    return {"placebos": int(placebo.sum()), **dict(zip(names, map(int, reached), strict=True))}


def after(
    state: MonitorState, features: Features, rows: Rows, orbits: str | None = None
) -> MonitorState:
    """Return the state that a look leaves.

    Parameters
    ----------
    rows : dict of str to ndarray
        By settlement, in the order of the look.
    orbits : str or None
        Relative orbits known by then, of a detector that numbers them.
    """
    places = measured(features)
    return MonitorState(
        detector=state.detector,
        version=state.version,
        geobox=state.geobox,
        arrays=state_packing.pack(rows),
        scalars={
            "looks": int(state.scalars["looks"]) + 1,
            "last": features.sensed.isoformat(),
            **({} if orbits is None else {"orbits": orbits}),
            **placebo_counts(rows, places.placebo),
        },
        objects=tuple({"id": one} for one in places.ids),
    )


def looks(
    state: MonitorState, features: Features, said: Callable[[int], Mapping[str, Any]]
) -> tuple[PlaceLook, ...]:
    """Tell what a look came to at every settlement.

    Parameters
    ----------
    state : MonitorState
        The one after the look.
    said : callable
        Returns what is said of the settlement in a row.
    """
    places, showed = measured(features), state.arrays["showed"]
    return tuple(
        PlaceLook(
            place=one,
            showed=SHOWED[int(showed[place])],
            usable=round(float(places.seen[place, 0]), 4),
            lost=places.lost[place],
            said=said(place),
        )
        for place, one in enumerate(places.ids)
        if not places.placebo[place]
    )


def showed(
    rows: Rows, turns: Iterable[int], usable: NDArray[np.bool_], trained: NDArray[np.bool_],
    evidence: NDArray[np.float64], plain: NDArray[np.bool_], *, suspect: bool,
) -> NDArray[np.int8]:  # fmt: skip
    """Say of every settlement what a look came to, as an index into `SHOWED`.

    Parameters
    ----------
    turns : iterable of int
        Rows of which the look brought news.
    plain : ndarray of bool, shape (place,)
        Whether it shows the settlement plainly unharmed.
    """
    # The look that ends an episode may show it as plainly as any.
    concerned = episodes.is_open(rows)
    concerned[list(turns)] = True
    # A look that does not plainly show the settlement unharmed must not be read as if it did.
    return said_first(
        (~usable, Showed.UNUSABLE),
        (~trained, Showed.LEARNING),
        (np.full(usable.shape, suspect), Showed.SUSPECT),
        (concerned & (evidence > 0.0), Showed.CHANGED),
        (~plain, Showed.BLIND),
    )


def said_first(*cases: tuple[NDArray[np.bool_], Showed]) -> NDArray[np.int8]:
    """Return the word of the first case that holds, as an index into `SHOWED`; else UNCHANGED."""
    index = np.select(
        [holds for holds, _ in cases],
        [SHOWED.index(word) for _, word in cases],
        SHOWED.index(Showed.UNCHANGED),
    )
    return index.astype(np.int8)
