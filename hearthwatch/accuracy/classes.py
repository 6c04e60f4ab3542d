"""What the detector states take, and on which pixels nothing has been shown of them."""

from __future__ import annotations

from hearthwatch.evaluation.definitions import Level

TAKES = {
    Level.WATCH: "Evidence above the first threshold; one look can do.",
    Level.PROBABLE: "Evidence above the second threshold, seen in at least 2 usable looks.",
    Level.ESTABLISHED: "Evidence above the third threshold, seen in at least 3 usable looks.",
}
"""What must be there for a state, in words."""

NOT_VALIDATED = (
    "Real settlements that burned on a known day: no figure of this release was measured on one. "
    "Fires were implanted into real pixels, or befell real ground that is no settlement.",
    "Settlements razed without fire, in part or whole.",
    "Dense towns, camps of tents, and huts under trees.",
    "Regions where clouds hide the ground for months.",
    "Sensors other than Sentinel-2: no radar, no Landsat, no heat.",
    "Second events at one settlement in real pixels.",
)
"""What no figure speaks for, until an evaluation of such a case is read in with --evaluation."""
