"""Checks of the accounts and services that scenes come from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import shapely

from hearthwatch.budget.account import budget_from
from hearthwatch.budget.policy import date_words
from hearthwatch.cli.call import Call
from hearthwatch.cli.checks import Check, Outcome
from hearthwatch.errors import SettingsError
from hearthwatch.sources import FOLDER, SENTINELHUB, STAC, inbox_from, provider_from
from hearthwatch.store.protocol import Store
from imagery.errors import ImageryError, IntegrityError, NotYet, Permanent, QuotaExhausted
from imagery.net.tokens import Credentials, try_credentials
from imagery.net.types import Account, Deadline
from imagery.providers.stac import StacProvider
from imagery.types import Query

ASKED_FOR = shapely.box(4.30, 50.80, 4.40, 50.90)
"""Brussels: a check must not show a provider what is watched."""
ASKED_BEFORE = timedelta(days=10)
LOGIN_S = 20.0
CLOCKS_APART = timedelta(minutes=5)
"""This machine's and a provider's at most: answers take seconds."""
_SET_THE_CLOCK = (
    "Set the clock by a time server (timedatectl set-ntp true): a wrong one dates every record "
    "wrongly, and tokens and what is new are told by it."
)
_CLIENT = '{"client_id": "...", "client_secret": "..."}'
_PERSON = '{"username": "...", "password": "..."}'
_NOTHING_YET = "nothing was recorded yet"


def credentials(call: Call) -> Check:
    """Check that the accounts' files are there, private and complete; they are never shown."""
    settings, named = call.settings, _named(call)
    checks = []
    if SENTINELHUB in named:
        checks.append(_held(settings.sentinelhub_credentials, _CLIENT))
    if STAC in named and settings.stac_credentials is not None:
        checks.append(_held(settings.stac_credentials, _PERSON))
    if settings.subscription_credentials is not None:
        checks.append(_held(settings.subscription_credentials, _PERSON))
    if not checks:
        return Check(Outcome.OK, f"the provider {settings.provider} needs none")
    return _together(checks)


def providers(call: Call) -> Check:
    """Check that every provider that is named answers a small question, and every account opens."""
    return _together([*(_asked(call, name) for name in _named(call)), *_logins(call)])


def quota(call: Call) -> Check:
    """Check that this month's budget lasts."""
    if not call.is_kept:
        return Check(Outcome.OK, _NOTHING_YET)
    with call.store() as store:
        return _quota(call, store)


def pauses(call: Call) -> Check:
    """Check that no provider is paused."""
    if not call.is_kept:
        return Check(Outcome.OK, _NOTHING_YET)
    with call.store() as store:
        budget = budget_from(call.settings, store)
        held = [pause for name in _named(call) if (pause := budget.paused(name))]
    if not held:
        return Check(Outcome.OK, "no provider is paused")
    words = "; ".join(
        f"{pause.provider} since {pause.since:%Y-%m-%d %H:%M}: {pause.reason}"
        + (f"; back on {date_words(pause.until)}" if pause.until else "")
        for pause in held
    )
    return Check(Outcome.WARN, words, "Name a fallback_provider, or wait until it is over.")


def _held(path: Path | None, wanted: str) -> Check:
    """Check one file, which is to hold a client's credentials or a person's."""
    if path is None:
        advice = (
            "Make an OAuth client in the account's settings, put its client_id and client_secret "
            "into a JSON file, chmod 600 it, and name it in HEARTHWATCH_SENTINELHUB_CREDENTIALS."
        )
        return Check(Outcome.FAIL, "no file of credentials is named", advice)
    advice = f"It holds {wanted}, for its owner only."
    try:
        found = Credentials.read(path)
    except Permanent as error:
        return Check(Outcome.FAIL, str(error), advice)
    if found.is_person != (wanted == _PERSON):
        holds = "a person's name and password" if found.is_person else "a client's id and secret"
        return Check(Outcome.FAIL, f"{path} holds {holds}", advice)
    return Check(Outcome.OK, f"{path} holds both and is private")


