"""A person's pause is told from the echo of our own."""

from __future__ import annotations

from player.sync.echo import ECHO_FOR, PauseEchoFilter


def running(since: float = 10.0) -> PauseEchoFilter:
    echo_filter = PauseEchoFilter()
    echo_filter.write(False, since)
    return echo_filter


def test_what_we_wrote_ourselves_is_no_act() -> None:
    echo_filter = running()
    echo_filter.hear(False)
    assert echo_filter.take_act(99.0) is None


def test_a_person_s_act_is_told_once() -> None:
    echo_filter = running()
    echo_filter.hear(True)
    assert echo_filter.take_act(99.0) is True
    assert echo_filter.take_act(99.1) is None


def test_a_person_s_start_is_an_act_as_well() -> None:
    echo_filter = PauseEchoFilter()
    echo_filter.hear(False)
    assert echo_filter.take_act(99.0) is False


def test_a_late_echo_of_an_earlier_write_is_no_act() -> None:
    echo_filter = running()
    echo_filter.hear(True)
    assert echo_filter.take_act(10.1) is None
    echo_filter.hear(False)
    assert echo_filter.take_act(99.0) is None


def test_an_act_right_after_our_own_is_noticed_once_echoes_must_have_come() -> None:
    echo_filter = running()
    echo_filter.hear(True)
    assert echo_filter.take_act(9.99 + ECHO_FOR) is None
    assert echo_filter.take_act(10.0 + ECHO_FOR) is True


def test_another_film_begins_paused_whatever_was_told_before() -> None:
    echo_filter = running()
    echo_filter.hear(False)
    echo_filter.clear()
    assert echo_filter.take_act(99.0) is None
