"""What happened, as a sentence: the feed and the plain lines say it alike."""

from __future__ import annotations

from typing import Literal, NamedTuple, assert_never

from player.api import views
from protocol.clock_text import clock_text
from tui.text.times import ms_text, span_text

Tone = Literal["chat", "event", "good", "warning", "error"]

_AS_THEY_ARE = ("mpv", "matinee", "libmpv")
"""Names that begin a sentence as they are written."""


_OfMember = (
    views.Played
    | views.Paused
    | views.Sought
    | views.RateSet
    | views.MediaChanged
    | views.SettingsChanged
    | views.HostChanged
    | views.Joined
    | views.Left
    | views.Resynced
    | views.BufferStarted
    | views.BufferEnded
)


class Sentence(NamedTuple):
    """``name`` is the subject, "" when the program itself speaks."""

    name: str
    text: str
    tone: Tone


def sentence_of(view: views.AnyView) -> Sentence | None:
    """What a line of the seat tells people, or None when it is a state and not a happening."""
    match view:
        case views.ChatLine():
            return Sentence(view.name, view.text, "chat")
        case views.Reconnecting() | views.Recovered():
            return _of_link(view)
        case views.ErrorLine():
            return Sentence("", error_text(view), "error")
        case views.ViewOnly():
            return Sentence("", view.message or f"View Only: {view.host} is hosting", "warning")
        case views.Notice():
            return Sentence("", view.message, "event")
        case views.Corrected():
            because = f" ({view.reason})" if view.reason else ""
            return Sentence(
                "", f"jumped back into step: was {ms_text(view.drift_ms)}{because}", "event"
            )
        case views.Happened():
            return _of_member(view)
        case (
            views.Ready()
            | views.MediaView()
            | views.TracksView()
            | views.Status()
            | views.MembersView()
            | views.RoleView()
            | views.InviteView()
            | views.Waiting()
            | views.ConsentAsked()
            | views.Progress()
            | views.Ended()
        ):
            return None
        case _:
            assert_never(view)


def role_text(view: views.RoleView) -> str:
    """What this person may do from now on."""
    if view.role == "host":
        return "You host now: the keys move the film for everybody"
    return f"View Only: {view.host or 'nobody'} hosts now"


def invite_text(view: views.InviteView) -> str:
    """What became of the invite."""
    uses = f" for {view.uses}" if view.uses else ""
    older = ": older ones open nothing any more" if view.asked else ""
    return f"new invite{uses}{older}"


def error_text(error: views.ErrorLine) -> str:
    """Cause and remedy as one or two sentences."""
    cause = _closed(error.message or error.code or "something went wrong")
    return f"{cause} {_closed(error.remedy)}" if error.remedy else cause


def recovered_text(view: views.Recovered) -> str:
    """That the link is back, after how long, and what was missed."""
    away = f" after {span_text(view.away)}" if view.away >= 1 else ""
    return f"connected again{away}: {missed_text(view)}"


def missed_text(view: views.Recovered) -> str:
    """How what was missed came after all."""
    if view.by == "snapshot":
        return "caught up with the whole state"
    return f"recovered {_count(view.events, 'event')}" if view.events else "nothing was missed"


def _of_link(view: views.Reconnecting | views.Recovered) -> Sentence:
    if isinstance(view, views.Recovered):
        return Sentence("", recovered_text(view), "good")
    because = f": {view.reason}" if view.reason else ""
    return Sentence("", f"the server is out of reach{because}; trying again", "warning")


def _of_member(view: _OfMember) -> Sentence | None:
    match view:
        case views.Played(name="", you=False, reason="") if not view.reason_code:
            # A start that waited for less than anybody noticed.
            return None
        case views.Played():
            return _moved(view, _started(view.position), "the film " + _goes_on(view.position))
        case views.Paused():
            return _paused(view)
        case views.Sought():
            text, tone = f"went to {clock_text(view.position)}", "event"
        case views.RateSet():
            text, tone = f"set the speed to {view.rate:.2f}×", "event"
        case views.MediaChanged():
            text, tone = (
                f"changed the film: {view.title}" if view.title else "changed the film",
                "event",
            )
        case views.SettingsChanged():
            text, tone = _setting(view), "event"
        case views.HostChanged():
            by = f": {view.by} handed over" if view.by else ""
            text, tone = f"hosts now{by}", "warning"
        case views.Joined():
            text, tone = "came", "good"
        case views.Left():
            text, tone = "was removed by the host" if view.removed else "left", "event"
        case views.Resynced():
            text, tone = "resynced" + _was_now(view), "event"
        case views.BufferStarted():
            text, tone = "buffering", "warning"
        case views.BufferEnded():
            text, tone = "has data again", "good"
        case _:
            assert_never(view)
    return Sentence(_who(view), text, tone)


def _setting(view: views.SettingsChanged) -> str:
    waits = "the party waits" if view.wait else "the film goes on"
    drift = "" if view.sync_enabled else "; nobody is kept in step"
    return f"decided: {waits} when somebody stalls{drift}"


def _paused(view: views.Paused) -> Sentence:
    if view.reason_code == "end_of_film":
        return Sentence("", "the film has ended", "event")
    where = clock_text(view.position)
    return _moved(view, f"paused at {where}", f"the film stops at {where}")


def _moved(view: views.TimelineEvent, done: str, happened: str) -> Sentence:
    """What somebody did, or what happened when nobody did it."""
    if not view.name and not view.you:
        because = f"{view.reason}: " if view.reason else ""
        return Sentence("", because + happened, "event")
    because = f" ({view.reason})" if view.reason else ""
    return Sentence(_who(view), done + because, "event")


def _who(view: views.Happened) -> str:
    return view.name or ("you" if view.you else "the server")


def _started(position: float) -> str:
    return "started the film" if position < 1 else _goes_on(position)


def _goes_on(position: float) -> str:
    return "starts" if position < 1 else f"plays on from {clock_text(position)}"


def _was_now(view: views.Resynced) -> str:
    parts = [
        f"{word} {ms_text(value)}"
        for word, value in (("was", view.before_ms), ("now", view.after_ms))
        if value is not None
    ]
    return ": " + ", ".join(parts) if parts else ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _closed(text: str) -> str:
    text = text.strip()
    if text.partition(" ")[0].isalpha() and not text.startswith(_AS_THEY_ARE):
        text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else text + "."
