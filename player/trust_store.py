"""Trust store: the certificates that the look, yt-dlp and mpv check servers against, alike."""

from __future__ import annotations

import os
import ssl
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_FILES: Final = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
)


def trusted_file(options: Iterable[tuple[str, str]] = ()) -> str:
    """File of the certificates that are trusted; "" where the libraries' own must do.

    A person's option for mpv counts first, then SSL_CERT_FILE, then what the machine keeps.
    """
    chosen = [value for key, value in options if key.lstrip("-").replace("_", "-") == _OPTION]
    if chosen:
        return chosen[-1]
    # OpenSSL builds inside libmpv do not look for one.
    known = (ssl.get_default_verify_paths().cafile, *_FILES)
    return next((path for path in known if path and os.path.isfile(path)), "")


_OPTION: Final = "tls-ca-file"
