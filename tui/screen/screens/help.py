"""What every key does, from the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.actions import ACTIONS

if TYPE_CHECKING:
    from textual.app import ComposeResult

_KEY_WIDTH = 9
_LAYOUTS = "Letters of other keyboard layouts act as the key they lie on: й is q."


class HelpScreen(ModalScreen[None]):
    """All actions by group; the host's are marked for a viewer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,enter", "dismiss(None)", "Close"),
        Binding("up", "scroll(-1)", "Up"),
        Binding("down", "scroll(1)", "Down"),
        Binding("pageup", "page(-1)", "Page up"),
        Binding("pagedown,space", "page(1)", "Page down"),
        Binding("home", "page(-99)", "First page"),
        Binding("end", "page(99)", "Last page"),
    ]

    def __init__(self, *, is_host: bool) -> None:
        super().__init__()
        self._is_host = is_host

    def compose(self) -> ComposeResult:
        """One long text that scrolls."""
        with Vertical(classes="dialog help"):
            yield Static("Keys  (most work in mpv's window, too)", classes="title", markup=False)
            with VerticalScroll(can_focus=False):
                yield Static(help_text(is_host=self._is_host))
            yield Static(
                Content.assemble(
                    *(("Esc", "bold $primary"), " closes   "),
                    *(("↑ ↓ PgUp PgDn", "bold $primary"), " move"),
                    *(() if self._is_host else ("   ", ("★", "$primary"), " the host's")),
                ),
                classes="advice",
            )

    def action_scroll(self, lines: int) -> None:
        """So many lines down, or up."""
        # At once: of keys that come before the next picture none may be lost.
        scroll = self.query_one(VerticalScroll)
        scroll.scroll_relative(y=lines, animate=False, immediate=True)

    def action_page(self, pages: int) -> None:
        """So many pages down, or up; a line of the last one stays."""
        height = self.query_one(VerticalScroll).scrollable_content_region.height
        self.action_scroll(pages * max(1, height - 1))


def help_text(*, is_host: bool) -> Content:
    """The registry as lines."""
    rows: list[Content] = []
    for group in dict.fromkeys(action.group for action in ACTIONS):
        if rows:
            rows.append(Content(""))
        rows.append(Content.styled(group.capitalize(), "bold $accent"))
        for action in ACTIONS:
            if action.group != group or not action.keys:
                continue
            blocked = action.host_only and not is_host
            rows.append(
                Content.assemble(
                    (f"{action.shown:>{_KEY_WIDTH}}", "$faint" if blocked else "bold $primary"),
                    (" ★ " if blocked else "   ", "$faint"),
                    (action.help, "$muted" if blocked else ""),
                )
            )
    rows += [Content(""), Content.styled(_LAYOUTS, "$muted")]
    return Content("\n").join(rows)
