"""`hearthwatch audit verify | head | list`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hearthwatch.audit.entries import SERVICE
from hearthwatch.audit.heads import Head, document, heads_of, read
from hearthwatch.audit.listing import entry_value
from hearthwatch.audit.verifying import Verified, verify
from hearthwatch.cli.call import Call
from hearthwatch.cli.report import Answer
from hearthwatch.cli.tables import table
from hearthwatch.errors import AuditError
from hearthwatch.records import AuditFilter
from hearthwatch.values import moment
from hearthwatch.words import counted


def check(call: Call) -> Answer:
    """Read every entry and name the first of each log that is not as it was."""
    kept = [head for name in call.args.head for head in _kept(name)]
    with call.store() as store:
        found = list(verify(store, call.args.of, kept))
    entries = sum(one.entries for one in found)
    faults = [one for one in found if one.broken]
    lines = [_told(one) for one in found]
    if faults:
        lines.append(
            "Keep this database as it is, and a copy of it: it is evidence. A backup tells what "
            "stood there."
        )
    else:
        lines.append(f"{counted(entries, 'entry', 'entries')}, each as it was sealed.")
    if not kept:
        lines.append(
            "Whether the end was cut off shows only beside a head kept elsewhere: --head FILE."
        )
    return Answer(
        {"logs": [_value(one) for one in found], "sound": not faults},
        "\n".join(lines),
        1 if faults else 0,
    )


def head(call: Call) -> Answer:
    """Print the last entry of each log, to be kept where nobody who changes the log can reach."""
    with call.store() as store:
        known = {one.organisation for one in store.all_organisations()}
        whose = sorted({SERVICE, call.organisation, *known, *store.organisations(removed=True)})
        heads = heads_of(store, whose)
    made = document(heads, datetime.now(UTC))
    return Answer(made, json.dumps(made, indent=1, ensure_ascii=False))


def list_all(call: Call) -> Answer:
    """List entries, the newest first."""
    args = call.args
    where = AuditFilter(args.actor, args.act, args.subject, args.outcome, args.since, args.until)
    with call.store() as store:
        found = store.audit_newest(call.organisation, where, before=args.before, limit=args.limit)
    rows = [
        (str(one.sequence), moment(one.at) or "", _actor(one.actor, one.detail), one.act,
         one.subject, _outcome(one.outcome, one.detail))
        for one in found
    ]  # fmt: skip
    header = ("number", "at", "who", "what", "of", "outcome")
    text = table(header, rows) if rows else "There is no such entry."
    return Answer({"entries": [entry_value(one) for one in found]}, text)


def _kept(name: str) -> tuple[Head, ...]:
    try:
        return read(Path(name).expanduser().read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise AuditError(f"{name} is no head that `hearthwatch audit head` printed.") from None


def _told(one: Verified) -> str:
    whose = one.organisation or "the service itself"
    if one.broken is None:
        return f"{whose}: {counted(one.entries, 'entry', 'entries')}, sound"
    return (
        f"{whose}: entry {one.broken.sequence:,} is {one.broken.how.value}. {one.broken.words} "
        f"The {one.entries:,} before it hold."
    )


def _value(one: Verified) -> dict[str, Any]:
    broken = one.broken
    return {
        "organisation": one.organisation,
        "entries": one.entries,
        "sha256": one.sha256,
        "broken": broken
        and {"sequence": broken.sequence, "how": broken.how.value, "words": broken.words},
    }


def _actor(actor: str, detail: Any) -> str:
    return f"{actor} ({detail['user']})" if "user" in detail else actor


def _outcome(outcome: str, detail: Any) -> str:
    return f"{outcome}, {detail['more']:,} more" if "more" in detail else outcome
