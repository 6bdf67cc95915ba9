"""A web server as they are out there: each path names what is odd about the answer.

A test may also take the network away (`OddWebServer.down`, `silent`), put a captive portal
before everything, and read what was asked.

| path | answer |
|---|---|
| ``/plain/F`` | the file, in byte ranges if asked for |
| ``/agent/F`` | 403 unless the user agent begins with Mozilla |
| ``/agent-bound/F`` | leads to a token that answers only the user agent that asked for it |
| ``/cookie/F`` | leads on with a cookie, without which the next address answers 403 |
| ``/space/F`` | leads on with a raw space in the address |
| ``/referer/F`` | 403 unless the referrer is `REFERRER` |
| ``/login/F`` | 401 unless user and password are `LOGIN` |
| ``/chain/N/F`` | leads on N times, by each of 301, 302, 303, 307 and 308 |
| ``/once/F`` | leads to a token that answers one connection's first request only |
| ``/expiring/SECONDS/F`` | leads to a token that answers 403 after so many seconds |
| ``/hang/F`` | never answers |
| ``/slow/KBPS/F`` | so many kilobytes a second |
| ``/cut/KB/F`` | the connection ends after so many kilobytes of each answer |
| ``/busy/SECONDS/F`` | 503 for so long after it was first asked for |
| ``/missing/NAME/F`` | 404 for a file whose name ends in NAME, such as one segment |
| ``/no-ranges/F`` | the whole file, whatever part was asked for |
| ``/no-length/F`` | the whole file up to the end of the connection, its length untold |
| ``/chunked/F`` | the whole file in chunks, its length untold |
| ``/type/KIND/F`` | the file under another content type, its slash written as ``+`` |
| ``/gzip/F`` | the file packed, whether or not the client takes it |
| ``/growing/KBPS/F`` | a file that is being written: longer at each request |
| ``/radio/KBPS/F`` | the file over and over, for ever, at its own pace |
| ``/page/F`` | a page around the film, with four subtitles that never answer |
| ``/big/KIB/F`` | a list of segments; byte KIB·1024 falls into the middle of a host's name |
| ``/live/N/F`` | the last N segments of the list F, which is broadcast over and over |
| ``/dated/N/F`` | the same with dates |
| ``/untold/N/F`` | the same without a word where the list begins anew |
"""

from __future__ import annotations

import contextlib
import ssl
import threading
from typing import TYPE_CHECKING

from tests.doubles.odd_web.answers import FILES
from tests.doubles.odd_web.handler import LOOK, Handler, OddWebServer, Server
from tests.doubles.odd_web.lists import LISTS

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from tests.certificates import Pair


@contextlib.contextmanager
def odd_web_server(
    folder: Path, port: int = 0, pair: Pair | None = None
) -> Generator[OddWebServer]:
    """Serve the files of ``folder`` on 127.0.0.1 for as long as the context lasts.

    With a certificate's ``pair`` it speaks https.
    """
    with Server(("127.0.0.1", port), Handler) as server:
        server.odd = OddWebServer(folder, server.server_port)
        if pair is not None:
            server.odd.scheme = "https"
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(pair.cert, pair.key)
            server.socket = context.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        server.behaviours = {**FILES, **LISTS}
        thread = threading.Thread(target=server.serve_forever, args=(LOOK,))
        thread.start()
        try:
            yield server.odd
        finally:
            server.odd.over.set()
            server.shutdown()
            thread.join()
            server.hang_up()
