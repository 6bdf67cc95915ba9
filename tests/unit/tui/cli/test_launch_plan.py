"""What is to run, from what was typed, set and found: no process, no file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from protocol.exceptions import InviteError, SettingsError
from tui.cli.environment import Environment, HostFolders
from tui.cli.launch_plan import (
    chosen_face,
    demo_plan,
    demo_video,
    host_plan,
    join_plan,
    launch_context,
    return_plan,
)
from tui.cli.options import HostOptions, JoinOptions, SeatOptions
from tui.settings import Settings
from tui.storage.hosted_parties import HostedParty

if TYPE_CHECKING:
    from tui.cli.launch_plan import LaunchContext
    from tui.launch.plan import LaunchPlan

MACHINE = Environment(
    is_terminal=True,
    has_display=True,
    has_trim_variable=False,
    seat_log="/logs/seat.log",
    second_log="/logs/second-seat.log",
    trust_file="/config/trusted-domains",
)
PIPED = replace(MACHINE, is_terminal=False, has_display=False, has_trim_variable=True)
ANA = Settings(name="Ana")
NO_OPTIONS = SeatOptions()
FOLDERS = HostFolders(keys=Path("/keys"), databases=("/data/1.sqlite", "/data/2.sqlite"))
FILM = ("/films/one.mkv",)
KEPT = HostedParty(
    stream_id="stream-0001",
    instance_id="instance-kept",
    name="Ana",
    media=("/films/kept.mkv",),
    titles=("Kept",),
    listen="127.0.0.1:4711",
    database="/data/2.sqlite",
)


def context(
    settings: Settings = ANA,
    options: SeatOptions = NO_OPTIONS,
    machine: Environment = MACHINE,
) -> LaunchContext:
    return launch_context(options, settings, machine)


def hosting(options: HostOptions, settings: Settings = ANA) -> LaunchPlan:
    return host_plan(options, context(settings), FOLDERS, FILM, "instance-new")


def test_a_host_without_a_server_has_one_that_finds_its_place() -> None:
    plan = hosting(HostOptions(media=FILM, play=True))
    assert plan.server is not None
    assert (plan.server.listen, plan.server.elsewhere) == ("127.0.0.1:8765", True)
    assert plan.server.databases == FOLDERS.databases
    assert plan.server.options == ()
    assert plan.seat.role == "host"
    assert plan.seat.play
    assert not plan.seat.returning
    assert plan.seat.host_key_file == "/keys/instance-new.key"
    assert plan.seat.log_file == MACHINE.seat_log
    assert plan.hosted is not None
    assert (plan.hosted.instance_id, plan.hosted.media) == ("instance-new", FILM)


@pytest.mark.parametrize(
    ("options", "settings"),
    [
        (HostOptions(listen="127.0.0.1:1"), Settings(listen="127.0.0.1:1")),
        (HostOptions(), Settings(listen="127.0.0.1:1")),
    ],
)
def test_a_place_that_was_chosen_is_the_only_one(options: HostOptions, settings: Settings) -> None:
    server = hosting(options, settings).server
    assert server is not None
    assert (server.listen, server.elsewhere) == ("127.0.0.1:1", False)


def test_a_party_for_the_local_network_listens_everywhere_in_clear() -> None:
    server = hosting(HostOptions(lan=True)).server
    assert server is not None
    assert (server.listen, server.lan) == ("0.0.0.0:8765", True)
    assert server.options == ("--insecure-lan",)


def test_a_host_who_names_an_address_may_watch_on_his_own_network() -> None:
    plan = host_plan(HostOptions(), context(), FOLDERS, ("http://nas/film.mkv",), "instance-new")
    assert plan.seat.allow_lan_media
    assert plan.server is not None
    assert plan.server.options == ("--allow-http-media",)


def test_a_host_with_a_server_starts_none() -> None:
    plan = hosting(HostOptions(insecure_lan=True), Settings(name="Ana", server="films.example"))
    assert plan.server is None
    assert plan.seat.server == "http://films.example"
    assert plan.seat.insecure_lan


@pytest.mark.parametrize("options", [HostOptions(lan=True), HostOptions(listen="127.0.0.1:1")])
def test_options_of_an_own_server_do_not_go_with_another_one(options: HostOptions) -> None:
    with pytest.raises(SettingsError, match="leave out --l"):
        hosting(options, Settings(server="films.example"))


def test_a_host_comes_back_where_his_party_was() -> None:
    plan = return_plan(HostOptions(returns=True, take_over=True), context(), FOLDERS, KEPT, ())
    assert plan.server is not None
    assert (plan.server.listen, plan.server.elsewhere) == ("127.0.0.1:4711", True)
    assert plan.server.databases == ("/data/2.sqlite",)
    assert plan.seat.stream_id == KEPT.stream_id
    assert plan.seat.returning
    assert plan.seat.take_over
    assert (plan.seat.media, plan.seat.titles) == (KEPT.media, KEPT.titles)
    assert plan.seat.host_key_file == "/keys/instance-kept.key"
    assert plan.hosted == KEPT


def test_what_a_host_names_as_he_comes_back_wins() -> None:
    options = HostOptions(
        seat=SeatOptions(name="Bea"), media=FILM, listen="127.0.0.1:1", returns=True
    )
    plan = return_plan(options, context(Settings(name="Bea")), FOLDERS, KEPT, FILM)
    assert plan.server is not None
    assert (plan.server.listen, plan.server.elsewhere) == ("127.0.0.1:1", False)
    assert (plan.seat.name, plan.seat.media, plan.seat.titles) == ("Bea", FILM, ())


def test_a_host_who_comes_back_to_another_server_starts_none() -> None:
    kept = msgspec.structs.replace(KEPT, server="https://films.example")
    plan = return_plan(HostOptions(returns=True), context(), FOLDERS, kept, ())
    assert plan.server is None
    assert plan.seat.server == "https://films.example"


@pytest.mark.parametrize(
    ("server", "allowed"), [("http://127.0.0.2:1", True), ("https://films.example", False)]
)
def test_a_guest_on_the_hosts_machine_may_watch_what_is_there(server: str, allowed: bool) -> None:
    invite = f"{server}/j/stream-01#token-0001"
    plan = join_plan(JoinOptions(invite=invite), context(), FILM, "instance-new")
    assert (plan.seat.role, plan.seat.server, plan.seat.token) == ("viewer", server, "token-0001")
    assert plan.seat.allow_lan_media is allowed
    assert plan.server is None
    assert plan.hosted is None


def test_an_invite_in_pieces_is_one_invite() -> None:
    invite = "https://films.example/j/stream-01 \n #token-0001"
    plan = join_plan(JoinOptions(invite=invite), context(), (), "instance-new")
    assert (plan.seat.stream_id, plan.seat.token) == ("stream-01", "token-0001")
    with pytest.raises(InviteError):
        join_plan(JoinOptions(invite="hello"), context(), (), "instance-new")


def test_the_demo_keeps_nothing_but_in_its_folder() -> None:
    plan = demo_plan(context(), "/film.mp4", Path("/demo"), ("instance-a", "instance-b"))
    assert plan.server is not None
    assert (plan.server.listen, plan.server.databases) == ("127.0.0.1:0", ("/demo/demo.sqlite",))
    assert plan.second is not None
    assert plan.second.video == "none"
    assert plan.second.log_file == MACHINE.second_log
    assert (plan.seat.instance_id, plan.second.instance_id) == ("instance-a", "instance-b")
    assert plan.hosted is None


def test_the_demo_is_shown_where_it_can_be() -> None:
    assert demo_video("json", MACHINE) == "window"
    assert demo_video("tui", PIPED) == "terminal"
    assert demo_video("plain", PIPED) == "none"


def test_the_face_is_the_one_that_was_asked_for_or_the_screen() -> None:
    assert chosen_face(SeatOptions(), MACHINE) == "tui"
    assert chosen_face(SeatOptions(plain=True), PIPED) == "plain"
    assert chosen_face(SeatOptions(as_json=True), PIPED) == "json"
    with pytest.raises(SettingsError, match="either plain or JSON"):
        chosen_face(SeatOptions(plain=True, as_json=True), MACHINE)
    with pytest.raises(SettingsError, match="needs a terminal"):
        chosen_face(SeatOptions(), PIPED)


def test_a_film_is_drawn_in_the_terminal_by_the_screen_alone() -> None:
    assert context(Settings(video="terminal")).face == "tui"
    with pytest.raises(SettingsError, match="--video none"):
        context(Settings(video="terminal"), SeatOptions(plain=True))


def test_the_screen_hears_of_its_seat_more_often_than_lines_do() -> None:
    def interval(options: SeatOptions) -> float:
        plan = host_plan(HostOptions(), context(options=options), FOLDERS, FILM, "instance-new")
        return plan.seat.status_interval

    assert interval(SeatOptions()) < interval(SeatOptions(as_json=True)) == 1.0


def test_a_shift_of_the_sound_that_was_asked_for_wins_over_the_kept_one() -> None:
    assert context().kept_trim
    assert not context(options=SeatOptions(trim_ms=0.0)).kept_trim
    assert not context(options=SeatOptions(plain=True), machine=PIPED).kept_trim
