"""HTTP handler: everything that is asked before a websocket opens, or instead of one."""

from __future__ import annotations

import asyncio
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

import msgspec

from protocol.exceptions import StoreError
from protocol.log_line import log_line
from protocol.server.core.identity import hash_token, is_uuid_hex
from protocol.server.limits.addresses import TokenLookup
from server_stub.net.http import paths, responses
from server_stub.net.http.checks import refused
from server_stub.net.http.connection import ClientConnection, address_of, bearer
from server_stub.net.http.read_cache import PendingRead
from server_stub.net.listen.admission_queue import AdmissionQueue

if TYPE_CHECKING:
    import re
    from collections.abc import Awaitable, Callable

    from websockets.asyncio.server import ServerConnection
    from websockets.http11 import Request, Response

    from protocol.server.moment import Moment
    from protocol.server.protocol import ServerProtocol
    from server_stub.capacity import Capacity
    from server_stub.clock import ServerClock
    from server_stub.net.http.read_cache import ReadCache
    from server_stub.net.listen.addresses import HostPolicy
    from server_stub.net.listen.forwarded import TrustedProxies
    from server_stub.net.listen.listener import BoundedListener
    from server_stub.observability.endpoint import MetricsEndpoint
    from server_stub.storage.base import Store
    from server_stub.storage.worker import StoreWorker
    from server_stub.timing import ServerTiming

    Answer = Callable[[ClientConnection, Request, re.Match[str]], Awaitable[Response | None]]

logger = logging.getLogger("matinee.server")

MAX_EVENTS: Final = 300


