"""Where files live."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
import pytest
from platformdirs.macos import MacOS
from platformdirs.unix import Unix

from protocol.exceptions import SettingsError
from server_stub.app import default_database
from tui.storage import paths
from tui.storage.paths import served_database_file

if TYPE_CHECKING:
    from platformdirs.api import PlatformDirsABC


@pytest.mark.parametrize("platform", [Unix, MacOS])
@pytest.mark.parametrize("data_home", ["", "elsewhere"])
def test_a_face_looks_for_the_server_s_log_where_the_server_keeps_it(
    platform: type[PlatformDirsABC],
    data_home: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / data_home) if data_home else "")
    monkeypatch.setattr(platformdirs, "PlatformDirs", platform)
    assert served_database_file() == default_database()
    assert default_database().is_relative_to(tmp_path)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("DATA", "STATE", "CONFIG", "CACHE"):
        monkeypatch.delenv(f"XDG_{name}_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_nothing_is_made_by_its_name_alone(home: Path) -> None:
    assert paths.database_files()
    assert paths.keys_folder().name == "keys"
    assert not list(home.iterdir())


def test_a_folder_is_made_for_its_user_alone(home: Path) -> None:
    folder = paths.prepared(paths.keys_folder())
    assert folder.stat().st_mode & 0o777 == 0o700
    log = paths.log_file("seat.log")
    assert log is not None
    assert log.is_file()
    assert paths.unkept() == ""


def test_where_nothing_can_be_kept_it_is_said_which_folder_and_why(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "file").touch()
    monkeypatch.setenv("HOME", str(home / "file"))
    with pytest.raises(SettingsError, match=r"file/.*Not a directory") as caught:
        paths.prepared(paths.data_folder())
    assert caught.value.remedy
    assert paths.log_file("face.log") is None
    assert "Not a directory" in paths.unkept()


def test_a_path_that_is_not_whole_is_no_folder(home: Path) -> None:
    with pytest.raises(SettingsError, match="no folder of your own"):
        paths.prepared(Path("~/.local/share/matinee"))
    assert not Path("~").exists()


def test_a_log_that_takes_nothing_is_none(home: Path) -> None:
    (paths.prepared(paths.log_folder()) / "face.log").mkdir()
    assert paths.log_file("face.log") is None
    assert "takes no file" in paths.unkept()


@pytest.mark.parametrize("named", ["gone", "open", "file", "", "relative"])
def test_a_runtime_folder_that_is_not_ours_alone_is_not_used(
    home: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    (home / "open").mkdir(mode=0o755)
    (home / "file").touch(mode=0o700)
    runtime = named if named in ("", "relative") else str(home / named)
    monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
    assert paths.runtime_folder() == Path(tempfile.gettempdir())
    assert bool(paths.unused_runtime()) is bool(named)


def test_a_runtime_folder_of_ours_is_used(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "run").mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home / "run"))
    assert paths.runtime_folder() == home / "run"
    assert paths.unused_runtime() == ""
