"""From what was typed to the party that is to run; nothing is started here."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from player.api.config import SeatConfig
from protocol.exceptions import MediaRefused, SettingsError
from protocol.wire.addresses import DEFAULT_LISTEN, ListenAddress, is_loopback_url, parse_listen
from protocol.wire.invite import parse_invite, parse_server
from tui.actions import mpv_keys
from tui.launch.plan import TUI_STATUS_INTERVAL, FaceKind, LaunchPlan, ServerPlan, new_instance_id
from tui.processes.server import lan_address
from tui.settings import Settings, load_settings, parse_mpv
from tui.storage import paths
from tui.storage.hosted_parties import HostedParty, find_party, forget_old, key_file

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

_FILM_TITLE: Final = "The matinee demo"


def hosting(given: Mapping[str, Any]) -> LaunchPlan:
    """What ``matinee host`` runs.

    Raises:
        MatineeError: something that was typed cannot be.
    """
    settings, face = _settings(given), _face(given)
    media = tuple(_media(item) for item in given["media"])
    if given["return_"] or given["stream"]:
        return _returning(given, settings, face, media)
    instance_id = new_instance_id()
    seat = _seat(
        settings,
        face,
        role="host",
        instance_id=instance_id,
        media=media,
        play=given["play"],
        server=parse_server(settings.server) if settings.server else "",
        insecure_lan=given["insecure_lan"],
        allow_lan_media=settings.lan_media or any("://" in item for item in media),
        host_key_file=str(key_file(paths.keys_folder(), instance_id)),
        stream_settings=settings.stream_settings,
    )
    forget_old(paths.keys_folder())
    keeping = HostedParty(
        stream_id="",
        instance_id=instance_id,
        name=seat.name,
        media=media,
        server=seat.server,
        lan=given["lan"],
        insecure_lan=seat.insecure_lan,
        allow_lan_media=seat.allow_lan_media,
    )
    party = _party(settings, seat, face, given, keeping=keeping)
    if settings.server:
        for option in ("lan", "listen"):
            if given[option]:
                how = f"leave out --{option}, or the server ({settings.server})"
                raise SettingsError(f"--{option}", "is for a server of your own", how)
        return party
    chosen = bool(given["listen"]) or settings.listen != DEFAULT_LISTEN
    databases = tuple(map(str, paths.database_files()))
    server = _own_server(keeping, settings.listen, databases, elsewhere=not chosen)
    return replace(party, server=server)


def _returning(
    given: Mapping[str, Any], settings: Settings, face: FaceKind, media: tuple[str, ...]
) -> LaunchPlan:
    """The host comes back to a party of his, where that was."""
    folder = paths.keys_folder()
    kept = find_party(folder, given["stream"] or "")
    kept = msgspec.structs.replace(
        kept,
        name=given["name"] or kept.name,
        media=media or kept.media,
        titles=() if media else kept.titles,
    )
    seat = _seat(
        msgspec.structs.replace(settings, name=kept.name),
        face,
        role="host",
        instance_id=kept.instance_id,
        stream_id=kept.stream_id,
        returning=True,
        take_over=given["take_over"],
        media=kept.media,
        titles=kept.titles,
        play=given["play"],
        server=kept.server,
        insecure_lan=kept.insecure_lan or given["insecure_lan"],
        allow_lan_media=kept.allow_lan_media or settings.lan_media,
        host_key_file=str(key_file(folder, kept.instance_id)),
        stream_settings=settings.stream_settings,
    )
    party = _party(settings, seat, face, given, keeping=kept)
    if kept.server:
        return party
    listen = given["listen"] or kept.listen
    server = _own_server(kept, listen, (kept.database,), elsewhere=not given["listen"])
    return replace(party, server=server)


def joining(given: Mapping[str, Any]) -> LaunchPlan:
    """What ``matinee join`` runs.

    Raises:
        MatineeError: something that was typed cannot be.
    """
    settings, face = _settings(given), _face(given)
    invite = parse_invite("".join(given["invite"].split()))
    media = (_media(given["media"]),) if given["media"] else ()
    seat = _seat(
        settings,
        face,
        role="viewer",
        instance_id=new_instance_id(),
        server=invite.server,
        stream_id=invite.stream_id,
        token=invite.token,
        media=media,
        insecure_lan=given["insecure_lan"],
        allow_lan_media=settings.lan_media or is_loopback_url(invite.server),
    )
    return _party(settings, seat, face, given)


@contextlib.contextmanager
def demonstration(given: Mapping[str, Any]) -> Generator[LaunchPlan]:
    """What ``matinee demo`` runs, with a database that is gone afterwards.

    Raises:
        MatineeError: something that was typed cannot be.
    """
    settings, face = (
        _settings({**given, "video": given["video"] or _demo_video(_face(given))}),
        _face(given),
    )
    with contextlib.ExitStack() as stack:
        film = str(stack.enter_context(resources.as_file(_film())))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="matinee-demo-")))
        seat = _seat(
            settings,
            face,
            role="host",
            instance_id=new_instance_id(),
            media=(film,),
            titles=(_FILM_TITLE,),
            play=True,
            host_key_file=str(folder / "host.key"),
        )
        second = SeatConfig(
            role="viewer",
            name="Second seat",
            instance_id=new_instance_id(),
            server="",
            media=(film,),
            mpv=(("vo", "null"), ("ao", "null")),
            video="none",
            log_file=str(paths.log_file("second-seat.log")),
        )
        server = ServerPlan("127.0.0.1:0", (str(folder / "demo.sqlite"),))
        party = _party(settings, seat, face, given)
        yield replace(party, server=server, second=second)


def _seat(settings: Settings, face: FaceKind, **more: Any) -> SeatConfig:
    video = settings.video
    if video == "terminal" and face != "tui":
        raise SettingsError("video", "the film needs the screen to be drawn on", "use --video none")
    fields: dict[str, Any] = {
        "name": settings.name,
        "server": "",
        "mpv": tuple(settings.mpv.items()),
        "video": video,
        "correction": settings.correction,
        "trim_ms": settings.trim_ms,
        "max_height": settings.max_height,
        "status_interval": TUI_STATUS_INTERVAL if face == "tui" else 1.0,
        "log_file": str(paths.log_file("seat.log")),
        "keys": mpv_keys(),
        "trusted": settings.trusted_domains,
        "trust_file": str(paths.trust_file()),
    }
    return SeatConfig(**{**fields, **more})


def _settings(given: Mapping[str, Any]) -> Settings:
    flags = {
        "name": given.get("name"),
        "server": given.get("server"),
        "listen": given.get("listen"),
        "video": given.get("video"),
        "correction": given.get("correction"),
        "trim_ms": given.get("trim"),
        "tolerance_ms": given.get("tolerance"),
        "wait": given.get("wait"),
        "max_height": given.get("max_height"),
        "lan_media": given.get("lan_media"),
        "trusted_domains": given.get("trust_domain") or None,
        "mpv": parse_mpv(given["mpv"]) or None,
    }
    return load_settings(flags)


def _face(given: Mapping[str, Any]) -> FaceKind:
    if given["json_"] and given["plain"]:
        raise SettingsError("json", "lines are either plain or JSON", "leave out one of the two")
    if given["json_"]:
        return "json"
    if given["plain"]:
        return "plain"
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise SettingsError("terminal", "the screen needs a terminal", "use --plain or --json here")
    return "tui"


def _party(
    settings: Settings,
    seat: SeatConfig,
    face: FaceKind,
    given: Mapping[str, Any],
    *,
    keeping: HostedParty | None = None,
) -> LaunchPlan:
    asked = given.get("trim") is not None or bool(os.environ.get("MATINEE_TRIM_MS"))
    return LaunchPlan(seat, face, theme=settings.theme, kept_trim=not asked, keeping=keeping)


def _own_server(
    kept: HostedParty, listen: str, databases: tuple[str, ...], *, elsewhere: bool
) -> ServerPlan:
    address = parse_listen(listen)
    if kept.lan:
        address = ListenAddress("0.0.0.0", address.port)
    options = [
        *(["--allow-http-media"] if kept.allow_lan_media else []),
        *(["--insecure-lan"] if kept.lan or kept.insecure_lan else []),
    ]
    return ServerPlan(
        str(address),
        databases,
        elsewhere,
        tuple(options),
        lan=lan_address() if kept.lan else "",
    )


def _media(text: str) -> str:
    """A path made absolute, or an address as it is; the seat looks closer."""
    if "://" in text:
        return text
    file = Path(text).expanduser()
    if not file.exists():
        raise MediaRefused(f"there is no file {text!r}", "check its name, or give an address")
    if not file.is_file():
        raise MediaRefused(f"{text!r} is not a file", "name the film itself")
    return str(file.resolve())


def _demo_video(face: FaceKind) -> str:
    from player.backend.mpv.options import has_display

    if face != "tui":
        return "window" if has_display() else "none"
    return "window" if has_display() else "terminal"


def _film() -> Any:
    for file in (resources.files("tui") / "demo").iterdir():
        if file.name.startswith("film."):
            return file
    raise MediaRefused("the built-in film is missing", "install matinee again")
