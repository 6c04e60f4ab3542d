"""Takes secrets and places out of text before it is logged.

What looks like one is taken for one: a number that is lost from a log costs little, a village in
it may cost lives.
"""

from __future__ import annotations

import re

SECRET = "[secret]"
PLACE = "[place]"

_NUMBER = r"[-+\u2212]?\d{1,3}\.\d+(?:[eE][-+]?\d+)?"
_BETWEEN = (
    r"[\s,;:/|=()\[\]{}°'\"]{1,6}(?:(?:lon|lat|x|y|[NSEWnsew])[a-z]*[\s:='\"]{0,4}[,\s]{0,3})?"
)
_NAMED = r"(?i:\b(?:lat|lon|lng|latitude|longitude|west|south|east|north)\b[\s\"':=]{1,5})"

_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    # Keys and passes, by their prefix.
    (re.compile(r"\bhwp?_[A-Za-z0-9_.~-]+"), SECRET),
    # A user's name and password, and the query, of an address.
    (re.compile(r"(?<=://)[^\s/@\"'<>]+@"), f"{SECRET}@"),
    (re.compile(r"([a-z]{2,10}://[^\s?\"'<>]{0,500})\?[^\s\"'<>]*"), r"\1?[query]"),
    (re.compile(r"(/[^\s?\"'<>]{0,500})\?[^\s\"'<>]*=[^\s\"'<>]*"), r"\1?[query]"),
    # What is called a secret; of a header field all that comes after the name.
    (re.compile(r"(?i)\b((?:proxy-)?authorization|(?:set-)?cookie|x-hearthwatch-form)"
                r"([\"']?\s*[:=]\s*)[^\r\n]*"), rf"\1\2{SECRET}"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9+/=_.~-]{4,}"), rf"\1 {SECRET}"),
    (re.compile(r"(?i)([a-z_-]{0,30}(?:password|passphrase|passwd|secret|token|api_?key|map_key|\bpass)"
                r"[a-z_]*)([\"']?\s*(?:[:=]|\bis\b)\s*)(\"[^\"]*\"|'[^']*'|[^\s,;&\"']+)"),
     rf"\1\2{SECRET}"),
    # A private key, and what is as long and as mixed as a token; digests are hexadecimal.
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*-----|\Z)", re.DOTALL),
     SECRET),
    (re.compile(r"(?<![A-Za-z0-9_-])(?![0-9a-f]+(?![A-Za-z0-9_-]))(?=[a-z_-]*[A-Z0-9])"
                r"[A-Za-z0-9_-]{40,}"), SECRET),
    # Two numbers side by side, one with a name, one too exact to be anything else.
    (re.compile(rf"{_NUMBER}(?:{_BETWEEN}{_NUMBER})+"), PLACE),
    (re.compile(rf"{_NAMED}{_NUMBER}"), PLACE),
    (re.compile(r"(?<![\d.])[-+\u2212]?\d{1,3}\.\d{4,}(?:[eE][-+]?\d+)?"), PLACE),
    (re.compile(r"\d{1,3}\.\d+\s?[NSEW]\b"), PLACE),
    # A box of whole degrees.
    (re.compile(r"(?<![\d.])[-+\u2212]?\d{1,3}(?:\s*,\s*[-+\u2212]?\d{1,3}(?:\.\d+)?){3,}"), PLACE),
    # Degrees, minutes and seconds.
    (re.compile(r"\d{1,3}\s*[°º][\s\d.,'\u2032\"\u2033]*[NSEWnsew]?"), PLACE),
    # Cells of the work grid, and squares of the military grid to less than 100 km.
    (re.compile(r"\b\d{2}[NS]_\d{4}_\d{4}\b"), PLACE),
    (re.compile(r"\b\d{1,2}[C-HJ-NP-X][A-HJ-NP-Z]{2}\s?\d{1,5}\s?\d{1,5}\b"), PLACE),
)  # fmt: skip


def redacted(text: str) -> str:
    """Return a text without secrets and without places."""
    for pattern, instead in _RULES:
        text = pattern.sub(instead, text)
    return text
