"""What a seat that is started again must know of who hosts."""

from __future__ import annotations

import pytest

from player.api import views
from player.api.config import SeatConfig
from tui.processes.seat import SeatProcess


def seat(role: str = "host") -> SeatProcess:
    return SeatProcess(
        SeatConfig(
            role="host" if role == "host" else "viewer",
            name="Ana",
            instance_id="instance-0001",
            server="http://127.0.0.1:1",
            take_over=role == "host",
        )
    )


def ready(role: str) -> views.Ready:
    return views.Ready(
        role="host" if role == "host" else "viewer",
        stream_id="stream-0001",
        member_id="member-a",
        name="Ana",
        host="Ana",
        server="http://127.0.0.1:1",
    )


@pytest.mark.parametrize("role", ["host", "viewer"])
def test_a_take_over_is_asked_for_once(role: str) -> None:
    process = seat()
    process._learn(ready(role))  # pyright: ignore[reportPrivateUsage]
    assert not process.config.take_over
    assert process.config.yields == (role == "viewer")


def test_who_handed_over_comes_back_as_a_viewer_until_he_hosts_again() -> None:
    process = seat()
    for role in ("viewer", "host"):
        process._learn(views.RoleView(role, "Ben"))  # pyright: ignore[reportPrivateUsage]
        assert process.config.yields == (role == "viewer")


def test_a_viewer_has_nothing_to_yield() -> None:
    process = seat("viewer")
    process._learn(ready("viewer"))  # pyright: ignore[reportPrivateUsage]
    process._learn(views.RoleView("viewer", "Ben"))  # pyright: ignore[reportPrivateUsage]
    assert not process.config.yields
