"""A seat without link or player: speaks the same lines, plays an imaginary film.

Started as a process of its own in the place of ``python -m player``. It does what it is
told at once, and a few things more when somebody says so in chat: ``/die`` (signal 9),
``/exit 3``, ``/drop``, ``/back``, ``/fatal``, ``/guest NAME``.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

import msgspec

from player.api import intents, views
from player.api.config import SeatConfig
from player.api.intent_parser import parse_intent
from player.backend.base import Chapter
from protocol.exceptions import DecodeError
from protocol.wire.messages import Member, Role

STREAM_ID = "stream-0001"
MEMBER_ID = "member-self"
HOST_ID = "member-host"
DURATION = 600.0


class FakeSeat:
    """One imaginary seat."""

    def __init__(self, config: SeatConfig) -> None:
        self._config = config
        self._lock = threading.RLock()
        self._position = 0.0
        self._at = time.monotonic()
        self._rate = 1.0
        self._playing = config.play or config.role == "viewer"
        self._guests: list[str] = []
        self.over = threading.Event()

    def open(self) -> None:
        """Join at once."""
        config = self._config
        stream_id = config.stream_id or STREAM_ID
        is_host = config.role == "host"
        self.tell(
            views.Ready(
                role=config.role,
                stream_id=stream_id,
                member_id=MEMBER_ID,
                name=config.name,
                host=config.name if is_host else "Ana",
                server=config.server,
                invite=f"{config.server}/j/{stream_id}#token-0001" if is_host else None,
            )
        )
        self.tell(
            views.MediaView(
                title=config.titles[0] if config.titles else "An imaginary film",
                duration=DURATION,
                kind="file",
                chapters=(Chapter("Beginning", 0.0), Chapter("End", 300.0)),
            )
        )
        self.members()
        self.status()

    def members(self) -> None:
        me = self._member(MEMBER_ID, self._config.name, self._config.role)
        others = () if me.role == "host" else (self._member(HOST_ID, "Ana", "host"),)
        guests = (self._member(f"member-{name:0>6}", name, "viewer") for name in self._guests)
        self.tell(views.MembersView(you=MEMBER_ID, members=(*others, me, *guests)))

    def status(self) -> None:
        position = self._now()
        self.tell(
            views.Status(
                role=self._config.role,
                state="playing" if self._playing else "paused",
                position=position,
                target=position,
                drift_ms=0.4,
                rate=self._rate,
                rtt_ms=24.0,
                jitter_ms=3.0,
                clock_error_ms=12.0,
                quality="good",
                members=1 + len(self._guests) + (self._config.role == "viewer"),
                playing=self._playing,
                at=time.monotonic(),
                buffered_until=min(DURATION, position + 31),
            )
        )

    def tick(self) -> None:
        """A status line, unless the last line is out."""
        with self._lock:
            if not self.over.is_set():
                self.status()

    def tell(self, view: views.AnyView) -> None:
        """One line out."""
        with self._lock:
            sys.stdout.buffer.write(msgspec.json.encode(view) + b"\n")
            sys.stdout.buffer.flush()

    def hear(self, line: str) -> None:
        """One line in."""
        try:
            intent = parse_intent(line)
        except DecodeError as error:
            self.tell(views.ErrorLine(code=error.code, message=error.message, field=error.field))
            return
        with self._lock:
            if self._config.role == "viewer" and isinstance(intent, intents.HostIntent):
                self.tell(
                    views.ViewOnly(
                        intent=intent.word, host="Ana", message="View Only: Ana is hosting"
                    )
                )
                return
            self._do(intent)

    def _do(self, intent: intents.AnyIntent) -> None:
        name, now = self._config.name, round(time.time() * 1000)
        match intent:
            case intents.Play() | intents.Pause() | intents.Toggle():
                wanted = isinstance(intent, intents.Play)
                self._move(
                    playing=not self._playing if isinstance(intent, intents.Toggle) else wanted
                )
                kind = views.Played if self._playing else views.Paused
                self.tell(kind(name=name, you=True, timestamp_ms=now, position=self._position))
            case intents.Seek(position=to):
                self._move(to=to)
                self.tell(
                    views.Sought(name=name, you=True, timestamp_ms=now, position=self._position)
                )
            case intents.SeekBy(offset=offset):
                self._move(to=self._now() + offset)
                self.tell(
                    views.Sought(name=name, you=True, timestamp_ms=now, position=self._position)
                )
            case intents.SetRate():
                self._move(rate=intent.rate)
                self.tell(views.RateSet(name=name, you=True, timestamp_ms=now, rate=self._rate))
            case intents.Resync():
                self.tell(
                    views.Resynced(
                        name=name, you=True, timestamp_ms=now, before_ms=-1800.0, after_ms=0.4
                    )
                )
            case intents.PictureSize(width=width, height=height):
                self.tell(views.Notice(message=f"the stage is {width}x{height}"))
            case intents.Say():
                self._said(intent.text, now)
            case intents.Quit():
                self.over.set()
                self.tell(views.Ended(reason="left"))
                return
            case _:
                pass
        self.status()

    def _said(self, text: str, now: int) -> None:
        word, _, rest = text.partition(" ")
        match word:
            case "/die":
                os.kill(os.getpid(), signal.SIGKILL)
            case "/exit":
                sys.stdout.buffer.flush()
                os._exit(int(rest))
            case "/drop":
                self.tell(views.Reconnecting(reason="connection refused", timestamp_ms=now))
            case "/back":
                self.tell(views.Recovered(events=4, away=3.0, timestamp_ms=now))
            case "/fatal":
                self.tell(
                    views.ErrorLine(
                        code="stream_closed",
                        message="the party is over",
                        remedy="ask the host for a new invite",
                        fatal=True,
                        timestamp_ms=now,
                    )
                )
                self.over.set()
            case "/guest":
                self._guests.append(rest)
                self.members()
                self.tell(views.Joined(name=rest, timestamp_ms=now))
            case _:
                self.tell(
                    views.ChatLine(name=self._config.name, you=True, timestamp_ms=now, text=text)
                )

    def _member(self, member_id: str, name: str, role: Role) -> Member:
        return Member(
            member_id=member_id,
            name=name,
            role=role,
            state="playing" if self._playing else "paused",
            drift_ms=0.4,
            rtt_ms=24.0,
        )

    def _now(self) -> float:
        since = time.monotonic() - self._at if self._playing else 0.0
        return min(DURATION, self._position + since * self._rate)

    def _move(
        self, to: float | None = None, playing: bool | None = None, rate: float | None = None
    ) -> None:
        position = self._now() if to is None else min(max(0.0, to), DURATION)
        self._position, self._at = position, time.monotonic()
        self._playing = self._playing if playing is None else playing
        self._rate = self._rate if rate is None else rate


def main() -> int:
    """Speak for one seat until standard input ends."""
    config = msgspec.json.decode(sys.stdin.buffer.readline(), type=SeatConfig)
    seat = FakeSeat(config)
    seat.open()

    def tick() -> None:
        while not seat.over.wait(config.status_interval):
            seat.tick()

    threading.Thread(target=tick, daemon=True).start()
    for line in sys.stdin:
        if line.strip():
            seat.hear(line)
        if seat.over.is_set():
            break
    return 0


if __name__ == "__main__":
    sys.exit(main())
