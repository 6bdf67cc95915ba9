"""Lines without a screen."""

from __future__ import annotations

import json

import msgspec
import pytest

from player.api import views
from protocol.exceptions import InviteError
from tests.screens.evenings import evening
from tui.faces.printers import JsonPrinter, PlainPrinter, error_json
from tui.processes.seat_lines import SeatLine


def line(view: views.AnyView) -> SeatLine:
    return SeatLine(msgspec.json.encode(view), view)


class Printed:
    """A plain printer at a time of the test's own."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._printer = PlainPrinter(
            colour=False, clock=lambda: self.now, wall_clock=lambda: self.now
        )

    def __call__(self, view: views.AnyView) -> list[str]:
        return [text.decode().partition(" ")[2] for text in self._printer(line(view))]


@pytest.fixture
def printed() -> Printed:
    return Printed()


def status() -> views.Status:
    last = evening("viewer")[-1]
    assert isinstance(last, views.Status)
    return last


def test_how_things_stand_is_said_every_ten_seconds_or_when_it_changes(printed: Printed) -> None:
    for view in evening("viewer")[:3]:
        printed(view)
    playing = printed(status())
    assert playing == ["playing · 0:12:47 of 0:45:12 · drift +0.4 ms · link good, 24 ms · 4 here"]
    printed.now += 9.0
    assert printed(status()) == []
    printed.now += 1.0
    assert len(printed(status())) == 1
    paused = msgspec.structs.replace(status(), state="paused", playing=False)
    assert printed(paused)[0].startswith("paused · ")


def test_a_film_is_named_once_and_its_length_when_it_is_known(printed: Printed) -> None:
    film = views.MediaView(title="Sintel", duration=None, kind="file")
    assert printed(film) == ["film: Sintel"]
    assert printed(msgspec.structs.replace(film, duration=61.0)) == ["the film is 0:01:01 long"]
    assert printed(film) == []
    other = views.MediaView(title="Other", duration=61.0, kind="file")
    assert printed(other) == ["film: Other, 0:01:01"]


def test_a_lost_server_is_not_said_with_every_attempt(printed: Printed) -> None:
    lost = views.Reconnecting(reason="refused")
    assert printed(lost) == ["the server is out of reach: refused; trying again"]
    again = msgspec.structs.replace(lost, attempt=2)
    assert printed(again) == []
    printed.now += 11.0
    assert len(printed(again)) == 1


def test_whom_a_start_waits_for_is_said_with_what_can_be_done(printed: Printed) -> None:
    waiting = views.Waiting(names=("Ben", "Cleo"), left=7.6)
    assert printed(waiting) == ["waiting for Ben, Cleo (up to 8 s)"]
    ready = views.Ready(
        role="host", stream_id="s", member_id="m", name="Ana", host="Ana", server="http://x"
    )
    printed(ready)
    assert printed(waiting) == ["waiting for Ben, Cleo (up to 8 s); play goes on without"]
    assert printed(views.Waiting()) == []
    assert printed(views.Played()) == []


def test_an_end_says_its_reason_once(printed: Printed) -> None:
    assert printed(views.Ended(reason="over")) == ["left: over"]
    printed(views.ErrorLine(message="over", fatal=True))
    assert printed(views.Ended(reason="over")) == ["left"]


def test_colours_are_only_there_when_wanted() -> None:
    view = line(views.Notice(message="x"))
    assert b"\x1b" not in PlainPrinter(colour=False)(view)[0]
    assert PlainPrinter(colour=True)(view)[0].startswith(b"\x1b[")


def test_json_lines_stay_as_they_are_and_a_second_seats_are_marked() -> None:
    there = line(views.Notice(message="x"))
    assert JsonPrinter()(there) == [there.text]
    (marked,) = JsonPrinter("second")(there)
    assert json.loads(marked) == {"seat": "second", **json.loads(there.text)}


def test_an_error_of_the_faces_own_looks_like_the_seats() -> None:
    error = json.loads(error_json(InviteError("no", "yes")))
    assert (error["event"], error["message"], error["remedy"]) == ("error", "no", "yes")
    assert error["fatal"] is True


def test_another_role_and_another_invite_are_said(printed: Printed) -> None:
    assert printed(views.RoleView("host", "Ben")) == [
        "You host now: the keys move the film for everybody"
    ]
    assert printed(views.RoleView("viewer", "")) == ["View Only: nobody hosts now"]
    assert printed(views.InviteView("http://a/j/b#c", 0, 2, asked=True)) == [
        "new invite for 2: older ones open nothing any more",
        "invite: http://a/j/b#c",
    ]
    assert printed(views.InviteView("http://a/j/b#c", 0))[0] == "new invite"
