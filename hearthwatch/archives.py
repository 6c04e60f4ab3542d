"""The archive of each organisation: what one has pulled saves no other one a request.

With one archive for all, a look that costs nothing though one never read it would tell that another
organisation watches that ground.
"""

from __future__ import annotations

import shlex
from functools import lru_cache
from pathlib import Path

from hearthwatch.errors import EarlierLayout
from hearthwatch.layout import Layout
from hearthwatch.settings import Settings
from tiles.archive import Archive
from tiles.verify import MANIFEST

_KEPT = 256


@lru_cache(maxsize=_KEPT)
def archive_at(root: Path) -> Archive:
    """Return this process's one handle on an archive, which keeps the manifest's index."""
    return Archive(root)


def archive_of(settings: Settings, organisation: str) -> Archive:
    """Return the archive of one organisation."""
    return archive_at(Layout(settings.data_dir).archive(organisation))


def refuse_earlier_layout(settings: Settings) -> None:
    """Refuse a data folder in which all organisations share one archive.

    Raises
    ------
    EarlierLayout
        With the commands that give the archive to the organisation of the settings.
    """
    layout = Layout(settings.data_dir)
    if not (layout.archives / MANIFEST).is_file():
        return
    aside = layout.root / "archive.earlier"
    shared, own = layout.archives, layout.archive(settings.organisation)
    line = (
        f"mv {_quoted(shared)} {_quoted(aside)} && mkdir {_quoted(shared)} && "
        f"mv {_quoted(aside)} {_quoted(own)} && rm -rf {_quoted(layout.all_cubes)}"
    )
    raise EarlierLayout(
        f"{layout.root} is of an earlier version, in which all organisations shared one archive; "
        f"now each has its own. Nothing was changed. To give it to {settings.organisation}: {line} "
        "(docs/archive.md, for several organisations)"
    )


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))
