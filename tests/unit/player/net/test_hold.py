"""Which failures to connect are waited out, what is answered from memory, what is counted."""

from __future__ import annotations

import errno
import socket

import pytest

from player.net.hold import HOLD_LIMIT, LAST_RETRY, HoldCause, cause_of, retry_delay
from player.net.messages import TrafficMeasured
from player.net.texts import Text, answer, challenge, path_of, response
from player.net.traffic import TrafficMeter

CAUSES: list[tuple[OSError, HoldCause | None, HoldCause | None]] = [
    (TimeoutError(), "timeout", "timeout"),
    (OSError(errno.ENETUNREACH, "x"), "network", "network"),
    (OSError(errno.EHOSTUNREACH, "x"), "network", "network"),
    (socket.gaierror(socket.EAI_AGAIN, "x"), "name", "name"),
    (socket.gaierror(socket.EAI_NONAME, "x"), None, "name"),
    (ConnectionRefusedError(errno.ECONNREFUSED, "x"), None, "refused"),
    (OSError(errno.EACCES, "x"), None, None),
]


@pytest.mark.parametrize(("error", "at_first", "later"), CAUSES)
def test_what_may_pass_is_waited_out(
    error: OSError, at_first: HoldCause | None, later: HoldCause | None
) -> None:
    assert cause_of(error, has_worked=False) == at_first
    assert cause_of(error, has_worked=True) == later


def test_attempts_become_rarer_but_never_rare() -> None:
    delays = [retry_delay(attempt) for attempt in range(1, 50)]
    assert delays[0] == 0.25
    assert delays == sorted(delays)
    assert delays[-1] == LAST_RETRY
    assert HOLD_LIMIT < 20.0


def test_a_text_is_answered_whole_or_in_part() -> None:
    text = Text(1, b"0123456789", "text/plain")
    whole = answer(text, "GET", "")
    assert whole.startswith(b"HTTP/1.1 200 OK\r\n")
    assert whole.endswith(b"Content-Length: 10\r\nConnection: close\r\n\r\n0123456789")
    part = answer(text, "GET", "bytes=3-5")
    assert b" 206 " in part
    assert b"Content-Range: bytes 3-5/10\r\n" in part
    assert part.endswith(b"\r\n\r\n345")
    assert answer(text, "GET", "bytes=8-").endswith(b"\r\n\r\n89")
    assert answer(text, "HEAD", "").endswith(b"\r\n\r\n")
    assert b" 416 " in answer(text, "GET", "bytes=10-")
    assert answer(text, "GET", "lines=1").endswith(b"0123456789")
    assert b" 404 " in answer(None, "GET", "")
    assert path_of("http://texts.invalid/ab/c.vtt") == "/ab/c.vtt"


def test_a_challenge_names_the_place_that_was_asked_for() -> None:
    assert b"\r\nContent-Range: bytes 26245-26245/*\r\n" in challenge("bytes=26245-53420")
    assert b"Content-Range" not in challenge("")
    assert challenge("lines=1-").startswith(b"HTTP/1.1 407 ")
    assert b"\r\nProxy-Authenticate: Basic " in challenge("")


def test_an_answer_of_the_dialers_own_is_one_line_of_ascii() -> None:
    said = response(502, "Dialer: caf\xe9\r\nX: y")
    assert said.startswith(b"HTTP/1.1 502 Dialer: caf?  X: y\r\n")


def test_what_came_is_told_with_how_long_the_player_took_no_more() -> None:
    meter = TrafficMeter(7, 10.0)
    assert meter.is_idle
    meter.connections += 1
    meter.add(1000)
    meter.block(10.5)
    meter.block(10.6)
    meter.unblock(10.9)
    meter.unblock(11.0)
    meter.block(11.5)
    assert meter.take(12.0) == TrafficMeasured(7, 1000, 2.0, 1.0)
    assert not meter.is_idle
    meter.add(1)
    meter.unblock(13.0)
    assert meter.take(14.0) == TrafficMeasured(7, 1, 2.0, 1.0)
    assert meter.take(16.0) is None
