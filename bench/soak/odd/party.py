"""A host and a guest as people start them, and their players as seen from outside."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bench.parties import end_process
from bench.soak.odd.reader import LOOKS, SHOWS, PlayerReader
from tests.cast import NULL_OUTPUTS, Process

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT: Final = Path(__file__).resolve().parents[3]
OPENED: Final = 18.0
"""Seconds within which a film must be open."""
FOLDERS: Final = ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")
Options = tuple[tuple[str, str], ...]


class OddSeat(Process):
    """One command in a home of its own."""

    def __init__(self, name: str, folder: Path) -> None:
        super().__init__()
        self.name = name
        self._folder = folder / name
        self._answers: asyncio.Task[None] | None = None
        self.reader: PlayerReader

    async def open(
        self,
        words: Sequence[str],
        options: Options = (),
        env: Mapping[str, str] | None = None,
        *,
        listens: bool = False,
    ) -> OddSeat:
        """Start it; returns when its player is there.

        Args:
            words: ``host`` or ``join``, options and what they take.
            options: of libmpv.
            env: variables besides those of its home.
            listens: whether the place is told by tones.
        """
        self._folder.mkdir()
        socket = self._folder / "s"
        every = (*NULL_OUTPUTS, *SHOWS, ("input-ipc-server", str(socket)), *options)
        mpv = [word for name, value in every for word in ("--mpv", f"{name}={value}")]
        command, *rest = words
        homes = dict.fromkeys(FOLDERS, str(self._folder))
        (self._folder / "run").mkdir(mode=0o700)
        homes |= {"XDG_RUNTIME_DIR": str(self._folder / "run"), "PYTHONPATH": str(ROOT)}
        await self.launch(
            *("sh", "-c", 'exec "$@" 2>"$0"', str(self.complaints)),
            *(sys.executable, "-m", "tui", command, "--json", "--video", "none", *mpv, *rest),
            cwd=ROOT,
            env={**homes, **(env or {})},
        )
        self._answers = asyncio.create_task(self._consent())
        self.reader = await PlayerReader.open(socket, listens=listens)
        return self

    @property
    def complaints(self) -> Path:
        """The file of its standard error."""
        return self._folder / "stderr"

    async def _consent(self) -> None:
        with contextlib.suppress(AssertionError):
            await self.wait_for("consent", lambda line: bool(line.get("site")), within=120.0)
            self.ask("consent once")

    def said(self, event: str, after: int = 0) -> list[dict[str, Any]]:
        """Its lines of that name."""
        return [line for line in self.lines[after:] if line.get("event") == event]

    @property
    def status(self) -> dict[str, Any]:
        """Its newest one; empty before there is any."""
        lines = self.said("status")
        return lines[-1] if lines else {}

    def claim(self, instant: float) -> float | None:
        """Where it says that its player is at a monotonic instant."""
        for line in reversed(self.said("status")):
            if line["at"] <= instant and line.get("position") is not None:
                moved = instant - line["at"] if line["state"] == "playing" else 0.0
                return float(line["position"]) + moved * float(line["rate"])
        return None

    async def close(self) -> None:
        """End it and everything that it started."""
        if self._answers is not None:
            self._answers.cancel()
            await asyncio.gather(self._answers, return_exceptions=True)
        with contextlib.suppress(AttributeError):
            self.reader.close()
        if self.is_launched:
            await end_process(self)

    def wrong(self) -> list[str]:
        """What must never be seen of it."""
        found: list[str] = []
        if not self.complaints.exists():
            return found
        text = self.complaints.read_text(encoding="utf-8", errors="replace")
        if "Traceback" in text:
            found.append(f"{self.name}: traceback: {text.strip().splitlines()[-1][:100]}")
        return found + [f"{self.name}: {standing}" for standing in self._standing()[:1]]

    def _standing(self) -> list[str]:
        """Times at which it said ``playing`` and did not move for over a second."""
        found: list[str] = []
        first: dict[str, Any] | None = None
        for line in self.said("status"):
            if line["state"] != "playing" or line.get("starts_in") or line["position"] is None:
                first = None
            elif first is None or abs(line["position"] - first["position"]) > 0.05:
                first = line
            elif line["at"] - first["at"] > 1.1:
                stood = line["at"] - first["at"]
                found.append(f"playing, and stood at {line['position']:.1f} for {stood:.1f} s")
        return found


class OddParty:
    """A host with a server of his own, and a guest."""

    def __init__(self, folder: Path, *, listens: bool = False) -> None:
        self._folder = folder
        self._listens = listens
        self.seats: list[OddSeat] = []

    @property
    def host(self) -> OddSeat:
        """The first."""
        return self.seats[0]

    @property
    def guest(self) -> OddSeat:
        """The second."""
        return self.seats[1]

    async def open_host(
        self, *media: str, options: Options = (), env: Mapping[str, str] | None = None
    ) -> OddSeat:
        """The host comes."""
        seat = OddSeat("host", self._folder)
        self.seats.append(seat)
        words = ("host", "--listen", "127.0.0.1:0", "--lan-media", "--", *media)
        return await seat.open(words, options, env, listens=self._listens)

    async def open_guest(self, *media: str, options: Options = ()) -> OddSeat:
        """The guest comes, with a copy of the film where there is one."""
        ready = await self.host.wait_for("ready", within=OPENED)
        seat = OddSeat("guest", self._folder)
        self.seats.append(seat)
        words = ("join", "--lan-media", "--", str(ready["invite"]), *media)
        return await seat.open(words, options, listens=self._listens)

    async def opened(self, within: float = OPENED) -> None:
        """Everybody has the film open."""
        for seat in self.seats:
            await seat.wait_for("media", within=within)

    async def watch(self, seconds: float, looks: int = LOOKS) -> None:
        """Read both players."""
        await asyncio.gather(*(seat.reader.watch(seconds, looks) for seat in self.seats))

    def keep(self, folder: Path) -> None:
        """Write down what everybody has said."""
        folder.mkdir(parents=True, exist_ok=True)
        for seat in self.seats:
            lines = "".join(f"{json.dumps(line)}\n" for line in seat.lines)
            (folder / f"{seat.name}.jsonl").write_text(lines, encoding="utf-8")
            if seat.complaints.exists():
                (folder / f"{seat.name}.stderr").write_bytes(seat.complaints.read_bytes())

    async def close(self) -> None:
        """Everybody goes."""
        for seat in reversed(self.seats):
            await seat.close()


def clean_environment() -> None:
    """Take away what would lead a seat elsewhere."""
    for name in list(os.environ):
        if name.startswith("MATINEE_") or name.lower().endswith("_proxy"):
            del os.environ[name]
