"""The scene check of a run: which looks are refused, and what later ones are compared with."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from hearthwatch.pipeline.bench import Bench, Take
from hearthwatch.pipeline.scene_check import VIEW, read_view, reference_path, what_is_wrong
from hearthwatch.pipeline.tasks import Measured
from imagery.types import Acquisition
from tiles.atomic import storage_errors

QUARANTINED = "quarantined: "


def checked(bench: Bench, look: Acquisition, takes: Sequence[Take]) -> list[Take]:
    """Return the takes of one look; one that fails the check is not scored, and says why."""
    asked = [
        bench.executor.submit(check_look, view_path(take.measured), _reference(bench, look, take))
        if take.task is not None
        else None
        for take in takes
    ]
    said = [one.result() if one else "" for one in asked]
    return [
        _refused(take, words) if words else take for take, words in zip(takes, said, strict=True)
    ]


def check_look(view: Path, reference: Path) -> str:
    """Say why a measured look is not to be trusted; empty if nothing speaks against it."""
    look = read_view(view)
    return "" if look is None else what_is_wrong(look, read_view(reference))


def remember(bench: Bench, look: Acquisition, take: Take) -> None:
    """Keep the view of a look that was taken in; count one that was refused."""
    path = _reference(bench, look, take)
    if take.task is not None:
        if take.late and _is_younger(path, look):
            return
        view = view_path(take.measured)
        if not view.exists():
            return
        with storage_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            view.replace(path)
    elif take.measured.reason.startswith(QUARANTINED):
        kept = read_view(path)
        if kept is not None:
            dataclasses.replace(kept, refused=kept.refused + 1).write(path)


def _is_younger(path: Path, look: Acquisition) -> bool:
    """Tell whether a younger look than a late one is kept to compare others with."""
    kept = read_view(path)
    return kept is not None and datetime.fromisoformat(kept.sensed) > look.sensed


def view_path(measured: Measured) -> Path:
    """Return where the view of a measured look lies until it is taken in."""
    return Path(measured.features).with_suffix(VIEW)


def _refused(take: Take, words: str) -> Take:
    measured = dataclasses.replace(take.measured, reason=f"{QUARANTINED}{words}")
    return dataclasses.replace(take, task=None, measured=measured)


def _reference(bench: Bench, look: Acquisition, take: Take) -> Path:
    orbit = look.scenes[0].relative_orbit
    return reference_path(
        bench.layout.states, bench.region.id, take.site.cell, bench.detector.id, orbit
    )
