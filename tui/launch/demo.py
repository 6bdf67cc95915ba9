"""Second seat of the demo, which joins by the first one's invite."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from player.api import views
from protocol.wire.invite import parse_invite
from tui.processes.seat import SeatProcess

if TYPE_CHECKING:
    from player.api.config import SeatConfig
    from tui.launch.faces import Face


class SecondSeat:
    """Joins as soon as the first seat has an invite."""

    def __init__(self, config: SeatConfig | None, face: Face) -> None:
        self._config = config
        self._face = face
        self._seat: SeatProcess | None = None
        self._life: asyncio.Task[None] | None = None

    def observe(self, view: views.AnyView) -> None:
        """Hear what the first seat says."""
        if not isinstance(view, views.Ready) or not view.invite:
            return
        if self._config is None or self._seat is not None:
            return
        invite = parse_invite(view.invite)
        self._seat = SeatProcess(
            msgspec.structs.replace(
                self._config,
                server=invite.server,
                stream_id=invite.stream_id,
                token=invite.token,
            )
        )
        self._life = asyncio.create_task(self._live(self._seat))

    async def end(self) -> None:
        """Let it leave, too."""
        if self._seat is not None and self._life is not None:
            await self._seat.end()
            await asyncio.wait([self._life], timeout=1.0)

    async def _live(self, seat: SeatProcess) -> None:
        async for line in seat.lines():
            self._face.show_second(line)
