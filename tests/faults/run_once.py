"""Programs to kill: one process that has everything loaded, and forks one run per request.

The program's argument is what is watched: `watched`, an area, `settled`, settlements, `pulled`, an
area whose pixels come over a network, or `camped`, an area with a map.
A request is a line of JSON with `root`, `looks` (the catalogue), `settings` and `environment`.
The answers are two lines: the run's process id when it starts, its exit code when it has ended.
The killer is somebody else; a run forked from here is a process like any other, only it does not
spend seconds on imports first.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

import numpy as np

from detectors import kernel
from detectors.burn_features import USED
from detectors.part_statistics import part_reflectance
from detectors.registry import create_detector
from detectors.types import PARTS, PlaceSet
from tests.support import camped, pulled, settled, watched

GROUNDS: dict[str, Any] = {
    "watched": watched, "settled": settled, "pulled": pulled, "camped": camped,
}  # fmt: skip

LOADED_FIRST = (
    "dask.array",
    "hearthwatch.store.sql",
    "imagery.providers.folder",
    "imagery.providers.sentinelhub",
    "skimage.morphology",
)
"""What a run would load on the way; loaded while there are no threads yet."""


def one_run(ground: Any, request: dict[str, Any]) -> int:
    os.environ.update(request["environment"])
    try:
        settings = ground.settings_for(
            Path(request["root"]), Path(request["looks"]), **request["settings"]
        )
        ground.run(settings)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def warm_up() -> None:
    """Load what a run needs, the detector's compiled kernel among it."""
    for name in LOADED_FIRST:
        importlib.import_module(name)
    create_detector("ground_change")
    slab = kernel.new_slab(1, kernel.KernelParameters())
    look = kernel.blocked(np.zeros((2, 1), np.int16))
    scale = kernel.LookScale(*(np.ones(2, np.float32) for _ in range(3)))
    kernel.update(slab, look, scale, 0.0, 1, kernel.KernelParameters())
    create_detector("burned")
    nowhere = PlaceSet((), np.zeros(0, bool), np.zeros(0, np.int64), np.zeros(PARTS + 1, np.int64))
    clear = np.ones((1, 1), bool)
    part_reflectance(np.ones((len(USED), 1, 1), np.float32), clear, clear, nowhere)


def serve(ground: Any) -> None:
    warm_up()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os.setpgid(0, 0)
            code = one_run(ground, json.loads(line))
            sys.stderr.flush()
            os._exit(code)
        answer(child)
        _, status = os.waitpid(child, 0)
        answer(os.waitstatus_to_exitcode(status))


def answer(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    serve(GROUNDS[sys.argv[1]])
