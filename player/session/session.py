"""Session: the event loop around `SessionCore`; carries its effects out and decides nothing."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final

from player.api.local_path import path_of
from player.ids import new_id
from player.media.loader import FIND_TIMEOUT, Identify, MediaLoader, Resolve
from player.media.messages import LoaderRequest
from player.session.clocks import read_clocks
from player.session.core.effects import (
    AnyEffect,
    Emit,
    Finish,
    Flush,
    Reconnect,
    RetryNow,
    SetCredentials,
    StoreHostKey,
)
from player.session.core.session_core import SessionCore
from player.session.host_key import keep_host_key
from player.session.link import ServerLink
from player.session.player_port import perform_on_player
from player.sync.messages import HasPlayer, NoPlayer
from protocol.exceptions import MatineeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from player.api.config import SeatConfig
    from player.api.views import AnyView
    from player.media.messages import LoaderEvent
    from player.session.core.handlers.server_events import LinkDown
    from player.session.core.sleep_detector import LocalClocks
    from player.session.link_port import MakeLink
    from player.sync.messages import PlayerNews
    from player.sync.thread import PlayerThread
    from protocol.wire.messages import CreateStream, Media

PLAYER_START: Final = 5.0
"""Seconds that a seat waits for its player before it joins."""


class Session:
    """One seat's link, loader, player and timers."""

    def __init__(
        self,
        config: SeatConfig,
        *,
        token: str,
        create: CreateStream | None,
        driver: PlayerThread,
        resolve: Resolve,
        identify: Identify,
        emit: Callable[[AnyView], None],
        finish: Callable[[str | None], None],
        find_timeout: float = FIND_TIMEOUT,
        clocks: Callable[[], LocalClocks] = read_clocks,
        make_link: MakeLink = ServerLink,
    ) -> None:
        self._clocks = clocks
        self.driver = driver
        self._core = SessionCore(config, create, new_id)
        self._link = make_link(
            self._core.protocol,
            server=config.server,
            stream_id=config.stream_id,
            token=token,
            on_events=self._take_server_events,
            on_down=self._link_down,
        )
        self._loader = MediaLoader(
            config,
            resolve=resolve,
            identify=identify,
            post=self._take_loader_event,
            find_timeout=find_timeout,
        )
        self._emit = emit
        self._finish = finish
        self._player_told = asyncio.Event()
        self._deadline_moved = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    # Life -------------------------------------------------------------------------------

    async def run(self) -> None:
        """Live until `close`, or until anything of it fails: then nothing else goes on."""
        self.driver.start()
        async with asyncio.TaskGroup() as group:
            beat = group.create_task(self._keep_time())
            await self._keep_connected()
            beat.cancel()

    async def _keep_connected(self) -> None:
        # A mistake in an option of the player's leaves no party behind, and disturbs none.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PLAYER_START):
                await self._player_told.wait()
        if not self._core.has_failed:
            await self._link.run()

    async def close(self) -> None:
        """Leave for good."""
        self._loader.close()
        self._core.protocol.leave()
        await self._link.stop()
        self._player_told.set()

    async def _keep_time(self) -> None:
        while True:
            self._deadline_moved.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._core.next_deadline() - self._clocks().now):
                    await self._deadline_moved.wait()
            clocks = self._clocks()
            if clocks.now >= self._core.next_deadline():
                self._core.tick(clocks)
                self._perform()

    # What happens -----------------------------------------------------------------------

    def remember(self, media: Media, own: str) -> None:
        """This seat finds ``media`` at ``own``."""
        self._core.choices.remember(media, own)

    def recognise(self, known: Media, own: str) -> None:
        """A film named at the start; the stream may be showing it already."""
        self._core.choices.recognise(known, own)

    def ask_line(self, line: str) -> None:
        """A line of text from the face."""
        self._core.line(line, self._clocks())
        self._perform()

    def player_news(self, news: PlayerNews) -> None:
        """Take what the player's thread tells."""
        self._core.player_event(news, self._clocks())
        self._perform()
        if isinstance(news, HasPlayer | NoPlayer):
            self._player_told.set()

    def _take_loader_event(self, event: LoaderEvent) -> None:
        self._core.loader_event(event, self._clocks())
        self._perform()

    def _take_server_events(self) -> None:
        for event in self._core.protocol.events_received():
            self._core.server_event(event, self._clocks())
        self._perform()

    def _link_down(self, down: LinkDown) -> None:
        self._core.link_down(down, self._clocks())
        self._perform()

    # What is to be done -----------------------------------------------------------------

    def _perform(self) -> None:
        while effects := self._core.effects():
            for effect in effects:
                self._do(effect)
        self._deadline_moved.set()

    def _do(self, effect: AnyEffect) -> None:
        match effect:
            case Emit(view=view):
                self._emit(view)
            case Finish(failure=failure):
                self._finish(failure)
            case Flush():
                self._link.flush()
            case RetryNow():
                self._link.retry_now()
            case Reconnect():
                task = asyncio.create_task(self._link.drop())
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            case SetCredentials(stream_id=stream_id, token=token):
                self._link.stream_id = stream_id
                if token is not None:
                    self._link.token = token
            case StoreHostKey(path=path, key=key):
                self._store_host_key(path, key)
            case LoaderRequest():
                self._loader.perform(effect)
            case _:
                perform_on_player(effect, self.driver)

    def _store_host_key(self, path: str, key: str) -> None:
        try:
            keep_host_key(path_of(path), key)
        except MatineeError as error:
            self._core.host_key_lost(error)