class HttpHandler:
    """Answers what is no websocket, and lets in what may become one."""

    def __init__(
        self,
        core: ServerProtocol,
        clock: ServerClock,
        store: StoreWorker,
        names: HostPolicy,
        reads: ReadCache,
        metrics: MetricsEndpoint,
        proxies: TrustedProxies,
        listener: BoundedListener,
        perform: Callable[[], None],
        timing: ServerTiming,
        capacity: Capacity,
    ) -> None:
        self._core = core
        self._addresses = core.addresses
        self._clock = clock
        self._store = store
        self._names = names
        self._queue = AdmissionQueue(self._places, timing, capacity)
        self._reads = reads
        self._metrics = metrics
        self._proxies = proxies
        self._listener = listener
        self._perform = perform
        self._timing = timing
        self._routes: tuple[tuple[re.Pattern[str], Answer], ...] = (
            (paths.HEALTH, self._tell_health),
            (paths.INVITE, self._invite),
            (paths.METRICS, self._tell_metrics),
            (paths.READ, self._read),
            (paths.SOCKET, self._admit),
        )

    async def answer(self, connection: ServerConnection, request: Request) -> Response | None:
        """The response; None opens a websocket."""
        assert isinstance(connection, ClientConnection)
        self._listener.has_asked(connection.transport.get_extra_info("socket").fileno())
        forwarded = request.headers.get_all("X-Forwarded-For")
        connection.visitor = self._proxies.visitor(address_of(connection), forwarded)
        response = await self._answer(connection, request)
        if response is not None:
            self._metrics.responded(response.status_code)
        return response

    async def _answer(self, connection: ClientConnection, request: Request) -> Response | None:
        response = refused(request, self._names)
        if response is not None:
            return response
        for path, answer in self._routes:
            found = path.fullmatch(request.path)
            if found is not None:
                return await answer(connection, request, found)
        return responses.error_page(HTTPStatus.NOT_FOUND, "nothing is here")

    async def _tell_health(self, *_: object) -> Response:
        body = {
            "status": "ok",
            "streams": len(self._core.live_streams),
            "seats": self._core.participants,
        }
        return responses.json_page(body)

    async def _invite(self, *_: object) -> Response:
        return responses.invite_page()

    def _places(self) -> int:
        free = self._core.places()
        if not free:
            self._core.make_places(self._clock.now())
            self._perform()
        return free

    async def _admit(self, connection: ClientConnection, *_: object) -> Response | None:
        address = address_of(connection)
        await self._queue.wait(address)
        if connection.is_lost:
            # It went away while it was in line, and has been given up already.
            return None
        # The connection's place is kept from here on, before anything can go wrong.
        wait = self._core.admit(address, self._clock.now())
        if wait > 0.0:
            logger.info(log_line("not_admitted", retry_after=round(wait, 1)))
            return _too_many("connections", wait)
        connection.is_admitted = True
        return None

    async def _tell_metrics(
        self, connection: ClientConnection, request: Request, _: re.Match[str]
    ) -> Response:
        address, now = address_of(connection), self._clock.instant()
        if not self._metrics.key.is_open_to(address, request.headers):
            wait = self._addresses.blocked(address, now)
            if wait > 0.0:
                return _too_many("wrong tokens", wait)
            if not self._metrics.key.opens(bearer(request.headers.get("Authorization"))):
                wait = self._addresses.failed(address, now)
                if wait > 0.0:
                    return _too_many("wrong tokens", wait)
                return responses.error_page(
                    HTTPStatus.UNAUTHORIZED,
                    "the token of --metrics-token-file opens it",
                    _CHALLENGE,
                )
        return responses.metrics_page(self._metrics.page())

    async def _read(
        self, connection: ClientConnection, request: Request, found: re.Match[str]
    ) -> Response:
        address = address_of(connection)
        wait = self._addresses.read(address, self._clock.instant())
        if wait > 0.0:
            # Whoever asks again at once would cost more than with an answer.
            await asyncio.sleep(self._timing.refused_read_delay)
            return _too_many("reads", wait)
        token_hash = hash_token(bearer(request.headers.get("Authorization")))
        stream_id, what, query = found[1], found[2], found[3] or ""
        numbers = parse_qs(query)
        try:
            after = int(numbers.get("after", ["0"])[0])
            epoch = int(numbers["epoch"][0]) if "epoch" in numbers else None
        except ValueError:
            return responses.error_page(HTTPStatus.BAD_REQUEST, "after and epoch are whole numbers")
        if not 0 <= after <= 2**53 or not 0 <= (epoch or 0) <= 2**53:
            return responses.error_page(HTTPStatus.BAD_REQUEST, "after and epoch are out of range")
        if not is_uuid_hex(stream_id):
            stream_id = "0" * 32
        if what == "state":
            after, epoch = 0, None
        reading = PendingRead(token_hash, what, epoch, after)
        return await self._answered(stream_id, reading, address, request)

    async def _answered(
        self, stream_id: str, reading: PendingRead, address: str, request: Request
    ) -> Response:
        turn: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        look = TokenLookup(address, stream_id + reading.token_hash, lambda wait: _told(turn, wait))
        wait = await self._turn(look, turn)
        if wait > 0.0:
            return _too_many("wrong tokens", wait)
        now, was_right = self._clock.now(), None

        async def read() -> bytes | None:
            return await self._store.run(lambda store: _read(store, stream_id, reading, now))

        try:
            found = await self._reads.page(stream_id, reading, read, now.instant)
            was_right = found is not None
        except StoreError as error:
            return responses.error_page(HTTPStatus.SERVICE_UNAVAILABLE, str(error))
        finally:
            self._looked_up(look, was_right=was_right)
        if found is None:
            return responses.error_page(
                HTTPStatus.UNAUTHORIZED, "this token does not open it", _CHALLENGE
            )
        return responses.tagged_json(found.body, found.etag, request.headers.get("If-None-Match"))

    async def _turn(self, look: TokenLookup, turn: asyncio.Future[float]) -> float:
        """Wait until a token may be looked up; seconds to come again where it may not."""
        self._addresses.show(look, self._clock.instant())
        self._perform()
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._addresses.give_up(look, self._clock.instant())
            elif turn.result() == 0.0:
                # It took too long, and its turn has come at the same moment.
                self._looked_up(look, was_right=None)
            raise

    def _looked_up(self, look: TokenLookup, *, was_right: bool | None) -> None:
        """Whose turn comes by it may be a websocket's."""
        self._addresses.looked_up(look, self._clock.instant(), was_right=was_right)
        self._perform()


def _told(turn: asyncio.Future[float], wait: float) -> bool:
    """Whether somebody still waits for the turn."""
    if turn.done():
        return False
    turn.set_result(wait)
    return True


def _read(store: Store, stream_id: str, reading: PendingRead, now: Moment) -> bytes | None:
    record = store.stream(stream_id, reading.token_hash, now)
    if record is None:
        return None
    if reading.what == "state":
        return msgspec.json.encode(record)
    epoch = record.epoch if reading.epoch is None else reading.epoch
    return msgspec.json.encode(store.events(stream_id, epoch, reading.after, MAX_EVENTS))


def _too_many(what: str, wait: float) -> Response:
    return responses.error_page(
        HTTPStatus.TOO_MANY_REQUESTS,
        f"too many {what}",
        {"Retry-After": str(max(1, round(wait)))},
    )


_CHALLENGE: Final = {"WWW-Authenticate": "Bearer"}
