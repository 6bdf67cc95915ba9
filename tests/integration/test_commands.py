"""The commands as a person types them, on real processes."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from server_stub.storage.engines.sqlite import open_sqlite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MATINEE = (sys.executable, "-m", "tui")
FILM = Path(__file__).parents[2] / "tui" / "demo" / "film.mp4"
SILENT = ("--mpv", "vo=null", "--mpv", "ao=null", "--video", "none")


def run(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*MATINEE, *words],
        env=environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=40,
        check=False,
    )


def descendants(pid: int) -> set[int]:
    """All processes that were started by ``pid``, directly or not."""
    table = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True)
    parents = {int(a): int(b) for a, b in (row.split() for row in table.stdout.splitlines())}
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def alive(pids: set[int]) -> set[int]:
    table = subprocess.run(["ps", "-eo", "pid=,stat="], capture_output=True, text=True, check=True)
    rows = (row.split() for row in table.stdout.splitlines())
    return {int(pid) for pid, state in rows if not state.startswith("Z")} & pids


def eventually(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether it comes true within that time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        select.select([], [], [], 0.05)
    return True


def read_all(terminal: int, drawn: bytearray) -> None:
    """Take what a terminal is written until nobody is left who writes."""
    with contextlib.suppress(OSError):
        while chunk := os.read(terminal, 65536):
            drawn += chunk


@pytest.mark.parametrize(
    ("words", "cause", "remedy"),
    [
        (("host", "/no/such/film.mp4", "--plain"), "there is no file", "check its name"),
        (("host", "/", "--plain"), "is a directory", "name the film in it"),
        (("host", str(FILM)), "needs a terminal", "--plain or --json"),
        (("host", str(FILM), "--plain", "--mpv", "vo"), "not KEY=VALUE", "--mpv vo=null"),
        (("host", str(FILM), "--plain", "--listen", "here"), "not HOST:PORT", "127.0.0.1:8765"),
        (("host", str(FILM), "--plain", "--server", "ftp://x"), "not a server", "http"),
        (("host", str(FILM), "--plain", "--server", "http://x", "--lan"), "--lan: ", "leave out"),
        (("serve", "--database", ""), "database: is empty", "give a path"),
        (("serve", "--database", ":memory:"), "gone with the server", "give a path"),
        (("host", str(FILM), "--plain", "--trim", "1e9"), "--trim: ", "from -5000 to 5000"),
        (("host", str(FILM), "--plain", "--video", "terminal"), "screen", "--video none"),
        (("join", "hello", "--plain"), "not an invite", "paste the whole line"),
        (("join", "http://x/j/abcdefgh12", "--plain"), "lost its key", "paste the whole line"),
        (("join", "http://x/j/abcdefgh12#a b", "--plain"), "damaged", "paste the whole line"),
    ],
)
def test_a_bad_input_is_one_sentence_with_its_remedy(
    environment: dict[str, str], words: tuple[str, ...], cause: str, remedy: str
) -> None:
    done = run(environment, *words)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(("matinee: ", "matinee serve: "))
    assert done.stderr.count("\n") == 1
    assert cause in done.stderr
    assert remedy.lower() in done.stderr.lower()


def test_a_party_that_its_host_could_not_show_is_not_made(environment: dict[str, str]) -> None:
    done = run(environment, "host", str(FILM), "--plain", *SILENT, "--mpv", "nonsense=1")
    assert done.returncode == 1
    assert "mpv nonsense: this mpv has no such option" in done.stdout
    assert "invite" not in done.stdout
    assert "--return" not in done.stderr
    assert run(environment, "history").stdout == "nothing was watched yet\n"
    assert run(environment, "parties").stdout == "no party was hosted from here yet\n"


def test_a_log_that_was_only_served_is_found(environment: dict[str, str]) -> None:
    assert "there is no database" in run(environment, "maintain").stderr
    folder = Path(environment["XDG_DATA_HOME"]) / "matinee"
    open_sqlite(folder / "server.db").close()
    assert run(environment, "history").stdout == "nothing was watched yet\n"
    assert run(environment, "maintain").stdout == "events deleted: 0\nstreams reset: 0\n"
    # What was hosted here goes first.
    (folder / "matinee.sqlite").write_text("no log")
    assert "matinee.sqlite" in run(environment, "maintain").stderr
    assert "matinee.sqlite is left out" in run(environment, "history").stderr


def test_with_json_the_sentence_is_an_object(environment: dict[str, str]) -> None:
    done = run(environment, "host", "/no/such/film.mp4", "--json")
    error = json.loads(done.stdout)
    assert done.returncode == 1
    assert error["event"] == "error"
    assert error["fatal"] is True
    assert done.stderr == ""


def test_plain_and_json_at_once_are_one_too_many(environment: dict[str, str]) -> None:
    done = run(environment, "host", str(FILM), "--json", "--plain")
    assert done.returncode == 1
    assert "either plain or JSON" in json.loads(done.stdout)["message"]


class Hosting:
    """``matinee host`` with lines, until the test ends it."""

    def __init__(self, environment: dict[str, str], *words: str) -> None:
        self._process = subprocess.Popen(
            [*MATINEE, "host", *words, *SILENT, "--json"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.said: list[dict[str, Any]] = []

    def line(self, event: str) -> dict[str, Any]:
        """The next line of that name."""
        assert self._process.stdout is not None
        for text in self._process.stdout:
            self.said.append(json.loads(text))
            if self.said[-1]["event"] == event:
                return self.said[-1]
        raise AssertionError(f"no {event}; the last lines: {self.said[-3:]}")

    def kill(self) -> None:
        """As when the machine fails him."""
        self._end(signal.SIGKILL)

    def leave(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        children = descendants(self._process.pid)
        self._process.send_signal(number)
        self._process.wait(10)
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            with contextlib.suppress(BrokenPipeError):
                stream.close()
        assert eventually(lambda: not alive(children), 10.0)


@pytest.mark.slow
def test_a_host_comes_back_to_his_party_where_its_guests_look_for_it(
    environment: dict[str, str],
) -> None:
    first = Hosting(environment, str(FILM), "--listen", "127.0.0.1:0", "--name", "Ana")
    ready = first.line("ready")
    first.line("media")
    first.kill()
    assert ready["stream_id"][:8] in run(environment, "parties").stdout
    back = Hosting(environment, "--return")
    again = back.line("ready")
    assert again["stream_id"] == ready["stream_id"]
    assert again["member_id"] == ready["member_id"]
    assert again["name"] == "Ana"
    assert again["server"] == ready["server"], "the same port"
    assert back.line("media")["kind"] == "file"
    done = run(environment, "host", "--return", "--plain", *SILENT)
    assert done.returncode == 1
    assert "hosted here just now" in done.stderr
    back.leave()


@pytest.mark.slow
def test_a_second_party_of_the_same_person_has_a_log_of_its_own(
    environment: dict[str, str],
) -> None:
    one = Hosting(environment, str(FILM), "--listen", "127.0.0.1:0")
    one.line("ready")
    two = Hosting(environment, str(FILM), "--listen", "127.0.0.1:0")
    ready = two.line("ready")
    assert two.line("notice")["message"].endswith("matinee-2.sqlite")
    two.leave()
    again = Hosting(environment, "--stream", ready["stream_id"][:8])
    assert again.line("ready")["stream_id"] == ready["stream_id"]
    again.leave()
    one.leave()


@pytest.mark.slow
def test_where_the_usual_port_is_taken_another_one_will_do(environment: dict[str, str]) -> None:
    import socket

    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):  # somebody else's server is just as good
            stack.enter_context(socket.create_server(("127.0.0.1", 8765)))
        host = Hosting(environment, str(FILM))
        assert not host.line("ready")["server"].endswith(":8765")
        assert host.said[0]["event"] == "ready"
        assert "port 8765 is taken" in host.line("notice")["message"]
        host.leave()


def test_who_has_hosted_nothing_is_told_so(environment: dict[str, str]) -> None:
    done = run(environment, "host", "--return", "--plain")
    assert done.returncode == 1
    assert "no party was hosted from here" in done.stderr
    assert "no party" in run(environment, "parties").stdout


@pytest.mark.parametrize(
    "words",
    [("host",), ("host", "x", "--video", "cinema"), ("host", "x", "--take-over"), ("dance",)],
)
def test_wrong_usage_ends_with_2(environment: dict[str, str], words: tuple[str, ...]) -> None:
    done = run(environment, *words)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [("history",), ("maintain",), ("migrate", "status")])
def test_what_is_done_to_the_log_is_done_to_that_of_parties_hosted_here(
    environment: dict[str, str], command: tuple[str, ...]
) -> None:
    done = run(environment, *command)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        f"matinee {command[0]}: there is no database"
        f" {environment['XDG_DATA_HOME']}/matinee/matinee.sqlite:"
        " host a party first, or name one with --database\n"
    )
    assert run(environment, *command, "--dance").returncode == 2
    for option in ("--help", "-h"):
        assert f"matinee {command[0]}" in run(environment, command[0], option).stdout


def test_a_port_in_use_is_named(environment: dict[str, str]) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run(environment, "host", str(FILM), "--plain", "--listen", f"127.0.0.1:{port}")
    assert done.returncode == 1
    assert f"port {port}" in done.stderr
    assert "--listen" in done.stderr


def test_version_and_json_come_without_textual(environment: dict[str, str]) -> None:
    code = (
        "import sys; from tui.cli.main import main; main(); "
        "print([m for m in sys.modules if m.split('.')[0] in ('textual', 'mpv', 'yt_dlp')])"
    )
    for words in (("--version",), ("host", "/no/such/film.mp4", "--json")):
        done = subprocess.run(
            [sys.executable, "-c", code, *words],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.splitlines()[-1] == "[]"


def test_doctor_checks_each_thing_in_a_line(environment: dict[str, str]) -> None:
    done = run(environment, "doctor", "http://127.0.0.1:1")
    assert done.returncode == 1, "the server that was named does not answer"
    subjects = {row.split()[2] for row in done.stdout.splitlines()}
    assert {"mpv", "yt-dlp", "javascript", "ffmpeg", "terminal", "clock", "server"} <= subjects
    assert {"port", "network", "database", "postgresql", "files", "trust"} <= subjects


@pytest.mark.slow
def test_the_demo_shows_two_seats_in_json_and_ends_in_order(environment: dict[str, str]) -> None:
    demo = subprocess.Popen(
        [*MATINEE, "demo", "--json", "--mpv", "ao=null"],
        env=environment,
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
    )
    assert demo.stdout is not None
    assert demo.stdin is not None
    seen: set[tuple[str, str]] = set()
    first: dict[str, Any] | None = None
    wanted = {("", "media"), ("", "joined"), ("second", "ready"), ("second", "media")}
    for text in demo.stdout:
        line = json.loads(text)
        first = first or line
        seen.add((line.get("seat", ""), line["event"]))
        if wanted <= seen and line["event"] == "status" and line["state"] == "playing":
            demo.stdin.write("quit\n")
            demo.stdin.flush()
            break
    rest = demo.stdout.read()
    assert first is not None
    assert first["event"] == "ready"
    assert first["role"] == "host"
    assert '"ended"' in rest
    assert demo.wait(10) == 0
    demo.stdin.close()
    demo.stdout.close()


@pytest.fixture
def screen(environment: dict[str, str]) -> Iterator[tuple[int, int]]:
    """``matinee demo`` in a terminal, once the second seat is there: its pid and the terminal."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.clear()
        os.environ.update(environment | {"COLUMNS": "120", "LINES": "36"})
        os.execv(sys.executable, [*MATINEE, "demo", "--mpv", "ao=null", "--name", "Ana"])
    drawn = bytearray()
    # A film is drawn all the time: a screen that nobody reads would stand still.
    threading.Thread(target=read_all, args=(terminal, drawn), daemon=True).start()
    assert eventually(lambda: b"Second seat" in drawn, 30), bytes(drawn[-2000:])
    yield pid, terminal
    os.close(terminal)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_when_the_screen_is_gone_nothing_is_left(
    screen: tuple[int, int], number: signal.Signals
) -> None:
    pid, _ = screen
    children = descendants(pid)
    assert len(children) >= 3, "a server and two seats"
    os.kill(pid, number)
    ended: list[int] = []

    def over() -> bool:
        if not any(ended):
            ended.append(os.waitpid(pid, os.WNOHANG)[0])
        return any(ended) and not alive(children)

    assert eventually(over, 5.0), alive(children)
