"""What every command gets: its arguments, the settings in force, and which code runs."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hearthwatch.archives import refuse_earlier_layout
from hearthwatch.errors import BackupError
from hearthwatch.identity import PACKAGES, check_identity
from hearthwatch.operation import logs
from hearthwatch.settings import Settings, load_settings

if TYPE_CHECKING:
    from hearthwatch.store.protocol import Store

_FROM_OPTIONS = (
    "data_dir", "log_level", "catalogue", "provider", "executor", "workers", "dask_scheduler",
    "host", "port", "public_url", "run_every_hours",
)  # fmt: skip
_PATHS = ("data_dir", "catalogue")
_LOOKS_ITSELF = "doctor"
_RESTORES = "restore"
_SEALS = "seal"


@dataclass(frozen=True, slots=True)
class Call:
    """One command on its way."""

    args: argparse.Namespace
    settings: Settings

    @property
    def as_json(self) -> bool:
        """Whether a program reads the answer."""
        return bool(getattr(self.args, "json", False))

    @property
    def organisation(self) -> str:
        """On whose behalf."""
        return self.settings.organisation

    def note(self, text: str) -> None:
        """Say something beside the answer, unless a program is listening."""
        if not self.as_json:
            print(text, file=sys.stderr, flush=True)

    @contextmanager
    def store(self, *, write: bool = False, alone: bool = True) -> Iterator[Store]:
        """Open the store for the length of a block; not `alone`, others may write too."""
        with _opened(self.place, write=write, alone=alone) as store:
            yield store

    @property
    def place(self) -> Path | str:
        """Where the store is: a file, or the address of a server."""
        from hearthwatch.layout import Layout

        return self.settings.database or Layout(self.settings.data_dir).database

    @property
    def store_name(self) -> str:
        """What the store is called where somebody reads it."""
        if isinstance(self.place, Path):
            return self.place.name
        from hearthwatch.store.postgres import name_of

        return name_of(self.place)

    def try_alone(self) -> None:
        """Refuse (`StoreLocked`) if another process writes the store alone."""
        from hearthwatch.store.lock import WriteLock

        if isinstance(self.place, Path):
            WriteLock(self.place.resolve()).release()
            return
        from hearthwatch.store.postgres import alone_lock

        alone_lock(self.place).release()

    @property
    def is_kept(self) -> bool:
        """Whether there is a store: its file is there, or a server is named."""
        return isinstance(self.place, str) or self.place.is_file()


def prepare(args: argparse.Namespace) -> Call:
    """Read the settings and make sure that the code is one installation.

    Raises
    ------
    SettingsError
    IdentityError
    BackupError
        The data folder is not restored, or not wiped, to the end.
    EarlierLayout
        It is laid out as an earlier version did.
    """
    # The doctor reports a broken installation among everything else that is wrong.
    if not args.handler.endswith(f":{_LOOKS_ITSELF}"):
        check_identity()
    settings = load_settings(**_overrides(args))
    # Before SQLite is loaded: what it writes beside its file must not lie on another disk, which
    # may not be encrypted.
    os.environ.setdefault("SQLITE_TMPDIR", str(settings.data_dir))
    _start_logging(settings.log_level.upper(), settings.log_format)
    if not args.handler.endswith(f":{_RESTORES}"):
        _refuse_half_restored(settings.data_dir)
    if not args.handler.endswith(f":{_SEALS}"):
        _refuse_half_wiped(settings.data_dir)
        refuse_earlier_layout(settings)
    return Call(args, settings)


def _refuse_half_restored(data_dir: Path) -> None:
    from hearthwatch.layout import Layout

    if Layout(data_dir).restoring.exists():
        raise BackupError(
            f"{data_dir} is not restored to the end. Run `hearthwatch restore` again: it begins "
            "anew."
        )


def _refuse_half_wiped(data_dir: Path) -> None:
    from hearthwatch.layout import Layout

    if Layout(data_dir).sealing.exists():
        raise BackupError(
            f"{data_dir} is being wiped, or that was cut short. `hearthwatch seal` again goes on."
        )


@contextmanager
def store_at(data_dir: Path, *, write: bool = False, alone: bool = True) -> Iterator[Store]:
    """Open the store in a file of a data folder for the length of a block."""
    from hearthwatch.layout import Layout

    with _opened(Layout(data_dir).database, write=write, alone=alone) as store:
        yield store


@contextmanager
def _opened(place: Path | str, *, write: bool, alone: bool) -> Iterator[Store]:
    from hearthwatch.store import open_store

    store = open_store(place, write=write, alone=alone)
    try:
        yield store
    finally:
        store.close()


def forget_records(data_dir: Path) -> None:
    """Remove the database and the states of a data folder; the archive stays.

    The database is not opened: this code may not be able to read it.
    """
    from hearthwatch.layout import Layout
    from hearthwatch.store.lock import WriteLock

    layout = Layout(data_dir)
    lock = WriteLock(layout.database)
    for path in data_dir.glob(f"{layout.database.name}*"):
        path.unlink()
    shutil.rmtree(layout.states, ignore_errors=True)
    lock.release()


def _start_logging(level: str, form: str) -> None:
    if level != "DEBUG":
        # Warnings of libraries are for developers; what a user must know is an error or a note.
        warnings.simplefilter("ignore")
    logs.start(level, form, PACKAGES)


def _overrides(args: argparse.Namespace) -> dict[str, Any]:
    given = {name: getattr(args, name, None) for name in _FROM_OPTIONS}
    return {
        name: Path(value).expanduser() if name in _PATHS else value
        for name, value in given.items()
        if value is not None
    }
