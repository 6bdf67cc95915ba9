"""Application: A running server, from its options to its end."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import uuid4

import msgspec
from platformdirs import user_data_path

from protocol.exceptions import SettingsError, StoreError
from protocol.log_line import log_line
from protocol.media.url_policy import UrlPolicy
from protocol.server.limits.addresses import is_own
from protocol.server.limits.config import Limits, for_crowds
from protocol.server.protocol import ServerProtocol
from protocol.wire.addresses import DEFAULT_LISTEN, ListenAddress, parse_listen
from server_stub.capacity import Capacity
from server_stub.clock import MAX_CLOCK_JUMP, ServerClock, read_clocks
from server_stub.ids import RandomIds
from server_stub.net.gateway import Gateway
from server_stub.net.http.handler import HttpHandler
from server_stub.net.http.read_cache import ReadCache
from server_stub.net.listen.addresses import (
    HostPolicy,
    bind,
    certified_urls,
    parse_public_url,
    urls,
)
from server_stub.net.listen.forwarded import parse_proxies
from server_stub.net.listen.listener import BoundedListener, most_connections, raise_open_files
from server_stub.net.listen.tls import tls_of
from server_stub.observability.endpoint import MetricsEndpoint, read_key
from server_stub.observability.gc_policy import leave_the_old_to_us
from server_stub.observability.logging import log_unhandled
from server_stub.observability.metrics import Metrics
from server_stub.storage.factory import open_database
from server_stub.storage.instrumentation import StoreInstrumentation
from server_stub.storage.worker import StoreWorker
from server_stub.timing import ServerTiming

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator
    from pathlib import Path

    from protocol.server.log.record import StreamRecord
    from server_stub.clock import ClockReading
    from server_stub.net.listen.forwarded import TrustedProxies
    from server_stub.net.listen.tls import ReloadableTls
    from server_stub.observability.endpoint import MetricsKey
    from server_stub.storage.base import Store
    from server_stub.storage.factory import Database

logger = logging.getLogger("matinee.server")

_LIMITS: Final = Limits()
_TIMING: Final = ServerTiming()
_CAPACITY: Final = Capacity()


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """How a server is to run."""

    listen: str = DEFAULT_LISTEN
    """HOST:PORT; port 0 takes any free one."""
    database: str = field(default_factory=lambda: str(default_database()))
    """Path, ``sqlite:///`` or ``postgresql://`` address."""
    public_url: str = ""
    """Address of the proxy in front."""
    insecure_lan: bool = False
    """Listen beyond this machine without TLS."""
    allow_http_media: bool = False
    """Let plain http addresses and those of the local network be watched."""
    parent_pipe: bool = False
    """End when standard input does."""
    tls_cert: Path | None = None
    """Certificate and those between it and its authority, PEM."""
    tls_key: Path | None = None
    trusted_proxies: tuple[str, ...] = ()
    """Addresses and networks whose X-Forwarded-For is believed."""
    max_per_address: int = _LIMITS.open_at_once
    """Connections of one address at the same time."""
    metrics_token_file: Path | None = None
    """What opens /metrics to others than this machine."""


class Listening(msgspec.Struct, frozen=True, tag="listening", tag_field="event"):
    """Told once the server can be reached."""

    url: str
    """For seats on this machine."""
    urls: tuple[str, ...]
    """That one, then one for the local network when there is one."""
    public_url: str
    database: str


def default_database() -> Path:
    """Where the log is kept unless said otherwise."""
    return user_data_path("matinee") / "server.db"


def checked_listen(options: ServeOptions) -> tuple[ListenAddress, str]:
    """The address to listen on and the public one.

    Raises:
        SettingsError: one makes no sense, or keys would travel in clear unasked.
    """
    address, public_url = parse_listen(options.listen), parse_public_url(options.public_url)
    is_covered = (
        options.insecure_lan or options.tls_cert is not None or public_url.startswith("https://")
    )
    if not address.is_loopback and not is_covered:
        raise SettingsError(
            "listen",
            f"{address} would let keys travel unencrypted",
            "give --tls-cert and --tls-key, put a TLS proxy in front and name it with"
            " --public-url https://…, or add --insecure-lan where you trust the network",
        )
    return address, public_url


