"""Invites, removals and hand-overs between real seats, by a real server."""

from __future__ import annotations

import signal
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

from protocol.wire.messages import Bye, Invited, NewInvite, Refusal, Remove
from server_stub.app import ServeOptions, running
from tests.cast import SeatProcess, ServerProcess
from tests.doubles.wire import Wire

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

AT_ONCE = 1.0
"""Seconds within which a seat that may not be in is out."""


class Party(NamedTuple):
    server: ServerProcess
    ana: SeatProcess
    ben: SeatProcess


@asynccontextmanager
async def party(folder: Path) -> AsyncGenerator[Party]:
    """A host and a viewer, without a film."""
    async with AsyncExitStack() as stack:
        server = await ServerProcess().start(folder / "party.sqlite")
        stack.push_async_callback(server.end)
        ana = await SeatProcess().host(server.url, host_key_file=str(folder / "host.key"))
        stack.push_async_callback(ana.end)
        invite = str((await ana.wait_for("ready"))["invite"])
        ben = await SeatProcess().join(invite)
        stack.push_async_callback(ben.end)
        await ben.wait_for("ready")
        await ana.wait_for("joined", lambda line: line["name"] == "Ben")
        yield Party(server, ana, ben)


async def test_who_came_by_an_invite_or_is_removed_is_out_within_a_second(tmp_path: Path) -> None:
    options = ServeOptions(listen="127.0.0.1:0", database=str(tmp_path / "party.db"))
    async with running(options) as server, await Wire.create(server.listening.url) as host:
        url, stream_id = server.listening.url, host.welcome.stream_id
        created = host.welcome.created
        assert created is not None
        async with await Wire.join(url, stream_id, created.invite_token) as ben:
            await host.send(NewInvite("errand-one", uses=1))
            new = await host.wait_for(Invited, within=AT_ONCE)
            assert (await ben.wait_for(Bye, within=AT_ONCE)).code == "unauthorized"
            assert await ben.wait_closed(AT_ONCE) == 1008
        async with await Wire.open(url, stream_id, created.invite_token) as old:
            await old.hello("Bo")
            assert (await old.wait_for(Refusal)).code == "unauthorized"
        async with await Wire.join(url, stream_id, new.invite_token, "Cleo") as cleo:
            await host.send(Remove("errand-two", cleo.welcome.member_id))
            assert not (await cleo.wait_for(Bye, within=AT_ONCE)).reconnect
            assert await cleo.wait_closed(AT_ONCE) == 1008
        async with await Wire.open(url, stream_id, new.invite_token) as again:
            await again.hello("Cleo")
            assert (await again.wait_for(Refusal)).code == "forbidden"


async def test_the_remote_is_handed_over_taken_back_and_ends_a_removed_seat(tmp_path: Path) -> None:
    async with party(tmp_path) as (server, ana, ben):
        ana.ask("rate 1.25")
        await ben.wait_for("rate")
        ana.ask("give 2")
        assert (await ana.wait_for("role"))["role"] == "viewer"
        assert (await ben.wait_for("role"))["role"] == "host"
        changed = await ben.wait_for("host_change")
        assert (changed["name"], changed["you"], changed["by"]) == ("Ben", True, "Ana")
        assert (await ben.wait_for("invite"))["invite"].startswith(server.url)
        ana.ask("rate 1.5")
        assert (await ana.wait_for("view_only"))["host"] == "Ben"
        ben.ask("rate 0.75")
        await ana.wait_for("rate", lambda line: line["rate"] == 0.75)
        # Each comes back as what he is, whatever token he first came by.
        marks = [(seat, seat.mark) for seat in (ana, ben)]
        server.kill(signal.SIGKILL)
        await server.wait()
        again = await ServerProcess().start(tmp_path / "party.sqlite", server.port)
        try:
            for seat, mark in marks:
                await seat.wait_for("recovered", after=mark)
            ben.ask("rate 1.0")
            await ana.wait_for("rate", lambda line: line["rate"] == 1.0)
            ana.ask("take")
            await ana.wait_for("role", lambda line: line["role"] == "host")
            await ben.wait_for("role", lambda line: line["role"] == "viewer")
            ana.ask("rate 2.0")
            await ben.wait_for("rate", lambda line: line["rate"] == 2.0)
            ana.ask("kick Ben")
            error = await ben.wait_for("error", lambda line: line["fatal"])
            assert (error["code"], error["message"]) == (
                "forbidden",
                "Ana has removed you from this party",
            )
            assert await ben.wait() == 1
            await ana.wait_for("left", lambda line: line["name"] == "Ben" and line["removed"])
        finally:
            await again.end()
