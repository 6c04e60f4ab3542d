"""Reads 2500 x 2500 pixels many times at once and says what memory it took: FOLDER COUNT.

The server is a process of its own, so that its memory is not counted.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from affine import Affine
from odc.geo.geobox import GeoBox

from imagery.looks import group_acquisitions
from imagery.providers.sentinelhub import SentinelHubProvider
from tests.standin import Standin
from tests.standin.faults import Fault
from tests.standin.image import Image, geotiff
from tests.standin.wire import GEOTIFF, Answer
from tests.support import catalogue
from tests.support.hub import WORLD, provider_of

SIDE = 2500
BANDS = ("B02", "B03", "B04", "B08")
GRID = GeoBox((SIDE, SIDE), Affine(10.0, 0, 620_000.0, 0, -10.0, 4_960_000.0), catalogue.CRS_CODE)
DAY = datetime(2020, 6, 1, 10, tzinfo=UTC)


def serve(folder: Path, pipe: Connection) -> None:
    """Answer every request for pixels with one picture, until told to end."""
    looks = folder / "looks"
    catalogue.make_catalogue(looks, [DAY], catalogue.forest(3, bands=(*BANDS, "SCL")))
    with Standin(looks) as server:
        answer = Answer(200, {"Content-Type": GEOTIFF, "x-processingunits-spent": "1"}, picture())
        server.always["process"] = Fault("large", instead=answer)
        pipe.send(provider_of(server, folder))
        pipe.recv()


def picture() -> bytes:
    """Return a picture full of noise: as large as answers get."""
    noise = np.random.default_rng(1).integers(1, 9000, (len(BANDS) + 1, SIDE, SIDE), np.uint16)
    noise[-1] = 1
    options = {"compress": "DEFLATE", "zlevel": 1}
    return geotiff(Image(noise, (*BANDS, "dataMask"), str(GRID.crs), GRID.transform, None, options))


def read_at_once(provider: SentinelHubProvider, count: int) -> dict[str, int]:
    """Read so many times at once; return the pixels of one read and the memory all took, bytes."""
    with provider.serving(), ThreadPoolExecutor(count) as pool:
        (look,) = group_acquisitions(provider.search(WORLD))
        before = resident("VmRSS")
        reads = [pool.submit(provider.read, look.scenes, GRID, BANDS, 100.0) for _ in range(count)]
        chips = [read.result() for read in reads]
        peak = resident("VmHWM") - before
    (size,) = {layer.dn[0].size for chip in chips for layer in chip.layers}
    return {"reads": len(chips), "pixels": size, "peak": peak}


def resident(name: str) -> int:
    """Return the resident memory of this process, now or at its highest, bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


def main(folder: str, count: str) -> None:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=serve, args=(Path(folder), theirs))
    server.start()
    sys.stdout.write(json.dumps(read_at_once(ours.recv(), int(count))))
    ours.send("enough")
    server.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
