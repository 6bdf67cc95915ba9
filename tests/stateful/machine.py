"""What hypothesis may do to a server: any order of what people, networks and disks do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from protocol.server.log.requests import AppendRequest
from protocol.wire.messages import (
    Ack,
    Act,
    ClientMessage,
    Command,
    HandOver,
    Invited,
    ModerationRequest,
    NewInvite,
    Note,
    Refusal,
    Remove,
    Report,
    Resume,
    SeekAct,
)
from tests.stateful.choices import acts, hows, odds, places, positions, seldom, some
from tests.stateful.coming import Coming

if TYPE_CHECKING:
    from tests.stateful.client import Client
    from tests.stateful.server import How


class ServerMachine(Coming):
    """The same people at their keys, and whatever a disk and a network do meanwhile."""

    # They say something -----------------------------------------------------------------

    @precondition(Coming.has_clients)
    @rule(who=some, wanted=st.lists(acts, min_size=1, max_size=3))
    def act(self, who: int, wanted: list[Act]) -> None:
        """As a host does; others do not have the keys for it, and may try."""
        for act in wanted:
            self.command(self.host(who), act)

    @precondition(Coming.has_clients)
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

    @precondition(Coming.has_clients)
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
            if isinstance(ask.call, AppendRequest) and ask.call.member_id == member_id
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

    @precondition(Coming.has_clients)
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

    @precondition(Coming.has_said)
    @rule(who=some, which=some, is_other=seldom, is_stranger=seldom)
    def again(self, who: int, which: int, is_other: bool, is_stranger: bool) -> None:
        """What was said before, by whoever said it or by another; perhaps it says another thing."""
        member_id, message = self.sent[-1 - which % 3 % len(self.sent)]
        if is_other and isinstance(message, Command):
            message = msgspec.structs.replace(message, act=SeekAct(4711.0))
        elif is_other:
            message = msgspec.structs.replace(message, position=4711.0)
        clients = list(self.server.clients.values())
        same = [c for c in clients if c.welcome and c.welcome.member_id == member_id]
        self.say(self.pick(clients if is_stranger else same or clients, who), message)

    def say(self, client: Client, message: Command | Note) -> None:
        """Say it, and look whether only who may is let through to the log."""
        if client.welcome is None:
            return
        is_slow = not self.server.is_idle
        is_viewers = isinstance(message, Command) and not client.is_host and not is_slow
        count = self.heard_of(client)
        self.server.say(client, message)
        if client.is_open and is_viewers:
            assert isinstance(client.heard[-1], Refusal)
            assert client.heard[-1].code in ("forbidden", "stale_host")
        elif client.is_open and not self.server.is_slow:
            assert self.heard_of(client) == count + 1, "one answer to one question"

    def heard_of(self, client: Client) -> int:
        return sum(isinstance(message, Ack | Refusal) for message in client.heard)

    @precondition(Coming.has_clients)
    @rule(
        who=some,
        whom=some,
        what=st.sampled_from(("hand over", "remove", "new invite")),
        uses=st.none() | st.integers(1, 2),
        keep=st.booleans(),
        is_odd=seldom,
        is_late=seldom,
    )
    def moderate(
        self,
        who: int,
        whom: int,
        what: str,
        uses: int | None,
        keep: bool,
        is_odd: bool,
        is_late: bool,
    ) -> None:
        """A host says who may be in and who hosts; others may try."""
        client = self.client(who) if is_odd else self.host(who)
        party = self.model.get(client.stream_id)
        if party is None or client.welcome is None:
            return
        others = [c.welcome.member_id for c in self.members(party) if c.welcome] or ["nobody-here"]
        member_id, event_id = self.pick(others, whom), self.event_id()
        errand: ModerationRequest = Remove(event_id, member_id)
        if what == "hand over":
            errand = HandOver(event_id, party.record.host_term - is_late, member_id)
        if what == "new invite":
            errand = NewInvite(event_id, keep=keep, uses=uses)
        self.server.say(client, errand)
        if self.server.is_slow or not client.is_open:
            return
        answer = next(m for m in client.heard[::-1] if getattr(m, "event_id", "") == event_id)
        if isinstance(errand, Remove) and isinstance(answer, Ack):
            assert not [c for c in self.members(party) if self.is_of(c, member_id)]
            self.come_back_all(client.stream_id, member_id)
        if isinstance(errand, HandOver) and isinstance(answer, Ack):
            assert party.record.host_id == member_id
        if isinstance(errand, NewInvite) and isinstance(answer, Invited) and not keep:
            assert all(c.by_key or c.is_host for c in self.members(party))

    @precondition(Coming.has_clients)
    @rule(who=some, place=places)
    def resume(self, who: int, place: int | tuple[int, int] | None) -> None:
        client = self.client(who)
        party = self.model.get(client.stream_id)
        if party is None or client.welcome is None:
            return
        cursor = self.cursor(party, place) or party.record.cursor
        is_exact = self.server.is_idle and client.is_open
        stood = party.record.cursor
        count = len(client.heard)
        self.server.say(client, Resume(cursor))
        if is_exact and not self.server.is_slow:
            self.check_resumed(party, client, cursor, after=count, stood=stood)

    @precondition(Coming.has_clients)
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

    @precondition(Coming.is_slow)
    @rule()
    def catch_up(self) -> None:
        self.server.is_slow = False
        self.server.catch_up()

    @precondition(Coming.is_slow)
    @rule(
        count=st.integers(1, 4),
        how=hows,
    )
    def write(self, count: int, how: How) -> None:
        self.server.write(count, how)

    @precondition(Coming.is_slow)
    @rule(count=st.integers(1, 2))
    def tell(self, count: int) -> None:
        self.server.tell(count)

    @precondition(Coming.is_calm)
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

    def teardown(self) -> None:
        try:
            self.server.is_slow = False
            self.server.catch_up()
            self.server.check()
            self.server.check_logs()
        finally:
            self.server.close()
