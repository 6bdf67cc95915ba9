"""The one screen of a party."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, cast

from textual import getters
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.reactive import reactive
from textual.screen import Screen
from textual.widgets import Input, Static

from player.api.intents import (
    AnyIntent,
    Give,
    Kick,
    LoadMedia,
    OwnCopy,
    PictureSize,
    Resync,
    Say,
    Subtitles,
)
from tui.actions import ACTIONS, BY_ID, Action
from tui.screen.messages import Answered, Asked
from tui.screen.screens.go_to import GoToScreen
from tui.screen.screens.help import HelpScreen
from tui.screen.screens.invite import InviteScreen
from tui.screen.screens.member_picker import MemberPickerScreen
from tui.screen.screens.open_media import FILM, SUBTITLES, OpenMediaScreen, WantedFile
from tui.screen.widgets.feed import Feed
from tui.screen.widgets.footer import FooterBar
from tui.screen.widgets.header import HeaderBar
from tui.screen.widgets.member_list import MemberList
from tui.screen.widgets.now_playing import NowPlaying, StateLine
from tui.screen.widgets.status_panels import LinkPanel, SyncPanel
from tui.screen.widgets.transport import TransportBar
from tui.screen.widgets.video import VideoView
from tui.state.party_state import PartyState
from tui.state.selectors import view_only_text

if TYPE_CHECKING:
    from textual import events

    from player.video.frame_buffer import FrameBuffer

MIN_WIDTH: Final = 60
MIN_HEIGHT: Final = 16


def _bindings() -> list[BindingType]:
    return [
        Binding(key, f"act('{a.action_id}')", a.label, show=False, id=a.action_id, tooltip=a.help)
        for a in ACTIONS
        for key in a.keys
        if a.action_id != "palette"
    ]


class MainScreen(Screen[None], inherit_bindings=True):
    """Shows a room and turns keys into what they ask for."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *_bindings(),
        Binding("escape", "leave_chat", "Back to the film's keys", show=False),
    ]
    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 (Textual's own name and type)
        (0, "-tiny"),
        (MIN_WIDTH, "-narrow"),
        (96, "-middle"),
        (116, "-wide"),
    ]
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012
        (0, "-flat"),
        (MIN_HEIGHT, "-low"),
        (30, "-high"),
    ]

    app = getters.app(cast("type[App[object]]", App))
    room: reactive[PartyState] = reactive(PartyState(), repaint=False)
    now: reactive[float] = reactive(0.0, repaint=False)

    def __init__(self, frame_buffer: FrameBuffer | None = None) -> None:
        super().__init__()
        self._frame_buffer = frame_buffer

    def compose(self) -> ComposeResult:
        """Header; frame_buffer, transport and panels; people and feed; keys."""
        cls = MainScreen
        yield HeaderBar(id="header").data_bind(cls.room, cls.now)
        with Horizontal(id="main"):
            with Vertical(id="left"):
                if self._frame_buffer is None:
                    yield NowPlaying(id="stage").data_bind(cls.room, cls.now)
                else:
                    yield VideoView(self._frame_buffer, widget_id="film")
                    yield StateLine(id="state").data_bind(cls.room, cls.now)
                yield TransportBar(id="transport").data_bind(cls.room, cls.now)
                with Horizontal(id="panels"):
                    yield SyncPanel(id="sync").data_bind(cls.room, cls.now)
                    yield LinkPanel(id="link").data_bind(cls.room, cls.now)
            with Vertical(id="right"):
                yield MemberList(id="seats").data_bind(cls.room, cls.now)
                yield Feed(id="feed").data_bind(cls.room)
                yield Input(
                    placeholder="say something (c)", max_length=500, compact=True, id="chat"
                )
        yield FooterBar(id="keys").data_bind(cls.room, cls.now)
        yield Static(id="too-small", markup=False)

    def on_mount(self) -> None:
        """The keys belong to the film until somebody wants to chat."""
        self.query_one("#chat", Input).can_focus = False

    def on_resize(self, event: events.Resize) -> None:
        """Say what is needed when this is too small; the style sheet shows it then."""
        width, height = event.size
        text = f"matinee needs {MIN_WIDTH}×{MIN_HEIGHT}, this is {width}×{height}"
        self.query_one("#too-small", Static).update(
            Content.assemble(
                (text, "bold $warning"), "\n", ("enlarge the terminal, or q", "$muted")
            )
        )

    def watch_room(self, before: PartyState, room: PartyState) -> None:
        """Make the list of seats as high as it needs to be, within reason."""
        if len(before.members) != len(room.members):
            self.query_one("#seats").styles.height = min(len(room.members), 12) + 1

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While somebody types, keys are text."""
        del parameters
        typing = isinstance(self.focused, Input)
        return typing if action == "leave_chat" else not (typing and action == "act")

    def action_act(self, action_id: str) -> None:
        """Do what a key, a click or the palette asks for."""
        action = BY_ID[action_id]
        if action.intent is not None:
            self.post_message(Asked(cast("AnyIntent", action.intent)))
        elif action.host_only and not self.room.is_host:
            self.post_message(Answered(view_only_text(self.room), "warning"))
        else:
            self._do(action)

    def _do(self, action: Action) -> None:
        match action.action_id:
            case "go_to":
                self.app.push_screen(GoToScreen(self.room, self.now), self._ask)
            case "own_copy":
                self._name_film(f"Your copy of {self.room.title or 'the film'}", OwnCopy)
            case "subtitle_file":
                question = f"Subtitles for {self.room.title or 'the film'}"
                self._name_file(question, Subtitles, SUBTITLES)
            case "load":
                self._name_film("What to watch instead, from its beginning", LoadMedia)
            case "chat":
                self._chat(True)
            case "invite":
                self._invite()
            case "kick":
                consequence = "The invite still opens the party: a new one keeps people out."
                self._choose("Remove whom?", consequence, Kick)
            case "give":
                consequence = "Who gets the remote hosts; you go on as a viewer."
                self._choose("Hand the remote to whom?", consequence, Give)
            case "help":
                self.app.push_screen(HelpScreen(is_host=self.room.is_host))
            case "palette":
                self.app.action_command_palette()
            case other:
                raise LookupError(f"no screen does {other}")

    def _ask(self, intent: AnyIntent | None) -> None:
        if intent is not None:
            self.post_message(Asked(intent))

    def _name_film(self, question: str, make: type[OwnCopy | LoadMedia]) -> None:
        self._name_file(question, make, FILM)

    def _name_file(
        self, question: str, make: type[OwnCopy | LoadMedia | Subtitles], wanted: WantedFile
    ) -> None:
        def named(file: str | None) -> None:
            self._ask(None if file is None else make(file))

        self.app.push_screen(OpenMediaScreen(question, wanted), named)

    def _choose(self, question: str, consequence: str, make: type[Kick | Give]) -> None:
        """Ask for one of the others, then for what is to be done about him."""
        others = [member for member in self.room.members if member.member_id != self.room.you]
        if not others:
            self.post_message(Answered("nobody else is here", "warning"))
            return

        def chosen(member_id: str | None) -> None:
            if member_id is not None:
                self.post_message(Asked(make(member_id)))

        self.app.push_screen(MemberPickerScreen(question, consequence, others), chosen)

    def _invite(self) -> None:
        invite = self.room.ready.invite if self.room.ready else None
        if not invite:
            self.post_message(Answered("there is no invite yet", "warning"))
            return
        self.app.copy_to_clipboard(invite)
        self.app.push_screen(InviteScreen(invite))

    def _chat(self, open_: bool) -> None:
        chat = self.query_one("#chat", Input)
        if open_ and not chat.region:
            self.post_message(Answered("enlarge the terminal to see what you type", "warning"))
            return
        chat.can_focus = open_
        if open_:
            chat.placeholder = "Enter sends, Esc leaves"
            chat.focus()
        else:
            chat.placeholder = "say something (c)"
            self.set_focus(None)

    def action_leave_chat(self) -> None:
        """Give the keys back to the film."""
        self._chat(False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Say it, and go on listening; with nothing to say the keys are the film's again."""
        text = event.value.strip()
        if not text:
            self._chat(False)
        elif self.room.link == "up":
            event.input.clear()
            self.post_message(Asked(Say(text)))
        else:
            unheard = "nobody would read this now: it stays here until the server is back"
            self.post_message(Answered(unheard, "warning"))

    def on_video_view_resized(self, event: VideoView.Resized) -> None:
        """Tell the seat how many pixels can be shown."""
        self.post_message(Asked(PictureSize(event.width, event.height)))

    def on_screen_resume(self) -> None:
        """Keys go to the film, not to whatever had them before a dialogue."""
        if not self.query_one("#chat", Input).has_focus:
            self.set_focus(None)

    def resync(self) -> None:
        """The terminal was away and the film went on."""
        self.post_message(Asked(Resync()))
