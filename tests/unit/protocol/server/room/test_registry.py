"""Which room a stream has while the store is busy, and what may enter it."""

from __future__ import annotations

from typing import cast, get_args

from protocol.server.core.store_calls import AnyStoreCall
from protocol.server.log.requests import StoreCall
from protocol.wire.messages import Ack, Cursor, Event, Leave, PauseAct, PlayAct, Snapshot
from tests.doubles.sync_server import Party


def test_an_answer_older_than_the_room_is_acknowledged_and_moves_nobody_back() -> None:
    party = Party()
    viewer = party.join("Bo")
    bench = party.bench
    bench.holding = True
    party.act(PlayAct())
    ask = bench.waiting.popleft()
    answer = bench.store.perform(ask.call)
    bench.forget()
    # What another way has told of the stream is further on than the answer.
    bench.core.reset([party.record], bench.now)
    bench.core.stored(ask.ticket, answer, bench.now)
    bench.settle()
    assert [s.reason for s in bench.got(viewer, Snapshot)] == ["reset"]
    assert not bench.got(viewer, Event)
    (ack,) = bench.got(party.host, Ack)
    assert Cursor(ack.epoch, ack.seq) == party.record.cursor
    assert not ack.duplicate


def test_a_room_lives_as_long_as_the_store_owes_it_an_answer() -> None:
    party = Party()
    bench = party.bench
    bench.holding = True
    party.act(PauseAct(12.0))
    bench.send(party.host, Leave())
    assert bench.core.live_streams == (party.stream_id,)
    bench.release()
    assert bench.core.live_streams == ()


def test_the_union_of_store_calls_names_every_one() -> None:
    kinds = cast("list[type[object]]", StoreCall.__subclasses__())
    assert set(kinds) == set(get_args(AnyStoreCall))
