"""``matinee history --replay``: a real log against a real player."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from protocol.exceptions import MediaFailed
from protocol.server.core.store_calls import InsertStream
from protocol.server.log.record import StreamRecord
from protocol.server.log.requests import Appended, AppendRequest
from protocol.server.moment import Moment
from protocol.wire.messages import Command, Cursor, LoadAct, Media, PauseAct, PlayAct, SeekAct
from server_stub.storage.engines.sqlite import open_sqlite
from tui.cli.replay import ReplayOptions, run

FILM = Path(__file__).parents[2] / "tui" / "demo" / "film.mp4"
STREAM, ANA = "5f3a" + "0" * 28, "a" * 32
FRAME_MS = 45.0
"""The first picture at or after the position, at 24 a second and a little."""


@pytest.fixture
def history(tmp_path: Path) -> tuple[str, ...]:
    """The words that lead to a log of half a second of film, a seek and a pause."""
    path = tmp_path / "party.db"
    store = open_sqlite(path)
    media = Media("film-0001", "file", title="The Film")
    record = StreamRecord(STREAM, host_id=ANA)
    store.perform([InsertStream(record, None, "host", "invite", Moment(0.0, 0), 10**12)])
    acts = ((0.5, LoadAct(media)), (1.0, PlayAct()), (1.5, SeekAct(60.0)), (1.7, PauseAct(60.1)))
    commands = [
        (at, Command(f"act-{number:05}", 1, number, Cursor(min(number, 2), number - 1), act))
        for number, (at, act) in enumerate(acts, 1)
    ]
    written = store.perform(
        [
            AppendRequest(
                STREAM, c.event_id, ANA, "Ana", c, Moment(at, int(at * 1000)), 0.0, 0.0, 0.0
            )
            for at, c in commands
        ]
    )
    assert [type(outcome) for outcome in written] == [Appended] * len(acts), written
    store.close()
    return ("history", STREAM, "--database", str(path))


def test_the_player_comes_to_each_position_of_the_log(
    history: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(ReplayOptions((str(FILM),), True, "none", True, history)) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["event_type"], round(line["position"], 3)) for line in lines] == [
        ("media", 0.0),
        ("play", 0.0),
        ("play", 0.5),
        ("seek", 60.0),
        ("seek", 60.2),
        ("pause", 60.1),
    ]
    jumps = [line["off_ms"] for line in lines if line["position"] in (0.0, 60.0, 60.1)]
    assert all(-1.0 <= off_ms <= FRAME_MS for off_ms in jumps)
    # Played on in real time, from wherever the jump had led.
    assert all(abs(lines[index]["off_ms"]) < 300.0 for index in (2, 4))


def test_what_is_no_film_is_told(history: tuple[str, ...], tmp_path: Path) -> None:
    notes = tmp_path / "notes.mkv"
    notes.write_text("not a film")
    with pytest.raises(MediaFailed, match="the player cannot play it"):
        run(ReplayOptions((str(notes),), False, "none", False, history))
