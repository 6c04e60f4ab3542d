"""The channels that come with the service, made of its settings.

What a channel needs is imported with it: most processes tell nobody anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hearthwatch.records import Language
from hearthwatch.settings import Settings

if TYPE_CHECKING:
    from hearthwatch.alerts.allowed import Allowed
    from hearthwatch.alerts.cap_info import Said
    from hearthwatch.alerts.channel import AlertChannel, Letter
    from hearthwatch.alerts.pinned import Pinned


def webhook(settings: Settings) -> AlertChannel:
    """Return what posts signed JSON."""
    from hearthwatch.alerts.webhook import Webhook

    return Webhook(_pinned(settings))


def cap(settings: Settings) -> AlertChannel:
    """Return what posts CAP documents; `SettingsError` where they cannot be signed as set."""
    from hearthwatch.alerts.cap import Cap
    from hearthwatch.alerts.cap_signing import signer_from

    return Cap(_pinned(settings), said, signer_from(settings))


def email(settings: Settings) -> AlertChannel:
    """Return what sends e-mail; `SettingsError` where no mail server is named."""
    from hearthwatch.alerts.email import Email, server_from

    return Email(server_from(settings))


def apprise(settings: Settings) -> AlertChannel:
    """Return what hands messages to the services that Apprise knows."""
    from hearthwatch.alerts.apprise_channel import Apprise

    return Apprise(_allowed(settings))


def feed(settings: Settings) -> AlertChannel:
    """Return what writes feeds, which are fetched."""
    from hearthwatch.alerts.feed import Feed

    return Feed()


def said(letter: Letter, language: Language) -> Said:
    """Return the words of a CAP document that tells of one event, or of none."""
    from hearthwatch.alerts import words
    from hearthwatch.alerts.cap_info import Said

    nowhere = words.say(language, "where-untold")
    if not letter.facts:
        title, text = words.title(letter, language), words.paragraphs(letter, language)
        return Said(title, title, "\n\n".join(text), "", nowhere)
    (facts,) = letter.facts
    return Said(
        event=words.what(facts, language),
        headline=words.headline(facts, language),
        description="\n\n".join(words.described(letter, language)),
        instruction=words.instruction(facts, language),
        nowhere=nowhere,
    )


def _pinned(settings: Settings) -> Pinned:
    from hearthwatch.alerts.pinned import Pinned

    return Pinned(_allowed(settings), settings.certificates)


def _allowed(settings: Settings) -> Allowed:
    from hearthwatch.alerts.allowed import Allowed

    return Allowed.of(settings.alert_allowed_hosts)
