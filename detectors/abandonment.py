"""Villages that empty, and to which people return, at the scale of seasons.

Measured per look: a fixed sample of pixels within 2 km of a settlement and in the ring from 2 to
10 km, and the yards. Scored when a growing season ends: how much less was tilled near than in the
ring, against at least three past seasons of the same place, with what the yards show beside it. A
drought is in the ring as well. It reports what became of a place; why is for people to say.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from detectors import (
    abandon_episodes,
    abandon_fields,
    abandon_seasons,
    place_state,
    state_packing,
)
from detectors.abandon_episodes import EpisodeRules, Told
from detectors.abandon_look import NAMES, hectares, part_values, sample_look
from detectors.abandon_report import finding
from detectors.abandon_seasons import Rows, SeasonRules
from detectors.abandon_verdict import WHY, Unjudged, Verdict, teaches, verdict
from detectors.burn_seen import Measured, contamination, named, of_places, place_look
from detectors.burned import WATER
from detectors.calibration import POOLED, Calibration
from detectors.place_state import SHOWED, said_first
from detectors.season_calendar import Season
from detectors.types import (
    PARTS,
    DetectorInfo,
    Features,
    Finding,
    GuardVerdict,
    MonitorState,
    PlaceFeatures,
    PlaceLook,
    Places,
    PlaceSet,
    Reference,
    SceneJudgement,
    Showed,
    Watches,
    Zones,
)
from imagery.types import Cause, GeoBox


@dataclass(frozen=True, slots=True)
class AbandonmentParameters:
    """Constants of the detector; part of what a finding must name to be recomputed."""

    seasons: SeasonRules = field(default_factory=SeasonRules)
    episodes: EpisodeRules = field(default_factory=EpisodeRules)
    calibration: Calibration = field(default_factory=Calibration)


@dataclass(frozen=True, slots=True)
class _Due:
    """A season that a look shows to be over, or, with `over` false, one that is well advanced."""

    place: int
    season: Season
    over: bool


class Abandonment:
    """Streaming detector of abandoned and re-occupied settlements; see the module's text."""

    info = DetectorInfo(
        id="abandonment",
        version="2",
        kinds=("abandonment",),
        regions=("abandonment",),
        sensors=("sentinel-2-l2a",),
        needed=("B04", "B08", "SCL"),
        useful=("B02", "B03", "B11", "B12"),
        usable_share=abandon_fields.SHARE,
        references=(
            Reference("Alix-Garcia, Bartlett & Saah 2013, The landscape of conflict"),
            Reference("Gelman et al. 2013, Bayesian Data Analysis, 3rd edition"),
        ),
        watches=Watches.SETTLEMENTS,
        zones=Zones(near_m=2000.0, inner_m=2000.0, outer_m=10_000.0, pixel_m=60.0),
    )  # fmt: skip

    def __init__(self, parameters: AbandonmentParameters | None = None) -> None:
        self.parameters = parameters or AbandonmentParameters()

    def calibrated(self, calibration: Calibration) -> Abandonment:
        """Return this detector with other thresholds."""
        return Abandonment(dataclasses.replace(self.parameters, calibration=calibration))

    def measure(self, cube: xr.Dataset, places: Places) -> Features:
        """Measure the land round every settlement and placebo on one look.

        Raises
        ------
        ValueError
            If no settlements are named, or the yards are of others.
        """
        look, chosen = cube.isel(time=0), named(places)
        bands = {one: look[one].values for one in ("B04", "B08", "B12") if one in look}
        causes, classes = look["cause"].values, look["SCL"].values
        blank = (causes == Cause.CLEAR) & ~np.isfinite(np.stack(list(bands.values()))).all(0)
        causes = np.where(blank, np.uint8(Cause.NODATA), causes)
        clear, dry = causes == Cause.CLEAR, classes != WATER
        grid = (look["y"].values, look["x"].values)
        values = part_values(bands, clear, dry, chosen, places.yards, hectares(grid))
        measured = Measured(
            NAMES, values, _seen(clear, chosen), tuple(bands),
            contamination(classes, causes, chosen), sample_look(bands, clear & dry, grid, chosen),
        )  # fmt: skip
        return place_look(cube, self.info, chosen, causes, measured)

    def start(self, geobox: GeoBox) -> MonitorState:
        """Return the state of a cell of which no settlement was ever looked at."""
        return MonitorState(
            detector=self.info.id,
            version=self.info.version,
            geobox=geobox,
            arrays=state_packing.pack(_new_rows(0)),
            scalars={"looks": 0, "last": ""},
        )

    def placebo_evidence(self, state: MonitorState, features: Features) -> tuple[float, ...]:
        """Return the evidence of this look alone at every usable placebo, nats.

        That is what the season shows which the look ends, or which is well advanced. Placebos
        whose season cannot be judged say nothing.
        """
        placebos = of_places(features, place_state.measured(features).placebo)
        rows = place_state.rows_of(state, place_state.measured(placebos).ids, _new_rows)
        due = _due(rows, features.sensed, self.parameters.seasons)
        if not due:
            return ()
        found = self._verdict(rows, due)
        return tuple(float(found.evidence[one.place]) for one in due if found.judged[one.place])

    def score(
        self, state: MonitorState, features: Features, scene: SceneJudgement
    ) -> tuple[MonitorState, tuple[Finding, ...]]:
        """Take one look into the state of every settlement and report what is new."""
        place_state.check(state, features, self.info)
        places = place_state.measured(features)
        suspect = scene.verdict is GuardVerdict.SUSPECT
        rows, usable = place_state.rows_of(state, places.ids, _new_rows), _usable(places)
        rows["evidence"][:], rows["ratio"][:] = np.nan, np.nan
        rows["ended"][:] = 0
        told = self._judge_due(rows, features, scene)
        self._turn(rows, places, usable, features.sensed, suspect=suspect)
        self._say(rows, usable, suspect=suspect)
        after = place_state.after(state, features, rows)
        return after, tuple(told)

    def looks(self, state: MonitorState, features: Features) -> tuple[PlaceLook, ...]:
        """Tell what the look came to at every settlement; `state` is the one after it."""
        return place_state.looks(state, features, lambda place: _said(state.arrays, place))

    def beside(self, state: MonitorState) -> MonitorState:
        """Return a state without settlements, in which others can be brought up to `state`."""
        return self.start(state.geobox)

    def join(self, state: MonitorState, other: MonitorState) -> MonitorState:
        """Return `state` with all places of `other`, which has taken the same looks.

        What both know is taken from `other`.
        """
        return place_state.joined(state, other)[0]

    def past_numbers(self, state: MonitorState, other: MonitorState) -> MonitorState:
        """Return `state`, in which no new episode gets a number that `other` has given."""
        return place_state.past_numbers(state, other)

    def _verdict(self, rows: Rows, due: Sequence[_Due]) -> Verdict:
        """Return the verdicts on the seasons that are due; those on other places mean nothing."""
        slots = np.zeros(len(rows["season"]), np.int64)
        over = np.zeros(len(slots), np.bool_)
        for one in due:
            slots[one.place], over[one.place] = one.season.slot, one.over
        return verdict(rows, slots, over, self.parameters.seasons)

    def _judge_due(
        self, rows: Rows, features: Features, scene: SceneJudgement
    ) -> tuple[Finding, ...]:
        """Judge the seasons that are over or well advanced; return what is new at settlements."""
        due = _due(rows, features.sensed, self.parameters.seasons)
        if not due:
            return ()
        places, found, told = place_state.measured(features), self._verdict(rows, due), []
        suspect = scene.verdict is GuardVerdict.SUSPECT
        for one in due:
            news = self._judge(rows, one, found, features.sensed, scene)
            if news is not None and not places.placebo[one.place]:
                told.append(finding(news, found, one.season, rows, places, scene))
            if one.over:
                why = Unjudged.SUSPECT if suspect else found.why[one.place]
                rows["ended"][one.place], rows["why"][one.place] = 1, why
            if found.judged[one.place]:
                rows["evidence"][one.place] = found.evidence[one.place]
                rows["ratio"][one.place] = np.exp(-found.fields.error[one.place])
        return tuple(told)

    def _judge(
        self, rows: Rows, one: _Due, found: Verdict, sensed: datetime, scene: SceneJudgement
    ) -> Told | None:
        """Move one place on by a season; return what is new."""
        least = self.parameters.calibration.for_stratum((POOLED,))
        suspect = scene.verdict is GuardVerdict.SUSPECT
        judged = bool(found.judged[one.place]) and not suspect
        if not one.over:
            seconds = int(sensed.timestamp())
            if not judged:
                return None
            return abandon_episodes.so_far(rows, one.place, found, seconds, least)
        if judged:
            rules = self.parameters.episodes
            news = abandon_episodes.ended(rows, one.place, found, least, rules)
        else:
            news = abandon_episodes.unjudged(rows, one.place, found, one.season)
        quiet = rows["level"][one.place] == 0 and not suspect
        if quiet and teaches(rows, found, one.place, self.parameters.seasons):
            figures = found.figures[one.place]
            abandon_seasons.learn(rows, one.place, one.season.slot, figures, found.tilled)
            rows["normal"][one.place] = rows["look_green"][one.place]
        return news

    def _turn(
        self, rows: Rows, places: PlaceFeatures, usable: NDArray[np.bool_], sensed: datetime, *,
        suspect: bool,
    ) -> None:  # fmt: skip
        """Begin seasons that have come, and take the look into them."""
        rules = self.parameters.seasons
        for place in range(len(places.ids)):
            season = abandon_seasons.season_now(rows, place, sensed, rules)
            if season is not None and int(season.begin.timestamp()) != rows["season"][place]:
                abandon_seasons.begin(rows, place, season, sensed)
        if not suspect:
            abandon_seasons.take(rows, places, usable, sensed, rules)

    def _say(self, rows: Rows, usable: NDArray[np.bool_], *, suspect: bool) -> None:
        """Put down what the look came to, as an index into `SHOWED`."""
        count = len(usable)
        past = np.isfinite(rows["past"][..., abandon_seasons.NEAR]).sum(-1).max(-1, initial=0)
        learning = past < self.parameters.seasons.past
        changed = abandon_episodes.is_open(rows) & ~learning
        # Only a season that has ended and was judged shows fields as plainly tilled as ever: a
        # look within it, or where nothing can cease, tells nothing by itself.
        told = (rows["ended"] == 1) & (rows["why"] == Unjudged.NOTHING)
        told &= rows["evidence"] <= 0.0
        rows["showed"] = said_first(
            (~usable, Showed.UNUSABLE),
            (np.full(count, suspect), Showed.SUSPECT),
            (learning, Showed.LEARNING),
            (changed, Showed.CHANGED),
            (~told, Showed.BLIND),
        )


