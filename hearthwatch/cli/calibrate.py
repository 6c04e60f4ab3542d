"""`hearthwatch calibrate`: thresholds from quiet years, kept as a set that detections name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from detectors.registry import create_detector, detectors_of
from detectors.types import PlaceDetector
from hearthwatch.calibration.document import from_document, to_document
from hearthwatch.calibration.force import CalibrationInForce, in_force
from hearthwatch.calibration.gather import Verdict, gather_nulls
from hearthwatch.calibration.make import Scope, make_set, stored
from hearthwatch.calibration.sets import Budget, CalibrationSet
from hearthwatch.calibration.verdicts import learn, read_verdicts
from hearthwatch.cli.calibrate_words import listing, set_words
from hearthwatch.cli.call import Call
from hearthwatch.cli.parts import UsageError
from hearthwatch.cli.reading import find_region
from hearthwatch.cli.report import Answer
from hearthwatch.errors import NotFound
from hearthwatch.identity import check_identity, science_digest
from hearthwatch.layout import Layout
from hearthwatch.records import (
    CalibrationChoice,
    EventFilter,
    Kind,
    Mode,
    Region,
    StateVersion,
    StoredCalibration,
)
from hearthwatch.review.teaching import taught_by
from hearthwatch.store.protocol import Store
from hearthwatch.store.whole import all_events

NONE = "none"


def calibrate(call: Call) -> Answer:
    """Make a set and let it hold, show one, choose one, or list them."""
    args = call.args
    if args.list:
        return _list(call)
    if args.use is not None:
        if args.dry_run:
            raise UsageError(
                "--dry-run goes with making a set, and --use chooses one: leave it out"
            )
        return _use(call)
    return _make(call)


def _make(call: Call) -> Answer:
    """Make a set; keep it and let it hold, but for a dry run."""
    dry = call.args.dry_run
    budget = _budget(call)
    verdicts = read_verdicts(Path(call.args.verdicts)) if call.args.verdicts else {}
    with call.store(write=not dry, alone=False) as store:
        region = _region(call, store)
        made = _made(call, store, _scope(call, region), region, budget, verdicts)
        if not dry:
            with store.transaction() as transaction:
                transaction.put_calibration(stored(made))
                transaction.choose_calibration(_choice(stored(made), made.region, made.id))
        name = region.name if region else ""
    return Answer({**to_document(made), "kept": not dry}, set_words(made, name, kept=not dry))


def _made(
    call: Call, store: Store, scope: Scope, region: Region | None, budget: Budget,
    verdicts: dict[str, Verdict],
) -> CalibrationSet:  # fmt: skip
    where = EventFilter(region=region.id if region else None, kind=scope.kind)
    found = all_events(store, call.organisation, where)
    events = [event for event in found if event.mode is scope.mode]
    unknown = sorted(set(verdicts) - {event.id for event in events})
    if unknown:
        raise NotFound(f"There is no event {unknown[0]} that the verdicts speak of.")
    # Why people rejected what they did counts too; a file of verdicts goes before all of them.
    verdicts = {**taught_by(store, events), **verdicts}
    layout = Layout(call.settings.data_dir)
    regions = [region] if region else _regions(store, scope)
    states = _states(store, layout, regions, scope.detector.id)
    nulls = gather_nulls(layout.root, states, events, verdicts, check_identity().digest)
    if not nulls.places:
        raise NotFound(
            "No place was watched for a whole year in which nothing burned: there is nothing to "
            "set thresholds from, and the built-in ones hold."
        )
    return make_set(scope, budget, nulls, learn(events, verdicts), datetime.now(UTC))


def _use(call: Call) -> Answer:
    """Let a set hold that is there, or none."""
    with call.store(write=True, alone=False) as store:
        region = _region(call, store)
        scope = _scope(call, region)
        if call.args.use == NONE:
            choice = CalibrationChoice(
                scope.organisation, scope.kind, scope.mode, scope.region, scope.detector.id,
                datetime.now(UTC), "",
            )  # fmt: skip
            words = "Built-in thresholds hold from now on; they keep no budget."
        else:
            one = store.calibration(call.organisation, call.args.use)
            if one.region and region and one.region != region.id:
                raise UsageError(f"calibration set {one.id} was made for another region")
            if region and (one.detector, one.mode) != (scope.detector.id, scope.mode):
                raise UsageError(
                    f"calibration set {one.id} is of {one.mode.value} watches by {one.detector} "
                    f"and cannot hold in {region.name}: make one with --region"
                )
            choice = _choice(one, region.id if region else one.region, one.id)
            force = _force(call, one)
            words = force.note or f"Calibration set {one.id} holds from the next run on."
        with store.transaction() as transaction:
            transaction.choose_calibration(choice)
    return Answer({"calibration": choice.calibration or None, "region": choice.region}, words)


def _list(call: Call) -> Answer:
    """List the sets, and say which of them holds where."""
    with call.store() as store:
        kept = store.calibrations(call.organisation)
        names = store.region_names(call.organisation)
        chosen = {_holding(store, one) for one in kept}
    sets = [from_document(one.document) for one in kept]
    notes = {one.id: _force(call, one).note for one in kept}
    document = {
        "calibrations": [
            {"id": one.id, "created": to_document(one)["created"], "holds": one.id in chosen,
             "note": notes[one.id]}
            for one in sets
        ]
    }  # fmt: skip
    return Answer(document, listing(sets, chosen, notes, names))


def _holding(store: Store, one: StoredCalibration) -> str | None:
    """Return the id of the set that holds where `one` was made for."""
    found = store.chosen_calibration(one.organisation, one.detector, one.mode, one.region)
    return found.id if found else None


def _force(call: Call, one: StoredCalibration) -> CalibrationInForce:
    info = create_detector(one.detector).info
    return in_force(one, info, science_digest(), call.settings.base_rate)


def _choice(one: StoredCalibration, region: str, calibration: str) -> CalibrationChoice:
    return CalibrationChoice(
        one.organisation, one.kind, one.mode, region, one.detector, datetime.now(UTC), calibration
    )


def _region(call: Call, store: Store) -> Region | None:
    return find_region(store, call.organisation, call.args.region) if call.args.region else None


def _scope(call: Call, region: Region | None) -> Scope:
    """Return what is calibrated: one region, or all that are about the world.

    Of several detectors with thresholds it is the one that was named, or else the kind's own.

    Made and real pixels are never calibrated together.

    Raises
    ------
    UsageError
        If no detector of the region, or not the one named, has thresholds to set.
    """
    kind = region.kind if region else Kind.BURNED
    installed = map(create_detector, detectors_of(kind.value))
    found = {one.info.id: one for one in installed if isinstance(one, PlaceDetector)}
    if not found:
        raise UsageError(f"regions of the kind {kind.value} have no thresholds to calibrate")
    name = call.args.detector or next(iter(found))
    detector = found.get(name)
    if detector is None:
        raise UsageError(f"no thresholds of {name!r} there; of {', '.join(found)} there are")
    mode = region.mode if region else Mode.ACTUAL
    its_id = region.id if region else ""
    return Scope(call.organisation, kind, mode, its_id, detector.info, science_digest())


def _regions(store: Store, scope: Scope) -> list[Region]:
    """Return all regions that were ever watched so: what they showed holds still."""
    return [
        one
        for one in store.regions(scope.organisation, removed=True)
        if (one.kind, one.mode) == (scope.kind, scope.mode)
    ]


def _states(
    store: Store, layout: Layout, regions: list[Region], detector: str
) -> Iterator[StateVersion]:
    """Yield the current state of every cell, asked for just before it is read."""
    for region in regions:
        folder = layout.states / region.id
        for cell in sorted(folder.iterdir()) if folder.is_dir() else ():
            version = store.state(region.organisation, region.id, cell.name, detector)
            if version is not None:
                yield version


def _budget(call: Call) -> Budget:
    """Return the budget of the settings with what was typed instead."""
    settings, args = call.settings, call.args
    usual: dict[str, Any] = {
        "watch": settings.watch_budget,
        "probable": settings.probable_budget,
        "established": settings.established_budget,
        "aim": settings.budget_aim,
    }
    typed = {state.lower(): value for state, value in args.budget.items()}
    aim = {} if args.aim is None else {"aim": args.aim}
    return Budget(**(usual | typed | aim))
