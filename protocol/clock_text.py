"""Clock text: a position or a length of time as hours, minutes and seconds."""

from __future__ import annotations


def clock_text(seconds: float, *, decimals: int = 0, short: bool = False) -> str:
    """``767.25`` as ``0:12:47``; a negative number counts as 0.

    Args:
        seconds: what is shown.
        decimals: so many places of a second, rounded; with none a begun second is left out,
            as on a clock.
        short: without hours where there are none: ``12:47``.
    """
    unit = 10**decimals
    parts = int(max(0.0, seconds)) if decimals == 0 else round(max(0.0, seconds) * unit)
    whole, part = divmod(parts, unit)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    text = f"{minutes}:{rest:02}" if short and not hours else f"{hours}:{minutes:02}:{rest:02}"
    return f"{text}.{part:0{decimals}}" if decimals else text
