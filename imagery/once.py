"""Of one pass of a radar satellite that is listed as several products, one look.

The same echoes come as scenes in ground range and as terrain-corrected bursts. They are no two
looks, and their numbers differ by more than a settlement changes them: what was begun with one
product goes on with it for that pass.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Sequence

from imagery.types import Acquisition

_RADAR_PASS = re.compile(r"^(S1[A-Z]_IW_R\d{3}_[AD]_\d{8})_(.+)$")


def once_per_pass(
    looks: Sequence[Acquisition], sensors: Sequence[str], done: Collection[tuple[str, str]]
) -> tuple[Acquisition, ...]:
    """Leave out looks at passes that another look shows as well.

    Parameters
    ----------
    sensors : sequence of str
        The one preferred first.
    done : collection of (acquisition, cell)
        What was taken already: of a pass that was, no other product is taken.
    """
    taken: defaultdict[str, set[str]] = defaultdict(set)
    for key in {key for key, _ in done}:
        taken[_pass_of(key)].add(key)
    best: dict[str, Acquisition] = {}
    for look in sorted(looks, key=lambda one: sensors.index(one.sensor)):
        best.setdefault(_pass_of(look.key), look)

    def is_kept(look: Acquisition) -> bool:
        begun = taken.get(_pass_of(look.key))
        return look.key in begun if begun else best[_pass_of(look.key)] is look

    return tuple(look for look in looks if is_kept(look))


def _pass_of(key: str) -> str:
    """Return what the looks at one pass have in common; of anything but radar, the key itself."""
    found = _RADAR_PASS.match(key)
    return found.group(1) if found else key
