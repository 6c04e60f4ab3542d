"""The settings of one installation, from the environment and an optional file."""

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from hearthwatch.errors import SettingsError
from hearthwatch.layout import checked_address

PREFIX = "HEARTHWATCH_"
"""What the name of every environment variable of ours begins with."""

CONFIG_VARIABLE = "HEARTHWATCH_CONFIG"
"""Environment variable that names the settings file."""

CONFIG_FILE = "hearthwatch.toml"
"""Settings file that is read from the current folder when none is named."""

_NOT_SETTINGS = frozenset(
    {CONFIG_VARIABLE, "HEARTHWATCH_CI", "HEARTHWATCH_STOP_AT", "HEARTHWATCH_STOP_FILE"}
)


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _listed(value: object) -> object:
    """Take a list as an environment variable has it, with commas."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _address(value: str) -> str:
    return checked_address(value) if value else value


def _recipient(value: str) -> str:
    if value and re.fullmatch(r"hwseal1-[a-z2-7]{58}", value) is None:
        raise ValueError("it must be a public key that `hearthwatch recovery key` printed")
    return value


def _networks(value: tuple[str, ...]) -> tuple[str, ...]:
    for one in value:
        try:
            network = ip_network(one)
        except ValueError:
            raise ValueError(f"{one!r} is no address or network, such as 10.0.0.0/8") from None
        if not network.prefixlen:
            raise ValueError(f"{one} is every address there is: anybody could forge theirs")
    return value


_Absolute = Annotated[Path, AfterValidator(Path.absolute)]
_Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]
_CDSE_TOKENS = (
    "https://identity.dataspace.copernicus.eu/auth/realms/CDSE/protocol/openid-connect/token"
)
# Without a user's name or a query, in which secrets travel; in clear to this machine only.
_URL = r"^(https://[^\s?#@/]+|http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?)(/[^\s?#@]*)?$"


class Settings(BaseSettings):
    """The settings in force. Build it with `load_settings`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        validate_default=True,
    )

    data_dir: _Absolute = Field(
        default=Path("var"),
        description="Folder for everything hearthwatch keeps. "
        "A relative path starts at the current folder.",
    )
    database: Annotated[str, AfterValidator(_address)] = Field(
        default="",
        description="Address of a PostgreSQL database with PostGIS that takes the place of the "
        "SQLite file in the data folder: postgresql://user@host:5432/database, without a password.",
    )
    organisation: str = Field(
        default="local",
        pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$",
        description="Short name of the organisation that owns what is recorded.",
    )
    provider: str = Field(
        default="folder",
        description="Where scenes come from: the name of an installed imagery provider.",
    )
    catalogue: _Absolute | None = Field(
        default=None,
        description="Folder or file of the scene catalogue that the folder provider reads.",
    )
    fallback_provider: str | None = Field(
        default=None,
        description="Another provider that is asked while the first one cannot be.",
    )
    sentinelhub_url: str = Field(
        default="https://sh.dataspace.copernicus.eu",
        pattern=_URL,
        description="Address of the Sentinel Hub service.",
    )
    sentinelhub_token_url: str = Field(
        default=_CDSE_TOKENS,
        pattern=_URL,
        description="Where Sentinel Hub's tokens come from.",
    )
    sentinelhub_credentials: _Absolute | None = Field(
        default=None,
        description="File that only you can read, JSON or TOML, with client_id and "
        "client_secret of a Sentinel Hub account.",
    )
    stac_url: str = Field(
        default="https://earth-search.aws.element84.com/v1",
        pattern=_URL,
        description="Address of the STAC API that the stac provider searches.",
    )
    stac_collections: _Names = Field(
        default=("sentinel-2-c1-l2a",),
        min_length=1,
        description="Collections of it, with commas between them.",
    )
    stac_file_origins: _Names = Field(
        default=(),
        description="Where its files lie, as https://host with commas between them, besides "
        "where they are known to be. Nothing else is ever asked.",
    )
    stac_credentials: _Absolute | None = Field(
        default=None,
        description="File that only you can read, JSON or TOML, with username and password of "
        "somebody who may read its files, where those want a login.",
    )
    stac_token_url: str = Field(
        default=_CDSE_TOKENS,
        pattern=_URL,
        description="Where the tokens for its files come from.",
    )
    stac_requests_per_minute: float = Field(
        default=3000.0,
        gt=0,
        allow_inf_nan=False,
        description="Requests that STAC catalogues and the keepers of their files are sent at "
        "most: a file takes several, and open ones are not counted out.",
    )
    subscription_credentials: _Absolute | None = Field(
        default=None,
        description="The same kind of file, of an account of the Copernicus Data Space: with it "
        "`hearthwatch up` hears of new products every 15 minutes.",
    )
    subscription_url: str = Field(
        default="https://catalogue.dataspace.copernicus.eu/odata/v1/Subscriptions",
        pattern=_URL,
        description="Where news of products is subscribed to.",
    )
    subscription_token_url: str = Field(
        default=_CDSE_TOKENS,
        pattern=_URL,
        description="Where the tokens for that come from.",
    )
    firms_credentials: _Absolute | None = Field(
        default=None,
        description="File that only you can read, JSON or TOML, with the map_key of NASA's FIRMS: "
        "with it `hearthwatch heat fetch` asks what satellites saw hot.",
    )
    firms_url: str = Field(
        default="https://firms.modaps.eosdis.nasa.gov",
        pattern=_URL,
        description="Address of FIRMS.",
    )
    firms_sources: _Names = Field(
        default=("VIIRS_SNPP_NRT", "VIIRS_NOAA20_NRT", "VIIRS_NOAA21_NRT", "MODIS_NRT"),
        min_length=1,
        description="Sources of heat that are asked, with commas between them.",
    )
    certificates: _Absolute | None = Field(
        default=None,
        description="File of certificates to trust instead of the system's.",
    )
    smtp_host: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$",
        description="Name of the mail server that alerts by e-mail are handed to.",
    )
    smtp_port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="Its port; by default 587, or 465 where smtp_tls is implicit.",
    )
    smtp_tls: Annotated[Literal["starttls", "implicit"], BeforeValidator(_lower)] = Field(
        default="starttls",
        description="How it is encrypted: nothing is ever sent in clear.",
    )
    smtp_sender: str | None = Field(
        default=None,
        max_length=254,
        description="Address that alerts by e-mail come from.",
    )
    smtp_credentials: _Absolute | None = Field(
        default=None,
        description="File that only you can read, JSON or TOML, with username and password of an "
        "account of the mail server, where it asks for a login.",
    )
    requests_per_minute: float = Field(
        default=300.0,
        gt=0,
        allow_inf_nan=False,
        description="Requests that Sentinel Hub is sent at most, by all workers together.",
    )
    units_per_minute: float = Field(
        default=300.0,
        gt=0,
        allow_inf_nan=False,
        description="Processing units that are asked of Sentinel Hub at most.",
    )
    units_per_month: float = Field(
        default=10_000.0,
        ge=0,
        allow_inf_nan=False,
        description="Processing units that may be spent in a month.",
    )
    units_per_day: float | None = Field(
        default=None,
        ge=0,
        allow_inf_nan=False,
        description="Processing units that may be spent in a day.",
    )
    units_per_region_month: float | None = Field(
        default=None,
        ge=0,
        allow_inf_nan=False,
        description="Processing units that may be spent on one region in a month.",
    )
    requests_per_month: int = Field(
        default=10_000,
        ge=0,
        description="Requests that may be sent in a month.",
    )
    kept_for_confirmation: float = Field(
        default=0.2,
        ge=0,
        le=1,
        description="Share of every cap that only confirmations may take.",
    )
    kept_for_routine: float = Field(
        default=0.3,
        ge=0,
        le=1,
        description="Share of every cap that backfill may not take either.",
    )
    prelook: bool = Field(
        default=True,
        description="Whether a cheap look at the cloud comes before a read that costs units.",
    )
    coarse_first: bool = Field(
        default=False,
        description="Whether looks that cost units are read at 20 m until something is suspected "
        "in their cell, and at 10 m from then on: two fifths of the price, and less is seen.",
    )
    prelook_clear_share: float = Field(
        default=0.15,
        ge=0,
        le=1,
        description="Least share of settlements that it must show clear for the read to follow.",
    )
    statistics_baselines: bool = Field(
        default=False,
        description="Whether `settlement series` may ask for daily means of single settlements: "
        "at a small part of the units, but it shows the provider which settlements are watched.",
    )
    backfill_days: int = Field(
        default=730,
        ge=0,
        description="How many days before a region was added its looks begin, of providers that "
        "are asked over a network. It counts for regions of which no look was taken yet.",
    )
    executor: Annotated[Literal["threads", "processes", "dask"], BeforeValidator(_lower)] = Field(
        default="threads",
        description="What runs the work: threads or processes of this machine, or a Dask cluster.",
    )
    workers: int = Field(
        default_factory=lambda: os.cpu_count() or 1,
        ge=1,
        description="How many cells are worked on at once. By default one for each processor.",
    )
    dask_scheduler: str | None = Field(
        default=None,
        description="Address of a running Dask scheduler, as tcp://host:port, for the "
        "executor dask.",
    )
    max_region_km2: float = Field(
        default=2500.0,
        gt=0,
        allow_inf_nan=False,
        description="Largest area, in square kilometres, that one region may have.",
    )
    max_vertices: int = Field(
        default=100_000,
        ge=4,
        description="Most vertices that the outline of one region may have.",
    )
    confirm_above_units: float | None = Field(
        default=2000.0,
        ge=0,
        allow_inf_nan=False,
        description="Processing units a month that a new watch may take, if every look is read, "
        "before somebody must confirm it.",
    )
    confirm_above_km2: float | None = Field(
        default=None,
        gt=0,
        allow_inf_nan=False,
        description="Square kilometres of a new watch above which somebody must confirm it.",
    )
    minimum_mapping_unit_ha: float = Field(
        default=0.1,
        ge=0,
        allow_inf_nan=False,
        description="Smallest changed area, in hectares, that is reported.",
    )
    watch_budget: float = Field(
        default=20.0,
        gt=0,
        lt=1000,
        description="False alarms of the state WATCH that `hearthwatch calibrate` allows, per "
        "1,000 settlement-years.",
    )
    probable_budget: float = Field(
        default=5.0,
        gt=0,
        lt=1000,
        description="The same of the state PROBABLE.",
    )
    established_budget: float = Field(
        default=1.0,
        gt=0,
        lt=1000,
        description="The same of the state ESTABLISHED.",
    )
    budget_aim: float = Field(
        default=1.0,
        gt=0,
        le=1,
        description="Share of these budgets that thresholds are set for; half leaves room to show "
        "that a budget is held.",
    )
    base_rate: float = Field(
        default=0.01,
        gt=0,
        le=10,
        description="Events that are thought to befall a settlement in a year: what "
        "probabilities begin from while people have judged too few events.",
    )
    host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="Address on which the API listens. By default only this machine reaches it.",
    )
    port: int = Field(
        default=8480,
        ge=0,
        le=65535,
        description="Port on which the API listens; 0 takes a free one.",
    )
    public_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s?#]+$",
        description="Address under which callers reach the API, if a proxy stands before it. Links "
        "in messages begin with it; without it they hold none, and a code to confirm with.",
    )
    alert_sender: str = Field(
        default="",
        max_length=100,
        pattern=r"^[^\s/<>\"]*$",
        description="What this service calls itself in alerts; by default the host of public_url.",
    )
    alert_key: _Absolute | None = Field(
        default=None,
        description="File with the key that seals the addresses of receivers and makes their "
        "secrets; by default keys/alerts.key in the data folder. It is made where there is none.",
    )
    heartbeat_hours: float = Field(
        default=24.0,
        ge=0.25,
        le=744,
        allow_inf_nan=False,
        description="Hours between two signs of life to receivers that subscribed to them.",
    )
    no_data_days: float = Field(
        default=14.0,
        ge=1,
        le=365,
        allow_inf_nan=False,
        description="Days without any data of a sensor over a region, after which that is an "
        "alarm.",
    )
    cap_key: _Absolute | None = Field(
        default=None,
        description="File that only you can read, with the RSA key (PEM, without a password) that "
        "CAP documents are signed with; by default they are not signed.",
    )
    cap_certificate: _Absolute | None = Field(
        default=None,
        description="File with the certificate of that key (PEM), which goes along in each "
        "document, and with those of its authorities if there are any.",
    )
    alert_allowed_hosts: _Names = Field(
        default=(),
        description="Names, addresses and networks, with commas between them, that alerts may be "
        "sent to though they are not public.",
    )
    session_hours: float = Field(
        default=12.0,
        gt=0,
        le=744,
        description="How long somebody stays signed in at most.",
    )
    session_idle_minutes: float = Field(
        default=60.0,
        ge=2,
        le=44640,
        description="How long somebody stays signed in who does nothing.",
    )
    trusted_proxies: Annotated[_Names, AfterValidator(_networks)] = Field(
        default=(),
        description="Addresses or networks of proxies before the API, with commas between them. "
        "Only of these X-Forwarded-For and X-Forwarded-Proto are believed.",
    )
    requests_per_second: float = Field(
        default=200.0,
        ge=0,
        allow_inf_nan=False,
        description="Requests that one key, pass or session may make in the long run, of each "
        "process; one address five times as many. 0: no limit.",
    )
    metrics_token: _Absolute | None = Field(
        default=None,
        description="File that only you can read with the token that opens /metrics. Without it "
        "there is no such address.",
    )
    log_format: Annotated[Literal["text", "json"], BeforeValidator(_lower)] = Field(
        default="text",
        description="How entries of the log are written: for people, or one JSON object a line.",
    )
    backup_recipient: Annotated[str, AfterValidator(_recipient)] = Field(
        default="",
        description="Public key that backups are sealed for, as `hearthwatch recovery key` "
        "prints it. With it nothing on this machine can open them.",
    )
    public_events: bool = Field(
        default=False,
        description="Whether anybody may read, without a key, the events that two people of an "
        "organisation released to the public.",
    )
    review_audit_share: float = Field(
        default=0.1,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="Share of the events that people settled which a supervisor looks at again.",
    )
    review_audit_seed: str = Field(
        default="",
        max_length=200,
        repr=False,
        description="What that share is drawn by: any text that those who verify do not know.",
    )
    run_every_hours: float = Field(
        default=6.0,
        gt=0,
        allow_inf_nan=False,
        description="How often `hearthwatch up` takes the looks that are new.",
    )
    elevated_every_hours: float = Field(
        default=3.0,
        gt=0,
        allow_inf_nan=False,
        description="The same of a region whose level is elevated, at most.",
    )
    urgent_every_hours: float = Field(
        default=1.0,
        gt=0,
        allow_inf_nan=False,
        description="The same of one whose level is urgent.",
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)] = (
        Field(
            default="info",
            description="Least severe message that is logged.",
        )
    )


