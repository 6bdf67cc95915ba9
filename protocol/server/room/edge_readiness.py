"""Edge readiness: how ready the seats of one edge are: for a start that is agreed here, and for
the owner of a start that waits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, assert_never

from protocol.server.bus.messages import NOTHING_REPORTED, ReadinessReport
from protocol.server.readiness.lead_times import LeadTimes
from protocol.server.readiness.readiness import MAX_LEAD, Readiness, SyncPoint, readiness_of
from protocol.server.readiness.unready import UnreadyIndex
from protocol.wire.messages import LoadAct, PauseAct, PlayAct, RateAct, SeekAct, SettingsAct

if TYPE_CHECKING:
    from collections.abc import Mapping

    from protocol.server.bus.messages import ReadinessPlan
    from protocol.server.log.record import StreamRecord
    from protocol.server.members.participant import Participant
    from protocol.server.readiness.lead_times import LeadTime
    from protocol.wire.messages import Act, Cursor

BOUND: Final = 8.0
"""Seconds that a start waits at most."""
LOAD_BOUND: Final = 15.0
"""The same for a new film, which each seat has to find and open."""
LATE: Final[tuple[Readiness, ...]] = ("late", "soon")


class StartPlan(NamedTuple):
    """How a command's start is led."""

    bound: float
    """Seconds that it waits at most; 0 when everybody can be ready within the lead."""
    is_moving: bool
    """Some seats are still on their way: a start where they are takes as long as a seek."""


ON_TIME: Final = StartPlan(0.0, is_moving=False)


class EdgeReadiness:
    """Of the seats of one edge, beside what the owner has told of the others."""

    def __init__(
        self, edge_id: str, participants: Mapping[str, Participant], cursor: Cursor
    ) -> None:
        self._edge_id = edge_id
        self._participants = participants
        self.sync_point = SyncPoint(cursor, float("-inf"))
        """Where everybody is to be by now."""
        self.lead_times = LeadTimes()
        self._unready = UnreadyIndex()
        self.until: float | None = None
        """Instant of the start that waits."""
        self._late: dict[str, None] = {}
        """Seats that it waits for."""
        self._has_late = self._has_moving = self._has_slow_seek = False
        self._looked_at = NOTHING_REPORTED
        """Where the log was when every seat was looked at."""
        self.excused: Mapping[str, float] = {}
        """Members that are not waited for, until which instant."""
        self._others: tuple[ReadinessReport, ...] = ()

    @property
    def is_alone(self) -> bool:
        """There is no other edge, by the last that was heard."""
        return not self._others

    # What changes it --------------------------------------------------------------------

    def count(self, member_id: str, participant: Participant) -> None:
        """A seat is here, or has told something."""
        self.lead_times.count(member_id, participant)
        self._unready.count(member_id, participant, self.sync_point.cursor)

    def discount(self, member_id: str) -> None:
        """It is not waited for."""
        self.lead_times.drop(member_id)
        self._unready.drop(member_id)

    def move(self, place: SyncPoint) -> None:
        """Everybody is sent somewhere else."""
        self.sync_point = place
        self._unready.moved()

    def wait(self, until: float | None) -> None:
        """A start waits, which each report is about from now on; None: none does."""
        if until != self.until:
            self.until = until
            self._late = {}

    def take(self, plan: ReadinessPlan) -> None:
        """How it stands with the other edges."""
        self._others = tuple(
            report for edge_id, report in plan.reports.items() if edge_id != self._edge_id
        )

    # A command comes in -----------------------------------------------------------------

    def plan(self, record: StreamRecord, act: Act, now: float) -> StartPlan:
        """How a start is led that ``act`` asks for now."""
        seen = {
            self.member_readiness(participant, record, now)
            for participant in self._unready.participants
        }
        others = [o for o in self._others if not o.as_of < self.sync_point.cursor]
        # What the rest of them told was about another place.
        is_moving = "soon" in seen or len(others) < len(self._others)
        is_moving = is_moving or any(other.has_moving for other in others)
        has_late = "late" in seen or any(other.has_late for other in others)
        match act:
            case LoadAct(playing=True):
                return StartPlan(LOAD_BOUND, is_moving)
            case PlayAct() if has_late and self.until is None:
                return StartPlan(BOUND, is_moving)
            case SeekAct() if (
                has_late
                or any(other.has_slow_seek for other in others)
                or self._is_slow(record, now)
            ):
                return StartPlan(BOUND, is_moving)
            case PlayAct() | PauseAct() | SeekAct() | RateAct() | LoadAct() | SettingsAct():
                return StartPlan(0.0, is_moving)
            case _:
                assert_never(act)

    def leads(self) -> LeadTime:
        """For a change that is asked for now."""
        needs = self.lead_times.needs()
        for other in self._others:
            needs = needs.merged(other.needs)
        return needs.leads()

    def member_readiness(
        self, participant: Participant, record: StreamRecord, now: float
    ) -> Readiness:
        """What can be told of one seat."""
        if self.excused and self.excused.get(participant.member.member_id, now) > now:
            return "excused"
        return readiness_of(participant, self.sync_point, record, now)

    def _is_slow(self, record: StreamRecord, now: float) -> bool:
        """Somebody needs more for a seek than any lead gives.

        The first one in a film from the network counts: nobody knows what it takes.
        """
        if self.lead_times.longest <= MAX_LEAD:
            return False
        return any(
            participant.way + participant.start + participant.seek > MAX_LEAD
            for participant in self._participants.values()
            if participant.way is not None
            and self.member_readiness(participant, record, now) != "excused"
        )

    # What the owner is told -------------------------------------------------------------

    def report(self, record: StreamRecord, now: float) -> ReadinessReport:
        """Look at every seat anew."""
        if self.until is not None and not self._still_waits(record, now):
            return self._report(self._looked_at)
        participants = self._participants.items()
        words = {
            member_id: self.member_readiness(participant, record, now)
            for member_id, participant in participants
        }
        late = {member_id: None for member_id, word in words.items() if word in LATE}
        if late != self._late:
            self._late = late
        seen = words.values()
        self._has_late, self._has_moving = "late" in seen, "soon" in seen
        self._has_slow_seek = self._is_slow(record, now)
        self._looked_at = record.cursor
        return self._report(record.cursor, has_ready="ready" in seen)

    def report_on(self, record: StreamRecord, member_id: str, now: float) -> ReadinessReport | None:
        """One seat has reported; None when that changes nothing for the start that waits."""
        if not self._still_waits(record, now):
            return self._report(self._looked_at)
        is_late = self.member_readiness(self._participants[member_id], record, now) in LATE
        is_news = is_late is not (member_id in self._late)
        if is_news and is_late:
            self._late[member_id] = None
        elif is_news:
            del self._late[member_id]
        if not self._late:
            return self.report(record, now)
        return self._report(record.cursor) if is_news else None

    def _still_waits(self, record: StreamRecord, now: float) -> bool:
        """The start that waits is the one that the log knows of here."""
        timeline = record.timeline
        until = self.until
        return timeline.playing and until is not None and timeline.at == until and now < until

    def _report(self, as_of: Cursor, *, has_ready: bool = False) -> ReadinessReport:
        return ReadinessReport(
            as_of=as_of,
            late=tuple(self._late),
            has_ready=has_ready,
            has_late=self._has_late,
            has_moving=self._has_moving,
            has_slow_seek=self._has_slow_seek,
            needs=self.lead_times.needs(),
        )
