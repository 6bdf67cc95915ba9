"""Terminal driver: Textual's, but for what is read: whatever byte comes is a key or nothing."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import selectors
import unicodedata
from codecs import getincrementaldecoder
from typing import TYPE_CHECKING, Final

from textual import events
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

from protocol.log_line import log_line
from protocol.text import readable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual.message import Message

logger = logging.getLogger(__name__)

_BLOCK: Final = 4096
_LOOK: Final = 0.1
"""Seconds between looks whether it is to end."""
_KEPT: Final = "\r\n\t"
_PASTE_END: Final = b"\x1b[201~"
_PASTE_MARK: Final = re.compile(rb"\x1b\[20([01])~")
_PAUSE: Final = 20
"""Looks in vain after which so few bytes are keys again, and no more of a paste."""
_FEW: Final = 16


class TerminalDriver(LinuxDriver):
    """Keys from bytes: one that is no UTF-8, or a sequence that makes no sense, costs nothing but
    itself.
    """

    def run_input_thread(self) -> None:
        """Read until the driver ends, or the terminal is gone."""
        reader = KeyReader()
        with selectors.DefaultSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(_LOOK):
                    data = self._read()
                    if not data:
                        return
                    messages = reader.feed(data)
                else:
                    messages = reader.tick()
                for message in messages:
                    if not self._is_untrue(message):
                        self.process_message(message)

    def _read(self) -> bytes:
        try:
            return os.read(self.fileno, _BLOCK)
        except OSError:
            return b""

    def _is_untrue(self, message: Message) -> bool:
        """A size that somebody has typed or pasted, and the terminal does not have."""
        if not isinstance(message, events.Resize):
            return False
        with contextlib.suppress(OSError):
            return message.size != os.get_terminal_size(self.fileno)
        return False


class KeyReader:
    """Bytes of a terminal as Textual's messages."""

    def __init__(self) -> None:
        self._decode = getincrementaldecoder("utf-8")(errors="replace").decode
        self._parser = XTermParser()
        self._tail = b""
        self._is_paste = False
        self._waited = 0

    def feed(self, data: bytes) -> Iterator[Message]:
        """What these bytes say, together with those before them."""
        if self._is_paste and self._waited >= _PAUSE and len(data) < _FEW:
            # The end of the paste was lost: without it there would be no keys any more.
            data = _PASTE_END + data
        self._waited = 0
        for mark in _PASTE_MARK.finditer(self._tail + data):
            self._is_paste = mark[1] == b"0"
        self._tail = (self._tail + data)[1 - len(_PASTE_END) :]
        for character in self._decode(data):
            try:
                messages = list(self._parser.feed(character))
            except Exception:
                # What comes next is a key of its own again.
                logger.warning(log_line("sequence_unreadable"), exc_info=True)
                self._parser = XTermParser()
                continue
            for message in messages:
                yield from _fit(message)

    def tick(self) -> Iterator[Message]:
        """What was waited for in vain: an escape that begins no sequence is the key."""
        self._waited += 1
        for message in self._parser.tick():
            yield from _fit(message)


def _fit(message: Message) -> Iterator[Message]:
    """The message with nothing in it that no terminal can show."""
    match message:
        case events.Key(key=key, character=character):
            if readable(key) == key and readable(character or "") == (character or ""):
                yield message
        case events.Paste(text=text):
            shown = (c for c in readable(text) if c in _KEPT or unicodedata.category(c) != "Cc")
            yield events.Paste("".join(shown))
        case _:
            yield message
