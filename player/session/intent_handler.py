"""What a person asks of a seat, carried out or answered."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import msgspec

from player.api.intents import (
    AnyIntent,
    Audio,
    Cancel,
    Consent,
    Give,
    HostIntent,
    Kick,
    LoadMedia,
    LoadNext,
    Mute,
    OwnCopy,
    Quit,
    Renew,
    Reopen,
    Resync,
    Revoke,
    Say,
    StageSize,
    Subtitles,
    Take,
    Trim,
    Volume,
    parse_intent,
)
from player.ids import new_id
from player.session.moderation import Moderation
from protocol.exceptions import MatineeError
from protocol.text import TITLE_CELLS, clean_text
from protocol.wire import messages

if TYPE_CHECKING:
    from player.backend.base import Player
    from player.session.context import SessionContext
    from protocol.wire.messages import Media


class IntentHandler:
    """Answers every intent: does it, asks the server for it, or says why not."""

    def __init__(self, session: SessionContext) -> None:
        self._session = session
        self.people = Moderation(session)
        self._queue = list(session.config.media) if session.is_host else []
        self._own: dict[str, str] = {}
        """media_id: where this seat finds it."""
        self._named: list[tuple[Media, str]] = []
        self._copy_of = ""
        """media_id: the film that a viewer's own copy was named for."""
        self._loading: asyncio.Task[None] | None = None

    @property
    def queue_left(self) -> int:
        """Films that wait behind the current one."""
        return max(0, len(self._queue) - 1)

    def remember(self, media: Media, own: str) -> None:
        """This seat finds ``media`` at ``own``."""
        self._own[media.media_id] = own

    def recognise(self, known: Media, own: str) -> None:
        """A film named at the start; the stream may be showing it already."""
        self._named.append((known, own))

    def own_copy(self, media: Media | None) -> str:
        """Where this seat finds ``media`` by itself; "" means at its address."""
        if media is None:
            return ""
        if media.media_id in self._own:
            return self._own[media.media_id]
        for known, own in self._named:
            if (known.url, known.fingerprint) == (media.url, media.fingerprint):
                return own
        config = self._session.config
        if config.role != "viewer" or not config.media:
            return ""
        # The copy he named is of the film that was on when he came, not of a later one.
        self._copy_of = self._copy_of or media.media_id
        return config.media[0] if self._copy_of == media.media_id else ""

    def ask(self, line: str) -> None:
        """Carry out one line.

        Raises:
            DecodeError: the line is not an intent.
        """
        self.carry_out(parse_intent(line))

    def carry_out(self, intent: AnyIntent) -> None:
        """Do what is asked, or say why not."""
        session = self._session
        if isinstance(intent, HostIntent):
            if session.is_host:
                self._host(intent)
            else:
                session.view_only(intent.word)
            return
        match intent:
            case Cancel():
                self._cancel()
            case Resync():
                session.resync()
                if session.gauges.reason:
                    self._reopen()
            case Take():
                self.people.take()
            case Say(text=text):
                self._say(text)
            case OwnCopy(media=own):
                self._loading = asyncio.create_task(self._watch_copy(own))
            case Consent(answer=answer):
                if not session.screening.consent.answer(answer):
                    session.notice("nothing is asked just now")
            case Reopen():
                self._reopen()
            case Quit():
                session.leave()
            case Subtitles() if not self._tracks("subtitle"):
                session.notice("this film has no subtitles")
            case Audio() if self._tracks("audio") < 2:
                session.notice("this film has no other sound track")
            case _:
                adjust(session, intent)

    def _tracks(self, kind: str) -> int:
        view = self._session.screening.view
        return sum(track.kind == kind for track in view.tracks) if view else 0

    def _host(self, intent: AnyIntent) -> None:
        session = self._session
        state = session.protocol.state
        if state is None:
            session.notice("not in the stream yet")
            return
        if isinstance(intent, LoadNext):
            if len(self._queue) < 2:
                session.notice("there is no next film: name several at the start, or load one")
                return
            self._queue.pop(0)
            self._load(self._queue[0], goes_on=True)
            return
        if isinstance(intent, Renew | Revoke | Kick | Give):
            self.people.carry_out(intent, state)
            return
        if isinstance(intent, LoadMedia):
            self._load(intent.media)
            return
        now = time.monotonic()
        clock = session.protocol.clock(now)
        position = (
            state.timeline.position_at(now + clock.offset) if clock else state.timeline.position
        )
        for act in session.controls.acts(intent, state, position, now):
            session.request(act)

    def _load(self, own: str, *, goes_on: bool = False) -> None:
        if self._loading is not None:
            self._loading.cancel()
        self._loading = asyncio.create_task(self._find_and_load(own, goes_on=goes_on))

    @property
    def is_searching(self) -> bool:
        """Whether a film that was asked for is looked for."""
        return self._loading is not None and not self._loading.done()

    async def _find_and_load(self, own: str, *, goes_on: bool) -> None:
        """Change the film for everybody only once there is one; until then the old one goes on."""
        session = self._session
        try:
            media = await session.identify(own)
            source = await session.screening.find(own)
        except MatineeError as error:
            session.say_error("media", error.message, error.remedy)
            return
        title = clean_text(source.title, TITLE_CELLS) or media.title
        media = msgspec.structs.replace(media, media_id=new_id(), title=title)
        self.remember(media, own)
        session.screening.prepare(media.media_id, source)
        session.request(messages.LoadAct(media, goes_on and self._is_on()))

    def _is_on(self) -> bool:
        """Whoever was watching goes on watching: the next film starts as one."""
        state = self._session.protocol.state
        return bool(state and state.timeline.playing) or self._session.gauges.state == "ended"

    async def _watch_copy(self, own: str) -> None:
        session = self._session
        media = session.screening.media
        if media is None:
            session.notice("there is no film yet to have a copy of")
            return
        try:
            await session.identify(own)
        except MatineeError as error:
            session.say_error("copy", error.message, error.remedy)
            return
        self.remember(media, own)
        session.gauges.reason = ""
        session.screening.show_copy(own)

    def _cancel(self) -> None:
        if self._loading is not None and self._loading.cancel():
            self._session.notice("stopped: the film stays")
        else:
            self._session.notice("there is nothing to stop")

    def _say(self, text: str) -> None:
        session = self._session
        text = clean_text(text, 500)
        if not text:
            session.notice("nothing to say")
        elif not session.protocol.say(text):
            session.notice("the server is out of reach; nobody would read this now")
        session.link.flush()

    def _reopen(self) -> None:
        self._session.gauges.reason = ""
        self._session.gauges.seeks_film = self._session.screening.media is not None
        self._session.screening.reopen()


def adjust(session: SessionContext, intent: AnyIntent) -> None:
    """The seat's own things: sound, subtitles, the size of the stage."""

    def act(player: Player) -> None:
        match intent:
            case Volume(step=step):
                player.adjust("volume", step)
            case Mute():
                player.adjust("mute", 0)
            case Subtitles():
                player.adjust("subtitles", 1)
            case Audio():
                player.adjust("audio", 1)
            case Trim(step_ms=step):
                player.adjust("trim", step / 1000)
            case StageSize(width=width, height=height):
                player.resize_stage(width, height)
            case _:
                pass

    session.driver.with_player(act)
