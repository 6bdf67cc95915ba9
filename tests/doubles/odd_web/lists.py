"""What may be odd about a page or a list, one function for each behaviour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from tests.doubles.odd_web.answers import byte_range, file_of
from tests.doubles.odd_web.live_list import live_list, segments_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.doubles.odd_web.handler import Handler

LIST_TYPE: Final = "application/vnd.apple.mpegurl"


def _page(handler: Handler, rest: str) -> None:
    odd = handler.odd
    tracks = "".join(
        f'<track kind="subtitles" srclang="{code}" src="{odd.url(f"/hang/{code}.vtt")}">'
        for code in ("en", "de", "fr", "es")
    )
    film = f'<video><source src="{odd.url(f"/plain/{rest}")}" type="video/mp4">{tracks}</video>'
    page = f"<html><head><title>A page</title></head><body>{film}</body></html>"
    handler.content(page.encode(), "text/html")


def _big(handler: Handler, rest: str) -> None:
    kib, _, name = rest.partition("/")
    if (path := file_of(handler, name)) is None:
        return
    host = f"http://localhost:{handler.odd.port}"
    lines = path.read_text(encoding="utf-8").splitlines()
    named = [
        f"{host}{_folder(name)}{line}" if line and not line.startswith("#") else line
        for line in lines
    ]
    middle = next(i for i, line in enumerate(named) if i > len(named) / 2 and line[:1] == "h")
    before = "\n".join(named[:middle])
    padding = int(kib) * 1024 - len(before) - len("http://localh") - len("\n#\n")
    text = "\n".join([before, "#" + "x" * padding, *named[middle:]]) + "\n"
    body = text.encode()
    span = byte_range(handler.header("Range"), len(body))
    if span is None or not span[2]:
        handler.content(body, LIST_TYPE)
        return
    start, end, _ = span
    told = ("Content-Range", f"bytes {start}-{end - 1}/{len(body)}")
    handler.content(body[start:end], LIST_TYPE, 206, told)


def _folder(name: str) -> str:
    """Where a list's parts are, as a path of the server."""
    folder, slash, _ = name.rpartition("/")
    return f"/plain/{quote(folder)}{slash}"


def _live(handler: Handler, rest: str, *, dated: bool = False, told: bool = True) -> None:
    window, _, name = rest.partition("/")
    if (path := file_of(handler, name)) is None:
        return
    segments = segments_of(path.read_text(encoding="utf-8"), _folder(name))
    text = live_list(segments, handler.odd.now, int(window), dated=dated, told=told)
    handler.content(text.encode(), LIST_TYPE, 200, ("Cache-Control", "no-cache"))


def _dated(handler: Handler, rest: str) -> None:
    _live(handler, rest, dated=True)


def _untold(handler: Handler, rest: str) -> None:
    _live(handler, rest, told=False)


LISTS: Final[Mapping[str, Callable[[Handler, str], None]]] = {
    "page": _page,
    "big": _big,
    "live": _live,
    "dated": _dated,
    "untold": _untold,
}
