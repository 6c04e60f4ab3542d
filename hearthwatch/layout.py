"""Where things lie in the data folder, and where the database is if not there."""

from __future__ import annotations

import hashlib
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


def folder_name(organisation: str) -> str:
    """Return what an organisation's folders of pixels are called.

    A digest: whatever an organisation is called it can name no other folder and leads nowhere
    else, no two share one where upper and lower case are the same, and names of folders, which
    outlive their content on many disks, do not tell who looked at which cells.
    """
    return hashlib.sha256(f"hearthwatch organisation {organisation}".encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths under one data folder (``var/`` by default); no folder bears a package's name."""

    root: Path

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.root / "hearthwatch.sqlite"

    @property
    def archives(self) -> Path:
        """The folder with the archive of every organisation."""
        return self.root / "archive"

    def archive(self, organisation: str) -> Path:
        """Immutable evidence masters that an organisation pulled: no other one's."""
        return self.archives / folder_name(organisation)

    def all_archives(self) -> tuple[Path, ...]:
        """Return the archives that there are, of whomever."""
        return tuple(sorted(one for one in self.archives.glob("*") if one.is_dir()))

    @property
    def alert_key(self) -> Path:
        """What the addresses of receivers are sealed with; in no backup of records."""
        return self.root / "keys" / "alerts.key"

    @property
    def states(self) -> Path:
        """Monitor states, one slab per version."""
        return self.root / "state"

    @property
    def all_cubes(self) -> Path:
        """The folder with the cubes of every organisation: a cache, free to be deleted."""
        return self.root / "cubes"

    def cubes(self, organisation: str) -> Path:
        """Zarr cubes of the looks that an organisation has archived."""
        return self.all_cubes / folder_name(organisation)

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
        for folder in (self.root, self.archives, self.states, self.scratch):
            folder.mkdir(parents=True, exist_ok=True)