def _due(rows: Rows, sensed: datetime, rules: SeasonRules) -> tuple[_Due, ...]:
    """Return the places whose season is over at a time, or well advanced."""
    running = ((at, abandon_seasons.running(rows, at, rules)) for at in range(len(rows["season"])))
    return tuple(
        _Due(place, season, over=sensed >= season.end)
        for place, season in running
        if season is not None and season.gone(sensed) >= rules.so_far
    )


def _new_rows(count: int) -> Rows:
    return {
        **abandon_seasons.new_rows(count),
        **abandon_episodes.new_rows(count),
        "showed": np.full(count, SHOWED.index(Showed.UNUSABLE), np.int8),
        "evidence": np.full(count, np.nan),
        "ratio": np.full(count, np.nan),
        "ended": np.zeros(count, np.int8),
        "why": np.zeros(count, np.int8),
    }


def _seen(clear: NDArray[np.bool_], places: PlaceSet) -> NDArray[np.float64]:
    """Return the clear share of every part, shape (place, 17); NaN where a part has no ground."""
    size = np.diff(places.starts)
    total = np.concatenate([[0], np.cumsum(clear.ravel()[places.pixels])])
    count = np.diff(total[places.starts])
    share = np.where(size > 0, count / np.maximum(size, 1), np.nan)
    shaped: NDArray[np.float64] = share.reshape(-1, PARTS)
    return shaped


def _usable(places: PlaceFeatures) -> NDArray[np.bool_]:
    """Tell where enough was seen of the sample near a settlement and of that round it."""
    assert places.patches is not None
    near, ring = abandon_fields.shown(places.patches)
    usable: NDArray[np.bool_] = (near >= abandon_fields.SHARE) & (ring >= abandon_fields.SHARE)
    return usable


def _said(rows: Mapping[str, NDArray[Any]], place: int) -> dict[str, Any]:
    """Return what the season came to, or how it stands, for the ledger."""
    told: dict[str, Any] = {
        "season_looks": int(rows["looks"][place]),
        "past_seasons": int(
            np.isfinite(rows["past"][place, ..., abandon_seasons.NEAR]).sum(-1).max()
        ),
    }
    for name in ("evidence", "ratio"):
        if np.isfinite(rows[name][place]):
            told[name] = round(float(rows[name][place]), 3)
    if rows["why"][place]:
        told["last_season_not_judged"] = WHY[Unjudged(int(rows["why"][place]))]
    return told
