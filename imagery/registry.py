"""The imagery providers that are installed, by name."""

from __future__ import annotations

from importlib.metadata import entry_points

from imagery.types import ImageryProvider

GROUP = "hearthwatch.imagery"


def provider_names() -> tuple[str, ...]:
    """Return the names of the installed providers, sorted."""
    return tuple(sorted(point.name for point in entry_points(group=GROUP)))


def create_provider(name: str, **options: object) -> ImageryProvider:
    """Return the provider called `name`, made with `options`; does no I/O.

    Raises
    ------
    LookupError
        If none is installed under that name; the message lists those that are.
    """
    for point in entry_points(group=GROUP):
        if point.name == name:
            made: ImageryProvider = point.load()(**options)
            return made
    known = ", ".join(provider_names()) or "none"
    raise LookupError(f"no imagery provider is called {name!r}; installed: {known}")
