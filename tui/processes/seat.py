"""The seat as a child process: started, heard, told, started again when it dies, ended."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, NamedTuple, Protocol, cast

import msgspec

from player.api import views
from player.api.intents import Intent, Quit
from protocol.text import clean_text
from tui.state.party_state import SEAT_DIED

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable, Callable, Sequence

    from player.api.config import SeatConfig

SEAT_COMMAND: Final = (sys.executable, "-P", "-m", "player")
"""-P: a file called player.py in the current folder is not our seat."""
_LINE_LIMIT: Final = 8 * 1024 * 1024
_TEXT_CELLS: Final = 2048
"""The longest text there is, an address."""
_encode = msgspec.json.Encoder().encode
_decoder: Final[msgspec.json.Decoder[views.AnyView]] = msgspec.json.Decoder(views.AnyView)


class SeatLine(NamedTuple):
    """One line of a seat, as it came and as what it means."""

    text: bytes
    """Without the end of the line."""
    view: views.AnyView | None
    """None for a line that this face does not know."""


class SeatHandle(Protocol):
    """What a face needs of `SeatProcess`."""

    exit_code: int

    def lines(self) -> AsyncIterable[SeatLine]: ...

    def send(self, intent: Intent | bytes) -> None: ...

    async def end(self) -> None: ...


@dataclass(frozen=True, slots=True)
class RestartRule:
    """When a seat that died is started again; all in seconds."""

    back_off: tuple[float, ...] = (0.1, 0.5, 1.0, 2.0)
    """Waits before the first restart, the second, …; the last one is kept."""
    limit: int = 5
    within: float = 60.0
    """After ``limit`` deaths within this time it is given up."""


@dataclass(frozen=True, slots=True)
class SeatTimeouts:
    """How long a seat is given to end, in seconds."""

    after_quit: float = 1.5
    after_terminate: float = 1.0


class SeatProcess:
    """One seat for the whole evening, over as many processes as that takes.

    `lines` is the life of it: whoever iterates it runs the seat. `send` may be called at
    any time: what is asked before the seat's first word waits for it; what is asked while
    it is being started again is lost, as a key pressed then is.
    """

    def __init__(
        self,
        config: SeatConfig,
        *,
        command: Sequence[str] = SEAT_COMMAND,
        heard: Callable[[views.AnyView], None] | None = None,
        rule: RestartRule | None = None,
        patience: SeatTimeouts | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self.config = config
        self._command = tuple(command)
        self._tell = heard
        self._rule = rule or RestartRule()
        self._patience = patience or SeatTimeouts()
        self._clock = clock
        self._wall_clock = wall_clock
        self._process: asyncio.subprocess.Process | None = None
        self._deaths: deque[float] = deque(maxlen=self._rule.limit)
        self._early: list[bytes] | None = []
        """What is asked before the first word; None once that was heard."""
        self._sent_again: dict[str, Intent] = {}
        """By word: what a seat that was started again is told."""
        self._own: views.Status | None = None
        """How its sound was set when it last told."""
        self._is_open = False
        self._leaving = asyncio.Event()
        self._failed = False
        self.exit_code = 0
        """Of the evening: 0, or 1 when it ended with an error."""

    @property
    def pid(self) -> int | None:
        """Process id of the seat that runs now."""
        return self._process.pid if self._process else None

    async def lines(self) -> AsyncGenerator[SeatLine]:
        """Start the seat and give its lines, and our own about it, until it has ended."""
        while not self._leaving.is_set():
            process = await self._start()
            async with contextlib.aclosing(self._heard(process)) as heard:
                async for line in heard:
                    self._learn(line.view)
                    if self._tell is not None and line.view is not None:
                        self._tell(line.view)
                    yield line
            code = await process.wait()
            self._process = None
            if code == 0 or self._failed or self._leaving.is_set():
                return
            wait = self._wait_before_restart()
            if wait is None:
                self.exit_code = 1
                yield _own(self._gave_up(code))
                return
            yield _own(self._died(code))
            self.config = _with_sound(self.config, self._own)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._leaving.wait(), wait)

    def send(self, intent: Intent | bytes) -> None:
        """Ask the seat for something; bytes are a line that a person typed."""
        if isinstance(intent, Intent):
            self.config = intent.kept_in(self.config)
            if intent.sent_again:
                self._sent_again[intent.word] = intent
            line = _encode(intent)
        else:
            line = intent
        if self._early is not None:
            self._early.append(line)
        else:
            self._write(line)

    def _write(self, line: bytes) -> None:
        stdin = self._process.stdin if self._process else None
        if stdin is None or stdin.is_closing():
            return
        # A seat that dies just now is noticed by `lines`.
        with contextlib.suppress(ConnectionError, RuntimeError):
            stdin.write(line + b"\n")

    async def end(self) -> None:
        """Let the seat leave; one that does not is ended."""
        self._leaving.set()
        process = self._process
        if process is None or process.returncode is not None:
            return
        self._write(_encode(Quit()))
        if process.stdin is not None:
            process.stdin.close()
        for act, patience in (
            (None, self._patience.after_quit),
            (process.terminate, self._patience.after_terminate),
            (process.kill, self._patience.after_terminate),
        ):
            with contextlib.suppress(ProcessLookupError):
                if act is not None:
                    act()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), patience)
                return

    async def _start(self) -> asyncio.subprocess.Process:
        log = _open_log(self.config.log_file)
        try:
            # A session of its own: ctrl+c and ctrl+z at the terminal are the face's to handle.
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                limit=_LINE_LIMIT,
                start_new_session=True,
            )
        finally:
            if not isinstance(log, int):
                log.close()
        self._process = process
        self._is_open, self._own = False, None
        assert process.stdin is not None
        with contextlib.suppress(ConnectionError):
            process.stdin.write(_encode(self.config) + b"\n")
        return process

    async def _heard(self, process: asyncio.subprocess.Process) -> AsyncGenerator[SeatLine]:
        assert process.stdout is not None
        while True:
            try:
                text = await process.stdout.readline()
            except ValueError:
                continue  # longer than any line of ours: dropped, the next one is read
            if not text:
                return
            if text.strip():
                yield decode_line(text.strip())

    def _learn(self, view: views.AnyView | None) -> None:
        """Keep what a restart must know: the same stream, and where in the queue it is."""
        if self._early is not None:
            early, self._early = self._early, None
            for line in early:
                self._write(line)
        elif isinstance(view, views.Ready):
            for intent in self._sent_again.values():
                self._write(_encode(intent))
        match view:
            case views.Ready():
                is_host = self.config.role == "host"
                self.config = msgspec.structs.replace(
                    self.config,
                    returning=True,
                    take_over=False,
                    yields=is_host and view.role == "viewer",
                    play=self.config.play and not is_host,
                    stream_id=view.stream_id if is_host else self.config.stream_id,
                )
            case views.RoleView(role=role) if self.config.role == "host":
                self.config = msgspec.structs.replace(self.config, yields=role == "viewer")
            case views.Status() if self._is_open:
                self._own = view
            case views.MediaView():
                self._is_open = True
                if self.config.role != "host":
                    return
                first = max(0, len(self.config.media) - 1 - view.queue_left)
                self.config = msgspec.structs.replace(
                    self.config,
                    media=self.config.media[first:],
                    titles=self.config.titles[first:],
                )
            case views.ErrorLine() if view.fatal:
                self._failed = True
                self.exit_code = 1
            case _:
                pass

    def _wait_before_restart(self) -> float | None:
        """Seconds to wait, or None when it died too often."""
        now = self._clock()
        self._deaths.append(now)
        if len(self._deaths) == self._rule.limit and now - self._deaths[0] < self._rule.within:
            return None
        recent = sum(1 for death in self._deaths if now - death < self._rule.within)
        return self._rule.back_off[min(recent, len(self._rule.back_off)) - 1]

    def _died(self, code: int) -> views.ErrorLine:
        return views.ErrorLine(
            code=SEAT_DIED,
            message=f"the player process died ({_how(code)}); starting it again",
            timestamp_ms=round(self._wall_clock() * 1000),
        )

    def _gave_up(self, code: int) -> views.ErrorLine:
        log = self.config.log_file
        return views.ErrorLine(
            code="seat_gave_up",
            message=f"the player process died {self._rule.limit} times in a minute ({_how(code)})",
            remedy=(f"its log may say why: {log}; " if log else "") + "matinee doctor may help",
            timestamp_ms=round(self._wall_clock() * 1000),
            fatal=True,
        )


def _with_sound(config: SeatConfig, own: views.Status | None) -> SeatConfig:
    """As loud, as quiet and as late as it was."""
    if own is None:
        return config
    sound = {"volume": f"{own.volume:g}", "mute": "yes" if own.muted else "no"}
    options = {**dict(config.mpv), **sound}
    return msgspec.structs.replace(config, mpv=tuple(options.items()), trim_ms=own.trim_ms)


def decode_line(text: bytes) -> SeatLine:
    """One line of a seat, its texts fit to be shown; unknown lines have no view.

    Names, titles and chat come from others, and a terminal obeys what it is sent.
    """
    try:
        if text.isascii() and b"\\" not in text:
            return SeatLine(text, _decoder.decode(text))
        return SeatLine(text, msgspec.convert(_cleaned(msgspec.json.decode(text)), views.AnyView))
    except (msgspec.DecodeError, msgspec.ValidationError):
        return SeatLine(text, None)


def _cleaned(value: object) -> object:
    if isinstance(value, str):
        return clean_text(value, _TEXT_CELLS)
    if isinstance(value, list):
        return [_cleaned(item) for item in cast("list[object]", value)]
    if isinstance(value, dict):
        return {key: _cleaned(item) for key, item in cast("dict[str, object]", value).items()}
    return value


def _own(view: views.AnyView) -> SeatLine:
    return SeatLine(_encode(view), view)


def _how(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    with contextlib.suppress(ValueError):
        return f"signal {-code}, {signal.Signals(-code).name}"
    return f"signal {-code}"


def _open_log(path: str) -> IO[bytes] | int:
    if not path:
        return asyncio.subprocess.DEVNULL
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    return file.open("ab")
