"""Options are the uppermost layer of the settings; what was not typed is in none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from protocol.exceptions import SettingsError
from tui.cli.options import HostOptions, SeatOptions
from tui.settings import Settings, load_settings

if TYPE_CHECKING:
    from pathlib import Path


def test_options_win_over_what_is_set(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('server = "films.example"\nwait = true\ntrim_ms = 5\nmpv = { vo = "x11" }')
    seat = SeatOptions(
        name="Ana",
        mpv=("ao=null",),
        video="none",
        correction="off",
        trim_ms=0.0,
        max_height=720,
        trusted_domains=("a.example",),
        lan_media=True,
    )
    options = HostOptions(seat=seat, server="", listen=":1", wait=False, tolerance_ms=300)
    assert load_settings(options.flags, {}, file) == Settings(
        name="Ana",
        server="",
        listen=":1",
        video="none",
        correction="off",
        trim_ms=0.0,
        tolerance_ms=300,
        max_height=720,
        wait=False,
        lan_media=True,
        trusted_domains=("a.example",),
        mpv={"vo": "x11", "ao": "null"},
    )


def test_what_was_not_typed_leaves_what_is_set(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('name = "Bea"\nlan_media = true\ntrusted_domains = ["a.example"]')
    assert load_settings(HostOptions().flags, {}, file) == load_settings({}, {}, file)


def test_an_option_of_mpvs_has_its_form() -> None:
    with pytest.raises(SettingsError, match="KEY=VALUE"):
        _ = SeatOptions(mpv=("vo",)).flags
