"""Any service that Apprise knows, by an address of its form."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterable, Mapping
from ipaddress import IPv4Address, ip_address
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import apprise
from apprise.plugins.base import NotifyBase

from hearthwatch.alerts import words
from hearthwatch.alerts.allowed import Allowed, Ip
from hearthwatch.alerts.channel import DeliveryFailed, Letter, Parcel, Receipt
from hearthwatch.alerts.guarded import guarded
from hearthwatch.errors import AlertError
from imagery.net.sockets import Found

WHOLE_S = 60.0
"""For one message to one service."""
TEXT_BYTES = (20_000, 3_500, 1_800)
"""Sizes that a text is made in; a service is given the largest that it takes in one message."""
SHORT_UP_TO = 640
"""Characters: a service that takes no more in one message is given the form for SMS."""

LOCAL = frozenset(
    {"blink1", "dbus", "glib", "gnome", "growl", "macosx", "rsyslog", "syslog", "windows"}
)
"""Plug-ins that show something on this machine or in its network."""
READS_FILES = frozenset({"deltachat", "email", "fcm", "vapid"})
"""Plug-ins that open files of this machine, such as keys, which an address names."""
NOT_HTTP = frozenset({"amqp", "aprs", "irc", "mqtt", "nostr", "smpp", "xmpp"})
"""Plug-ins that speak something else, with machines that cannot be checked here."""
OWN_SERVICE = frozenset({"betterstack", "mailgun", "sendpulse", "smtp2go", "sparkpost", "wechat"})
"""Plug-ins in whose addresses what stands for the host is none: they call their own service."""

# What would lead elsewhere than the address says, weaken how it is called, read files, or change
# what is told.
_REFUSED = frozenset(
    {
        "attach", "attach-as", "blossom", "cto", "discovery", "emojis", "file_url", "format",
        "hsreq", "keyfile", "overflow", "pgp", "pgpprv", "pgppub", "redirect", "redirects",
        "relay", "retry", "rto", "smtp", "subfile", "template", "verify", "wait", "wkd",
    }
)  # fmt: skip

Resolve = Callable[[str], Iterable[str]]


def _silence() -> None:
    """Keep addresses, which hold secrets, out of the log: Apprise and urllib3 write them there."""
    own = logging.getLogger("apprise")
    own.handlers, own.propagate, own.disabled = [logging.NullHandler()], False, True
    logging.getLogger("urllib3.connectionpool").setLevel(logging.CRITICAL)


def addresses_of(host: str) -> list[str]:
    """Return the addresses that a host has now."""
    return [str(one[4][0]) for one in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]


class Apprise:
    """Messages by Apprise, which calls and encrypts by itself.

    Host and encryption are checked before every attempt. Whatever it then connects to, makers' own
    hosts and proxies of the environment too, is looked up here, checked, and called at an address
    that was checked.

    Parameters
    ----------
    allowed : Allowed
        What the operator allows beyond encrypted calls to public addresses.
    resolve : callable
        Returns the addresses of a host; raises OSError where it has none.
    whole_s : float
        For one message.
    """

    def __init__(
        self,
        allowed: Allowed,
        *,
        resolve: Resolve = addresses_of,
        whole_s: float = WHOLE_S,
    ) -> None:
        _silence()
        self._allowed = allowed
        self._resolve = resolve
        self._asset = apprise.AppriseAsset(
            app_id="hearthwatch",
            app_desc="hearthwatch",
            app_url="",
            async_mode=False,
            http_redirects=False,
            interpret_escapes=False,
            secure_logging=True,
            service_timeout=whole_s,
            storage_mode="memory",
            allow_templates=False,
        )

    def check(self, address: str) -> str:
        """Return an address as it was given, without blanks round it.

        Raises
        ------
        AlertError
            No service has such an address, or it may not be used from here; without the address.
        """
        address = address.strip()
        self._service(address)
        return address

    def render(self, letter: Letter) -> Mapping[str, Any]:
        """Return the text in several sizes, and the form for SMS."""
        language = letter.language
        texts = [words.fitted(letter, language, size) for size in TEXT_BYTES]
        return {"texts": list(dict.fromkeys(texts)), "short": words.short(letter, language)}

    def deliver(self, parcel: Parcel) -> Receipt:
        """Hand a message over to the service.

        Raises
        ------
        DeliveryFailed
            It was not taken, or the address may not be used any longer. Apprise does not tell
            why, so another attempt follows in either case.
        """
        try:
            service = self._service(parcel.address)
        except AlertError as error:
            raise DeliveryFailed(error.message) from None
        sender = apprise.Apprise(asset=self._asset)
        sender.add(service)
        text, guard = _fitting(parcel.content, service), _Guard(self._allowed, self._resolve)
        try:
            with guarded(guard.find):
                told = bool(sender.notify(body=text, body_format=apprise.NotifyFormat.TEXT))
        except Exception:
            # Whatever it is: its words may hold the address.
            told = False
        if guard.refused:
            raise DeliveryFailed(
                f"A host that the service {_name(service)} calls is not a public one, and the "
                "operator did not allow it."
            )
        if not told:
            raise DeliveryFailed(f"The service {_name(service)} did not take the message.")
        return Receipt(words=f"taken by {_name(service)}")

    def _service(self, address: str) -> NotifyBase:
        """Return what sends to an address, if it may be used."""
        _check_parameters(address)
        found = apprise.Apprise.instantiate(address, asset=self._asset)
        if found is None:
            raise AlertError(
                "That is no address of a service that Apprise knows, or something is missing in "
                "it. Its documentation lists the form of each."
            )
        name = _name(found)
        if name in LOCAL | READS_FILES | NOT_HTTP or not _is_shipped(found):
            raise AlertError(
                f"The service {name} cannot be used from here: it works on this machine, reads "
                "its files, or speaks with hosts that cannot be checked."
            )
        self._check_host(found, name)
        return found

    def _check_host(self, service: NotifyBase, name: str) -> None:
        if not has_host(type(service)) or name in OWN_SERVICE or _is_cloud(service):
            return
        host = str(service.host or "").strip("[]").lower()
        if not service.secure and not self._allowed.permits_plain(host):
            raise AlertError(
                f"The address of the service {name} is not encrypted: use its form that is."
            )
        try:
            found = [ip_address(one.partition("%")[0]) for one in self._resolve(host)]
        except (OSError, ValueError):
            found = []
        if not found:
            raise AlertError(f"The host in the address of the service {name} cannot be found.")
        if not all(self._allowed.permits(host, one) for one in found):
            raise AlertError(
                f"The host in the address of the service {name} is not a public one, and the "
                "operator did not allow it."
            )


class _Guard:
    """Finds the addresses that one message may go to, and remembers whether any was refused."""

    def __init__(self, allowed: Allowed, resolve: Resolve) -> None:
        self._allowed = allowed
        self._resolve = resolve
        self.refused = False

    def find(self, host: str, port: int) -> list[Found]:
        """Return the addresses of a host now, all of which may be called, or raise OSError."""
        try:
            every = [ip_address(one.partition("%")[0]) for one in self._resolve(host)]
        except ValueError:
            every = []
        if not all(self._allowed.permits(host, one) for one in every):
            self.refused = True
            raise OSError("the host has an address that may not be called")
        return [_found(one, port) for one in every]


def _found(address: Ip, port: int) -> Found:
    if isinstance(address, IPv4Address):
        return (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (str(address), port))
    place = (str(address), port, 0, 0)
    return (socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", place)


def has_host(service: type[NotifyBase]) -> bool:
    """Tell whether addresses of a service name a host, which anybody may run."""
    return "host" in service.template_tokens


def _check_parameters(address: str) -> None:
    try:
        given = parse_qsl(urlsplit(address).query, keep_blank_values=True)
    except ValueError:
        raise AlertError("That is no address.") from None
    refused = sorted({name.lower() for name, _ in given} & _REFUSED)
    if refused:
        raise AlertError(f"These parts of the address cannot be used: {', '.join(refused)}.")


def _fitting(content: Mapping[str, Any], service: NotifyBase) -> str:
    """Return the largest text that a service takes whole; the form for SMS where none is.

    So nothing is cut by the service, and no part goes out without its mark.
    """
    most = int(service.body_maxlen)
    # In units of UTF-16, which is how services count that count most.
    fits = (one for one in content["texts"] if len(one.encode("utf-16-le")) // 2 <= most)
    text = None if most <= SHORT_UP_TO else next(fits, None)
    return str(content["short"]) if text is None else str(text)


def _name(service: NotifyBase) -> str:
    return type(service).__module__.removeprefix("apprise.plugins.").partition(".")[0]


def _is_shipped(service: NotifyBase) -> bool:
    return type(service).__module__.startswith("apprise.plugins.")


def _is_cloud(service: NotifyBase) -> bool:
    """Tell whether it is called at its makers', as the address leaves the host out."""
    return getattr(service, "mode", None) == "cloud"
