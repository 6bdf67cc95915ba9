"""Application of a seat: A seat from its configuration to its end: what ``python -m player``
runs.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET

from player.api.config import SeatConfig
from player.api.local_path import path_of
from player.api.views import AnyView, Ended, ErrorLine, Happened
from player.backend.base import EventSink, Player
from player.ids import new_id
from player.media.describe import identify, known_own
from player.session.host_key import read_host_key
from player.session.link import ServerLink
from player.session.session import Session
from player.sync.follower import Follower
from player.sync.thread import PlayerThread
from protocol.exceptions import MatineeError, SettingsError
from protocol.log_line import log_line
from protocol.wire.addresses import is_loopback_url
from protocol.wire.messages import CreateStream, Media

if TYPE_CHECKING:
    from player.media.loader import Resolve
    from player.net.dialer import Dialer
    from player.sync.messages import PlayerNews

logger = logging.getLogger(__name__)

PLAYER_END: Final = 1.5
"""Seconds the player gets to end."""

MakePlayer = Callable[[SeatConfig, EventSink], Player]
"""From the configuration and where the player reports."""


class SeatApp:
    """One seat; its face gives it lines and takes its views."""

    def __init__(
        self,
        config: SeatConfig,
        *,
        make_player: MakePlayer,
        resolve: Resolve,
        dialer: Dialer,
        emit: Callable[[AnyView], None],
    ) -> None:
        self._config = config
        self._make_player = make_player
        self._resolve = resolve
        self._dialer = dialer
        self._write = emit
        self._session: Session | None = None
        self._ended = asyncio.Event()
        self._failure: str | None = None
        self._failed = False

    def ask(self, line: str) -> None:
        """One line from the face."""
        if self._session is not None:
            self._session.ask_line(line)

    def finish(self, failure: str | None = None) -> None:
        """End the seat because of ``failure``, None when a person asked for it."""
        if self._failure is None:
            self._failure = failure
        self._failed = self._failed or failure is not None
        self._ended.set()

    async def run(self) -> int:
        """Live until `finish`; returns the exit code."""
        try:
            _check_channel(self._config)
            session = await self._compose()
        except MatineeError as error:
            self._emit(
                ErrorLine(
                    code="seat",
                    message=error.message,
                    remedy=error.remedy,
                    fatal=True,
                    remedy_code=error.remedy_code or UNSET,
                )
            )
            self._emit(Ended(reason=error.message))
            self._dialer.close()
            return 1
        self._session = session
        life = asyncio.create_task(session.run())
        ended = asyncio.create_task(self._ended.wait())
        await asyncio.wait((life, ended), return_when=asyncio.FIRST_COMPLETED)
        await session.close()
        await asyncio.wait((life,), timeout=1.0)
        await asyncio.to_thread(session.driver.close, PLAYER_END)
        self._dialer.close()
        if life.done() and not life.cancelled() and life.exception() is not None:
            logger.error(log_line("session_failed"), exc_info=life.exception())
            self._failed = True
        self._emit(Ended(reason=self._failure or ""))
        return 1 if self._failed else 0

    def _emit(self, view: AnyView) -> None:
        """What happens here happens now; what the server logged has its own time."""
        if isinstance(view, Happened) and not view.timestamp_ms:
            view = msgspec.structs.replace(view, timestamp_ms=int(time.time() * 1000))
        self._write(view)

    async def _compose(self) -> Session:
        config = self._config
        loop = asyncio.get_running_loop()
        follower = Follower(config.correction)
        session: Session | None = None

        def deliver(news: PlayerNews) -> None:
            if session is not None:
                session.player_news(news)

        def post(news: PlayerNews) -> None:
            # The loop may be gone when the player's thread says its last words.
            if not loop.is_closed():
                loop.call_soon_threadsafe(deliver, news)

        self._dialer.start()
        driver = PlayerThread(
            lambda report: self._make_player(config, report), follower, post, time.monotonic
        )
        token, media = config.token, None
        if config.role == "host":
            token = token or _kept_key(config)
            media = await _first_media(config)
        session = Session(
            config,
            token=token,
            create=_creation(config, media),
            driver=driver,
            resolve=self._resolve,
            identify=identify,
            emit=self._emit,
            finish=self.finish,
            make_link=partial(ServerLink, proxies=self._dialer.proxies),
        )
        if media is not None:
            session.remember(media, config.media[0])
        for own, known in await known_own(config):
            session.recognise(known, own)
        return session


def _creation(config: SeatConfig, media: Media | None) -> CreateStream | None:
    if config.role != "host" or config.stream_id:
        return None
    settings = msgspec.structs.asdict(config.stream_settings)
    return CreateStream(media=media, playing=config.play, **settings)


async def _first_media(config: SeatConfig) -> Media | None:
    if config.stream_id or not config.media:
        return None
    media = await identify(config.media[0])
    title = config.titles[0] if config.titles else media.title
    return msgspec.structs.replace(media, media_id=new_id(), title=title)


def _kept_key(config: SeatConfig) -> str:
    if not config.stream_id:
        return ""
    key = read_host_key(path_of(config.host_key_file)) if config.host_key_file else ""
    if not key:
        raise SettingsError(
            "host_key_file", "there is no host key for this stream", "host a new one"
        )
    return key


def _check_channel(config: SeatConfig) -> None:
    """A token over plain http may be read by everybody on the way."""
    is_encrypted = urlsplit(config.server).scheme == "https"
    if is_encrypted or is_loopback_url(config.server) or config.insecure_lan:
        return
    raise SettingsError(
        "server",
        f"{config.server} is not encrypted, and the invite would be readable on the way",
        remedy_code="allow_plain_http",
    )
