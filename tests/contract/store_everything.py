"""A store with one of every record, each of which holds a word that nothing else does."""

import dataclasses
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shapely.geometry import MultiPolygon, box

from hearthwatch.records import Change, MessageForm, Subject
from hearthwatch.store import MemoryStore, SqlStore, Store, rules, tables
from hearthwatch.store.codec import columns
from tests.contract import store_records as a

WORD = "Karambolage"
"""Stands in every record about the village, and nowhere else."""
CORNER = 25.1234567
PLACE = MultiPolygon([box(CORNER, 13.60, 25.32, 13.62)])
CELL = "36N_0777_0777"
OTHER_CELL = "36N_0512_0143"


def fill(store: Store, organisation: str, word: str = WORD) -> Store:
    """Put one of every record about a village, and of those of another one beside it."""
    own: dict[str, Any] = {"organisation": organisation}
    told: dict[str, Any] = {
        "geometry": PLACE,
        "observed": word,
        "cell": CELL,
        "settlement": "set-1",
    }
    with store.transaction() as tx:
        tx.put_organisation(a.organisation(**own))
        tx.put_region(a.region(**own, name=f"Region {word}", geometry=PLACE))
        tx.put_region(a.region(**own, name=f"Region {word}", purpose=word, geometry=PLACE))
        tx.put_region(a.region(**own, id="reg-2", name="Elsewhere"))
        for number in ("1", "2"):
            tx.put_run(a.run(**own, id=f"run-{number}", region=f"reg-{number}"))
        tx.put_settlements([a.settlement(**own, name=word, pcode=word, geometry=PLACE)])
        tx.put_settlements([a.settlement(**own, id="set-2", name="Elsewhere")])
    with store.transaction() as tx:
        for version in (1, 2):
            tx.put_event(a.event(**own, **told, version=version, looks=version))
            tx.put_source(a.source(**own, **told, version=version))
        tx.put_event(a.event(**own, id="evt-2", region="reg-2", settlement="set-2"))
        tx.put_source(a.source(**own, id="src-2", event="evt-2", region="reg-2"))
        looks = {"geometry": PLACE, "cell": CELL, "settlement": "set-1", "evidence": {"w": word}}
        tx.add_detections([
            a.detection(**own, **looks, source="src-1"),
            a.detection(**own, id="det-2", event="evt-2", region="reg-2", source="src-2"),
        ])  # fmt: skip
        tx.add_opinions([
            a.opinion(**own, text=word), a.opinion(**own, id="opn-2", event="evt-2"),
        ])  # fmt: skip
        tx.put_claim(a.claim(**own))
        tx.put_assessment(a.assessment(**own, text=word, shown={"place": word}))
        _tell(tx, own, word)
        _release(tx, own, word)
        _work(tx, own, word)
    return store


def _release(tx: Any, own: dict[str, Any], word: str) -> None:
    tx.add_rendering(a.rendering(**own, place=f"near {word}"))
    tx.add_telling(a.telling(**own, detail={"place": word}))
    tx.add_telling(a.telling(**own, version=2, gone=True, at=a.NOON + a.DAY, detail={}))
    tx.put_proposal(a.proposal(**own, reason=f"They are near {word}."))
    tx.put_proposal(a.proposal(**own, id="pro-2", subject="evt-2", reason="They should know."))


def _tell(tx: Any, own: dict[str, Any], word: str) -> None:
    tx.put_receiver(a.receiver(**own))
    for number in ("1", "2"):
        its_own = {**own, "id": f"sub-{number}", "region": f"reg-{number}"}
        tx.put_subscription(a.subscription(**its_own))
    tx.add_alerts([
        a.alert(**own, facts={"place": word}), a.alert(**own, id="alr-2", event="evt-2"),
    ])  # fmt: skip
    about = a.message(**own, content={"body": f"near {word}"})
    tx.put_message(about, ["alr-1"])
    tx.put_message(a.message(**own, id="msg-2", events=("evt-2",)), ["alr-2"])
    tx.add_attempt(a.attempt(**own))
    tx.put_alarm(a.alarm(**own))
    said = {"form": MessageForm.ALARM, "events": ("alm-1",), "content": {"body": f"no {word}"}}
    tx.put_message(a.message(**own, id="msg-3", **said))


def _work(tx: Any, own: dict[str, Any], word: str) -> None:
    for region, cell, text in (("reg-1", CELL, word), ("reg-2", OTHER_CELL, "plain")):
        organisation = own["organisation"]
        where = {**own, "region": region, "cell": cell}
        number = region[-1]
        key = dataclasses.replace(a.key(), organisation=organisation, region=region, cell=cell)
        tx.finish_job(a.job(key=key, run=f"run-{number}"))
        tx.add_state(a.state(**where), 4)
        look = {"settlement": f"set-{number}", "detail": {"words": text}}
        tx.put_ledger(a.look(**where, **look, usable=0.5))
        tx.put_ledger(a.look(**where, **look, usable=0.75))
        tx.put_ledger(a.look(**where, detail={"area": text}))
        tx.put_spend(a.spend(**where, id=f"spend-{number}", detail=text))
        tx.put_mark(a.mark(**own, region=region))
        tx.put_scenes([a.known_scene(**own, region=region, document=text)])
        tx.put_gap(a.gap(**own, id=f"gap-{number}", region=region, detail=text))
        tx.put_backtest(a.backtest(**own, id=f"bt-{number}", region=region, report={"w": text}))


def rows(store: Store) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give every row of every table as it is kept, with the table's name."""
    if isinstance(store, MemoryStore):
        for record, table in store._tables.by_record.items():
            yield from ((tables.NAMES[record], row) for some in table.values() for row in some)
        yield from (("ledger", row) for some in store._tables.taken_back.values() for row in some)
        return
    assert isinstance(store, SqlStore)
    with store._reader.connect() as connection:
        for table in tables.metadata.sorted_tables:
            for row in connection.execute(table.select()).mappings():
                yield table.name, dict(row)


def holds(row: dict[str, Any], *words: str) -> bool:
    """Tell whether a row has one of the words, the village's cell or its corner in it."""
    told = (*words, CELL, struct.pack("<d", CORNER).hex())
    text = " ".join(v.hex() if isinstance(v, bytes) else str(v) for v in row.values())
    return any(word in text for word in told) or CORNER in row.values()


def tombstones(store: Store, organisation: str) -> set[tuple[Subject, str]]:
    """Return what is told as gone."""
    found: tuple[Change, ...] = store.changes(organisation).items
    return {(one.subject, one.id) for one in found if one.gone}


def names_a_part(record: type) -> bool:
    """Tell whether a class of records belongs to an event, a settlement, a region or a place."""
    fields = {column.name for column in columns(record)}
    return bool(fields & {"event", "settlement", "region", "cell", "geometry"})


PARTS = [record for record in rules.IDENTITY if names_a_part(record)]


def files_with(folder: Path, *contents: bytes) -> list[str]:
    """Return which of some contents stand in any file below a folder."""
    found = set()
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            found |= {str(one) for one in contents if one in data}
    return sorted(found)
