"""The last line: the keys that matter most, from the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.style import Style

from tui.actions import ACTIONS, Action
from tui.screen.widgets.base import StateView

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tui.state.party_state import PartyState


class FooterBar(StateView):
    """Keys and labels; what a viewer may not do is left out, and what does not fit."""

    DEFAULT_CSS = "FooterBar { height: 1; }"

    def on_mount(self) -> None:
        """Entries can be clicked without looking like links."""
        self.auto_links = False

    def draw(self, width: int, height: int) -> Content:
        """One line, the palette at its right end; each entry can be clicked."""
        del height
        offered = [action for action in ACTIONS if _is_offered(action, self.room)]
        chosen = fitting(offered, width - 1)
        shown = [self._entry(action) for action in chosen if action.action_id != "palette"]
        palette = [self._entry(action) for action in chosen if action.action_id == "palette"]
        left = Content(" ") + Content("  ").join(shown)
        right = Content("").join(palette) + Content(" ")
        space = width - left.cell_length - right.cell_length
        return left + Content(" " * max(0, space)) + right

    def _entry(self, action: Action) -> Content:
        click = Style.from_meta({"@click": f"screen.act('{action.action_id}')"})
        status = self.room.status
        is_pause = action.action_id == "toggle" and status is not None and status.playing
        label = "pause" if is_pause else _label(action)
        text = Content.assemble((action.shown, "bold $primary"), (f" {label}", "$muted"))
        return text.stylize(click)


def _is_offered(action: Action, room: PartyState) -> bool:
    """The way out of a film that this seat lacks comes before all others."""
    if action.action_id == "own_copy":
        return room.lacks_copy
    return action.footer > 0 and (room.is_host or not action.host_only)


def fitting(offered: Iterable[Action], width: int) -> list[Action]:
    """As many as fit into ``width`` cells, in their order; the highest numbers go first."""
    chosen = list(offered)
    while chosen and sum(len(a.shown) + len(_label(a)) + 3 for a in chosen) > width:
        chosen.remove(max(chosen, key=lambda action: action.footer))
    return chosen


def _label(action: Action) -> str:
    return action.footer_label or action.label