@dataclass(slots=True)
class Running:
    """A server that can be reached, and what it is made of."""

    listening: Listening
    core: ServerProtocol
    gateway: Gateway
    thread: StoreWorker
    clock: ServerClock
    settled: Callable[[list[StreamRecord]], None]
    """Takes streams that stand further on in the store than was told."""
    timing: ServerTiming
    tls: ReloadableTls | None = None
    background_tasks: list[asyncio.Task[None]] = field(default_factory=list["asyncio.Task[None]"])
    """What is done beside serving; none once it has ended."""

    async def close(self, within: float) -> None:
        """Let everybody go within so many seconds, unless that is done."""
        if not self.background_tasks:
            return
        for task in self.background_tasks:
            task.cancel()
        self.background_tasks.clear()
        await self.gateway.close(within)


class _Plan(NamedTuple):
    """What the options come to, before anything is opened."""

    address: ListenAddress
    public_url: str
    tls: ReloadableTls | None
    proxies: TrustedProxies
    key: MetricsKey
    database: Database


@asynccontextmanager
async def running(
    options: ServeOptions,
    limits: Limits = _LIMITS,
    timing: ServerTiming = _TIMING,
    capacity: Capacity = _CAPACITY,
    read: Callable[[], ClockReading] = read_clocks,
) -> AsyncGenerator[Running]:
    """A server for as long as the context lasts.

    Args:
        options: how it is to run.
        limits: what one member or address may do.
        timing: how long it waits.
        capacity: how many connections it takes.
        read: looks at the machine's clocks.

    Raises:
        MatineeError: it cannot start; says why.
    """
    plan = _planned(options, timing)
    with _bounded(plan, limits, capacity) as listening:
        address = ListenAddress(plan.address.host, listening.getsockname()[1])
        store = plan.database.open_store()
        clock = ServerClock(store.anchor(), read)
        core = _core(options, limits)
        metrics, reads = Metrics(), ReadCache(timing.read_lifetime)
        gateway = Gateway(core, clock, limits, metrics, timing, capacity)

        def settled(records: list[StreamRecord]) -> None:
            for record in records:
                reads.forget(record.stream_id)
            core.reset(records, clock.now())
            gateway.perform()

        observer = StoreInstrumentation(metrics, reads.forget)
        thread = StoreWorker(store, gateway.delivered, settled, observer, timing)
        try:
            await thread.run(lambda opened: opened.set_anchor(clock.anchor()))
            names = HostPolicy(address, plan.public_url, _certified(plan.tls))
            endpoint = MetricsEndpoint(core, gateway.connections, metrics, plan.key)
            requests = HttpHandler(
                core,
                clock,
                thread,
                names,
                reads,
                endpoint,
                plan.proxies,
                listening,
                gateway.perform,
                timing,
                capacity,
            )
            await gateway.open(listening, requests, thread, plan.tls and plan.tls.context)
            told = _told(plan, address)
            server = Running(told, core, gateway, thread, clock, settled, timing, plan.tls)
            async with _at_work(server, endpoint):
                yield server
        finally:
            await _put_away(thread, clock)


def _planned(options: ServeOptions, timing: ServerTiming) -> _Plan:
    address, public_url = checked_listen(options)
    proxies = parse_proxies(options.trusted_proxies)
    return _Plan(
        address,
        public_url,
        tls_of(options.tls_cert, options.tls_key),
        proxies,
        read_key(options.metrics_token_file, is_fronted=bool(public_url or proxies.networks)),
        open_database(options.database, timing),
    )


def _core(options: ServeOptions, limits: Limits) -> ServerProtocol:
    rules = UrlPolicy(options.allow_http_media, options.allow_http_media)
    return ServerProtocol(RandomIds(), clock_id=uuid4().hex, limits=limits, rules=rules)


def _told(plan: _Plan, address: ListenAddress) -> Listening:
    reached = _reached(address, plan.tls)
    return Listening(reached[0], reached, plan.public_url, plan.database.name)


def _bounded(plan: _Plan, limits: Limits, capacity: Capacity) -> BoundedListener:
    return BoundedListener(
        bind(plan.address),
        limits.open_at_once,
        most_connections() if capacity.connections is None else capacity.connections,
        lambda peer: is_own(peer) or plan.proxies.trusts(peer),
    )


@asynccontextmanager
async def _at_work(server: Running, endpoint: MetricsEndpoint) -> AsyncGenerator[None]:
    """Do what is to be done beside serving, and at the end let everybody go."""
    server.background_tasks += [
        asyncio.create_task(task)
        for task in (
            _stay_fresh(server),
            _stay_small(server),
            endpoint.watch_drift(server.timing.drift_interval),
        )
    ]
    try:
        yield
    finally:
        await server.close(server.timing.stop_timeout)


