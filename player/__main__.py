"""Entry: the seat's process: configuration and intents come in as lines, views go out as lines."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Final

import msgspec

from player.api.config import SeatConfig
from player.api.line_codec import decode_typed
from player.api.line_reader import FIRST_LIMIT, LineReader
from player.api.line_writer import LineWriter
from player.api.local_path import path_of
from player.app import SeatApp
from protocol.log_line import LINE_HEAD, TIME_FORMAT

if TYPE_CHECKING:
    from collections.abc import Callable

GRACE: Final = 2.0
"""Seconds a seat gets to end by itself once its face is gone."""
EXIT_USAGE: Final = 2


def main() -> int:
    """Run one seat; see ``docs/protocol.md`` for the lines."""
    lines_to = _keep_stdout()
    reader = LineReader(0)
    try:
        config = msgspec.json.decode(reader.next_line(FIRST_LIMIT) or b"", type=SeatConfig)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        sys.stderr.write(f"matinee: the seat's configuration cannot be read: {error}\n")
        return EXIT_USAGE
    _log_to(config.log_file)
    return asyncio.run(_run(config, reader, lines_to))


async def _run(config: SeatConfig, reader: LineReader, lines_to: int) -> int:
    from player.media.resolver import resolver_for
    from player.net.dialer import Dialer
    from player.net.proxies import chosen_proxies, take_proxies
    from player.player_factory import make_player
    from player.trust_store import trusted_file

    proxies = chosen_proxies(take_proxies(os.environ), config.mpv)
    dialer = Dialer(proxies, trusted_file(config.mpv))
    loop = asyncio.get_running_loop()
    seat: SeatApp | None = None

    def finish() -> None:
        if seat is not None:
            seat.finish()

    def finish_soon() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(finish)

    writer = LineWriter(lines_to, finish_soon)
    seat = SeatApp(
        config,
        make_player=make_player,
        resolve=resolver_for(config, dialer),
        dialer=dialer,
        emit=writer.emit,
    )
    ask = seat.ask

    def line(text: bytes) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(ask, decode_typed(text))

    threading.Thread(
        target=_read_lines, args=(reader, line, finish_soon), name="stdin", daemon=True
    ).start()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, finish)
    code = await seat.run()
    writer.close()
    _last_resort(code, wait=GRACE)
    return code


def _read_lines(
    reader: LineReader, line: Callable[[bytes], None], gone: Callable[[], None]
) -> None:
    """Pass lines on; when the face is gone the process ends, whatever hangs."""
    while (text := reader.next_line()) is not None:
        line(text)
    gone()
    _last_resort(1, wait=GRACE)


def _last_resort(code: int, *, wait: float) -> None:
    """End the process after ``wait`` seconds even if libmpv never answers again."""

    def end() -> None:
        time.sleep(wait)
        os._exit(code)

    threading.Thread(target=end, name="last resort", daemon=True).start()


def _keep_stdout() -> int:
    """The real standard output for the lines; what libraries print goes to stderr."""
    kept = os.dup(1)
    os.dup2(2, 1)
    return kept


def _log_to(path: str) -> None:
    # A full disk is nothing that a log could tell.
    logging.raiseExceptions = False
    handler: logging.Handler = logging.StreamHandler()
    if path:
        handler = logging.FileHandler(path_of(path), encoding="utf-8", errors="backslashreplace")
    formatter = logging.Formatter(f"{LINE_HEAD} process=%(process)d %(message)s", TIME_FORMAT)
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    # It names whole addresses, and some of them hold keys.
    logging.getLogger("httpx").setLevel(logging.WARNING)


if __name__ == "__main__":
    sys.exit(main())
