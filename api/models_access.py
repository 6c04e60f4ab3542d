"""The shapes of what is sent and answered about sessions, people, keys and passes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from api.models import Line, Moment, Sent, Who
from hearthwatch.records import Role, Scope

Password = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=r"^[^\x00]*$")]
Login = Annotated[
    str,
    StringConstraints(
        min_length=1, max_length=63, strip_whitespace=True, pattern=r"^[^\x00-\x20@]+$"
    ),
]


class WhoAnswer(Who):
    """Who asks, and what they may do."""

    person: str | None = Field(description="Id of who is signed in; null for a key or pass.")
    scopes: list[Scope] = Field(description="What they may do.")


class NewSession(Sent):
    """What somebody signs in with."""

    login: Annotated[str, StringConstraints(min_length=1, max_length=200)] = Field(
        description="As `login@organisation`.", examples=["amina@local"]
    )
    password: Password


class SessionAnswer(BaseModel):
    """Somebody signed in."""

    organisation: str
    person: str
    login: str
    name: str
    role: Role
    scopes: list[Scope]
    session: str
    created: datetime
    expires: datetime
    form: str = Field(description="What every change has to come with, as X-Hearthwatch-Form.")


class OneSession(BaseModel):
    """A session of one's own that is going on."""

    id: str
    created: datetime
    seen: datetime = Field(description="Last used, to the minute.")
    expires: datetime
    this: bool = Field(description="Whether it is the one that asks.")


class Sessions(BaseModel):
    """One's own sessions that are going on, oldest first."""

    items: list[OneSession]


class PasswordChange(Sent):
    """Another password."""

    old: Password
    new: Password = Field(description="At least 12 characters, and none that is tried first.")


class PersonAnswer(BaseModel):
    """Somebody of the organisation."""

    id: str
    login: str
    name: str
    role: Role
    created: datetime
    changed: datetime = Field(description="When the password was last set.")
    has_password: bool
    disabled: datetime | None


class People(BaseModel):
    """The people of an organisation, by login."""

    items: list[PersonAnswer]


class NewPerson(Sent):
    """Somebody to be let in."""

    login: Login
    name: Line
    role: Role
    password: Password | None = Field(
        None, description="To begin with; without one nobody can sign in yet."
    )


class PersonChange(Sent):
    """What may change of a person."""

    name: Line | None = None
    role: Role | None = None
    password: Password | None = Field(None, description="A new one; their sessions end.")
    disabled: bool | None = Field(None, description="Whether they are shut out.")


class KeyAnswer(BaseModel):
    """A key, without its secret."""

    id: str
    name: str
    role: Role
    scopes: list[Scope] = Field(description="What it may do.")
    created: datetime
    expires: datetime | None
    revoked: datetime | None
    used: datetime | None = Field(description="When it was last used, to the day.")
    replaces: str | None = Field(description="Id of the key that it takes the place of.")
    made_by: str | None = Field(description="Id of the person with whom it is shut out.")


class Keys(BaseModel):
    """The keys of an organisation, oldest first."""

    items: list[KeyAnswer]


class NewKey(Sent):
    """A key to be made."""

    name: Line
    role: Role = Role.VIEWER
    scopes: list[Scope] = Field(
        default_factory=list,
        max_length=len(Scope),
        description="What it is narrowed to; empty for all that its role may.",
    )
    expires: Moment | None = Field(None, description="With a time zone.")


class Rotation(Sent):
    """How a key is to be replaced."""

    overlap_hours: float = Field(
        168.0, ge=0, le=8760, description="How long the old one goes on beside the new one."
    )


class MadeKey(KeyAnswer):
    """A key with its secret."""

    key: str = Field(description="The key itself. It is shown this once.")


class PassAnswer(BaseModel):
    """A pass, without its secret."""

    id: str
    resource: str
    made_by: str = Field(description="Id of the person or key.")
    created: datetime
    expires: datetime
    revoked: datetime | None


class Passes(BaseModel):
    """Passes, oldest first."""

    items: list[PassAnswer]


class NewPass(Sent):
    """A pass to be made."""

    resource: Annotated[str, StringConstraints(min_length=1, max_length=1000)] = Field(
        description="Path below the service's address, with the filters that are to hold.",
        examples=["tiles/events"],
    )
    days: float = Field(90.0, gt=0, le=366, description="How long it is in force.")


class MadePass(PassAnswer):
    """A pass with its secret."""

    pass_: str = Field(
        alias="pass", description="The pass itself, for `?pass=`. It is shown this once."
    )