async def serve(options: ServeOptions, told: Callable[[Listening], None]) -> None:
    """Serve until a signal or, with ``parent_pipe``, the end of standard input.

    Raises:
        MatineeError: it cannot start; says why.
    """
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(log_unhandled)
    stop: asyncio.Future[float] = loop.create_future()
    _watch_for_the_end(stop, options)
    leave_the_old_to_us()
    raise_open_files()
    async with running(options, for_crowds(_LIMITS, options.max_per_address)) as server:
        if server.tls is not None:
            loop.add_signal_handler(signal.SIGHUP, server.tls.renew)
        logger.info(log_line("listening", url=server.listening.url))
        told(server.listening)
        await server.close(await stop)
    logger.info(log_line("stopped"))


def _certified(tls: ReloadableTls | None) -> Callable[[], tuple[str, ...]]:
    return tuple if tls is None else lambda: tls.certificate.names


def _reached(address: ListenAddress, tls: ReloadableTls | None) -> tuple[str, ...]:
    if tls is None:
        return urls(address)
    # A seat accepts the certificate only under a name that stands in it.
    return certified_urls(tls.certificate.names, address.port) or urls(address, "https")


async def _put_away(thread: StoreWorker, clock: ServerClock) -> None:
    try:
        await thread.run(lambda store: store.set_anchor(clock.anchor()))
    except StoreError:
        # Logged where it happened; the next start reckons from the anchor before.
        pass
    finally:
        await thread.close()


# What is done beside serving ------------------------------------------------------------


async def _stay_fresh(server: Running) -> None:
    """Keep the clock's anchor and the certificate as they are now."""
    while True:
        await asyncio.sleep(server.timing.anchor_interval)
        if server.tls is not None:
            server.tls.renew()
        # What fails is logged where it happened; there is a next time.
        with suppress(StoreError):
            await server.thread.run(lambda store: store.set_anchor(server.clock.anchor()))


async def _stay_small(server: Running) -> None:
    """Run maintenance each hour, and for the first time soon."""
    await asyncio.sleep(server.timing.anchor_interval)
    while True:
        with suppress(StoreError):
            await maintain(server)
        await asyncio.sleep(server.timing.maintenance_interval)


async def maintain(server: Running) -> None:
    """Run maintenance once, unless the wall clock is in doubt."""
    ahead = await server.thread.run(lambda store: store.wall_ahead())
    jump = max(server.clock.wall_jump(), ahead, key=abs)
    if abs(jump) > MAX_CLOCK_JUMP:
        logger.warning(log_line("maintenance_refused", clock_jump=round(jump)))
        return
    live, now = server.core.live_streams, server.clock.now()

    def work(store: Store) -> Iterator[tuple[int, list[StreamRecord]]]:
        for step in store.maintenance(now, live):
            yield step.events_deleted, store.records(step.reset_ids)

    deleted, reset = 0, 0
    async for count, records in server.thread.in_turns(work):
        deleted, reset = deleted + count, reset + len(records)
        if records:
            # Somebody may have come to one of them in the meantime.
            server.settled(records)
    logger.info(log_line("maintained", events_deleted=deleted, streams_reset=reset))


# The end --------------------------------------------------------------------------------


def _watch_for_the_end(stop: asyncio.Future[float], options: ServeOptions) -> None:
    loop = asyncio.get_running_loop()

    def end(within: float) -> None:
        if not stop.done():
            stop.set_result(within)

    loop.add_signal_handler(signal.SIGTERM, end, _TIMING.stop_timeout)
    if not options.parent_pipe:
        loop.add_signal_handler(signal.SIGINT, end, _TIMING.stop_timeout)
        return
    # Ctrl+C reaches every process of a terminal; here the parent decides what it means.
    loop.add_signal_handler(signal.SIGINT, lambda: None)

    def wait_for_parent() -> None:
        # Not through sys.stdin, whose lock a daemon thread would hold at exit.
        try:
            while os.read(0, 4096):
                pass
        except OSError:
            logger.warning(log_line("no_standard_input"))
        try:
            loop.call_soon_threadsafe(end, _TIMING.orphan_stop_timeout)
        except RuntimeError:
            # The loop has ended already: nobody is left to be told.
            return

    threading.Thread(target=wait_for_parent, name="parent", daemon=True).start()
