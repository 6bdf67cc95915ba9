"""Choices of this seat's person: the films named for the party, and where each is found."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from player.api.config import SeatConfig
    from protocol.wire.messages import Media


class Choices:
    """What was named at the start and since, by media_id."""

    def __init__(self, config: SeatConfig) -> None:
        self._config = config
        self._queue = list(config.media) if config.role == "host" else []
        self._own: dict[str, str] = {}
        """media_id: where this seat finds it."""
        self._named: list[tuple[Media, str]] = []
        self._copy_of = ""
        """media_id: the film that a viewer's own copy was named for."""

    @property
    def queue_left(self) -> int:
        """Films that wait behind the current one."""
        return max(0, len(self._queue) - 1)

    def next_film(self) -> str:
        """Go on in the queue; "" when there is no next film."""
        if not self.queue_left:
            return ""
        self._queue.pop(0)
        return self._queue[0]

    def remember(self, media: Media, own: str) -> None:
        """This seat finds ``media`` at ``own``."""
        self._own[media.media_id] = own

    def recognise(self, known: Media, own: str) -> None:
        """A film named at the start; the stream may be showing it already."""
        self._named.append((known, own))

    def own_copy(self, media: Media | None) -> str:
        """Where this seat finds ``media`` by itself; "" means at its address."""
        if media is None:
            return ""
        if media.media_id in self._own:
            return self._own[media.media_id]
        for known, own in self._named:
            if (known.url, known.fingerprint) == (media.url, media.fingerprint):
                return own
        if self._config.role != "viewer" or not self._config.media:
            return ""
        # The copy he named is of the film that was on when he came, not of a later one.
        self._copy_of = self._copy_of or media.media_id
        return self._config.media[0] if self._copy_of == media.media_id else ""
