"""Where things lie in the data folder, and where the database is if not there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_SCHEMES = ("postgresql://", "postgres://")
_HOST = r"(\[[0-9A-Fa-f:.]+\]|[^\s@:/?#,\[\]]*)(:\d+)?"
# Without a colon before the @ and without another @: no way to write a password into it.
_ADDRESS = re.compile(
    rf"postgres(ql)?://([^\s@:/?#]+@)?{_HOST}(,{_HOST})*(/[^\s@:?#]*)?(\?[^\s@#]*)?"
)


def is_address(place: Path | str) -> bool:
    """Tell whether a database is named by the address of a server, not by its file."""
    return isinstance(place, str) and place.startswith(_SCHEMES)


def checked_address(address: str) -> str:
    """Return the address of a PostgreSQL database if it has the form of one, without a password.

    Raises
    ------
    ValueError
        Without the address in its words.
    """
    if _ADDRESS.fullmatch(address) and not re.search(
        r"[?&](ssl)?password=", address, re.IGNORECASE
    ):
        return address
    raise ValueError(
        "it must be postgresql://user@host:5432/database, without a password: put that into a "
        "file of libpq's form that only you can read, and name the file with PGPASSFILE"
    )


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths under one data folder (``var/`` by default); no folder bears a package's name."""

    root: Path

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.root / "hearthwatch.sqlite"

    @property
    def archive(self) -> Path:
        """Immutable evidence masters."""
        return self.root / "archive"

    @property
    def states(self) -> Path:
        """Monitor states, one slab per version."""
        return self.root / "state"

    @property
    def cubes(self) -> Path:
        """Zarr cubes of archived looks: a cache, which may be deleted at any time."""
        return self.root / "cubes"

    @property
    def scratch(self) -> Path:
        """Features on their way from measure to score; empty between runs."""
        return self.root / "scratch"

    @property
    def exports(self) -> Path:
        """Files on their way to whoever asked for them; empty but for those under way."""
        return self.root / "exports"

    @property
    def backtests(self) -> Path:
        """A folder for each backtest under way, with links to what is real; empty between them."""
        return self.root / "backtests"

    @property
    def net(self) -> Path:
        """What workers share of accounts with providers: pacing, tokens."""
        return self.root / "net"

    @property
    def restoring(self) -> Path:
        """There while the folder is not restored to the end: nobody may work on it."""
        return self.root / "restoring"

    @property
    def sealing(self) -> Path:
        """There while the folder is being wiped: nobody may work on it."""
        return self.root / "sealing"

    @property
    def restored(self) -> Path:
        """There once it was: JSON with `restored_at`, and `taken`, up to when all is known."""
        return self.root / "restored.json"

    def layers(self, organisation: str) -> Path:
        """Layers of context that an organisation holds."""
        return self.root / "layers" / organisation

    def state(self, region: str, cell: str, detector: str, sequence: int) -> Path:
        """Path of one state version, relative to the data folder."""
        return Path("state") / region / cell / detector / f"{sequence:06d}.slab"

    def make(self) -> None:
        """Create the folders."""
        for folder in (self.root, self.archive, self.states, self.scratch):
            folder.mkdir(parents=True, exist_ok=True)
