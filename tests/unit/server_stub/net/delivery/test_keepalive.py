"""Who says nothing is asked, then given up; who answers is left alone."""

from __future__ import annotations

from server_stub.net.delivery.keepalive import LEAST_ASKED, SHARE, KeepaliveMonitor


class Heard:
    """Connections by number, and when each was heard."""

    def __init__(self, count: int) -> None:
        self.at = dict.fromkeys(range(count), 0.0)
        self.silence = KeepaliveMonitor[int](self.at.__getitem__, timeout=8.0)

    def look(self, now: float) -> tuple[list[int], list[int]]:
        found = self.silence.look(self.at, now)
        return found.to_ask, found.dead


def test_who_is_heard_is_not_asked() -> None:
    heard = Heard(2)
    heard.at[0] = 5.0
    assert heard.look(7.9) == ([], [])
    assert heard.look(8.0) == ([1], [])


def test_who_does_not_answer_is_given_up_once_there_was_time_to() -> None:
    heard = Heard(1)
    assert heard.look(9.0) == ([0], [])
    assert heard.look(16.9) == ([], [])
    assert heard.look(17.0) == ([], [0])


def test_who_answers_is_asked_again_only_after_another_silence() -> None:
    heard = Heard(1)
    assert heard.look(8.0) == ([0], [])
    heard.at[0] = 8.1
    assert heard.look(16.0) == ([], [])
    assert heard.look(16.2) == ([0], [])
    assert heard.look(17.0) == ([], [])


def test_a_crowd_that_fell_silent_is_asked_little_by_little() -> None:
    heard = Heard(LEAST_ASKED + 1)
    assert len(heard.look(8.0)[0]) == LEAST_ASKED
    assert heard.look(9.0)[0] == [LEAST_ASKED]
    many = Heard(LEAST_ASKED * SHARE * 2)
    assert sum(len(many.look(8.0 + look / 4)[0]) for look in range(SHARE)) == len(many.at)


def test_nobody_is_looked_at_while_nobody_can_have_been_silent_for_so_long() -> None:
    heard = Heard(2)
    looked_at: list[int] = []

    def heard_at(connection: int) -> float:
        looked_at.append(connection)
        return heard.at[connection]

    heard.silence = KeepaliveMonitor[int](heard_at, timeout=8.0)
    heard.at.update({0: 1.0, 1: 2.0})
    assert heard.look(2.0) == ([], [])
    looked_at.clear()
    assert heard.look(8.5) == ([], [])
    assert not looked_at
    heard.at[0] = 8.5
    heard.at[2] = 9.0
    assert heard.look(10.0) == ([1], [])
    heard.at[1] = 10.1
    assert heard.look(16.5) == ([0], [])
    assert heard.look(17.0) == ([2], [])
