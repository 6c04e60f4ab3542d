"""The keys of an organisation, for those who let programs in."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.responses import Response

from api.answers import respond
from api.auth import Caller, Manager
from api.context import InContext
from api.doors import InDoors
from api.models_access import KeyAnswer, Keys, MadeKey, NewKey, Rotation
from api.params import utc
from api.problems import Problem, declared, located
from hearthwatch.access import people
from hearthwatch.access.scopes import scopes_of
from hearthwatch.errors import NotFound
from hearthwatch.keys import new_key, rotated
from hearthwatch.records import ApiKey
from hearthwatch.values import moment

router = APIRouter(prefix="/keys", tags=["access"])

KeyId = Annotated[str, Path(max_length=200)]


@router.get("", response_model=Keys)
def list_keys(who: Manager, here: InContext) -> Response:
    """Return the keys of the organisation without their secrets, those revoked included."""
    return respond({"items": [_value(key) for key in here.store.keys(who.organisation)]})


@router.post(
    "",
    response_model=MadeKey,
    status_code=201,
    responses=declared(409, 422, 507) | {201: located("The key, without its secret.")},
)
def add_key(sent: NewKey, who: Manager, here: InContext, doors: InDoors) -> Response:
    """Make a key with at most the rights that one has oneself, and show it once."""
    scopes = people.scopes_asked(sent.role, [one.value for one in sent.scopes])
    people.require_no_more(who, scopes_of(sent.role, scopes))
    now, expires = doors.sign_in.clock(), utc(sent.expires)
    if expires is not None and expires <= now:
        fault = ("body.expires", "lies in the past")
        raise Problem(422, "invalid", "The key would never be in force.", faults=[fault])
    made_by = _person_behind(here, who)
    key, shown = new_key(
        who.organisation, sent.name, sent.role, now, expires,
        scopes=scopes, made_by=made_by, shown_to=who.key,
    )  # fmt: skip
    with here.store.transaction() as transaction:
        transaction.put_key(key)
    return _made(key, shown)


@router.get("/{key}", response_model=KeyAnswer, responses=declared(404))
def get_key(key: KeyId, who: Manager, here: InContext) -> Response:
    """Return one key without its secret."""
    return respond(_value(_own(here, who, key)))


@router.post(
    "/{key}/rotate",
    response_model=MadeKey,
    status_code=201,
    responses=declared(404, 409, 422, 507) | {201: located("The new key, without its secret.")},
)
def rotate_key(
    key: KeyId, sent: Rotation, who: Manager, here: InContext, doors: InDoors
) -> Response:
    """Make the key that takes another one's place; both are in force for a while."""
    overlap = timedelta(hours=sent.overlap_hours)
    with here.store.transaction() as transaction:
        old = _own(here, who, key)
        people.require_no_more(who, scopes_of(old.role, old.scopes))
        others = here.store.keys(who.organisation)
        now = doors.sign_in.clock()
        ending, new, shown = rotated(old, others, now, overlap, shown_to=who.key)
        transaction.put_key(ending)
        transaction.put_key(new)
    return _made(new, shown)


@router.delete("/{key}", status_code=204, responses=declared(404, 409, 507))
def revoke_key(key: KeyId, who: Manager, here: InContext, doors: InDoors) -> Response:
    """Let a key open nothing from now on."""
    with here.store.transaction() as transaction:
        found = _own(here, who, key)
        people.require_no_more(who, scopes_of(found.role, found.scopes))
        gone = dataclasses.replace(found, revoked=found.revoked or doors.sign_in.clock())
        transaction.put_key(gone)
    return Response(status_code=204)


def _own(here: InContext, who: Caller, key_id: str) -> ApiKey:
    found = here.store.key(key_id)
    if found is None or found.organisation != who.organisation:
        raise NotFound(f"There is no key {key_id}.")
    return found


def _person_behind(here: InContext, who: Caller) -> str:
    """Return the person who asks, or who made the key that asks; empty where there is none."""
    asking = None if who.person else here.store.key(who.key)
    return asking.made_by if asking else who.person


def _made(key: ApiKey, shown: str) -> Response:
    value = {**_value(key), "key": shown}
    return respond(value, status=201, headers={"Location": f"/keys/{key.id}"})


def _value(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "role": key.role.value,
        "scopes": sorted(scope.value for scope in scopes_of(key.role, key.scopes)),
        "created": moment(key.created),
        "expires": moment(key.expires),
        "revoked": moment(key.revoked),
        "used": moment(key.used),
        "replaces": key.replaces or None,
        "made_by": key.made_by or None,
    }
