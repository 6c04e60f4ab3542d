"""Where things lie in the data folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


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
    def net(self) -> Path:
        """What workers share of accounts with providers: pacing, tokens."""
        return self.root / "net"

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
