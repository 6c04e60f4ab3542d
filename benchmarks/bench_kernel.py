"""What one look costs: our update of every pixel beside the monitors of nrt 0.3.0, on one input.

Drawn ground of 1,000 x 1,000 pixels with two features, Gaussian noise, a season, clouds, and steps
in known places; nothing else, so that the assumptions of either side hold. Our update takes both
features at once, an nrt monitor takes one; both ratios are printed. Each measurement is repeated
over the looks, in an order that turns from look to look, in one thread. nrt's fit, its conversion
to floating point and our measuring of features are not counted.
"""

# ruff: noqa: E402 (the number of threads must be set before numpy is loaded)
import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import statistics
import time
import warnings
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import xarray as xr
from affine import Affine
from nrt.monitor.ccdc import CCDC
from nrt.monitor.cusum import CuSum
from nrt.monitor.ewma import EWMA
from nrt.monitor.iqr import IQR
from nrt.monitor.mosum import MoSum
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from scipy.ndimage import zoom

from detectors import kernel
from detectors.ground_change import GroundChange
from detectors.types import Features, GuardVerdict, MonitorState, SceneJudgement

SIDE, HISTORY, MONITORED, STEP_AT, EVERY_DAYS = 1000, 40, 21, 8, 10
NOISE, STEPS, CLOUDED = 0.12, (0.9, 0.6), 0.25
CLASSES = {"CCDC": CCDC, "EWMA": EWMA, "CuSum": CuSum, "MoSum": MoSum, "IQR": IQR}
PIXELS = SIDE * SIDE
START = datetime(2018, 1, 1, tzinfo=UTC)
FLAG_NATS, FLAG_RUN = 6.0, 2

Times = dict[str, list[tuple[float, float]]]


def day(n: int) -> datetime:
    return START + timedelta(days=EVERY_DAYS * n)


class Ground:
    """The truth: levels, a season, and squares of 20 x 20 pixels that step up."""

    def __init__(self) -> None:
        rng = np.random.default_rng(1)
        smooth = [zoom(rng.normal(0, 0.3, (10, 10)), SIDE / 10, order=1) for _ in range(2)]
        self.level = np.stack([smooth[0] - 2.2, smooth[1] - 1.8]).astype(np.float32)
        self.changed = np.zeros((SIDE, SIDE), bool)
        for row, column in rng.integers(0, SIDE - 20, (50, 2)):
            self.changed[row : row + 20, column : column + 20] = True

    def look(self, n: int) -> NDArray[np.int16]:
        """Return features in the kernel's fixed point, shape (2, y, x)."""
        rng = np.random.default_rng([2, n])
        season = 0.25 * np.cos(2 * np.pi * n * EVERY_DAYS / 365.25)
        values = self.level + np.float32(season)
        values += NOISE * rng.standard_normal(values.shape, np.float32)
        if n >= HISTORY + STEP_AT:
            values += np.array(STEPS, np.float32)[:, None, None] * self.changed
        sky = zoom(rng.normal(0, 1, (12, 12)), SIDE / 12, order=1)[:SIDE, :SIDE]
        pixels = np.rint(values / kernel.FEATURE_UNIT).astype(np.int16)
        pixels[:, sky > np.quantile(sky, 1 - CLOUDED)] = kernel.NO_DATA
        return pixels


def as_float(pixels: NDArray[np.int16]) -> NDArray[np.float32]:
    values = pixels * np.float32(kernel.FEATURE_UNIT)
    return np.where(pixels == kernel.NO_DATA, np.float32(np.nan), values)


def timed(times: Times, name: str, work: Callable[[], object]) -> None:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    times[name].append((time.process_time() - cpu, time.perf_counter() - wall))


