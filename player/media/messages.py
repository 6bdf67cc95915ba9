"""What passes between a session and the loader of its media."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from player.backend.base import Source, Subtitle
from protocol.wire.messages import Media

if TYPE_CHECKING:
    from protocol.exceptions import MatineeError

ConsentAnswer = Literal["once", "always", "no"]

# What is asked of the loader -------------------------------------------------------------


class LoaderRequest(msgspec.Struct, frozen=True):
    """Something that the loader is to do."""


class OpenMedia(LoaderRequest, frozen=True):
    """Find what a player can open; ends what was to be opened before."""

    media: Media
    own: str
    """Where this seat finds it: a path or an address."""
    is_named: bool
    """This seat's own person said so, and not the host."""
    compares: bool
    """The copy may be another than the host's, and that is told."""
    source: Source | None = None
    """What was found already."""


class StopOpening(LoaderRequest, frozen=True):
    """Nothing is to be opened any more."""


class FindMedia(LoaderRequest, frozen=True):
    """See whether there is a film at ``own``, while the one before goes on."""

    number: int
    own: str


class IdentifyMedia(LoaderRequest, frozen=True):
    """See whether ``own`` can be read, and what it is."""

    number: int
    own: str


class ReadSubtitles(LoaderRequest, frozen=True):
    """Read a file that a person named for a film."""

    media_id: str
    file: str


class CancelSearch(LoaderRequest, frozen=True):
    """End the search of that number."""

    number: int


class AnswerConsent(LoaderRequest, frozen=True):
    """The person's answer to what was asked."""

    answer: ConsentAnswer


AnyLoaderRequest = (
    OpenMedia
    | StopOpening
    | FindMedia
    | IdentifyMedia
    | ReadSubtitles
    | CancelSearch
    | AnswerConsent
)

# What the loader tells -------------------------------------------------------------------


class SearchProgress(NamedTuple):
    """How far a search is; "" when it has ended."""

    message: str


class ConsentNeeded(NamedTuple):
    """The site's films are opened when the person agrees; "" takes the question back."""

    site: str


class CopyDiffers(NamedTuple):
    """This seat's copy is not the host's file, and in what they differ."""

    differences: str


class MediaReady(NamedTuple):
    """What `OpenMedia` asked for can be played."""

    source: Source
    is_same: bool = False
    """It is the very file that the host plays."""


class MediaUnavailable(NamedTuple):
    """What `OpenMedia` asked for cannot be played."""

    error: MatineeError


class MediaIdentified(NamedTuple):
    """The answer to `IdentifyMedia`."""

    number: int
    media: Media


class MediaFound(NamedTuple):
    """The answer to `FindMedia`; the media_id is left to who asked."""

    number: int
    media: Media
    source: Source


class SubtitlesRead(NamedTuple):
    """The answer to `ReadSubtitles`."""

    media_id: str
    subtitle: Subtitle


class SubtitlesUnreadable(NamedTuple):
    """The file that a person named is none, or cannot be read."""

    error: MatineeError


class SearchFailed(NamedTuple):
    """There is no such film, or it was not found in time."""

    number: int
    error: MatineeError


LoaderEvent = (
    SearchProgress
    | ConsentNeeded
    | CopyDiffers
    | MediaReady
    | MediaUnavailable
    | MediaIdentified
    | MediaFound
    | SubtitlesRead
    | SubtitlesUnreadable
    | SearchFailed
)
