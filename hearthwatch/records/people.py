"""Who may ask: organisations, people, and what they show to be let in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hearthwatch.records.words import Role


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation; what it has stands under its short name in every record.

    Attributes
    ----------
    organisation : str
        Its short name, which never changes.
    name : str
        What it is called.
    closed : datetime or None
        Since when nobody of it is let in.
    """

    organisation: str
    name: str
    created: datetime
    closed: datetime | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of an organisation, who signs in as ``login@organisation``.

    Attributes
    ----------
    password : str
        Its hash with everything needed to check it; empty where none was set yet.
    changed : datetime
        When the password was last set. Sessions from before end then.
    failures : int
        Wrong passwords since the last right one.
    waits_until : datetime or None
        Before then no password is tried.
    set_by : str
        Id of the person or key that set the password for them; empty where they did themselves, or
        the command line did.
    """

    id: str
    organisation: str
    login: str
    name: str
    role: Role
    password: str
    created: datetime
    changed: datetime
    failures: int = 0
    waits_until: datetime | None = None
    disabled: datetime | None = None
    set_by: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """A person signed in with a browser.

    Attributes
    ----------
    id : str
        SHA-256 of the token in the browser, which is not kept.
    form_sha256 : str
        SHA-256 of the token that a change must come with, against forged requests.
    seen : datetime
        When it was last used, to the minute.
    """

    id: str
    organisation: str
    person: str
    form_sha256: str
    created: datetime
    seen: datetime
    expires: datetime
    ended: datetime | None = None


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key to the records of one organisation; its id alone tells which.

    Attributes
    ----------
    name : str
        Who or what uses it.
    sha256 : str
        Of the secret, which is not kept.
    scopes : tuple of str
        What it may do of that which its role may; empty for all of it.
    replaces : str
        Id of the key that it takes the place of; both hold until that one is revoked or expires.
    used : datetime or None
        When it was last used, to the day; None if it never was.
    made_by : str
        Id of the person who made it, with whom it is shut out; empty for the command line.
    shown_to : str
        Id of the person or key that it was shown to, which may be another than made the one it
        takes the place of; empty for the command line.
    """

    id: str
    organisation: str
    name: str
    role: Role
    sha256: str
    created: datetime
    expires: datetime | None = None
    revoked: datetime | None = None
    scopes: tuple[str, ...] = ()
    replaces: str = ""
    used: datetime | None = None
    made_by: str = ""
    shown_to: str = ""


@dataclass(frozen=True, slots=True)
class Pass:
    """What opens one resource to a program that cannot send a header; it stands in the address.

    Attributes
    ----------
    resource : str
        The only thing it opens, such as ``tiles/events``.
    sha256 : str
        Of the secret, which is not kept.
    made_by : str
        Id of the person or key; what that one may no longer do, this may not either.
    """

    id: str
    organisation: str
    resource: str
    sha256: str
    made_by: str
    created: datetime
    expires: datetime
    revoked: datetime | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    """Which process does a work that only one may do at a time; of no organisation.

    Attributes
    ----------
    name : str
        The work.
    holder : str
        The process.
    until : datetime
        When another may take it.
    turn : int
        Counts the holders: what is written in an earlier turn comes too late.
    """

    name: str
    organisation: str
    holder: str
    taken: datetime
    until: datetime
    turn: int
