"""The HTTP application, assembled."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import APIRouter, Depends, FastAPI
from pydantic import TypeAdapter
from starlette.responses import Response
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from api import audited, doors, page, problems, scoped
from api.answers import respond
from api.auth import caller
from api.context import Context
from api.headers import Headers, Heads
from api.limits import Limits
from api.measured import Figures, Measured, read_token
from api.named import Named
from api.params import refuse_unknown
from api.planning import Planning, Unplanned
from api.rates import Rates
from api.routes import (
    alarms,
    answering,
    answers,
    audit,
    changes,
    context,
    courses,
    erasures,
    estimates,
    events,
    exports,
    features,
    feeds,
    followed,
    heat,
    imports,
    jobs,
    keys,
    latency,
    messages,
    opinions,
    passes,
    people,
    public,
    receivers,
    regions,
    releases,
    responders,
    responses,
    reviews,
    service,
    sessions,
    settlements,
    stac,
    subscriptions,
    tiles,
    tilesets,
    why,
    wmts,
)
from hearthwatch.alerting.post import Post, Unposted
from hearthwatch.settings import Settings
from hearthwatch.store.protocol import Store

DESCRIPTION = (
    "Watches settlements and the ground around them from the Sentinel satellites. That nothing "
    "was reported never means that nothing happened: read the ledger beside the events."
)


# Addresses are compared one after the other: those asked for most come first.
_ASKED_MOST = (events.router, tiles.router, changes.router)
_OPEN = (
    service.open_router,
    sessions.open_router,
    features.open_router,
    tilesets.open_router,
    stac.open_router,
    answering.open_router,
    answers.open_router,
    feeds.open_router,
)
_KNOWN = (
    features.router,
    service.router,
    imports.router,
    estimates.router,
    regions.router,
    followed.router,
    heat.router,
    context.router,
    settlements.router,
    opinions.router,
    why.router,
    courses.router,
    jobs.router,
    tilesets.router,
    wmts.router,
    stac.router,
    exports.router,
    sessions.router,
    people.router,
    keys.router,
    passes.router,
    releases.router,
    erasures.router,
    reviews.router,
    receivers.router,
    subscriptions.router,
    messages.router,
    latency.router,
    responders.router,
    responses.router,
    alarms.router,
    audit.router,
)


def create_app(
    settings: Settings,
    store: Store,
    planning: Planning | None = None,
    post: Post | None = None,
) -> FastAPI:
    """Return the application.

    Parameters
    ----------
    store : Store
        Open for writing; the caller closes it.
    planning : Planning or None
        Who estimates watches; without one the service says that it cannot.
    post : Post or None
        Who sends; without one nobody can be added who is told of events.
    """
    app = FastAPI(
        title="hearthwatch",
        version=version("hearthwatch"),
        description=DESCRIPTION,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        responses=problems.declared(400, 413, 429, 500, 503),
        generate_unique_id_function=lambda route: route.name,
        redirect_slashes=False,
        # FastAPI's own would note addresses with what is asked for, and where a variable of the
        # environment says so, send them away.
        telemetry={
            "tracing": False,
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
        },
    )
    app.state.context = Context(settings, store, planning or Unplanned(), post or Unposted())
    audited.install(app, store)
    doors.install(app, settings, store)
    problems.install(app)
    for router in _ASKED_MOST:
        _include(app, router)
    for open_router in _OPEN:
        app.include_router(open_router, dependencies=[Depends(refuse_unknown)])
    if settings.public_events:
        # Without it the address is like any that there is not, in every method.
        app.include_router(public.open_router, dependencies=[Depends(refuse_unknown)])
    for router in _KNOWN:
        _include(app, router)
    page.install(app)
    _declare_problems(app)
    _serve_document(app)
    app.add_middleware(Limits)
    app.add_middleware(audited.Audited)
    figures = Figures(store, settings.data_dir, audited.books_of(app).log)
    app.add_middleware(Rates, per_second=settings.requests_per_second)
    app.add_middleware(Measured, figures=figures, token=read_token(settings))
    app.add_middleware(Heads)
    app.add_middleware(problems.Defects)
    app.add_middleware(Headers)
    app.add_middleware(Named)
    if settings.trusted_proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(settings.trusted_proxies))
    return app


def _include(app: FastAPI, router: APIRouter) -> None:
    # Who asks is known before anything is said of how it was asked.
    app.include_router(
        router,
        dependencies=[Depends(caller), Depends(refuse_unknown)],
        responses=problems.declared(401, 403),
    )


def _serve_document(app: FastAPI) -> None:
    """Serve the OpenAPI document; written once, for anybody may ask for it, and it is long."""
    written: list[bytes] = []

    @app.get("/openapi.json", include_in_schema=False)
    async def _() -> Response:
        if not written:
            written.append(bytes(respond(app.openapi()).body))
        return Response(written[0], media_type="application/json")


def _declare_problems(app: FastAPI) -> None:
    """Put the shape of problems where the declared answers refer to it.

    FastAPI declares a 422 of its own for whatever has parameters; here those are 400 problems.
    """
    made = app.openapi

    def with_problems() -> dict[str, object]:
        if app.openapi_schema is None:
            document = made()
            schemas = document["components"]["schemas"]
            template = "#/components/schemas/{model}"
            shape = TypeAdapter(problems.ProblemDocument).json_schema(ref_template=template)
            of_bodies = {str(s): words for s, words in problems.declared(408, 415).items()}
            schemas |= shape.pop("$defs", {}) | {"ProblemDocument": shape}
            for item in document["paths"].values():
                for operation in item.values():
                    _without_own_422(operation["responses"])
                    if "requestBody" in operation:
                        operation["responses"] |= of_bodies
            scoped.declare(app, document)
            for name in ("HTTPValidationError", "ValidationError"):
                schemas.pop(name, None)
        return app.openapi_schema or {}

    app.openapi = with_problems  # type: ignore[method-assign]


def _without_own_422(responses: dict[str, dict[str, object]]) -> None:
    content = responses.get("422", {}).get("content", {})
    if "application/json" in dict(content):  # type: ignore[call-overload]
        del responses["422"]
