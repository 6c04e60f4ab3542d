"""Messages by Apprise to a service on loopback, and addresses that may not be used."""

from __future__ import annotations

import json
import logging
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import apprise
import pytest
from apprise import NotificationManager
from urllib3.util import connection

from hearthwatch.alerts.allowed import Allowed
from hearthwatch.alerts.apprise_channel import (
    LOCAL,
    NOT_HTTP,
    OWN_SERVICE,
    READS_FILES,
    Apprise,
    _fitting,
    has_host,
)
from hearthwatch.alerts.channel import DeliveryFailed, Parcel
from hearthwatch.alerts.guarded import guarded
from hearthwatch.alerts.words import fitted, short
from hearthwatch.errors import AlertError
from hearthwatch.records import Detail, Language, MessageForm, Mode
from tests.support.wordings import MADE, MESSAGE, facts, letter, notice

SECRET = "s3cr3t-t0ken"
PUBLIC = "93.184.216.34"
LOOPBACK = Allowed.of(["127.0.0.1"])


@pytest.fixture
def target():
    """A service that takes what json:// and form:// send, and answers as it is told."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            length = int(self.headers["Content-Length"])
            self.server.taken.append((self.path, self.rfile.read(length).decode()))
            self.send_response(self.server.status)
            if self.server.status == 302:
                self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/moved")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args):
            pass

    class Server(ThreadingHTTPServer):
        connections = 0

        def process_request(self, *args):
            self.connections += 1
            super().process_request(*args)

    with Server(("127.0.0.1", 0), Handler) as server:
        server.taken, server.status = [], 200
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join(5)


def parcel(address, given):
    content = json.loads(json.dumps(Apprise(LOOPBACK).render(given)))
    return Parcel(MESSAGE, address, (), content, MADE)


def address_of(target, schema="json"):
    return f"{schema}://user:{SECRET}@127.0.0.1:{target.server_port}/{SECRET}"


@pytest.mark.parametrize("language", Language)
def test_a_service_with_room_is_told_everything(target, language):
    given = letter(language=language)
    receipt = Apprise(LOOPBACK).deliver(parcel(address_of(target), given))
    assert receipt.words == "taken by custom_json"
    ((_, body),) = target.taken
    assert json.loads(body)["message"].strip() == fitted(given, language, 20_000)


def test_a_form_is_sent_too(target):
    Apprise(LOOPBACK).deliver(parcel(address_of(target, "form"), letter()))
    assert len(target.taken) == 1


def test_a_notice_names_no_place(target):
    given = letter(detail=Detail.NOTICE, facts=(notice(),))
    Apprise(LOOPBACK).deliver(parcel(address_of(target), given))
    assert "Umm Sidir" not in target.taken[0][1] and "13.6" not in target.taken[0][1]


@pytest.mark.parametrize("status", [302, 400, 401, 404, 429, 500])
def test_what_a_service_does_not_take_is_tried_again_and_no_redirect_is_followed(target, status):
    target.status = status
    with pytest.raises(DeliveryFailed) as failed:
        Apprise(LOOPBACK).deliver(parcel(address_of(target), letter()))
    assert failed.value.retryable and not failed.value.gone
    assert [path for path, _ in target.taken] == [f"/{SECRET}"]


def test_a_service_that_is_not_there_is_tried_again(target):
    address = address_of(target)
    target.shutdown()
    target.server_close()
    with pytest.raises(DeliveryFailed) as failed:
        Apprise(LOOPBACK).deliver(parcel(address, letter()))
    assert failed.value.retryable and SECRET not in str(failed.value)


@pytest.mark.parametrize("status", [200, 500])
def test_no_address_comes_into_the_log(target, status, caplog, capfd):
    target.status = status
    caplog.set_level(logging.DEBUG)
    logging.getLogger("urllib3").setLevel(logging.DEBUG)
    channel = Apprise(LOOPBACK)
    try:
        channel.deliver(parcel(address_of(target), letter()))
    except DeliveryFailed as failed:
        assert SECRET not in str(failed) and failed.__cause__ is None
    with pytest.raises(AlertError):
        channel.check(f"nothing://{SECRET}")
    with pytest.raises(AlertError):
        channel.check(f"jsons://{SECRET}.invalid:99999999/{SECRET}")
    assert SECRET not in caplog.text
    assert SECRET not in "".join(capfd.readouterr())


def services():
    manager = NotificationManager()
    manager.load_modules()
    return {one.__module__.split(".")[2]: one for one in manager.plugins(include_disabled=True)}


@pytest.mark.parametrize("address", [
    "dbus://", "gnome://", "glib://", "macosx://", "windows://", "syslog://",
    "rsyslog://localhost", "blink1://", "growl://localhost", "mailto://a:b@example.org",
    "mqtt://localhost/topic", "aprs://user:pass@DF1ABC", "ircs://irc.example.org/room", "xmpps://a:b@example.org",
    "fcm://project@key/token?keyfile=/etc/passwd", "exec:///bin/true", "file:///etc/passwd",
    "", "nothing", "https://example.org/hook", "http://[bad", "json:///",
])  # fmt: skip
def test_what_works_here_or_reads_files_is_refused(address):
    with pytest.raises(AlertError) as refused:
        Apprise(LOOPBACK, resolve=lambda host: ["93.184.216.34"]).check(address)
    assert address == "" or address not in str(refused.value)


@pytest.mark.parametrize("parameter", [
    "verify=no", "redirect=yes", "OVERFLOW=truncate", "format=html", "keyfile=/etc/passwd",
    "smtp=127.0.0.1", "retry=99", "cto=9999",
])  # fmt: skip
def test_parameters_that_weaken_a_call_are_refused(parameter):
    with pytest.raises(AlertError, match="cannot be used"):
        Apprise(LOOPBACK, resolve=lambda host: ["93.184.216.34"]).check(
            f"jsons://example.org/{SECRET}?{parameter}"
        )


@pytest.mark.parametrize("found", [
    ["127.0.0.1"], ["10.1.2.3"], ["169.254.169.254"], ["::1"], ["::ffff:10.0.0.1"], ["fe80::1%lo"],
    ["93.184.216.34", "192.168.1.1"], ["100.64.0.1"], [],
])  # fmt: skip
def test_targets_that_are_not_public_are_refused(found):
    channel = Apprise(Allowed(), resolve=lambda host: found)
    for address in ("jsons://inside.example/x", "gotifys://inside.example/token",
                    "ntfys://inside.example/topic"):  # fmt: skip
        with pytest.raises(AlertError) as refused:
            channel.check(address)
        assert "inside.example" not in str(refused.value)


def test_a_host_that_turns_private_is_not_told_any_more(target):
    answers = iter([["93.184.216.34"], ["10.0.0.1"]])
    channel = Apprise(Allowed(), resolve=lambda host: next(answers))
    address = channel.check("jsons://turning.example/x")
    with pytest.raises(DeliveryFailed, match="not a public one") as failed:
        channel.deliver(parcel(address, letter()))
    assert failed.value.retryable and target.taken == []


def test_a_resolver_that_lies_at_the_second_look_leads_nowhere(target):
    """A public address when it is checked, a private one when it is called."""
    answers = iter([[PUBLIC], ["127.0.0.1"]])
    channel = Apprise(Allowed(), resolve=lambda host: next(answers))
    before = target.connections
    with pytest.raises(DeliveryFailed, match="not a public one") as failed:
        channel.deliver(parcel(f"jsons://turning.example:{target.server_port}/x", letter()))
    assert failed.value.retryable and target.connections == before
    assert next(answers, None) is None


def test_it_connects_to_what_was_looked_up_here_and_to_nothing_else(target):
    asked = []

    def resolve(host):
        asked.append(host)
        return ["127.0.0.1"]

    channel = Apprise(Allowed.of(["hook.example"]), resolve=resolve)
    # No system would find that name.
    channel.deliver(parcel(f"json://hook.example:{target.server_port}/x", letter()))
    assert asked == ["hook.example", "hook.example"]
    assert len(target.taken) == 1


def test_the_hosts_of_makers_and_a_proxy_are_checked_as_well(target, monkeypatch):
    asked = []

    def resolve(host):
        asked.append(host)
        return ["10.0.0.1"]

    channel = Apprise(Allowed(), resolve=resolve)
    discord = "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js"
    with pytest.raises(DeliveryFailed, match="not a public one"):
        channel.deliver(parcel(discord, letter()))
    assert asked == ["discord.com"]
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{target.server_port}")
    plain = Apprise(Allowed(), resolve=lambda host: [host] if host[0].isdigit() else [PUBLIC])
    with pytest.raises(DeliveryFailed, match="not a public one"):
        plain.deliver(parcel(discord, letter()))
    assert target.taken == []


def test_what_others_connect_to_is_not_touched(target):
    with guarded(lambda host, port: []), pytest.raises(OSError):
        connection.create_connection(("127.0.0.1", target.server_port))
    connection.create_connection(("127.0.0.1", target.server_port)).close()
    found = []

    def beside():
        found.append(connection.create_connection(("127.0.0.1", target.server_port)))

    with guarded(lambda host, port: []):
        thread = threading.Thread(target=beside)
        thread.start()
        thread.join(10)
    found[0].close()


def test_an_unencrypted_target_is_refused_unless_the_operator_allows_it(target):
    public = Apprise(Allowed(), resolve=lambda host: ["93.184.216.34"])
    with pytest.raises(AlertError, match="not encrypted"):
        public.check("json://example.org/x")
    assert public.check(" jsons://example.org/x ") == "jsons://example.org/x"
    assert Apprise(LOOPBACK).check(address_of(target)) == address_of(target)


def test_no_token_is_looked_up_as_a_name():
    def never(host):
        raise AssertionError("a token was looked up")

    channel = Apprise(Allowed(), resolve=never)
    for address in ("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js",
                    "tgram://123456789:abcdefg_hijklmnop/12315544/", "ntfy://a-secret-topic",
                    f"mailgun://user@example.org/{'a' * 32}-{'b' * 8}-{'c' * 8}"):  # fmt: skip
        assert channel.check(address) == address


def test_every_service_whose_addresses_name_a_host_was_looked_at():
    """A new version of Apprise with a new one fails here: is its host the one that is called?"""
    known = {
        "apprise_api", "bark", "custom_form", "custom_json", "custom_xml", "emby", "enigma2",
        "evolution", "flowtriq", "fluxer", "goalert", "gorush", "gotify", "home_assistant",
        "humhub", "infobip", "jellyfin", "kodi", "lametric", "mastodon", "matrix", "mattermost",
        "misskey", "nextcloud", "nextcloudtalk", "notica", "notifico", "ntfy", "onebot",
        "parseplatform", "pinglet", "pushdeer", "pushjet", "rocketchat", "signal_api", "smseagle",
        "sogs", "synology", "trigv", "workflows", "xmatters",
    }  # fmt: skip
    refused = LOCAL | READS_FILES | NOT_HTTP | OWN_SERVICE
    hosted = {name for name, one in services().items() if has_host(one)}
    assert hosted - refused == known
    assert refused <= services().keys()


def test_services_with_little_room_are_given_the_short_form_and_nothing_is_cut():
    given = letter(MessageForm.LIST, mode=Mode.EXERCISE, facts=tuple(
        facts(mode="exercise") for _ in range(60)))  # fmt: skip
    content = Apprise(LOOPBACK).render(given)
    assert len(content["texts"]) == 3

    def told(address):
        service = apprise.Apprise.instantiate(address)
        text = _fitting(content, service)
        assert len(text) <= service.body_maxlen
        assert text.startswith("EXERCISE") and text.endswith("EXERCISE")
        return text

    assert told("jsons://example.org") == content["texts"][0]
    assert told("tgram://123456789:abcdefg_hijklmnop/12315544/") == content["texts"][1]
    assert told("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js") == content["texts"][2]
    assert told("vonage://ACkey:secret@12025550123/12025550124") == short(given, Language.ENGLISH)
