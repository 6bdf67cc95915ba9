"""Capabilities: what this machine has of what a seat needs: a libmpv, a display, a way out."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Final

import msgspec

from player.net.proxies import NamedProxy, proxy_to, read_named
from player.video.display import has_display

if TYPE_CHECKING:
    from collections.abc import Mapping

    from player.backend.mpv.binding.events import CoreEvent

__all__ = ["NamedProxy", "has_display", "mpv_version", "named_proxies", "proxy_to"]

_CONNECT_TIMEOUT: Final = 2.0


def mpv_version() -> str:
    """What libmpv calls itself.

    Raises:
        PlayerUnavailable: there is no usable libmpv.
    """
    from player.backend.mpv.binding.libmpv import MpvCore

    def ignore(_: CoreEvent) -> None:
        """Nothing is played."""

    core = MpvCore.start({"vo": "null", "ao": "null", "config": "no"}, {}, {}, ignore)
    try:
        return str(core.get("mpv-version") or "of unknown version")
    finally:
        core.end()


def named_proxies(environ: Mapping[str, str]) -> list[NamedProxy]:
    """The proxies that ``environ`` names, each tried: takes up to 2 s for one."""
    return [_tried(named) for named in read_named(environ)]


def _tried(named: NamedProxy) -> NamedProxy:
    if named.problem or named.proxy is None:
        return named
    where = (named.proxy.host, named.proxy.port)
    try:
        socket.create_connection(where, _CONNECT_TIMEOUT).close()
    except ConnectionRefusedError:
        problem = "refuses the connection"
    except TimeoutError:
        problem = "does not answer"
    except OSError as error:
        problem = f"cannot be reached ({(error.strerror or str(error)).lower()})"
    else:
        return named
    return msgspec.structs.replace(named, problem=f"{named.proxy.shown} {problem}")
