"""Launch planning: what is to run, from options, settings and facts about this machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from player.api.config import SeatConfig
from player.api.local_path import is_address, path_text
from protocol.exceptions import ListenError, SettingsError
from protocol.wire.addresses import DEFAULT_LISTEN, ListenAddress, is_loopback_url, parse_listen
from protocol.wire.invite import parse_invite, parse_server
from protocol.wire.messages import StreamSettings
from tui.actions import mpv_keys
from tui.launch.plan import TUI_STATUS_INTERVAL, FaceKind, LaunchPlan, ServerPlan
from tui.storage.hosted_parties import HostedParty, key_file

if TYPE_CHECKING:
    from pathlib import Path

    from player.api.config import Video
    from protocol.wire.messages import Role
    from tui.cli.environment import Environment, HostFolders
    from tui.cli.options import HostOptions, JoinOptions, SeatOptions
    from tui.settings import Settings

_FILM_TITLE: Final = "The matinee demo"
_STATUS_INTERVAL: Final = 1.0
_USUAL: Final = StreamSettings()


@dataclass(frozen=True, slots=True)
class LaunchContext:
    """What every plan takes."""

    settings: Settings
    face: FaceKind
    environment: Environment
    kept_trim: bool
    """Nobody asked for a shift of the sound, so the one that is kept will do."""
    subtitle_files: tuple[str, ...] = ()
    """Named for the film that is on first."""


def chosen_face(options: SeatOptions, environment: Environment) -> FaceKind:
    """What shows the party.

    Raises:
        SettingsError: there are two at once, or no terminal for the screen.
    """
    if options.as_json and options.plain:
        raise SettingsError("json", "lines are either plain or JSON", "leave out one of the two")
    if options.as_json:
        return "json"
    if options.plain:
        return "plain"
    if not environment.is_terminal:
        raise SettingsError("terminal", "the screen needs a terminal", "use --plain or --json here")
    return "tui"


def launch_context(
    options: SeatOptions,
    settings: Settings,
    environment: Environment,
    subtitle_files: tuple[str, ...] = (),
) -> LaunchContext:
    """Options, settings and machine together.

    Raises:
        SettingsError: they do not fit together.
    """
    face = chosen_face(options, environment)
    if settings.video == "terminal" and face != "tui":
        raise SettingsError("video", "the film needs the screen to be drawn on", "use --video none")
    is_asked = options.trim_ms is not None or environment.has_trim_variable
    return LaunchContext(
        settings,
        face,
        environment,
        kept_trim=not is_asked,
        subtitle_files=subtitle_files,
    )


def host_plan(
    options: HostOptions,
    context: LaunchContext,
    folders: HostFolders,
    media: tuple[str, ...],
    instance_id: str,
) -> LaunchPlan:
    """A new party.

    Raises:
        MatineeError: something that was typed cannot be.
    """
    settings = context.settings
    party = HostedParty(
        stream_id="",
        instance_id=instance_id,
        name=settings.name,
        media=media,
        server=parse_server(settings.server) if settings.server else "",
        lan=options.lan,
        insecure_lan=options.insecure_lan,
        allow_lan_media=settings.lan_media or any(map(is_address, media)),
    )
    if not party.server:
        is_chosen = bool(options.listen) or settings.listen != DEFAULT_LISTEN
        server = _own_server(party, settings.listen, folders.databases, elsewhere=not is_chosen)
        return _hosting(options, context, folders, party, server)
    for option, value in (("lan", options.lan), ("listen", options.listen)):
        if value:
            how = f"leave out --{option}, or the server ({settings.server})"
            raise SettingsError(f"--{option}", "is for a server of your own", how)
    return _hosting(options, context, folders, party, None)


def return_plan(
    options: HostOptions,
    context: LaunchContext,
    folders: HostFolders,
    kept: HostedParty,
    media: tuple[str, ...],
) -> LaunchPlan:
    """The host comes back to a party of his, where that was.

    Raises:
        SettingsError: it cannot be where it is to be.
    """
    party = msgspec.structs.replace(
        kept,
        name=options.seat.name or kept.name,
        media=media or kept.media,
        titles=() if media else kept.titles,
    )
    if party.server:
        return _hosting(options, context, folders, party, None)
    listen = options.listen or party.listen
    server = _own_server(party, listen, (party.database,), elsewhere=not options.listen)
    return _hosting(options, context, folders, party, server)


def join_plan(
    options: JoinOptions, context: LaunchContext, media: tuple[str, ...], instance_id: str
) -> LaunchPlan:
    """A member by invite.

    Raises:
        InviteError: what was pasted is none.
    """
    invite = parse_invite("".join(options.invite.split()))
    settings = context.settings
    seat = _seat(
        context,
        role="viewer",
        name=settings.name,
        instance_id=instance_id,
        server=invite.server,
        stream_id=invite.stream_id,
        token=invite.token,
        media=media,
        insecure_lan=options.insecure_lan,
        allow_lan_media=settings.lan_media or is_loopback_url(invite.server),
    )
    return _plan(context, seat)


def demo_video(face: FaceKind, environment: Environment) -> Video:
    """Where the demo shows its film, unless it is told."""
    if environment.has_display:
        return "window"
    return "terminal" if face == "tui" else "none"


def demo_plan(
    context: LaunchContext, film: str, folder: Path, instance_ids: tuple[str, str]
) -> LaunchPlan:
    """A host and a second seat on one film, with all that is kept in ``folder``."""
    first, second = instance_ids
    seat = _seat(
        context,
        role="host",
        name=context.settings.name,
        instance_id=first,
        media=(film,),
        titles=(_FILM_TITLE,),
        play=True,
        host_key_file=path_text(folder / "host.key"),
    )
    other = SeatConfig(
        role="viewer",
        name="Second seat",
        instance_id=second,
        server="",
        media=(film,),
        mpv=(("vo", "null"), ("ao", "null")),
        video="none",
        log_file=context.environment.second_log,
    )
    server = ServerPlan("127.0.0.1:0", (path_text(folder / "demo.sqlite"),))
    return _plan(context, seat, server=server, second=other)


def _hosting(
    options: HostOptions,
    context: LaunchContext,
    folders: HostFolders,
    party: HostedParty,
    server: ServerPlan | None,
) -> LaunchPlan:
    """The host's seat in ``party``, a new one when that has no stream yet."""
    is_return = bool(party.stream_id)
    seat = _seat(
        context,
        role="host",
        name=party.name,
        instance_id=party.instance_id,
        server=party.server,
        stream_id=party.stream_id,
        returning=is_return,
        take_over=is_return and options.take_over,
        media=party.media,
        titles=party.titles,
        play=options.play,
        insecure_lan=party.insecure_lan or options.insecure_lan,
        allow_lan_media=party.allow_lan_media or context.settings.lan_media,
        host_key_file=path_text(key_file(folders.keys, party.instance_id)),
        stream_settings=context.settings.stream_settings,
    )
    return _plan(context, seat, server=server, hosted=party)


