"""Keys, toasts, chat, dialogues and sizes of the room's screen."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Literal, cast

import msgspec
import pytest
from textual.containers import VerticalScroll
from textual.widgets import Input, Static

from player.api import views
from player.api.intents import Consent, LoadMedia, OwnCopy, Quit, Resync, Say, Seek, SeekBy, Toggle
from tests.screens.evenings import members
from tests.screens.shown import shown, text_of, toasts, until
from tui.actions import ACTIONS
from tui.screen.screens.confirm import ConfirmScreen
from tui.screen.screens.consent import ConsentScreen
from tui.screen.screens.go_to import GoToScreen
from tui.screen.screens.help import HelpScreen
from tui.screen.screens.invite import InviteScreen
from tui.screen.screens.main import MainScreen
from tui.screen.screens.open_media import OpenMediaScreen

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

    from tui.screen.app import MatineeApp

SIZE = (120, 36)


async def ready(pilot: Pilot[Any], app: MatineeApp) -> None:
    await until(pilot, lambda: app.room.drifts)
    assert isinstance(app.screen, MainScreen)


async def test_each_key_sends_what_the_registry_says() -> None:
    sent = [(a.keys[0], a.intent) for a in ACTIONS if a.keys and a.intent and a.action_id != "quit"]
    app, seat, _ = shown("host")
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        for key, intent in sent:
            seat.asked.clear()
            await pilot.press(key)
            await until(pilot, lambda: seat.asked)
            assert seat.asked == [intent], key


async def test_a_viewers_keys_are_sent_as_well_and_the_seats_no_is_shown() -> None:
    app, seat, _ = shown("viewer")
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("space")
        await until(pilot, lambda: seat.asked == [Toggle()])
        seat.say(views.ViewOnly(intent="toggle", host="Ana", message="View Only: Ana is hosting"))
        await until(pilot, lambda: toasts(app))
        assert toasts(app) == ["View Only: Ana is hosting"]


async def test_a_viewer_who_wants_to_go_somewhere_is_told_who_hosts() -> None:
    app, seat, _ = shown("viewer")
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("g")
        await until(pilot, lambda: toasts(app))
        assert toasts(app) == ["View Only: Ana is hosting"]
        assert isinstance(app.screen, MainScreen)
        assert seat.asked == []


async def test_q_leaves() -> None:
    app, seat, _ = shown("host")
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("q")
        await until(pilot, lambda: app.return_code is not None)
    assert seat.asked == [Quit()]
    assert app.return_code == 0


async def test_a_host_whom_others_watch_with_is_asked_before_he_leaves() -> None:
    app, seat, _ = shown("host", leave_text="It goes on without a host.")
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert "Ben and 2 more are watching" in text_of(app)
        assert "It goes on without a host." in text_of(app)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, MainScreen))
        assert seat.asked == []
        await pilot.press("q", "q")
        await until(pilot, lambda: app.return_code is not None)
    assert seat.asked == [Quit()]


async def test_a_viewer_leaves_without_a_question() -> None:
    app, seat, _ = shown("viewer", leave_text="It goes on without a host.")
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("q")
        await until(pilot, lambda: app.return_code is not None)
    assert seat.asked == [Quit()]


async def test_answers_to_keys_take_each_others_place() -> None:
    app, seat, _ = shown("viewer")
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await ready(pilot, app)
        for _ in range(3):
            seat.say(views.ViewOnly(message="View Only: Ana is hosting"))
        status = app.room.status
        assert status is not None
        seat.say(msgspec.structs.replace(status, volume=90.0))
        await until(pilot, lambda: toasts(app) == ["volume 90 %"])
        # Where toasts begin: nothing is left of those before.
        await until(pilot, lambda: "volume 90 %" in "".join(text_of(app).splitlines()[:5]))


async def test_a_viewer_names_his_copy_from_inside(tmp_path: Path) -> None:
    film = tmp_path / "the film.mkv"
    film.write_bytes(b"film")
    app, seat, _ = shown("viewer")
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        seat.say(views.ErrorLine(code=views.OWN_COPY, message="no copy", remedy="name it"))
        await until(pilot, lambda: "f names your copy" in text_of(app))
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, OpenMediaScreen))
        await pilot.press(*"nowhere", "enter")
        advice = app.screen.query_one("#advice", Static)
        await until(pilot, lambda: "there is no file" in str(advice.render()))
        app.screen.query_one(Input).value = f"{tmp_path}/the\\ film.mkv"
        await pilot.press("enter")
        await until(pilot, lambda: seat.asked)
        assert seat.asked == [OwnCopy(str(film))]
        seat.say(views.MediaView(title="x", duration=1.0, kind="file"))
        await until(pilot, lambda: "f names your copy" not in text_of(app))


async def test_a_site_is_opened_as_the_person_says() -> None:
    app, seat, _ = shown("viewer")
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        seat.say(views.ConsentAsked(site="films.example.com", title="[/] A Clip"))
        await until(pilot, lambda: "Open films.example.com?" in text_of(app))
        assert "[/] A Clip" in text_of(app)
        await pilot.press("a")
        assert seat.asked == [], "it was pressed in the middle of a word"
        seat.say(views.ConsentAsked(site=""))
        await until(pilot, lambda: isinstance(app.screen, MainScreen))
        answers: tuple[tuple[str, Literal["once", "always", "no"]], ...]
        answers = (("o", "once"), ("a", "always"), ("escape", "no"))
        for key, answer in answers:
            seat.asked.clear()
            seat.say(views.ConsentAsked(site="films.example.com"))
            await until(pilot, lambda: isinstance(app.screen, ConsentScreen))
            await until(pilot, lambda: cast("ConsentScreen", app.screen).is_open)
            await pilot.press(key)
            await until(pilot, lambda: seat.asked)
            assert seat.asked == [Consent(answer)]


async def test_tab_completes_a_path(tmp_path: Path) -> None:
    (tmp_path / "film.mkv").touch()
    app, _, _ = shown("viewer")
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, OpenMediaScreen))
        typed = app.screen.query_one(Input)
        await pilot.press(*f"{tmp_path}/fi")
        await until(pilot, lambda: typed._suggestion)  # pyright: ignore[reportPrivateUsage]
        await pilot.press("tab")
        await until(pilot, lambda: typed.value == f"{tmp_path}/film.mkv")


async def test_a_server_that_was_stopped_looks_like_the_end_of_the_party() -> None:
    app, seat, _ = shown("viewer")
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        seat.say(views.Reconnecting(reason="the server was stopped", reason_code="server_stopping"))
        seat.say(views.Reconnecting(reason="nothing listens there", attempt=2))
        await until(pilot, lambda: "The party may be over: q leaves." in text_of(app))
        assert "If Ana comes back, so do you." in text_of(app)
        seat.say(views.Recovered(away=20.0))
        await until(pilot, lambda: "may be over" not in text_of(app))


async def test_a_host_whose_server_was_stopped_is_not_told_to_wait_for_himself() -> None:
    app, seat, _ = shown("host")
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        assert "as last heard" not in text_of(app)
        seat.say(views.Reconnecting(reason="the server was stopped", reason_code="server_stopping"))
        await until(pilot, lambda: "The server is gone: q leaves." in text_of(app))
        assert "When it comes back, so do you." in text_of(app)
        assert "as last heard" in text_of(app)
        seat.say(views.Recovered(away=20.0))
        await until(pilot, lambda: "nothing was missed" in text_of(app))


async def test_ctrl_c_leaves_too() -> None:
    app, seat, _ = shown("host")
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("ctrl+c")
        await until(pilot, lambda: app.return_code is not None)
    assert seat.asked == [Quit()]


async def test_g_asks_until_it_is_a_time() -> None:
    app, seat, _ = shown("host")
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("g")
        await until(pilot, lambda: isinstance(app.screen, GoToScreen))
        await pilot.press(*"soon", "enter")
        advice = app.screen.query_one("#advice", Static)
        await until(pilot, lambda: "not a time" in str(advice.render()))
        app.screen.query_one(Input).value = ""
        await pilot.press(*"12:47", "enter")
        await until(pilot, lambda: seat.asked)
        assert seat.asked == [Seek(767.0)]
        assert isinstance(app.screen, MainScreen)


async def test_g_can_be_left_and_takes_steps() -> None:
    app, seat, _ = shown("host")
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("g", *"10", "escape")
        await until(pilot, lambda: isinstance(app.screen, MainScreen))
        await pilot.press("g", *"-10", "enter")
        await until(pilot, lambda: seat.asked)
        assert seat.asked == [SeekBy(-10.0)]


async def test_while_somebody_chats_keys_are_text() -> None:
    app, seat, _ = shown("viewer")
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("c", *"q r", "up", "space", "m", "enter")
        await until(pilot, lambda: seat.asked)
        assert seat.asked == [Say("q r m")]
        # Whoever goes on typing goes on chatting.
        await pilot.press(*"r q", "enter", "enter", "r")
        await until(pilot, lambda: len(seat.asked) == 3)
        assert seat.asked[1:] == [Say("r q"), Resync()]


async def test_what_nobody_would_read_stays_until_somebody_does() -> None:
    app, seat, _ = shown("viewer")
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        seat.say(views.Reconnecting(reason="nothing listens there", attempt=2))
        await until(pilot, lambda: "reconnecting" in text_of(app))
        await pilot.press("c", *"hi", "enter")
        await until(pilot, lambda: "nobody would read this now" in " ".join(toasts(app)))
        assert app.screen.query_one("#chat", Input).value == "hi"
        seat.say(views.Recovered(away=3.0))
        await until(pilot, lambda: "reconnecting" not in text_of(app))
        await pilot.press("enter")
        await until(pilot, lambda: seat.asked)
        assert seat.asked == [Say("hi")]


async def test_nobody_chats_into_a_field_that_is_not_shown() -> None:
    app, seat, _ = shown("viewer")
    async with app.run_test(size=(40, 12)) as pilot:
        await ready(pilot, app)
        await pilot.press("c", "r")
        await until(pilot, lambda: seat.asked)
        assert seat.asked == [Resync()]
        assert "enlarge the terminal" in " ".join(toasts(app))


async def test_a_host_watches_something_else() -> None:
    app, seat, _ = shown("host")
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("l")
        await until(pilot, lambda: isinstance(app.screen, OpenMediaScreen))
        app.screen.query_one(Input).value = "https://films.example/two.mkv"
        await pilot.press("enter")
        await until(pilot, lambda: seat.asked)
        assert seat.asked == [LoadMedia("https://films.example/two.mkv")]


async def test_escape_leaves_the_chat_without_a_word() -> None:
    app, seat, _ = shown("viewer")
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("c", "x", "escape", "r")
        await until(pilot, lambda: seat.asked)
        assert seat.asked == [Resync()]


@pytest.mark.parametrize("nasty", ["[/]", "[@click=quit]x[/]", "${title}", "\\["])
async def test_markup_from_others_is_text_everywhere(nasty: str) -> None:
    app, seat, _ = shown("viewer")
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        people = members("viewer")
        first, *others = people.members
        seat.say(views.ChatLine(name=nasty, text=f"said {nasty}"))
        seat.say(views.MediaView(title=nasty, duration=10.0, kind="url"))
        seat.say(views.ErrorLine(code="x", message=nasty, remedy=nasty))
        seat.say(views.ViewOnly(message=nasty))
        renamed = type(first)(first.member_id, nasty, "host", "playing", 0.1, 1.0)
        seat.say(views.MembersView(you=people.you, members=(renamed, *others)))
        await until(pilot, lambda: len(app.room.members) == 4 and app.room.host_name == nasty)
        screen = text_of(app)
        feed = str(app.screen.query_one("#feed Static", Static).render())
        assert f"{nasty} said {nasty}" in feed.replace("\n      ", " ")
        assert f"{nasty} hosts" in screen
        assert nasty in screen.splitlines()[0]
        assert nasty in toasts(app)


async def test_the_newest_line_stays_in_sight_when_the_terminal_shrinks() -> None:
    app, seat, _ = shown("viewer")
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        for number in range(60):
            seat.say(views.ChatLine(name="Chloé", text=f"line {number}"))
        await until(pilot, lambda: "line 59" in text_of(app))
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "line 59" in text_of(app))
        seat.say(views.ChatLine(name="Chloé", text="after it"))
        await until(pilot, lambda: "after it" in text_of(app))


async def test_help_lists_every_key_and_closes() -> None:
    app, _, _ = shown("viewer")
    async with app.run_test(size=(120, 50)) as pilot:
        await ready(pilot, app)
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, MainScreen))


async def test_help_that_does_not_fit_is_read_with_the_keys() -> None:
    app, _, _ = shown("viewer")
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        help_screen = cast("HelpScreen", app.screen)
        scroll = help_screen.query_one(VerticalScroll)
        # Keys that come before the next picture.
        for lines in (1, 1, 1, -1):
            help_screen.action_scroll(lines)
        assert scroll.scroll_target_y == 2
        for key, at in (("end", scroll.max_scroll_y), ("home", 0), ("down", 1), ("up", 0)):
            await pilot.press(key)
            assert scroll.scroll_offset.y == at
        await pilot.press("pagedown")
        assert scroll.scroll_offset.y == scroll.scrollable_content_region.height - 1


async def test_the_palette_offers_every_action_and_theme() -> None:
    app, seat, _ = shown("host")
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        titles = {command.title for command in app.get_system_commands(app.screen)}
        assert {a.label.capitalize() for a in ACTIONS if a.action_id != "palette"} <= titles
        assert {"Theme: dark", "Theme: light", "Theme: contrast"} <= titles
        akas = {entry.command.help.partition(" (")[0]: entry.aka for entry in app.palette_entries()}
        assert {a.help: a.aka for a in ACTIONS if a.aka}.items() <= akas.items()
        await pilot.press("ctrl+p")
        await until(pilot, lambda: len(app.screen_stack) == 3)
        await pilot.press(*"normal speed")
        await pilot.pause()
        await pilot.press("enter")
        await until(pilot, lambda: seat.asked)
        assert seat.asked == [a.intent for a in ACTIONS if a.action_id == "normal_rate"]


async def test_the_invite_is_shown_and_copied() -> None:
    app, _, _ = shown("host")
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("i")
        await until(pilot, lambda: isinstance(app.screen, InviteScreen))
        assert app.room.ready is not None
        assert app.clipboard == app.room.ready.invite
        assert app.clipboard in text_of(app)


async def test_a_click_on_the_footer_does_what_its_key_does() -> None:
    app, seat, _ = shown("host")
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        at = text_of(app).splitlines()[-1].index("resync")
        await pilot.click(offset=(at, SIZE[1] - 1))
        await until(pilot, lambda: seat.asked)
        assert seat.asked == [Resync()]


async def test_a_small_terminal_says_what_it_needs_and_recovers() -> None:
    app, _, _ = shown("host")
    async with app.run_test(size=(40, 10)) as pilot:
        await ready(pilot, app)
        assert "needs 60×16, this is 40×10" in text_of(app)
        assert "Sintel" not in text_of(app)
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "Sintel" in text_of(app))
        assert "needs" not in text_of(app)


async def test_a_storm_of_resizes_leaves_a_whole_screen() -> None:
    app, seat, _ = shown("viewer")
    sizes = random.Random(1)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        for _ in range(40):
            await pilot.resize_terminal(sizes.randint(1, 200), sizes.randint(1, 60))
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "0:12:47" in text_of(app))
        await pilot.press("r")
        await until(pilot, lambda: seat.asked)
        assert all(len(row) == 80 for row in text_of(app).splitlines())


async def test_a_fatal_error_is_read_before_the_app_ends() -> None:
    app, _, _ = shown("error")
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: len(app.screen_stack) == 3)
        assert "the host has closed the party" in text_of(app)
        assert "ask Ana for a new invite" in text_of(app)
        assert "not connected" in text_of(app).splitlines()[0]
        assert "STOPPED" in text_of(app)
        assert "PLAYING" not in text_of(app)
        await pilot.press("q")
        await until(pilot, lambda: app.return_code is not None)
    assert app.return_value is not None
    assert app.return_value.code == "stream_closed"


async def test_an_error_before_anything_was_shown_ends_the_app_at_once() -> None:
    app, seat, _ = shown(None)
    async with app.run_test(size=SIZE) as pilot:
        seat.say(views.ErrorLine(code="not_found", message="no such stream", fatal=True))
        seat.over()
        await until(pilot, lambda: app.return_code is not None)
    assert app.return_value is not None
    assert app.return_value.message == "no such stream"


async def test_a_dead_seat_is_shown_and_its_return_too() -> None:
    app, seat, _ = shown("viewer")
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        message = "the player process died (signal 9, SIGKILL); starting it again"
        seat.say(views.ErrorLine(code="seat_died", message=message))
        await until(pilot, lambda: "RESTARTING" in text_of(app))
        assert toasts(app) == ["The player process died (signal 9, SIGKILL); starting it again."]
        assert app.room.ready is not None
        seat.say(app.room.ready)
        await until(pilot, lambda: "RESTARTING" not in text_of(app))


async def test_the_clock_goes_on_between_two_status_lines() -> None:
    app, _, clock = shown("viewer")
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        assert "0:12:47" in text_of(app)
        clock.now += 2.0
        await until(pilot, lambda: "0:12:49" in text_of(app))


async def test_back_from_the_background_the_seat_resyncs() -> None:
    app, seat, _ = shown("viewer")
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        app.app_resume_signal.publish(app)
        await until(pilot, lambda: seat.asked)
        assert seat.asked == [Resync()]
