"""Looks of one site scored again from a kept state, and what becomes of what they told of.

Nothing is written but state files beside the kept ones; whoever asks commits what came of it, or
leaves it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import shapely

from detectors.guard import judge_scene
from detectors.registry import create_detector
from detectors.types import MonitorState, SceneJudgement
from hearthwatch.errors import NotFound
from hearthwatch.pipeline.bench import (
    Bench,
    Take,
    judged_alone,
    kept_states,
    laid_for,
    new_state_path,
    outcome_of,
)
from hearthwatch.pipeline.commit import known_source, ledger_rows, sources_of, state_of, where_of
from hearthwatch.pipeline.events import (
    are_apart,
    as_it_stood,
    carried_on,
    detection,
    is_withdrawn,
    withdrawn,
)
from hearthwatch.pipeline.score import load_state, save_state, score_look
from hearthwatch.pipeline.tasks import JudgeTask, Scored, ScoreTask, Site
from hearthwatch.records import Detection, EventSource, LedgerRow, StateVersion


@dataclass(slots=True)
class Replayed:
    """What looks scored again came to.

    Attributes
    ----------
    sources : list of tuple of EventSource
        Versions to add: look by look, and at last those of what was not found again.
    newest : dict of str to EventSource
        By id, the last version of each source that the looks speak of.
    states : list of StateVersion
        The states after each look that was scored, oldest first.
    """

    sources: list[tuple[EventSource, ...]] = field(default_factory=list)
    newest: dict[str, EventSource] = field(default_factory=dict)
    detections: list[Detection] = field(default_factory=list)
    rows: list[LedgerRow] = field(default_factory=list)
    states: list[StateVersion] = field(default_factory=list)


class Replay:
    """Scores looks of one site again, oldest first.

    Parameters
    ----------
    base : StateVersion or None
        The state to begin from; None for that of a place never looked at.
    why : str
        In words, for the sources.
    """

    def __init__(self, bench: Bench, site: Site, base: StateVersion | None, why: str) -> None:
        self.bench, self.site, self.base, self.why = bench, site, base, why
        self.detector = create_detector(bench.detector.id)
        self.versions = kept_states(bench, site)

    def make(self, takes: Sequence[Take], judgement: SceneJudgement) -> Replayed:
        """Score looks that were measured, and say what that makes of the sources.

        Parameters
        ----------
        takes : sequence of Take
            Oldest first; the first of them is judged already, the others are judged by the
            placebos of this site alone.
        """
        found = self._score_all(takes, judgement, self._begin())
        if self._mixes_up(found):
            found = self._score_all(takes, judgement, self._begin(past_numbers=True))
        self._end(found, takes[0])
        found.sources.append(self._unsupported(found))
        return found

    def _begin(self, *, past_numbers: bool = False) -> JudgeTask:
        base = self._of(self.base)
        if not past_numbers:
            return base
        path = self.bench.layout.scratch / f"{self.site.cell}.again"
        state = self.detector.past_numbers(self._load(base), self._current())
        return dataclasses.replace(base, state=path, state_sha256=save_state(path, state))

    def _score_all(
        self, takes: Sequence[Take], judgement: SceneJudgement, begin: JudgeTask
    ) -> Replayed:
        found, before = Replayed(), begin
        for number, take in enumerate(takes):
            before = dataclasses.replace(
                before, features=take.measured.features, laid=laid_for(self.bench, take)
            )
            judged = judgement if number == 0 else judged_alone(self.bench, take.measured, before)
            target = self._target(found)
            scored = self._score(take, judged, before, target)
            self._note(found, take, judged, scored, target)
            if scored:
                path = self.bench.layout.root / target
                before = dataclasses.replace(before, state=path, state_sha256=scored.sha256)
        return found

    def _score(
        self, take: Take, judgement: SceneJudgement, before: JudgeTask, target: Path
    ) -> Scored | None:
        if not take.measured.observable:
            return None
        task = ScoreTask(before, judgement, self.bench.layout.root / target)
        return self.bench.executor.submit(score_look, task).result()

    def _note(
        self,
        found: Replayed,
        take: Take,
        judgement: SceneJudgement,
        scored: Scored | None,
        target: Path,
    ) -> None:
        """Keep what one look brought, as its own commit would have written it."""
        follows = dataclasses.replace(take, state=found.states[-1] if found.states else self.base)
        outcome = outcome_of(self.bench, follows, judgement, scored, target)
        where = where_of(outcome)
        doubt = f"scored again, as {self.why}"
        findings = [
            dataclasses.replace(finding, doubts=(*finding.doubts, doubt))
            for finding in (scored.findings if scored else ())
        ]

        def known(organisation: str, source: str) -> EventSource | None:
            return found.newest.get(source) or self._known_then(source)

        sources, told = sources_of(where, findings, known, self.bench.minimum_area_m2)
        carried = tuple(
            one if one.id in found.newest else carried_on(one, self._stored(one.id))
            for one in sources
        )
        found.newest.update((one.id, one) for one in carried)
        found.sources.append(carried)
        found.rows += ledger_rows(outcome, sources)
        found.detections += [detection(where, finding) for finding in told]
        if scored:
            found.states.append(state_of(outcome))

    def _mixes_up(self, found: Replayed) -> bool:
        """Tell whether a source would go by the id under which another was told of.

        A look more may begin something before what was found first then: people have spoken of
        that one by its id.
        """
        for source in found.newest.values():
            stored = self._stored(source.id)
            if stored and not self._known_then(source.id) and are_apart(stored, source):
                return True
        return False

    def _end(self, found: Replayed, first: Take) -> None:
        """See to it that the last state gives no number that was given before."""
        if not found.states and not self.versions:
            return
        if not found.states:
            # Of what was taken in, nothing is left: the place stands where it stood before.
            target = self._target(found)
            none = Scored(sha256="", findings=(), said={})
            follows = dataclasses.replace(first, state=self.base)
            judgement = judge_scene(first.measured.acquisition, ())
            found.states.append(state_of(outcome_of(self.bench, follows, judgement, none, target)))
            state = self._load(self._of(self.base))
        else:
            state = self._load(self._of(found.states[-1]))
        last = found.states[-1]
        kept = self.detector.past_numbers(state, self._current())
        if kept is not state or not last.sha256:
            sha256 = save_state(self.bench.layout.root / last.path, kept)
            found.states[-1] = dataclasses.replace(last, sha256=sha256)

    def _unsupported(self, found: Replayed) -> tuple[EventSource, ...]:
        """Return the next versions of sources that rest on what does not hold any more."""
        region, store = self.bench.region, self.bench.store
        return tuple(
            self._as_it_stands(source)
            for source in store.sources_in(region.organisation, region.id)
            if source.id not in found.newest and self._is_concerned(source)
        )

    def _is_concerned(self, source: EventSource) -> bool:
        """Tell whether a source of this site was told of since the state that is begun from."""
        here = (self.site.cell, self.bench.detector.id)
        is_here = (source.cell, source.detector) == here
        is_since = self.base is None or source.last_detected > self.base.sensed
        return is_here and is_since and not is_withdrawn(source) and self._is_followed(source)

    def _is_followed(self, source: EventSource) -> bool:
        """Tell whether the site follows what a source is about: the list may have changed."""
        return not source.settlement or any(
            place.settlement == source.settlement
            and shapely.from_wkb(place.core_wkb).equals(source.geometry)
            for place in self.site.places
        )

    def _as_it_stands(self, stored: EventSource) -> EventSource:
        then = self._known_then(stored.id)
        if then is None:
            return withdrawn(stored, self.why)
        words = f"scored again, as {self.why}: what was told of it later does not hold"
        return carried_on(dataclasses.replace(then, doubts=(*then.doubts, words)), stored)

    def _known_then(self, source: str) -> EventSource | None:
        """Return a source as it stood when the state was written that is begun from."""
        try:
            history = self.bench.store.source_history(self.bench.region.organisation, source)
        except NotFound:
            return None
        return as_it_stood(history, self.base.sensed) if self.base else None

    def _stored(self, source: str) -> EventSource | None:
        return known_source(self.bench.store, self.bench.region.organisation, source)

    def _target(self, found: Replayed) -> Path:
        begun = self.base.sequence if self.base else 0
        return new_state_path(self.bench, self.site, begun + len(found.states) + 1)

    def _current(self) -> MonitorState:
        return self._load(self._of(self.versions[0] if self.versions else None))

    def _of(self, version: StateVersion | None) -> JudgeTask:
        path = self.bench.layout.root / version.path if version else None
        sha256 = version.sha256 if version else None
        return JudgeTask(self.bench.detector.id, self.site, path, sha256, "", self.bench.in_force)

    def _load(self, task: JudgeTask) -> MonitorState:
        return load_state(self.detector, task)
