"""Entry: ``matinee``: the commands, and what is put together for each of them."""

from __future__ import annotations

import functools
import os
import sys
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

from protocol.exceptions import MatineeError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui.launch.plan import FaceKind

EXIT_ERROR: Final = 1
_PASSED_ON: Final[dict[str, Any]] = {"ignore_unknown_options": True, "help_option_names": []}


def _shared(command: Callable[..., int]) -> Callable[..., int]:
    """The options of every command that takes a seat."""
    options = (
        click.option("--name", help="What the others see; default: your user name."),
        click.option("--mpv", multiple=True, metavar="KEY=VALUE", help="Any libmpv option."),
        click.option(
            "--video",
            type=click.Choice(["window", "terminal", "none"]),
            help="Where the film is shown.",
        ),
        click.option("--plain", is_flag=True, help="Readable lines instead of the screen."),
        click.option("--json", "json_", is_flag=True, help="One JSON object a line."),
        click.option(
            "--correction",
            type=click.Choice(["off", "soft", "full"]),
            help="What may be done about drift.",
        ),
        click.option("--trim", type=float, metavar="MS", help="Shift your own sound."),
        click.option("--max-height", type=int, metavar="ROWS", help="No larger picture than this."),
        click.option(
            "--trust-domain",
            multiple=True,
            metavar="DOMAIN",
            help="Open films from there without asking.",
        ),
        click.option("--lan-media", is_flag=True, default=None, help="Films on this network too."),
    )
    return functools.reduce(lambda wrapped, option: option(wrapped), reversed(options), command)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="matinee", message="matinee %(version)s")
def cli() -> None:
    """Watch films together from the terminal, every seat on the same frame."""


@cli.command()
@click.argument("media", nargs=-1)
@click.option("--server", metavar="URL", help="Use this sync server instead of an own one.")
@click.option("--listen", metavar="HOST:PORT", help="Where the own server listens.")
@click.option("--lan", is_flag=True, help="Let everybody on the local network join.")
@click.option("--insecure-lan", is_flag=True, help="Plain http to another machine is fine.")
@click.option("--play", is_flag=True, help="Start at once.")
@click.option("--wait/--no-wait", default=None, help="Stop the film for whoever stalls.")
@click.option("--return", "return_", is_flag=True, help="Come back to your last party.")
@click.option("--stream", metavar="ID", help="Come back to this one; `matinee parties` lists them.")
@click.option("--take-over", is_flag=True, help="Come back even if another seat hosts it.")
@click.option("--tolerance", type=int, metavar="MS", help="Drift that needs no jump.")
@_shared
def host(**given: Any) -> int:
    """Host MEDIA: files, addresses of films, or pages that hold one."""
    from tui.cli import launch_plan
    from tui.launch import runner

    if not (given["media"] or given["return_"] or given["stream"]):
        raise click.UsageError("Name a film: matinee host FILM; or come back with --return.")
    if given["take_over"] and not (given["return_"] or given["stream"]):
        raise click.UsageError("Take over which party? Add --return, or --stream ID.")
    return runner.run(launch_plan.hosting(given))


@cli.command()
def parties() -> None:
    """The parties that you can come back to, the last one first."""
    from tui.storage import paths
    from tui.storage.hosted_parties import kept_parties, party_lines

    lines = party_lines(kept_parties(paths.keys_folder()))
    for line in lines or ["no party was hosted from here yet"]:
        click.echo(line)


@cli.command()
@click.argument("invite", required=False)
@click.argument("media", required=False)
@click.option("--insecure-lan", is_flag=True, help="Plain http to another machine is fine.")
@_shared
def join(**given: Any) -> int:
    """Join by INVITE; MEDIA is your own copy of the film, when it is a file."""
    from tui.cli import launch_plan
    from tui.launch import runner

    if given["invite"] is None and not sys.stdin.isatty():
        raise SettingsError("invite", "none is named", "name it: matinee join INVITE")
    if given["invite"] is None:
        given["invite"] = click.prompt("Invite", err=True)
        if "#" not in given["invite"] and "/j/" in given["invite"]:
            # Pasted from a narrow screen, where it stands in two lines.
            given["invite"] += click.prompt("and its second line, from #", err=True)
    return runner.run(launch_plan.joining(given))


@cli.command()
@_shared
def demo(**given: Any) -> int:
    """A host and a second seat on a built-in film, without network or display.

    With --json the second seat's lines begin with "seat":"second".
    """
    from tui.cli import launch_plan
    from tui.launch import runner

    with launch_plan.demonstration(given) as evening:
        return runner.run(evening)


@cli.command(context_settings=_PASSED_ON)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def serve(arguments: tuple[str, ...]) -> None:
    """The sync server alone."""
    _become_server(arguments)


@cli.command(context_settings=_PASSED_ON)
@click.option("--replay", multiple=True, metavar="FILM")
@click.option("--real-time", is_flag=True)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def history(replay: tuple[str, ...], real_time: bool, arguments: tuple[str, ...]) -> int:
    """The event log of past streams; --replay FILM walks one with a player."""
    words = ("history", *_our_databases(arguments), *arguments)
    if not replay:
        _become_server(words)
    from tui.cli.replay import Given, run

    is_json = "--json" in arguments
    video = "window" if real_time and not is_json else "none"
    return run(Given(replay, real_time, video, is_json, words))


@cli.command(context_settings=_PASSED_ON)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def maintain(arguments: tuple[str, ...]) -> None:
    """Delete what is older than the retention."""
    _become_server(("maintain", *_our_database(), *arguments))


@cli.command(context_settings=_PASSED_ON)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def migrate(arguments: tuple[str, ...]) -> None:
    """Bring a database to another version of the schema."""
    _become_server(("migrate", *_our_database(), *arguments))


@cli.command()
@click.argument("server", required=False, default="")
def doctor(server: str) -> int:
    """Check mpv, yt-dlp, terminal, clock, folders and hosting; and SERVER when it is given."""
    from tui.doctor.machine import examine

    marks = {"ok": "✓", "warn": "!", "fail": "✕"}
    colours = {"ok": "green", "warn": "yellow", "fail": "red"}
    failed = False
    for finding in examine(server):
        failed = failed or finding.grade == "fail"
        mark = click.style(f"{marks[finding.grade]} {finding.grade:<4}", fg=colours[finding.grade])
        remedy = f": {finding.remedy}" if finding.remedy else ""
        click.echo(f"{mark} {finding.subject:<10} {finding.text}{remedy}")
    return EXIT_ERROR if failed else 0


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


def complain(error: MatineeError, face: FaceKind | None) -> None:
    """One line on standard error, or one object where lines are read by a program."""
    if face == "json":
        from tui.faces.printers import error_json

        click.echo(error_json(error))
        return
    cause = error.message.rstrip(".")
    remedy = f" {error.remedy[:1].upper()}{error.remedy[1:].rstrip('.')}." if error.remedy else ""
    click.echo(f"matinee: {cause}.{remedy}", err=True)


def main() -> int:
    """Run a command; the exit code is 0, 1 after an error, 2 after wrong usage."""
    try:
        return cli.main(prog_name="matinee", standalone_mode=False) or 0
    except click.exceptions.Abort:
        click.echo("", err=True)
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.exceptions.Exit as error:
        return error.exit_code
    except MatineeError as error:
        complain(error, "json" if "--json" in sys.argv else None)
        return EXIT_ERROR
    except BrokenPipeError:
        return EXIT_ERROR


if __name__ == "__main__":
    sys.exit(main())
