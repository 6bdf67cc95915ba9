"""The rim of a session: effects are carried out in order, and it ends when it is told or fails."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import TYPE_CHECKING

import msgspec
import pytest

from player.api.config import SeatConfig
from player.api.line_writer import LineWriter
from player.api.views import AnyView, ErrorLine, Ready, Reconnecting, Status
from player.backend.base import EventSink, Source, TracksChanged
from player.backend.fake import FakePlayer
from player.session.core.handlers.server_events import LinkDown
from player.session.core.sleep_detector import LocalClocks
from player.session.session import PLAYER_START, Session
from player.sync.follower import Follower
from player.sync.messages import HasPlayer, NoPlayer, PlayerNews
from player.sync.thread import PlayerThread
from protocol.client.protocol import SILENCE
from protocol.exceptions import PlayerUnavailable
from protocol.timeline import Timeline
from protocol.wire.codec import decode_client, encode
from protocol.wire.messages import (
    ClientMessage,
    Created,
    Hello,
    Leave,
    Media,
    Report,
    ServerMessage,
    Snapshot,
    Welcome,
)
from protocol.wire.versions import PROTOCOL_VERSION

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from protocol.client.protocol import ClientProtocol

FILM = Media("film-0001", "file", title="The Film")
HOST = Welcome(PROTOCOL_VERSION, "clock-01", "stream-01", "member-a", "host", 1)
FOUNDER = msgspec.structs.replace(HOST, created=Created("host-key-01", "invite-tk-01"))


class HandLink:
    """A link whose other end is a test: it says what the server says."""

    def __init__(
        self,
        protocol: ClientProtocol,
        *,
        server: str,
        stream_id: str,
        token: str,
        on_events: Callable[[], None],
        on_down: Callable[[LinkDown], None],
    ) -> None:
        self.stream_id = stream_id
        self.token = token
        self.on_down = on_down
        self.clock: Callable[[], float] = lambda: 0.0
        self.running = asyncio.Event()
        self.dropped = asyncio.Event()
        self.sent: asyncio.Queue[ClientMessage] = asyncio.Queue()
        self._protocol = protocol
        self._on_events = on_events
        self._stopped = asyncio.Event()

    async def run(self) -> None:
        if not self._stopped.is_set():
            self.running.set()
            await self._stopped.wait()

    def flush(self) -> None:
        self._protocol.handle_timeout(self.clock())
        self._send()

    def _send(self) -> None:
        for frame in self._protocol.data_to_send():
            self.sent.put_nowait(decode_client(frame))

    def retry_now(self) -> None:
        pass

    async def drop(self) -> None:
        self.dropped.set()

    async def stop(self) -> None:
        self._send()
        self._stopped.set()

    def open(self) -> None:
        self._protocol.connection_made(self.clock())
        self.flush()

    def hear(self, message: ServerMessage) -> None:
        self._protocol.receive(encode(message), self.clock())
        self._on_events()

    def fall_due(self) -> None:
        self.flush()
        self._on_events()


class Rig:
    """Ana's session: all of it is real but the link, mpv and the clocks."""

    def __init__(
        self, *, emit: Callable[[AnyView], None] | None = None, key_file: str = ""
    ) -> None:
        self.now = 1000.0
        self.told: list[AnyView | str | None] = []
        """Views, and the reason of the end: None when a person wished it."""
        self.news: list[PlayerNews] = []
        self.is_deaf = False
        """What the player's thread tells does not arrive."""
        self.missing: PlayerUnavailable | None = None
        """Why no player can be made."""
        self._loop: asyncio.AbstractEventLoop | None = None
        config = SeatConfig(
            role="host",
            name="Ana",
            instance_id="instance-of-ana",
            server="http://127.0.0.1:1",
            host_key_file=key_file,
        )
        self.thread = PlayerThread(self._make_player, Follower(), self._post, self.clock)
        self.session = Session(
            config,
            token="",
            create=None,
            driver=self.thread,
            resolve=self._resolve,
            identify=self._identify,
            emit=emit or self.told.append,
            finish=self.told.append,
            clocks=lambda: LocalClocks(self.now, 0.0),
            make_link=self._make_link,
        )

    def clock(self) -> float:
        return self.now

    def _make_player(self, report: EventSink) -> FakePlayer:
        if self.missing is not None:
            raise self.missing
        return FakePlayer(report, self.clock)

    def _post(self, news: PlayerNews) -> None:
        self.news.append(news)
        if self.is_deaf:
            return
        if self._loop is None:
            self.session.player_news(news)
        else:
            self._loop.call_soon_threadsafe(self.session.player_news, news)

    def live(self) -> asyncio.Task[None]:
        """Let it run, with its player in a thread."""
        self._loop = asyncio.get_running_loop()
        return asyncio.create_task(self.session.run())

    def _make_link(
        self,
        protocol: ClientProtocol,
        *,
        server: str,
        stream_id: str,
        token: str,
        on_events: Callable[[], None],
        on_down: Callable[[LinkDown], None],
    ) -> HandLink:
        self.link = HandLink(
            protocol,
            server=server,
            stream_id=stream_id,
            token=token,
            on_events=on_events,
            on_down=on_down,
        )
        self.link.clock = self.clock
        return self.link

    async def _resolve(self, name: str, told: Callable[[str], None], is_own: bool) -> Source:
        return Source(url=name)

    async def _identify(self, name: str) -> Media:
        return FILM

    def join(self, welcome: Welcome = HOST) -> None:
        self.link.open()
        self.link.hear(welcome)
        snapshot = Snapshot(
            stream_id="stream-01",
            epoch=1,
            seq=1,
            timeline=Timeline(),
            host_id="member-a",
            host_term=1,
        )
        self.link.hear(snapshot)

    async def reported(self) -> Report:
        """The next report that goes to the server."""
        while not isinstance(said := await self.link.sent.get(), Report):
            pass
        return said


