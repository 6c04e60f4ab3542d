"""Which addresses may be asked."""

import pytest

from imagery.errors import Permanent
from imagery.net.address import allowed

ORIGINS = ("https://sh.example", "http://127.0.0.1:8000", "https://other.example:8443")


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://sh.example/api?x=1", "https://sh.example:443"),
        ("https://SH.example:443/api", "https://sh.example:443"),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000"),
        ("https://other.example:8443", "https://other.example:8443"),
    ],
)
def test_addresses_of_the_accounts_origins_are_allowed(url, origin):
    assert allowed(url, ORIGINS).origin == origin


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "http://sh.example/",
        "https://sh.example:444/",
        "https://sh.example.evil.example/",
        "https://sh.example@evil.example/",
        "https://evil.example#@sh.example/",
        "https://evil.example\\@sh.example/",
        "https://user:password@sh.example/",
        "https://sh.example/\r\nHost: evil.example",
        "https://sh.example /",
        "http://127.0.0.1:8001/",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "ftp://sh.example/",
        "//sh.example/",
        "sh.example",
        "",
        "https://[::1",
        "https://sh.example:port/",
    ],
)
def test_every_other_address_is_refused(url):
    with pytest.raises(Permanent):
        allowed(url, ORIGINS)


def test_unencrypted_addresses_of_other_machines_are_refused_even_if_listed():
    with pytest.raises(Permanent, match="without encryption"):
        allowed("http://sh.example/", ("http://sh.example",))


def test_queries_are_never_shown_and_of_private_addresses_only_the_host():
    url = "https://sh.example/path?sig=secret"
    assert allowed(url, ORIGINS).shown == "sh.example/path"
    assert allowed(url, ORIGINS, private=True).shown == "sh.example"


def test_an_address_that_cannot_be_understood_is_not_quoted():
    with pytest.raises(Permanent) as caught:
        allowed("https://sh.example:secret/", ORIGINS)
    assert "secret" not in str(caught.value)
    assert caught.value.__context__ is None
