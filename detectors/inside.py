"""What the inside of settlements adds to their features: pixels, texture, and what burned of them.

The pixels of a place are followed one by one (:mod:`detectors.burn_pixels`) where a look has them.
Of a place they give the share that moved towards a burn and, with the pattern of the core, evidence
beside that of its spectra (:mod:`detectors.texture`); of an episode the burned patch
(:mod:`detectors.burned_patch`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors import burn_pixels, kernel, texture
from detectors.burn_evidence import Evidence
from detectors.burn_pixels import PixelLook
from detectors.burned_patch import (
    BurnedPatch,
    PatchRules,
    burned_patch,
    edge_shares,
    passing_odds,
)
from detectors.pixel_null import PixelRules
from detectors.texture import TextureRules
from detectors.types import DetectorState, Finding, MonitorState, PatchLook, PlaceFeatures

Array = NDArray[np.float64]
Rows = Mapping[str, NDArray[Any]]
_TOLD = (DetectorState.WATCH, DetectorState.PROBABLE, DetectorState.ESTABLISHED)


@dataclass(frozen=True, slots=True)
class InsideRules:
    """Constants of the pixels, of the two features they give, and of the burned patch."""

    pixels: PixelRules = field(default_factory=PixelRules)
    texture: TextureRules = field(default_factory=TextureRules)
    patch: PatchRules = field(default_factory=PatchRules)


@dataclass(frozen=True, slots=True)
class Inside:
    """One look at the insides of all places, held against the state before it.

    Attributes
    ----------
    pixels : ndarray of int16, shape (n, field)
        The pixels' state.
    values, score : ndarray, shape (place, 2)
        The features of :mod:`detectors.texture` and their deviations in scales.
    """

    pixels: NDArray[np.int16]
    look: PatchLook
    found: PixelLook
    values: Array
    score: Array
    usable: NDArray[np.bool_]
    seconds: int


def new_rows(count: int, rules: InsideRules) -> dict[str, NDArray[Any]]:
    """Return the state of `count` places never looked at, their pixels apart."""
    return {**texture.new_rows(count, rules.texture), "patch_counts": np.zeros(count, np.int64)}


def no_pixels() -> dict[str, NDArray[Any]]:
    """Return the state of no pixels: the one array whose first axis is not places."""
    return {"patch_state": np.empty((0, kernel.FIELDS), np.int16)}


def kept_pixels(arrays: Rows, kept: Sequence[int]) -> NDArray[np.int16]:
    """Return the pixels' state of some rows of places alone, in their order."""
    starts = np.concatenate([[0], np.cumsum(arrays["patch_counts"])])
    pieces = [arrays["patch_state"][starts[row] : starts[row + 1]] for row in kept]
    return np.concatenate([no_pixels()["patch_state"], *pieces])


def weigh(
    state: MonitorState, places: PlaceFeatures, rows: Rows, usable: NDArray[np.bool_], seconds: int,
    rules: InsideRules,
) -> Inside | None:  # fmt: skip
    """Hold a look against the pixels and patterns before it; None where it followed none.

    Parameters
    ----------
    rows : mapping of str to ndarray
        State of the places, in the order of `places`.
    """
    look = places.patches
    if look is None:
        return None
    known = {str(record["id"]): row for row, record in enumerate(state.objects)}
    pixels = burn_pixels.aligned(state.arrays, known, places.ids, look.counts, rules.pixels)
    found = burn_pixels.weigh(pixels, look, usable, places.placebo, seconds, rules.pixels)
    judged = np.isfinite(found.score) & look.core
    share = texture.pixel_share(found.burned, judged, look.counts)
    values = np.stack([np.where(usable, look.texture, np.nan), share], axis=-1)
    score = texture.scores(rows, values, rules.texture)
    return Inside(pixels, look, found, values, score, usable, seconds)


def strengthened(evidence: Evidence, inside: Inside | None, rules: InsideRules) -> Evidence:
    """Return a look's evidence with what the insides add to it."""
    if inside is None:
        return evidence
    more = texture.evidence(inside.score, evidence.total, rules.texture)
    return dataclasses.replace(evidence, by_cover=evidence.by_cover + more[:, None])


