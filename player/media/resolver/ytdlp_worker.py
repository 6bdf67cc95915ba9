"""Worker: the only importer of yt-dlp: a process that can be killed, since an extraction cannot.

Reads an `ExtractRequest` line, writes `ExtractorLine` lines, and ends as soon as its standard
input does.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import sys
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from player.api.logins import CookieCount, CookieQuestion, Login, browser_parts
from player.backend.base import Cookie
from player.media.resolver.formats import format_selector, found_in, plain_words
from player.media.resolver.ytdlp_messages import (
    ExtractionFailed,
    ExtractorLine,
    ExtractorRemark,
    ExtractRequest,
    WorkerQuestion,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_SOCKET_TIMEOUT: Final = 15
_MAX_COOKIES: Final = 8 * 1024 * 1024
_WANTS_LOGIN: Final = (
    *("log in", "login", "logged in", "logged-in", "sign in", "signed in", "cookies"),
    *("registered users", "members only", "members-only", "subscribers", "private video"),
    *("http error 401", "http error 403", "authentication"),
)
"""What yt-dlp says, in small letters, of a page that shows its film to those it knows."""
_TOLD: Final = ("JavaScript runtime", "signature", "challenge", "login", "cookies", "region", "DRM")
"""Warnings with such a word explain why less is found than there is."""


def main() -> int:
    """Answer one question."""
    answers_to = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # whatever a library prints must not stand among the answers
    question = msgspec.json.decode(sys.stdin.buffer.readline(), type=WorkerQuestion)
    threading.Thread(target=_end_with_stdin, daemon=True).start()

    def answer(told: ExtractorLine | CookieCount) -> None:
        answers_to.write(msgspec.json.encode(told) + b"\n")

    if isinstance(question, CookieQuestion):
        answer(_count_cookies(question))
        return 0
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
        with yt_dlp.YoutubeDL(options | _login_options(question.login)) as downloader:
            info = downloader.extract_info(question.url, download=False)
            cookies_for = partial(_cookies_for, downloader)
            return found_in(downloader.sanitize_info(info), question.languages, cookies_for)
    except yt_dlp.utils.DownloadError as error:
        words = str(error)
        return ExtractionFailed(
            plain_words(words),
            "Unsupported URL" in words,
            any(sign in words.lower() for sign in _WANTS_LOGIN),
            version,
        )
    except OSError as error:
        return ExtractionFailed(f"the cookies cannot be read ({error.strerror or error})")
    except LookupError as error:
        return ExtractionFailed(str(error), version=version)
    except Exception as error:  # noqa: BLE001 - the rim: an extractor is anybody's code
        return ExtractionFailed(
            f"{type(error).__name__}: {plain_words(str(error))}", version=version
        )


def _login_options(login: Login) -> dict[str, Any]:
    """Where yt-dlp takes cookies from: of a file, its content, for yt-dlp writes files anew."""
    options: dict[str, Any] = {}
    if login.file:
        file = Path(login.file).expanduser()
        with file.open(encoding="utf-8", errors="replace") as stream:
            options["cookiefile"] = io.StringIO(stream.read(_MAX_COOKIES))
    if login.browser:
        options["cookiesfrombrowser"] = browser_parts(login.browser)
    return options


def _cookies_for(downloader: Any, url: str) -> list[Cookie]:
    return [
        Cookie(str(found.name), str(found.value or ""), str(found.domain), str(found.path or "/"))
        for found in downloader.cookiejar.get_cookies_for_url(url)
    ]


def _count_cookies(question: CookieQuestion) -> CookieCount:
    os.environ["YTDLP_NO_PLUGINS"] = "1"
    try:
        yt_dlp: Any = importlib.import_module("yt_dlp")
        options = {"logger": _Log(lambda _: None), "quiet": True, "color": "never"}
        with yt_dlp.YoutubeDL(options | _login_options(question.login)) as downloader:
            domains = [str(cookie.domain).lower().lstrip(".") for cookie in downloader.cookiejar]
    except OSError as error:
        return CookieCount(failure=error.strerror or str(error))
    except Exception as error:  # noqa: BLE001 - the rim: a browser's profile is anybody's
        cause: BaseException = error
        while cause.__context__ is not None:
            cause = cause.__context__
        return CookieCount(failure=plain_words(str(cause)) or type(cause).__name__)
    site = question.site.lower().strip(".")
    return CookieCount(
        sum(
            not site or domain == site or domain.endswith(f".{site}") or site.endswith(f".{domain}")
            for domain in domains
        )
    )


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        sys.exit(main())
