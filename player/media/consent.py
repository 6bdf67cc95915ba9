"""Consent: whether this seat's person lets it open what others name, asked once for each site."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Final

from protocol.exceptions import MediaRefused
from protocol.log_line import log_line
from protocol.media.url_policy import site_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from player.media.messages import ConsentAnswer

logger = logging.getLogger(__name__)

_MAX_SITES: Final = 10_000


class SiteConsent:
    """Sites that were named, typed or agreed to; asks about every other one.

    Args:
        trusted: sites that are opened without a question, and all names below them.
        file: where those are kept that are always opened, one a line; None keeps nothing.
        ask: shows the question about a site; "" takes it back.
    """

    def __init__(
        self, trusted: Iterable[str], file: Path | None, ask: Callable[[str], None]
    ) -> None:
        self._trusted = {_plain(site) for site in trusted if site} | _kept(file)
        self._file = file
        self._ask = ask
        self._answer: asyncio.Future[ConsentAnswer] | None = None

    def answer(self, answer: ConsentAnswer) -> bool:
        """Take a person's answer; False when nothing was asked."""
        if self._answer is None or self._answer.done():
            return False
        self._answer.set_result(answer)
        return True

    async def need(self, url: str) -> None:
        """Wait until the site of ``url`` may be opened.

        Raises:
            MediaRefused: the person says no.
        """
        site = _plain(site_of(url))
        if self._is_trusted(site):
            return
        self._answer = asyncio.get_running_loop().create_future()
        self._ask(site)
        try:
            answer = await self._answer
        finally:
            self._ask("")
        if answer == "no":
            raise MediaRefused(f"{site} is not opened, as you said", remedy_code="ask_again")
        self._trusted.add(site)
        if answer == "always" and self._file is not None:
            _keep(self._file, site)

    def _is_trusted(self, site: str) -> bool:
        parents = site.split(".")
        names = {".".join(parents[start:]) for start in range(len(parents))}
        return not names.isdisjoint(self._trusted)


def _plain(site: str) -> str:
    return site.strip().lower().rstrip(".").removeprefix("www.")


def _kept(file: Path | None) -> set[str]:
    if file is None:
        return set()
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return set()
    except (OSError, UnicodeDecodeError) as error:
        logger.warning(log_line("trusted_sites_unreadable", cause=str(error)))
        return set()
    return {_plain(line) for line in lines[:_MAX_SITES] if line.strip()}


def _keep(file: Path, site: str) -> None:
    # Without it the question comes again another time, and that is all.
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as stream:
            stream.write(f"{site}\n")
