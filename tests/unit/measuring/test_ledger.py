"""The checker of a soak finds what a server may do wrong."""

from __future__ import annotations

import msgspec
import pytest

from bench.soak.ledger import Ledger, breaches, fold
from protocol.server.log.record import StreamRecord
from protocol.timeline import Timeline
from protocol.wire.messages import Ack, Event, Media

ANA, CLEO = "a" * 32, "c" * 32
FILM = Media("film-0001", "file", title="The Film", duration=60.0)


def event(epoch: int, seq: int, kind: str = "seek", member: str = ANA) -> Event:
    text = f'{{"epoch":{epoch},"seq":{seq},"event_id":"event-{epoch}-{seq:04}",'
    text += f'"type":"event","event_type":"{kind}","member_id":"{member}","name":"Ana",'
    text += '"timestamp_ms":1,"timeline":{"position":7,"at":5,"playing":true}}'
    return msgspec.json.decode(text, type=Event)


FIRST = msgspec.structs.replace(event(1, 1, "media"), media=FILM)
CHANGE = msgspec.structs.replace(event(1, 3, "host_change", CLEO), host_id=CLEO, host_term=2)
NEXT = msgspec.structs.replace(event(2, 1, "media", CLEO), media=FILM, host_id=CLEO, host_term=2)
LOG = (FIRST, event(1, 2), CHANGE, event(1, 4, "pause", ""), NEXT, event(2, 2, "play", CLEO))
RECORD = StreamRecord("s" * 32, "active", 2, 2, LOG[-1].timeline, FILM, CLEO, 2)


def found(log: tuple[Event, ...], record: StreamRecord = RECORD, *acked: Event) -> set[str]:
    """The invariants that are broken where seats were told all of `LOG`."""
    ledger = Ledger()
    for one in LOG:
        ledger.heard(one)
    for one in acked or LOG:
        ledger.acknowledged(Ack(one.event_id, one.epoch, one.seq))
    state = fold(LOG)
    assert state is not None
    return {breach[:2] for breach in breaches(ledger, record, log, {"Ben": state})}


def test_a_log_that_is_as_promised_has_no_breach() -> None:
    assert found(LOG) == set()


@pytest.mark.parametrize(
    ("log", "broken"),
    [
        (LOG[:-1], {"I1", "I2", "I5"}),
        ((*LOG[:1], *LOG[2:]), {"I1", "I2"}),
        ((*LOG[:2], msgspec.structs.replace(CHANGE, host_term=3), *LOG[3:]), {"I1", "I4"}),
        ((*LOG[:-1], event(2, 2, "play", ANA)), {"I1", "I4"}),
        ((*LOG[:-1], msgspec.structs.replace(LOG[-1], timeline=Timeline())), {"I1", "I5"}),
        ((*LOG[:-1], msgspec.structs.replace(LOG[-1], event_id="event-1-0002")), {"I1", "I3"}),
        ((), {"I1", "I2", "I4", "I5"}),
    ],
)
def test_what_is_wrong_is_found(log: tuple[Event, ...], broken: set[str]) -> None:
    assert found(log) == broken


def test_a_row_that_is_not_its_logs_is_found() -> None:
    assert found(LOG, msgspec.structs.replace(RECORD, seq=3)) == {"I2"}
    assert found(LOG, msgspec.structs.replace(RECORD, host_term=3)) == {"I4"}
    assert found(LOG, msgspec.structs.replace(RECORD, timeline=Timeline())) == {"I5"}


def test_two_answers_for_one_entry_are_found() -> None:
    other = msgspec.structs.replace(LOG[1], seq=9)
    assert found(LOG, RECORD, LOG[1], LOG[1]) == set()
    assert found(LOG, RECORD, LOG[1], other) == {"I3"}
