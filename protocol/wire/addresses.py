"""Network addresses: which of them mean this very machine."""

from __future__ import annotations

from typing import Final

LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
