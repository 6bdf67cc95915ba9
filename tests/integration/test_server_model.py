"""Whatever happens in whatever order, the server keeps what a small model says it must.

``MATINEE_SCHEDULES`` says how many orders are tried on each engine. One that fails is told
step by step and with a code; ``MATINEE_SCHEDULE=CODE`` lives through it again.
"""

from __future__ import annotations

import importlib.metadata
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, reproduce_failure, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.doubles.sync_server import CountingMint
from tests.stateful.machine import ServerMachine

if TYPE_CHECKING:
    from tests.databases import Place

VERSION = importlib.metadata.version("hypothesis")
SCHEDULES = int(os.environ.get("MATINEE_SCHEDULES", "8"))
CODE = os.environ.get("MATINEE_SCHEDULE", "")


SETTINGS = settings(
    max_examples=SCHEDULES,
    stateful_step_count=40,
    deadline=None,
    print_blob=True,
    # A schedule is long and has a disk in it: neither says anything about the test.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.mark.timeout(max(60, SCHEDULES))
def test_server_and_model_agree_in_every_schedule(place: Place) -> None:
    mint = CountingMint()

    class Machine(ServerMachine):
        def __init__(self) -> None:
            super().__init__(place.open, mint)

    if CODE:
        reproduce_failure(VERSION, CODE.encode())(Machine)
    run_state_machine_as_test(Machine, settings=SETTINGS)
