"""Before a machine is taken: a last backup that only its recipient opens, then nothing is left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hearthwatch.audit.entries import COMMAND_LINE, SERVICE, unsealed
from hearthwatch.disclosure.holds import in_force
from hearthwatch.errors import BackupError
from hearthwatch.layout import Layout, is_address
from hearthwatch.operation.backup import Made, back_up
from hearthwatch.operation.vault import Vault
from hearthwatch.operation.wiping import holders, is_begun, wipe
from hearthwatch.store import open_store

CLOCK_SLACK = timedelta(minutes=5)
"""By which the time of a file may lie ahead."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Sealed:
    """What was done.

    Attributes
    ----------
    backup : Made or None
        None where none was wanted, or a wipe that was cut short went on.
    removed : int
        Files.
    holds : int
        Legal holds that were in force: what is under them is in the backup alone.
    """

    backup: Made | None
    removed: int
    holds: int


def seal(
    place: Path | str,
    layout: Layout,
    vault: Vault | None,
    *,
    also: Sequence[Path] = (),
    tell: Tell = lambda _: None,
) -> Sealed:
    """Back up, read the backup back, and wipe; killed anywhere it goes on when called again.

    Parameters
    ----------
    place : Path or str
        Where the store is.
    vault : Vault or None
        Where the backup goes; None to wipe without one, and as fast as can be.
    also : sequence of Path
        Files elsewhere with keys in them, which are removed too.
    tell : callable
        Told what is begun.

    Raises
    ------
    BackupError
        The service is at work still, or the backup is not whole: nothing is removed then. Or
        something could not be removed: all else was.
    StoreError, StoreLocked
    """
    if vault is None:
        return Sealed(None, wipe(place, layout, also=also, quick=True, tell=tell), 0)
    if is_begun(layout):
        tell("a wipe that was begun goes on; its backup was whole")
        return Sealed(None, wipe(place, layout, also=also, tell=tell), 0)
    require_quiet(place, layout)
    held = _note(place)
    made = back_up(place, layout, vault, tell, anew=True)
    if made.missing:
        tell(f"{len(made.missing)} files were missing before, and are not in the backup")
    removed = wipe(place, layout, also=also, tell=tell)
    return Sealed(made, removed, held)


def require_quiet(place: Path | str, layout: Layout) -> None:
    """Refuse while others use the store: what they write would be lost, or written anew.

    Raises
    ------
    BackupError
        Names the processes.
    """
    at_work = holders(layout.root)
    if at_work:
        named = ", ".join(map(str, at_work))
        raise BackupError(
            f"Processes use {layout.root}: {named}. Stop the service first (systemctl disable "
            "--now), so that nothing starts it again."
        )
    if is_address(place):
        from hearthwatch.store.dropping import others

        if count := others(str(place)):
            raise BackupError(
                f"{count} other connections to the database. Stop every process of the service "
                "first, on all machines."
            )


def is_due(file: Path, within: timedelta, now: datetime) -> tuple[bool, timedelta]:
    """Tell whether a file that somebody touches as long as all is well was left alone too long.

    Returns
    -------
    due, age : bool, timedelta

    Raises
    ------
    BackupError
        The file is not there or is of the future: nothing may be concluded from that.
    """
    try:
        touched = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    except OSError as error:
        raise BackupError(
            f"{file} cannot be asked for its age ({error.strerror}), so nothing is done."
        ) from None
    if touched > now + CLOCK_SLACK:
        raise BackupError(
            f"{file} was touched in the future, {touched:%Y-%m-%d %H:%M} UTC: a clock is wrong, "
            "so nothing is done."
        )
    age = max(now - touched, timedelta(0))
    return age > within, age


def _note(place: Path | str) -> int:
    """Write down that the service is sealed, into the backup; return how many holds there are."""
    store = open_store(place, write=True)
    try:
        with store.transaction() as tx:
            tx.add_audit(unsealed(SERVICE, datetime.now(UTC), COMMAND_LINE, "seal"))
        known = {one.organisation for one in store.all_organisations()}
        return sum(len(in_force(store, one)) for one in known)
    finally:
        store.close()
