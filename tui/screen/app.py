"""The face in the terminal: keeps a `PartyState` up to date and shows it."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from textual import events
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.drivers.linux_driver import LinuxDriver
from textual.reactive import reactive
from textual.widgets import Input

from player.api import views
from player.api.intents import Consent, Quit, Revoke
from protocol.log_line import log_line
from tui.actions import ACTIONS, BY_ID
from tui.keyboard_layouts import LayoutReader
from tui.screen.driver import TerminalDriver
from tui.screen.messages import Answered, Asked, SeatOver, SeatSaid
from tui.screen.palette import ActionsProvider, PaletteEntry
from tui.screen.screens.confirm import LeaveScreen, RevokeScreen, people
from tui.screen.screens.consent import ConsentScreen
from tui.screen.screens.fatal_error import FatalErrorScreen
from tui.screen.screens.main import MainScreen
from tui.screen.themes import THEMES, VARIABLES, theme_for
from tui.state.party_state import SEAT_DIED, PartyState, note, reduce
from tui.state.sound_changes import own_changes
from tui.storage import paths
from tui.text.sentences import error_text, invite_text, role_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from textual.driver import Driver
    from textual.notifications import SeverityLevel
    from textual.screen import Screen

    from player.video.frame_buffer import FrameBuffer
    from tui.processes.seat import SeatHandle

ANSWER_TIME: Final = 3.0
"""Seconds that the answer to a key is shown."""
_NAMES: Final = {"[": "left_square_bracket", "]": "right_square_bracket"}
"""Keys that Textual does not call by what they write."""
TICK: Final = 1 / 8
"""Seconds between looks at the clock; what has not changed is not painted again."""


class MatineeApp(App[views.ErrorLine | None], inherit_bindings=True):
    """Runs until the person or the seat leaves; returns the error that ended it, if any."""

    CSS_PATH = Path("app.tcss")
    TITLE = "matinee"
    ENABLE_COMMAND_PALETTE = True
    COMMANDS = {ActionsProvider}  # noqa: RUF012 (Textual's own name and type)
    COMMAND_PALETTE_BINDING: ClassVar[str] = "ctrl+p"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+z", "suspend_process", "To the background", show=False)
    ]

    room: reactive[PartyState] = reactive(PartyState(), repaint=False)
    now: reactive[float] = reactive(0.0, repaint=False)

    def __init__(
        self,
        seat: SeatHandle,
        *,
        frame_buffer: FrameBuffer | None = None,
        theme: str = "",
        reports: Iterable[str] = (),
        leave_text: str = "",
        serves: bool = False,
        language: str = "",
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """
        Args:
            seat: what is shown, and asked for what people want.
            frame_buffer: where the film's pictures come from, when they are drawn in the terminal.
            theme: "" chooses by the terminal.
            reports: what the program has to say at the beginning.
            leave_text: what becomes of the party when its host leaves, "" when he may just go.
            serves: the party's server ends with this person's party, whoever hosts.
            language: of the person, by which one keyboard layout is preferred to another.
            clock: CLOCK_MONOTONIC.
            wall_clock: seconds since 1970.
        """
        super().__init__()
        self._seat = seat
        self._leave_text = leave_text
        self._serves = serves
        self._last_is_answer = False
        self._layouts = LayoutReader(language)
        self._frame_buffer = frame_buffer
        self._chosen_theme = theme
        self._reports = list(reports)
        self._clock = clock
        self._wall_clock = wall_clock
        self._room_screen = MainScreen(frame_buffer)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our own names of colours, so that every theme of Textual works as well."""
        return VARIABLES

    def get_driver_class(self) -> type[Driver]:
        """Ours, unless another one is wished for."""
        chosen = super().get_driver_class()
        return TerminalDriver if chosen is LinuxDriver else chosen

    def on_mount(self) -> None:
        """Show the room and start to listen."""
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = theme_for(self._chosen_theme, self.console.color_system)
        self.now = self._clock()
        self.push_screen(self._room_screen.data_bind(MatineeApp.room, MatineeApp.now))
        self.set_interval(TICK, self._tick)
        self.app_resume_signal.subscribe(self, self._came_back)  # pyright: ignore[reportUnknownMemberType]
        for report in self._reports:
            self.say(report)
        self.run_worker(self._listen(), name="seat", exit_on_error=True)

    async def _listen(self) -> None:
        async for line in self._seat.lines():
            if line.view is not None:
                self.post_message(SeatSaid(line.view))
        self.post_message(SeatOver())

    async def on_event(self, event: events.Event) -> None:
        """Take a letter of another keyboard layout as the key it lies on, unless it is text."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            event = self._as_key(event)
        await super().on_event(event)

    def _as_key(self, event: events.Key) -> events.Key:
        typed = event.character or ""
        if len(typed) != 1 or isinstance(self.focused, Input):
            return event
        key = self._layouts.key_of(typed)
        if event.key in self.screen.active_bindings:
            return event
        if key == typed and not key.isascii() and key.isalpha():
            help_key = BY_ID["help"].shown
            self.post_message(
                Answered(f"no key is called {typed}: {help_key} shows all", "warning")
            )
        return events.Key(_NAMES.get(key, key), key) if key != typed else event

    def _tick(self) -> None:
        self.now = self._clock()

    def on_seat_said(self, message: SeatSaid) -> None:
        """Fold the line into the room, and raise what must not be missed."""
        self.now = self._clock()
        before = self.room
        self.room = reduce(before, message.view, self.now)
        if changes := own_changes(before, self.room):
            self.post_message(Answered(", ".join(changes)))
        match message.view:
            case views.ErrorLine(code=code) if code == SEAT_DIED and before.seat_down_since:
                pass  # the screen says so already
            case views.ViewOnly() as blocked:
                text = blocked.message or f"View Only: {blocked.host} is hosting"
                self.post_message(Answered(text, "warning"))
            case views.ConsentAsked() as asked:
                self._ask_consent(asked)
            case views.RoleView() as role:
                self._raise(role_text(role), "warning")
            case views.InviteView(asked=True) as invite:
                self.room = note(self.room, invite_text(invite), round(self._wall_clock() * 1000))
                self.post_message(
                    Answered(f"{invite_text(invite)}; {BY_ID['invite'].shown} shows it")
                )
            case views.ErrorLine(fatal=False) as error:
                severity = "warning" if error.code == SEAT_DIED else "error"
                self._raise(error_text(error), severity)
            case _:
                pass

    def _ask_consent(self, asked: views.ConsentAsked) -> None:
        """Put the question about a site, or take back the one that was put."""
        if isinstance(self.screen, ConsentScreen):
            self.screen.dismiss(None)
        if asked.site:
            self.push_screen(ConsentScreen(asked, self.room.host_name), self._consent)

    def _consent(self, answer: Consent | None) -> None:
        if answer is not None:
            self._seat.send(answer)

    def on_answered(self, message: Answered) -> None:
        """Answers do not pile up: a new one takes the place of the last."""
        if self._last_is_answer:
            self.clear_notifications()
            # Textual leaves the empty holders, and they take lines.
            self.screen.query("ToastHolder").remove()
        self.notify(message.text, severity=message.tone, timeout=ANSWER_TIME, markup=False)
        self._last_is_answer = True

    def _raise(self, text: str, severity: SeverityLevel) -> None:
        self._last_is_answer = False
        self.notify(text, severity=severity, markup=False)

    def on_seat_over(self) -> None:
        """Leave; an error that ended a running party is read first."""
        fatal = self.room.fatal
        if fatal is not None and self.room.ready is not None:
            self.push_screen(FatalErrorScreen(fatal), lambda _: self.exit(fatal))
        else:
            self.exit(fatal)

    def on_asked(self, message: Asked) -> None:
        """Pass it on to the seat; what others would be out by is asked about first."""
        others = [m.name for m in self.room.members if m.member_id != self.room.you]
        match message.intent:
            case Quit():
                self._may_leave(others)
            case Revoke() as revoke if self.room.is_host and others:
                self._may_revoke(revoke, others)
            case intent:
                self._seat.send(intent)

    def _may_leave(self, others: list[str]) -> None:
        if not (self._leave_text and (self.room.is_host or self._serves) and others):
            self.leave()
            return
        question = f"Leave? {people(others)} {'is' if len(others) == 1 else 'are'} watching."
        screen = LeaveScreen(question, self._leave_text, f"{paths.WAY_BACK} brings you back.")
        self.push_screen(screen, lambda wanted: self.leave() if wanted else None)

    def _may_revoke(self, revoke: Revoke, others: list[str]) -> None:
        screen = RevokeScreen(
            "Take the invite back?",
            f"Whoever came by an invite is out: {people(others)}.",
            "With a new invite instead everybody stays.",
        )
        self.push_screen(screen, lambda wanted: self._seat.send(revoke) if wanted else None)

    def say(self, text: str) -> None:
        """A line of the face's own, in the feed and as a toast."""
        self.room = note(self.room, text, round(self._wall_clock() * 1000), "warning")
        self._raise(text, "warning")

    def _fatal_error(self) -> None:
        """A bug of ours: into the log instead of over the person's terminal."""
        logging.getLogger(__name__).exception(log_line("screen_failed"))
        self._close_messages_no_wait()

    def _came_back(self, _: object) -> None:
        self._room_screen.resync()

    def leave(self) -> None:
        """Go at once."""
        self._seat.send(Quit())
        self.exit(self.room.fatal)

    def action_help_quit(self) -> None:
        """Ctrl+c leaves, as it does everywhere."""
        self.leave()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """What the palette offers, as Textual's own commands."""
        del screen
        return (entry.command for entry in self.palette_entries())

    def palette_entries(self) -> Iterable[PaletteEntry]:
        """Every action, every theme of ours, and Textual's own choice of themes."""
        room_screen = self._room_screen
        for action in ACTIONS:
            if action.action_id == "palette":
                continue
            keys = f" ({action.shown})" if action.shown else ""
            host = ", host only" if action.host_only and not self.room.is_host else ""

            def act(action_id: str = action.action_id) -> None:
                room_screen.action_act(action_id)

            command = SystemCommand(action.label.capitalize(), f"{action.help}{keys}{host}", act)
            yield PaletteEntry(command, action.aka)
        for theme in THEMES:

            def use(name: str = theme.name) -> None:
                self.theme = name

            name = theme.name.removeprefix("matinee-")
            yield PaletteEntry(SystemCommand(f"Theme: {name}", f"Colours of matinee, {name}", use))
        yield PaletteEntry(
            SystemCommand("Theme…", "Choose among all colours", self.action_change_theme)
        )
