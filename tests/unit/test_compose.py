"""The compose file closes what can be closed, and names settings and commands that there are."""

from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml

from hearthwatch.cli.parser import command_list
from hearthwatch.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = ("api-1", "api-2", "coordinator", "sender")


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_closed(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_only_the_proxy_is_published_and_the_rest_is_on_internal_networks():
    assert [name for name, one in SERVICES.items() if "ports" in one] == ["proxy"]
    inside = {name for name, one in COMPOSE["networks"].items() if one and one.get("internal")}
    for name in ("api-1", "api-2", "scheduler", "database"):
        assert set(SERVICES[name]["networks"]) <= inside
    assert not set(SERVICES["proxy"]["networks"]) & set(SERVICES["database"]["networks"])


@pytest.mark.parametrize("name", OURS)
def test_settings_and_commands_are_those_that_there_are(name):
    service = SERVICES[name]
    assert service["command"][0] in {words for words, _ in command_list()}
    given = [key for key in service["environment"] if key.startswith(PREFIX)]
    assert given
    assert {key.removeprefix(PREFIX).lower() for key in given} <= set(Settings.model_fields)


def test_the_proxy_alone_is_believed():
    address = SERVICES["proxy"]["networks"]["front"]["ipv4_address"]
    for name in OURS:
        assert SERVICES[name]["environment"]["HEARTHWATCH_TRUSTED_PROXIES"] == address


def test_nobody_who_starts_sooner_is_given_the_address_of_the_proxy():
    (given,) = COMPOSE["networks"]["front"]["ipam"]["config"]
    subnet, others = (ip_network(given[name]) for name in ("subnet", "ip_range"))
    address = ip_address(SERVICES["proxy"]["networks"]["front"]["ipv4_address"])
    assert others.subnet_of(subnet)
    assert address in subnet
    assert address not in others
    assert ip_address(given["gateway"]) not in others


def test_secrets_come_from_files_only():
    for service in SERVICES.values():
        for key, value in service.get("environment", {}).items():
            secret = "PASSWORD" in key or "TOKEN" in key
            assert not secret or value.startswith(("/run/secrets/", "tcp://"))
        for name in service.get("secrets", []):
            assert COMPOSE["secrets"][name]["file"].startswith("./secrets/")


def test_the_proxy_names_every_api():
    text = (ROOT / "deploy" / "Caddyfile").read_text("utf-8")
    for name in ("api-1", "api-2"):
        assert f"{name}:8480" in text


def test_the_proxy_writes_no_address_into_its_log():
    """It logs what it cannot hand on even where nothing else is logged."""
    text = (ROOT / "deploy" / "Caddyfile").read_text("utf-8")
    general = text[text.index("{") : text.index("{$SITE_HOST}")]
    for field in ("request>uri", "request>headers"):
        assert f"{field} delete" in general
