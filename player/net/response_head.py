"""Response head: what of a plain answer is written anew so that libavformat understands it.

Through a proxy it compares a cookie's path with the whole address, and it follows a redirect as it
stands, whatever characters it holds.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

END: Final = b"\r\n\r\n"
MAX_HEAD: Final = 64 * 1024
_PATH: Final = re.compile(r";\s*path\s*=\s*([^;]*)", re.IGNORECASE)
_PRINTABLE: Final = "".join(map(chr, range(33, 127)))


def for_player(head: bytes, netloc: str, target: str) -> bytes:
    """The head of an answer to a request for ``target`` at ``netloc``, as it is passed on."""
    lines = head.decode("latin-1").split("\r\n")
    return "\r\n".join(_line(line, netloc, target) for line in lines).encode("latin-1")


def _line(line: str, netloc: str, target: str) -> str:
    name, mark, value = line.partition(":")
    match name.lower():
        case "location":
            return f"{name}{mark} {quote(value.strip().encode('latin-1'), safe=_PRINTABLE)}"
        case "set-cookie":
            found = _PATH.search(value)
            path = found[1].strip() if found else ""
            if not path.startswith("/"):
                path = target.partition("?")[0].rpartition("/")[0] + "/"
            plain = _PATH.sub("", value).rstrip("; ")
            # As it writes the address itself: without the port that goes without saying.
            return f"{name}{mark}{plain}; path=http://{netloc.removesuffix(':80')}{path}"
        case _:
            return line
