"""Party commands: ``host``, ``parties``, ``join`` and ``demo``, from words to typed options."""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Concatenate, Final, ParamSpec

import click

from protocol.exceptions import SettingsError
from tui.cli.options import HostOptions, JoinOptions, SeatOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from player.api.config import CorrectionMode, Video

_Own = ParamSpec("_Own")

_SEAT_OPTIONS: Final = (
    click.option("--name", help="What the others see; default: your user name."),
    click.option("--mpv", multiple=True, metavar="KEY=VALUE", help="Any libmpv option."),
    click.option(
        "--video",
        type=click.Choice(["window", "terminal", "none"]),
        help="Where the film is shown.",
    ),
    click.option("--plain", is_flag=True, help="Readable lines instead of the screen."),
    click.option("--json", "as_json", is_flag=True, help="One JSON object a line."),
    click.option(
        "--correction",
        type=click.Choice(["off", "soft", "full"]),
        help="What may be done about drift.",
    ),
    click.option("--trim", type=float, metavar="MS", help="Shift your own sound."),
    click.option("--max-height", type=int, metavar="ROWS", help="No larger picture than this."),
    click.option("--alang", metavar="LANGUAGES", help="Of the sound, best first: de,en."),
    click.option("--slang", metavar="LANGUAGES", help="Of the subtitles, best first."),
    click.option(
        "--subtitles", multiple=True, metavar="FILE", help="Subtitles for the film that is on."
    ),
    click.option(
        "--cookies-from", metavar="BROWSER", help="Your logins: firefox, chrome, … (for yt-dlp)."
    ),
    click.option("--cookies", metavar="FILE", help="Your logins as a cookies file."),
    click.option(
        "--site-cookies",
        multiple=True,
        metavar="SITE=PLACE",
        help="The browser or file for one site.",
    ),
    click.option(
        "--trust-domain",
        multiple=True,
        metavar="DOMAIN",
        help="Open films from there without asking.",
    ),
    click.option("--lan-media", is_flag=True, default=None, help="Films on this network too."),
)


def _with_seat(command: Callable[Concatenate[SeatOptions, _Own], int]) -> Callable[..., int]:
    """Give a command the options of a seat, as one value before its own."""

    @functools.wraps(command)
    def collect(
        name: str | None,
        mpv: tuple[str, ...],
        video: Video | None,
        plain: bool,
        as_json: bool,
        correction: CorrectionMode | None,
        trim: float | None,
        max_height: int | None,
        alang: str | None,
        slang: str | None,
        subtitles: tuple[str, ...],
        cookies_from: str | None,
        cookies: str | None,
        site_cookies: tuple[str, ...],
        trust_domain: tuple[str, ...],
        lan_media: bool | None,
        *args: _Own.args,
        **own: _Own.kwargs,
    ) -> int:
        seat = SeatOptions(
            name=name,
            mpv=mpv,
            video=video,
            plain=plain,
            as_json=as_json,
            correction=correction,
            trim_ms=trim,
            max_height=max_height,
            alang=alang,
            slang=slang,
            subtitles=subtitles,
            cookies_from=cookies_from,
            cookies=cookies,
            site_cookies=site_cookies,
            trusted_domains=trust_domain,
            lan_media=lan_media,
        )
        return command(seat, *args, **own)

    wrapped: Callable[..., int] = collect
    for option in reversed(_SEAT_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


@click.command()
@click.argument("media", nargs=-1)
@click.option("--server", metavar="URL", help="Use this sync server instead of an own one.")
@click.option("--listen", metavar="HOST:PORT", help="Where the own server listens.")
@click.option("--lan", is_flag=True, help="Let everybody on the local network join.")
@click.option("--insecure-lan", is_flag=True, help="Plain http to another machine is fine.")
@click.option("--play", is_flag=True, help="Start at once.")
@click.option("--wait/--no-wait", default=None, help="Stop the film for whoever stalls.")
@click.option("--return", "returns", is_flag=True, help="Come back to your last party.")
@click.option("--stream", metavar="ID", help="Come back to this one; `matinee parties` lists them.")
@click.option("--take-over", is_flag=True, help="Come back even if another seat hosts it.")
@click.option("--tolerance", type=int, metavar="MS", help="Drift that needs no jump.")
@_with_seat
def host(
    seat: SeatOptions,
    /,
    *,
    media: tuple[str, ...],
    server: str | None,
    listen: str | None,
    lan: bool,
    insecure_lan: bool,
    play: bool,
    wait: bool | None,
    returns: bool,
    stream: str | None,
    take_over: bool,
    tolerance: int | None,
) -> int:
    """Host MEDIA: files, addresses of films, or pages that hold one."""
    from tui.cli import launch

    options = HostOptions(
        seat=seat,
        media=media,
        server=server,
        listen=listen,
        lan=lan,
        insecure_lan=insecure_lan,
        play=play,
        wait=wait,
        tolerance_ms=tolerance,
        returns=returns or bool(stream),
        stream=stream or "",
        take_over=take_over,
    )
    if not (media or options.returns):
        raise click.UsageError("Name a film: matinee host FILM; or come back with --return.")
    if take_over and not options.returns:
        raise click.UsageError("Take over which party? Add --return, or --stream ID.")
    return launch.host(options)


@click.command()
def parties() -> None:
    """The parties that you can come back to, the last one first."""
    from tui.storage import paths
    from tui.storage.hosted_parties import kept_parties, party_lines

    lines = party_lines(kept_parties(paths.keys_folder()))
    for line in lines or ["no party was hosted from here yet"]:
        click.echo(line)


@click.command()
@click.argument("invite", required=False)
@click.argument("media", required=False)
@click.option("--insecure-lan", is_flag=True, help="Plain http to another machine is fine.")
@_with_seat
def join(seat: SeatOptions, /, *, invite: str | None, media: str | None, insecure_lan: bool) -> int:
    """Join by INVITE; MEDIA is your own copy of the film, when it is a file."""
    from tui.cli import launch

    named = _asked_invite() if invite is None else invite
    return launch.join(
        JoinOptions(seat=seat, invite=named, media=media or "", insecure_lan=insecure_lan)
    )


def _asked_invite() -> str:
    if not sys.stdin.isatty():
        raise SettingsError("invite", "none is named", "name it: matinee join INVITE")
    invite: str = click.prompt("Invite", err=True)
    if "#" not in invite and "/j/" in invite:
        # Pasted from a narrow screen, where it stands in two lines.
        invite += click.prompt("and its second line, from #", err=True)
    return invite


@click.command()
@_with_seat
def demo(seat: SeatOptions, /) -> int:
    """A host and a second seat on a built-in film, without network or display.

    With --json the second seat's lines begin with "seat":"second".
    """
    from tui.cli import launch

    return launch.demo(seat)


COMMANDS: Final = (host, parties, join, demo)
