"""Scenes of any STAC API, read as parts of the files it lists."""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import rasterio

from imagery.bandreads import acquisition_key, band_layers, wanted_assets
from imagery.errors import ImageryError, NotYet, Permanent
from imagery.net.tokens import token_kept
from imagery.net.transport import Transport
from imagery.net.types import Account, Deadline
from imagery.stacapi.dialects import PLAIN, SIGNED, dialect_of, scene_of
from imagery.stacapi.pages import Sender, origin
from imagery.stacapi.reach import Reach
from imagery.stacapi.reading import Reading, is_untold
from imagery.stacapi.search import search
from imagery.stacapi.signing import Signer
from imagery.types import (
    Asset,
    Chip,
    Cost,
    GeoBox,
    ImageryProvider,
    Provenance,
    Query,
    Scene,
)
from imagery.windows import MARGIN_M

_BLOCK_ROWS = 512
_FEWEST_BYTES = 65_536


class StacProvider:
    """Reads Cloud-Optimised GeoTIFFs (and JPEG 2000, whole) that a STAC API lists.

    Parameters
    ----------
    url : str
        Of the API, without ``/search``.
    collections : sequence of str
        Looked through, where a query names none.
    shared : Path
        Folder that all workers see, for pacing.
    file_origins : sequence of str
        ``https://host`` where files lie, besides those known of the catalogue. Nothing else is
        ever asked.
    requests_per_minute : float
        Of all workers together, searches and reads.
    certificates : Path, optional
        Certificates to trust instead of the system's.
    signing : {"planetary-computer"}, optional
        How addresses of files are opened; of the Planetary Computer's own address it is known.
    token_service : str, optional
        Where signing tokens come from, if not from the Planetary Computer itself.
    credentials : Path, optional
        File with ``username`` and ``password`` of somebody who may read the files. Only the process
        that coordinates reads it. The token goes with requests for files, to the places that the
        catalogue is known to keep them at, or that are named for one that is not known; never with
        searches.
    token_url : str, optional
        Where that token comes from.
    transport : callable
        Makes of an account what sends requests.

    Notes
    -----
    A scene's files are read in parts. What goes on record of one is its address without query, the
    parts, the ETag, and the SHA-256 of the parts one after the other. A digest that the catalogue
    states is checked where the whole file was read, which small files and JPEG 2000 are.
    """

    name = "stac"
    remote = True

    def __init__(
        self,
        url: str,
        collections: Sequence[str],
        shared: str | Path,
        file_origins: Sequence[str] = (),
        requests_per_minute: float = 300.0,
        certificates: str | Path | None = None,
        signing: str | None = None,
        token_service: str | None = None,
        credentials: str | Path | None = None,
        token_url: str | None = None,
        transport: Callable[[Account], Sender] = Transport,
    ) -> None:
        if signing is None and str(urlsplit(url).hostname) == SIGNED["planetary-computer"][1]:
            signing = "planetary-computer"
        if signing is not None and signing not in SIGNED:
            raise ValueError(f"signing {signing!r} is none of {', '.join(SIGNED)}")
        self.url = url.rstrip("/")
        self.collections = (collections,) if isinstance(collections, str) else tuple(collections)
        self._dialect = dialect_of(url, signing)
        self._tokens = (token_service or SIGNED[signing][0]) if signing else None
        self._transport = transport
        self.credentials = None if credentials is None else Path(credentials)
        self._private = self._for_bearers(file_origins) if credentials else frozenset()
        token_url = token_url if credentials else None
        if credentials and not token_url:
            raise ValueError("credentials are of no use without the address that gives tokens")
        services = filter(None, (self._tokens, token_url))
        addresses = (url, *file_origins, *self._dialect.file_origins, *services)
        self.account = Account(
            name=f"stac-{_plain_name(url)}",
            origins=tuple(dict.fromkeys(map(origin, addresses))),
            shared=Path(shared),
            token_url=token_url,
            requests_per_minute=requests_per_minute,
            certificates=None if certificates is None else Path(certificates),
        )
        self._reach: Reach | None = None
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in vars(self).items() if k not in ("_reach", "_lock")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _reach=None, _lock=threading.Lock())

    def __repr__(self) -> str:
        return f"StacProvider({origin(self.url)!r}, {self.collections!r})"

    def serving(self) -> AbstractContextManager[None]:
        """Keep the token for files fresh while open, if they are for people who log in.

        Raises
        ------
        Permanent
            If the credentials cannot be used.
        """
        if self.credentials is None:
            return nullcontext()
        return token_kept(self.account, self.credentials)

    def search(self, query: Query) -> Iterator[Scene]:
        """Yield every scene that meets `query`, ordered by (sensed, id), each once."""
        wanted = self.collections
        if query.collection is not None:
            wanted = tuple(one for one in wanted if one == query.collection)
        if wanted:
            yield from search(
                self._live().sender,
                self.url,
                wanted,
                query,
                lambda item: scene_of(item, self.name, self._dialect),
                self._dialect.dated,
            )

    def read(
        self, scenes: Sequence[Scene], geobox: GeoBox, bands: Sequence[str], deadline: float
    ) -> Chip:
        """Read `bands` of one acquisition's scenes where they cover `geobox`."""
        acquisition = acquisition_key(scenes)
        if geobox.crs is None:
            raise Permanent("a grid without a CRS lies nowhere")
        wanted = {scene.id: wanted_assets(scene, bands) for scene in scenes}
        reading = Reading(self._live(), Deadline.after(deadline))
        try:
            for scene in scenes:
                reading.add(scene, wanted[scene.id], geobox)
            if not reading.reads:
                raise NotYet(f"{scenes[0].id} is listed but has no pixels over the wanted ground")
        except ImageryError as error:
            error.requests = reading.meter.requests
            raise
        return Chip(
            acquisition=acquisition,
            sensor=scenes[0].sensor,
            sensed=scenes[0].sensed,
            layers=tuple(band_layers(reading.reads)),
            provenance=self._provenance(scenes, reading),
            notes=tuple(reading.notes),
        )

    def estimate(self, scenes: Sequence[Scene], geobox: GeoBox, bands: Sequence[str]) -> Cost:
        """Say what a read takes: nothing is charged, but requests and bytes are counted.

        Bytes are those of the pixels, two for each: compression and the blocks' edges about even
        each other out.
        """
        assets = [asset for scene in scenes for asset in wanted_assets(scene, bands)]
        cost = [_estimate(asset, geobox) for asset in assets]
        told = sum(4 for asset in assets if is_untold(asset)) + (1 if self._tokens else 0)
        requests = sum(requests for requests, _ in cost) + told
        return Cost(requests=requests, units=0.0, bytes=sum(size for _, size in cost))

    def _for_bearers(self, named: Sequence[str]) -> frozenset[str]:
        """Return where a token is shown; a secret for one catalogue is never shown to another."""
        if self._dialect == PLAIN:
            if not named:
                raise ValueError("credentials need the file origins that they are for")
            return frozenset(map(origin, named))
        if not self._dialect.login:
            raise ValueError(f"files of {origin(self.url)} are read without credentials")
        return frozenset(map(origin, self._dialect.file_origins))

    def _live(self) -> Reach:
        """Return what this process holds open."""
        with self._lock:
            if self._reach is None:
                signer = None if self._tokens is None else Signer(self._tokens)
                sender = self._transport(self.account)
                self._reach = Reach(sender, self.account.origins, signer, self._private)
            return self._reach

    def _provenance(self, scenes: Sequence[Scene], reading: Reading) -> Provenance:
        return Provenance(
            provider=self.name,
            scene_ids=tuple(scene.id for scene in scenes),
            item_sha256=tuple(scene.item_sha256 for scene in scenes),
            sources=tuple(reading.sources),
            fetched=datetime.now(UTC),
            cost=Cost(requests=reading.meter.requests, units=0.0, bytes=reading.meter.bytes),
            software=(("gdal", rasterio.__gdal_version__), ("rasterio", rasterio.__version__)),
        )


def _estimate(asset: Asset, geobox: GeoBox) -> tuple[int, int]:
    """Return requests and bytes at most usual for one band."""
    height, width = (side * abs(geobox.resolution.y) + 2 * MARGIN_M for side in geobox.shape)
    rows, cols = (math.ceil(metres / asset.resolution) for metres in (height, width))
    return 2 + math.ceil(rows / _BLOCK_ROWS), _FEWEST_BYTES + 2 * rows * cols


def _plain_name(url: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]+", "-", origin(url).partition("://")[2])


_: type[ImageryProvider] = StacProvider
