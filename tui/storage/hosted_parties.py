"""Parties that were hosted from here, so that their host can come back to them.

One small file a party stands beside its host key; the key itself is not in it.
"""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING, Final

import msgspec

from player.api import views
from protocol.exceptions import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KEPT: Final = 50
"""The oldest beyond this many are forgotten, with their keys."""
SHORT_ID: Final = 8
"""Characters of a stream's id that are shown; as many are enough to name it."""


class HostedParty(msgspec.Struct, frozen=True, kw_only=True):
    """What a host needs to come back to a stream."""

    stream_id: str
    instance_id: str
    """Who hosted; the host key's file is named so."""
    name: str
    media: tuple[str, ...]
    """The film that was on, and those behind it."""
    titles: tuple[str, ...] = ()
    title: str = ""
    """Of the film that was on."""
    server: str = ""
    """The sync server; "" for an own one."""
    listen: str = ""
    """HOST:PORT of the own server."""
    database: str = ""
    """Of the own server."""
    lan: bool = False
    """The own server was there for the whole local network."""
    insecure_lan: bool = False
    allow_lan_media: bool = False
    seen_at: float = 0.0
    """Unix time at which the film was last opened."""


class HostedParties:
    """Writes down the party that is hosted now, as the seat tells about it."""

    def __init__(
        self,
        party: HostedParty,
        folder: Path,
        *,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._party = party
        self._folder = folder
        self._wall_clock = wall_clock
        self.is_kept = False
        """There is a party to come back to."""

    def observe(self, view: views.AnyView) -> None:
        """Take one line of the seat."""
        party = self._party
        match view:
            case views.Ready(role="host"):
                party = msgspec.structs.replace(party, stream_id=view.stream_id)
            case views.MediaView():
                first = max(0, len(party.media) - 1 - view.queue_left)
                party = msgspec.structs.replace(
                    party,
                    media=party.media[first:],
                    titles=party.titles[first:],
                    title=view.title,
                )
            case _:
                return
        self._party = msgspec.structs.replace(party, seen_at=self._wall_clock())
        if self._party.stream_id:
            # Without the file nobody can come back, but the party goes on.
            with contextlib.suppress(OSError):
                _write(self._folder / f"{party.instance_id}.json", self._party)
                self.is_kept = True


def kept_parties(folder: Path) -> list[HostedParty]:
    """All parties that can be gone back to, the latest first."""
    found: list[HostedParty] = []
    files: list[Path] = []
    with contextlib.suppress(OSError):
        files += folder.glob("*.json")
    for file in files:
        # Not one that was cut off by a full disk, or is somebody else's.
        with contextlib.suppress(OSError, ValueError, RecursionError, msgspec.DecodeError):
            party = msgspec.json.decode(file.read_bytes(), type=HostedParty)
            if key_file(folder, party.instance_id).exists():
                found.append(party)
    return sorted(found, key=lambda party: -party.seen_at)


def find_party(folder: Path, stream_id: str = "") -> HostedParty:
    """The party whose id begins so; the last one for "".

    Raises:
        SettingsError: there is none, or there are several.
    """
    parties = kept_parties(folder)
    if not parties:
        raise SettingsError(
            "return", "no party was hosted from here", "matinee host FILM begins one"
        )
    if not stream_id:
        return parties[0]
    found = [party for party in parties if party.stream_id.startswith(stream_id)]
    if len(found) == 1:
        return found[0]
    there = ", ".join(party.stream_id[:SHORT_ID] for party in (found or parties)[:5])
    what = "more than one party begins" if found else "no party that was hosted from here begins"
    raise SettingsError("stream", f"{what} with {stream_id!r}", f"there are {there}")


def party_lines(parties: list[HostedParty]) -> list[str]:
    """One line a party: id, when, film, where."""
    width = max((len(party.title) for party in parties), default=0)
    return [
        f"{party.stream_id[:SHORT_ID]}  {_when(party.seen_at)}  {party.title:<{min(width, 40)}.40}"
        f"  {party.server or 'own server'}".rstrip()
        for party in parties
    ]


def forget_old(folder: Path, kept: int = KEPT) -> None:
    """Drop the oldest beyond so many, with the keys that open them."""
    for party in kept_parties(folder)[kept:]:
        for file in (key_file(folder, party.instance_id), folder / f"{party.instance_id}.json"):
            with contextlib.suppress(OSError):
                file.unlink()


def key_file(folder: Path, instance_id: str) -> Path:
    """Where the host key of a party is."""
    return folder / f"{instance_id}.key"


def _write(file: Path, party: HostedParty) -> None:
    """Whole or not at all, and for this user only."""
    new = file.with_suffix(".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(msgspec.json.encode(party))
    new.replace(file)


def _when(seen_at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seen_at))
