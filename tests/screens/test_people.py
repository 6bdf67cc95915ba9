"""Removing somebody, handing the remote over, and what the screen says about it."""

from __future__ import annotations

from player.api import views
from player.api.intents import Give, Kick, Revoke
from tests.screens.shown import shown, text_of, toasts, until
from tui.screen.app import MatineeApp
from tui.screen.screens.confirm import ConfirmScreen
from tui.screen.screens.member_picker import MemberPickerScreen

SIZE = (80, 24)


async def test_one_of_the_others_is_chosen_from_a_list() -> None:
    app, seat, _ = shown("host")
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.room.drifts)
        others = {m.member_id: m.name for m in app.room.members if m.member_id != app.room.you}
        await pilot.press("k")
        await until(pilot, lambda: isinstance(app.screen, MemberPickerScreen))
        assert all(name in text_of(app) for name in others.values())
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, MemberPickerScreen))
        assert seat.asked == []
        for key, intent in (("k", Kick), ("h", Give)):
            seat.asked.clear()
            await pilot.press(key)
            await until(pilot, lambda: isinstance(app.screen, MemberPickerScreen))
            await pilot.press("enter")
            await until(pilot, lambda: seat.asked)
            (asked,) = seat.asked
            assert isinstance(asked, intent)
            assert asked.member in others


async def test_a_viewer_is_told_who_hosts_and_alone_there_is_nobody_to_choose() -> None:
    app, seat, _ = shown("viewer")
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.room.drifts)
        await pilot.press("k")
        await until(pilot, lambda: toasts(app) == ["View Only: Ana is hosting"])
        me = tuple(m for m in app.room.members if m.member_id == app.room.you)
        seat.say(views.RoleView(role="host", host="Ben"))
        seat.say(views.MembersView(you=app.room.you, members=me))
        await until(pilot, lambda: len(app.room.members) == 1)
        assert "You host now: the keys move the film for everybody" in toasts(app)
        await pilot.press("h")
        await until(pilot, lambda: "nobody else is here" in toasts(app))
        assert seat.asked == []


async def test_who_gave_the_remote_away_sees_it_and_a_new_invite_is_told() -> None:
    app, seat, _ = shown("host")
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.room.drifts)
        new = "http://127.0.0.1:8765/j/stream-0001#another"
        seat.say(views.InviteView(invite=new, expires_ms=0, asked=True))
        await until(pilot, lambda: app.room.ready and app.room.ready.invite == new)
        await until(pilot, lambda: toasts(app))
        assert toasts(app) == ["new invite: older ones open nothing any more; i shows it"]
        seat.say(views.RoleView(role="viewer", host="Ben"))
        await until(pilot, lambda: not app.room.is_host)
        assert "View Only: Ben hosts now" in toasts(app)
        await until(pilot, lambda: "VIEW ONLY" in text_of(app))


async def test_to_take_the_invite_back_is_asked_about_while_others_are_here() -> None:
    app, seat, _ = shown("host")
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.room.drifts)
        for key, asked in (("escape", []), ("y", [Revoke()])):
            await pilot.press("ctrl+p")
            await until(pilot, lambda: len(app.screen_stack) == 3)
            await pilot.press(*"take invite")
            await pilot.pause()
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
            assert "Whoever came by an invite is out: " in text_of(app)
            await pilot.press("enter")
            assert seat.asked == []
            await pilot.press(key)
            await until(pilot, lambda: not isinstance(app.screen, ConfirmScreen))
            assert seat.asked == asked


async def test_who_serves_the_party_is_asked_before_he_leaves_also_as_a_viewer() -> None:
    _, seat, clock = shown("host")
    app = MatineeApp(seat, leave_text="It stops.", serves=True, clock=clock, wall_clock=lambda: 0.0)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.room.drifts)
        seat.say(views.RoleView(role="viewer", host="Ben"))
        await until(pilot, lambda: not app.room.is_host)
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert seat.asked == []
