"""Server commands: ``serve``, ``history``, ``maintain`` and ``migrate``, handed to the server."""

from __future__ import annotations

import os
import sys
from typing import Any, Final, NoReturn

import click

_PASSED_ON: Final[dict[str, Any]] = {"ignore_unknown_options": True, "help_option_names": []}


@click.command(context_settings=_PASSED_ON)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def serve(arguments: tuple[str, ...]) -> None:
    """The sync server alone."""
    _become_server(arguments)


@click.command(context_settings=_PASSED_ON)
@click.option("--replay", multiple=True, metavar="FILM")
@click.option("--real-time", is_flag=True)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def history(replay: tuple[str, ...], real_time: bool, arguments: tuple[str, ...]) -> int:
    """The event log of past streams; --replay FILM walks one with a player."""
    words = ("history", *_our_databases(arguments), *arguments)
    if not replay:
        _become_server(words)
    from tui.cli.replay import ReplayOptions, run

    is_json = "--json" in arguments
    video = "window" if real_time and not is_json else "none"
    return run(ReplayOptions(replay, real_time, video, is_json, words))


@click.command(context_settings=_PASSED_ON)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def maintain(arguments: tuple[str, ...]) -> None:
    """Delete what is older than the retention."""
    _become_server(("maintain", *_our_database(), *arguments))


@click.command(context_settings=_PASSED_ON)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def migrate(arguments: tuple[str, ...]) -> None:
    """Bring a database to another version of the schema."""
    _become_server(("migrate", *_our_database(), *arguments))


def _our_database() -> tuple[str, ...]:
    """The file of parties that were hosted here, or else served; a later option names another."""
    from tui.storage import paths

    hosted, served = paths.database_file(), paths.served_database_file()
    return ("--database", str(served if served.exists() and not hosted.exists() else hosted))


def _our_databases(arguments: tuple[str, ...]) -> tuple[str, ...]:
    """All files of parties that were hosted or served here, unless others are named."""
    from tui.storage import paths

    if any(word == "--database" or word.startswith("--database=") for word in arguments):
        return ()
    possible = (*paths.database_files(), paths.served_database_file())
    files = [file for file in possible if file.exists()]
    files = files or [paths.database_file()]
    return tuple(word for file in files for word in ("--database", str(file)))


def _become_server(arguments: tuple[str, ...]) -> NoReturn:
    """Run the server in our place: its signals, its output, its exit code."""
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-P", "-m", "server_stub", *arguments])


COMMANDS: Final = (serve, history, maintain, migrate)
