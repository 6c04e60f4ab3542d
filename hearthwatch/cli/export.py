"""`hearthwatch export`: events as a file for other programs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from detectors.heat import INFO as HEAT
from hearthwatch.cli.call import Call
from hearthwatch.cli.events import asked_for
from hearthwatch.cli.export_formats import Names, as_csv, as_geojson, as_geopackage
from hearthwatch.cli.report import Answer, shown
from hearthwatch.errors import HearthwatchError
from hearthwatch.heat.values import NOTICE
from hearthwatch.records import Event, EventSource
from hearthwatch.store.whole import all_events, settlements_named
from hearthwatch.words import counted
from tiles.atomic import write_atomically

Writer = Callable[[Sequence[Event], Names, str], bytes]

FORMATS: Mapping[str, Writer] = {"geojson": as_geojson, "gpkg": as_geopackage, "csv": as_csv}
_SUFFIXES = {".geojson": "geojson", ".json": "geojson", ".gpkg": "gpkg", ".csv": "csv"}


def export(call: Call) -> Answer:
    """Write the events asked for to a file, whole or not at all."""
    target = Path(call.args.file).expanduser().absolute()
    kind = call.args.format or _by_suffix(target)
    refuse_to_overwrite(target, force=call.args.force)
    with call.store() as store:
        events = list(all_events(store, call.organisation, asked_for(call, store)))
        names = Names(
            store.region_names(call.organisation),
            settlements_named(store, call.organisation, events),
        )
        sources = [one for e in events for one in store.sources(call.organisation, e.id)]
    text = notice(events, sources)
    write_atomically(target, FORMATS[kind](events, names, text))
    document = {"file": str(target), "format": kind, "events": len(events), "notice": text}
    return Answer(document, f"{counted(len(events), 'event')} written to {target}. {text}.")


def notice(events: Sequence[Event], sources: Sequence[EventSource] = ()) -> str:
    """Return what those ask to be said whose data events rest on, Copernicus with the years.

    Parameters
    ----------
    sources : sequence of EventSource
        What tells of the events.
    """
    told = {one.detector for one in events} | {one.detector for one in sources}
    lines = []
    if told != {HEAT.id}:
        lines.append(
            notice_of(
                moment
                for event in events
                for moment in (event.last_unharmed, event.first_changed, event.last_detected)
                if moment is not None
            )
        )
    return ". ".join([*lines, *([NOTICE] if HEAT.id in told else [])])


def notice_of(moments: Iterable[datetime]) -> str:
    """Return what Copernicus asks to be said of data of these times."""
    years = sorted({moment.astimezone(UTC).year for moment in moments})
    span = f" {years[0]}-{years[-1]}" if len(years) > 1 else "".join(f" {y}" for y in years)
    return f"Contains modified Copernicus Sentinel data{span}"


def refuse_to_overwrite(target: Path, *, force: bool) -> None:
    """Raise `HearthwatchError` if the file is there, unless it is to be replaced."""
    if target.exists() and not force:
        raise HearthwatchError(f"{target} exists. Name another file, or give --force.")


def write_all(folder: Path, contents: Mapping[str, bytes], *, force: bool) -> list[Path]:
    """Write files into a folder, made if missing; none where one may not be replaced.

    Raises
    ------
    HearthwatchError
        If a file is there and may not be replaced, or the folder cannot be made.
    """
    for name in contents:
        refuse_to_overwrite(folder / name, force=force)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HearthwatchError(f"{shown(folder)} is no folder that can be made.") from error
    for name, content in contents.items():
        write_atomically(folder / name, content)
    return [folder / name for name in contents]


def _by_suffix(target: Path) -> str:
    kind = _SUFFIXES.get(target.suffix.lower())
    if kind is None:
        raise HearthwatchError(
            f"The format of {target.name} cannot be told from its name: end it in .geojson, "
            ".gpkg or .csv, or give --format."
        )
    return kind
