"""What there is of a person's logins: whether the cookies can be read, and how many there are."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Final

import msgspec

from player.api.logins import CookieCount, CookieQuestion, Login, Logins, login_at
from tui.doctor.report import Check

if TYPE_CHECKING:
    from collections.abc import Iterator

WORKER: Final = (sys.executable, "-P", "-m", "player.media.resolver.ytdlp_worker")
_TIMEOUT: Final = 30.0


def logins(configured: Logins) -> Iterator[Check]:
    """One check for each place of cookies; none where none is named."""
    if not configured.everywhere.is_none:
        yield _check(configured.everywhere, "")
    for site, place in configured.sites:
        yield _check(login_at(place), site)


def _check(login: Login, site: str) -> Check:
    place = " and ".join(part for part in (login.browser, login.file) if part)
    named = f"{place} for {site}" if site else place
    found = _count(CookieQuestion(login, site))
    if found.failure:
        return Check(
            "cookies", "fail", f"{named}: {found.failure}", "check the browser or the file"
        )
    if not found.count:
        return Check("cookies", "warn", f"{named}: there are none", "log in there first")
    return Check("cookies", "ok", f"{named}: {found.count}")


def _count(question: CookieQuestion) -> CookieCount:
    try:
        # Its standard input stays open meanwhile: the worker ends with it.
        with subprocess.Popen(
            WORKER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as child:
            try:
                answer = _answer(child, msgspec.json.encode(question) + b"\n")
            finally:
                child.kill()
        return msgspec.json.decode(answer, type=CookieCount)
    except subprocess.TimeoutExpired:
        return CookieCount(failure="its keyring may wait for you: nothing came within 30 s")
    except (OSError, msgspec.MsgspecError):
        return CookieCount(failure="yt-dlp ended without an answer")


def _answer(child: subprocess.Popen[bytes], line: bytes) -> bytes:
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(line)
    child.stdin.flush()
    child.wait(_TIMEOUT)
    return child.stdout.readline()
