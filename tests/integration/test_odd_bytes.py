"""Any byte on standard input, in the terminal and in the name of a film, on real processes."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.test_commands import FILM, MATINEE, SILENT, eventually, read_all, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Line = dict[str, Any]
BYTES = b"caf\xe9 100%.mp4"
HOST = ("host", "--listen", "127.0.0.1:0", "--json", *SILENT)


class Party:
    """``matinee`` with JSON lines, told whatever bytes."""

    def __init__(self, environment: dict[str, str], *words: str | bytes, cwd: Path) -> None:
        self.lines: list[Line] = []
        self.process = subprocess.Popen(
            [*MATINEE, *words],
            env={**environment, "PYTHONPATH": os.getcwd()},
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for raw in lines:
                self.lines.append(json.loads(raw.decode()))

    def ask(self, raw: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(raw)
        self.process.stdin.flush()

    def said(self, event: str, within: float = 15.0, **fields: object) -> Line:
        """The first line of that name with those fields."""

        def found() -> list[Line]:
            return [
                line
                for line in self.lines
                if line["event"] == event and fields.items() <= line.items()
            ]

        assert eventually(lambda: bool(found()), within), self.lines[-8:]
        return found()[0]

    def errors(self, start: int) -> list[Line]:
        """Those from line number ``start`` on."""
        return [line for line in self.lines[start:] if line["event"] == "error"]

    def end(self) -> int:
        self.ask(b"quit\n")
        code = self.process.wait(15)
        assert self.process.stdin is not None
        self.process.stdin.close()
        self._reader.join(5)
        return code


@pytest.fixture
def films(tmp_path: Path) -> Path:
    folder = tmp_path / "films"
    folder.mkdir()
    shutil.copy(FILM, folder / os.fsdecode(BYTES))
    shutil.copy(FILM, folder / "~film.mp4")
    shutil.copy(FILM, folder / "base.mp4")
    (folder / "The Great Film (1999).mp4").symlink_to("base.mp4")
    return folder


def test_a_line_of_whatever_bytes_is_answered_and_so_is_the_next(
    environment: dict[str, str], films: Path
) -> None:
    host = Party(environment, *HOST, "base.mp4", cwd=films)
    host.said("media")
    for line in (b"say caf\xe9", b"\xff\xfe", b'{"intent":"say","text":"\xe9"}', b"x" * 3_000_000):
        before = len(host.lines)
        host.ask(line + b"\nno_command\n")
        assert eventually(lambda start=before: len(host.errors(start)) == 2, 10), host.lines[-8:]
        assert "'no_command' is not a command" in host.errors(before)[1]["message"]
    host.ask(b"load " + BYTES + b"\n")
    host.said("media", title="caf\ufffd 100%")
    assert host.end() == 0


@pytest.mark.parametrize(
    ("named", "title"),
    [
        (BYTES, "caf\ufffd 100%"),
        (b"~film.mp4", "~film"),
        (b"The Great Film (1999).mp4", "The Great Film (1999)"),
        (b"file:caf%E9%20100%25.mp4", "caf\ufffd 100%"),
    ],
)
def test_a_film_is_played_and_called_by_the_name_that_was_typed(
    environment: dict[str, str], films: Path, named: bytes, title: str
) -> None:
    host = Party(environment, *HOST, named, cwd=films)
    assert host.said("media")["title"] == title
    assert host.end() == 0


def test_a_guest_is_told_the_host_s_name_of_the_film_and_no_difference(
    environment: dict[str, str], films: Path
) -> None:
    host = Party(environment, *HOST, "The Great Film (1999).mp4", cwd=films)
    invite = host.said("ready")["invite"]
    guest = Party(environment, "join", "--json", *SILENT, invite, BYTES, cwd=films)
    assert guest.said("media")["title"] == "The Great Film (1999)"
    assert guest.end() == 0
    assert host.end() == 0
    assert not [line for line in guest.lines if line["event"] in ("notice", "error")]


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("magnet:?xt=urn:btih:" + "a" * 300, "magnet: is not opened"),
        ("~nobody-of-this-name/film.mp4", "there is no file"),
        ("n" * 300, "cannot be read"),
    ],
)
def test_what_cannot_be_a_film_is_one_sentence_and_exit_code_1(
    environment: dict[str, str], named: str, said: str
) -> None:
    done = run(environment, "host", named, "--plain", *SILENT)
    assert done.returncode == 1
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.fixture
def screen(environment: dict[str, str], films: Path) -> Iterator[tuple[int, int, bytearray]]:
    """A host alone in a terminal: his pid, the terminal, and what was drawn."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.clear()
        os.environ.update(environment | {"PYTHONPATH": os.getcwd()})
        os.chdir(films)
        words = ("host", "--listen", "127.0.0.1:0", *SILENT, "base.mp4")
        os.execv(sys.executable, [*MATINEE, *words])
    drawn = bytearray()
    threading.Thread(target=read_all, args=(terminal, drawn), daemon=True).start()
    assert eventually(lambda: b"base" in drawn, 30), bytes(drawn[-2000:])
    yield pid, terminal, drawn
    os.close(terminal)


def test_no_byte_in_the_terminal_takes_the_screen_away(
    screen: tuple[int, int, bytearray],
) -> None:
    pid, terminal, _ = screen
    for byte in range(0x80, 0x100):
        os.write(terminal, bytes([byte]))
        os.write(terminal, bytes([byte, 0x20]))
    for sequence in (b"\x1b[99999999999u", b"\x1b[55296u", b"\x1b[48;0;0;0;0t", b"\x1b[48;9999;9t"):
        os.write(terminal, sequence)
    os.write(terminal, b"\x1b[200~\xe9\x9b\0\x1b[201~")
    # The same where somebody types.
    os.write(terminal, b"c\xe9\xff\x1b[55296u\r")
    assert not eventually(lambda: os.waitpid(pid, os.WNOHANG)[0] != 0, 2.0)
    os.write(terminal, b"\x1b")
    eventually(lambda: False, 0.5)
    os.write(terminal, b"q")
    ended: list[tuple[int, int]] = []

    def over() -> bool:
        ended.append(os.waitpid(pid, os.WNOHANG))
        return ended[-1][0] != 0

    assert eventually(over, 10)
    assert os.waitstatus_to_exitcode(ended[-1][1]) == 0
