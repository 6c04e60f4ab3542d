"""`hearthwatch report accuracy`: how accurate this installation is known to be, and where not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hearthwatch.accuracy.calibrated import chosen_sets
from hearthwatch.accuracy.document import FORMAT, Known, document
from hearthwatch.accuracy.evaluated import read_evaluation
from hearthwatch.accuracy.page import page
from hearthwatch.accuracy.placebos import live_placebos
from hearthwatch.accuracy.plots import pictures
from hearthwatch.accuracy.released import read_release, shelf
from hearthwatch.cli.call import Call
from hearthwatch.cli.report import Answer
from hearthwatch.evaluation.wording import bounded, budget
from hearthwatch.fusion.classes import class_row, class_table
from hearthwatch.identity import check_identity, science_digest
from hearthwatch.words import counted
from tiles.atomic import write_atomically

JSON_NAME, PAGE_NAME = "accuracy.json", "accuracy.html"


def accuracy(call: Call) -> Answer:
    """Write what is known as a page, its plots and a JSON document."""
    out = Path(call.args.out).expanduser().absolute()
    identity = check_identity()
    told = document(
        _known(call),
        identity.version,
        identity.digest,
        datetime.now(UTC),
        with_places=bool(call.args.with_places),
    )
    drawn = list(pictures(told))
    out.mkdir(parents=True, exist_ok=True)
    for one in drawn:
        write_atomically(out / one.name, one.content)
    write_atomically(out / PAGE_NAME, page(told, drawn).encode())
    text = json.dumps(told, ensure_ascii=False, indent=1)
    write_atomically(out / JSON_NAME, text.encode())
    files = {
        "accuracy": str(out / JSON_NAME),
        "page": str(out / PAGE_NAME),
        "plots": [str(out / one.name) for one in drawn],
    }
    return Answer({"format": FORMAT, "files": files}, _text(told, files))


def _known(call: Call) -> Known:
    evaluations = tuple(read_evaluation(Path(one).expanduser()) for one in call.args.evaluation)
    release = read_release(shelf())
    classes = tuple(class_row(one) for one in class_table(release))
    if not call.is_kept:
        # What the release has measured can be read before anything is watched.
        return Known((), (), evaluations, release, {}, classes)
    with call.store() as store:
        return Known(
            calibrations=chosen_sets(store, call.organisation, science_digest()),
            placebos=live_placebos(store, call.organisation),
            evaluations=evaluations,
            release=release,
            region_names=store.region_names(call.organisation),
            classes=classes,
        )


def _text(told: Mapping[str, Any], files: Mapping[str, Any]) -> str:
    placebos = [
        f"Placebos, {one['detector']} {one['state']}: "
        f"{bounded(one['false_per_1000_placebo_years'])} per 1,000 placebo-years; "
        f"{budget(one['budget'], one['false_per_1000_placebo_years'])}"
        for one in told["live_placebos"]
    ]
    real, resampled = (
        len(told["release"][name]["figures"]) + len(told["release"][name]["tables"])
        for name in ("real", "resampled")
    )
    sets = [
        f"Calibration set {one['id']}: {'in force' if one['in_force'] else one['note']}"
        for one in told["calibrations"]
    ]
    lines = (
        *(sets or ["Calibration: no set; built-in thresholds, which keep no budget."]),
        *(placebos or ["Placebos: none was followed here yet."]),
        f"Evaluations: {counted(len(told['evaluations']), 'document')} read",
        f"Release: {counted(real, 'figure or table', 'figures and tables')} on real pixels, "
        f"{resampled:,} on resampled series",
        "",
        f"Page: {files['page']}",
        f"JSON: {files['accuracy']}",
    )
    return "\n".join(lines)
