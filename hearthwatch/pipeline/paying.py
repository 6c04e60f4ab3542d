"""Which provider a run asks, and out of which budget."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta

from detectors.types import DetectorInfo
from hearthwatch.budget.account import Budget, budget_from
from hearthwatch.budget.stages import Stage
from hearthwatch.pipeline.listing import Listing, list_scenes
from hearthwatch.pipeline.purse import Purse
from hearthwatch.pipeline.trial_purse import Payer, TrialPurse
from hearthwatch.records import Region, Run, RunOutcome
from hearthwatch.settings import Settings
from hearthwatch.store.protocol import Store
from imagery.types import ImageryProvider


def sources_of(
    settings: Settings,
    store: Store,
    region: Region,
    provider: ImageryProvider,
    fallback: ImageryProvider | None,
) -> tuple[ImageryProvider, ...]:
    """Return whom a run asks, in this order, as long as the one before gives nothing more."""
    if fallback is None:
        return (provider,)
    budget = _budget(settings, store, region)
    held = budget.stage(provider.name, region.id, fallback.name)
    return (fallback,) if held.stage is Stage.OTHER_PROVIDER else (provider, fallback)


def open_purse(
    settings: Settings,
    store: Store,
    provider: ImageryProvider,
    region: Region,
    run: Run,
    payer: Payer | None = None,
) -> Purse | None:
    """Return what a run pays with; None for a provider on this machine.

    What earlier runs had put aside and never accounted for is counted as spent first.

    Parameters
    ----------
    payer : Payer or None
        Of a trial, whose own store has no account.
    """
    if not provider.remote:
        return None
    account = payer.store if payer else store
    budget = _budget(settings, account, region)
    alive = {one.id for one in account.runs(region.organisation, outcome=RunOutcome.RUNNING)}
    # A backtest bears the id of its run.
    alive |= {one.id for one in account.open_backtests()}
    budget.lose_open(alive | {run.id})
    if payer is None:
        return Purse(budget, store, provider, region, run.id, settings)
    purse = TrialPurse(budget, store, provider, region, run.id, settings)
    purse.most_units = payer.most_units
    return purse


def listed(
    settings: Settings,
    store: Store,
    provider: ImageryProvider,
    region: Region,
    detectors: Sequence[DetectorInfo],
    until: datetime,
    purse: Purse | None,
) -> Listing:
    """Return the scenes of a region, as `list_scenes` does; the searches that takes are paid for.

    Raises
    ------
    CatalogueError
        If the catalogue cannot be read and nothing is remembered of it.
    """
    with purse.searching() if purse else nullcontext():
        backfill = timedelta(days=settings.backfill_days)
        return list_scenes(store, provider, region, detectors, until, backfill=backfill)


def _budget(settings: Settings, store: Store, region: Region) -> Budget:
    # One installation may watch for several organisations, each on its own account.
    return budget_from(settings.model_copy(update={"organisation": region.organisation}), store)
