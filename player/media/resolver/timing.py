"""Resolver timing: how long the steps from an address to a film may take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ResolverTiming:
    """Resolver timing: durations in seconds."""

    lookup_timeout: float = 10.0
    """For the addresses of a host."""
    probe_timeout: float = 10.0
    """For each step of an answer: to connect, and for its next bytes."""
    extraction_timeout: float = 45.0
    """For yt-dlp, from its start to what it found."""
    side_file_timeout: float = 4.0
    """For all subtitles of a page together."""
