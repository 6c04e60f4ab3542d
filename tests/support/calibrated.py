"""A calibration set that holds, for stores in which budgets are to be kept."""

from __future__ import annotations

import numpy as np

from detectors.burned import Burned
from hearthwatch.calibration.make import Scope, make_set, stored
from hearthwatch.calibration.sets import Budget, NullYears, Source
from hearthwatch.identity import science_digest
from hearthwatch.records import CalibrationChoice, Kind, Mode
from hearthwatch.store import Store
from tests.support.settled import BEGAN


def calibrate(store: Store, mode: Mode = Mode.TEST) -> None:
    """Choose a set for `burned` whose null years all brought 3 nats at most."""
    years = NullYears(
        tuple(f"p{n}" for n in range(2000)), (Source.PLACEBO,) * 2000, (("",),) * 2000,
        np.tile((3.0, 4.0, 5.0), (2000, 1)),
    )  # fmt: skip
    scope = Scope("local", Kind.BURNED, mode, "", Burned().info, science_digest())
    one = stored(make_set(scope, Budget(), years, None, BEGAN))
    with store.transaction() as tx:
        tx.put_calibration(one)
        tx.choose_calibration(
            CalibrationChoice("local", Kind.BURNED, mode, "", "burned", BEGAN, one.id)
        )
