"""`hearthwatch events explain`: what an event rests on, in words, as chart and as data."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from hearthwatch.archives import archive_of
from hearthwatch.cli.call import Call
from hearthwatch.cli.export import write_all
from hearthwatch.cli.reading import find_event
from hearthwatch.cli.report import Answer, shown
from hearthwatch.explanation.chart import as_png, as_svg
from hearthwatch.explanation.curve import curve_csv
from hearthwatch.explanation.data import as_csv, explanation_value
from hearthwatch.explanation.facts import Facts, gather
from hearthwatch.explanation.words import as_text
from hearthwatch.export.provenance import notice_of


def explain(call: Call) -> Answer:
    """Tell what an event rests on; with a folder, write chart, data and text into it."""
    args = call.args
    with call.store() as store:
        archive = archive_of(call.settings, call.organisation)
        facts = gather(store, archive, find_event(store, call.organisation, args.event))
    facts = replace(facts, density=args.people_per_ha)
    value = explanation_value(facts)
    text = as_text(facts)
    if args.out is None:
        return Answer(value, text)
    files = _written(facts, Path(args.out).expanduser().absolute(), force=args.force)
    listed = "\n".join(f"  {shown(path)}" for path in files)
    document = {**value, "files": [str(path) for path in files]}
    return Answer(document, f"{text}\n\nWritten:\n{listed}")


def _written(facts: Facts, folder: Path, *, force: bool) -> list[Path]:
    """Write all files of an explanation; none where one is there that may not be replaced."""
    notice = notice_of(one.row.sensed for one in facts.looks)
    value = json.dumps({**explanation_value(facts), "notice": notice}, ensure_ascii=False, indent=1)
    contents = {
        "chart.svg": as_svg(facts).encode(),
        "chart.png": as_png(facts),
        "data.csv": as_csv(facts),
        "data.json": value.encode(),
        "explanation.txt": f"{as_text(facts)}\n\n{notice}.\n".encode(),
    }
    if facts.curve:
        contents["curve.csv"] = curve_csv(facts.event)
    return write_all(folder, contents, force=force)