def load_settings(**overrides: Any) -> Settings:
    """Read the settings.

    A value given here wins over the environment, the environment over the file,
    and the file over the default. An empty environment variable counts as absent.

    Parameters
    ----------
    **overrides
        Values by field name, as from the command line.

    Returns
    -------
    Settings
        Frozen.

    Raises
    ------
    SettingsError
        The file cannot be read, a name is unknown, or a value cannot be used.
    """
    config = _config_file()
    from_file = _read(config) if config is not None else {}
    variables = _our_variables()
    _refuse_unknown(from_file, where=f"in {config}")
    _refuse_unknown(variables, where="in the environment", prefix=PREFIX)
    _refuse_unknown(overrides, where="among the values given")
    below_environment = {k: v for k, v in from_file.items() if k not in variables}
    try:
        return Settings(**(below_environment | overrides))
    except ValidationError as error:
        sources = (
            dict.fromkeys(below_environment, f"in {config}")
            | {name: f"in the variable {PREFIX}{name.upper()}" for name in variables}
            | dict.fromkeys(overrides, "as given")
        )
        raise SettingsError(_in_words(error, sources)) from error


def _config_file() -> Path | None:
    named = os.environ.get(CONFIG_VARIABLE)
    if named:
        return Path(named)
    here = Path(CONFIG_FILE)
    return here if here.exists() else None


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = error.strerror or str(error)
        raise SettingsError(
            f"The settings file {path} cannot be read: {reason}. "
            f"Correct {CONFIG_VARIABLE} or the file's permissions."
        ) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(
            f"The settings file {path} is not valid TOML: {error}. Correct it there."
        ) from error


def _our_variables() -> dict[str, str]:
    return {
        name.upper().removeprefix(PREFIX).lower(): value
        for name, value in os.environ.items()
        if name.upper().startswith(PREFIX) and name.upper() not in _NOT_SETTINGS and value
    }


def _refuse_unknown(names: Iterable[str], *, where: str, prefix: str = "") -> None:
    known = list(Settings.model_fields)
    for name in names:
        if name in Settings.model_fields:
            continue
        close = difflib.get_close_matches(name, known, n=1, cutoff=0.0)[0]
        raise SettingsError(
            f"There is no setting {_spelt(name, prefix)} ({where}). "
            f"The closest is {_spelt(close, prefix)}; "
            f"correct the name or take it out."
        )


def _spelt(name: str, prefix: str) -> str:
    return f"{prefix}{name.upper()}" if prefix else name


def _in_words(error: ValidationError, sources: Mapping[str, str]) -> str:
    problems = []
    for problem in error.errors(include_url=False, include_input=False):
        name = str(problem["loc"][0])
        problems.append(f"The setting {name} ({sources[name]}) cannot be used: {problem['msg']}.")
    return " ".join(problems)