class Ours:
    """The update alone, and the path the service runs, on the same looks."""

    def __init__(self) -> None:
        self.detector = GroundChange()
        grid = GeoBox((SIDE, SIDE), Affine(10, 0, 6e5, 0, -10, 5e6), "EPSG:32635")
        self.state: MonitorState = self.detector.start(grid)
        self.parameters = self.detector.parameters.kernel
        self.slab = kernel.new_slab(PIXELS, self.parameters)
        zero = np.zeros(2, np.float32)
        self.scale = kernel.LookScale(zero, zero, zero + 1)

    def update(self, n: int, blocks: NDArray[np.int16]) -> None:
        phase = 2 * np.pi * n * EVERY_DAYS / 365.25
        kernel.update(self.slab, blocks, self.scale, phase, n, self.parameters)

    def lay_out_and_update(self, n: int, pixels: NDArray[np.int16]) -> None:
        self.update(n, kernel.blocked(pixels.reshape(2, -1)))

    def score(self, n: int, pixels: NDArray[np.int16]) -> None:
        features = Features(f"look{n}", day(n), ("a", "b"), pixels, 1 - CLOUDED, {})
        scene = SceneJudgement(features.acquisition, GuardVerdict.PASSED, 40, 0, "")
        self.state, _ = self.detector.score(self.state, features, scene)

    def flagged(self) -> NDArray[np.bool_]:
        slab = np.asarray(self.state.arrays["slab"], np.int16)
        evidence = kernel.field(slab, kernel.EVIDENCE, PIXELS) * kernel.EVIDENCE_UNIT
        run = kernel.field(slab, kernel.RUN, PIXELS)
        return ((evidence >= FLAG_NATS) & (run >= FLAG_RUN)).reshape(SIDE, SIDE)


def fitted(history: NDArray[np.int16], feature: int) -> dict[str, object]:
    """Return one monitor of each class, fitted with ordinary least squares to one feature."""
    times = [np.datetime64(day(n).replace(tzinfo=None), "ns") for n in range(HISTORY)]
    cube = xr.DataArray(
        as_float(history[:, feature]),
        dims=("time", "y", "x"),
        coords={"time": times, "y": np.arange(SIDE)[::-1], "x": np.arange(SIDE)},
    )
    monitors: dict[str, object] = {}
    for name, made in CLASSES.items():
        monitor = made(trend=False)
        screen = {"screen_outliers": None} if name == "CCDC" else {}
        try:
            monitor.fit(dataarray=cube, method="OLS", **screen)
        except Exception as error:
            print(f"nrt {name} cannot run here: {error}")
            continue
        monitors[name] = monitor
    return monitors


def race(
    ground: Ground, ours: Ours, monitors: list[dict[str, object]], scored: list[Times]
) -> Times:
    """Give every look to everybody; the order turns so that nobody always comes first."""
    times: Times = defaultdict(list)
    for n in range(HISTORY, HISTORY + MONITORED):
        pixels = ground.look(n)
        blocks, values = kernel.blocked(pixels.reshape(2, -1)), as_float(pixels)
        slab = ours.slab.copy()
        late = n >= HISTORY + STEP_AT
        jobs: list[tuple[Times, str, Callable[[], object]]] = [
            (times, "update", lambda n=n, b=blocks: ours.update(n, b)),
            (scored[late], "score", lambda n=n, p=pixels: ours.score(n, p)),
        ]
        for k in range(2):
            for name in monitors[k]:
                watch, image = monitors[k][name], values[k]
                when = day(n).replace(tzinfo=None)
                jobs.append(
                    (times, f"{name} {k}", lambda w=watch, v=image, d=when: w.monitor(v, d))
                )
        turn = n % len(jobs)
        for target, name, work in jobs[turn:] + jobs[:turn]:
            timed(target, name, work)
        kept, ours.slab = ours.slab, slab
        timed(times, "layout and update", lambda n=n, p=pixels: ours.lay_out_and_update(n, p))
        ours.slab = kept
    return times


def nanoseconds(times: Times, *names: str) -> tuple[float, float]:
    """Return median CPU and wall time a pixel and look, added over `names`."""
    cpu = sum(statistics.median(t[0] for t in times[name]) for name in names)
    wall = sum(statistics.median(t[1] for t in times[name]) for name in names)
    return cpu / PIXELS * 1e9, wall / PIXELS * 1e9


