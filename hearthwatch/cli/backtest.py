"""`hearthwatch region backtest`: what a watch would have told, tried on the past."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hearthwatch.cli.backtest_words import backtest_text
from hearthwatch.cli.call import Call
from hearthwatch.cli.progress import ProgressLine
from hearthwatch.cli.reading import find_region
from hearthwatch.cli.report import Answer
from hearthwatch.errors import NotFound
from hearthwatch.pipeline.backtest_jobs import carry_out
from hearthwatch.pipeline.planner import Planner
from hearthwatch.records import Backtest, Region, RunOutcome
from hearthwatch.sources import provider_from
from hearthwatch.values import backtest_value
from hearthwatch.words import counted


def backtest(call: Call) -> Answer:
    """Try a watch on the past, or show what the last trial came to."""
    return _show(call) if call.args.show else _make(call)


def _show(call: Call) -> Answer:
    with call.store() as store:
        region = find_region(store, call.organisation, call.args.region)
        made = store.backtests(call.organisation, region.id)
    if not made:
        raise NotFound(f"There is no backtest of {region.name}.")
    return _answer(region, made[-1])


def _make(call: Call) -> Answer:
    args = call.args
    provider = provider_from(call.settings)
    with call.store(write=True) as store:
        region = find_region(store, call.organisation, args.region)
        planner = Planner(call.settings, store)
        until = args.until or datetime.now(UTC)
        asked = planner.backtest(region, until, args.months, args.learn, args.units)
        _say_what_it_takes(call, planner, region, asked)
        line = ProgressLine(region.name, silent=call.as_json)
        made = carry_out(call.settings, store, provider, region, asked, line)
    return _answer(region, made)


def _say_what_it_takes(call: Call, planner: Planner, region: Region, asked: Backtest) -> None:
    months = asked.months + asked.learned_months
    units = planner.backtest_units(region, months)
    cost = "its provider charges nothing" if units is None else f"up to {units:,.1f} units"
    call.note(f"{region.name}: the looks of {counted(round(months), 'month')}, {cost}")


def _answer(region: Region, made: Backtest) -> Answer:
    document: dict[str, Any] = {"region": region.id, "backtest": backtest_value(made)}
    status = 0 if made.outcome in (RunOutcome.COMPLETE, RunOutcome.WAITING) else 1
    return Answer(document, backtest_text(region, made), status)
