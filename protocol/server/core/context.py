"""Server context: what the parts of the core share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar, cast

from protocol.server.core.effects import AskStore, Close, Effect, Send
from protocol.server.core.timers import TimerQueue
from protocol.wire.versions import VersionFilter

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.media.url_policy import UrlPolicy
    from protocol.server.core.store_calls import AnyStoreCall, StoreFailed, StoreResult
    from protocol.server.limits.config import Limits
    from protocol.server.log.requests import StoreCall
    from protocol.server.moment import Moment
    from protocol.wire.messages import ServerMessage


_Answer = TypeVar("_Answer")


class IdSource(Protocol):
    """Where new ids and keys come from: the core itself knows no randomness."""

    def stream_id(self) -> str:
        """32 hexadecimal digits."""
        ...

    def event_id(self) -> str: ...

    def host_key(self) -> str:
        """At least 256 bit."""
        ...

    def invite_token(self) -> str:
        """At least 128 bit."""
        ...


class ServerContext:
    """What all parts of the core share: their orders to the rim, deadlines and bounds."""

    def __init__(
        self,
        limits: Limits,
        rules: UrlPolicy,
        ids: IdSource,
        clock_id: str,
        version_filter: VersionFilter | None = None,
    ) -> None:
        self.limits = limits
        self.rules = rules
        self.ids = ids
        self.clock_id = clock_id
        self.timers = TimerQueue()
        self.older: dict[int, int] = {}
        """Version by peer, of those that speak an older one than this program."""
        self._filter = version_filter or VersionFilter()
        self._effects: list[Effect] = []
        self._waiting: dict[int, Callable[[StoreResult, Moment], None]] = {}
        self._tickets = 0

    def send(
        self, peers: tuple[int, ...], message: ServerMessage, *, is_urgent: bool = True
    ) -> None:
        """Send to these peers; who speaks an older version gets what it can take."""
        if self.older and (since := self._filter.since(message)) > 1:
            behind = {p for p in peers if self.older.get(p, since) < since}
            harmless = self._filter.harmless(message)
            if behind and harmless is not None:
                self._effects.append(Send(tuple(behind), harmless, is_urgent))
            peers = tuple(p for p in peers if p not in behind)
        if peers:
            self._effects.append(Send(peers, message, is_urgent))

    def close(self, peer: int, code: int, reason: str) -> None:
        self._effects.append(Close(peer, code, reason))

    def ask(
        self, call: StoreCall[_Answer], then: Callable[[_Answer | StoreFailed, Moment], None]
    ) -> None:
        """Ask the store; ``then`` gets its answer."""
        self._tickets += 1
        # A ticket ties each answer to its call; and there are no calls but those of the union.
        self._waiting[self._tickets] = cast("Callable[[StoreResult, Moment], None]", then)
        self._effects.append(AskStore(self._tickets, cast("AnyStoreCall", call)))

    def answered(self, ticket: int, result: StoreResult, now: Moment) -> None:
        self._waiting.pop(ticket)(result, now)

    @property
    def asking(self) -> int:
        """Questions that the store has not answered."""
        return len(self._waiting)

    def take_effects(self) -> list[Effect]:
        effects, self._effects = self._effects, []
        return effects
