"""`hearthwatch demo`: real scenes of a Romanian forest, watched as if live, and what was found.

Then, marked as such throughout, an exercise on copies of the same scenes.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import shapely

from hearthwatch.archives import refuse_earlier_layout
from hearthwatch.cli.call import Call, forget_records, store_at
from hearthwatch.cli.demo_exercise import exercised
from hearthwatch.cli.demo_picture import draw
from hearthwatch.cli.ledger import summary_value
from hearthwatch.cli.progress import ProgressLine
from hearthwatch.cli.report import Answer, shown
from hearthwatch.cli.sample import fetch_to
from hearthwatch.cli.tables import table
from hearthwatch.identity import code_digest
from hearthwatch.layout import Layout
from hearthwatch.ledger_words import summarise, summary_in_words
from hearthwatch.pipeline.run import RunReport, run_region
from hearthwatch.records import Event, EventFilter, EventState, LedgerRow, Region
from hearthwatch.settings import Settings
from hearthwatch.store.protocol import Store
from hearthwatch.store.whole import all_events, all_looks
from hearthwatch.values import event_value
from hearthwatch.watchlist import make_region, read_area
from hearthwatch.words import counted, hectares, interval
from imagery.registry import create_provider
from imagery.types import ImageryProvider, Query

NAME = "Romanian square"
START = datetime(2015, 8, 1, tzinfo=UTC)
UNTIL = datetime(2020, 12, 31, 23, 59, 59, tzinfo=UTC)
PICTURE = "demo.png"

_FOUND = frozenset(
    {EventState.PROVISIONAL, EventState.CORROBORATED, EventState.CONFIRMED, EventState.DISPUTED}
)


@dataclass(frozen=True, slots=True)
class Result:
    """What the demonstration shows."""

    region: Region
    report: RunReport
    events: tuple[Event, ...]
    told: frozenset[str]
    looks: tuple[LedgerRow, ...]

    @property
    def found(self) -> list[Event]:
        """Events that were ever more than a candidate, earliest change first."""
        told = [event for event in self.events if event.id in self.told]
        return sorted(told, key=lambda e: (e.first_changed, e.last_unharmed or START, e.id))


def demo(call: Call) -> Answer:
    """Fetch the sample, watch it from 2015 to 2020, and show what was found."""
    settings = _settings(call)
    refuse_earlier_layout(settings)
    catalogue = fetch_to(call, _catalogue(call)).catalogue.parent
    provider = create_provider("folder", path=catalogue)
    if not _is_given(call):
        _forget_other_code(call, settings)
    with store_at(settings.data_dir, write=True) as store:
        region = _region(settings, store, provider)
        call.note(f"watching the {NAME} ({region.area_km2:.2f} km²), {START:%Y} to {UNTIL:%Y}")
        line = ProgressLine("replaying", silent=call.as_json)
        report = run_region(settings, store, provider, region, UNTIL, line)
        where = EventFilter(region=region.id)
        events = tuple(all_events(store, settings.organisation, where))
        result = Result(
            region=region,
            report=report,
            events=events,
            told=frozenset(event.id for event in events if _was_told(store, event)),
            looks=tuple(all_looks(store, region)),
        )
    picture = draw(Layout(settings.data_dir), region, result.looks, result.found, _target(call))
    # What was watched above is real, what follows is not: it has a folder and a section of its own.
    drill = exercised(call, catalogue, picture.parent / "exercise", region.geometry)
    return Answer(
        _document(result, picture) | {"exercise": drill.document},
        f"{_text(call, settings, result, picture)}\n\n{drill.text}",
    )


def _was_told(store: Store, event: Event) -> bool:
    history = store.event_history(event.organisation, event.id)
    return any(version.state in _FOUND for version in history)


def _is_given(call: Call) -> bool:
    return getattr(call.args, "data_dir", None) is not None


def _settings(call: Call) -> Settings:
    own = call.settings.data_dir if _is_given(call) else call.settings.data_dir / "demo"
    return call.settings.model_copy(update={"data_dir": own, "executor": "threads"})


def _catalogue(call: Call) -> Path:
    return call.settings.data_dir / "sample"


def _target(call: Call) -> Path:
    if call.args.out:
        return Path(call.args.out).expanduser().absolute() / PICTURE
    return _settings(call).data_dir / PICTURE


def _forget_other_code(call: Call, settings: Settings) -> None:
    """Start from nothing where other code made what is there: its state is not ours to go on with.

    Only the demonstration's own folder; the archive of what was pulled stays.
    """
    layout = Layout(settings.data_dir)
    mark = settings.data_dir / "code"
    if mark.is_file() and mark.read_text(encoding="ascii") == code_digest():
        return
    if layout.database.exists():
        call.note("the code has changed since the last demonstration: starting from nothing")
        forget_records(settings.data_dir)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    mark.write_text(code_digest(), encoding="ascii")


def _region(settings: Settings, store: Store, provider: ImageryProvider) -> Region:
    """Return the square on the watchlist, put there the first time."""
    for known in store.regions(settings.organisation):
        if known.name == NAME:
            return known
    everywhere = Query(area=shapely.box(-180, -90, 180, 90), start=START, end=UNTIL)
    footprint = shapely.union_all([scene.footprint for scene in provider.search(everywhere)])
    area = read_area(shapely.to_geojson(footprint), settings)[0]
    region = make_region(
        area, NAME, settings.organisation, purpose="demonstration", owner="hearthwatch demo"
    )
    # The ids of events follow from it: everyone who runs the demonstration sees the same.
    region = dataclasses.replace(region, id=str(uuid.uuid5(uuid.NAMESPACE_URL, NAME)))
    with store.transaction() as transaction:
        transaction.put_region(region)
    return region


def _document(result: Result, picture: Path) -> dict[str, Any]:
    names = {result.region.id: result.region.name}
    return {
        "region": result.region.id,
        "looks": result.report.looks,
        "looks_taken_before": result.report.skipped,
        "found": [event_value(event, names) for event in result.found],
        "by_year": _by_year(result.found),
        "not_found": _others(result),
        "ledger": summary_value(summarise(result.looks)),
        "picture": str(picture),
    }


def _text(call: Call, settings: Settings, result: Result, picture: Path) -> str:
    option = f" --data-dir {shown(settings.data_dir)}"
    years = ", ".join(f"{year}: {number}" for year, number in _by_year(result.found).items())
    total = hectares(sum(event.area_m2 for event in result.found))
    return "\n".join(
        (
            _table(result.found),
            "",
            f"{counted(len(result.found), 'place')} found where the ground turned bare, "
            f"{total} ha; by year {years}",
            f"Never more than candidates, and not listed: {_others_in_words(result)}",
            "",
            summary_in_words(summarise(result.looks)),
            "",
            f"Picture: {shown(picture)}",
            f"Look further: hearthwatch events show {_example(result)}{option}",
            f"              hearthwatch ledger{option}",
            f"On a map:     hearthwatch up{option} --catalogue {shown(_catalogue(call))}",
            "              prints an address and a key; open the address in a browser",
        )
    )


def _table(found: Sequence[Event]) -> str:
    header = ("id", "unharmed .. first changed", "ha", "looks", "state", "evidence", "doubts")
    rows = [
        (e.id[:8], interval(e.last_unharmed, e.first_changed), hectares(e.area_m2), str(e.looks),
         e.state.value, _evidence(e), "; ".join(e.doubts) or "-")
        for e in found
    ]  # fmt: skip
    return table(header, rows)


def _evidence(event: Event) -> str:
    """Return the two factors of change and the weight of evidence, shortly."""
    shown = (
        ("red/NIR x{:.2f}", "red_to_near_infrared_factor"),
        ("SWIR x{:.2f}", "short_wave_infrared_factor"),
        ("log likelihood ratio {:.0f}", "log_likelihood_ratio"),
    )
    e = event.evidence
    return ", ".join(words.format(e[name]) for words, name in shown if name in e)


def _by_year(events: Sequence[Event]) -> dict[str, int]:
    return dict(sorted(Counter(f"{event.first_changed:%Y}" for event in events).items()))


def _others(result: Result) -> dict[str, int]:
    states = (event.state.value for event in result.events if event.id not in result.told)
    return dict(sorted(Counter(states).items()))


def _others_in_words(result: Result) -> str:
    words = {"candidate": "still a candidate", "closed": "that faded"}
    listed = [f"{count} {words.get(state, state)}" for state, count in _others(result).items()]
    return ", ".join(listed) or "nothing"


def _example(result: Result) -> str:
    largest = max(result.found, key=lambda event: event.area_m2, default=None)
    return largest.id[:8] if largest else "ID"
