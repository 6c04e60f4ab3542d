"""States of another version of a detector: a run refuses them before it takes any look."""

from __future__ import annotations

from collections.abc import Iterable

from detectors.types import DetectorInfo
from hearthwatch.errors import StoreError
from hearthwatch.pipeline.tasks import Site
from hearthwatch.records import Region
from hearthwatch.store.protocol import Store


def check_states(
    store: Store, region: Region, sites: Iterable[Site], detector: DetectorInfo
) -> None:
    """Refuse to go on from states that another version of the detector wrote.

    Their numbers mean something else, or lie elsewhere. To learn the ground anew under the same
    region would tell of its whole past a second time.

    Raises
    ------
    StoreError
        If there is such a state. Nothing has been changed.
    """
    for site in sites:
        state = store.state(region.organisation, region.id, site.cell, detector.id)
        if state is not None and state.detector_version != detector.version:
            raise StoreError(
                f"What region {region.id} has learned was written by {detector.id} "
                f"{state.detector_version}; this program has {detector.id} {detector.version}, "
                "which cannot go on from it. Nothing was changed: go on with the program that "
                "wrote it, or put the same area on the watchlist under another name "
                "(`hearthwatch region add`), which is learned from its looks anew, then take "
                "this one off it (`hearthwatch region remove`); what was found of it stays "
                "readable."
            )