def _plan(
    context: LaunchContext,
    seat: SeatConfig,
    *,
    server: ServerPlan | None = None,
    second: SeatConfig | None = None,
    hosted: HostedParty | None = None,
) -> LaunchPlan:
    return LaunchPlan(
        seat,
        context.face,
        server=server,
        second=second,
        theme=context.settings.theme,
        notice=context.environment.trouble,
        language=context.environment.language,
        kept_trim=context.kept_trim,
        hosted=hosted,
    )


def _seat(
    context: LaunchContext,
    *,
    role: Role,
    name: str,
    instance_id: str,
    server: str = "",
    stream_id: str = "",
    token: str = "",
    returning: bool = False,
    take_over: bool = False,
    media: tuple[str, ...] = (),
    titles: tuple[str, ...] = (),
    play: bool = False,
    insecure_lan: bool = False,
    allow_lan_media: bool = False,
    host_key_file: str = "",
    stream_settings: StreamSettings = _USUAL,
) -> SeatConfig:
    settings, environment = context.settings, context.environment
    return SeatConfig(
        role=role,
        name=name,
        instance_id=instance_id,
        server=server,
        stream_id=stream_id,
        token=token,
        returning=returning,
        take_over=take_over,
        media=media,
        titles=titles,
        play=play,
        insecure_lan=insecure_lan,
        allow_lan_media=allow_lan_media,
        host_key_file=host_key_file,
        stream_settings=stream_settings,
        mpv=tuple(settings.mpv.items()),
        video=settings.video,
        correction=settings.correction,
        trim_ms=settings.trim_ms,
        max_height=settings.max_height,
        audio_languages=settings.alang,
        subtitle_languages=settings.slang,
        subtitle_files=context.subtitle_files,
        logins=settings.logins,
        trusted=settings.trusted_domains,
        status_interval=TUI_STATUS_INTERVAL if context.face == "tui" else _STATUS_INTERVAL,
        keys=mpv_keys(environment.language),
        log_file=environment.seat_log,
        trust_file=environment.trust_file,
    )


def _own_server(
    party: HostedParty, listen: str, databases: tuple[str, ...], *, elsewhere: bool
) -> ServerPlan:
    try:
        address = parse_listen(listen)
    except SettingsError:
        raise ListenError(f"{listen!r} is not HOST:PORT", f"write it as {DEFAULT_LISTEN}") from None
    if party.lan:
        address = ListenAddress("0.0.0.0", address.port)
    options = (
        *(["--allow-http-media"] if party.allow_lan_media else []),
        *(["--insecure-lan"] if party.lan or party.insecure_lan else []),
    )
    return ServerPlan(str(address), databases, elsewhere, options, lan=party.lan)
