"""``migrate``, ``maintain`` and ``history``: what is done to a database beside serving it."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from protocol.exceptions import MatineeError, SettingsError, StoreError
from server_stub.app import default_database
from server_stub.cli import history_format
from server_stub.cli.output import complain, put, say
from server_stub.storage import admin

if TYPE_CHECKING:
    from collections.abc import Callable

    from server_stub.storage.admin import PastStream

_Found = TypeVar("_Found")
MAX_STREAMS: Final = 100
MAX_EVENTS: Final = 100_000


def run(command: str, argv: list[str]) -> int:
    """Do one of `COMMANDS`; returns the exit status."""
    describe, do = COMMANDS[command]
    options = argparse.ArgumentParser(
        prog=f"matinee {command}", description=do.__doc__, allow_abbrev=False
    )
    describe(options)
    what = "path of the log, or postgresql://HOST/NAME"
    if command == "history":
        options.add_argument(
            "--database", action="append", metavar="URL", help=f"{what}; may be repeated"
        )
    else:
        options.add_argument(
            "--database", default=str(default_database()), metavar="URL", help=what
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
        status = admin.schema_status(given.database)
    else:
        status, backup = admin.change_schema(given.database, given.direction)
    if given.json:
        kept = {} if backup is None else {"backup": str(backup)}
        put({"event": "schema", "current": status.current, "newest": status.newest, **kept})
        return
    print_lines([f"schema: {status.current or 'none'}", f"newest: {status.newest}"])
    if backup is not None:
        print_lines([f"backup: {backup}"])


def _maintain(given: argparse.Namespace) -> None:
    """Delete events older than 7 days, and reset streams that were inactive for 24 hours."""
    done = admin.maintain(given.database, accept_clock=given.accept_clock)
    if given.json:
        counts = {"events_deleted": done.events_deleted, "streams_reset": done.streams_reset}
        put({"event": "maintained", **counts})
        return
    print_lines([f"events deleted: {done.events_deleted}", f"streams reset: {done.streams_reset}"])


def _history(given: argparse.Namespace) -> None:
    """Tell past streams, or the log of one."""
    if given.replay or given.real_time:
        raise SettingsError(
            "replay", "needs a player and a film", "matinee history STREAM --replay FILM"
        )
    databases: list[str] = given.database or [str(default_database())]
    if not given.stream:
        streams = admin.latest(_each(databases, _past_streams), MAX_STREAMS)
        if given.json:
            for stream in streams:
                put(history_format.stream_object(stream))
        else:
            print_lines(history_format.stream_lines(streams))
        return
    found = _each(
        databases,
        lambda database: [
            (database, stream) for stream in admin.find_streams(database, given.stream)
        ],
    )
    database, stream = admin.only_one(found, given.stream)
    stream_id = stream.record.stream_id
    events = admin.past_events(database, stream_id, limit=MAX_EVENTS)
    if given.json:
        for event in events:
            put(history_format.event_object(event))
    else:
        print_lines(history_format.event_lines(stream, events))
    if len(events) == MAX_EVENTS:
        say(f"matinee history: only the first {MAX_EVENTS:,} events are told")


def _past_streams(database: str) -> list[PastStream]:
    return admin.past_streams(database, MAX_STREAMS)


def _each(databases: list[str], look: Callable[[str], list[_Found]]) -> list[_Found]:
    """What is found in any of them; one that cannot be read is told and passed over.

    Raises:
        StoreError: none of them can be read.
    """
    found: list[_Found] = []
    troubles: list[tuple[str, StoreError]] = []
    for database in databases:
        try:
            found += look(database)
        except StoreError as error:
            troubles.append((database, error))
    if len(troubles) == len(databases):
        raise troubles[0][1]
    for database, error in troubles:
        say(f"matinee history: {Path(database).name} is left out: {error}")
    return found


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
    options.add_argument(
        "--replay",
        action="append",
        default=[],
        metavar="FILM",
        help="walk the log with a player: a file or an address for each film, in their order",
    )
    options.add_argument(
        "--real-time", action="store_true", help="replay as in the evening, pauses left out"
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
