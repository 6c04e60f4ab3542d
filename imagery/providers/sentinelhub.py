"""Scenes and pixels from Sentinel Hub: the Copernicus Data Space's, or any other of its kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

import rasterio
from odc.geo.geobox import GeoBox

from imagery.errors import ImageryError, NotYet, Permanent
from imagery.hub.asking import Exchange, Tally
from imagery.hub.catalogue import search
from imagery.hub.grids import MOST_SIDE
from imagery.hub.items import PROVIDER
from imagery.hub.products import RESOLUTION, SENTINEL_1, SENTINEL_2, is_of_either
from imagery.hub.reading import Part, Result, covers, parts, read_part
from imagery.hub.statistics import Place, Series, estimate, series
from imagery.looks import group_acquisitions
from imagery.net.tokens import token_kept
from imagery.net.transport import Transport
from imagery.net.types import Account, Deadline
from imagery.types import Acquisition, Chip, Cost, ImageryProvider, Provenance, Query, Scene

SEARCH_SECONDS = 300.0
"""Time a whole search may take."""


class SentinelHubProvider:
    """Reads Sentinel-2 L2A and Sentinel-1 GRD, made to order by Sentinel Hub.

    Parameters
    ----------
    url : str
        Base address of the service, ``https://sh.dataspace.copernicus.eu``.
    token_url : str
        Where its tokens come from.
    shared : Path
        Folder that all workers see, for pacing and the token.
    credentials : Path, optional
        File with ``client_id`` and ``client_secret``. Only the process that coordinates reads it.
    collections : sequence of str
        Which of ``sentinel-2-l2a`` and ``sentinel-1-grd`` to look for.
    requests_per_minute, units_per_minute : float
        The account's limits.
    certificates : Path, optional
        Certificates to trust instead of the system's.
    most_side : int
        Pixels per side of one request; larger grids are read in several.

    Attributes
    ----------
    clock_ahead : timedelta or None
        How far this machine's clock was ahead of the service's at the last search; None before
        any, and where the service did not say.

    Notes
    -----
    A read is of one pass: of all pixels within a minute of its scenes. Numbers come as the product
    holds them, nearest neighbour, with the provider's own mask of what was seen. Radar comes as
    terrain-corrected gamma nought in linear power, no speckle filter.
    """

    name = PROVIDER
    remote = True

    def __init__(
        self,
        url: str,
        token_url: str,
        shared: Path,
        credentials: Path | None = None,
        collections: Sequence[str] = (SENTINEL_2, SENTINEL_1),
        requests_per_minute: float = 300.0,
        units_per_minute: float = 300.0,
        certificates: Path | None = None,
        most_side: int = MOST_SIDE,
    ) -> None:
        unknown = [name for name in collections if name not in RESOLUTION]
        if unknown:
            raise Permanent(f"Sentinel Hub is not read for {', '.join(unknown)}")
        self.url = url.rstrip("/")
        self.collections = tuple(collections)
        self.credentials = credentials
        self.most_side = most_side
        self.clock_ahead: timedelta | None = None
        self._searches = Tally()
        self.account = Account(
            name=f"sentinelhub-{sha256(f'{self.url} {token_url}'.encode()).hexdigest()[:8]}",
            origins=tuple(dict.fromkeys((_origin(self.url), _origin(token_url)))),
            shared=Path(shared),
            token_url=token_url,
            requests_per_minute=requests_per_minute,
            units_per_minute=units_per_minute,
            retry_after="ms",
            certificates=certificates,
        )

    def serving(self) -> AbstractContextManager[None]:
        """Keep the account's token fresh for all workers while open.

        Raises
        ------
        Permanent
            If there are no credentials, or they cannot be used.
        """
        if self.credentials is None:
            raise Permanent(
                "Sentinel Hub wants an account: put client_id and client_secret into a file that "
                "only you can read, and name it in HEARTHWATCH_SENTINELHUB_CREDENTIALS"
            )
        return token_kept(self.account, self.credentials)

    def search(self, query: Query) -> Iterator[Scene]:
        """Yield every scene that meets `query`, ordered by (sensed, id).

        The whole answer is gathered before the first scene comes: the catalogue's own order is
        not ours, and of two deliveries of one product only the better counts.
        """
        exchange = Exchange(_transport(self.account), Deadline.after(SEARCH_SECONDS))
        try:
            yield from search(exchange, self.url, self.collections, query)
        except ImageryError as error:
            exchange.charge(error)
            raise
        finally:
            self._searches.add(exchange.cost)
            self.clock_ahead = exchange.clock_ahead

    def searched(self) -> Cost:
        """Return what searches took, failed ones too, since this was last asked.

        A search says nothing of it in what it yields, and each page is paid for.
        """
        return self._searches.take()

    def read(
        self, scenes: Sequence[Scene], geobox: GeoBox, bands: Sequence[str], deadline: float
    ) -> Chip:
        """Read `bands` of one acquisition's scenes where they cover `geobox`."""
        look, wanted = self._plan(scenes, geobox, bands)
        exchange = Exchange(_transport(self.account), Deadline.after(deadline))
        exchange.deadline.require(0.0, f"read {look.key}")
        if not covers(look.scenes, geobox):
            raise NotYet(f"{look.scenes[0].id} is listed but has no pixels over the wanted ground")
        try:
            results = [read_part(exchange, self.url, look.scenes, part) for part in wanted]
        except ImageryError as error:
            exchange.charge(error)
            raise
        return _chip(look, wanted, results, exchange)

    def estimate(self, scenes: Sequence[Scene], geobox: GeoBox, bands: Sequence[str]) -> Cost:
        """Say what `read` with the same arguments takes, without asking anyone."""
        costs = [part.cost() for part in self._plan(scenes, geobox, bands)[1]]
        return Cost(
            requests=sum(cost.requests for cost in costs),
            units=sum(cost.units for cost in costs),
            bytes=sum(cost.bytes for cost in costs),
        )

    def series(
        self,
        scenes: Sequence[Scene],
        place: Place,
        bands: Sequence[str],
        deadline: float,
    ) -> Series:
        """Return daily means over one place, without its pixels.

        Nothing calls this unless it is told to: it shows the provider which place is watched.
        See :func:`imagery.hub.statistics.series`.
        """
        exchange = Exchange(_transport(self.account), Deadline.after(deadline))
        try:
            return series(exchange, self.url, scenes, place, bands)
        except ImageryError as error:
            exchange.charge(error)
            raise

    def estimate_series(self, scenes: Sequence[Scene], place: Place, bands: Sequence[str]) -> Cost:
        """Say what `series` with the same arguments takes, without asking anyone."""
        return estimate(scenes, place, bands)

    def _plan(
        self, scenes: Sequence[Scene], geobox: GeoBox, bands: Sequence[str]
    ) -> tuple[Acquisition, tuple[Part, ...]]:
        foreign = [scene.id for scene in scenes if scene.provider != PROVIDER]
        if foreign:
            raise Permanent(f"{foreign[0]} was not listed by {PROVIDER}")
        groups = group_acquisitions(scenes)
        if len(groups) != 1:
            raise Permanent(f"{len(groups)} acquisitions were asked for in one read")
        look = groups[0]
        if not bands:
            raise Permanent(f"no band of {look.key} was asked for")
        for scene in look.scenes:
            missing = [band for band in bands if band not in scene.bands]
            if missing:
                raise Permanent(f"{scene.id} has no {', '.join(missing)}")
        return look, parts(look.scenes, geobox, bands, self.most_side)