def report_speed(times: Times, scored: list[Times], names: list[str]) -> None:
    print(f"\nns a pixel and look, medians over {MONITORED} looks    CPU     wall")
    ours = nanoseconds(times, "update")
    rows = [
        ("our update, two features", ours),
        ("... with layout in blocks", nanoseconds(times, "layout and update")),
        ("... whole score, nothing there", nanoseconds(scored[False], "score")),
        ("... whole score, 50 objects", nanoseconds(scored[True], "score")),
    ]
    rows += [(f"nrt {name}, one feature", nanoseconds(times, f"{name} 0")) for name in names]
    for what, (cpu, wall) in rows:
        print(f"  {what:40} {cpu:9.2f} {wall:8.2f}")
    print("\nCPU time of nrt over ours                 update   layout+update   score")
    print("  one nrt monitor (one feature) against our two features, look by look:")
    paths = [
        ours[0],
        nanoseconds(times, "layout and update")[0],
        nanoseconds(scored[False], "score")[0],
    ]
    for name in names:
        one = nanoseconds(times, f"{name} 0")[0]
        print(f"    {name:36} " + "".join(f"{one / path:9.1f} x  " for path in paths))
    print("  the same two features: two nrt monitors (also: per pixel, date and feature):")
    for name in names:
        two = nanoseconds(times, f"{name} 0", f"{name} 1")[0]
        print(f"    {name:36} " + "".join(f"{two / path:9.1f} x  " for path in paths))


def report_flags(
    ground: Ground, ours: NDArray[np.bool_], flags: dict[str, NDArray[np.bool_]]
) -> None:
    truth = ground.changed
    print(f"\nflagged after {MONITORED} looks, {MONITORED - STEP_AT} of them after the step")
    print("  (nrt: by either feature; ours: 6 nats and a run of 2)")
    print(f"  {'':12} {'hits of ' + str(int(truth.sum())):>16} {'false':>9}  agrees with ours")
    for name, flag in {"ours": ours, **flags}.items():
        hits, false = int((flag & truth).sum()), int((flag & ~truth).sum())
        print(f"  {name:12} {hits:16d} {false:9d}  {(flag == ours).mean():9.4%}")


def report_age(ground: Ground, parameters: kernel.KernelParameters) -> None:
    """Print what one look costs after ten looks and after a thousand."""
    looks = [kernel.blocked(ground.look(n).reshape(2, -1)) for n in range(8)]
    zero = np.zeros(2, np.float32)
    scale = kernel.LookScale(zero, zero, zero + 1)
    slabs: dict[int, NDArray[np.int16]] = {}
    slab = kernel.new_slab(PIXELS, parameters)
    for n in range(1000):
        kernel.update(slab, looks[n % 8], scale, 0.1, n, parameters)
        if n + 1 in (10, 1000):
            slabs[n + 1] = slab.copy()
    times: Times = defaultdict(list)
    for n in range(31):
        for age in (10, 1000) if n % 2 else (1000, 10):
            worked = slabs[age].copy()
            timed(
                times,
                str(age),
                lambda w=worked, n=n: kernel.update(w, looks[n % 8], scale, 0.1, n, parameters),
            )
    print("\none look by the age of the state              CPU     wall   bytes a pixel")
    for age in (10, 1000):
        cpu, wall = nanoseconds(times, str(age))
        held = slabs[age].nbytes / PIXELS
        print(f"  after {age:5d} looks                      {cpu:9.2f} {wall:8.2f} {held:12.1f}")


def main() -> None:
    ground, ours = Ground(), Ours()
    history = np.stack([ground.look(n) for n in range(HISTORY)])
    for n, pixels in enumerate(history):
        ours.lay_out_and_update(n, pixels)
        ours.score(n, pixels)
    monitors = [fitted(history, k) for k in range(2)]
    del history
    scored: list[Times] = [defaultdict(list), defaultdict(list)]
    times = race(ground, ours, monitors, scored)
    names = [name for name in CLASSES if name in monitors[0] and name in monitors[1]]
    report_speed(times, scored, names)
    flags = {
        name: (monitors[0][name].mask == 3) | (monitors[1][name].mask == 3)  # type: ignore[attr-defined]
        for name in names
    }
    report_flags(ground, ours.flagged(), flags)
    del monitors
    report_age(ground, ours.parameters)


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    main()
