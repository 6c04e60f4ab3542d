"""Logs: for people, or as lines of JSON for programs; never with a secret or a place in them."""

from __future__ import annotations

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime

from hearthwatch.operation.redacting import redacted

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""Of the request that is being answered; empty outside of one."""
REQUESTS = "api.named"
"""Logger with a line for each request."""


class ForPeople(logging.Formatter):
    """``WARNING hearthwatch.module: words``."""

    def __init__(self) -> None:
        super().__init__("%(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """Return one entry, its traceback after it; no values of variables are in that."""
        text = super().format(record)
        named = request_id.get()
        return redacted(f"{text} (request {named})" if named and not record.exc_info else text)


class AsJson(logging.Formatter):
    """One JSON object a line: time, level, logger, message, and request and error if any."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one entry in one line."""
        found = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redacted(record.getMessage()),
        }
        if named := request_id.get():
            found["request"] = named
        if record.exc_info:
            found["error"] = redacted(self.formatException(record.exc_info))
        return json.dumps(found, ensure_ascii=False)


def start(level: str, form: str, packages: tuple[str, ...]) -> None:
    """Send what is logged to standard error.

    Parameters
    ----------
    level : str
        Least severe entry of our own packages; libraries say less.
    form : {'text', 'json'}
        With JSON every request has a line, too: method, template of the route, status and time.
    """
    root = logging.getLogger()
    if not root.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(AsJson() if form == "json" else ForPeople())
        root.addHandler(handler)
    # What the libraries say of themselves at level info is of no use to an analyst.
    root.setLevel("WARNING" if level == "INFO" else level)
    for package in packages:
        logging.getLogger(package).setLevel(level)
    logging.getLogger(REQUESTS).setLevel(level if form == "json" else "WARNING")
