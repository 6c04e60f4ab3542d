"""Passes: what opens one resource to a program that cannot send a header.

A pass is ``hwp_<id>_<secret>`` and stands in the address, as ``?pass=``. It opens GET of what it
was made for, as long as its maker may see that.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import parse_qsl, urlencode

from hearthwatch.access.secrets import NOBODYS, hash_of, is_right, new_id, new_secret
from hearthwatch.errors import AccessError
from hearthwatch.records import Pass, Scope

PARAMETER = "pass"
FREE = frozenset({"after", "limit", PARAMETER})
"""Parameters that turn pages: they open nothing else. All others are fixed by the pass."""

WMTS_WORDS = frozenset(
    {"service", "request", "version", "layer", "style", "format", "tilematrixset", "tilematrix",
     "tilerow", "tilecol", "before"}
)  # fmt: skip
"""Parameters, in any case, that say which tile of a WMTS is asked for: its pass opens them all."""

_FORM = re.compile(r"hwp_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
_KINDS: Sequence[tuple[re.Pattern[str], Scope]] = (
    (re.compile(r"tiles/events"), Scope.READ),
    (re.compile(r"tiles/looks/[^/\s]{1,200}/[a-z_]{1,40}"), Scope.READ),
    (re.compile(r"tiles/regions/[^/\s]{1,200}/wmts"), Scope.READ),
    (re.compile(r"stac/collections/[^/\s]{1,200}/items/[^/\s]{1,1000}"), Scope.READ),
    (re.compile(r"exports/released\.[a-z0-9]{1,12}"), Scope.RELEASED),
    (re.compile(r"exports/[a-z_]{1,40}\.[a-z0-9]{1,12}"), Scope.EXPORT),
    (re.compile(r"feeds/[a-z_]{1,40}(\.[a-z0-9]{1,12})?"), Scope.READ),
)
KINDS_ARE = (
    "tiles/events, tiles/looks/ACQUISITION/STYLE, tiles/regions/REGION/wmts, "
    "stac/collections/COLLECTION/items/ITEM, exports/COLLECTION.FORM or feeds/NAME, with the "
    "filters that are to hold, as tiles/events?region=ID"
)


def checked_resource(text: str) -> tuple[str, Scope]:
    """Return a resource as it is stored, and what one must be allowed to open it.

    Parameters
    ----------
    text : str
        Path below the service's address, with the query that is to hold.

    Raises
    ------
    AccessError
        It is none that a pass can be made for.
    """
    path, _, query = text.strip().lstrip("/").partition("?")
    scope = next((scope for form, scope in _KINDS if form.fullmatch(path)), None)
    fixed = sorted(parse_qsl(query, keep_blank_values=True))
    free = _free(path)
    if scope is None or any(name.lower() in free for name, _ in fixed) or not text.isprintable():
        raise AccessError(f"A pass is for {KINDS_ARE}.")
    return path + (f"?{urlencode(fixed)}" if fixed else ""), scope


def new_pass(
    organisation: str, resource: str, made_by: str, now: datetime, expires: datetime
) -> tuple[Pass, str]:
    """Make a pass.

    Parameters
    ----------
    resource : str
        As `checked_resource` returns it.
    now, expires : datetime
        Aware UTC.

    Returns
    -------
    Pass
        To be stored.
    str
        The pass itself, to be shown once.
    """
    pass_id, secret = new_id(), new_secret()
    made = Pass(pass_id, organisation, resource, hash_of(secret), made_by, now, expires)
    return made, f"hwp_{pass_id}_{secret}"


def take_apart(text: str) -> tuple[str, str] | None:
    """Return the id and the secret of a pass as it is written; None if it is none."""
    found = _FORM.fullmatch(text)
    return (found[1], found[2]) if found else None


def opens(pass_: Pass | None, secret: str, now: datetime) -> bool:
    """Tell whether a secret is that of a pass in force; an unknown one is compared with too."""
    right = is_right(secret, pass_.sha256 if pass_ else NOBODYS)
    return right and pass_ is not None and pass_.revoked is None and now < pass_.expires


def covers(pass_: Pass, path: str, query: Sequence[tuple[str, str]]) -> bool:
    """Tell whether a request is for what a pass was made for.

    Parameters
    ----------
    path : str
        Of the request, decoded.
    query : sequence of (str, str)
        Its parameters, the pass among them.
    """
    there, _, fixed = pass_.resource.partition("?")
    free = _free(there)
    given = sorted((name, value) for name, value in query if name.lower() not in free)
    below = path == f"/{there}" or path.startswith(f"/{there}/")
    return below and given == sorted(parse_qsl(fixed, keep_blank_values=True))


def _free(path: str) -> frozenset[str]:
    """Return the parameters, in small letters, that a pass for a resource leaves open."""
    return FREE | WMTS_WORDS if path.endswith("/wmts") else FREE
