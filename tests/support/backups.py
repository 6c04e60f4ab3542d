"""A data folder with something of everything in it, and a key that opens its backups."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from hearthwatch.layout import Layout
from hearthwatch.operation.backup import Made, back_up
from hearthwatch.operation.restoring import Restored, check, contents, restore
from hearthwatch.operation.sealing import Opener, recipient_of
from hearthwatch.operation.vault import Vault
from hearthwatch.records import RunOutcome
from hearthwatch.store import open_store
from tests.contract import store_records as a
from tests.support import chips
from tiles.archive import Archive

SECRET = X25519PrivateKey.from_private_bytes(b"backups of the tests".ljust(32))
OPENER, RECIPIENT = Opener(SECRET), recipient_of(SECRET)
STATE = "state/reg-1/cell/indices/000001.slab"
OLD = a.NOON


def filled(root: Path) -> Layout:
    """Make a data folder: store, state, archive, a layer, and caches that are not backed up."""
    layout = Layout(root)
    layout.make()
    store = a.with_region(open_store(layout.database, write=True))
    with store.transaction() as tx:
        tx.put_organisation(a.organisation())
        tx.put_person(a.person())
        tx.put_session(a.session())
        tx.put_run(a.run(id="run-9", outcome=RunOutcome.WAITING))
        tx.put_run(a.run(id="run-8", outcome=RunOutcome.COMPLETE, finished=OLD))
        tx.add_state(a.state(path=STATE), 4)
        tx.put_event(a.event())
        tx.take_lease(a.lease())
        for number in range(5):
            tx.add_audit(a.audit_entry(subject=f"event:evt-{number}"))
    store.close()
    archive = Archive(layout.archive("ours"))
    archive.store(chips.chip(), chips.CELL)
    archive.store(chips.chip(acquisition="S2A_20200705T092031"), chips.CELL)
    for name, text in {
        STATE: "means",
        "layers/ours/roads.geojson": "a layer",
        "net/token": "a provider's token",
        "cubes/one": "a cache",
        "scratch/features": "on their way",
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return layout


def made(layout: Layout, vault: Path, place: Path | str | None = None) -> Made:
    """Make a backup."""
    return back_up(place or layout.database, layout, Vault.make(vault, RECIPIENT))


def checked(vault: Vault, name: str) -> None:
    """Read all of a backup and compare every digest."""
    _, held = contents(vault, OPENER, name)
    check(held)


def put_back(vault: Path, root: Path, database: str = "", name: str | None = None) -> Restored:
    """Restore the newest backup, or a named one."""
    chosen, held = contents(Vault(vault), OPENER, name)
    return restore(held, chosen, Layout(root), database)


def tree(root: Path) -> dict[str, bytes]:
    """Return what is in a folder."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }
