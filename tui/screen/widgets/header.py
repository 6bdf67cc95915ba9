"""The first line: what is on, who controls, how good the link is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui.screen.widgets.base import StateView
from tui.screen.widgets.charts import link_bars
from tui.screen.widgets.text_layout import Piece, fit, spread
from tui.state.selectors import reconnecting_text

if TYPE_CHECKING:
    from textual.content import Content

    from player.api.views import Quality
    from tui.state.party_state import PartyState

QUALITY_STYLES: Final[dict[Quality, str]] = {
    "good": "$success",
    "fair": "$warning",
    "poor": "$error",
    "lost": "$error",
}


class HeaderBar(StateView):
    """Name, title, role, quality, round trip."""

    def draw(self, width: int, height: int) -> Content:
        """One line; the title gives way when it is narrow."""
        del height
        left: list[Piece] = [(" matinee ", "bold $primary"), (" " + self.room.title, "")]
        right = [*_role(self.room, width), *_link(self.room, self.now, width)]
        return spread(left, right, width)


def _role(room: PartyState, width: int) -> list[Piece]:
    if room.ready is None:
        return []
    if room.is_host:
        return [(" ", ""), (" HOST ", "bold $background on $primary")]
    pieces: list[Piece] = [(" ", ""), (" VIEW ONLY ", "bold $background on $accent")]
    name = room.host_name
    who = f" {fit(name, 20)} hosts" if name else " nobody hosts"
    return [*pieces, (who, "$muted")] if width >= 72 else pieces


def _link(room: PartyState, now: float, width: int) -> list[Piece]:
    if away := "not connected" if room.is_over else reconnecting_text(room, now):
        _, dark = link_bars("lost")
        return [("  ", ""), (dark, "$faint"), (f" {away} ", "bold $error")]
    status = room.status
    if status is None:
        return [(" ", "")]
    strong = status.lost_pings == 0 and (status.jitter_ms or 0) < 5
    lit, dark = link_bars(status.quality, strong=strong)
    style = QUALITY_STYLES[status.quality]
    pieces: list[Piece] = [
        ("  ", ""),
        (lit, style),
        (dark, "$faint"),
        (f" {status.quality}", style),
    ]
    if status.rtt_ms is not None and width >= 60:
        jitter = f" ± {status.jitter_ms:.0f}" if status.jitter_ms is not None else ""
        pieces.append((f"  {status.rtt_ms:.0f} ms{jitter}", "$muted"))
    return [*pieces, (" ", "")]
