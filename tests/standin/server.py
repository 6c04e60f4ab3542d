"""The server: routes, fault plans and the log, on loopback."""

from __future__ import annotations

import re
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from tests.standin import catalog, process, statistics
from tests.standin.account import ACCOUNT, Limits, StandinAccount, Tokens
from tests.standin.dialects import DIALECTS, LEGACY, Dialect, Href
from tests.standin.faults import Fault, ok
from tests.standin.files import Files
from tests.standin.listener import Listener
from tests.standin.log import Call, Log
from tests.standin.scenes import Band, Scene, moved, scenes, with_substitutes
from tests.standin.stacapi import StacApi
from tests.standin.subscriptions import Subscriptions
from tests.standin.wire import (
    Answer,
    Refused,
    Request,
    Wire,
    plainly,
    service_error,
    without_body,
)

Handler = Callable[[Request], Answer]
CATALOG = "/api/v1/catalog/1.0.0/search"


class Standin:
    """A server that answers as the real services do, of the scenes in one folder.

    Parameters
    ----------
    catalogue : Path
        Folder of STAC items and GeoTIFFs, or a document in it. It may grow while the server runs.
    faults : mapping, optional
        Fault plans by route, as for the attribute.
    rate, burst : float, optional
        Requests per second that the data routes of Sentinel Hub allow; 429 beyond.
    units, requests : float, int, optional
        The month's quota of the account; 403 beyond.
    token_seconds : float
        How long a token lives.

    Attributes
    ----------
    faults : dict of deque of Fault
        Each request of a route takes the next fault from the left.
    always : dict of Fault
        What every request of a route meets once its plan is used up.
    now : datetime or None
        If set, what is published later is not there yet.
    later : timedelta
        How much later than on disk every scene is said to have been taken.
    substitutes : dict of str
        Bands that Sentinel Hub's routes take from another where the disk lacks them.
    not_ready : set of str
        Ids of scenes that are listed while their pixels are not there.
    stac_page : int or None
        Items on a page of the STAC catalogues at most, whatever is asked for.
    closed : set of str
        Catalogues whose files are for bearers of a token: ``cdse``, say.
    failed_days : dict of str
        Days (``2020-06-01``) whose statistics fail, with the error's type.
    account, tokens, limits, files, subscriptions, log
        May be changed while the server runs.
    """

    def __init__(
        self,
        catalogue: Path,
        *,
        account: StandinAccount = ACCOUNT,
        faults: Mapping[str, Iterable[Fault]] | None = None,
        rate: float | None = None,
        burst: float | None = None,
        units: float | None = None,
        requests: int | None = None,
        token_seconds: float = 600.0,
        port: int = 0,
    ) -> None:
        self.folder = catalogue if catalogue.is_dir() else catalogue.parent
        self.tokens = Tokens(account, token_seconds)
        self.limits = Limits(rate, burst, units, requests)
        self.files = Files()
        self.subscriptions = Subscriptions()
        self.log = Log()
        self.faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        for route, plan in (faults or {}).items():
            self.faults[route].extend(plan)
        self.always: dict[str, Fault] = {}
        self.now: datetime | None = None
        self.later = timedelta(0)
        self.substitutes: dict[str, str] = {}
        self.not_ready: set[str] = set()
        self.stac_page: int | None = None
        self.closed: set[str] = set()
        self.failed_days: dict[str, str] = {}
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._routes = list(self._table())
        self._server = Listener(("127.0.0.1", port), self.respond, self.closing)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        """Return where it listens; also Sentinel Hub's base address."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def token_url(self) -> str:
        """Return where Sentinel Hub's tokens come from."""
        return f"{self.url}/auth/realms/main/protocol/openid-connect/token"

    def stac_url(self, dialect: str = "earth-search") -> str:
        """Return the landing page of a STAC catalogue: `dialect` is a key of `DIALECTS`."""
        return f"{self.url}{DIALECTS[dialect].path}"

    @property
    def person_token_url(self) -> str:
        """Return where the Data Space's tokens for people come from."""
        return f"{self.url}/auth/realms/CDSE/protocol/openid-connect/token"

    @property
    def subscriptions_url(self) -> str:
        """Return where subscriptions are made."""
        return f"{self.url}/odata/v1/Subscriptions"

    @property
    def account(self) -> StandinAccount:
        """Return whose requests are answered; set another to rotate the secret."""
        return self.tokens.account

    @account.setter
    def account(self, account: StandinAccount) -> None:
        self.tokens.account = account

    @property
    def tokens_issued(self) -> int:
        """Return how many tokens were given out."""
        return self.tokens.issued

    @property
    def units_spent(self) -> float:
        """Return the processing units charged so far."""
        return self.limits.spent

    def calls(self, route: str | None = None) -> list[Call]:
        """Return the requests to one route, or all of them."""
        return self.log.calls(route)

    def scenes(self) -> list[Scene]:
        """Return the scenes that are there now."""
        found = scenes(self.folder)
        if self.later:
            found = [moved(scene, self.later) for scene in found]
        return [scene for scene in found if self.now is None or scene.published <= self.now]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.end_connections()
        self._server.server_close()

    def respond(self, method: str, target: str, headers: Mapping[str, str], body: bytes,
                wire: Wire) -> None:  # fmt: skip
        """Answer one request over `wire`."""
        split = urlsplit(target)
        query = dict(parse_qsl(split.query, keep_blank_values=True))
        route, handler, parts = self._find(method, split.path)
        call = self.log.note(method, route, split.path, query, headers, body)
        fault = self._next_fault(route)
        call.fault = fault.name
        request = Request(method, split.path, query, headers, body, parts, fault, call)
        answer = self._answer(handler, request)
        call.status, call.units = answer.status, answer.units
        wire.call = call
        try:
            send = without_body if method == "HEAD" else plainly
            (fault.manner or send)(wire, answer)
        except OSError:
            wire.keep = False

    def _answer(self, handler: Handler, request: Request) -> Answer:
        fault = request.fault
        if fault.instead is not None:
            return fault.instead
        try:
            answer = handler(request)
        except Refused as refused:
            return refused.answer
        return answer if fault.answer is None else fault.answer(answer)

    def _next_fault(self, route: str) -> Fault:
        with self._lock:
            if self.faults[route]:
                return self.faults[route].popleft()
            return self.always.get(route, ok)

    def _find(self, method: str, path: str) -> tuple[str, Handler, dict[str, str]]:
        for wanted, pattern, route, handler in self._routes:
            found = pattern.fullmatch(path)
            if found is not None and method in wanted.split():
                return route, handler, found.groupdict()
        return "unknown", _nothing_here, {}

    def _table(self) -> Iterable[tuple[str, re.Pattern[str], str, Handler]]:
        """Give every route: methods, path, name, handler."""
        token = r"/auth/realms/(main|CDSE)/protocol/openid-connect/token"
        yield "POST", re.compile(token), "token", self.tokens.answer
        yield "POST", re.compile(re.escape(CATALOG)), "catalog", self._paid(self._catalog)
        yield "POST", re.compile(r"/api/v1/process"), "process", self._paid(self._process)
        yield "POST", re.compile(r"/api/v1/statistics"), "statistics", self._paid(self._statistics)
        subscription = r"/odata/v1/Subscriptions(\((?P<id>[\w-]+)\)(/(?P<action>Read|Ack))?)?"
        info = r"/odata/v1/Subscriptions/Info"
        yield "GET", re.compile(info), "subscriptions", self._subscriptions
        methods = "GET POST PATCH DELETE"
        yield methods, re.compile(subscription), "subscriptions", self._subscriptions
        for dialect in DIALECTS.values():
            yield from self._stac_table(dialect)
        sas = r"/planetary-computer/api/sas/v1/token/(?P<collection>[^/]+)(/[^/]+)?"
        yield "GET", re.compile(sas), "sas", self.files.sign
        file = r"/files/(?P<keeper>[\w-]+)/(?P<scene>[^/]+)/(?P<band>\w+)\.(tif|jp2)"
        yield "GET HEAD", re.compile(file), "files", self._file

    def _stac_table(self, dialect: Dialect) -> Iterable[tuple[str, re.Pattern[str], str, Handler]]:
        path = re.escape(dialect.path)
        yield "GET", re.compile(f"{path}/?"), "stac-landing", self._stac(dialect, "landing")
        collections = re.compile(f"{path}/collections")
        yield "GET", collections, "stac-collections", self._stac(dialect, "collections")
        yield "GET POST", re.compile(f"{path}/search"), "stac", self._stac(dialect, "search")

    def _stac(self, dialect: Dialect, what: str) -> Handler:
        def answer(request: Request) -> Answer:
            api = StacApi(dialect, self.stac_url(dialect.name), self._href(dialect), self.stac_page)
            if what == "search":
                return api.search(request, self.scenes())
            return api.landing(request) if what == "landing" else api.collections(request)

        return answer

    def _href(self, dialect: Dialect) -> Href:
        def href(scene: Scene, band: Band, collection: str) -> str:
            old = dialect.name == "earth-search" and collection == LEGACY
            keeper = "earth-search-legacy" if old else dialect.name
            return self.files.href(self.url, keeper, scene, band)

        return href

    def _file(self, request: Request) -> Answer:
        if request.parts["keeper"] in self.closed:
            self.tokens.require(request)
        return self.files.answer(request, self._readable())

    def _paid(self, handler: Handler) -> Handler:
        def check(request: Request) -> Answer:
            self.tokens.require(request)
            self.limits.admit()
            return handler(request)

        return check

    def _catalog(self, request: Request) -> Answer:
        return catalog.answer(request, self.scenes(), self.limits, self.url)

    def _process(self, request: Request) -> Answer:
        return process.answer(request, self._filled(), self.limits)

    def _statistics(self, request: Request) -> Answer:
        return statistics.answer(request, self._filled(), self.limits, self.failed_days)

    def _subscriptions(self, request: Request) -> Answer:
        self.tokens.require(request)
        return self.subscriptions.answer(request)

    def _filled(self) -> list[Scene]:
        return [with_substitutes(scene, self.substitutes) for scene in self._readable()]

    def _readable(self) -> list[Scene]:
        return [scene for scene in self.scenes() if scene.id not in self.not_ready]


def _nothing_here(request: Request) -> Answer:
    return service_error(404, "COMMON_NOT_FOUND", "There is nothing here.")
