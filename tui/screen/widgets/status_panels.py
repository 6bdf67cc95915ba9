"""How well this seat is in step, and over what link."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from textual.content import Content

from tui.screen.widgets.base import StateView
from tui.screen.widgets.charts import drift_graph, graph_scale
from tui.screen.widgets.text_layout import Piece, cells, line, pad
from tui.state.selectors import reconnecting_text, sync_word
from tui.text.sentences import missed_text, recovered_text
from tui.text.times import ms_text, span_text

if TYPE_CHECKING:
    from player.api.views import Status
    from tui.state.party_state import PartyState

GRADE_STYLES: Final = {"good": "$success", "fair": "$warning", "poor": "$error", "none": "$muted"}
_TEXT_WIDTH: Final = 25


class SyncPanel(StateView):
    """Drift now, what is done about it, and how it went lately."""

    DEFAULT_CSS = "SyncPanel { height: 1fr; width: 1fr; }"

    def draw(self, width: int, height: int) -> Content:
        """Text on the left, a graph beside it, or only a small one when it is low."""
        texts = _sync_lines(self.room, height)
        graph_width = width - _TEXT_WIDTH - 1
        if graph_width < 6:
            return Content("\n").join([line(text) for text in texts[:height]])
        rows = 2 if height < 4 else 4
        recent = self.room.drifts[-graph_width * 2 :]
        scale = graph_scale(recent)
        label = f"±{scale:.0f} ms"
        drawn = drift_graph(recent, graph_width, rows, scale)
        style = GRADE_STYLES[sync_word(self.room.status)[1]]
        right: list[Piece] = [(row, style) for row in drawn]
        right.insert(0, (pad(label, graph_width, right=True), "$faint"))
        if height < rows + 1:
            right.pop(0)
        return _beside(texts, right, height)


def _sync_lines(room: PartyState, height: int) -> list[list[Piece]]:
    status = room.status
    word, grade = sync_word(status)
    style = GRADE_STYLES[grade]
    drift = status.drift_ms if status and status.state == "playing" else None
    now: list[Piece] = (
        [(ms_text(drift), f"bold {style}"), (f" {word}", style)]
        if drift is not None
        else [(_without_drift(room), "$muted")]
    )
    correction = status.correction if status else ""
    busy: list[Piece] = [(f"now: {correction}" if correction else "no correction", "$muted")]
    last: list[Piece] = [
        (f"last: {room.last_correction}" if room.last_correction else "", "$muted")
    ]
    if height < 3:
        return [now, last if room.last_correction and not correction else busy]
    head: list[Piece] = [("Sync", "bold $muted")]
    return [head, now, busy, last]


def _without_drift(room: PartyState) -> str:
    if room.status is None:
        return "not yet known"
    if room.media is not None and room.media.is_live:
        return "live, without a clock"
    return "measured while playing"


def _beside(texts: list[list[Piece]], right: list[Piece], height: int) -> Content:
    rows: list[Content] = []
    for at in range(min(height, max(len(texts), len(right)))):
        text = texts[at] if at < len(texts) else []
        gap = " " * max(1, _TEXT_WIDTH - cells(text))
        rows.append(line([*text, (gap, ""), *(right[at : at + 1])]))
    return Content("\n").join(rows)


class LinkPanel(StateView):
    """Round trip, clock, buffer, losses."""

    DEFAULT_CSS = "LinkPanel { height: 1fr; width: 1fr; }"

    def draw(self, width: int, height: int) -> Content:
        """Three or four short lines."""
        rows = _link_lines(self.room, self.now, width, height)
        return Content("\n").join(
            [line(row) for row in (rows if height >= 3 else rows[1:])[:height]]
        )


def _link_lines(room: PartyState, now: float, width: int, height: int) -> list[list[Piece]]:
    head: list[Piece] = [("Link", "bold $muted")]
    if away := reconnecting_text(room, now):
        return [head, [(away, "bold $error")], [(room.link_reason, "$muted")]]
    status = room.status
    if status is None:
        return [head, [("not yet known", "$muted")]]
    if height < 3:
        return [head, [(_delay_text(status), "")], [(_short_text(status), "$muted")]]
    rows = [head, [(_delay_text(status), "")], [(_buffer_text(room, status), "$muted")]]
    if room.recovered is not None and now - room.recovered_at < 60:
        whole = recovered_text(room.recovered)
        # What was missed matters more than that it is over, which the panel shows anyway.
        fits = cell_len(whole) <= width
        return [*rows, [(whole if fits else missed_text(room.recovered), "$success")]]
    return [*rows, [(_sound_text(status), "$muted")]]


def _delay_text(status: Status) -> str:
    delay = "no answer yet"
    if status.rtt_ms is not None:
        jitter = f" ± {status.jitter_ms:.0f}" if status.jitter_ms is not None else ""
        delay = f"{status.rtt_ms:.0f} ms{jitter}"
    clock = (
        f" · clock ± {status.clock_error_ms:.0f} ms" if status.clock_error_ms is not None else ""
    )
    return delay + clock


def _short_text(status: Status) -> str:
    """Buffer, what got lost, and the own sound, for one line of 44 cells."""
    parts = [*_ahead(status), *([f"{status.lost_pings} lost"] if status.lost_pings else [])]
    return " · ".join([*parts, _sound_text(status)])


def _ahead(status: Status) -> list[str]:
    if status.buffered_until is None or status.position is None:
        return []
    return [f"buffer {span_text(max(0.0, status.buffered_until - status.position))}"]


def _buffer_text(room: PartyState, status: Status) -> str:
    parts = _ahead(status)
    parts.append(f"{status.lost_pings} lost")
    if room.ready is not None and room.ready.server:
        parts.append("wss" if room.ready.server.startswith("https") else "ws")
    return " · ".join(parts)


def _sound_text(status: Status) -> str:
    volume = "muted" if status.muted else f"volume {status.volume:.0f} %"
    parts = [volume]
    if status.trim_ms:
        parts.append(f"trim {status.trim_ms:+.0f} ms")
    if status.subtitle_delay_ms:
        parts.append(f"subtitles {status.subtitle_delay_ms:+.0f} ms")
    return " · ".join(parts)
