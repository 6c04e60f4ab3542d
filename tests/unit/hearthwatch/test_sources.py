"""The settings name a provider, and it is made as they say."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hearthwatch.budget.account import budget_from
from hearthwatch.errors import SettingsError
from hearthwatch.settings import Settings, load_settings
from hearthwatch.sources import fallback_from, inbox_from, provider_from
from hearthwatch.store import MemoryStore


@pytest.fixture(autouse=True)
def _bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith("HEARTHWATCH_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_a_folder_needs_its_catalogue(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="--catalogue"):
        provider_from(load_settings())
    assert not provider_from(load_settings(catalogue=tmp_path)).remote


def test_the_hub_gets_the_account_and_limits_of_the_settings(tmp_path: Path) -> None:
    settings = load_settings(
        provider="sentinelhub",
        sentinelhub_credentials=Path("account.json"),
        requests_per_minute=60,
        units_per_minute=70,
    )
    provider = provider_from(settings)
    account = provider.account  # type: ignore[attr-defined]
    assert account.origins == (
        "https://sh.dataspace.copernicus.eu",
        "https://identity.dataspace.copernicus.eu",
    )
    assert account.shared == tmp_path / "var" / "net"
    assert (account.requests_per_minute, account.units_per_minute) == (60, 70)
    assert provider.credentials == tmp_path / "account.json"  # type: ignore[attr-defined]


def test_stac_gets_its_collections_and_asks_nobody_else() -> None:
    settings = load_settings(
        stac_url="https://stac.example.org/v1",
        stac_collections="a,b",
        stac_file_origins="https://files.example.org",
    )
    provider = provider_from(settings, "stac")
    assert provider.collections == ("a", "b")  # type: ignore[attr-defined]
    origins = provider.account.origins  # type: ignore[attr-defined]
    assert set(origins) == {"https://stac.example.org", "https://files.example.org"}


def test_stac_gets_credentials_only_with_a_file_of_them(tmp_path: Path) -> None:
    named = {"stac_url": "https://stac.dataspace.copernicus.eu/v1"}
    plain = provider_from(load_settings(**named), "stac")
    assert plain.account.token_url is None  # type: ignore[attr-defined]
    provider = provider_from(load_settings(**named, stac_credentials=Path("me.json")), "stac")
    assert provider.credentials == tmp_path / "me.json"  # type: ignore[attr-defined]
    account = provider.account  # type: ignore[attr-defined]
    assert account.token_url.startswith("https://identity.dataspace.copernicus.eu/")
    assert set(account.origins) == {
        "https://stac.dataspace.copernicus.eu", "https://download.dataspace.copernicus.eu",
        "https://identity.dataspace.copernicus.eu",
    }  # fmt: skip


def test_credentials_for_a_catalogue_whose_files_are_open_are_refused() -> None:
    with pytest.raises(SettingsError, match=r"earth-search.*read without credentials"):
        provider_from(load_settings(stac_credentials=Path("me.json")), "stac")


def test_news_is_read_only_with_a_file_of_credentials(tmp_path: Path) -> None:
    assert inbox_from(load_settings()) is None
    inbox = inbox_from(load_settings(subscription_credentials=Path("me.json")))
    assert inbox is not None
    assert inbox.credentials == tmp_path / "me.json"
    assert inbox.account.origins == (
        "https://catalogue.dataspace.copernicus.eu",
        "https://identity.dataspace.copernicus.eu",
    )
    assert inbox.account.shared == tmp_path / "var" / "net"


def test_an_unknown_provider_is_refused_with_those_there_are() -> None:
    with pytest.raises(SettingsError, match=r"nowhere.*folder, sentinelhub, stac"):
        provider_from(load_settings(provider="nowhere"))


@pytest.mark.parametrize("other", [None, "stac"])
def test_a_provider_is_not_its_own_fallback(other: str | None) -> None:
    assert fallback_from(load_settings(provider="stac", fallback_provider=other)) is None
    second = fallback_from(load_settings(provider="sentinelhub", fallback_provider="stac"))
    assert second is not None
    assert second.name == "stac"


@pytest.mark.parametrize(
    ("named", "capped"),
    [
        ({"provider": "folder"}, {"sentinelhub"}),
        ({"provider": "stac", "fallback_provider": "another"}, {"sentinelhub", "another"}),
    ],
)
def test_caps_hold_for_all_that_may_charge(named: dict[str, str], capped: set[str]) -> None:
    settings: Settings = load_settings(units_per_month=77, units_per_day=5, **named)
    budget = budget_from(settings, MemoryStore())
    assert set(budget.caps) == capped
    caps = budget.caps["sentinelhub"]
    assert (caps.units_per_month, caps.units_per_day, caps.requests_per_month) == (77, 5, 10_000)
    assert (caps.kept_for_confirmation, caps.kept_for_routine) == (0.2, 0.3)
