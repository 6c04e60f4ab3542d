"""How the store in memory erases content; see `hearthwatch.store.protocol_erasing`."""

from __future__ import annotations

from collections.abc import Iterable

from hearthwatch.records import (
    Alert,
    Detection,
    Event,
    EventSource,
    LedgerRow,
    Message,
    MessageForm,
    Proposal,
    ProposedAct,
    Region,
    Settlement,
    Subject,
)
from hearthwatch.store import rules
from hearthwatch.store.codec import Row
from hearthwatch.store.erasing import (
    BLANKED,
    ERASED_WORDS,
    Erased,
    Parts,
    Tally,
    erasable,
    erased_ids,
)
from hearthwatch.store.memory_audit import MemoryAuditWrites
from hearthwatch.store.memory_tables import MemoryReader, Table

_NAMED = {Subject.EVENT: Event, Subject.SETTLEMENT: Settlement, Subject.REGION: Region}


class MemoryErasingWrites(MemoryAuditWrites):
    """What a transaction takes away for good."""

    def erase(self, parts: Parts) -> Erased:
        """Erase all versions of all that belongs to the parts, and put tombstones for them."""
        with self._turn.step():
            self._hand_over(parts)
            tally = Tally()
            looks = self._draft.by_record[Detection]
            before = {key: rows[-1]["id"] for key, rows in looks.items()}
            for record in (*erasable(), *BLANKED):
                _take(tally, record, self._draft.by_record[record], parts)
            _take(tally, LedgerRow, self._draft.taken_back, parts)
            self._take_reasons(tally, parts)
            self._bury(parts, sorted(one for key, one in before.items() if key not in looks))
            return tally.end()

    def _is_erased(self, organisation: str, *ids: str) -> bool:
        """Tell whether one of these was erased; within a verb of the transaction."""
        gone = erased_ids(self._draft.all(Proposal, organisation))
        return not gone.isdisjoint(ids)

    def _hand_over(self, parts: Parts) -> None:
        """Let looks whose source tells of an event that stays name that one."""
        table = self._draft.by_record[Detection]
        for key, rows in table.items():
            row = rows[-1]
            if row["organisation"] != parts.organisation or row["event"] not in parts.events:
                continue
            source = self._draft.newest(EventSource, (parts.organisation, row["source"]))
            if source is not None and source.event != row["event"]:
                table[key] = tuple({**one, "event": source.event} for one in rows)

    def _take_reasons(self, tally: Tally, parts: Parts) -> None:
        table = self._draft.by_record[Proposal]
        for key, rows in table.items():
            row = rows[-1]
            if (
                row["organisation"] == parts.organisation
                and row["act"] == ProposedAct.RELEASE.value
                and row["subject"] in parts.events
            ):
                tally.take(Proposal, rows)
                table[key] = tuple({**one, "reason": ERASED_WORDS} for one in rows)

    def _bury(self, parts: Parts, detections: Iterable[str]) -> None:
        for subject, ids in (
            (Subject.EVENT, parts.events),
            (Subject.DETECTION, detections),
            (Subject.SETTLEMENT, parts.settlements),
            (Subject.REGION, parts.regions),
        ):
            for one in ids:
                self._tell(subject, parts.organisation, one, gone=True)


class MemoryErasingReads(MemoryReader):
    """What belongs to what."""

    def parts(self, organisation: str, subject: Subject, its_id: str) -> Parts:
        """Return all that is erased with an event, a settlement or a region."""
        tables = self._open()
        record = _NAMED.get(subject)
        if record is None or (organisation, its_id) not in tables.by_record[record]:
            raise rules.not_there(subject.value, its_id)
        field = "id" if subject is Subject.EVENT else subject.value
        every = list(tables.all(Event, organisation))
        events = {one.id for one in every if getattr(one, field) == its_id}
        while more := {one.id for one in every if one.merged_into in events} - events:
            events |= more
        sources = {
            one.id
            for one in tables.all(EventSource, organisation)
            if one.event in events or (field != "id" and getattr(one, field) == its_id)
        }
        if subject is Subject.SETTLEMENT:
            replayed = {one.id for one in tables.all(Region, organisation)}
        else:
            replayed = {one.region for one in every if one.id in events}
        told = [one for one in tables.all(Alert, organisation) if one.event in events]
        messages = {one.message for one in told} - {""}
        if subject is Subject.REGION:
            # An alarm may have named it.
            sent = tables.all(Message, organisation)
            messages |= {one.id for one in sent if one.form is MessageForm.ALARM}
        return Parts(
            organisation, subject, its_id, tuple(sorted(events)), tuple(sorted(sources)),
            (its_id,) if subject is Subject.SETTLEMENT else (),
            (its_id,) if subject is Subject.REGION else (),
            tuple(sorted(replayed)) if subject is not Subject.REGION else (its_id,),
            tuple(sorted(messages)),
        )  # fmt: skip

    def scrub(self) -> None:
        """Do nothing: there are no files."""
        self._open()


def _take(tally: Tally, record: type, table: Table, parts: Parts) -> None:
    """Take rows into the tally and out of a table, or out of them what tells the place."""
    for key, rows in list(table.items()):
        if not any(_belongs(row, record, parts) for row in rows):
            continue
        tally.take(record, rows)
        if record in BLANKED:
            table[key] = tuple({**row, **BLANKED[record]} for row in rows)
        else:
            del table[key]


def _belongs(row: Row, record: type, parts: Parts) -> bool:
    named = parts.named_by(record)
    return row["organisation"] == parts.organisation and any(
        row[name] in ids for name, ids in named.items()
    )
