"""The channels that this installation has, and what sends by them.

A channel registers by the entry point ``hearthwatch.alerts``, under one of the names of `Channel`,
as what makes it of the settings. One that the settings do not set up is not there.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hearthwatch.alerts.background import Background
from hearthwatch.alerts.channel import AlertChannel
from hearthwatch.alerts.pictures import Darkroom
from hearthwatch.alerts.planning import Planner
from hearthwatch.alerts.post import PostRoom
from hearthwatch.alerts.sender import Sender
from hearthwatch.alerts.vault import Vault, open_vault
from hearthwatch.disclosure.telling import now_utc
from hearthwatch.errors import SettingsError
from hearthwatch.layout import Layout
from hearthwatch.records import Channel
from hearthwatch.settings import Settings
from hearthwatch.store.protocol import Store

if TYPE_CHECKING:
    from tiles.archive import Archive

GROUP = "hearthwatch.alerts"
UNNAMED = "hearthwatch"

_log = logging.getLogger(__name__)


def channels_from(settings: Settings) -> dict[Channel, AlertChannel]:
    """Return the channels that are installed and set up, by what receivers name them.

    Raises
    ------
    SettingsError
        A channel bears a name that receivers cannot give.
    """
    found: dict[Channel, AlertChannel] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda one: one.name):
        try:
            found[_named(point)] = point.load()(settings)
        except SettingsError as error:
            if point.name not in set(Channel):
                raise
            _log.info("nobody is told by %s: %s", point.name, error.message)
    return found


def vault_from(settings: Settings) -> Vault:
    """Return the vault whose key the settings name; it is made where there is none yet."""
    return open_vault(settings.alert_key or Layout(settings.data_dir).alert_key)


def background_from(settings: Settings, store: Store, vault: Vault) -> Background:
    """Return what is told beside what alerts hold."""
    home = (settings.public_url or "").rstrip("/")
    sender = settings.alert_sender or urlsplit(home).hostname or UNNAMED
    return Background(store, sender, home, vault)


def post_from(
    settings: Settings, store: Store, channels: Mapping[Channel, AlertChannel] | None = None
) -> PostRoom:
    """Return what the keeping of receivers needs.

    Parameters
    ----------
    channels : mapping, optional
        By default those that are installed.
    """
    vault = vault_from(settings)
    ways = channels_from(settings) if channels is None else channels
    return PostRoom(ways, vault, background_from(settings, store, vault))


def sender_from(
    settings: Settings,
    store: Store,
    channels: Mapping[Channel, AlertChannel] | None = None,
    clock: Callable[[], datetime] = now_utc,
) -> Sender:
    """Return what sends.

    Parameters
    ----------
    channels : mapping, optional
        By default those that are installed.
    """
    post = post_from(settings, store, channels)
    planner = Planner(store, post.channels, post.background)
    darkroom = Darkroom(partial(_archive_of, settings))
    return Sender(store, planner, post.channels, post.vault, clock, darkroom=darkroom)


def _archive_of(settings: Settings, organisation: str) -> Archive:
    # What reads pixels is loaded where a picture is made: most senders never make one.
    from hearthwatch.archives import archive_of

    return archive_of(settings, organisation)


def _named(point: EntryPoint) -> Channel:
    try:
        return Channel(point.name)
    except ValueError:
        names = ", ".join(Channel)
        raise SettingsError(
            f"The channel {point.name!r} is installed, but channels are called {names}: take it "
            "out or register it under one of these names."
        ) from None
