"""Reads a player from outside: which picture it shows, which tone it plays, what it says.

The picture's number and the tone are of the film itself, so that they tell the place whatever
the player believes about it.
"""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import time
import zlib
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from bench.mpv_socket import MpvSocket
from bench.soak.odd.films import FPS, LOWEST, RATE, RISE
from bench.traces import MAX_BRACKET, Point, position_at
from tests.films import frame_number

if TYPE_CHECKING:
    from pathlib import Path

LISTENER: Final = ("af", "@place:lavfi=[astats=metadata=1:reset=1]")
"""The option that lets a player tell which tone it plays."""
SHOWS: Final = (("screenshot-png-compression", "0"), ("screenshot-png-filter", "0"))
"""The options that make its pictures quick to read."""
LOOKS: Final = 4
INTERVAL: Final = 0.03
MOVES: Final = 0.4
"""Of the time that passes: less is standing still."""


class Place(NamedTuple):
    """Where in the film a player is, by what it shows or plays."""

    instant: float
    seconds: float | None
    """None where it shows nothing and plays nothing that tells."""


class PlayerReader:
    """One player that listens on a socket of its own."""

    def __init__(self, socket: MpvSocket, picture: Path, *, listens: bool = False) -> None:
        self.socket = socket
        self._picture = picture
        self._listens = listens
        self.sound: list[Point] = []
        self.picture: list[Point] = []
        self.places: list[Place] = []

    @classmethod
    async def open(cls, path: Path, *, listens: bool, within: float = 20.0) -> PlayerReader:
        """Connect as soon as there is one; ``listens`` for films without pictures.

        Raises:
            AssertionError: there is none.
        """
        try:
            socket = await MpvSocket.open(path, within)
        except TimeoutError:
            raise AssertionError(f"no player in {within:.0f} s") from None
        return cls(socket, path.with_suffix(".png"), listens=listens)

    async def place(self) -> Place:
        """Where it is."""
        before = time.monotonic()
        seconds = await (self._tone() if self._listens else self._number())
        return Place((before + time.monotonic()) / 2, seconds)

    async def _number(self) -> float | None:
        self._picture.unlink(missing_ok=True)
        await self.socket.ask("screenshot-to-file", str(self._picture), "video")
        try:
            return read_png(self._picture.read_bytes()) / FPS
        except (OSError, ValueError):
            return None

    async def _tone(self) -> float | None:
        told = await self.socket.ask("get_property", "af-metadata/place")
        if not isinstance(told, dict):
            return None
        # Only a sound that is one tone has a rate of zero crossings that tells it.
        rate = await self.socket.ask("get_property", "audio-params/samplerate")
        with contextlib.suppress(KeyError, TypeError, ValueError):
            crossings = float(str(told["lavfi.astats.1.Zero_crossings_rate"]))  # pyright: ignore[reportUnknownArgumentType]
            hertz = crossings * float(str(rate or RATE)) / 2
            return (hertz - LOWEST) / RISE + 0.5
        return None

    async def watch(self, seconds: float, looks: int = LOOKS) -> None:
        """Read for so long, and look at the place so often."""
        self.sound, self.picture, self.places = [], [], []
        until = time.monotonic() + seconds
        due = [until - seconds * (i + 0.5) / looks for i in range(looks)]
        while time.monotonic() < until:
            for name, points in (("audio-pts", self.sound), ("time-pos", self.picture)):
                reading = await self.socket.read(name)
                if reading is None:
                    points.append(Point(time.monotonic(), None))
                elif reading.bracket <= MAX_BRACKET:
                    points.append(Point(reading.instant, reading.position))
            if due and time.monotonic() >= due[-1]:
                due.pop()
                self.places.append(await self.place())
            await asyncio.sleep(INTERVAL)

    @property
    def moves(self) -> bool:
        """Whether it played while it was watched: by what it says, or by what it shows."""
        told = (_speed(self.sound), _speed(self.picture))
        shown = [Point(place.instant, place.seconds) for place in self.places]
        return any(speed > MOVES for speed in (*told, _speed(shown)))

    @property
    def seconds(self) -> float | None:
        """Where it was in the middle of the time, by what it shows."""
        known = [place.seconds for place in self.places if place.seconds is not None]
        return statistics.median(known) if known else None

    def close(self) -> None:
        """Let go."""
        self.socket.close()


def _speed(points: list[Point]) -> float:
    known = [point for point in points if point.position is not None]
    steps = [
        b.position - a.position
        for a, b in pairwise(known)
        if a.position is not None and b.position is not None
    ]
    # A step backwards or a long one is a seam, not movement.
    passed = sum(step for step in steps if 0 < step < 1)
    return passed / (known[-1].instant - known[0].instant) if len(known) > 3 else 0.0


def gap(first: PlayerReader, second: PlayerReader) -> float | None:
    """How far the second was ahead of the first, in seconds; None where neither moved.

    By the sound where both have some, else by the picture, which moves in steps.
    """
    for one, other in ((first.sound, second.sound), (first.picture, second.picture)):
        apart = [
            there - point.position
            for point in one
            if point.position is not None
            and (there := position_at(other, point.instant)) is not None
        ]
        if len(apart) >= 8 and _speed(one) > MOVES:
            # The median is blind to the moment in which but one of them is over a seam.
            exact = statistics.median(apart)
            near = [distance for distance in apart if abs(distance - exact) < 0.2]
            return statistics.mean(near) if one is first.picture else exact
    return None


def place_gap(first: PlayerReader, second: PlayerReader) -> float | None:
    """The same by what they show alone; exact to a picture or so."""
    apart = [
        (b.seconds - b.instant) - (a.seconds - a.instant)
        for a, b in zip(first.places, second.places, strict=False)
        if a.seconds is not None and b.seconds is not None
    ]
    return statistics.mean(apart) if apart else None


def read_png(data: bytes) -> int:
    """The number in a picture of a counter film: an RGB file without compression and filters.

    Raises:
        ValueError: it is none.
    """
    width = height = bits = kind = 0
    packed = b""
    at = 8
    while at + 8 <= len(data):
        size, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        part = data[at + 8 : at + 8 + size]
        if name == b"IHDR":
            width, height = int.from_bytes(part[:4], "big"), int.from_bytes(part[4:8], "big")
            bits, kind = part[8], part[9]
        elif name == b"IDAT":
            packed += part
        at += 12 + size
    try:
        rows = zlib.decompress(packed)
    except zlib.error as error:
        raise ValueError("not a picture") from error
    samples = {0: 1, 2: 3, 6: 4}.get(kind, 0) * bits // 8
    stride = 1 + width * samples
    if not samples or len(rows) != stride * height or rows[stride * (height // 4)] != 0:
        raise ValueError("not a picture without filters")
    gray = b"".join(rows[y * stride + 1 : (y + 1) * stride : samples] for y in range(height))
    return frame_number(gray, width, height)
