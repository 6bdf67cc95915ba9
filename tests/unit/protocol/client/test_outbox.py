"""What waits goes in its order, at a bearable pace, and again until it is answered."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from protocol.client.outbox import (
    ANSWER_TIMEOUT,
    COMMAND_BURST,
    COMMAND_INTERVAL,
    MAX_WAITING,
    NOTE_BURST,
    NOTE_INTERVAL,
    SEEK_INTERVAL,
    CommandQueue,
    LatestReport,
    NoteQueue,
    TokenPacer,
)
from protocol.wire.messages import (
    Act,
    Command,
    Cursor,
    Note,
    PauseAct,
    PlayAct,
    RateAct,
    Report,
    SeekAct,
)

BASE = Cursor(1, 4)


def welcomed(term: int = 1, counter: int = 1) -> CommandQueue:
    """Those of a host whose command ``counter`` the server has just taken."""
    commands = CommandQueue()
    assert commands.welcomed(term, counter - 1) == 0
    assert commands.put(PlayAct(), "first-000", BASE)
    assert commands.take(-1000.0)
    commands.answered("first-000", is_taken=True)
    return commands


def put(commands: CommandQueue, *acts: Act) -> list[str]:
    ids: list[str] = []
    for act in acts:
        ids.append(f"event-{len(commands):03}-{id(act)}")
        assert commands.put(act, ids[-1], BASE)
    return ids


def taken(commands: CommandQueue, now: float) -> list[Command]:
    found: list[Command] = []
    while command := commands.take(now):
        found.append(command)
    return found


def note(event_id: str) -> Note:
    return Note(event_id, "buffer_start", 1.0)


def test_a_pace_lets_a_burst_through_and_then_one_at_a_time() -> None:
    pace = TokenPacer(0.5, 3)
    went: list[float] = []
    for tick in range(50):
        now = 100.0 + tick * 0.1
        while pace.ready_at <= now + 1e-9:
            pace.take(now)
            went.append(round(now, 1))
    assert went[:6] == [100.0, 100.0, 100.0, 100.5, 101.0, 101.5]


def test_commands_go_at_once_numbered_one_by_one_under_the_term() -> None:
    commands = welcomed(term=3, counter=7)
    ids = put(commands, PlayAct(), PauseAct(5.0))
    sent = taken(commands, 10.0)
    assert [(c.event_id, c.host_term, c.counter, c.based_on) for c in sent] == [
        (ids[0], 3, 8, BASE),
        (ids[1], 3, 9, BASE),
    ]
    assert taken(commands, 10.0) == []


def test_no_more_goes_than_the_server_bears() -> None:
    commands = welcomed()
    put(commands, *(act for _ in range(30) for act in (PlayAct(), PauseAct(1.0))))
    sent: list[tuple[float, int]] = []
    for now in range(1000):
        gone = taken(commands, now / 100)
        sent.append((now / 100, len(gone)))
        for command in gone:
            commands.answered(command.event_id)
    assert sent[0][1] == COMMAND_BURST
    for start, _ in sent:
        second = sum(count for at, count in sent if start <= at < start + 1.0)
        assert second <= COMMAND_BURST + 1 / COMMAND_INTERVAL + 1
    assert sum(count for _, count in sent) == 60


def test_a_link_that_holds_everything_back_never_holds_a_flood() -> None:
    commands = welcomed()
    ids = put(commands, *(PauseAct(float(i)) for i in range(30)))
    assert len([c for now in range(100) for c in taken(commands, now * 0.1)]) == COMMAND_BURST
    assert commands.next_at() == ANSWER_TIMEOUT
    commands.answered(ids[0])
    assert [c.event_id for c in taken(commands, 10.0)] == [ids[COMMAND_BURST]]
    assert commands.lapsed(ANSWER_TIMEOUT)


def test_fast_seeks_become_five_a_second_and_the_last_one_counts() -> None:
    commands = welcomed()
    sent: list[Command] = []
    for i in range(100):
        commands.put(SeekAct(float(i)), f"seek-{i:05}", BASE)
        sent += taken(commands, i * 0.01)
        for command in sent:
            commands.answered(command.event_id)
    assert taken(commands, commands.next_at())[0].act == SeekAct(99.0)
    assert len(sent) == 5
    assert [c.counter for c in sent] == [2, 3, 4, 5, 6]


def test_a_single_seek_does_not_wait() -> None:
    commands = welcomed()
    put(commands, SeekAct(1.0))
    assert len(taken(commands, 0.0)) == 1


def test_what_follows_a_seek_does_not_overtake_it_and_does_not_wait_either() -> None:
    commands = welcomed()
    put(commands, SeekAct(1.0))
    taken(commands, 0.0)
    put(commands, SeekAct(2.0), SeekAct(3.0), PlayAct())
    assert [c.act for c in taken(commands, 0.01)] == [SeekAct(3.0), PlayAct()]


def test_only_neighbours_of_one_kind_are_coalesced() -> None:
    commands = CommandQueue()
    put(
        commands,
        SeekAct(1.0),
        SeekAct(2.0),
        PlayAct(),
        SeekAct(3.0),
        RateAct(1.5),
        RateAct(2.0),
        PauseAct(9.0),
    )
    put(commands, PauseAct(9.5))
    commands.welcomed(1, 0)
    sent = taken(commands, 0.0)
    commands.answered(sent[0].event_id, is_taken=True)
    sent += taken(commands, 0.0)
    assert [c.act for c in sent] == [
        SeekAct(2.0),
        PlayAct(),
        SeekAct(3.0),
        RateAct(2.0),
        PauseAct(9.0),
        PauseAct(9.5),
    ]


def test_what_has_gone_once_is_not_replaced() -> None:
    commands = welcomed()
    put(commands, SeekAct(1.0))
    taken(commands, 0.0)
    put(commands, SeekAct(2.0))
    assert len(commands) == 2


def test_over_a_new_connection_all_goes_again_as_it_was() -> None:
    commands = welcomed()
    put(commands, PlayAct(), PauseAct(2.0))
    before = taken(commands, 0.0)
    put(commands, RateAct(2.0))
    assert commands.welcomed(1, 2) == 0
    after = taken(commands, 100.0)
    commands.answered(after[0].event_id)
    after += taken(commands, 100.0)
    assert after == before
    commands.answered(after[1].event_id, is_taken=True)
    assert [c.counter for c in taken(commands, 100.0)] == [4]


def test_one_goes_at_a_time_until_the_server_has_taken_a_number() -> None:
    commands = CommandQueue()
    ids = put(commands, *(PauseAct(float(i)) for i in range(6)))
    commands.welcomed(1, 0)
    # Another process of this seat was ahead, the second was in the log already, and the third
    # is refused at the door, which says nothing of its number.
    assert [c.counter for c in taken(commands, 0.0)] == [1]
    commands.expect(ids[0], 4)
    assert [c.counter for c in taken(commands, 0.0)] == [4]
    commands.answered(ids[0])
    assert [c.counter for c in taken(commands, 0.0)] == [5]
    commands.answered(ids[1])
    assert [c.counter for c in taken(commands, 0.0)] == [6]
    commands.answered(ids[2], is_taken=True)
    assert [c.counter for c in taken(commands, 0.0)] == [7, 8, 9]


def test_the_servers_counter_goes_on_where_it_is() -> None:
    commands = welcomed()
    put(commands, PlayAct())
    sent = taken(commands, 0.0)
    commands.answered(sent[0].event_id)
    commands.welcomed(1, 41)
    put(commands, PauseAct(1.0))
    assert [c.counter for c in taken(commands, 0.0)] == [42]


def test_another_term_drops_what_waits_sent_or_not() -> None:
    commands = welcomed(term=1)
    put(commands, PlayAct())
    taken(commands, 0.0)
    put(commands, SeekAct(1.0), PauseAct(2.0))
    assert commands.welcomed(2, 0) == 3
    assert len(commands) == 0
    assert commands.next_at() == float("inf")
    put(commands, PlayAct())
    assert [(c.host_term, c.counter) for c in taken(commands, 1.0)] == [(2, 1)]


def test_what_is_asked_before_the_first_welcome_waits_for_it() -> None:
    commands = CommandQueue()
    put(commands, PlayAct())
    assert commands.welcomed(5, 2) == 0
    assert [(c.host_term, c.counter) for c in taken(commands, 0.0)] == [(5, 3)]


def test_an_answer_ends_the_waiting() -> None:
    commands = welcomed()
    ids = put(commands, PlayAct())
    taken(commands, 0.0)
    assert commands.answered(ids[0]) == PlayAct()
    assert commands.answered(ids[0]) is None
    assert commands.next_at() == float("inf")


def test_too_much_is_not_taken_but_a_last_seek_still_changes_its_mind() -> None:
    commands = CommandQueue()
    for i in range(MAX_WAITING - 1):
        assert commands.put(PauseAct(float(i)), f"pause-{i:03}", BASE)
    assert commands.put(SeekAct(1.0), "seek-001", BASE)
    assert not commands.put(PlayAct(), "play-001", BASE)
    assert commands.put(SeekAct(2.0), "seek-002", BASE)
    assert len(commands) == MAX_WAITING


def test_a_gap_in_the_counters_is_closed_by_numbering_anew_in_the_same_order() -> None:
    commands = welcomed()
    ids = put(commands, PlayAct(), PauseAct(1.0), RateAct(2.0))
    taken(commands, 0.0)
    commands.answered(ids[0])
    # Refused on its merits, so its number was not used up: the others are one too far.
    commands.expect(ids[1], 2)
    commands.expect(ids[2], 2)
    put(commands, PlayAct())
    assert [(c.event_id, c.counter) for c in taken(commands, 1.0)] == [(ids[1], 2)]
    commands.answered(ids[1], is_taken=True)
    assert [c.counter for c in taken(commands, 2.0)] == [3, 4]


def test_nothing_is_numbered_anew_while_the_link_holds_what_could_take_the_number() -> None:
    commands = welcomed()
    ids = put(commands, *(PauseAct(float(i)) for i in range(6)))
    taken(commands, 0.0)
    commands.answered(ids[0])
    for event_id in ids[1:5]:
        commands.expect(event_id, 2)
    put(commands, SeekAct(1.0))
    assert taken(commands, 1.0) == []
    commands.expect(ids[5], 2)
    assert [c.counter for c in taken(commands, 10.0)] == [2]
    # What never went has no number yet, and may still change its mind.
    assert commands.put(SeekAct(2.0), "seek-002", BASE)
    commands.answered(ids[1], is_taken=True)
    sent = taken(commands, 10.0)
    assert [c.counter for c in sent] == [3, 4, 5, 6, 7]
    assert sent[-1].act == SeekAct(2.0)


def test_what_was_refused_goes_again_when_the_last_on_the_link_has_another_answer() -> None:
    commands = welcomed()
    ids = put(commands, PlayAct(), PauseAct(1.0))
    taken(commands, 0.0)
    commands.expect(ids[0], 9)
    commands.answered(ids[1])
    assert [(c.event_id, c.counter) for c in taken(commands, 1.0)] == [(ids[0], 9)]


def test_what_has_not_gone_yet_gets_its_number_later() -> None:
    commands = welcomed()
    put(commands, *(PauseAct(float(i)) for i in range(COMMAND_BURST + 2)))
    for command in taken(commands, 0.0):
        commands.expect(command.event_id, 31)
    sent: list[Command] = []
    for now in range(5):
        for command in taken(commands, 1.0 + now):
            sent.append(command)
            commands.answered(command.event_id, is_taken=True)
    assert [c.counter for c in sent] == list(range(31, 31 + COMMAND_BURST + 2))


def test_a_refusal_of_what_is_not_there_changes_nothing() -> None:
    commands = welcomed()
    put(commands, PlayAct(), PauseAct(1.0))
    taken(commands, 0.0)
    commands.expect("unknown-0", 9)
    CommandQueue().expect("unknown-0", 9)
    assert taken(commands, 1.0) == []


def test_giving_up_what_was_refused_leaves_the_way_free() -> None:
    commands = welcomed()
    ids = put(commands, PlayAct(), PauseAct(1.0))
    taken(commands, 0.0)
    commands.expect(ids[0], 9)
    assert commands.clear() == 2
    put(commands, PlayAct())
    assert [c.counter for c in taken(commands, 1.0)] == [9]


def test_a_server_that_insists_on_the_number_it_got_starts_no_loop() -> None:
    commands = welcomed()
    ids = put(commands, PlayAct())
    taken(commands, 0.0)
    commands.expect(ids[0], 2)
    assert taken(commands, 1.0) == []
    assert commands.lapsed(ANSWER_TIMEOUT)


def test_a_number_is_not_given_away_twice_while_the_server_may_still_come_to_it() -> None:
    commands = welcomed()
    ids = put(commands, PlayAct())
    taken(commands, 0.0)
    # Its first copy waits in a slow server; the second one, over a new link, is refused.
    commands.welcomed(1, 1)
    taken(commands, 1.0)
    commands.answered(ids[0])
    commands.welcomed(1, 1)
    put(commands, PauseAct(1.0))
    assert [c.counter for c in taken(commands, 2.0)] == [3]


def test_a_command_without_an_answer_ends_the_connection_and_goes_again_over_the_next() -> None:
    commands = welcomed()
    put(commands, PlayAct(), PauseAct(1.0))
    first = taken(commands, 0.0)
    assert commands.next_at() == ANSWER_TIMEOUT
    assert not commands.lapsed(ANSWER_TIMEOUT - 0.01)
    assert commands.lapsed(ANSWER_TIMEOUT)
    assert not commands.lapsed(ANSWER_TIMEOUT)
    assert taken(commands, ANSWER_TIMEOUT) == []
    assert commands.next_at() == 2 * ANSWER_TIMEOUT
    commands.welcomed(1, 1)
    assert not commands.lapsed(2 * ANSWER_TIMEOUT)
    assert taken(commands, ANSWER_TIMEOUT) == first[:1]


@given(
    st.lists(
        st.one_of(
            st.builds(SeekAct, st.integers(0, 100).map(float)),
            st.builds(PauseAct, st.integers(0, 100).map(float)),
            st.just(PlayAct()),
        ),
        max_size=40,
    ),
    st.integers(0, 2**32),
)
def test_whatever_happens_the_server_gets_each_once_and_in_order(
    acts: list[Act], seed: int
) -> None:
    """A server that keeps its rules, refusals of every kind, connections that break."""
    chance = Random(seed)
    commands, server, now = CommandQueue(), _Server(chance), 0.0
    asked = iter(enumerate(acts))
    sent: set[str] = set()
    commands.welcomed(1, 0)
    for round_ in range(1200):
        now += 0.05
        following = next(asked, None) if chance.random() < 0.3 else None
        if following is not None:
            commands.put(following[1], f"event-{following[0]:03}", BASE)
        if chance.random() < 0.03 and round_ < 600:
            commands.welcomed(1, server.reconnect())
        for command in taken(commands, now):
            sent.add(command.event_id)
            server.send(command)
        server.work()
        if server.back and chance.random() < 0.6:
            event_id, expected = server.back.pop(0)
            if expected > 0:
                commands.expect(event_id, expected)
            else:
                commands.answered(event_id, is_taken=expected < 0)
        assert not len(commands) or commands.next_at() < float("inf"), "stuck"
    assert len(commands) == 0
    assert server.order == sorted(set(server.order))
    assert sent == {*server.order, *server.refused}
    if acts:
        assert f"event-{len(acts) - 1:03}" in sent


class _Server:
    """What lies between a command and its answer, and the rules of the log at the end of it."""

    def __init__(self, chance: Random) -> None:
        self.link: list[Command] = []
        self.back: list[tuple[str, int]] = []
        """The id that is answered, and the counter that was expected instead.

        0 when none was, -1 when it is new in the log.
        """
        self.order: list[str] = []
        self.refused: set[str] = set()
        self._chance = chance
        self._counter = 0
        self._connection = 0
        self._store: list[tuple[int, Command]] = []
        self._told: set[tuple[int, str]] = set()
        """Refused over which connection."""

    def reconnect(self) -> int:
        """What is on the link is lost; what the store has been asked is not. The last counter."""
        self._connection += 1
        self.link.clear()
        self.back.clear()
        if self._chance.random() < 0.2:
            # Another process of this seat was quicker.
            self._store.append((-1, Command("other", 1, self._counter + 1, BASE, PlayAct())))
        return self._counter

    def send(self, command: Command) -> None:
        """Onto the link, where nothing may lie twice."""
        copies = [*self.link, *(c for of, c in self._store if of == self._connection)]
        assert command.event_id not in {copy.event_id for copy in copies}
        self.link.append(command)

    def work(self) -> None:
        """Perhaps read one command, perhaps answer one."""
        if self.link and self._chance.random() < 0.6:
            command = self.link.pop(0)
            if self._chance.random() < 0.05:
                # It comes too fast: refused at the door, before the store is asked.
                self._answer(self._connection, command, 0, is_refused=True)
            else:
                self._store.append((self._connection, command))
        if self._store and self._chance.random() < 0.6:
            self._decide(*self._store.pop(0))

    def _decide(self, connection: int, command: Command) -> None:
        due = self._counter + 1
        if command.event_id in self.order:
            self._answer(connection, command, 0)
        elif command.event_id == "other":
            self._counter += command.counter == due
        elif command.counter != due:
            self._answer(connection, command, due)
        elif self._chance.random() < 0.1:
            self._answer(connection, command, 0, is_refused=True)
        else:
            assert (connection, command.event_id) not in self._told, "refused, and taken later"
            self._counter = due
            self.order.append(command.event_id)
            self._answer(connection, command, -1)

    def _answer(
        self, connection: int, command: Command, expected: int, *, is_refused: bool = False
    ) -> None:
        if connection != self._connection:
            return
        self.back.append((command.event_id, expected))
        if is_refused:
            self.refused.add(command.event_id)
            self._told.add((connection, command.event_id))


def test_notes_go_at_their_own_pace() -> None:
    notes = NoteQueue()
    for i in range(NOTE_BURST + 2):
        notes.put(note(f"note-{i:04}"))
    burst = [notes.take(0.0) for _ in range(NOTE_BURST)]
    assert all(burst)
    assert notes.take(0.0) is None
    notes.answered("note-0000")
    assert notes.next_at() == NOTE_INTERVAL
    assert notes.take(NOTE_INTERVAL) == note(f"note-{NOTE_BURST:04}")


def test_no_more_notes_lie_on_a_link_that_holds_them_than_the_server_bears() -> None:
    notes = NoteQueue()
    for i in range(NOTE_BURST + 2):
        notes.put(note(f"note-{i:04}"))
    for _ in range(NOTE_BURST):
        assert notes.take(0.0)
    assert notes.next_at() == float("inf")
    assert notes.take(100.0) is None
    notes.answered("note-0003")
    assert notes.take(100.0) == note(f"note-{NOTE_BURST:04}")


def test_notes_go_again_until_they_are_answered() -> None:
    notes = NoteQueue()
    notes.put(note("note-0001"))
    notes.put(note("note-0002"))
    assert notes.take(0.0)
    assert notes.take(0.0)
    assert notes.next_at() == float("inf")
    notes.answered("note-0001")
    notes.welcomed()
    assert notes.take(9.0) == note("note-0002")
    notes.answered("note-0002")
    notes.answered("note-0002")
    assert len(notes) == 0
    notes.welcomed()
    assert notes.take(99.0) is None


def test_a_note_that_is_answered_before_it_goes_again_stays_here() -> None:
    notes = NoteQueue()
    notes.put(note("note-0001"))
    notes.take(0.0)
    notes.welcomed()
    notes.answered("note-0001")
    assert notes.take(9.0) is None


def test_not_more_notes_are_kept_than_anybody_will_read() -> None:
    notes = NoteQueue()
    for i in range(MAX_WAITING + 5):
        notes.put(note(f"note-{i:04}"))
    assert len(notes) == MAX_WAITING


def test_seeks_keep_the_interval_the_server_allows() -> None:
    assert 1 / SEEK_INTERVAL == 5.0


def test_only_the_newest_report_is_kept_while_nothing_gets_through() -> None:
    reports = LatestReport()
    assert reports.next_at() == float("inf")
    reports.put(Report("playing"))
    assert reports.next_at() == float("-inf")
    assert reports.take(is_blocked=True) is None
    assert reports.next_at() == float("inf")
    reports.put(Report("paused"))
    assert reports.take(is_blocked=False) == Report("paused")
    assert reports.take(is_blocked=False) is None
    reports.put(Report("playing"))
    reports.clear()
    assert reports.take(is_blocked=False) is None
