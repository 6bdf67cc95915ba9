"""What a host needs to come back is kept, and nothing that opens the party."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from player.api import views
from protocol.exceptions import SettingsError
from tui.storage.hosted_parties import (
    HostedParties,
    HostedParty,
    find_party,
    forget_old,
    kept_parties,
    key_file,
    party_lines,
)

if TYPE_CHECKING:
    from pathlib import Path


def party(number: int = 1, **more: object) -> HostedParty:
    fields: dict[str, object] = {
        "stream_id": "",
        "instance_id": f"instance-{number}",
        "name": "Ana",
        "media": ("/films/a", "/films/b", "/films/c"),
        "listen": "127.0.0.1:8765",
    }
    return msgspec.convert(fields | more, HostedParty)


def ready(stream_id: str) -> views.Ready:
    return views.Ready(
        role="host",
        stream_id=stream_id,
        member_id="m",
        name="Ana",
        host="Ana",
        server="http://x",
        invite="http://x/j/0#secret",
    )


def keep(folder: Path, number: int, stream_id: str, *, at: float = 0.0) -> HostedParties:
    key_file(folder, f"instance-{number}").write_text("key")
    keeper = HostedParties(party(number), folder, wall_clock=lambda: at)
    keeper.observe(ready(stream_id))
    return keeper


def test_the_stream_and_the_film_that_is_on_are_kept(tmp_path: Path) -> None:
    keeper = keep(tmp_path, 1, "3fa85f64", at=100.0)
    keeper.observe(views.MediaView(title="B", duration=1.0, kind="file", queue_left=1))
    kept = find_party(tmp_path)
    assert (kept.stream_id, kept.title, kept.seen_at) == ("3fa85f64", "B", 100.0)
    assert kept.media == ("/films/b", "/films/c")


def test_only_its_owner_can_read_it_and_no_key_is_in_it(tmp_path: Path) -> None:
    keep(tmp_path, 1, "3fa85f64")
    (file,) = tmp_path.glob("*.json")
    assert file.stat().st_mode & 0o777 == 0o600
    assert b"secret" not in file.read_bytes()


def test_there_is_nothing_to_come_back_to_before_the_seat_has_joined(tmp_path: Path) -> None:
    keeper = HostedParties(party(), tmp_path)
    keeper.observe(views.MediaView(title="B", duration=1.0, kind="file"))
    assert not keeper.is_kept
    with pytest.raises(SettingsError, match="no party was hosted"):
        find_party(tmp_path)


def test_a_folder_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    keeper = HostedParties(party(), tmp_path / "gone")
    keeper.observe(ready("3fa85f64"))
    assert not keeper.is_kept


def test_a_party_is_named_by_how_its_id_begins(tmp_path: Path) -> None:
    keep(tmp_path, 1, "aaa1", at=1.0)
    keep(tmp_path, 2, "aab2", at=2.0)
    assert find_party(tmp_path).stream_id == "aab2", "the last one"
    assert find_party(tmp_path, "aaa").stream_id == "aaa1"
    with pytest.raises(SettingsError, match="more than one") as several:
        find_party(tmp_path, "aa")
    assert "aaa1" in several.value.remedy
    with pytest.raises(SettingsError, match="no party"):
        find_party(tmp_path, "c")


def test_a_party_whose_key_is_gone_and_a_damaged_file_are_left_out(tmp_path: Path) -> None:
    keep(tmp_path, 1, "aaa1")
    keep(tmp_path, 2, "aab2")
    key_file(tmp_path, "instance-1").unlink()
    (tmp_path / "odd.json").write_text("{")
    assert [kept.stream_id for kept in kept_parties(tmp_path)] == ["aab2"]


def test_the_oldest_are_forgotten_with_their_keys(tmp_path: Path) -> None:
    keep(tmp_path, 1, "aaa1", at=1.0)
    keep(tmp_path, 2, "aab2", at=2.0)
    forget_old(tmp_path, kept=1)
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "instance-2.json",
        "instance-2.key",
    ]


def test_a_line_names_the_film_and_the_server() -> None:
    lines = party_lines([party(stream_id="0123456789", title="B", server="https://films.example")])
    assert lines[0].startswith("01234567  ")
    assert lines[0].endswith("B  https://films.example")
