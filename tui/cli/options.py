"""Command line options: what was typed after a command; None where nothing was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.settings import parse_mpv, parse_site_cookies

if TYPE_CHECKING:
    from player.api.config import CorrectionMode, Video


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatOptions:
    """Options of every command that starts a seat."""

    name: str | None = None
    mpv: tuple[str, ...] = ()
    """``KEY=VALUE``"""
    video: Video | None = None
    plain: bool = False
    as_json: bool = False
    correction: CorrectionMode | None = None
    trim_ms: float | None = None
    max_height: int | None = None
    alang: str | None = None
    slang: str | None = None
    subtitles: tuple[str, ...] = ()
    """Subtitle files for the film that is on first."""
    cookies_from: str | None = None
    cookies: str | None = None
    site_cookies: tuple[str, ...] = ()
    """``SITE=BROWSER`` or ``SITE=FILE``"""
    trusted_domains: tuple[str, ...] = ()
    lan_media: bool | None = None

    @property
    def flags(self) -> dict[str, object]:
        """The uppermost layer of the settings.

        Raises:
            SettingsError: an option of mpv's is not of its form.
        """
        return {
            "name": self.name,
            "mpv": parse_mpv(self.mpv) or None,
            "video": self.video,
            "correction": self.correction,
            "trim_ms": self.trim_ms,
            "max_height": self.max_height,
            "alang": self.alang,
            "slang": self.slang,
            "cookies_from": self.cookies_from,
            "cookies": self.cookies,
            "site_cookies": parse_site_cookies(self.site_cookies) or None,
            "trusted_domains": self.trusted_domains or None,
            "lan_media": self.lan_media,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class HostOptions:
    """Options of ``matinee host``."""

    seat: SeatOptions = SeatOptions()
    media: tuple[str, ...] = ()
    server: str | None = None
    listen: str | None = None
    lan: bool = False
    insecure_lan: bool = False
    play: bool = False
    wait: bool | None = None
    tolerance_ms: int | None = None
    returns: bool = False
    """Back to the party that was hosted last, or to the one that ``stream`` names."""
    stream: str = ""
    take_over: bool = False

    @property
    def flags(self) -> dict[str, object]:
        """The uppermost layer of the settings.

        Raises:
            SettingsError: an option of mpv's is not of its form.
        """
        return self.seat.flags | {
            "server": self.server,
            "listen": self.listen,
            "wait": self.wait,
            "tolerance_ms": self.tolerance_ms,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinOptions:
    """Options of ``matinee join``."""

    seat: SeatOptions = SeatOptions()
    invite: str
    media: str = ""
    """His own copy of the film; "" when he has none."""
    insecure_lan: bool = False
