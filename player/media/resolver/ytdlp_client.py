"""Client of the yt-dlp worker: asks yt-dlp in a child process that ends with its question,
whatever it is doing.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from typing import TYPE_CHECKING, Final

import msgspec

from player.media.resolver.ytdlp_messages import (
    MAX_LINE_BYTES,
    ExtractedMedia,
    ExtractionFailed,
    ExtractorLine,
    ExtractorRemark,
    ExtractRequest,
)
from protocol.exceptions import ResolveError
from protocol.media.url_policy import site_of

if TYPE_CHECKING:
    from collections.abc import Callable

_CHILD: Final = (sys.executable, "-m", "player.media.resolver.ytdlp_worker")
_KILLED_TIMEOUT: Final = 2.0


async def ask_yt_dlp(
    question: ExtractRequest, progress: Callable[[str], None], time_limit: float
) -> tuple[ExtractedMedia, tuple[str, ...]]:
    """The tracks behind a page, and what yt-dlp warned of.

    ``progress`` is told once a second for how long it has been going on.

    Raises:
        ResolveError: yt-dlp found nothing, or not within ``time_limit`` seconds.
    """
    child = await asyncio.create_subprocess_exec(
        *_CHILD,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=MAX_LINE_BYTES,
        start_new_session=True,
    )
    telling = asyncio.create_task(_tell(progress))
    try:
        async with asyncio.timeout(time_limit):
            return await _converse(child, question)
    except TimeoutError:
        raise ResolveError(
            f"yt-dlp did not finish within {time_limit:.0f} s", "try again, or another address"
        ) from None
    finally:
        telling.cancel()
        await _end(child)


async def _converse(
    child: asyncio.subprocess.Process, question: ExtractRequest
) -> tuple[ExtractedMedia, tuple[str, ...]]:
    assert child.stdin is not None
    assert child.stdout is not None
    with contextlib.suppress(ConnectionError):
        child.stdin.write(msgspec.json.encode(question) + b"\n")
        await child.stdin.drain()
    remarks: list[str] = []
    while True:
        try:
            line = await child.stdout.readline()
            if not line:
                raise ResolveError("yt-dlp ended without an answer", remedy_code="check_machine")
            answer: ExtractorLine = msgspec.json.decode(line, type=ExtractorLine)
        except (ValueError, msgspec.MsgspecError) as error:
            raise ResolveError(f"yt-dlp's answer cannot be used ({error})") from error
        match answer:
            case ExtractorRemark(text):
                remarks.append(text)
            case ExtractedMedia():
                return answer, tuple(dict.fromkeys(remarks))
            case ExtractionFailed():
                raise _refusal(answer, remarks, question)


def _refusal(
    answer: ExtractionFailed, remarks: list[str], question: ExtractRequest
) -> ResolveError:
    if answer.wants_login:
        site = site_of(question.url)
        if question.login.is_none:
            return ResolveError(
                f"{site} shows this to those it knows (yt-dlp: {answer.text})",
                remedy_code="log_in",
            )
        return ResolveError(
            f"{site} does not know you by your cookies (yt-dlp: {answer.text})",
            remedy_code="log_in_again",
        )
    if answer.unsupported:
        return ResolveError(
            f"yt-dlp finds no film on this page ({answer.text})",
            "give the address of the film itself, or of another page",
        )
    remedy = remarks[-1] if remarks else "see whether it plays in a browser"
    if answer.version:
        remedy += f"; a newer yt-dlp than {answer.version} may help"
    return ResolveError(f"yt-dlp: {answer.text}", remedy)


async def _tell(progress: Callable[[str], None]) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    while True:
        seconds = round(loop.time() - began)
        progress(f"asking yt-dlp ({seconds} s)" if seconds else "asking yt-dlp")
        await asyncio.sleep(1.0)


async def _end(child: asyncio.subprocess.Process) -> None:
    """Kill the child and what it started, such as a JavaScript runtime."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            child.kill()
        else:
            os.killpg(child.pid, signal.SIGKILL)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(child.wait(), _KILLED_TIMEOUT)
