"""How lines of a seat look without a screen: as sentences, or as the JSON they are."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from player.api import views
from player.api.line_codec import encode_line
from protocol.clock_text import clock_text
from tui.state.party_state import PartyState, reduce
from tui.state.selectors import may_be_over, position_at, reconnecting_text, state_word
from tui.state.sound_changes import own_changes
from tui.text.remedies import remedy_text
from tui.text.sentences import Sentence, invite_text, role_text, sentence_of
from tui.text.times import ms_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.exceptions import MatineeError
    from tui.processes.seat_lines import SeatLine

STATUS_INTERVAL: Final = 10.0
"""Seconds between status lines while nothing changes."""
_COLOURS: Final = {"chat": "", "event": "2", "good": "32", "warning": "33", "error": "1;31"}


class JsonPrinter:
    """The seat's lines as they are; a second seat's carry its name in ``seat``."""

    def __init__(self, seat: str = "") -> None:
        self._mark = f'{{"seat":"{seat}",'.encode() if seat else b""

    def __call__(self, line: SeatLine) -> list[bytes]:
        if self._mark and line.text.startswith(b"{") and line.text != b"{}":
            return [self._mark + line.text[1:]]
        return [line.text]


class PlainPrinter:
    """Sentences, and a line about how things stand every now and then."""

    def __init__(
        self,
        *,
        colour: bool,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._colour = colour
        self._clock = clock
        self._wall_clock = wall_clock
        self._room = PartyState()
        self._state = ""
        self._status_at = float("-inf")
        self._lost_at = float("-inf")

    def __call__(self, line: SeatLine) -> list[bytes]:
        view = line.view
        if view is None:
            return []
        now = self._clock()
        before = self._room
        self._room = reduce(before, view, now)
        own = own_changes(before, self._room)
        texts = [] if own else self._happening(before, view, now)
        texts += [self._line(text, "2") for text in own]
        printed = [text.encode() for text in texts]
        if isinstance(view, views.Status):
            printed += [text.encode() for text in self._standing(now)]
        return printed

    def _happening(self, before: PartyState, view: views.AnyView, now: float) -> list[str]:
        match view:
            case views.Ready():
                role = (
                    "you host"
                    if view.role == "host"
                    else f"View Only: {view.host or 'nobody'} hosts"
                )
                invite = [self._line(f"invite: {view.invite}", "")] if view.invite else []
                return [self._line(f"joined as {view.name}; {role}", "32"), *invite]
            case views.MediaView():
                return self._film(before, view)
            case views.Waiting() if view.names:
                remedy = "; play goes on without" if self._room.is_host else ""
                text = f"waiting for {', '.join(view.names)} (up to {view.left:.0f} s){remedy}"
                return [self._line(text, "33")]
            case views.ConsentAsked() if view.site:
                return [self._line(consent_text(view), "33")]
            case views.RoleView():
                return [self._line(role_text(view), "33")]
            case views.InviteView():
                return [
                    self._line(invite_text(view), "32"),
                    self._line(f"invite: {view.invite}", ""),
                ]
            case views.Progress() if view.message:
                return [self._line(view.message, "2")]
            case views.Ended():
                told = self._room.fatal is not None or not view.reason
                return [self._line("left" if told else f"left: {view.reason}", "2")]
            case views.Reconnecting() if view.attempt > 1 and now - self._lost_at < STATUS_INTERVAL:
                return []
            case _:
                if isinstance(view, views.Reconnecting):
                    self._lost_at = now
                sentence = sentence_of(view)
                return [self._sentence(sentence)] if sentence else []

    def _film(self, before: PartyState, view: views.MediaView) -> list[str]:
        """What is open; of a film that was open already, only that its length is known now."""
        length = clock_text(view.duration) if view.duration is not None else ""
        if not _is_known(before, view):
            return [self._line(", ".join(filter(None, (f"film: {view.title}", length))), "")]
        is_news = bool(length) and before.duration != view.duration
        return [self._line(f"the film is {length} long", "2")] if is_news else []

    def _sentence(self, sentence: Sentence) -> str:
        said = f": {sentence.text}" if sentence.tone == "chat" else f" {sentence.text}"
        return self._line((sentence.name + said).strip(), _COLOURS[sentence.tone])

    def _standing(self, now: float) -> list[str]:
        state = state_word(self._room)
        if state == self._state and now - self._status_at < STATUS_INTERVAL:
            return []
        self._state, self._status_at = state, now
        return [self._line(status_text(self._room, now), "36")]

    def _line(self, text: str, colour: str) -> str:
        at = datetime.fromtimestamp(self._wall_clock(), tz=UTC).astimezone()
        text = f"{at:%H:%M:%S} {text}"
        return f"\x1b[{colour}m{text}\x1b[0m" if self._colour and colour else text


def _is_known(before: PartyState, view: views.MediaView) -> bool:
    """Whether it is the open film, of which there is something new besides."""
    was = before.media
    return before.is_open and was is not None and was.title == view.title


def status_text(room: PartyState, now: float) -> str:
    """How things stand, in one line."""
    status = room.status
    position = position_at(room, now)
    parts = [state_word(room).lower()]
    if position is not None:
        end = f" of {clock_text(room.duration)}" if room.duration is not None else ""
        parts.append(clock_text(position) + end)
    if status is not None:
        if status.rate != 1.0:
            parts.append(f"{status.rate:.2f}×")
        if status.drift_ms is not None:
            parts.append(f"drift {ms_text(status.drift_ms)}")
        link = reconnecting_text(room, now) or status.quality
        rtt = f", {status.rtt_ms:.0f} ms" if status.rtt_ms is not None else ""
        parts.append(f"link {link}{rtt}")
        parts.append(f"{status.members} here")
        if status.reason:
            parts.append(status.reason)
    if may_be_over(room, now):
        gone = "the server is gone" if room.is_host else "the party may be over"
        parts.append(f"{gone}: quit leaves")
    return " · ".join(parts)


def consent_text(asked: views.ConsentAsked) -> str:
    """The question about a site, with its answers."""
    film = f" ({asked.title})" if asked.title else ""
    return (
        f"the film{film} is at {asked.site}, which you have not opened before:"
        " consent once, consent always or consent no"
    )


def wants_colour(descriptor: int = 1) -> bool:
    """Whether lines may be coloured: on a terminal, and nobody said no."""
    return not os.environ.get("NO_COLOR") and os.isatty(descriptor)


def error_json(error: MatineeError) -> str:
    """An error of the face's own, as the seat would say it."""
    view = views.ErrorLine(
        code=type(error).__name__,
        message=error.message,
        remedy=remedy_text(error),
        fatal=True,
        timestamp_ms=round(time.time() * 1000),
    )
    return encode_line(view).decode()
