"""Invite: an invite is one string: ``http(s)://HOST[:PORT]/j/STREAM_ID#TOKEN``."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from protocol.exceptions import InviteError

_ID = re.compile(r"[0-9A-Za-z_-]{8,64}")
_SERVER_HINT = "write it as http://host:port or https://host"
_HINT = "paste the whole line that the host sent, from http to the last character after #"


class Invite(NamedTuple):
    """Where a stream is and what opens it."""

    server: str
    """``http://host:port`` or ``https://host``; no path."""
    stream_id: str
    token: str

    def __str__(self) -> str:
        return f"{self.server}/j/{self.stream_id}#{self.token}"

    @property
    def socket_url(self) -> str:
        """Where the websocket is; the token goes into a header, not in here."""
        return socket_url(self.server, self.stream_id)


def socket_url(server: str, stream_id: str = "") -> str:
    """The websocket's address: of a stream, or of the place where new ones are created."""
    scheme, _, rest = server.partition("://")
    return f"{'wss' if scheme == 'https' else 'ws'}://{rest}/ws" + (
        f"/{stream_id}" if stream_id else ""
    )


def parse_server(text: str) -> str:
    """A server's address as ``scheme://host[:port]``; a bare ``host:port`` means http.

    Raises:
        InviteError: not an address.
    """
    text = text.strip()
    if "://" not in text:
        text = f"http://{text}"
    if not text.isprintable() or any(c.isspace() or c == "\\" for c in text):
        # Before it is parsed, since parsing would silently drop some of them.
        raise InviteError("the server address has characters that do not belong", _SERVER_HINT)
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise InviteError(f"{text!r} is not a server address ({error})", _SERVER_HINT) from None
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or parts.username is not None
        or parts.path not in ("", "/")
        or parts.query
        or parts.fragment
        or port == 0
    ):
        raise InviteError(f"{text!r} is not a server address", _SERVER_HINT)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port is not None else "")


def parse_invite(text: str) -> Invite:
    """Read an invite that somebody pasted.

    Raises:
        InviteError: says which part is missing or wrong.
    """
    text = text.strip().strip("<>\"'")
    if not text:
        raise InviteError("the invite is empty", _HINT)
    address, mark, token = text.partition("#")
    if "/j/" not in address:
        raise InviteError("this is not an invite: it has no /j/ part", _HINT)
    server, _, stream_id = address.rpartition("/j/")
    try:
        server = parse_server(server)
    except InviteError as error:
        raise InviteError(error.message, _HINT) from None
    if not _ID.fullmatch(stream_id):
        raise InviteError("the invite names no stream after /j/", _HINT)
    if not mark or not token:
        raise InviteError("the invite has lost its key, the part after #", _HINT)
    if not _ID.fullmatch(token):
        raise InviteError("the invite's key, the part after #, is damaged", _HINT)
    return Invite(server, stream_id, token)
