"""Commands ``migrate``, ``maintain`` and ``history``: what is done to a database beside serving."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeVar

import click

from protocol.exceptions import StoreError
from server_stub.app import default_database
from server_stub.cli import history_format
from server_stub.cli.output import HELP, put, say
from server_stub.storage import admin

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from server_stub.storage.admin import PastStream

_Found = TypeVar("_Found")
MAX_STREAMS: Final = 100
MAX_EVENTS: Final = 100_000


_DATABASE: Final = click.option(
    "--database",
    default=lambda: str(default_database()),
    metavar="URL",
    help="Path of the log, or postgresql://HOST/NAME.",
)
_JSON: Final = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")


@click.command(context_settings=HELP)
@click.argument("direction", type=click.Choice(["up", "down", "status"]))
@_DATABASE
@_JSON
def migrate(*, direction: Literal["up", "down", "status"], database: str, as_json: bool) -> None:
    """Bring a database to the newest schema, or one step back; or say where it is."""
    backup = None
    if direction == "status":
        status = admin.schema_status(database)
    else:
        status, backup = admin.change_schema(database, direction)
    if as_json:
        kept = {} if backup is None else {"backup": str(backup)}
        put({"event": "schema", "current": status.current, "newest": status.newest, **kept})
        return
    print_lines([f"schema: {status.current or 'none'}", f"newest: {status.newest}"])
    if backup is not None:
        print_lines([f"backup: {backup}"])


@click.command(context_settings=HELP)
@click.option("--accept-clock", is_flag=True, help="The clock is right although it has jumped.")
@_DATABASE
@_JSON
def maintain(*, accept_clock: bool, database: str, as_json: bool) -> None:
    """Delete events older than 7 days, and reset streams that were inactive for 24 hours."""
    done = admin.maintain(database, accept_clock=accept_clock)
    if as_json:
        counts = {"events_deleted": done.events_deleted, "streams_reset": done.streams_reset}
        put({"event": "maintained", **counts})
        return
    print_lines([f"events deleted: {done.events_deleted}", f"streams reset: {done.streams_reset}"])


@click.command(context_settings=HELP)
@click.argument("stream", default="", metavar="[STREAM]")
@click.option(
    "--database",
    "databases",
    multiple=True,
    default=lambda: [str(default_database())],
    metavar="URL",
    help="Path of the log, or postgresql://HOST/NAME; may be repeated.",
)
@_JSON
def history(*, stream: str, databases: tuple[str, ...], as_json: bool) -> None:
    """Tell past streams, or the log of one: STREAM is its id, or how that begins.

    "matinee history STREAM --replay FILM" walks the log with a player, with a file or an address
    for each film in their order; --real-time takes as long as the evening did, pauses left out.
    """
    tell_history(stream, databases, as_json=as_json)


def tell_history(
    stream: str, databases: Sequence[str], *, as_json: bool, max_events: int = MAX_EVENTS
) -> None:
    """Past streams, or the first ``max_events`` of the log of one, on standard output."""
    if not stream:
        streams = admin.latest(_each(databases, _past_streams), MAX_STREAMS)
        if as_json:
            for past in streams:
                put(history_format.stream_object(past))
        else:
            print_lines(history_format.stream_lines(streams))
        return
    found = _each(
        databases,
        lambda database: [(database, past) for past in admin.find_streams(database, stream)],
    )
    database, past = admin.only_one(found, stream)
    stream_id = past.record.stream_id
    events = admin.past_events(database, stream_id, limit=max_events)
    if as_json:
        for event in events:
            put(history_format.event_object(event))
    else:
        print_lines(history_format.event_lines(past, events))
    if len(events) == max_events:
        say(f"matinee history: only the first {max_events:,} events are told")


def _past_streams(database: str) -> list[PastStream]:
    return admin.past_streams(database, MAX_STREAMS)


def _each(databases: Sequence[str], look: Callable[[str], list[_Found]]) -> list[_Found]:
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
