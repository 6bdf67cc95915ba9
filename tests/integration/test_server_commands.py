"""``history``, ``maintain`` and ``migrate`` on real files, as a person sees them."""

from __future__ import annotations

import io
import json
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, redirect_stdout
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from protocol.server.core.store_calls import InsertStream
from protocol.server.log.record import StreamRecord
from protocol.server.log.requests import AppendRequest, HostChange
from protocol.server.log.server_acts import AutoPause
from protocol.server.moment import Moment
from protocol.wire.messages import (
    Command,
    Cursor,
    Event,
    LoadAct,
    Media,
    Note,
    PauseAct,
    PlayAct,
    RateAct,
    SeekAct,
)
from server_stub.cli import admin
from server_stub.cli.main import main
from server_stub.storage.engines.sqlite import open_sqlite

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

STREAM = "5f3a" + "0" * 28
OTHER = "5f3b" + "0" * 28
ANA, BEN = "a" * 32, "b" * 32
BEGAN_MS = 1_800_000_000_000
"""2027-01-15 08:00:00 in UTC."""
EVIL = "\x1b[2J\u202eFilm [/] ${x}"


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    with monkeypatch.context() as here:
        here.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An evening: 100 s are watched, somebody lags, the host leaves; and a party without media."""
    path = tmp_path / "party.db"
    store = open_sqlite(path)
    for stream_id, media in ((STREAM, Media("film-0001", "url", title=EVIL)), (OTHER, None)):
        record = StreamRecord(stream_id, media=media, host_id=ANA)
        keys = (f"host-{stream_id}", f"invite-{stream_id}")
        now = Moment(0.0, BEGAN_MS + (stream_id == OTHER) * 60_000)
        store.perform([InsertStream(record, None, *keys, now, BEGAN_MS)])
    acts = (
        (1, PlayAct()),
        (11, SeekAct(300.0)),
        (21, RateAct(1.25)),
        (31, PauseAct(333.3)),
        (41, LoadAct(Media("film-0001", "url", title="Better", file_name="\x07x.mkv"))),
    )
    notes = (
        (12, "buffer_start", "", None, None),
        (15, "buffer_end", "", None, None),
        (16, "buffer_end", "", None, None),
        (17, "sync_request", "key", 80.5, -2.25),
        (18, "sync_request", "", None, None),
    )
    entries = [
        entry(second, "Ana\x1b[31m", ANA, Command(f"act-{i:05}", 1, i, Cursor(1, 0), act))
        for i, (second, act) in enumerate(acts, 1)
    ] + [
        entry(
            second,
            "Ben",
            BEN,
            Note(f"note-{second:04}", kind, 0.0, reason, before, after),  # type: ignore[arg-type]
        )
        for second, kind, reason, before, after in notes
    ]
    entries += [
        entry(50, "Ben", BEN, HostChange()),
        entry(60, "Ben", BEN, Command("act-00006", 2, 1, Cursor(1, 11), PlayAct())),
        entry(90, "", "", AutoPause(80.0)),
    ]
    store.perform(sorted(entries, key=_instant))
    store.close()
    return path


def _instant(entry: AppendRequest) -> float:
    return entry.now.instant


def entry(second: int, name: str, member_id: str, change: Any) -> AppendRequest:
    event_id = getattr(change, "event_id", f"own-{second:05}")
    now = Moment(float(second), BEGAN_MS + second * 1000)
    return AppendRequest(STREAM, event_id, member_id, name, change, now, 0.0, 0.0, 0.0)


Told = tuple[int, str, str]


@pytest.fixture
def told(path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Told]:
    """Runs a command on the evening's database: exit status, output, errors."""

    def run(*words: str, database: Path = path) -> Told:
        status = main([*words, "--database", str(database)])
        out, err = capsys.readouterr()
        return status, out, err

    return run


# history --------------------------------------------------------------------------------


def test_history_lists_past_streams(told: Callable[..., Told]) -> None:
    status, out, err = told("history")
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        "stream    when              title       members       events",
        "5f3a0000  2027-01-15 08:00  Better      Ana[31m, Ben  13",
        "5f3b0000  2027-01-15 08:01  (no title)                0",
    ]


