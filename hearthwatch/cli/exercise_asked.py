"""What an exercise was asked to implant: a village, burns and their residues, or another change."""

from __future__ import annotations

import argparse

from shapely.geometry.base import BaseGeometry

from hearthwatch.cli.parts import UsageError
from hearthwatch.exercise.model import Burn, Pattern, Residues, Village
from hearthwatch.exercise.otherwise import DAYS, Change, Otherwise
from hearthwatch.exercise.residues import Group, drawn_residues, mean_residues

RING_HALF_LIFE_DAYS = 30.0
"""Char of burned grass lasts a few weeks in savannas (see `hearthwatch.exercise.model`)."""

OF_BURNS = ("again", "surroundings", "completeness", "ash", "ash_days", "half_life",
            "residue_seed")  # fmt: skip
OF_CHANGES = ("days", "strength")


def village_asked(args: argparse.Namespace, core: BaseGeometry) -> Village:
    """Return the village in a core."""
    return Village(core, args.huts, args.hut_radius, args.seed, args.structures)


def burns_asked(args: argparse.Namespace) -> tuple[Burn, ...]:
    """Return the burns that were asked for, in the order of their dates."""
    pattern = Pattern.SURROUNDINGS if args.surroundings else Pattern(args.pattern)
    stated = {
        "completeness": args.completeness,
        "ash_share": args.ash,
        "ash_days": args.ash_days,
        "half_life_days": args.half_life,
    }
    given = {name: value for name, value in stated.items() if value is not None}
    if args.surroundings:
        given = {"half_life_days": RING_HALF_LIFE_DAYS} | given
    dates = sorted(day for day in (args.date, args.again) if day is not None)
    return tuple(Burn(day, args.share, pattern, **given) for day in dates)


def residues_asked(args: argparse.Namespace) -> Residues:
    """Return the mean residues, or those drawn for scoring by the seed that was given."""
    if args.residue_seed is None:
        return mean_residues()
    return drawn_residues(args.residue_seed, Group.SCORING)


def change_asked(args: argparse.Namespace) -> Change | None:
    """Return the change that was asked for in place of a burn; None if a burn was.

    Raises
    ------
    UsageError
        If options of the one are given with the other.
    """
    names = OF_CHANGES if args.otherwise is None else OF_BURNS
    if wrong := [name for name in names if _given(getattr(args, name))]:
        option = f"--{wrong[0].replace('_', '-')}"
        raise UsageError(
            f"{option} goes with --otherwise only: leave it out."
            if args.otherwise is None
            else f"{option} goes with a burn, and --otherwise is none: leave one of them out."
        )
    if args.otherwise is None:
        return None
    kind = Otherwise(args.otherwise)
    days = DAYS[kind] if args.days is None else args.days
    strength = 1.0 if args.strength is None else args.strength
    return Change(kind, args.date, days, args.share, strength)


def _given(value: object) -> bool:
    # 0 is a value that was given, and equals False.
    return value is not None and value is not False
