"""`hearthwatch version`."""

from __future__ import annotations

import argparse
import platform
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed

from hearthwatch.cli.report import Answer
from hearthwatch.errors import IdentityError
from hearthwatch.identity import code_digest


def version(_: argparse.Namespace) -> Answer:
    """Say which version and which code this is, even of a broken installation."""
    try:
        number = installed("hearthwatch")
    except PackageNotFoundError:
        number = "unknown"
    try:
        digest = code_digest()
    except IdentityError:
        digest = None
    document = {"version": number, "digest": digest, "python": platform.python_version()}
    code = f"code {digest[:12]}" if digest else "code incomplete: see `hearthwatch doctor`"
    return Answer(document, f"hearthwatch {number} ({code}, Python {document['python']})")
