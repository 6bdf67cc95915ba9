"""Command line: serve, or do something to a database beside serving it."""

from __future__ import annotations

import io
import os
import sys
from typing import Final

import click

from protocol.exceptions import MatineeError
from server_stub.cli.admin import history, maintain, migrate
from server_stub.cli.output import complain
from server_stub.cli.serve import serve

COMMANDS: Final[dict[str, click.Command]] = {
    "serve": serve,
    "history": history,
    "maintain": maintain,
    "migrate": migrate,
}


def main(argv: list[str]) -> int:
    """Run the command that comes first, or serve; returns the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Whatever the locale is: who reads JSON lines, and most terminals, expect it.
            stream.reconfigure(encoding="utf-8", errors="replace")
    name = argv[0] if argv and argv[0] in COMMANDS else "serve"
    words = argv[1:] if argv and argv[0] == name else argv
    try:
        COMMANDS[name].main(words, prog_name=f"matinee {name}", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except MatineeError as error:
        complain(name, error, as_json="--json" in words)
        return 1
    except BrokenPipeError:
        # Whoever read has seen enough; nor must the interpreter's own flush complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0