def _together(checks: Sequence[Check]) -> Check:
    worst = max(checks, key=lambda check: list(Outcome).index(check.outcome))
    advice = " ".join(dict.fromkeys(check.advice for check in checks if check.advice))
    found = "; ".join(dict.fromkeys(check.found for check in checks))
    return Check(worst.outcome, found, advice)


def _quota(call: Call, store: Store) -> Check:
    budget, now = budget_from(call.settings, store), datetime.now(UTC)
    found, short = [], False
    for name in _named(call):
        caps = budget.caps.get(name)
        if caps is None:
            continue
        month = budget.standing(name, "", now).month
        used_up = budget.projected_exhaustion(name)
        short = short or used_up is not None
        lasts = f"used up on {date_words(used_up)} at this pace" if used_up else "it lasts"
        found.append(
            f"{name}: {month.units:,.1f} of {caps.units_per_month:,.0f} units and "
            f"{month.requests:,} of {caps.requests_per_month:,} requests spent this month, "
            f"{month.reserved_units:,.1f} units reserved; {lasts}"
        )
    if not found:
        return Check(Outcome.OK, f"the provider {call.settings.provider} charges nothing")
    advice = "Watch less, or take the baseline years from the stac provider, which is free."
    return Check(Outcome.WARN if short else Outcome.OK, "; ".join(found), advice if short else "")


def _asked(call: Call, name: str) -> Check:
    if name == FOLDER:
        return Check(Outcome.OK, f"{name}: on this machine, see catalogue")
    try:
        provider = provider_from(call.settings, name)
    except SettingsError as error:
        return Check(Outcome.WARN, f"{name}: {error.message}")
    then = datetime.now(UTC) - ASKED_BEFORE
    query = Query(ASKED_FOR, then, then + timedelta(days=1))
    try:
        with provider.serving():
            count = sum(1 for _ in provider.search(query))
    except ImageryError as error:
        return Check(Outcome.FAIL, f"{name}: {error}", _advice(error))
    words = f"{name}: it answers ({count} scenes of a day over Brussels)"
    return _timed(words, getattr(provider, "clock_ahead", None))


def _logins(call: Call) -> Iterator[Check]:
    """See whether people's accounts open; a search, which needs none, does not tell."""
    for name in _named(call):
        with suppress(SettingsError):
            provider = provider_from(call.settings, name)
            if isinstance(provider, StacProvider) and provider.credentials is not None:
                yield _login(f"files of {name}", provider.account, provider.credentials)
    inbox = inbox_from(call.settings)
    if inbox is not None:
        yield _login("news of products", inbox.account, inbox.credentials)


def _login(what: str, account: Account, credentials: Path) -> Check:
    try:
        try_credentials(account, credentials, Deadline.after(LOGIN_S))
    except ImageryError as error:
        return Check(Outcome.FAIL, f"{what}: {error}", _advice(error))
    return Check(Outcome.OK, f"{what}: the account opens")


def _timed(words: str, ahead: timedelta | None) -> Check:
    """Warn where this machine's clock and the provider's are apart; None for not known."""
    if ahead is None or abs(ahead) <= CLOCKS_APART:
        return Check(Outcome.OK, words)
    minutes = round(abs(ahead) / timedelta(minutes=1))
    side = "ahead of" if ahead > timedelta(0) else "behind"
    apart = f"this machine's clock is {minutes} min {side} its own"
    return Check(Outcome.WARN, f"{words}; {apart}", _SET_THE_CLOCK)


def _advice(error: ImageryError) -> str:
    if isinstance(error, QuotaExhausted):
        return "The account's quota is spent: wait for its reset, or name a fallback_provider."
    if isinstance(error, Permanent):
        return "Check the address and the credentials in the settings."
    if isinstance(error, IntegrityError):
        return "Something between here and the provider alters answers: check proxies."
    if isinstance(error, NotYet):
        return "Try again in an hour."
    return "Check the network and the provider's status page, and try again."


def _named(call: Call) -> tuple[str, ...]:
    settings = call.settings
    names = (settings.provider, settings.fallback_provider or settings.provider)
    return tuple(dict.fromkeys(names))
