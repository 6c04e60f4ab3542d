"""Scenes to looks: all that one satellite saw of the ground in one pass, however it was cut."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby

import shapely

from imagery.naming import datatake_start, read_name
from imagery.orbits import pass_day
from imagery.types import Acquisition, Scene

SAME_PASS = timedelta(minutes=50)
"""Scenes of one platform and orbit closer than this are one datatake, where it has no name."""

SAME_GROUND = 0.9
REPROCESSED_GROUND = 0.5
"""Share of a scene that newer ones of its tile must show to supersede it: of the same baseline,
and of a newer one. A tile cut between two strips of one datatake comes as two scenes, of which
neither supersedes the other; outlines changed from baseline to baseline."""

_OF_SENTINEL_1 = ("sentinel-1", "opera-dist-alert-s1")
"""What sensors are called whose passes are those of Sentinel-1."""
_RADAR_BANDS = frozenset({"VV", "VH", "HH", "HV"})
_BASELINE_OF_DATATAKE = re.compile(r"_N\d\d\.?\d\d$")
_LONGEST_KEY = 120


def group_acquisitions(scenes: Iterable[Scene]) -> list[Acquisition]:
    """Put the scenes of one pass of one satellite together: a datatake cut in tiles is one look.

    Of several processings of one tile the newest is in `scenes` and the others are in
    `superseded`; of scenes that are alike in everything one is kept. The result is ordered by
    sensing time and key.

    Parameters
    ----------
    scenes : iterable of Scene
        Those that :func:`unusable` has words for are left out: whoever lists scenes says so.

    Notes
    -----
    The key of a look is the same whichever provider lists it and however much of it is listed. Of
    Sentinel-2 it is the satellite and the start of the datatake, ``S2B_20190605T092031``, which
    every product's name holds. Of Sentinel-1 it is the satellite, the relative orbit and its
    direction, and the day the pass began at the equator: ``S1A_IW_R137_A_20231203_rtc``.
    """
    passes: defaultdict[tuple[str, ...], list[Scene]] = defaultdict(list)
    for scene in dict.fromkeys(scene for scene in scenes if unusable(scene) is None):
        passes[_pass_key(scene)].append(scene)
    found = []
    for group in passes.values():
        for members in _by_time(sorted(group, key=_order)):
            current, superseded = _newest(members)
            found.append(
                Acquisition(_key(current), current[0].sensed, tuple(current), tuple(superseded))
            )
    return sorted(found, key=lambda a: (a.sensed, a.key))


def within(longest: timedelta, scenes: Sequence[Scene]) -> Iterator[list[Scene]]:
    """Cut scenes, oldest first, where one was sensed longer after the first of its part."""
    part = [scenes[0]]
    for scene in scenes[1:]:
        if scene.sensed - part[0].sensed > longest:
            yield part
            part = []
        part.append(scene)
    yield part


def unusable(scene: Scene) -> str | None:
    """Return in words why a scene can be part of no look, or None where it can.

    Radar is of use only where passes can be compared: terrain-corrected gamma nought of the
    interferometric wide swath, which is the mode flown over land.
    """
    if not scene.sensor.startswith("sentinel-1"):
        return None
    if scene.instrument_mode not in (None, "IW"):
        return (
            f"it was taken in the mode {scene.instrument_mode}; over land only IW (interferometric "
            "wide swath) is taken again and again alike"
        )
    if scene.backscatter == "gamma0_terrain" or not scene.bands & _RADAR_BANDS:
        return None
    return (
        f"its pixels are {scene.backscatter or 'not terrain-corrected'}, as radar sees the ground; "
        "use gamma nought corrected for terrain: an RTC product (OPERA RTC-S1, or sentinel-1-rtc "
        "of the Planetary Computer), or the provider sentinelhub, which makes it"
    )


def _pass_key(scene: Scene) -> tuple[str, ...]:
    """Return what scenes of one look have in common."""
    name = _pass_name(scene) or _orbit_name(scene) or f"{scene.collection}_{_second(scene)}"
    return scene.sensor, scene.mode, scene.backscatter or "", name


def _pass_name(scene: Scene) -> str | None:
    """Return the name of the pass that is the same at every provider; None where there is none."""
    if scene.sensor.startswith(_OF_SENTINEL_1):
        return _radar_pass(scene)
    started = datatake_start(scene.datatake or "")
    if started is None and not scene.datatake:
        named = read_name(scene.id)
        started = None if named is None else (named.platform, named.started)
    if started is not None:
        name = f"S{started[0][-2:].upper()}_{started[1]:%Y%m%dT%H%M%S}"
        return name if scene.sensor == "sentinel-2-l2a" else f"{name}_{scene.sensor}"
    return _BASELINE_OF_DATATAKE.sub("", scene.datatake) if scene.datatake else None


def _radar_pass(scene: Scene) -> str | None:
    if scene.platform is None or scene.relative_orbit is None:
        return None
    satellite = scene.platform.replace("sentinel-", "S").upper()
    direction = (scene.orbit_direction or "?")[0].upper()
    day = pass_day(scene.sensed.astimezone(UTC), scene.relative_orbit)
    kind = scene.sensor.removeprefix("sentinel-1-")
    return f"{satellite}_IW_R{scene.relative_orbit:03d}_{direction}_{day:%Y%m%d}_{kind}"


def _orbit_name(scene: Scene) -> str | None:
    if scene.platform and scene.relative_orbit is not None:
        return f"{scene.platform}_R{scene.relative_orbit:03d}"
    return None


def _second(scene: Scene) -> str:
    return scene.sensed.astimezone(UTC).strftime("%Y%m%dT%H%M%S")


def _by_time(scenes: Sequence[Scene]) -> Iterator[list[Scene]]:
    """Cut what has but the orbit in common where a new pass begins."""
    if _pass_name(scenes[0]) is not None:
        yield list(scenes)
        return
    yield from within(SAME_PASS, scenes)


def _newest(scenes: Sequence[Scene]) -> tuple[list[Scene], list[Scene]]:
    """Return the scenes to use and those that newer processings of their tiles supersede."""
    current: list[Scene] = []
    superseded: list[Scene] = []
    for _, group in groupby(sorted(scenes, key=_tile), key=_tile):
        kept: list[Scene] = []
        for scene in sorted(group, key=_age, reverse=True):
            (superseded if _is_superseded(scene, kept) else kept).append(scene)
        current += kept
    return sorted(current, key=_order), sorted(superseded, key=_order)


def _tile(scene: Scene) -> bytes:
    return scene.tile.encode() if scene.tile else scene.footprint.normalize().wkb


def _is_superseded(scene: Scene, newer: Sequence[Scene]) -> bool:
    if not newer or not scene.footprint.area:
        return bool(newer)
    shown = shapely.union_all([one.footprint for one in newer]).intersection(scene.footprint)
    same = all(one.baseline == scene.baseline for one in newer)
    least = SAME_GROUND if same else REPROCESSED_GROUND
    return bool(shown.area >= least * scene.footprint.area)


def _order(scene: Scene) -> tuple[datetime, tuple[str, ...]]:
    """Return what scenes are ordered by, so that no two of them tie by chance."""
    return scene.sensed, _identity(scene)


def _identity(scene: Scene) -> tuple[str, ...]:
    origin = scene.collection, scene.provider
    return scene.id, scene.platform or "", scene.item_sha256, *origin


def _age(scene: Scene) -> tuple[str, ...]:
    """Return what rises with the processing of one tile.

    Of two deliveries of one processing, the later published is the careful one.
    """
    times = (
        "" if at is None else at.astimezone(UTC).isoformat(timespec="microseconds")
        for at in (scene.processed, scene.published)
    )
    return scene.baseline or "", *times, *_identity(scene)


def _key(scenes: Sequence[Scene]) -> str:
    """Return the key of a look, file-name safe."""
    first = scenes[0]
    name = _pass_name(first) or f"{_orbit_name(first) or first.collection}_{_second(first)}"
    safe = re.sub(r"[^A-Za-z0-9_-]+", "-", name)
    if safe == name and len(name) <= _LONGEST_KEY:
        return name
    # What was changed or cut off must not make two looks one.
    digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:12]
    return f"{safe[:_LONGEST_KEY]}-{digest}"