def _chip(
    look: Acquisition, wanted: Sequence[Part], results: Sequence[Result], exchange: Exchange
) -> Chip:
    return Chip(
        acquisition=look.key,
        sensor=look.sensor,
        sensed=look.sensed,
        layers=tuple(result.layer for result in results),
        provenance=Provenance(
            provider=PROVIDER,
            scene_ids=tuple(scene.id for scene in look.scenes),
            item_sha256=tuple(scene.item_sha256 for scene in look.scenes),
            sources=tuple(source for result in results for source in result.sources),
            fetched=datetime.now(UTC),
            cost=exchange.cost,
            software=_software(),
        ),
        notes=tuple(_notes(look, wanted, results)),
        originals=tuple(original for result in results for original in result.originals),
    )


def _notes(look: Acquisition, wanted: Sequence[Part], results: Sequence[Result]) -> Iterator[str]:
    either = sorted(scene.id for scene in look.scenes if is_of_either(scene.assets[0]))
    if either:
        yield f"pixels may be of another processing than {', '.join(either)}: both are listed"
    if wanted[0].way.harmonised:
        yield (
            "products with and without an offset are listed for this pass: the provider took the "
            "offset off, and pixels below zero count as not seen"
        )
    for part, result in zip(wanted, results, strict=True):
        if result.seen < 1.0:
            yield f"{part.metres:g} m: valid {100.0 * result.seen:.1f} %"
        yield from result.notes


def _origin(url: str) -> str:
    parts_ = urlsplit(url)
    if parts_.scheme not in ("https", "http") or not parts_.hostname or parts_.username:
        raise Permanent("a service's address looks like https://host, without a name or password")
    return f"{parts_.scheme}://{parts_.netloc.lower()}"


@lru_cache(maxsize=1)
def _software() -> tuple[tuple[str, str], ...]:
    return (
        ("gdal", rasterio.__gdal_version__),
        ("rasterio", rasterio.__version__),
        ("sentinelhub", version("sentinelhub")),
    )


@lru_cache(maxsize=8)
def _transport(account: Account) -> Transport:
    """Return one transport per account and process: it holds the open connections."""
    return Transport(account)


_: type[ImageryProvider] = SentinelHubProvider
