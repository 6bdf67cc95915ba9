"""``migrate``, ``maintain`` and ``history``: what is done to a database beside serving it."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, Final

from protocol.exceptions import MatineeError
from server_stub import administration, history
from server_stub.serving import default_database
from server_stub.telling import complain, put, say

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_STREAMS: Final = 100
MAX_EVENTS: Final = 100_000


def run(command: str, argv: list[str]) -> int:
    """Do one of `COMMANDS`; returns the exit status."""
    describe, do = COMMANDS[command]
    options = argparse.ArgumentParser(prog=f"matinee {command}", description=do.__doc__)
    describe(options)
    options.add_argument(
        "--database",
        default=str(default_database()),
        metavar="URL",
        help="path of the log, or postgresql://HOST/NAME",
    )
    options.add_argument("--json", action="store_true", help="one JSON object a line")
    try:
        given = options.parse_args(argv)
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else 1
    try:
        do(given)
        sys.stdout.flush()
    except MatineeError as error:
        complain(command, error, as_json=given.json)
        return 1
    except BrokenPipeError:
        # Whoever read has seen enough; nor must the interpreter's own flush complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


def _migrate(given: argparse.Namespace) -> None:
    """Bring a database to the newest schema, or one step back; or say where it is."""
    backup = None
    if given.direction == "status":
        status = administration.schema_status(given.database)
    else:
        status, backup = administration.change_schema(given.database, given.direction)
    if given.json:
        kept = {} if backup is None else {"backup": str(backup)}
        put({"event": "schema", "current": status.current, "newest": status.newest, **kept})
        return
    print_lines([f"schema: {status.current or 'none'}", f"newest: {status.newest}"])
    if backup is not None:
        print_lines([f"backup: {backup}"])


def _maintain(given: argparse.Namespace) -> None:
    """Delete events older than 7 days, and reset streams that were inactive for 24 hours."""
    done = administration.maintain(given.database, accept_clock=given.accept_clock)
    if given.json:
        counts = {"events_deleted": done.events_deleted, "streams_reset": done.streams_reset}
        put({"event": "maintained", **counts})
        return
    print_lines([f"events deleted: {done.events_deleted}", f"streams reset: {done.streams_reset}"])


def _history(given: argparse.Namespace) -> None:
    """Tell past streams, or the log of one."""
    if not given.stream:
        streams = administration.past_streams(given.database, MAX_STREAMS)
        if given.json:
            for stream in streams:
                put(history.stream_object(stream))
        else:
            print_lines(history.stream_lines(streams))
        return
    stream = administration.find_stream(given.database, given.stream)
    stream_id = stream.record.stream_id
    events = administration.past_events(given.database, stream_id, limit=MAX_EVENTS)
    if given.json:
        for event in events:
            put(history.event_object(event))
    else:
        print_lines(history.event_lines(stream, events))
    if len(events) == MAX_EVENTS:
        say(f"matinee history: only the first {MAX_EVENTS:,} events are told")


def print_lines(lines: list[str]) -> None:
    """Lines on standard output; what its encoding lacks is replaced."""
    encoding = sys.stdout.encoding or "utf-8"
    for line in lines:
        sys.stdout.write(line.encode(encoding, "replace").decode(encoding) + "\n")


def _describe_migrate(options: argparse.ArgumentParser) -> None:
    options.add_argument("direction", choices=["up", "down", "status"])


def _describe_maintain(options: argparse.ArgumentParser) -> None:
    options.add_argument(
        "--accept-clock", action="store_true", help="the clock is right although it has jumped"
    )


def _describe_history(options: argparse.ArgumentParser) -> None:
    options.add_argument(
        "stream", nargs="?", default="", metavar="STREAM", help="its id, or how that begins"
    )


COMMANDS: Final[
    dict[
        str,
        tuple[
            Callable[[argparse.ArgumentParser], None],
            Callable[[argparse.Namespace], None],
        ],
    ]
] = {
    "migrate": (_describe_migrate, _migrate),
    "maintain": (_describe_maintain, _maintain),
    "history": (_describe_history, _history),
}
