"""Where files live."""

from __future__ import annotations

from typing import TYPE_CHECKING

import platformdirs
import pytest
from platformdirs.macos import MacOS
from platformdirs.unix import Unix

from server_stub.app import default_database
from tui.storage.paths import served_database_file

if TYPE_CHECKING:
    from pathlib import Path

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
