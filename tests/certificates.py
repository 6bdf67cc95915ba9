"""An authority of our own and what it has signed, made by the system's openssl."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
LOCAL = "DNS:localhost,IP:127.0.0.1"


class Pair(NamedTuple):
    """A certificate and its key."""

    cert: Path
    key: Path


class Authority:
    """Signs certificates for names; ``cert`` is what clients are to trust."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.cert = folder / "ca.pem"
        self._key = folder / "ca.key"
        _openssl(
            *("req", "-x509", *EC, "-nodes", "-days", "2", "-subj", "/CN=Test authority"),
            *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),
            *("-keyout", str(self._key), "-out", str(self.cert)),
        )

    def pair(self, name: str, names: str = LOCAL, *, days: int = 2) -> Pair:
        """A certificate, ``NAME.pem``, that ends after ``days``; below 0 it has ended."""
        pair = Pair(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        request, extra = self._folder / f"{name}.csr", self._folder / f"{name}.ext"
        extra.write_text(f"subjectAltName={names}\nbasicConstraints=critical,CA:FALSE\n")
        _openssl(
            *("req", *EC, "-nodes", "-subj", "/CN=test", "-new"),
            *("-keyout", str(pair.key), "-out", str(request)),
        )
        _openssl(
            *("x509", "-req", "-in", str(request), "-days", str(days), "-extfile", str(extra)),
            *("-CA", str(self.cert), "-CAkey", str(self._key), "-CAcreateserial"),
            *("-out", str(pair.cert)),
        )
        return pair


def encrypted(key: Path) -> Path:
    """A copy of the key that asks for a password."""
    locked = key.with_suffix(".locked")
    _openssl("pkey", "-in", str(key), "-aes128", "-passout", "pass:secret", "-out", str(locked))
    return locked


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
