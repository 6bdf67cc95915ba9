"""Admission: who is let in, as a pure function: a store calls it with what it knows, in its
transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from protocol.wire.messages import Role


class Credentials(NamedTuple):
    """What is known of somebody who shows a token."""

    token: Role | None
    """What it opens; None when it is unknown, has expired or was taken back."""
    uses_left: int | None = None
    """Members who may still come by it; None for any number."""
    is_host: bool = False
    """The member who hosts: that is proved by the seat's secret alone."""
    is_admitted: bool = False
    """The member may come back, whatever became of the invite."""
    is_removed: bool = False


class AdmissionDecision(NamedTuple):
    """What a door does about it."""

    role: Role | None = None
    by_invite: bool = False
    """It is not the host key that opens it."""
    is_removed: bool = False
    counts: bool = False
    """One of the invite's uses is gone by it."""


def decide_admission(known: Credentials) -> AdmissionDecision:
    """Whether somebody is let in, and as what."""
    if known.token == "host":
        return AdmissionDecision("host")
    if known.is_host and not known.is_removed:
        return AdmissionDecision("host", by_invite=True)
    # Whoever is removed has had his use, and may know what became of him.
    is_good = known.token is not None and (known.uses_left != 0 or known.is_removed)
    if not (is_good or known.is_admitted):
        return AdmissionDecision()
    if known.is_removed:
        return AdmissionDecision(is_removed=True)
    counts = known.uses_left is not None and not known.is_admitted
    return AdmissionDecision("viewer", by_invite=True, counts=counts)
