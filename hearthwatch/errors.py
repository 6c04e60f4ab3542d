"""What can go wrong, as a person should read it.

Each class names one kind of trouble. The message of an instance is shown to
people as it is, so it says what happened and what to do about it.
"""

from typing import ClassVar


class HearthwatchError(Exception):
    """Something went wrong that a person can act on.

    Parameters
    ----------
    message : str
        What happened and what to do, in one or two sentences.

    Attributes
    ----------
    code : str
        Short stable name of the kind of trouble, for programs.
    exit_status : int
        Status with which the command line ends. 2 is left to wrong usage of a command.
    message : str
        The message given.
    """

    code: ClassVar[str] = "error"
    exit_status: ClassVar[int] = 1

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class IdentityError(HearthwatchError):
    """The code that runs is not one whole installation."""

    code = "identity"
    exit_status = 10


class SettingsError(HearthwatchError):
    """A setting is unknown or has a value that cannot be used."""

    code = "settings"
    exit_status = 11


class RegionError(HearthwatchError):
    """An area to watch cannot be used as it is."""

    code = "region"
    exit_status = 12


class CatalogueError(HearthwatchError):
    """A catalogue of scenes or settlements cannot be read."""

    code = "catalogue"
    exit_status = 13


class StoreError(HearthwatchError):
    """The database refused or is not in the state it should be in."""

    code = "store"
    exit_status = 14


class StoreLocked(StoreError):
    """Another process holds the database."""

    code = "store_locked"
    exit_status = 15


class QuestionError(StoreError):
    """What is asked of the store makes no sense: a broken cursor, a limit or a box out of range."""

    code = "question"
    exit_status = 19


class DiskFull(HearthwatchError):
    """There is no room left where the data are kept."""

    code = "disk_full"
    exit_status = 16


class NotFound(HearthwatchError):
    """What was asked for does not exist."""

    code = "not_found"
    exit_status = 17


class DigestMismatch(HearthwatchError):
    """Content or code is not what its recorded digest says."""

    code = "digest_mismatch"
    exit_status = 18


class ServerError(HearthwatchError):
    """The service cannot be offered at the address asked for."""

    code = "server"
    exit_status = 20


class BudgetError(HearthwatchError):
    """A cap of the budget or a pause forbids what was asked for."""

    code = "budget"
    exit_status = 22


class EventError(HearthwatchError):
    """What was to be said of an event, or done with it, cannot be."""

    code = "event"
    exit_status = 24


class LookFirst(EventError):
    """Two people look at an event without knowing of each other: nobody says alone what it is."""

    code = "look_first"
    exit_status = 31


class AccessError(HearthwatchError):
    """What was to be done with people, keys, passes or sessions cannot be."""

    code = "access"
    exit_status = 25


class ReleaseError(HearthwatchError):
    """What others are to be told, or what takes two people, cannot be asked for or decided."""

    code = "release"
    exit_status = 29


class AccessBusy(AccessError):
    """Too many passwords are being checked at this moment."""

    code = "busy"
    exit_status = 26


class AuditError(HearthwatchError):
    """The log of acts cannot be written, or a head of it that was kept cannot be used."""

    code = "audit"
    exit_status = 27


class BackupError(HearthwatchError):
    """A backup cannot be made, read or restored, or a key to one cannot be used."""

    code = "backup"
    exit_status = 28


class EarlierLayout(HearthwatchError):
    """The data folder is laid out as an earlier version did."""

    code = "earlier_layout"
    exit_status = 30


class AlertError(HearthwatchError):
    """A receiver, a subscription or a message cannot be used as it is wanted."""

    code = "alert"
    exit_status = 33


class AlertConflict(AlertError):
    """What is wanted of a receiver or a message cannot be done as it stands."""

    code = "alert_conflict"
    exit_status = 34
