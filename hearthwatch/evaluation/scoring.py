"""Alerts held against truths: every figure of an evaluation, by the fixed definitions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from hearthwatch.evaluation.definitions import LEVELS, STRATA, UNSEEN, YEAR_DAYS, Level
from hearthwatch.evaluation.episodes import Episode, Looks, days_between
from hearthwatch.evaluation.figures import (
    Dated,
    Evaluation,
    Exposure,
    Found,
    LeftOut,
    LevelScore,
    Outcome,
    Period,
    Stratum,
    Unseen,
)
from hearthwatch.evaluation.intervals import F1, Rate, Share, Spread
from hearthwatch.evaluation.matching import (
    Alert,
    alert_order,
    compatible,
    inside,
    meets,
    pair,
    truth_order,
)
from hearthwatch.evaluation.truth import Truth
from hearthwatch.records import Kind


def evaluate(
    kind: Kind,
    settlements: Iterable[str],
    truths: Sequence[Truth],
    episodes: Sequence[Episode],
    looks: Mapping[str, Looks],
    since: datetime | None = None,
) -> Evaluation:
    """Hold the episodes of a replay against what is known; the order of arguments is of no effect.

    Parameters
    ----------
    kind : Kind
        Kind of event that is evaluated; episodes of other kinds are left aside.
    settlements : iterable of str
        Ids of all settlements watched.
    looks : mapping of str to Looks
        By settlement.
    since : datetime or None
        Beginning of the period, aware UTC; the first look at any settlement if None. The
        period ends with the last look.

    Raises
    ------
    ValueError
        If there was no look, the period is empty, or a truth or an episode belongs to another
        settlement.
    """
    places = tuple(sorted(set(settlements)))
    seen = {place: looks.get(place, Looks()) for place in places}
    period = _period(seen, since)
    alike = [truth for truth in truths if truth.kind == kind]
    others = [(truth, LeftOut.OTHER_KIND) for truth in truths if truth.kind != kind]
    told = [episode for episode in episodes if episode.kind == kind]
    strangers = {one.settlement for one in alike} | {one.settlement for one in told}
    strangers -= set(places)
    if strangers:
        raise ValueError(f"not among the settlements: {', '.join(sorted(strangers))}")
    matched = {level: _match(level, alike, told) for level in LEVELS}
    placed = [(truth, _outside(truth, period)) for truth in sorted(alike, key=_order)]
    outcomes = tuple(
        _outcome(truth, alike, seen[truth.settlement], matched)
        for truth, why in placed
        if why is None
    )
    exposure = _exposure(seen.values(), period)
    left_out = [*others, *((truth, why) for truth, why in placed if why is not None)]
    return Evaluation(
        kind=kind,
        period=period,
        settlements=places,
        looks=seen,
        exposure=exposure,
        outcomes=outcomes,
        left_out=tuple(sorted(left_out, key=lambda left: _order(left[0]))),
        levels=tuple(
            _level(level, outcomes, told, matched[level], period, exposure) for level in LEVELS
        ),
    )


_Pairs = dict[Truth, Alert]


def _order(truth: Truth) -> tuple[object, ...]:
    return truth.settlement, *truth_order(truth), truth.kind


def _alert(level: Level, episode: Episode) -> Alert:
    return Alert(episode.id, episode.settlement, episode.reports[level])


def _match(level: Level, truths: Sequence[Truth], episodes: Sequence[Episode]) -> _Pairs:
    pairs: _Pairs = {}
    for place in {truth.settlement for truth in truths}:
        here = [truth for truth in truths if truth.settlement == place]
        alerts = [
            _alert(level, one)
            for one in episodes
            if one.settlement == place and level in one.reports
        ]
        pairs.update(pair(here, alerts))
    return pairs


def _period(looks: Mapping[str, Looks], since: datetime | None) -> Period:
    firsts = [place.first for place in looks.values() if place.first is not None]
    lasts = [place.last for place in looks.values() if place.last is not None]
    if not firsts or not lasts:
        raise ValueError("no settlement was ever looked at")
    period = Period(min(firsts) if since is None else since, max(lasts))
    if period.since > period.end:
        raise ValueError("the period ends before it begins")
    return period


def _outside(truth: Truth, period: Period) -> LeftOut | None:
    if truth.latest < period.since:
        return LeftOut.BEFORE
    return LeftOut.AFTER if truth.earliest > period.end else None


def _exposure(looks: Iterable[Looks], period: Period) -> Exposure:
    places = list(looks)
    armed = sum(place.armed(period.since, period.end) for place in places)
    observed = sum(place.observed(period.since, period.end) for place in places)
    return Exposure(armed / YEAR_DAYS, observed / YEAR_DAYS)


def _outcome(
    truth: Truth, truths: Sequence[Truth], looks: Looks, matched: Mapping[Level, _Pairs]
) -> Outcome:
    earlier = (
        other.settlement == truth.settlement and truth_order(other) < truth_order(truth)
        for other in truths
    )
    return Outcome(
        truth=truth,
        second=any(earlier),
        unseen=_unseen(truth, looks),
        found={
            level: _found(truth, pairs[truth], looks)
            for level, pairs in matched.items()
            if truth in pairs
        },
    )


def _unseen(truth: Truth, looks: Looks) -> Unseen | None:
    if not looks.usable:
        return Unseen.NEVER_USABLE
    if looks.usable[0] > truth.latest:
        return Unseen.LEARNING
    return None if looks.count(truth.earliest, truth.latest + UNSEEN) else Unseen.BLIND


def _found(truth: Truth, alert: Alert, looks: Looks) -> Found:
    report = alert.report
    dated = Dated.POSSIBLY if meets(truth, report) else Dated.OUTSIDE
    return Found(
        episode=alert.episode,
        report=report,
        days=(
            max(0, days_between(truth.latest, report.reached)),
            days_between(truth.earliest, report.reached),
        ),
        looks=(
            max(1, looks.count(truth.latest, report.reached)),
            max(1, looks.count(truth.earliest, report.reached)),
        ),
        dated=Dated.INSIDE if inside(truth, report) else dated,
    )


def _level(
    level: Level,
    outcomes: Sequence[Outcome],
    episodes: Sequence[Episode],
    pairs: _Pairs,
    period: Period,
    exposure: Exposure,
) -> LevelScore:
    found = [one.found[level] for one in outcomes if level in one.found]
    counted = {one.truth for one in outcomes}
    false, duplicates, earlier = _others(level, episodes, pairs, counted, period)
    second = [one for one in outcomes if one.second]
    hits, misses = len(found), len(outcomes) - len(found)
    dated = [one.dated for one in found]
    return LevelScore(
        level=level,
        recall=Share(hits, len(outcomes)),
        precision=Share(hits, hits + len(false)),
        f1=F1(hits, len(false), misses),
        false_armed=Rate(len(false), exposure.armed),
        false_observed=Rate(len(false), exposure.observed),
        per_event=Rate(len(duplicates), hits, per=1.0),
        second=Share(sum(level in one.found for one in second), len(second)),
        dated_inside=Share(dated.count(Dated.INSIDE), hits),
        dated_possibly=Share(hits - dated.count(Dated.OUTSIDE), hits),
        days=_days(found),
        looks=_looks(found),
        missed_unseen=sum(
            one.unseen is not None and level not in one.found for one in outcomes
        ),
        strata=tuple(_strata(level, outcomes)),
        false=false,
        duplicates=duplicates,
        earlier=earlier,
    )  # fmt: skip


def _others(
    level: Level,
    episodes: Sequence[Episode],
    pairs: _Pairs,
    counted: set[Truth],
    period: Period,
) -> tuple[tuple[Alert, ...], tuple[Alert, ...], tuple[Alert, ...]]:
    """Return false alerts, duplicates, and alerts of truths before the period."""
    false, duplicates, earlier = [], [], []
    alerts = [_alert(level, one) for one in episodes if level in one.reports]
    finders = {alert.episode: truth for truth, alert in pairs.items()}
    for alert in sorted(alerts, key=lambda one: (one.settlement, *alert_order(one))):
        paired = finders.get(alert.episode)
        meant = {paired} if paired else _further(alert, pairs)
        if meant & counted:
            if paired is None:
                duplicates.append(alert)
        elif meant:
            earlier.append(alert)
        elif period.since <= alert.report.reached <= period.end:
            false.append(alert)
    return tuple(false), tuple(duplicates), tuple(earlier)


def _further(alert: Alert, pairs: _Pairs) -> set[Truth]:
    """Return the found truths that an alert without one of its own would fit as well."""
    return {
        truth
        for truth in pairs
        if truth.settlement == alert.settlement and compatible(truth, alert.report)
    }


def _strata(level: Level, outcomes: Sequence[Outcome]) -> Iterable[Stratum]:
    for low, high in (*STRATA, (None, None)):
        within = [one for one in outcomes if _is_within(one.truth.share, low, high)]
        found = [one.found[level] for one in within if level in one.found]
        share = Share(len(found), len(within))
        yield Stratum(low, high, share, _days(found), _looks(found))


def _is_within(share: float | None, low: float | None, high: float | None) -> bool:
    if share is None or low is None or high is None:
        return share is None and low is None
    return low <= share < high or share == high == STRATA[-1][1]


def _days(found: Sequence[Found]) -> tuple[Spread, Spread]:
    return Spread.of(one.days[0] for one in found), Spread.of(one.days[1] for one in found)


def _looks(found: Sequence[Found]) -> tuple[Spread, Spread]:
    return Spread.of(one.looks[0] for one in found), Spread.of(one.looks[1] for one in found)
