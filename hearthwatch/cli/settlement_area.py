"""`hearthwatch settlement area`: a known camp through all looks at it, in words, chart and data."""

from __future__ import annotations

import json
from pathlib import Path

from hearthwatch.cli.call import Call
from hearthwatch.cli.export import write_all
from hearthwatch.cli.reading import find_settlement
from hearthwatch.cli.report import Answer, shown
from hearthwatch.explanation.course import (
    Course,
    course_csv,
    course_text,
    course_value,
    gather_course,
)
from hearthwatch.explanation.course_chart import course_png, course_svg
from hearthwatch.export.provenance import notice_of


def area(call: Call) -> Answer:
    """Tell how large a known camp is and was; with a folder, write chart and data into it."""
    args = call.args
    with call.store() as store:
        settlement = find_settlement(store, call.organisation, args.settlement)
        course = gather_course(store, call.organisation, settlement, args.people_per_ha)
    value, text = course_value(course), course_text(course)
    if args.out is None:
        return Answer(value, text)
    files = _written(course, Path(args.out).expanduser().absolute(), force=args.force)
    listed = "\n".join(f"  {shown(path)}" for path in files)
    return Answer(
        {**value, "files": [str(path) for path in files]}, f"{text}\n\nWritten:\n{listed}"
    )


def _written(course: Course, folder: Path, *, force: bool) -> list[Path]:
    """Write all files of a course; none where one is there that may not be replaced."""
    notice = notice_of(one.row.sensed for one in course.looks)
    value = json.dumps({**course_value(course), "notice": notice}, ensure_ascii=False, indent=1)
    contents = {
        "area.svg": course_svg(course).encode(),
        "area.png": course_png(course),
        "area.csv": course_csv(course),
        "area.json": value.encode(),
    }
    return write_all(folder, contents, force=force)
