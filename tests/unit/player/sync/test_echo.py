"""A person's pause is told from the echo of our own."""

from __future__ import annotations

from player.sync.echo import ECHO_FOR, PauseEchoFilter


def running(since: float = 10.0) -> PauseEchoFilter:
    ledger = PauseEchoFilter()
    ledger.write(False, since)
    return ledger


def test_what_we_wrote_ourselves_is_no_act() -> None:
    ledger = running()
    ledger.told(False)
    assert ledger.take_act(99.0) is None


def test_a_person_s_act_is_told_once() -> None:
    ledger = running()
    ledger.told(True)
    assert ledger.take_act(99.0) is True
    assert ledger.take_act(99.1) is None


def test_a_person_s_start_is_an_act_as_well() -> None:
    ledger = PauseEchoFilter()
    ledger.told(False)
    assert ledger.take_act(99.0) is False


def test_a_late_echo_of_an_earlier_write_is_no_act() -> None:
    ledger = running()
    ledger.told(True)
    assert ledger.take_act(10.1) is None
    ledger.told(False)
    assert ledger.take_act(99.0) is None


def test_an_act_right_after_our_own_is_noticed_once_echoes_must_have_come() -> None:
    ledger = running()
    ledger.told(True)
    assert ledger.take_act(9.99 + ECHO_FOR) is None
    assert ledger.take_act(10.0 + ECHO_FOR) is True


def test_another_film_begins_paused_whatever_was_told_before() -> None:
    ledger = running()
    ledger.told(False)
    ledger.clear()
    assert ledger.take_act(99.0) is None
