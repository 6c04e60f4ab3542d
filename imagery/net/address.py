"""Which addresses may be asked, and how they are shown."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from imagery.errors import Permanent

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """An address that was found to be allowed.

    Attributes
    ----------
    url : str
        As it is sent.
    origin : str
        ``scheme://host:port``, the port always given.
    shown : str
        What errors and logs may say of it: never its query, and of a private one only the host.
    private : bool
        Whether it opens a door by itself; then what the server says is not shown either.
    """

    url: str
    origin: str
    shown: str
    private: bool = False


def allowed(url: str, origins: Iterable[str], private: bool = False) -> Address:
    """Return the address of `url` if one of `origins` is its own.

    Raises
    ------
    Permanent
        If it is elsewhere, bears a user or password, or is ``http`` to another machine.
    """
    parsed = _parsed(url)
    origin = _origin(parsed)
    if origin not in {_origin(_parsed(each)) for each in origins}:
        raise Permanent(f"{parsed.host} is not among the addresses this account may ask")
    shown = str(parsed.host) if private else f"{parsed.host}{parsed.path or '/'}"
    return Address(str(parsed.url), origin, shown, private)


def is_loopback(host: str) -> bool:
    """Say whether `host` is this very machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]").partition("%")[0]).is_loopback
    except ValueError:
        return False


def _parsed(url: str) -> Url:
    # The parser of the library that connects: two parsers can differ on where a host ends.
    try:
        return _plain(parse_url(url), url)
    except LocationParseError:
        pass
    # Outside the handler: the library's error quotes the address, and this one's may be private.
    raise Permanent("an address cannot be understood")


def _plain(parsed: Url, url: str) -> Url:
    if any(character <= " " or character in "\\\x7f" for character in url):
        raise Permanent("an address holds characters that none may have")
    if parsed.auth is not None:
        raise Permanent("an address bears a user name; credentials have a file of their own")
    if parsed.scheme not in _PORTS or not parsed.host:
        raise Permanent("an address is neither https:// nor http://")
    if parsed.scheme == "http" and not is_loopback(parsed.host):
        raise Permanent(f"{parsed.host} would be asked without encryption; give https://")
    return parsed


def _origin(parsed: Url) -> str:
    port = parsed.port or _PORTS[str(parsed.scheme)]
    return f"{parsed.scheme}://{str(parsed.host).lower()}:{port}"
