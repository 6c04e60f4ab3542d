"""What every route works with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, Request

from api.planning import Planning, Unplanned
from hearthwatch.alerting.post import Post, Unposted
from hearthwatch.archives import archive_of
from hearthwatch.settings import Settings
from hearthwatch.store.protocol import Store
from tiles.archive import Archive


@dataclass(frozen=True, slots=True)
class Context:
    """The parts of one running service.

    Attributes
    ----------
    store : Store
        Opened for writing; writes of other processes are waited for.
    planning : Planning
        Who estimates watches.
    post : Post
        Who sends to receivers.
    """

    settings: Settings
    store: Store
    planning: Planning = field(default_factory=Unplanned)
    post: Post = field(default_factory=Unposted)

    def archive(self, organisation: str) -> Archive:
        """Return what an organisation has archived: there is none of all."""
        return archive_of(self.settings, organisation)


def of_app(app: Any) -> Context:
    """Return the context of an application."""
    found: Context = app.state.context
    return found


async def context(request: Request) -> Context:
    """Return the context of the application that serves a request."""
    return of_app(request.app)


InContext = Annotated[Context, Depends(context)]
