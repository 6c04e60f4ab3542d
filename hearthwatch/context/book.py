"""The observations of an organisation: written down, withdrawn, and what they raise.

Each change writes anew to what level the region is raised, in the transaction that makes it, and
in the log. No observation makes an event, a detection, an alert or a message.
"""

from __future__ import annotations

import dataclasses
import hashlib
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hearthwatch.audit.entries import subject_of, unsealed
from hearthwatch.context.policy import raises
from hearthwatch.disclosure.holds import holding
from hearthwatch.errors import NotFound, RegionError, ReleaseError
from hearthwatch.records import (
    ContextObservation,
    ContextSort,
    Grade,
    Region,
    Subject,
    Variable,
    WatchLevel,
)
from hearthwatch.store.codec import canonical_json, storable
from hearthwatch.store.protocol import Store, Transaction
from hearthwatch.values import moment
from hearthwatch.watchlist.raised import LEVELS, from_now, raised_at
from hearthwatch.words import counted, day

MOST = 2_000
"""Observations of one region that are not withdrawn."""
LONGEST_WORDS, LONGEST_SOURCE = 4_000, 500
RULES = "rules"
"""Who the log says it was where other rules changed a level, and no person did."""
RELIABILITIES, CREDIBILITIES = frozenset("ABCDEF"), range(1, 7)
FACTORS = range(1, 15)

_Standing = tuple[WatchLevel, datetime | None]


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody observed, as they write it down.

    Attributes
    ----------
    grades : mapping of Variable to Grade
        Of speech; empty for a risk factor.
    factor : int or None
        Of a risk factor; None for speech.
    """

    observed: datetime
    words: str
    source: str
    reliability: str
    credibility: int
    grades: Mapping[Variable, Grade] = dataclasses.field(default_factory=dict)
    factor: int | None = None


@dataclass(frozen=True, slots=True)
class Book:
    """The observations of one organisation.

    Parameters
    ----------
    actor : str
        Id of the person or key on whose behalf; whoever lets them in has seen to it that they
        may change the watchlist.
    now : datetime
        The time, aware UTC.
    """

    store: Store
    organisation: str
    actor: str
    now: datetime

    def add(self, region_id: str, told: Told) -> ContextObservation:
        """Write an observation down; it may raise the level of its region at once.

        Raises
        ------
        NotFound
            No such region is watched.
        RegionError
            Something of it cannot be used; says all that is wrong.
        """
        faults = _faults(told, self.now)
        if faults:
            raise RegionError(f"The observation cannot be taken: {'; '.join(faults)}.")
        with self.store.transaction() as tx:
            region = self._region(region_id)
            there = self.store.observations(self.organisation, region.id)
            if sum(one.withdrawn is None for one in there) >= MOST:
                raise RegionError(f"There are {counted(MOST, 'observation')} of it already.")
            made = self._made(region, told)
            tx.put_observation(made)
            self._put_down(tx, "context add", made, {"sort": made.sort.value})
            self._raise(tx, region, [*there, made], made)
        return made

    def withdraw(self, region_id: str, observation_id: str) -> ContextObservation:
        """Take an observation's content away; its hash and that it was withdrawn stay.

        One that is withdrawn already stays as it is.

        Raises
        ------
        NotFound
            There is no such observation.
        ReleaseError
            Its region is under a legal hold, which comes before every erasing.
        """
        with self.store.transaction() as tx:
            region = self._region(region_id, removed=True)
            there = self.store.observations(self.organisation, region.id)
            found = _one(there, observation_id)
            if found.withdrawn is not None:
                return found
            self._require_free(region)
            gone = dataclasses.replace(
                found, observed=None, words="", source="", reliability="", credibility=0,
                grades={}, factor=0, withdrawn=self.now, withdrawn_by=self.actor,
            )  # fmt: skip
            tx.put_observation(gone)
            self._put_down(tx, "context withdraw", gone, {"sha256": gone.sha256})
            self._raise(tx, region, [one for one in there if one.id != gone.id], gone)
        return gone

    def review(self) -> int:
        """Write to what levels are raised by the rules as they are now; return of how many regions.

        What was written by the same rules stays: that time goes by changes nothing of it.
        """
        found = [one for one in self.store.regions(self.organisation) if self._news(one)]
        for one in found:
            with self.store.transaction() as tx:
                # Asked again within it: somebody may have added or withdrawn one meanwhile.
                region = self._region(one.id)
                there = self.store.observations(self.organisation, region.id)
                self._raise(tx, region, there)
        return len(found)

    def _news(self, region: Region) -> bool:
        there = self.store.observations(self.organisation, region.id)
        return bool(there) and raises(there, self.now) != from_now(region, self.now)

    def _region(self, region_id: str, *, removed: bool = False) -> Region:
        for one in self.store.regions(self.organisation, removed=removed):
            if one.id == region_id:
                return one
        raise NotFound("There is no such region on the watchlist.")

    def _require_free(self, region: Region) -> None:
        parts = self.store.parts(self.organisation, Subject.REGION, region.id)
        holds = holding(self.store, parts)
        if holds:
            named = ", ".join(one.id for one in holds)
            raise ReleaseError(
                f"It is under a legal hold ({named}), which comes before every erasing. Two "
                "people can lift it."
            )

    def _made(self, region: Region, told: Told) -> ContextObservation:
        made = ContextObservation(
            id=f"obs-{secrets.token_hex(8)}",
            organisation=self.organisation,
            region=region.id,
            sort=ContextSort.SPEECH if told.factor is None else ContextSort.RISK_FACTOR,
            made_by=self.actor,
            created=self.now,
            observed=told.observed,
            words=told.words.strip(),
            source=told.source.strip(),
            reliability=told.reliability,
            credibility=told.credibility,
            grades={name.value: grade.value for name, grade in told.grades.items()},
            factor=told.factor or 0,
        )
        return dataclasses.replace(made, sha256=hash_of(made))

    def _raise(
        self,
        tx: Transaction,
        region: Region,
        there: Sequence[ContextObservation],
        because: ContextObservation | None = None,
    ) -> None:
        """Write to what the level of a region is raised now, and what changed in the log."""
        raised = dataclasses.replace(region, raised=raises(there, self.now))
        if dict(raised.raised) == dict(region.raised):
            return
        tx.put_region(raised)
        before, after = _standing(region, self.now), _standing(raised, self.now)
        if before == after:
            return
        (was, _), (held, until) = before, after
        act = "level raise" if _is_more(after, before) else "level lower"
        detail = {"from": was.value, "to": held.value, "until": moment(until)}
        about = {} if because is None else {"observation": because.id}
        self._log(tx, act, {"region": region.id, **about}, detail)

    def _put_down(
        self, tx: Transaction, act: str, about: ContextObservation, detail: Mapping[str, Any]
    ) -> None:
        self._log(tx, act, {"region": about.region, "observation": about.id}, detail)

    def _log(
        self, tx: Transaction, act: str, ids: Mapping[str, str], detail: Mapping[str, Any]
    ) -> None:
        made = unsealed(
            self.organisation, self.now, self.actor, act, subject_of(ids), detail=detail
        )
        tx.add_audit(made)


def one_of(store: Store, region: Region, observation_id: str) -> ContextObservation:
    """Return one observation of a region; `NotFound` if there is none."""
    return _one(store.observations(region.organisation, region.id), observation_id)


def hash_of(one: ContextObservation) -> str:
    """Return the SHA-256 over an observation's id and content, by which it can be shown later."""
    content = {
        "id": one.id,
        "observed": moment(one.observed),
        "words": one.words,
        "source": one.source,
        "reliability": one.reliability,
        "credibility": one.credibility,
        "grades": dict(one.grades),
        "factor": one.factor,
    }
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def _one(there: Collection[ContextObservation], observation_id: str) -> ContextObservation:
    for one in there:
        if one.id == observation_id:
            return one
    raise NotFound("There is no such observation.")


