"""Command line ``matinee``: its commands, and how an error ends one."""

from __future__ import annotations

import errno
import logging
import sys
from typing import TYPE_CHECKING, Final

import click

from protocol.exceptions import MatineeError
from protocol.log_line import log_line
from protocol.text import readable
from tui.cli import party_commands, server_commands
from tui.cli.process import flush_output, set_up_process

if TYPE_CHECKING:
    from pathlib import Path

    from tui.launch.plan import FaceKind

logger = logging.getLogger(__name__)

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
    click.echo(readable(f"matinee: {cause}.{remedy}"), err=True)


def main() -> int:
    """Run a command; the exit code is 0, 1 after an error, 2 after wrong usage."""
    set_up_process()
    code = _run()
    if why := flush_output():
        complain(_unwritten(why), None)
        return EXIT_ERROR
    return code


def _unwritten(why: str) -> MatineeError:
    return MatineeError(f"standard output, or a file, cannot be written ({why})", "make room there")


def _run() -> int:
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
        told = error
    except BrokenPipeError:
        return EXIT_ERROR
    except OSError as error:
        why = error.strerror or type(error).__name__
        what = f"{error.filename}: {why}" if error.filename else why
        told = MatineeError(what, remedy_code="check_machine")
        if error.errno in (errno.ENOSPC, errno.EDQUOT) and not error.filename:
            told = _unwritten(why)
    except Exception as error:
        # Into the log instead of over the person's terminal.
        log = _logged()
        logger.exception(log_line("command_failed"))
        how = f"{log} says how; please report it" if log else "please report it"
        told = MatineeError(f"a mistake of ours ended it ({type(error).__name__})", how)
    complain(told, "json" if "--json" in sys.argv else None)
    return EXIT_ERROR


def _logged() -> Path | None:
    """The log of this process, which a command that runs no party has none of yet."""
    from tui.storage import paths

    log = paths.log_file("face.log")
    if not logging.getLogger().handlers:
        logging.basicConfig(handlers=[logging.FileHandler(log) if log else logging.NullHandler()])
    return log
