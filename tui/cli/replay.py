"""Walks the log of a past stream with a player: what it says is where the film is."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from itertools import accumulate, pairwise
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

import msgspec

from player.api.config import SeatConfig
from player.backend.base import Failed, MediaOpened, Restarted
from player.media.local_file import describe_file
from protocol.clock_text import clock_text
from protocol.exceptions import MediaFailed, SettingsError
from protocol.text import NAME_CELLS, TITLE_CELLS, clean_text
from protocol.wire.codec import decode_server
from protocol.wire.messages import Event, Media

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from player.backend.base import Player, PlayerEvent, Source
    from player.net.dialer import Dialer

ANSWER_TIMEOUT: Final = 30.0
"""Seconds in which the player opens a film or gets somewhere in it."""
_SOON: Final = 0.05
"""Seconds before a start that is slept through; the rest is counted down."""


_Answer = TypeVar("_Answer", MediaOpened, Restarted)


class Step(NamedTuple):
    """One event of the log, and what the player is to do for it."""

    event: Event
    film: int
    """Index of the film that is watched; -1 before the first one."""
    is_load: bool
    is_move: bool
    """The timeline is another one."""
    plays_for: float
    """Seconds of real time until the timeline is another one again; 0 when it stands still."""
    until: float
    """Position that is due by then."""


class Reached(NamedTuple):
    """Where the player was, and where the log says; seconds."""

    step: Step
    wanted: float
    position: float | None
    """None where the event moved nothing."""

    @property
    def off_ms(self) -> float | None:
        return None if self.position is None else (self.position - self.wanted) * 1000


class ReplayOptions(NamedTuple):
    """What was asked for on the command line."""

    films: tuple[str, ...]
    real_time: bool
    video: str
    as_json: bool
    history: tuple[str, ...]
    """The words that lead to the log."""


def run(given: ReplayOptions) -> int:
    """Replay the log; returns the exit status.

    Raises:
        MatineeError: a film cannot be opened, or there is no player.
    """
    lines = subprocess.run(
        [sys.executable, "-P", "-m", "server_stub", *given.history, "--json"],
        stdout=subprocess.PIPE,
        check=False,
    )
    if lines.returncode:
        return lines.returncode
    steps = steps_of(events := events_of(lines.stdout))
    films = ordered(given.films, films_of(events))
    told = _json_line if given.as_json else line_of
    worst = 0.0
    with_player = _Walk(given, films)
    try:
        for reached in with_player.walk(steps):
            worst = max(worst, abs(reached.off_ms or 0.0))
            sys.stdout.write(told(reached) + "\n")
            sys.stdout.flush()
    finally:
        with_player.close()
    moves = sum(step.is_move or step.is_load for step in steps)
    if not given.as_json:
        sys.stdout.write(f"\n{moves} positions, the worst off by {worst:.0f} ms\n")
    return 0


def events_of(lines: bytes) -> list[Event]:
    """The log that ``matinee history STREAM --json`` has told.

    Raises:
        SettingsError: it has told something else, or nothing.
    """
    if lines.startswith(b'{"event":') or not lines:
        raise SettingsError(
            "STREAM", "none is named, or none with events", "matinee history lists them"
        )
    # As a seat reads them: a newer server may have written types that nobody knows here.
    told = map(decode_server, lines.decode().splitlines())
    return [event for event in told if isinstance(event, Event)]


# The log --------------------------------------------------------------------------------


def films_of(events: Sequence[Event]) -> list[Media]:
    """What was watched, in order; more that became known of the same film is no other one."""
    loaded = zip(events, _loads(events), strict=True)
    return [event.media for event, is_load in loaded if is_load and event.media is not None]


def _loads(events: Sequence[Event]) -> list[bool]:
    """Which events are another film."""
    loads: list[bool] = []
    watched = ""
    for event in events:
        media = event.media if event.event_type == "media" else None
        loads.append(media is not None and media.media_id != watched)
        watched = media.media_id if media is not None else watched
    return loads


def steps_of(events: Sequence[Event]) -> list[Step]:
    """What the player is to do, event by event."""
    loads = _loads(events)
    films = [count - 1 for count in accumulate(loads)]
    moves = [
        index
        for index, event in enumerate(events)
        if index == 0 or loads[index] or event.timeline != events[index - 1].timeline
    ]
    following, moving = dict(pairwise(moves)), set(moves)
    steps: list[Step] = []
    for index, event in enumerate(events):
        plays_for, until = 0.0, event.timeline.position
        if index in following and event.timeline.playing:
            end = events[following[index]].timeline.at
            plays_for = max(0.0, end - event.timeline.at)
            until = event.timeline.position_at(end)
        steps.append(Step(event, films[index], loads[index], index in moving, plays_for, until))
    return steps


def ordered(given: Sequence[str], watched: Sequence[Media]) -> list[str]:
    """A film for each that was watched: a file where its content fits, else in their order.

    Raises:
        SettingsError: there are too few.
        ResolveError: one is not a file that can be read.
    """
    left = list(given)
    found: list[str | None] = []
    prints = {film: describe_file(Path(film)).fingerprint for film in given if "://" not in film}
    for media in watched:
        mark = media.fingerprint
        fits = next((film for film in left if mark and prints.get(film) == mark), "")
        found.append(fits or None)
        if fits:
            left.remove(fits)
    for index, media in enumerate(watched):
        if found[index] is None:
            if not left:
                title = clean_text(media.title or media.file_name, TITLE_CELLS) or "a film"
                raise SettingsError(
                    "replay",
                    f"{title} was watched too",
                    "name a file or an address for each film: --replay FILM --replay FILM",
                )
            found[index] = left.pop(0)
    return [film or "" for film in found]


# The player -----------------------------------------------------------------------------


class _Walk:
    def __init__(self, given: ReplayOptions, films: Sequence[str]) -> None:
        self._films = films
        self._real_time = given.real_time
        silent = (("vo", "null"), ("ao", "null")) if given.video == "none" else ()
        self._config = SeatConfig(
            role="viewer",
            name="replay",
            instance_id="replay",
            server="",
            media=tuple(films),
            mpv=silent,
            video="none" if given.video == "none" else "window",
            allow_lan_media=True,
        )
        self._events: SimpleQueue[PlayerEvent] = SimpleQueue()
        self._player: Player | None = None
        self._dialer = _dialer()
        self._generation = 0

    def walk(self, steps: Sequence[Step]) -> Iterator[Reached]:
        """Where the player came to, step by step."""
        for step in steps:
            if step.film < 0:
                yield Reached(step, step.event.timeline.position, None)
                continue
            position = None
            if step.is_load:
                position = self._load(self._films[step.film], step.event.timeline.position)
            elif step.is_move:
                position = self._seek(step.event.timeline.position)
            yield Reached(step, step.event.timeline.position, position)
            if self._real_time and step.plays_for:
                yield Reached(step, step.until, self._play(step))

    def close(self) -> None:
        if self._player is not None:
            self._player.close()
        self._dialer.close()

    def _load(self, film: str, position: float) -> float:
        from player.player_factory import make_player

        source = asyncio.run(self._source(film))
        if self._player is None:
            self._player = make_player(self._config, self._events.put)
        self._generation += 1
        self._player.load(source, position, self._generation)
        self._wait(MediaOpened)
        return self._wait(Restarted).position

    async def _source(self, film: str) -> Source:
        from player.media.resolver import resolver_for

        resolve = resolver_for(self._config, self._dialer)
        return await resolve(film, lambda _: None, named=True)

    def _seek(self, position: float) -> float:
        assert self._player is not None
        self._player.seek(position)
        return self._wait(Restarted).position

    def _play(self, step: Step) -> float | None:
        """Play on as in the party; returns where that came to."""
        assert self._player is not None
        self._player.set_rate(step.event.timeline.rate)
        end = time.monotonic() + step.plays_for
        self._player.set_paused(False)
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(left, 1.0) if left > _SOON else 0.001)
        sample, now = self._player.sample(), time.monotonic()
        self._player.set_paused(True)
        if sample is None:
            return None
        return sample.position + (end - now) * step.event.timeline.rate

    def _wait(self, kind: type[_Answer]) -> _Answer:
        until = time.monotonic() + ANSWER_TIMEOUT
        while True:
            try:
                event = self._events.get(timeout=max(0.0, until - time.monotonic()))
            except Empty:
                raise MediaFailed(f"the player does not answer in {ANSWER_TIMEOUT:.0f} s") from None
            if isinstance(event, Failed):
                raise MediaFailed(f"the player cannot play it ({event.reason})")
            if isinstance(event, kind) and event.generation == self._generation:
                return event


# How it is told -------------------------------------------------------------------------


def line_of(reached: Reached) -> str:
    """For people: where the log says, where the player was, the distance, what, who."""
    event = reached.step.event
    who = clean_text(event.name, NAME_CELLS) or "the server"
    wanted = clock_text(reached.wanted, decimals=3)
    if reached.position is None:
        return f"{wanted}  {'':11}  {'':10}  {event.event_type:12} {who}"
    where = clock_text(reached.position, decimals=3)
    is_end = reached.wanted != event.timeline.position
    what = f"{event.event_type}, played on" if is_end else event.event_type
    return f"{wanted}  {where}  {reached.off_ms:+7.1f} ms  {what:12} {who}"


def _json_line(reached: Reached) -> str:
    event = reached.step.event
    line = {
        "event": "replayed",
        "epoch": event.epoch,
        "seq": event.seq,
        "event_type": event.event_type,
        "position": reached.wanted,
        "player": reached.position,
        "off_ms": reached.off_ms,
    }
    return msgspec.json.encode(line).decode()


def _dialer() -> Dialer:
    from player.net.dialer import Dialer
    from player.net.proxies import take_proxies

    dialer = Dialer(take_proxies(os.environ))
    dialer.start()
    return dialer
