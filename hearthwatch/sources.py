"""Where scenes come from: the imagery providers that the settings name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hearthwatch.errors import SettingsError
from hearthwatch.layout import Layout
from hearthwatch.settings import Settings
from imagery.errors import ImageryError
from imagery.registry import create_provider
from imagery.subscriptions import Inbox
from imagery.types import ImageryProvider

FOLDER = "folder"
SENTINELHUB = "sentinelhub"
STAC = "stac"


def provider_from(settings: Settings, name: str | None = None) -> ImageryProvider:
    """Return an imagery provider; nothing is asked of it yet.

    Parameters
    ----------
    name : str, optional
        Which; by default the one the settings name.

    Raises
    ------
    SettingsError
        If there is none of that name, or a setting that it needs is missing or cannot be used.
    """
    wanted = settings.provider if name is None else name
    options = _OPTIONS.get(wanted, _no_options)(settings)
    try:
        return create_provider(wanted, **options)
    except (LookupError, TypeError, ValueError, ImageryError) as error:
        raise SettingsError(f"The provider cannot be used: {error}.") from error


def fallback_from(settings: Settings) -> ImageryProvider | None:
    """Return the provider that is asked while the first one cannot be; None if there is none."""
    other = settings.fallback_provider
    if other is None or other == settings.provider:
        return None
    return provider_from(settings, other)


def inbox_from(settings: Settings) -> Inbox | None:
    """Return where news of products comes in; None if nothing is subscribed to.

    Raises
    ------
    SettingsError
        If a setting cannot be used.
    """
    if settings.subscription_credentials is None:
        return None
    try:
        return Inbox(
            settings.subscription_url,
            settings.subscription_token_url,
            Layout(settings.data_dir).net,
            settings.subscription_credentials,
            settings.certificates,
        )
    except ImageryError as error:
        raise SettingsError(f"The subscription cannot be used: {error}.") from error


def _folder(settings: Settings) -> Mapping[str, object]:
    if settings.catalogue is None:
        raise SettingsError(
            "No catalogue of scenes is named. Give it with --catalogue, or set "
            "HEARTHWATCH_CATALOGUE; `hearthwatch sample fetch` makes one to try."
        )
    return {"path": settings.catalogue}


def _sentinelhub(settings: Settings) -> Mapping[str, object]:
    return {
        "url": settings.sentinelhub_url,
        "token_url": settings.sentinelhub_token_url,
        "shared": Layout(settings.data_dir).net,
        "credentials": settings.sentinelhub_credentials,
        "requests_per_minute": settings.requests_per_minute,
        "units_per_minute": settings.units_per_minute,
        "certificates": settings.certificates,
    }


def _stac(settings: Settings) -> Mapping[str, object]:
    return {
        "url": settings.stac_url,
        "collections": settings.stac_collections,
        "shared": Layout(settings.data_dir).net,
        "file_origins": settings.stac_file_origins,
        "credentials": settings.stac_credentials,
        "token_url": settings.stac_token_url,
        "requests_per_minute": settings.stac_requests_per_minute,
        "certificates": settings.certificates,
    }


def _no_options(_: Settings) -> Mapping[str, object]:
    return {}


_OPTIONS: Mapping[str, Callable[[Settings], Mapping[str, object]]] = {
    FOLDER: _folder,
    SENTINELHUB: _sentinelhub,
    STAC: _stac,
}
