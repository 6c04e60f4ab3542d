"""What can be watched for: the kinds of which an installed detector is run in a region."""

from __future__ import annotations

from detectors.registry import detectors_of
from hearthwatch.errors import RegionError
from hearthwatch.records import Kind


def watchable_kinds() -> tuple[Kind, ...]:
    """Return the kinds for which a detector is installed, in the order of `Kind`."""
    return tuple(kind for kind in Kind if detectors_of(kind.value))


def watchable(name: str) -> Kind:
    """Return the kind of a name.

    Raises
    ------
    RegionError
        If no installed detector watches for it; the message lists what can be watched for.
    """
    known = {kind.value: kind for kind in watchable_kinds()}
    if name not in known:
        listed = ", ".join(known) or "none"
        raise RegionError(f"No installed detector watches for {name}; installed: {listed}.")
    return known[name]
