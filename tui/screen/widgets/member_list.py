"""Who is here, and who lags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from tui.screen.widgets.base import StateView
from tui.screen.widgets.charts import STATE_SYMBOLS
from tui.screen.widgets.status_panels import GRADE_STYLES
from tui.screen.widgets.text_layout import Piece, cells, fit, line, pad, spread
from tui.state.selectors import grade_of, lags, member_word, state_for
from tui.text.times import ms_text, span_text

if TYPE_CHECKING:
    from protocol.wire.messages import Member
    from tui.state.party_state import PartyState

_DRIFT, _DELAY = 9, 7
_WIDE = 38
"""Cells from which on there is room for delays and durations."""


class MemberList(StateView):
    """A line for each member: symbol, name, state, drift, delay."""

    DEFAULT_CSS = "MemberList { height: 1fr; }"

    def draw(self, width: int, height: int) -> Content:
        """The host first; when not all fit, those who lag are among those that do."""
        room = self.room
        here = len(room.members) + room.others
        rows = [
            spread(
                [("Seats ", "bold $muted"), (str(here), "bold")],
                _summary(room),
                width,
            )
        ]
        shown = _chosen(room, height - 1)
        rows += [_row(room, member, width, self.now) for member in shown]
        hidden = here - len(shown)
        if hidden:
            rows[-1] = line([(fit(f"  and {hidden + 1} more", width), "$muted")])
        return Content("\n").join(rows)


def _summary(room: PartyState) -> list[Piece]:
    if room.link == "reconnecting":
        return [("as last heard", "$muted")]
    late = [member for member in room.members if lags(member)]
    if not late or not room.members:
        playing = any(member.state == "playing" for member in room.members)
        return [("all in step", "$success")] if playing else []
    text = f"{len(late)} lag" if len(late) > 1 else _lack(late[0])
    return [(f"! {text}", "bold $error")]


def _lack(member: Member) -> str:
    return f"{fit(member.name, 12)} {'has no film' if member.state == 'failed' else 'lags'}"


def _chosen(room: PartyState, places: int) -> list[Member]:
    members = list(room.members)
    if len(members) <= places:
        return members
    members.sort(key=lambda m: (m.role != "host", not lags(m), m.member_id != room.you))
    return members[: max(0, places)]


def _row(room: PartyState, member: Member, width: int, now: float) -> Content:
    you = member.member_id == room.you
    word = member_word(member)
    wide = width >= _WIDE
    if wide and member.state in ("buffering", "loading"):
        word = f"{word} {span_text(state_for(room, member.member_id, now))}"
    grade = grade_of(member.drift_ms) if member.drift_ms is not None else "none"
    style = GRADE_STYLES["poor" if lags(member) and grade == "good" else grade]
    symbol: Piece = (STATE_SYMBOLS["waiting" if member.waiting else member.state], style)
    if lags(member):
        symbol = ("!" if member.state == "playing" else symbol[0], style)
    elif member.role == "host":
        symbol = ("★", "$primary")
    drift = ms_text(member.drift_ms) if member.drift_ms is not None else ""
    delay = f"{member.rtt_ms:.0f} ms" if member.rtt_ms is not None else ""
    word_width = 13 if wide else 10 if width >= 28 else 0
    name_width = width - 2 - word_width - _DRIFT - (_DELAY if wide else 0)
    tag = " you" if you else ""
    name = fit(member.name, name_width - len(tag) - 1)
    gap = pad("", name_width - cells([(name, "")]) - len(tag))
    pieces: list[Piece] = [
        symbol,
        (" ", ""),
        (name, "bold" if you else ""),
        (tag, "$accent"),
        (gap, ""),
        (pad(word, word_width), style if lags(member) else "$muted"),
        (pad(drift, _DRIFT, right=True), style),
    ]
    if wide:
        pieces.append((pad(delay, _DELAY, right=True), "$muted"))
    return line(pieces)
