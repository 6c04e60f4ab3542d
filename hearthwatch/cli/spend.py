"""`hearthwatch spend`: what imagery has cost, and how long the budget will last."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hearthwatch.budget.account import Budget, budget_from
from hearthwatch.budget.policy import month_start
from hearthwatch.budget.stages import in_words
from hearthwatch.cli.call import Call
from hearthwatch.cli.reading import find_region
from hearthwatch.cli.report import Answer
from hearthwatch.cli.tables import table
from hearthwatch.errors import BudgetError
from hearthwatch.records import Region, Spend, SpendStatus
from hearthwatch.store.whole import all_spends
from hearthwatch.values import moment
from hearthwatch.words import day

ALL_WAYS = ("provider", "region", "day")


@dataclass(slots=True)
class Sum:
    """What some reads took together: units, requests and bytes as the budget counts them."""

    reads: int = 0
    units: float = 0.0
    requests: int = 0
    bytes: int = 0
    reserved_units: float = 0.0
    lost_units: float = 0.0

    def add(self, spend: Spend) -> None:
        """Count one more read."""
        self.reads += 1
        self.bytes += spend.bytes
        if spend.status is SpendStatus.RESERVED:
            self.reserved_units += spend.estimated_units
        elif spend.status is SpendStatus.LOST:
            self.lost_units += spend.estimated_units
            self.units += spend.estimated_units
            self.requests += spend.estimated_requests
        else:
            self.units += spend.units
            self.requests += spend.requests


def show(call: Call) -> Answer:
    """Tell what was spent and reserved, and how each account stands this month."""
    args, now = call.args, datetime.now(UTC)
    if args.resume is not None:
        _resume(call, args.resume)
    with call.store() as store:
        region = find_region(store, call.organisation, args.region) if args.region else None
        names = store.region_names(call.organisation)
        spends = [
            spend
            for spend in all_spends(
                store, call.organisation, region=region.id if region else None,
                since=args.since or month_start(now), until=args.until,
            )
            if spend.status is not SpendStatus.RELEASED
        ]  # fmt: skip
        budget = budget_from(call.settings, store)
        accounts = _accounts(budget, now)
        regions = [region] if region else list(store.regions(call.organisation))
        stages = _stages(call, budget, regions)
        pauses = store.pauses(call.organisation, active=True)
    ways = dict.fromkeys(args.by or ALL_WAYS)
    sums = {way: _sums(spends, way, names) for way in ways}
    document = {
        "since": moment(args.since or month_start(now)),
        "until": moment(args.until),
        "accounts": accounts,
        "regions": [{"region": r.id, "name": r.name, "reads": words} for r, words in stages],
        "pauses": [
            {"provider": p.provider, "since": moment(p.since), "until": moment(p.until),
             "reason": p.reason}
            for p in pauses
        ],
        **{f"by_{way}": [{way: name, **_value(one)} for name, one in found.items()]
           for way, found in sums.items()},
    }  # fmt: skip
    return Answer(document, "\n\n".join(_texts(accounts, stages, sums)))


def _resume(call: Call, provider: str) -> None:
    """End the pause of a provider before its time.

    Raises
    ------
    BudgetError
        If it is not paused.
    """
    with call.store(write=True, alone=False) as store:
        budget = budget_from(call.settings, store)
        if budget.paused(provider) is None:
            raise BudgetError(f"{provider} is not paused.")
        budget.resume(provider)


def _accounts(budget: Budget, now: datetime) -> list[dict[str, Any]]:
    """Return how every account with a cap stands this month."""
    told = []
    for provider, caps in sorted(budget.caps.items()):
        month = budget.standing(provider, "", now).month
        used_up = budget.projected_exhaustion(provider)
        told.append(
            {
                "provider": provider,
                "units": round(month.units, 3),
                "reserved_units": round(month.reserved_units, 3),
                "units_per_month": caps.units_per_month,
                "requests": month.requests,
                "reserved_requests": month.reserved_requests,
                "requests_per_month": caps.requests_per_month,
                "used_up": moment(used_up),
            }
        )
    return told


def _stages(call: Call, budget: Budget, regions: Sequence[Region]) -> list[tuple[Region, str]]:
    settings, ids = call.settings, [region.id for region in regions]
    held = budget.stages(settings.provider, ids, settings.fallback_provider)
    return [(region, in_words(held[region.id])) for region in regions]


def _sums(spends: Sequence[Spend], way: str, names: Mapping[str, str]) -> dict[str, Sum]:
    found: defaultdict[str, Sum] = defaultdict(Sum)
    for spend in spends:
        key = {
            "provider": spend.provider,
            "region": names.get(spend.region, spend.region) or "(none)",
            "day": day(spend.reserved),
        }[way]
        found[key].add(spend)
    return dict(sorted(found.items()))


def _value(one: Sum) -> dict[str, Any]:
    return {
        "reads": one.reads,
        "units": round(one.units, 3),
        "reserved_units": round(one.reserved_units, 3),
        "lost_units": round(one.lost_units, 3),
        "requests": one.requests,
        "bytes": one.bytes,
    }


def _texts(
    accounts: Sequence[Mapping[str, Any]],
    stages: Sequence[tuple[Region, str]],
    sums: Mapping[str, Mapping[str, Sum]],
) -> Iterable[str]:
    yield "\n".join(_account_line(account) for account in accounts)
    if stages:
        yield "\n".join(f"{region.name}: {words}" for region, words in stages)
    if not any(sums.values()):
        yield "Nothing was spent in this time."
        return
    header = ("reads", "units", "of them lost", "reserved", "requests", "MB")
    for way, found in sums.items():
        rows = [
            (name, f"{one.reads:,}", f"{one.units:,.2f}", f"{one.lost_units:,.2f}",
             f"{one.reserved_units:,.2f}", f"{one.requests:,}", f"{one.bytes / 1e6:,.1f}")
            for name, one in found.items()
        ]  # fmt: skip
        yield table((way, *header), rows)


def _account_line(account: Mapping[str, Any]) -> str:
    used_up = account["used_up"]
    lasts = f"at this pace used up on {used_up[:10]}" if used_up else "lasts until the reset"
    return (
        f"{account['provider']} this month: {account['units']:,.1f} of "
        f"{account['units_per_month']:,.0f} units spent, {account['reserved_units']:,.1f} "
        f"reserved; {account['requests']:,} of {account['requests_per_month']:,} requests; {lasts}"
    )
