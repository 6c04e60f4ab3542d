"""What every command gets: its arguments, the settings in force, and which code runs."""

from __future__ import annotations

import argparse
import logging
import shutil
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hearthwatch.identity import PACKAGES, check_identity
from hearthwatch.settings import Settings, load_settings

if TYPE_CHECKING:
    from hearthwatch.store.protocol import Store

_FROM_OPTIONS = (
    "data_dir", "log_level", "catalogue", "provider", "executor", "workers", "dask_scheduler",
    "host", "port", "public_url", "run_every_hours",
)  # fmt: skip
_PATHS = ("data_dir", "catalogue")
_LOOKS_ITSELF = "doctor"


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
        with store_at(self.settings.data_dir, write=write, alone=alone) as store:
            yield store


def prepare(args: argparse.Namespace) -> Call:
    """Read the settings and make sure that the code is one installation.

    Raises
    ------
    SettingsError
    IdentityError
    """
    # The doctor reports a broken installation among everything else that is wrong.
    if not args.handler.endswith(f":{_LOOKS_ITSELF}"):
        check_identity()
    settings = load_settings(**_overrides(args))
    _start_logging(settings.log_level.upper())
    return Call(args, settings)


@contextmanager
def store_at(data_dir: Path, *, write: bool = False, alone: bool = True) -> Iterator[Store]:
    """Open the store of a data folder for the length of a block."""
    from hearthwatch.layout import Layout
    from hearthwatch.store import open_store

    store = open_store(Layout(data_dir).database, write=write, alone=alone)
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


def _start_logging(level: str) -> None:
    if level != "DEBUG":
        # Warnings of libraries are for developers; what a user must know is an error or a note.
        warnings.simplefilter("ignore")
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
    # What the libraries say of themselves at level info is of no use to an analyst.
    logging.getLogger().setLevel("WARNING" if level == "INFO" else level)
    for package in PACKAGES:
        logging.getLogger(package).setLevel(level)


def _overrides(args: argparse.Namespace) -> dict[str, Any]:
    given = {name: getattr(args, name, None) for name in _FROM_OPTIONS}
    return {
        name: Path(value).expanduser() if name in _PATHS else value
        for name, value in given.items()
        if value is not None
    }
