"""What each role may do, and a key of that role."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hearthwatch.records import Role, Scope

OF_ROLE: Mapping[Role, frozenset[Scope]] = {
    Role.ADMIN: frozenset(Scope),
    Role.ANALYST: frozenset(Scope) - {Scope.AUDIT, Scope.MANAGE},
    Role.REVIEWER: frozenset({Scope.RELEASED, Scope.READ, Scope.JUDGE, Scope.RELEASE}),
    Role.VIEWER: frozenset({Scope.RELEASED, Scope.READ}),
    # Of another organisation's watch a partner sees what was released to partners, no more.
    Role.PARTNER: frozenset({Scope.RELEASED}),
}
"""Scopes of a role.

``released`` sees what was released to partners; ``read`` all of one's own organisation; ``watch``
changes the watchlist and asks for looks; ``judge`` says what an event is; ``export`` takes out
whole collections; ``release`` asks for, and agrees to, telling others; ``audit`` reads the log;
``manage`` lets people and keys in.
"""


def scopes_of(role: Role, only: Iterable[str] = ()) -> frozenset[Scope]:
    """Return what a person or key may do.

    Parameters
    ----------
    only : iterable of str
        What the key was made for; empty for all of its role. It gives nothing that the role
        has not.
    """
    named = frozenset(only)
    if not named:
        return OF_ROLE[role]
    return frozenset(scope for scope in OF_ROLE[role] if scope.value in named)
