"""Launch plan: what is to run, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from player.api.config import SeatConfig
    from tui.storage.hosted_parties import HostedParty

FaceKind = Literal["tui", "plain", "json"]
SECOND: Final = "second"
"""Name in JSON lines of the demo's other seat."""
TUI_STATUS_INTERVAL: Final = 0.5
"""Seconds; the graph of drift gets a point each time."""


@dataclass(frozen=True, slots=True)
class ServerPlan:
    """The sync server that a host starts for the party."""

    listen: str
    """HOST:PORT"""
    databases: tuple[str, ...]
    """The first that no other server uses is taken."""
    elsewhere: bool = False
    """Another port will do when that one is taken."""
    options: tuple[str, ...] = ()
    """More arguments for it."""
    lan: bool = False
    """Invites name its address on the local network in the place of the loopback."""


@dataclass(frozen=True, slots=True)
class LaunchPlan:
    """What is to run."""

    seat: SeatConfig
    face: FaceKind
    server: ServerPlan | None = None
    second: SeatConfig | None = None
    """Another seat, which joins by the invite."""
    theme: str = ""
    language: str = ""
    """Of the person, by which one keyboard layout is preferred to another."""
    notice: str = ""
    """Said at the beginning, "" for nothing; the own server may have something to say."""
    kept_trim: bool = True
    """The sound is shifted as it was last time on the same device."""
    hosted: HostedParty | None = None
    """What is written down of it, for its host to come back."""