def test_history_tells_one_stream_by_how_its_id_begins(told: Callable[..., Told]) -> None:
    status, out, err = told("history", "5f3a")
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        f"Better, 2027-01-15 08:00, {STREAM}",
        "",
        "time                 who         what                                    position",
        "2027-01-15 08:00:01  Ana[31m     play                                    0:00:00.0",
        "2027-01-15 08:00:11  Ana[31m     seek                                    0:05:00.0",
        "2027-01-15 08:00:12  Ben         buffer_start                            0:05:01.0",
        "2027-01-15 08:00:15  Ben         buffer_end after 3.0 s                  0:05:04.0",
        "2027-01-15 08:00:16  Ben         buffer_end                              0:05:05.0",
        "2027-01-15 08:00:17  Ben         sync_request +80.5 ms -> -2.2 ms (key)  0:05:06.0",
        "2027-01-15 08:00:18  Ben         sync_request ? -> ?                     0:05:07.0",
        "2027-01-15 08:00:21  Ana[31m     rate 1.25                               0:05:10.0",
        "2027-01-15 08:00:31  Ana[31m     pause                                   0:05:33.3",
        "2027-01-15 08:00:41  Ana[31m     media Better                            0:05:33.3",
        "2027-01-15 08:00:50  Ben         host_change                             0:05:33.3",
        "2027-01-15 08:01:00  Ben         play                                    0:05:33.3",
        "2027-01-15 08:01:30  the server  pause                                   0:05:58.3",
        "",
        "seat  resyncs  worst drift  buffered  seconds",
        "Ben   2        80 ms        1         3.0",
    ]


def test_history_of_a_stream_without_events_says_so_plainly(told: Callable[..., Told]) -> None:
    status, out, _ = told("history", OTHER)
    assert status == 0
    assert out.splitlines() == [
        f"(no title), 2027-01-15 08:01, {OTHER}",
        "",
        "time  who  what  position",
    ]


def test_history_for_programs_is_one_object_a_line(told: Callable[..., Told]) -> None:
    status, out, _ = told("history", "--json")
    streams = [json.loads(line) for line in out.splitlines()]
    assert status == 0
    assert streams[0] == {
        "event": "stream",
        "stream_id": STREAM,
        "created_at": "2027-01-15T08:00:00+00:00",
        "last_sync_at": "2027-01-15T08:01:30+00:00",
        "status": "active",
        "title": "Better",
        "members": ["Ana[31m", "Ben"],
        "events": 13,
        "position": 358.3,
        "playing": False,
    }
    assert streams[1]["members"] == []


def test_a_log_for_programs_is_what_was_on_the_wire(told: Callable[..., Told]) -> None:
    _, out, _ = told("history", STREAM, "--json")
    events = [msgspec.json.decode(line, type=Event) for line in out.splitlines()]
    assert [event.seq for event in events] == list(range(1, 14))
    media = events[9].media
    assert media is not None
    assert (media.title, media.file_name) == ("Better", "x.mkv")
    assert out.isascii()


