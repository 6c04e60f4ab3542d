"""Words for what a backtest came to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hearthwatch.cli.tables import table
from hearthwatch.records import Backtest, Region, RunOutcome
from hearthwatch.words import counted

HEADER = ("told", "unharmed .. first changed", "days", "settlement", "ha", "state", "id")


def backtest_text(region: Region, made: Backtest) -> str:
    """Return a backtest for people."""
    if made.outcome is not RunOutcome.COMPLETE:
        detail = f": {made.detail}" if made.detail else ""
        return f"{region.name}: the backtest is {made.outcome.value}{detail}"
    report = made.report
    lines = [
        f"{region.name} from {report['since'][:10]} to {report['until'][:10]}, after looks since "
        f"{report['learned_since'][:10]} that were learned from: "
        f"{counted(report['told'], 'event')} would have been told, and "
        f"{counted(report['candidates'], 'candidate')} not"
    ]
    if report["events"]:
        lines.append(table(HEADER, [_row(one) for one in report["events"]]))
    for one in report["detectors"]:
        blind = one["longest_blind_days"]
        gap = "" if blind is None else f"; longest without a usable look {blind:.0f} days"
        lines.append(
            f"{one['detector']}: {counted(one['looks'], 'look')}, {one['usable_looks']:,} usable"
            f"{gap}"
        )
    for one in report["alerts"]:
        lines += _alert_lines(one)
    lines += [f"not seen: {words}" for words in report["not_seen"]]
    spent = report["spent"]
    lines.append(f"it took {spent['units']:,.1f} units and {spent['requests']:,} requests")
    return "\n".join(lines)


def _row(one: Mapping[str, Any]) -> tuple[str, ...]:
    days = one["days_to_be_told"]
    return (
        one["told"][:10] if one["told"] else "-",
        f"{(one['last_unharmed'] or '?')[:10]} .. {one['first_changed'][:10]}",
        "-" if days is None else f"{days:.1f}",
        one["settlement_name"] or "-",
        f"{one['area_ha']:.2f}",
        one["state"],
        one["id"][:8],
    )


def _alert_lines(one: Mapping[str, Any]) -> Iterator[str]:
    yield f"alerts a month by {one['detector']}: {_rate(one['told'])} told"
    for at in one["budgets"]:
        yield (
            f"  at {at['times']:g} times the budget "
            f"({at['allowed_per_1000_settlement_years']:g} per 1,000 settlement-years): {_rate(at)}"
        )
    if one["why_not"]:
        yield f"  at other budgets: {one['why_not']}"


def _rate(rate: Mapping[str, Any]) -> str:
    if rate["per_month"] is None:
        return "unknown"
    return (
        f"{rate['per_month']:.2f} ({rate['low']:.2f} to {rate['high']:.2f} at 95 %, "
        f"{rate['count']:,} in all)"
    )
