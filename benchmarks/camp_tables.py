"""Tables of the benchmark of camps: what was false, found, missed, how large, and mistaken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from benchmarks.bench_exercises import rate, ratio
from benchmarks.camp_measures import (
    LEAST_HA,
    WITHIN,
    area_errors,
    begun,
    exposure,
    false_objects,
    false_watches,
    found_after,
    found_in_sight,
    reached,
)
from benchmarks.camp_worlds import World
from hearthwatch.evaluation.claims import against_budget
from hearthwatch.evaluation.intervals import Rate, Share
from hearthwatch.exercise.camps_otherwise import Mimic

BUDGET, WATCH_BUDGET = 5.0, 20.0
"""False PROBABLE and false WATCH per 1,000 km2-years."""
OWN = "camp_change"
Worlds = Sequence[Mapping[str, World]]


class Report:
    """Lines as they come, printed and kept."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, *lines: str) -> None:
        """Print lines and keep them."""
        for line in lines:
            print(line, flush=True)
        self.lines.extend(lines)

    def table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Add one table."""
        self.say(
            "", f"## {title}", "", "| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)
        )
        self.say(*("| " + " | ".join(map(str, row)) + " |" for row in rows))


def named(worlds: Worlds, name: str) -> list[World]:
    """Return the worlds that a method watched."""
    return [one[name] for one in worlds if name in one]


def tell_false(
    report: Report, held: Mapping[str, float], rests_on: Mapping[str, str],
    quiet: Mapping[str, Worlds],
) -> None:  # fmt: skip
    """Tell what was told as PROBABLE of quiet ground."""
    rows = []
    for kind, each in quiet.items():
        for name, least in held.items():
            calm = named(each, name)
            found = Rate(sum(false_objects(one, least) for one in calm), exposure(calm))
            needed = f"{least:.1f} ({rests_on[name]})" if name in rests_on else "its own"
            rows.append((kind, name, needed, *_held_against(found, BUDGET)))
    report.table(
        f"False PROBABLE per 1,000 km2-years (budget {BUDGET:g})",
        ("looks", "method", "threshold, nats", *_AGAINST), rows,
    )  # fmt: skip


def tell_watches(report: Report, quiet: Mapping[str, Worlds]) -> None:
    """Tell what was told of quiet ground at all."""
    rows = []
    for kind, each in quiet.items():
        calm = named(each, OWN)
        found = Rate(sum(map(false_watches, calm)), exposure(calm))
        rows.append((kind, OWN, *_held_against(found, WATCH_BUDGET)))
    report.table(
        f"False WATCH and more per 1,000 km2-years (budget {WATCH_BUDGET:g})",
        ("looks", "method", *_AGAINST), rows,
    )  # fmt: skip


_AGAINST = ("rate [95 %] (count)", "one-sided 95 % bound", "km2-years", "budget")


def _held_against(found: Rate, budget: float) -> tuple[str, ...]:
    bound = "-" if found.bound is None else f"{found.bound:.1f}"
    verdict = against_budget(found, budget).value.replace("_", " ")
    return rate(found, 1), bound, f"{found.exposure:.0f}", verdict


def tell_found(report: Report, held: Mapping[str, float], kinds: Mapping[str, Worlds]) -> None:
    """Tell how many camps were found, and after how many looks."""
    rows = []
    for kind, each in kinds.items():
        for name, least in held.items():
            worlds = [one for one in named(each, name) if reached(one)]
            told = [n for n in (found_after(one, least) for one in worlds) if n is not None]
            seen = [n for n in (found_in_sight(one, least) for one in worlds) if n is not None]
            shares = (sum(n <= WITHIN for n in told), sum(n <= WITHIN for n in seen), len(told))
            rows.append((
                kind, name, len(worlds), *(ratio(Share(one, len(worlds))) for one in shares),
                f"{np.median(told):.0f}" if told else "-",
            ))  # fmt: skip
    report.table(
        f"Camps told as PROBABLE within {WITHIN} usable looks with {LEAST_HA:g} ha, and ever",
        ("looks", "method", "camps", "within", "within, of looks that show half its ground",
         "ever", "looks it took, median"), rows,
    )  # fmt: skip


def tell_area(report: Report, kinds: Mapping[str, Worlds]) -> None:
    """Tell how far areas are off."""
    rows = []
    for kind, each in kinds.items():
        signed, sizes, inside, of = area_errors(named(each, OWN))
        if sizes:
            rows.append((kind, len(sizes), f"{np.median(sizes):.2f}", f"{np.median(signed):+.2f}",
                         f"{np.mean(np.array(sizes) <= 0.2):.2f}",
                         f"{inside / of:.2f} of {of}"))  # fmt: skip
    report.table(
        "Area of camps, from the fifth look with 2 ha on",
        ("looks", "camps", "error, median of camps", "with its sign", "camps within 20 %",
         "looks with the truth inside the interval (stated: 0.9)"), rows,
    )  # fmt: skip


def tell_missed(report: Report, each: Worlds, held: Mapping[str, float]) -> None:
    """Tell what held back the camps that were not found in time, at the fourth look."""
    reasons: dict[str, int] = {}
    for world in (one for one in named(each, OWN) if reached(one)):
        after = found_after(world, held[OWN])
        if after is not None and after <= WITHIN:
            continue
        first = begun(world)
        assert first is not None
        own = [o for o in world.seen if o.mine and o.look == first + WITHIN - 1]
        said = own[0].reasons if own else ("no object",)
        for words in said or ("too few looks or too low a score",):
            reasons[words] = reasons.get(words, 0) + 1
    rows = sorted(reasons.items(), key=lambda one: (-one[1], one[0]))
    report.table("Camps not told in time: what was said at the fourth look", ("why", "camps"), rows)


def tell_mimics(report: Report, held: Mapping[str, float], mimics: Mapping[Mimic, Worlds]) -> None:
    """Tell how often what is no camp was told as one."""
    rows = []
    for mimic, each in mimics.items():
        cells = [
            _of(sum(false_objects(one, least) > 0 for one in named(each, name)), each)
            for name, least in held.items()
        ]
        watched = _of(sum(false_watches(one) > 0 for one in named(each, OWN)), each)
        rows.append((mimic, *cells, watched))
    report.table("Told as PROBABLE though no camp (resampled looks)",
                 ("implanted", *held, f"{OWN}, WATCH and more"), rows)  # fmt: skip


def _of(count: int, each: Worlds) -> str:
    return f"{count} of {len(each)}"