# What is to be done ---------------------------------------------------------------------


def test_effects_are_carried_out_in_the_order_in_which_the_core_wants_them() -> None:
    rig = Rig()
    error = PlayerUnavailable("there is no mpv", "install it")
    rig.session.player_news(NoPlayer(error))
    line, end = rig.told
    assert isinstance(line, ErrorLine)
    assert (line.message, line.fatal, end) == ("there is no mpv", True, "there is no mpv")


def test_what_the_player_is_told_reaches_it_through_its_thread() -> None:
    rig = Rig()
    rig.thread.open()
    rig.session.ask_line("mute")
    rig.thread.step()
    rig.thread.step()
    assert [news.muted for news in rig.news if isinstance(news, TracksChanged)] == [True]


def test_a_person_who_quits_ends_the_seat_without_a_reason() -> None:
    rig = Rig()
    rig.session.ask_line("quit")
    assert rig.told == [None]


def test_the_next_connection_asks_for_the_stream_that_was_made() -> None:
    rig = Rig()
    rig.join(FOUNDER)
    assert (rig.link.stream_id, rig.link.token) == ("stream-01", "host-key-01")
    assert any(isinstance(view, Ready) for view in rig.told)


def test_a_host_key_is_kept_for_its_user_alone(tmp_path: Path) -> None:
    rig = Rig(key_file=str(tmp_path / "keys" / "stream"))
    rig.join(FOUNDER)
    kept = tmp_path / "keys" / "stream"
    assert kept.read_text() == "host-key-01"
    assert kept.stat().st_mode & 0o777 == 0o600


def test_what_an_effect_brings_about_is_done_in_the_same_turn(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("this is no folder")
    rig = Rig(key_file=str(tmp_path / "keys" / "stream"))
    rig.join(FOUNDER)
    errors = [view for view in rig.told if isinstance(view, ErrorLine)]
    assert [error.code for error in errors] == ["host_key"]


async def test_a_server_that_is_silent_gets_another_connection() -> None:
    rig = Rig()
    rig.join()
    rig.now += SILENCE
    rig.link.fall_due()
    await rig.link.dropped.wait()


def test_a_lost_connection_is_told_with_its_reason() -> None:
    rig = Rig()
    rig.join()
    rig.told.clear()
    rig.link.on_down(LinkDown("it broke", 1, 0.5))
    (view,) = rig.told
    assert isinstance(view, Reconnecting)
    assert view.reason == "it broke"


# The face -------------------------------------------------------------------------------


def test_a_face_that_has_closed_its_pipe_keeps_nothing_from_being_done() -> None:
    heard, told = os.pipe()
    os.close(heard)
    gone = threading.Event()
    writer = LineWriter(told, gone.set)
    rig = Rig(emit=writer.emit)
    rig.session.player_news(NoPlayer(PlayerUnavailable("there is no mpv", "install it")))
    assert rig.told == ["there is no mpv"]
    assert gone.wait(10.0)
    writer.close()
    os.close(told)


async def test_a_face_that_fails_in_a_beat_ends_the_session() -> None:
    def emit(view: AnyView) -> None:
        if isinstance(view, Status):
            raise ValueError("no such face")

    rig = Rig(emit=emit)
    life = rig.live()
    rig.join()
    with pytest.raises(ExceptionGroup) as failed:
        async with asyncio.timeout(10.0):
            await life
    assert [str(error) for error in failed.value.exceptions] == ["no such face"]
    rig.thread.close()


# Its life -------------------------------------------------------------------------------


async def test_what_is_due_is_done_when_its_time_has_come() -> None:
    rig = Rig()
    life = rig.live()
    rig.join()
    await rig.reported()
    rig.now += 1.0
    rig.session.ask_line("mute")
    await rig.reported()
    await rig.session.close()
    await life
    rig.thread.close()


async def test_a_seat_connects_once_its_player_is_there() -> None:
    rig = Rig()
    life = rig.live()
    await rig.link.running.wait()
    assert any(isinstance(news, HasPlayer) for news in rig.news)
    await rig.session.close()
    await life
    rig.thread.close()


async def test_a_seat_without_a_player_joins_no_party() -> None:
    rig = Rig()
    rig.missing = PlayerUnavailable("there is no mpv", "install it")
    await rig.live()
    assert not rig.link.running.is_set()
    assert rig.told[-1] == "there is no mpv"
    rig.thread.close()


async def test_who_closes_a_session_says_goodbye_and_waits_for_nothing() -> None:
    rig = Rig()
    rig.is_deaf = True
    life = rig.live()
    rig.join()
    async with asyncio.timeout(PLAYER_START / 2):
        await rig.session.close()
        await life
    said = [rig.link.sent.get_nowait() for _ in range(rig.link.sent.qsize())]
    assert isinstance(said[0], Hello)
    assert isinstance(said[-1], Leave)
    rig.thread.close()
