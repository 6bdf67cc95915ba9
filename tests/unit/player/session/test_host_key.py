"""A host key is kept whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from player.session.host_key import keep_host_key, read_host_key
from protocol.exceptions import SettingsError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_key_is_kept_for_its_user_alone_and_nothing_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "keys" / "one.key"
    keep_host_key(file, "secret")
    assert read_host_key(file) == "secret"
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(file.parent.iterdir()) == [file]


def test_a_key_that_cannot_be_kept_is_none_and_names_the_folder(tmp_path: Path) -> None:
    (tmp_path / "keys").touch()
    file = tmp_path / "keys" / "one.key"
    with pytest.raises(SettingsError, match="keys"):
        keep_host_key(file, "secret")
    assert read_host_key(file) == ""


def test_a_damaged_key_is_none(tmp_path: Path) -> None:
    file = tmp_path / "one.key"
    file.write_bytes(b"\xff")
    assert read_host_key(file) == ""