def test_several_databases_are_one_history(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The parties that ran beside another one have databases of their own."""
    beside = path.with_name("party-2.db")
    store = open_sqlite(beside)
    record = StreamRecord("77" * 16, media=Media("film-0009", "url", title="Beside"))
    now = Moment(0.0, BEGAN_MS + 30_000)
    store.perform([InsertStream(record, None, "host", "invite", now, BEGAN_MS)])
    store.close()
    both = ("--database", str(path), "--database", str(beside))
    assert main(["history", *both]) == 0
    out, err = capsys.readouterr()
    ids = [line.split()[0] for line in out.splitlines()[1:]]
    assert ids == ["5f3a0000", "5f3b0000", "77777777"]
    assert err == ""
    assert main(["history", "7777", *both]) == 0
    assert "Beside" in capsys.readouterr().out
    assert main(["history", "abcd", *both]) == 1
    assert "there is no stream abcd" in capsys.readouterr().err


def test_a_database_that_cannot_be_read_leaves_the_others(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    none = ("--database", str(tmp_path / "none.db"))
    assert main(["history", "--database", str(path), *none]) == 0
    out, err = capsys.readouterr()
    assert "5f3a0000" in out
    assert err.startswith("matinee history: none.db is left out: there is no database")
    assert err.count("\n") == 1
    assert main(["history", *none, *none]) == 1


def test_a_replay_needs_the_player(told: Callable[..., Told]) -> None:
    status, out, err = told("history", STREAM, "--replay", "film.mkv")
    assert (status, out) == (2, "")
    assert "No such option" in err
    _, out, _ = told("history", "--help")
    assert "matinee history STREAM --replay FILM" in out


@pytest.mark.parametrize(
    ("stream", "words"),
    [
        ("5f3", "is not how a stream's id begins"),
        ("%%%%", "is not how a stream's id begins"),
        ("abcd", "no stream abcd"),
    ],
)
def test_a_stream_that_is_not_there_is_told_so(
    told: Callable[..., Told], stream: str, words: str
) -> None:
    status, out, err = told("history", stream)
    assert (status, out) == (1, "")
    assert err.startswith("matinee history: ")
    assert words in err


def test_an_id_that_could_mean_two_streams_is_not_guessed(
    told: Callable[..., Told], path: Path
) -> None:
    twin = STREAM[:-1] + "1"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO streams (id, created_at) VALUES (?, '2027-01-01')", (twin,))
        connection.commit()
    assert "more than one stream" in told("history", STREAM[:12])[2]


def test_history_of_nothing(told: Callable[..., Told], tmp_path: Path) -> None:
    empty = tmp_path / "empty.db"
    empty.touch()
    assert "the database is empty" in told("history", database=empty)[2]
    fresh = tmp_path / "fresh.db"
    open_sqlite(fresh).close()
    assert told("history", database=fresh) == (0, "nothing was watched yet\n", "")


def test_a_log_that_is_cut_says_so(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    admin.tell_history(STREAM, [str(path)], as_json=True, max_events=5)
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 5
    assert "only the first 5 events" in err


def test_what_a_terminal_cannot_show_is_replaced() -> None:
    output = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    with redirect_stdout(output):
        admin.print_lines(["Amélie"])
    output.flush()
    assert output.buffer.getvalue() == b"Am?lie\n"  # type: ignore[attr-defined]


def test_a_reader_who_has_seen_enough_gets_no_traceback(path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "server_stub", "history", STREAM, "--database", str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


# maintain and migrate -------------------------------------------------------------------


def test_maintain_says_what_it_did(
    told: Callable[..., Told], path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time", lambda: BEGAN_MS / 1000 + 8 * 24 * 3600.0)
    assert told("maintain") == (0, "events deleted: 13\nstreams reset: 1\n", "")
    assert told("maintain", "--json") == (
        0,
        '{"event": "maintained", "events_deleted": 0, "streams_reset": 0}\n',
        "",
    )


def test_migrate_goes_down_and_up_and_says_where_it_is(
    told: Callable[..., Told], path: Path
) -> None:
    assert told("migrate", "status") == (0, "schema: 0007\nnewest: 0007\n", "")
    assert told("migrate", "up") == (0, "schema: 0007\nnewest: 0007\n", "")
    backup = path.with_name("party.db.backup-0007")
    assert told("migrate", "down") == (
        0,
        f"schema: 0006\nnewest: 0007\nbackup: {backup}\n",
        "",
    )
    status, out, err = told("history")
    assert (status, out) == (1, "")
    assert "run matinee migrate up" in err
    _, out, _ = told("migrate", "up", "--json")
    assert json.loads(out) == {
        "event": "schema",
        "current": "0007",
        "newest": "0007",
        "backup": str(path.with_name("party.db.backup-0006")),
    }
    assert told("history", STREAM)[1].count("\n") > 10
    for _ in range(6):
        assert told("migrate", "down")[0] == 0
    status, out, err = told("migrate", "down")
    assert (status, out) == (1, "")
    assert "schema 0001 is the first one" in err
    assert told("migrate", "status")[1] == "schema: 0001\nnewest: 0007\n"


# What cannot be done --------------------------------------------------------------------

EACH = pytest.mark.parametrize(
    "words", [("history",), ("history", "5f3a"), ("maintain",), ("migrate", "up")]
)


@EACH
def test_a_database_in_use_is_left_to_its_server(
    told: Callable[..., Told], path: Path, words: tuple[str, ...]
) -> None:
    store = open_sqlite(path)
    status, out, err = told(*words)
    store.close()
    assert (status, out) == (1, "")
    assert "a server is using the database" in err
    assert err.count("\n") == 1


@EACH
def test_what_is_no_database_is_told_so(
    told: Callable[..., Told], tmp_path: Path, words: tuple[str, ...]
) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("not a database " * 500)
    for database, cause in ((text, "is not a database"), (tmp_path / "none.db", "no database")):
        status, out, err = told(*words, "--json", database=database)
        assert status == 1
        assert cause in err
        assert json.loads(out)["code"] == "store_unusable"
        assert err.count("\n") == 1
    assert not (tmp_path / "none.db").exists()


@EACH
def test_a_newer_database_is_told_so(
    told: Callable[..., Told], path: Path, words: tuple[str, ...]
) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    status, out, err = told(*words)
    assert (status, out) == (1, "")
    assert "update matinee" in err


def test_wrong_words_end_with_2(told: Callable[..., Told]) -> None:
    assert told("migrate")[0] == 2
    assert told("migrate", "sideways")[0] == 2
    assert told("history", "--help")[0] == 0