def taken(
    inside: Inside | None, suspected: NDArray[np.bool_], rules: InsideRules, *, hold: bool
) -> Inside | None:
    """Return the insides with the look taken into the pixels' state.

    Parameters
    ----------
    suspected : ndarray of bool, shape (place,)
        Places under suspicion before the look: they learn nothing.
    hold : bool
        True for a look the scene guard holds back.
    """
    if inside is None:
        return None
    pixels = burn_pixels.update(
        inside.pixels, inside.look, inside.found, inside.usable, suspected, inside.seconds,
        rules.pixels, hold=hold,
    )  # fmt: skip
    return dataclasses.replace(inside, pixels=pixels)


def through_odds(inside: Inside | None, since: NDArray[np.int64], rules: InsideRules) -> Array:
    """Return what fires that pass through take from the odds of each place, nats, 0 or less.

    Parameters
    ----------
    since : ndarray of int64, shape (place,)
        When each place's episode opened; this look where none is open. Seconds since the epoch.
    """
    if inside is None:
        return np.zeros(len(since))
    return passing_odds(edge_shares(inside.pixels, inside.look, since, rules.patch), rules.patch)


def learned(
    inside: Inside | None, rows: Rows, quiet: NDArray[np.bool_], suspected: NDArray[np.bool_],
    renewed: Sequence[int], rules: InsideRules, *, hold: bool,
) -> dict[str, NDArray[Any]]:  # fmt: skip
    """Return the state of the insides after a look.

    Parameters
    ----------
    quiet, suspected : ndarray of bool, shape (place,)
        Places that may learn from the look, and those under suspicion after it.
    renewed : sequence of int
        Places whose episode ends with a new normal.
    """
    if inside is None:
        return {**new_rows(len(quiet), rules), **no_pixels()}
    after = texture.learn(rows, inside.values, quiet, rules.texture)
    anew = np.zeros(len(quiet), bool)
    for place in renewed:
        texture.relevel(after, place, inside.values)
        anew[place] = True
    pixels = inside.pixels
    if not hold:
        pixels = burn_pixels.settle(
            pixels,
            inside.look,
            inside.found,
            anew,
            suspected | ~inside.usable,
            inside.seconds,
            rules.pixels,
        )
    return {**after, "patch_counts": inside.look.counts, "patch_state": pixels}


def described(
    finding: Finding, inside: Inside | None, place: int, state: MonitorState, rules: InsideRules
) -> Finding:
    """Return a finding with what its settlement's pixels tell of the burn.

    Parameters
    ----------
    place : int
        The settlement's row.
    state : MonitorState
        Whose grid's CRS is that of the pixels.
    """
    if inside is None or finding.state not in _TOLD:
        return finding
    patch = burned_patch(
        inside.pixels, inside.look, inside.found, place, int(finding.first_changed.timestamp()),
        inside.seconds, state.geobox, rules.patch, rules.pixels.kernel.training,
    )  # fmt: skip
    if patch is None:
        doubt = "no patch of its pixels shows the burn yet"
        return dataclasses.replace(finding, doubts=(*finding.doubts, doubt))
    evidence = {**finding.evidence, **_numbers(patch, rules.patch)}
    doubts = tuple(_doubts(patch, rules.patch))
    return dataclasses.replace(finding, evidence=evidence, doubts=(*finding.doubts, *doubts))


def _numbers(patch: BurnedPatch, rules: PatchRules) -> dict[str, float | str]:
    """Return what an analyst can check of a burned patch."""
    numbers: dict[str, float | str] = {
        "burned_share": round(patch.share, 3),
        "burned_share_low": round(patch.low, 3),
        "burned_share_high": round(patch.high, 3),
        "burned_area_m2": round(patch.area_m2),
        "burned_pixels": int(patch.mask.sum()),
        "burned_edge": round(patch.edge, 3),
        "containment": "passing through" if patch.edge >= rules.passing else "inside",
    }
    if patch.severity is not None:
        numbers["dnbr"] = round(patch.severity.dnbr, 3)
        numbers["rbr"] = round(patch.severity.rbr, 3)
        numbers["severity"] = patch.severity.name
    return numbers


def _doubts(patch: BurnedPatch, rules: PatchRules) -> list[str]:
    doubts = []
    if patch.edge >= rules.passing:
        doubts.append("the burned patch goes on beyond the settlement")
    if patch.severity is None:
        doubts.append("its severity is not known: no burned pixel was seen in B12")
    return doubts
