"""What hypothesis may do to a server: any order of what people, networks and disks do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from protocol.messages import (
    Ack,
    Act,
    ChangeSettings,
    ClientMessage,
    Command,
    CreateStream,
    Cursor,
    Event,
    Hello,
    Leave,
    Load,
    Media,
    Note,
    Pause,
    Play,
    Refusal,
    Report,
    Resume,
    Seek,
    SetRate,
    Snapshot,
)
from protocol.server_log import Entry
from protocol.server_peers import hash_token, member_id_of
from tests.stateful.server import LIMITS, How, SlowServer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from server_stub.sql_store import SqlStore
    from tests.doubles.sync_server import CountingMint
    from tests.stateful.client import Client
    from tests.stateful.model import Party

_Thing = TypeVar("_Thing")

PEOPLE = ("Ana", "Ben", "Cleo", "Dan")
FILMS = [Media(f"film-000{i}", "file", title="The Film", duration=5400.0) for i in (1, 2)]
FILMS.append(msgspec.structs.replace(FILMS[0], title="The Film, restored"))

some = st.integers(0, 11)
"""Which one of those that there are."""
seldom = st.sampled_from((*([False] * 6), True))
positions = st.sampled_from((0.0, 12.5, 100.0, 5399.0, 5400.0))
acts: st.SearchStrategy[Act] = st.one_of(
    st.just(Play()),
    positions.map(Pause),
    positions.map(Seek),
    st.sampled_from((0.5, 1.0, 2.0)).map(SetRate),
    st.builds(Load, st.sampled_from(FILMS), st.booleans()),
    st.sampled_from((ChangeSettings(wait=True), ChangeSettings(sync_tolerance_ms=300))),
)
places = st.none() | some | st.tuples(st.integers(-1, 1), st.integers(-3, 3))
"""Of a cursor: none; how many steps ago; so far from where the party stands, there or not."""
hows: st.SearchStrategy[How] = st.sampled_from(("well", "well", "refuses", "forgets to say so"))
odds = st.sampled_from((*([0] * 8), 1, -1, 2))
"""By how much a number is not the one that is due."""


class ServerMachine(RuleBasedStateMachine):
    """A server, its people, and a model that knows what must come of it all."""

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
        self.founders[client.number] = person
        create = CreateStream(media, playing=playing and media is not None)
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
        if party.keys.get(hash_token(token)) and (stream_id, person, token) not in self.seats:
            self.seats.append((stream_id, person, token))
        expected = self.expected(party, hello, token) if self.server.is_idle else None
        client = self.server.connect(stream_id, token)
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
            self.check_resumed(party, client, hello.cursor, after=1)

    def expected(self, party: Party, hello: Hello, token: str) -> str | tuple[str, int]:
        """The refusal, or the role and the host's term."""
        record = party.record
        member_id = member_id_of(record.stream_id, hello.instance_id)
        role = party.keys.get(hash_token(token))
        if role is None:
            return "unauthorized"
        if role == "viewer" or member_id == record.host_id:
            return role, record.host_term
        seated = {
            client.welcome.member_id
            for client in self.server.clients.values()
            if client.welcome is not None and client.stream_id == record.stream_id
        }
        if record.host_id in seated and not hello.take_over:
            return "host_present"
        return role, record.host_term + 1

    def check_resumed(
        self, party: Party, client: Client, cursor: Cursor | None, *, after: int
    ) -> None:
        """It heard the events after ``cursor``, or a snapshot and the right reason."""
        record = party.record
        heard = [m for m in client.heard[after:] if isinstance(m, Event | Snapshot)]
        reason = "first_join"
        if cursor is not None:
            events = party.since(cursor)
            reason = ""
            if record.cursor < cursor:
                reason = "from_the_future"
            elif cursor.epoch != record.epoch:
                reason = "wrong_epoch"
            elif record.seq - cursor.seq > LIMITS.resume_events:
                reason = "too_far_behind"
            elif [event.seq for event in events] != [*range(cursor.seq + 1, record.seq + 1)]:
                reason = "too_old"
            if not reason:
                assert heard == events
                return
        assert [m.reason if isinstance(m, Snapshot) else m for m in heard] == [reason]

    @precondition(has_clients)
    @rule(who=some)
    def drop(self, who: int) -> None:
        self.server.lose(self.client(who))

    @precondition(has_clients)
    @rule(who=some)
    def leave(self, who: int) -> None:
        self.server.say(self.client(who), Leave())

    # They say something -----------------------------------------------------------------

    @precondition(has_clients)
    @rule(who=some, wanted=st.lists(acts, min_size=1, max_size=3))
    def act(self, who: int, wanted: list[Act]) -> None:
        """As a host does; others do not have the keys for it, and may try."""
        for act in wanted:
            self.command(self.host(who), act)

    @precondition(has_clients)
    @rule(
        who=some,
        wanted=st.lists(acts, min_size=1, max_size=4),
        which=st.none() | some,
        how=hows,
    )
    def act_at_once(self, who: int, wanted: list[Act], which: int | None, how: How) -> None:
        """Faster than the store, perhaps with something said twice."""
        was_slow, self.server.is_slow = self.server.is_slow, True
        for act in wanted:
            self.command(self.host(who), act)
        if which is not None and self.sent:
            self.again(who, which, is_other=False, is_stranger=False)
        self.server.write(len(self.server.asked), how)
        self.server.is_slow = was_slow
        self.server.go_on()

    def host(self, number: int) -> Client:
        """A host's connection, if there is any."""
        hosts = [client for client in self.server.clients.values() if client.is_host]
        return self.pick(hosts, number) if hosts else self.client(number)

    @precondition(has_clients)
    @rule(who=some, act=acts, counter=odds, term=odds, place=places)
    def act_oddly(
        self, who: int, act: Act, counter: int, term: int, place: int | tuple[int, int] | None
    ) -> None:
        """Out of turn, after one's time, or on top of what is no more."""
        self.command(self.client(who), act, counter, term, place)

    def command(
        self,
        client: Client,
        act: Act,
        counter: int = 0,
        term: int = 0,
        place: int | tuple[int, int] | None = None,
    ) -> None:
        party = self.model.get(client.stream_id)
        if party is None or client.welcome is None:
            return
        member_id = client.welcome.member_id
        waiting = [
            ask
            for ask in self.server.asked
            if isinstance(ask.call, Entry) and ask.call.member_id == member_id
        ]
        command = Command(
            event_id=self.event_id(),
            host_term=max(0, client.welcome.host_term + term),
            counter=max(0, party.record.host_counter + 1 + len(waiting) + counter),
            based_on=self.cursor(party, place) or party.record.cursor,
            act=act,
        )
        self.sent.append((member_id, command))
        self.say(client, command)

    @precondition(has_clients)
    @rule(
        who=some,
        kind=st.sampled_from(("sync_request", "buffer_start", "buffer_end")),
        position=positions,
    )
    def note(self, who: int, kind: Any, position: float) -> None:
        client = self.client(who)
        if client.welcome is not None:
            note = Note(self.event_id(), kind, position)
            self.sent.append((client.welcome.member_id, note))
            self.say(client, note)

    @precondition(has_said)
    @rule(who=some, which=some, is_other=seldom, is_stranger=seldom)
    def again(self, who: int, which: int, is_other: bool, is_stranger: bool) -> None:
        """What was said before, by whoever said it or by another; perhaps it says another thing."""
        member_id, message = self.sent[-1 - which % 3 % len(self.sent)]
        if is_other and isinstance(message, Command):
            message = msgspec.structs.replace(message, act=Seek(4711.0))
        elif is_other:
            message = msgspec.structs.replace(message, position=4711.0)
        clients = list(self.server.clients.values())
        same = [c for c in clients if c.welcome and c.welcome.member_id == member_id]
        self.say(self.pick(clients if is_stranger else same or clients, who), message)

    def say(self, client: Client, message: Command | Note) -> None:
        """Say it, and look whether only who may is let through to the log."""
        if client.welcome is None:
            return
        is_viewers = isinstance(message, Command) and not client.is_host
        count = self.heard_of(client)
        self.server.say(client, message)
        if client.is_open and is_viewers:
            assert isinstance(client.heard[-1], Refusal)
            assert client.heard[-1].code == "forbidden"
        elif client.is_open and not self.server.is_slow:
            assert self.heard_of(client) == count + 1, "one answer to one question"

    def heard_of(self, client: Client) -> int:
        return sum(isinstance(message, Ack | Refusal) for message in client.heard)

    @precondition(has_clients)
    @rule(who=some, place=places)
    def resume(self, who: int, place: int | tuple[int, int] | None) -> None:
        client = self.client(who)
        party = self.model.get(client.stream_id)
        if party is None or client.welcome is None:
            return
        cursor = self.cursor(party, place) or party.record.cursor
        is_exact = self.server.is_idle and client.is_open
        count = len(client.heard)
        self.server.say(client, Resume(cursor))
        if is_exact and not self.server.is_slow:
            self.check_resumed(party, client, cursor, after=count)

    @precondition(has_clients)
    @rule(who=some, state=st.sampled_from(("paused", "playing", "buffering")), position=positions)
    def report(self, who: int, state: Any, position: float) -> None:
        client = self.client(who)
        cursor = None if client.state is None else client.state.cursor
        message: ClientMessage = Report(state, position=position, buffer=30.0, cursor=cursor)
        if client.welcome is not None:
            self.server.say(client, message)

    # Time, the store, the machine -------------------------------------------------------

    @rule(seconds=st.sampled_from((0.3, 1.0, 6.0, 11.0, 16.0)))
    def wait(self, seconds: float) -> None:
        self.server.advance(seconds)

    @rule()
    def slow_down(self) -> None:
        self.server.is_slow = True

    @precondition(is_slow)
    @rule()
    def catch_up(self) -> None:
        self.server.is_slow = False
        self.server.catch_up()

    @precondition(is_slow)
    @rule(
        count=st.integers(1, 4),
        how=hows,
    )
    def write(self, count: int, how: How) -> None:
        self.server.write(count, how)

    @precondition(is_slow)
    @rule(count=st.integers(1, 2))
    def tell(self, count: int) -> None:
        self.server.tell(count)

    @precondition(is_calm)
    @rule(
        what=st.sampled_from(("die", "stop", "clean up", "go away", "go away")),
        days=st.sampled_from((0, 2, 8)),
        count=st.integers(0, 3),
    )
    def trouble(self, what: str, days: int, count: int) -> None:
        """The server goes, and the next one comes; perhaps days later, perhaps to clean up."""
        self.calm = 0
        match what:
            case "die":
                self.server.die(written=count)
            case "stop":
                self.server.stop()
            case _:
                if what == "go away":
                    self.server.die(written=count)
                self.server.pass_days(days)
                self.server.maintain(after=count)

    # What must be so --------------------------------------------------------------------

    @invariant()
    def all_agree(self) -> None:
        self.calm += 1
        for client in self.server.clients.values():
            if client.welcome is not None and client.welcome.created is not None:
                created = client.welcome.created
                self.keys[client.stream_id] = created.host_key, created.invite_token
                founder = self.founders.pop(client.number, None)
                if founder is not None:
                    self.seats.append((client.stream_id, founder, created.host_key))
        if self.server.is_idle:
            self.server.check()

    def teardown(self) -> None:
        try:
            self.server.is_slow = False
            self.server.catch_up()
            self.server.check()
            self.server.check_logs()
        finally:
            self.server.close()
