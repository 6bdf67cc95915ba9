"""Folders, streams and locales as they should not be, on real processes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.integration.test_commands import FILM, MATINEE, SILENT, run
from tests.integration.test_odd_bytes import HOST, Party

if TYPE_CHECKING:
    from pathlib import Path as PathType


@pytest.fixture
def homeless(environment: dict[str, str], tmp_path: PathType) -> dict[str, str]:
    """Nothing can be kept: there is a file where the home should be."""
    (tmp_path / "file").touch()
    kept = {key: value for key, value in environment.items() if not key.startswith("XDG_")}
    return kept | {"HOME": str(tmp_path / "file"), "XDG_RUNTIME_DIR": str(tmp_path / "gone")}


def test_a_guest_without_a_home_gets_in_with_one_notice_and_a_host_is_told_which_folder(
    environment: dict[str, str], homeless: dict[str, str], tmp_path: PathType
) -> None:
    host = Party(environment, *HOST, str(FILM), cwd=tmp_path)
    invite = host.said("ready")["invite"]
    guest = Party(homeless, "join", "--json", *SILENT, invite, str(FILM), cwd=tmp_path)
    guest.said("media")
    notices = [line["message"] for line in guest.lines if line["event"] == "notice"]
    assert len(notices) == 1
    assert "nothing is kept of this evening" in notices[0]
    assert str(tmp_path / "file") in notices[0]
    assert guest.end() == 0
    assert host.end() == 0
    refused = run(homeless, "host", str(FILM), "--plain", *SILENT)
    assert refused.returncode == 1
    assert str(tmp_path / "file" / ".local" / "share" / "matinee") in refused.stderr
    assert "Not a directory" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", ["parties", "history", "maintain"])
def test_without_a_home_a_command_still_answers_in_one_sentence(
    homeless: dict[str, str], command: str
) -> None:
    done = run(homeless, command)
    assert "Traceback" not in done.stderr
    assert len((done.stdout + done.stderr).splitlines()) == 1


def test_a_home_whose_name_is_any_bytes_keeps_a_party(
    environment: dict[str, str], tmp_path: PathType
) -> None:
    kept = {key: value for key, value in environment.items() if not key.startswith("XDG_")}
    home = tmp_path / "caf\udce9"
    home.mkdir()
    host = Party({**kept, "HOME": str(home)}, *HOST, str(FILM), cwd=tmp_path)
    host.said("media")
    assert host.end() == 0
    assert list((home / ".local" / "share" / "matinee" / "keys").glob("*.key"))


@pytest.mark.parametrize(
    "variables",
    [
        {"PYTHONIOENCODING": "utf-16"},
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"LC_ALL": "ru_RU.KOI8-R"},
    ],
)
def test_whatever_the_locale_is_lines_are_utf_8_and_names_are_theirs(
    environment: dict[str, str], tmp_path: PathType, variables: dict[str, str]
) -> None:
    film = tmp_path / "Фильм 日本.mp4"
    film.symlink_to(FILM)
    host = Party(environment | variables, *HOST, str(film), cwd=tmp_path)
    assert host.said("media")["title"] == "Фильм 日本"
    assert host.end() == 0


@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("words", ["--version", "doctor", "host /no/such.mp4 --json"])
def test_closed_streams_are_no_mistake(
    environment: dict[str, str], words: str, closed: str
) -> None:
    done = subprocess.run(
        ["sh", "-c", f"{' '.join(MATINEE)} {words} {closed}"],
        env=environment,
        cwd=Path.cwd(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert b"Traceback" not in done.stderr + done.stdout
    assert done.returncode == (1 if words.startswith("host") else done.returncode)


@pytest.mark.parametrize("words", ["--help", "doctor", "parties"])
def test_an_output_that_takes_nothing_is_said_once(environment: dict[str, str], words: str) -> None:
    done = subprocess.run(
        ["sh", "-c", f"{' '.join(MATINEE)} {words} >/dev/full"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "cannot be written (No space left on device)" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_an_error_is_json_in_utf_8_whatever_it_quotes(environment: dict[str, str]) -> None:
    done = subprocess.run(
        [*MATINEE, "host", "--json", b"/no/caf\xe9.mp4"],
        env=environment,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "/no/caf\ufffd.mp4" in json.loads(done.stdout.decode())["message"]
