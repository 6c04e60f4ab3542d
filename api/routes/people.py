"""The people of an organisation, for those who let them in."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.responses import Response

from api.answers import respond
from api.auth import Manager
from api.context import InContext
from api.doors import InDoors
from api.models_access import NewPerson, People, PersonAnswer, PersonChange
from api.problems import declared, located
from hearthwatch.access import people
from hearthwatch.access.scopes import scopes_of
from hearthwatch.records import Person, Scope
from hearthwatch.store.protocol import Store, Transaction
from hearthwatch.values import moment

router = APIRouter(prefix="/people", tags=["access"])

PersonId = Annotated[str, Path(max_length=200)]


@router.get("", response_model=People)
def list_people(who: Manager, here: InContext) -> Response:
    """Return the people of the organisation, those disabled included."""
    return respond({"items": [_value(one) for one in here.store.people(who.organisation)]})


@router.post(
    "",
    response_model=PersonAnswer,
    status_code=201,
    responses=declared(409, 422, 507) | {201: located("The person.")},
)
def add_person(sent: NewPerson, who: Manager, here: InContext, doors: InDoors) -> Response:
    """Let somebody in, with at most the rights that one has oneself."""
    people.require_no_more(who, scopes_of(sent.role))
    now = doors.sign_in.clock()
    made = people.new_person(who.organisation, sent.login, sent.name, sent.role, now)
    kept = _hash(made, sent.password, doors)
    with here.store.transaction() as transaction:
        if here.store.person_by_login(who.organisation, made.login):
            raise people.login_taken(made.login)
        made = dataclasses.replace(made, password=kept, set_by=who.key)
        transaction.put_person(made)
    return respond(_value(made), status=201, headers={"Location": f"/people/{made.id}"})


@router.get("/{person}", response_model=PersonAnswer, responses=declared(404))
def get_person(person: PersonId, who: Manager, here: InContext) -> Response:
    """Return one person."""
    return respond(_value(here.store.person(who.organisation, person)))


@router.patch("/{person}", response_model=PersonAnswer, responses=declared(404, 409, 422, 507))
def change_person(
    person: PersonId, sent: PersonChange, who: Manager, here: InContext, doors: InDoors
) -> Response:
    """Change name, role or password of somebody, shut them out or let them in again.

    All or nothing. Who may do more than oneself cannot be changed; the last one who may let
    people in cannot be shut out.
    """
    found = here.store.person(who.organisation, person)
    people.require_no_more(who, scopes_of(found.role) | scopes_of(sent.role or found.role))
    kept = _hash(found, sent.password, doors)
    with here.store.transaction() as transaction:
        found = here.store.person(who.organisation, person)
        people.require_no_more(who, scopes_of(found.role))
        now, set_by = doors.sign_in.clock(), "" if who.person == person else who.key
        changed = _changed(here.store, transaction, found, sent, kept, now, set_by)
    return respond(_value(changed))


def _changed(
    store: Store,
    transaction: Transaction,
    person: Person,
    sent: PersonChange,
    kept: str,
    now: datetime,
    set_by: str,
) -> Person:
    """Do what is asked, step by step; each step puts the person as the one before left them."""
    role = sent.role or person.role
    if sent.disabled or Scope.MANAGE not in scopes_of(role):
        people.require_manager_left(store, person)
    person = dataclasses.replace(person, name=sent.name or person.name, role=role)
    transaction.put_person(person)
    if kept:
        person = people.set_password(store, transaction, person, kept, now, set_by=set_by)
    if sent.disabled:
        person = people.disable(store, transaction, person, now)
    elif sent.disabled is False:
        person = people.enable(transaction, person)
    return person


def _hash(person: Person, password: str | None, doors: InDoors) -> str:
    """Return the hash of a usable password, empty for none; before the store is held up by it."""
    if password is None:
        return ""
    people.require_usable(password, person)
    return doors.passwords.hash(password)


def _value(person: Person) -> dict[str, Any]:
    return {
        "id": person.id,
        "login": person.login,
        "name": person.name,
        "role": person.role.value,
        "created": moment(person.created),
        "changed": moment(person.changed),
        "has_password": bool(person.password),
        "disabled": moment(person.disabled),
    }
