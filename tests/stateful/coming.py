"""People come to a server's parties and go: what of that hypothesis may do, in any order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from protocol.server.core.identity import hash_token, member_id_of
from protocol.wire.messages import (
    Command,
    CreateStream,
    Cursor,
    Event,
    Hello,
    Leave,
    Media,
    Note,
    Refusal,
    Snapshot,
)
from tests.stateful.choices import FILMS, PEOPLE, places, some
from tests.stateful.server import LIMITS, SlowServer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from server_stub.storage.sql.sql_store import SqlStore
    from tests.doubles.sync_server import CountingMint
    from tests.stateful.client import Client
    from tests.stateful.model import Party

_Thing = TypeVar("_Thing")


class Coming(RuleBasedStateMachine):
    """A server, and people who come to its parties and go."""

    def __init__(self, open_store: Callable[[], SqlStore], mint: CountingMint) -> None:
        """``mint`` is that of all schedules, since they share a store."""
        super().__init__()
        self.server = SlowServer(open_store, mint)
        self.keys: dict[str, tuple[str, str]] = {}
        self.sent: list[tuple[str, Command | Note]] = []
        """With the member who said it."""
        self.seats: list[tuple[str, int, str]] = []
        """Stream, person and token of everybody who was ever in."""
        self.founders: dict[int, int] = {}
        """Persons by their connections, until they know their keys."""
        self.calm = 0
        """Steps since the server last went."""
        self._ids = 0

    @property
    def model(self) -> dict[str, Party]:
        return self.server.model.parties

    def pick(self, things: Sequence[_Thing], number: int) -> _Thing:
        return things[number % len(things)]

    def client(self, number: int) -> Client:
        return self.pick(list(self.server.clients.values()), number)

    def has_clients(self) -> bool:
        return bool(self.server.clients)

    def has_said(self) -> bool:
        return bool(self.sent) and self.has_clients()

    def is_slow(self) -> bool:
        return self.server.is_slow

    def has_party(self) -> bool:
        return bool(self.keys)

    def has_seats(self) -> bool:
        return bool(self.seats)

    def is_calm(self) -> bool:
        return self.calm > 10

    def may_found(self) -> bool:
        return len(self.model) < 2

    def cursor(self, party: Party, place: int | tuple[int, int] | None) -> Cursor | None:
        match place:
            case None:
                return None
            case (epochs, seqs):
                here = party.record.cursor
                return Cursor(max(0, here.epoch + epochs), max(0, here.seq + seqs))
            case steps:
                return self.pick(list(party.past)[::-1], steps)

    def event_id(self) -> str:
        self._ids += 1
        return f"event-{self._ids:06d}"

    # People come and go -----------------------------------------------------------------

    @initialize(media=st.sampled_from(FILMS), playing=st.booleans())
    def begin(self, media: Media, playing: bool) -> None:
        self.found(0, media, playing)
        self.all_agree()
        self.join(0, 1, "invite", None, take_over=False)

    @precondition(may_found)
    @rule(person=some, media=st.none() | st.sampled_from(FILMS), playing=st.booleans())
    def found(self, person: int, media: Media | None, playing: bool) -> None:
        client = self.server.connect("", "")
        client.by_key = True
        self.founders[client.number] = person
        create = CreateStream(media=media, playing=playing and media is not None)
        self.server.say(client, self.hello(person, create=create))

    def hello(self, person: int, **more: Any) -> Hello:
        name = self.pick(PEOPLE, person)
        return Hello(1, 1, name, f"instance-of-{name.lower()}", **more)

    @precondition(has_party)
    @rule(
        which=some,
        person=some,
        key=st.sampled_from(("invite", "invite", "host", "wrong", "foreign")),
        place=places,
        take_over=st.booleans(),
    )
    def join(
        self,
        which: int,
        person: int,
        key: str,
        place: int | tuple[int, int] | None,
        take_over: bool,
    ) -> None:
        stream_id = self.pick(list(self.keys), which)
        host_key, invite = self.keys[stream_id]
        other = self.pick(list(self.keys.values()), which + 1)[0]
        token = {"invite": invite, "host": host_key, "foreign": other}.get(key, "wrong")
        self.enter(stream_id, person, token, place, take_over)

    @precondition(has_seats)
    @rule(which=some, steps=st.integers(0, 5))
    def come_back(self, which: int, steps: int) -> None:
        """Somebody who was here, and knows how things stood a while ago."""
        stream_id, person, token = self.pick(self.seats, which)
        self.enter(stream_id, person, token, steps, take_over=False)

    def come_back_all(self, stream_id: str, member_id: str) -> None:
        """A member tries every key that it ever had."""
        for seat, person, token in list(self.seats):
            instance = self.hello(person).instance_id
            if seat == stream_id and member_id_of(stream_id, instance) == member_id:
                self.enter(stream_id, person, token, None, take_over=False)

    def enter(
        self,
        stream_id: str,
        person: int,
        token: str,
        place: int | tuple[int, int] | None,
        take_over: bool,
    ) -> None:
        party = self.model[stream_id]
        hello = self.hello(person, cursor=self.cursor(party, place), take_over=take_over)
        if hash_token(token) in party.known and (stream_id, person, token) not in self.seats:
            self.seats.append((stream_id, person, token))
        expected = self.expected(party, hello, token) if self.server.is_idle else None
        before, stood = party.record.host_id, party.record.cursor
        client = self.server.connect(stream_id, token)
        client.by_key = hash_token(token) == party.key
        if hello.cursor is not None and hello.cursor in party.past:
            client.starts_from(party.past[hello.cursor])
        self.server.say(client, hello)
        if expected is None or self.server.is_slow:
            return
        welcome = client.welcome
        if isinstance(expected, str):
            assert (welcome, client.is_open) == (None, False)
            assert isinstance(client.heard[0], Refusal)
            assert client.heard[0].code == expected
        else:
            assert welcome is not None
            assert (welcome.role, welcome.host_term) == expected
            assert welcome.counter == (party.record.host_counter if client.is_host else 0)
            self.check_resumed(party, client, hello.cursor, after=1, stood=stood)
            if before != party.record.host_id:
                replaced = [c for c in self.members(party) if self.is_of(c, before) and c.by_key]
                assert not replaced, "one who has the key is host"

    def members(self, party: Party) -> list[Client]:
        """Connections that have a seat in it."""
        return [
            client
            for client in self.server.clients.values()
            if client.is_open and client.welcome and client.stream_id == party.record.stream_id
        ]

    def is_of(self, client: Client, member_id: str) -> bool:
        return client.welcome is not None and client.welcome.member_id == member_id

    def expected(self, party: Party, hello: Hello, token: str) -> str | tuple[str, int]:
        """The refusal, or the role and the host's term."""
        record = party.record
        member_id = member_id_of(record.stream_id, hello.instance_id)
        role = party.admits(member_id, hash_token(token))
        if role is None or role == "removed":
            return "forbidden" if role else "unauthorized"
        if role == "viewer" or member_id == record.host_id:
            return role, record.host_term
        is_hosted = any(self.is_of(client, record.host_id) for client in self.members(party))
        if is_hosted and not hello.take_over:
            return "host_present"
        return role, record.host_term + 1

    def check_resumed(
        self, party: Party, client: Client, cursor: Cursor | None, *, after: int, stood: Cursor
    ) -> None:
        """It heard the events after ``cursor``, or a snapshot and the right reason.

        Then what the server did because it came: a start that had waited for nothing else.
        """
        record = party.record
        own = [event for event in party.since(stood) if not event.member_id]
        seq = record.seq - len(own)
        heard = [m for m in client.heard[after:] if isinstance(m, Event | Snapshot)]
        reason = "first_join"
        if cursor is not None:
            events = party.since(cursor)
            reason = ""
            if Cursor(record.epoch, seq) < cursor:
                reason = "from_the_future"
            elif cursor.epoch != record.epoch:
                reason = "wrong_epoch"
            elif seq - cursor.seq > LIMITS.resume_events:
                reason = "too_far_behind"
            elif [event.seq for event in events] != [*range(cursor.seq + 1, record.seq + 1)]:
                reason = "too_old"
            if not reason:
                assert heard == events
                return
        assert [m.reason if isinstance(m, Snapshot) else m for m in heard] == [reason, *own]

    @precondition(has_clients)
    @rule(who=some)
    def drop(self, who: int) -> None:
        self.server.lose(self.client(who))

    @precondition(has_clients)
    @rule(who=some)
    def leave(self, who: int) -> None:
        self.server.say(self.client(who), Leave())

    # What must be so --------------------------------------------------------------------

    @invariant()
    def all_agree(self) -> None:
        self.calm += 1
        for client in self.server.clients.values():
            if client.invite and client.stream_id in self.keys:
                self.keys[client.stream_id] = self.keys[client.stream_id][0], client.invite
                client.invite = ""
        for client in self.server.clients.values():
            if client.welcome is not None and client.welcome.created is not None:
                created = client.welcome.created
                self.keys[client.stream_id] = created.host_key, created.invite_token
                founder = self.founders.pop(client.number, None)
                if founder is not None:
                    self.seats.append((client.stream_id, founder, created.host_key))
        if self.server.is_idle:
            self.server.check()
