"""HTTP responses: what a plain GET is answered with."""

from __future__ import annotations

import base64
import hashlib
import json
from email.utils import formatdate
from http import HTTPStatus
from typing import Final

from websockets.datastructures import Headers
from websockets.http11 import Response

from server_stub.observability.metrics import CONTENT_TYPE

_STYLE: Final = """
:root { color-scheme: dark light; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center;
  font: 18px/1.6 system-ui, sans-serif; background: #14161b; color: #e8e6e3; }
main { max-width: 42rem; padding: 2rem; }
h1 { font-weight: 600; margin: 0 0 .5rem; }
code { display: block; padding: 1rem; margin: 1rem 0; border-radius: .5rem;
  background: #23262e; color: #ffd479; overflow-wrap: anywhere; user-select: all; }
small { color: #9aa0aa; }
"""
_SCRIPT: Final = """
var line = document.getElementById("line");
// Whatever else a link may hold must not end up in somebody's shell.
if (/^#[0-9A-Za-z_-]{8,64}$/.test(location.hash)
    && /^\\/j\\/[0-9a-f]{32}$/.test(location.pathname)) {
  line.textContent = "matinee join '" + location.origin + location.pathname + location.hash + "'";
} else {
  document.getElementById("lost").hidden = false;
}
"""
_PAGE: Final = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<title>You are invited</title>
<style>{_STYLE}</style>
<main>
<h1>You are invited to watch a film</h1>
<p>Everybody's player shows the same frame at the same time. To take your seat, run this in
a terminal:</p>
<code id="line">matinee join '(the whole address of this page)'</code>
<p id="lost" hidden>This address has lost its key, the part after #: ask the host for the
whole line.</p>
<p><small>The key in this address stays in your browser: it was not sent to this server.
matinee plays through mpv; on first use <b>matinee doctor</b> says what is missing.</small></p>
</main>
<script>{_SCRIPT}</script>
</html>
"""


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


_POLICY: Final = (
    f"default-src 'none'; style-src {_hash(_STYLE)}; script-src {_hash(_SCRIPT)};"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def invite_page() -> Response:
    """Says how to join; the same for every stream, so that it tells nothing of any."""
    return _response(
        HTTPStatus.OK,
        _PAGE,
        "text/html; charset=utf-8",
        {"Content-Security-Policy": _POLICY},
    )


def json_page(body: object) -> Response:
    return _response(HTTPStatus.OK, json.dumps(body) + "\n", "application/json")


def tagged_json(text: bytes, etag: str, known: str | None) -> Response:
    """JSON that is encoded already; not sent again to one who has it under this tag.

    Args:
        known: the request's ``If-None-Match``.
    """
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if known is not None and etag in (tag.strip().removeprefix("W/") for tag in known.split(",")):
        return _response(HTTPStatus.NOT_MODIFIED, "", "application/json", headers)
    return _response(HTTPStatus.OK, text.decode() + "\n", "application/json", headers)


def metrics_page(page: bytes) -> Response:
    return _response(HTTPStatus.OK, page.decode(), CONTENT_TYPE)


def error_page(status: HTTPStatus, text: str, headers: dict[str, str] | None = None) -> Response:
    """One line that says what is wrong."""
    return _response(status, text + "\n", "text/plain; charset=utf-8", headers)


def _response(
    status: HTTPStatus, text: str, content_type: str, headers: dict[str, str] | None = None
) -> Response:
    body = text.encode()
    return Response(
        status.value,
        status.phrase,
        Headers(
            {
                "Date": formatdate(usegmt=True),
                "Connection": "close",
                "Content-Length": str(len(body)),
                "Content-Type": content_type,
                "Cache-Control": "no-store",
                "Referrer-Policy": "no-referrer",
                "X-Content-Type-Options": "nosniff",
                **(headers or {}),
            }
        ),
        body,
    )
