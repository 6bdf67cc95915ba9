"""Command line ``matinee``: its commands, and how an error ends one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import click

from protocol.exceptions import MatineeError
from tui.cli import party_commands, server_commands

if TYPE_CHECKING:
    from tui.launch.plan import FaceKind

EXIT_ERROR: Final = 1
_COLOURS: Final = {"ok": "green", "warn": "yellow", "fail": "red"}
_MARKS: Final = {"ok": "✓", "warn": "!", "fail": "✕"}


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="matinee", message="matinee %(version)s")
def cli() -> None:
    """Watch films together from the terminal, every seat on the same frame."""


@cli.command()
@click.argument("server", required=False, default="")
def doctor(server: str) -> int:
    """Check mpv, yt-dlp, terminal, clock, folders and hosting; and SERVER when it is given."""
    from tui.doctor.machine import examine

    failed = False
    for finding in examine(server):
        failed = failed or finding.grade == "fail"
        mark = f"{_MARKS[finding.grade]} {finding.grade:<4}"
        remedy = f": {finding.remedy}" if finding.remedy else ""
        coloured = click.style(mark, fg=_COLOURS[finding.grade])
        click.echo(f"{coloured} {finding.subject:<10} {finding.text}{remedy}")
    return EXIT_ERROR if failed else 0


for _command in (*party_commands.COMMANDS, *server_commands.COMMANDS):
    cli.add_command(_command)


def complain(error: MatineeError, face: FaceKind | None) -> None:
    """One line on standard error, or one object where lines are read by a program."""
    if face == "json":
        from tui.faces.printers import error_json

        click.echo(error_json(error))
        return
    from tui.text.remedies import remedy_text

    cause = error.message.rstrip(".")
    said = remedy_text(error)
    remedy = f" {said[:1].upper()}{said[1:].rstrip('.')}." if said else ""
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
