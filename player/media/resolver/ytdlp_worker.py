"""Worker: the only importer of yt-dlp: a process that can be killed, since an extraction cannot.

Reads an `ExtractRequest` line, writes `ExtractorLine` lines, and ends as soon as its standard
input does.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import threading
from typing import TYPE_CHECKING, Any, Final

import msgspec

from player.media.resolver.formats import format_selector, found_in, plain_words
from player.media.resolver.ytdlp_messages import (
    ExtractionFailed,
    ExtractorLine,
    ExtractorRemark,
    ExtractRequest,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_SOCKET_TIMEOUT: Final = 15
_TOLD: Final = ("JavaScript runtime", "signature", "challenge", "login", "cookies", "region", "DRM")
"""Warnings with such a word explain why less is found than there is."""


def main() -> int:
    """Answer one question."""
    answers_to = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # whatever a library prints must not stand among the answers
    question = msgspec.json.decode(sys.stdin.buffer.readline(), type=ExtractRequest)
    threading.Thread(target=_end_with_stdin, daemon=True).start()

    def answer(told: ExtractorLine) -> None:
        answers_to.write(msgspec.json.encode(told) + b"\n")

    if question.ca_file:
        os.environ["SSL_CERT_FILE"] = question.ca_file
    answer(_ask(question, answer))
    return 0


def _end_with_stdin() -> None:
    while sys.stdin.buffer.readline():
        pass
    os._exit(0)


class _Log:
    """Takes yt-dlp's messages; passes on the warnings that matter."""

    def __init__(self, answer: Callable[[ExtractorLine], None]) -> None:
        self._answer = answer

    def debug(self, message: str) -> None:
        """Progress, for nobody."""

    def warning(self, message: str) -> None:
        """Something is missing or odd."""
        if any(word.lower() in message.lower() for word in _TOLD):
            self._answer(ExtractorRemark(plain_words(message)))

    def error(self, message: str) -> None:
        """Raised as well."""


def _ask(question: ExtractRequest, answer: Callable[[ExtractorLine], None]) -> ExtractorLine:
    # Must be said before the import: plug-ins are code of anybody's.
    os.environ["YTDLP_NO_PLUGINS"] = "1"
    try:
        yt_dlp: Any = importlib.import_module("yt_dlp")
    except ImportError as error:
        return ExtractionFailed(f"yt-dlp is not installed ({error})")
    version = str(yt_dlp.version.__version__)
    options = {
        "logger": _Log(answer),
        "quiet": True,
        "color": "never",
        "format": format_selector(question.max_height),
        "noplaylist": True,
        "playlist_items": "1",
        "skip_download": True,
        "socket_timeout": _SOCKET_TIMEOUT,
        "extractor_retries": 1,
        "enable_file_urls": False,
        "usenetrc": False,
        "proxy": question.proxy,
        "compat_opts": {"no-certifi"} if question.ca_file else set[str](),
    }
    try:
        with yt_dlp.YoutubeDL(options) as downloader:
            info = downloader.extract_info(question.url, download=False)
            return found_in(downloader.sanitize_info(info), question.languages)
    except yt_dlp.utils.DownloadError as error:
        unsupported = "Unsupported URL" in str(error)
        return ExtractionFailed(plain_words(str(error)), unsupported, version)
    except LookupError as error:
        return ExtractionFailed(str(error), version=version)
    except Exception as error:  # noqa: BLE001 - the rim: an extractor is anybody's code
        return ExtractionFailed(
            f"{type(error).__name__}: {plain_words(str(error))}", version=version
        )


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        sys.exit(main())