def _standing(region: Region, now: datetime) -> _Standing:
    """Return to which level context raises a region, and until when."""
    raised = raised_at(region, now)
    return (WatchLevel.ROUTINE, None) if raised is None else (raised.level, raised.until)


def _is_more(one: _Standing, other: _Standing) -> bool:
    """Tell whether a level is higher, or as high for longer."""
    (level, until), (other_level, other_until) = one, other
    if level is other_level and until is not None and other_until is not None:
        return until > other_until
    return LEVELS.index(level) > LEVELS.index(other_level)


def _faults(told: Told, now: datetime) -> list[str]:
    """Return all that is wrong with what is told."""
    factor_fits = told.factor is None or told.factor in FACTORS
    found = {
        "say in its words what was observed": _is_text(told.words, LONGEST_WORDS),
        "name its source": _is_text(told.source, LONGEST_SOURCE),
        f"its day, {day(told.observed)}, is still to come": told.observed <= now,
        "grade its source from A to F": told.reliability in RELIABILITIES,
        "grade what it says from 1 to 6": told.credibility in CREDIBILITIES,
        "risk factors have numbers from 1 to 14": factor_fits,
        "say of speech how strong its variables are, of a risk factor its number, and not both":
            bool(told.grades) is (told.factor is None),
    }  # fmt: skip
    return [words for words, is_right in found.items() if not is_right]


def _is_text(text: str, longest: int) -> bool:
    return bool(text.strip()) and len(text) <= longest and storable(text)
